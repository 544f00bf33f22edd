//! An SMTP server for tests: takes mail, or behaves as badly as it is told.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer},
};

/// What the server says at its points of speech.
#[derive(Clone, Default)]
pub(crate) struct Manner {
    /// In place of the greeting; `Some("")` says nothing at all.
    pub banner: Option<&'static str>,
    /// The answers to RCPT, one after the other; then 250.
    pub rcpt: VecDeque<&'static str>,
    /// The answers to the content, one after the other; then 250.
    pub data: VecDeque<&'static str>,
    /// The answer to AUTH; where there is one, AUTH is offered.
    pub auth: Option<&'static str>,
    /// Where there is one, TLS is offered with it.
    pub tls: Option<TlsAcceptor>,
    /// Closes the connection in place of an answer to the content.
    pub hang_up: bool,
}

/// TLS for `localhost` with a certificate made for this test, and that certificate as PEM.
pub(crate) fn tls() -> (TlsAcceptor, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), made.cert.pem())
}

/// A mail that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub from: String,
    pub to: Vec<String>,
    pub data: String,
}

/// The running server; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Sink {
    pub address: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
    commands: Arc<Mutex<Vec<String>>>,
    manner: Arc<Mutex<Manner>>,
}

impl Sink {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self {
            address: listener.local_addr().unwrap(),
            taken: Arc::default(),
            commands: Arc::default(),
            manner: Arc::new(Mutex::new(manner)),
        };
        let serving = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.serve(stream).await.unwrap_or_default() });
            }
        });
        sink
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    /// The first words of all commands that came.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let manner = self.manner.lock().unwrap().clone();
        let mut stream = BufReader::new(stream);
        match manner.banner {
            Some("") => std::future::pending().await,
            Some(banner) => stream.write_all(banner.as_bytes()).await?,
            None => stream.write_all(b"220 sink ESMTP\r\n").await?,
        }
        let upgrade = self.talk(&manner, &mut stream, manner.tls.is_some()).await?;
        if let Some(tls) = manner.tls.as_ref().filter(|_| upgrade) {
            let stream = tls.accept(stream.into_inner()).await?;
            self.talk(&manner, &mut BufReader::new(stream), false).await?;
        }
        Ok(())
    }

    /// Says whether the talk ended because it goes on under TLS.
    async fn talk<S>(&self, manner: &Manner, stream: &mut BufReader<S>, may_start_tls: bool) -> std::io::Result<bool>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut mail = Taken { from: String::new(), to: Vec::new(), data: String::new() };
        while let Some(line) = line(stream).await? {
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            self.commands.lock().unwrap().push(verb.clone());
            let answer = match verb.as_str() {
                "EHLO" if may_start_tls => "250-sink\r\n250 STARTTLS",
                "EHLO" if manner.auth.is_some() => "250-sink\r\n250 AUTH PLAIN LOGIN",
                "EHLO" => "250 sink",
                "STARTTLS" if may_start_tls => {
                    stream.write_all(b"220 go on\r\n").await?;
                    return Ok(true);
                }
                "AUTH" => manner.auth.unwrap_or("502 no"),
                "MAIL" => {
                    mail.from = line.clone();
                    "250 ok"
                }
                "RCPT" => {
                    mail.to.push(line.clone());
                    self.manner.lock().unwrap().rcpt.pop_front().unwrap_or("250 ok")
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await?;
                    mail.data = content(stream).await?;
                    if manner.hang_up {
                        return Ok(false);
                    }
                    let next = self.manner.lock().unwrap().data.pop_front();
                    if next.is_none() {
                        self.taken.lock().unwrap().push(mail.clone());
                    }
                    next.unwrap_or("250 taken")
                }
                "QUIT" => {
                    stream.write_all(b"221 bye\r\n").await?;
                    return Ok(false);
                }
                _ => "250 ok",
            };
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
            stream.flush().await?;
        }
        Ok(false)
    }
}

async fn line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await?;
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok((read > 0).then_some(line))
}

async fn content<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<String> {
    let mut content = String::new();
    while let Some(line) = line(stream).await? {
        if line == "." {
            break;
        }
        content.push_str(line.strip_prefix('.').unwrap_or(&line));
        content.push_str("\r\n");
    }
    Ok(content)
}
