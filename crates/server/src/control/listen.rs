//! The server's end of the socket.

use std::{future::Future, io::ErrorKind, os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    time::timeout,
};

use super::{Answer, Ask, LONGEST_QUESTION};

/// A question is one short line from the same machine.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who answers.
pub trait Desk: Send + Sync + 'static {
    /// Answers one question.
    fn answer(&self, question: Ask) -> impl Future<Output = Answer> + Send;
}

/// Opens the socket and answers on it in a task of its own. The caller holds the
/// folder's lock, so a socket file that is already there belongs to nobody.
pub fn listen(path: &Path, desk: Arc<impl Desk>) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(why) if why.kind() != ErrorKind::NotFound => {
            return Err(why).with_context(|| format!("can't replace {}", path.display()));
        }
        _ => {}
    }
    let listener = UnixListener::bind(path).with_context(|| format!("can't open {}", path.display()))?;
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600))?;
    tokio::spawn(accept(listener, desk));
    Ok(())
}

async fn accept(listener: UnixListener, desk: Arc<impl Desk>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let desk = Arc::clone(&desk);
                tokio::spawn(async move {
                    if let Err(why) = serve(stream, desk).await {
                        tracing::warn!(error = %why, "a question on the control socket failed");
                    }
                });
            }
            Err(why) => {
                tracing::warn!(error = %why, "the control socket could not accept");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn serve(stream: UnixStream, desk: Arc<impl Desk>) -> anyhow::Result<()> {
    // The mode of the file keeps others out; the kernel's word on who is there
    // does not depend on the file system honouring it.
    let peer = stream.peer_cred()?.uid();
    if peer != rustix::process::geteuid().as_raw() {
        anyhow::bail!("refused: the asker is user {peer}");
    }
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    timeout(PATIENCE, BufReader::new(read.take(LONGEST_QUESTION)).read_line(&mut line)).await??;
    let answer = match serde_json::from_str(&line) {
        Ok(question) => desk.answer(question).await,
        Err(_) => Answer::Error("this server does not know that question; are both of one version?".to_owned()),
    };
    let mut text = serde_json::to_vec(&answer)?;
    text.push(b'\n');
    timeout(PATIENCE, write.write_all(&text)).await??;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{control::ask, data::control_socket};

    struct Echo;
    impl Desk for Echo {
        async fn answer(&self, question: Ask) -> Answer {
            match question {
                Ask::MailTest { to } => Answer::Ok(to.into()),
                _ => Answer::Error("no".to_owned()),
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn questions_are_answered_and_a_dead_socket_is_no_server() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_owned();
        assert!(ask::<String>(&data, &Ask::ConfigShow).unwrap().is_none());
        let path = control_socket(&data);
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(ask::<String>(&data, &Ask::ConfigShow).unwrap().is_none(), "left behind by a killed server");
        listen(&path, Arc::new(Echo)).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        tokio::task::spawn_blocking(move || {
            let question = Ask::MailTest { to: "a@example.com".to_owned() };
            assert_eq!(ask::<String>(&data, &question).unwrap().as_deref(), Some("a@example.com"));
            assert_eq!(ask::<String>(&data, &Ask::ConfigShow).err().unwrap().to_string(), "no");
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn what_is_no_question_gets_an_answer_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = control_socket(folder.path());
        listen(&path, Arc::new(Echo)).unwrap();
        for question in ["{}\n".to_owned(), "x".repeat(10_000)] {
            let mut stream = UnixStream::connect(&path).await.unwrap();
            // The server may hang up on a flood before all of it is written.
            let _ = stream.write_all(question.as_bytes()).await;
            let mut text = String::new();
            let _ = stream.read_to_string(&mut text).await;
            assert!(text.contains("error") || question.len() > 4096, "{text}");
        }
    }
}
