//! The real program as a child, with its folder kept over restarts.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use url::Url;
use xtask::clock::Stopwatch;

/// A place for a server: folder, port, configuration.
pub struct Place {
    folder: PathBuf,
    port: u16,
    url: Url,
}

/// A running server; dropping it kills it.
pub struct Server {
    child: Child,
    log: PathBuf,
    /// From the start of the process to its first answer.
    pub took: Duration,
}

impl Place {
    /// A new folder and a free port. Limits are as high as a configuration
    /// may make them: load comes from one address here.
    pub fn new(program_note: &str) -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let folder = std::env::temp_dir().join(format!("housekey-{program_note}-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let url = Url::parse(&format!("http://localhost:{port}"))?;
        let config = format!(
            "[server]\npublic_url = \"http://localhost:{port}\"\n[limits]\nmultiplier = 50\nreason = \"load from one address\"\n"
        );
        fs::write(folder.join("housekey.toml"), config)?;
        Ok(Self { folder, port, url })
    }

    /// Where the server answers.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The folder, for what else a measurement writes.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts the server and waits for its first answer.
    pub async fn start(&self) -> Result<Server> {
        self.start_under(&[]).await
    }

    /// The same, under another program that runs it (such as a tracer).
    pub async fn start_under(&self, wrapper: &[String]) -> Result<Server> {
        let program = crate::program()?.to_string_lossy().into_owned();
        let mut line: Vec<String> = wrapper.to_vec();
        line.push(program);
        let (first, rest) = line.split_first().context("no program")?;
        let log = self.folder.join("log");
        let watch = Stopwatch::start();
        let child = Command::new(first)
            .args(rest)
            .args(["serve", "--listen", &format!("127.0.0.1:{}", self.port)])
            .arg("--data")
            .arg(self.folder.join("data"))
            .arg("--config")
            .arg(self.folder.join("housekey.toml"))
            .stdin(Stdio::null())
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?)
            .spawn()
            .context("starting the server")?;
        let mut server = Server { child, log, took: Duration::ZERO };
        server.first_answer(&self.url, &watch).await?;
        server.took = watch.elapsed();
        Ok(server)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Server {
    async fn first_answer(&mut self, url: &Url, watch: &Stopwatch) -> Result<()> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
        while watch.elapsed() < Duration::from_secs(30) {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended by itself ({status}):\n{}", self.said());
            }
            if client.get(url.join("/readyz")?).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        bail!("no answer within 30 s:\n{}", self.said())
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it printed.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The address of the mail it catches, which it prints with its key.
    pub fn mailbox(&self) -> Result<Url> {
        let said = self.said();
        let word =
            said.split_whitespace().find(|word| word.contains("/dev/mail")).context("no address of caught mail")?;
        let start = word.find("http").context("no address of caught mail")?;
        let address = word.get(start..).unwrap_or_default();
        Ok(Url::parse(address.trim_end_matches(['.', ',', ')', '"']))?)
    }

    /// SIGTERM, and its own end.
    pub async fn stop(mut self) -> Result<()> {
        let _ = Command::new("kill").args(["-TERM", &self.id().to_string()]).status();
        let watch = Stopwatch::start();
        while watch.elapsed() < Duration::from_secs(20) {
            if let Some(status) = self.child.try_wait()? {
                if status.success() {
                    return Ok(());
                }
                bail!("asked to stop it ended with {status}:\n{}", self.said());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("it did not stop within 20 s of SIGTERM:\n{}", self.said())
    }

    /// SIGKILL: no goodbye.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
