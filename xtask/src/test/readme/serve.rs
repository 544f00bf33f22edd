//! A server that the README tells how to start: does it come up, answer, and
//! stop when asked?

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use xtask::clock::Stopwatch;

use super::shell;

/// Long enough for an optimised build from nothing on a small machine.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// Starts the server on a free port with an empty folder, waits for the line
/// that tells where it listens, gets that page, and asks it to stop.
pub fn serves(line: &str, root: &Path) -> Result<()> {
    let data = std::env::temp_dir().join(format!("housekey-readme-{}", std::process::id()));
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    println!("$ {line}");
    let child = shell(line)
        .current_dir(root)
        .env("HOUSEKEY__SERVER__LISTEN", format!("127.0.0.1:{port}"))
        .env("HOUSEKEY__SERVER__PUBLIC_URL", format!("http://localhost:{port}"))
        .env("HOUSEKEY__SERVER__DATA", &data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting it")?;
    let mut server = Server { child };
    let outcome = server.answers(port);
    let stopped = server.stop();
    let _ = fs::remove_dir_all(&data);
    outcome.and(stopped)
}

struct Server {
    child: Child,
}

impl Server {
    fn answers(&mut self, port: u16) -> Result<()> {
        let out = self.child.stdout.take().context("no output")?;
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).for_each(|line| println!("  {line}"))
        });
        let watch = Stopwatch::start();
        while watch.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended by itself: {status}");
            }
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
                return first_page(stream, port);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        bail!("nothing listened within {PATIENCE:?}")
    }

    /// As a person would at the terminal: an interrupt, then its own end.
    fn stop(&mut self) -> Result<()> {
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let watch = Stopwatch::start();
        while watch.elapsed() < Duration::from_secs(20) {
            if let Some(status) = self.child.try_wait()? {
                if status.success() {
                    return Ok(());
                }
                bail!("after an interrupt it ended with {status}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("it did not stop within 20 s of an interrupt")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn first_page(mut stream: TcpStream, port: u16) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET / HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.lines().next().unwrap_or_default();
    if status.starts_with("HTTP/1.1 200") {
        return Ok(());
    }
    bail!("its first page answers `{status}`")
}
