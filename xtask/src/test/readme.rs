//! The README's own commands, run as they stand there.
//!
//! A fenced block whose opening line says `sh run` is run to its end, line by
//! line; `sh serve` is started, asked for its first page and stopped. What the
//! README says of the test command is what is running already.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::Stage;
use super::tally::Tally;
use xtask::clock::Stopwatch;
use xtask::process::succeeds;

/// Long enough for an optimised build from nothing on a small machine.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// Runs every marked block.
pub fn run(stage: &Stage) -> Result<Tally> {
    let text = fs::read_to_string(stage.root.join("README.md")).context("reading README.md")?;
    let mut tally = Tally::default();
    for block in blocks(&text) {
        for line in block.lines.iter().filter(|line| !is_ourselves(line)) {
            let well = match block.kind {
                Kind::Run => succeeds(shell(line).current_dir(&stage.root))?,
                Kind::Serve => match serves(line, &stage.root) {
                    Ok(()) => true,
                    Err(error) => {
                        println!("`{line}`: {error:#}");
                        false
                    }
                },
            };
            println!("{}: {line}", if well { "ok" } else { "FAILED" });
            tally.add(&Tally::of(well));
        }
    }
    Ok(tally)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Run,
    Serve,
}

#[derive(PartialEq, Eq, Debug)]
struct Block {
    kind: Kind,
    lines: Vec<String>,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (&mut open, line.trim()) {
            (None, "```sh run") => {
                open = Some(Block {
                    kind: Kind::Run,
                    lines: Vec::new(),
                })
            }
            (None, "```sh serve") => {
                open = Some(Block {
                    kind: Kind::Serve,
                    lines: Vec::new(),
                })
            }
            (Some(_), "```") => found.extend(open.take()),
            (Some(block), line) if !line.is_empty() && !line.starts_with('#') => {
                block.lines.push(line.to_owned())
            }
            _ => {}
        }
    }
    found
}

/// Running this from within itself would have no end.
fn is_ourselves(line: &str) -> bool {
    line.starts_with("cargo xtask test") || line.starts_with(".ci/run")
}

fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec {line}")]);
    command
}

/// Starts the server on a free port with an empty folder, waits for the line
/// that tells where it listens, gets that page, and asks it to stop.
fn serves(line: &str, root: &Path) -> Result<()> {
    let data = std::env::temp_dir().join(format!("housekey-readme-{}", std::process::id()));
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    println!("$ {line}");
    let child = shell(line)
        .current_dir(root)
        .env("HOUSEKEY__LISTEN", format!("127.0.0.1:{port}"))
        .env("HOUSEKEY__PUBLIC_URL", format!("http://localhost:{port}"))
        .env("HOUSEKEY__DATA", &data)
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
            BufReader::new(out)
                .lines()
                .map_while(Result::ok)
                .for_each(|line| println!("  {line}"))
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
        let _ = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status();
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
    write!(
        stream,
        "GET / HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.lines().next().unwrap_or_default();
    if status.starts_with("HTTP/1.1 200") {
        return Ok(());
    }
    bail!("its first page answers `{status}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marked_blocks_are_run() {
        let text = "```sh\nrm -r /\n```\n```sh run\n# why\ntrue\n\nfalse\n```\n```sh serve\ncargo run\n```\n";
        let found = blocks(text);
        assert_eq!(
            found,
            [
                Block {
                    kind: Kind::Run,
                    lines: vec!["true".into(), "false".into()]
                },
                Block {
                    kind: Kind::Serve,
                    lines: vec!["cargo run".into()]
                },
            ]
        );
    }

    #[test]
    fn the_test_command_does_not_call_itself() {
        assert!(is_ourselves("cargo xtask test"));
        assert!(!is_ourselves("cargo run --release"));
    }
}
