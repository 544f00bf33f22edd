//! Requests as bytes on a connection that stays open: load that takes as little of the machine as load can.

use anyhow::{Context, Result};
use reqwest::{Request, StatusCode};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use url::Url;

/// A request, ready to go.
pub struct Ready(Vec<u8>);

impl Ready {
    /// A request without cookies of its own, and the cookies that go with it.
    pub fn new(request: &Request, cookies: &str) -> Result<Self> {
        let body = request.body().and_then(|body| body.as_bytes()).unwrap_or_default();
        let url = request.url();
        let host = url.host_str().context("no host")?;
        let port = url.port_or_known_default().context("no port")?;
        let mut bytes = format!("{} {} HTTP/1.1\r\nhost: {host}:{port}\r\n", request.method(), url.path()).into_bytes();
        for (name, value) in request.headers() {
            bytes.extend_from_slice(format!("{name}: ").as_bytes());
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("cookie: {cookies}\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes());
        bytes.extend_from_slice(body);
        Ok(Self(bytes))
    }
}

/// A connection for one request after the other.
pub struct Wire(BufReader<TcpStream>);

impl Wire {
    /// Connects.
    pub async fn open(to: &Url) -> Result<Self> {
        let address = (to.host_str().context("no host")?, to.port_or_known_default().context("no port")?);
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request and reads its whole answer.
    pub async fn send(&mut self, request: &Ready) -> Result<StatusCode> {
        self.0.write_all(&request.0).await?;
        let mut line = String::new();
        self.0.read_line(&mut line).await?;
        let status = line.split(' ').nth(1).with_context(|| format!("no status in {line:?}"))?.parse()?;
        let mut length = 0;
        loop {
            line.clear();
            self.0.read_line(&mut line).await?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
        self.0.read_exact(&mut vec![0; length]).await?;
        Ok(status)
    }
}
