use super::*;
use futures_util::future::BoxFuture;
use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A name that means something else each time it is asked for; the last thing from then on.
struct Fickle(Mutex<VecDeque<Vec<IpAddr>>>, AtomicUsize);

impl Names for Fickle {
    fn addresses(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() };
        Box::pin(async move { Ok(answer) })
    }
}

fn fickle(answers: &[&[&str]]) -> Arc<Fickle> {
    let parse = |list: &&[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
    Arc::new(Fickle(Mutex::new(answers.iter().map(parse).collect()), AtomicUsize::new(0)))
}

fn client(names: Arc<dyn Names>, exceptions: &[&str]) -> Outbound {
    Outbound::new(names, exceptions.iter().map(|text| text.parse().unwrap()).collect())
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// A server that gives this answer to everybody, and counts whom it gave it to.
async fn server(answer: String) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (at, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                let _some = stream.read(&mut asked).await.unwrap();
                // Whoever hangs up early has read enough.
                drop(stream.write_all(answer.as_bytes()).await);
            });
        }
    });
    (at, count)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn sec_121_forms_of_private_addresses_are_known_before_anything_is_connected_to() {
    let all = client(fickle(&[&["8.8.8.8"]]), &[]);
    for text in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b::10.0.0.1]/",
        "https://10.0.0.7/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1]/",
        "https://192.168.0.1:8443/",
        "https://0/",
        "https://[::]/",
        "https://224.0.0.1/",
        "http://127.0.0.1/",
    ] {
        assert_eq!(all.admits(&url(text)), Err(OutboundFault::Refused), "{text}");
        assert_eq!(all.get(&url(text), &[]).await.unwrap_err(), OutboundFault::Refused, "{text}");
    }
    for text in ["http://example.com/", "https://example.com:22/", "https://8.8.8.8:6379/", "http://8.8.8.8:443/"] {
        assert_eq!(all.admits(&url(text)), Err(OutboundFault::Scheme), "{text}");
    }
    for text in ["ftp://example.com/", "file:///etc/passwd", "https://user@example.com/", "https://:p@example.com/"] {
        assert_eq!(all.admits(&url(text)), Err(OutboundFault::Malformed), "{text}");
    }
    for text in ["https://example.com/", "https://example.com:8443/hook?a=b", "https://8.8.8.8/"] {
        assert_eq!(all.admits(&url(text)), Ok(()), "{text}");
    }
}

#[tokio::test]
async fn sec_121_a_name_that_changes_its_mind_reaches_nothing() {
    // Public when it is looked at, private when it is connected to: there is no second look.
    let (at, count) = server(answer("200 OK", "", "secret")).await;
    let names = fickle(&[&["127.0.0.1"], &["8.8.8.8"]]);
    let all = client(names.clone(), &[]);
    let target = url(&format!("https://rebinds.example:{}/", 8443));
    assert_eq!(all.get(&target, &[]).await.unwrap_err(), OutboundFault::Refused);
    assert_eq!(names.1.load(Ordering::SeqCst), 1, "resolved once");
    for private in ["10.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "169.254.169.254", "fd00::1"] {
        let all = client(fickle(&[&[private]]), &[]);
        assert_eq!(all.get(&target, &[]).await.unwrap_err(), OutboundFault::Refused, "{private}");
    }
    // Listed for plain http and any port, a name still reaches nothing but what is listed.
    let listed =
        client(fickle(&[&["8.8.8.8"], &["10.1.2.3"], &["127.0.0.1", "10.1.2.3", "8.8.8.8"]]), &["127.0.0.0/8"]);
    let plain = url(&format!("http://rebinds.example:{}/", at.port()));
    assert_eq!(listed.get(&plain, &[]).await.unwrap_err(), OutboundFault::Scheme);
    assert_eq!(listed.get(&plain, &[]).await.unwrap_err(), OutboundFault::Refused);
    assert_eq!(count.load(Ordering::SeqCst), 0, "nothing was connected to until now");
    let got = listed.get(&plain, &[]).await.unwrap();
    assert_eq!((got.status, got.body.as_slice(), got.whole), (200, b"secret".as_slice(), true));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn redirects_are_answers_and_a_long_body_is_cut() {
    let (goal, reached) = server(answer("200 OK", "", "")).await;
    let (at, _) = server(answer("307 Temporary Redirect", &format!("location: http://{goal}/\r\n"), "")).await;
    let near = client(fickle(&[&["127.0.0.1"]]), &["127.0.0.0/8"]);
    let got = near.post(&url(&format!("http://{at}/")), &[], b"{}".to_vec()).await.unwrap();
    assert_eq!((got.status, reached.load(Ordering::SeqCst)), (307, 0));
    let (at, _) = server(answer("200 OK", "", &"x".repeat(MOST + 1))).await;
    let got = near.get(&url(&format!("http://{at}/")), &[]).await.unwrap();
    assert_eq!((got.body.len(), got.whole), (MOST, false));
    assert!(near.admits(&url("http://[::ffff:127.0.0.1]:9/")).is_ok(), "an exception holds for every form");
}

#[tokio::test]
async fn who_does_not_answer_is_told_from_who_is_not_there() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let mut near = client(fickle(&[&["127.0.0.1"]]), &["127.0.0.0/8"]);
    near.total = Duration::from_millis(50);
    let target = url(&format!("http://{at}/"));
    assert_eq!(near.get(&target, &[]).await.unwrap_err(), OutboundFault::Timeout);
    drop(listener);
    let near = client(fickle(&[&["127.0.0.1"]]), &["127.0.0.0/8"]);
    assert_eq!(near.get(&target, &[]).await.unwrap_err(), OutboundFault::Unreachable);
    // It answers, and not in TLS.
    let (at, _) = server(answer("200 OK", "", "")).await;
    let tls = url(&format!("https://{at}/"));
    assert_eq!(near.get(&tls, &[]).await.unwrap_err(), OutboundFault::Unreachable);
}
