//! An SMTP server for tests: takes mail, or behaves as badly as it is told.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
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
    /// Closes the connection in place of an answer to the content.
    pub hang_up: bool,
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
                tokio::spawn(async move { serving.talk(stream).await.unwrap_or_default() });
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

    async fn talk(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let (read, mut write) = stream.split();
        let mut lines = BufReader::new(read).lines();
        let manner = self.manner.lock().unwrap().clone();
        match manner.banner {
            Some("") => std::future::pending().await,
            Some(banner) => write.write_all(banner.as_bytes()).await?,
            None => write.write_all(b"220 sink ESMTP\r\n").await?,
        }
        let mut mail = Taken {
            from: String::new(),
            to: Vec::new(),
            data: String::new(),
        };
        while let Some(line) = lines.next_line().await? {
            let verb = line
                .split([' ', ':'])
                .next()
                .unwrap_or_default()
                .to_ascii_uppercase();
            self.commands.lock().unwrap().push(verb.clone());
            let answer = match verb.as_str() {
                "EHLO" if manner.auth.is_some() => "250-sink\r\n250 AUTH PLAIN LOGIN",
                "EHLO" => "250 sink",
                "AUTH" => manner.auth.unwrap_or("502 no"),
                "MAIL" => {
                    mail.from = line.clone();
                    "250 ok"
                }
                "RCPT" => {
                    let next = self.manner.lock().unwrap().rcpt.pop_front();
                    mail.to.push(line.clone());
                    next.unwrap_or("250 ok")
                }
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await?;
                    mail.data.clear();
                    while let Some(line) = lines.next_line().await? {
                        if line == "." {
                            break;
                        }
                        mail.data.push_str(line.strip_prefix('.').unwrap_or(&line));
                        mail.data.push_str("\r\n");
                    }
                    if manner.hang_up {
                        return Ok(());
                    }
                    let next = self.manner.lock().unwrap().data.pop_front();
                    if next.is_none() {
                        self.taken.lock().unwrap().push(mail.clone());
                    }
                    next.unwrap_or("250 taken")
                }
                "QUIT" => {
                    write.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => "250 ok",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }
}
