//! A PostgreSQL cluster for the length of one run.
//!
//! It sorts by ICU's rules, so that a statement or a table that forgot its
//! collation fails here and not at somebody's. Whatever happens to this
//! process, the cluster is stopped and its folder removed: a watcher waits for
//! the end of a pipe that only we hold open.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::machine;
use crate::process::output;

/// A running cluster; dropping it stops it.
pub struct Cluster {
    port: u16,
    watcher: Child,
}

/// What becomes of a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing is synced: for tests.
    Off,
    /// Everything is, as on a server: for measuring.
    On,
}

impl Cluster {
    /// Makes and starts a cluster in a new temporary folder, on a free port of
    /// the loopback interface.
    pub fn start(bin: &Path, durability: Durability) -> Result<Self> {
        let folder = new_folder()?;
        let cluster = Self { port: free_port()?, watcher: watch(bin, &folder)? };
        let port = cluster.port;
        let data = folder.join("data");
        output(
            as_owner(&bin.join("initdb"))
                .arg("-D")
                .arg(&data)
                .args(["--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8"])
                .args(["--encoding=UTF8", "--auth=trust", "--username=postgres"])
                .args(["--no-sync", "--no-instructions"]),
        )
        .context("making the test cluster")?;

        let mut settings = format!(
            "-c port={port} -c listen_addresses=127.0.0.1 -c max_connections=400 \
             -c shared_buffers=256MB -c unix_socket_directories={}",
            folder.display()
        );
        if durability == Durability::Off {
            settings.push_str(" -c fsync=off -c full_page_writes=off -c synchronous_commit=off");
        }
        output(
            as_owner(&bin.join("pg_ctl"))
                .args(["start", "--wait", "--silent", "--timeout=60"])
                .arg("-D")
                .arg(&data)
                .arg("-l")
                .arg(folder.join("log"))
                .args(["-o", &settings])
                // The server outlives pg_ctl and must not hold our pipes open.
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )
        .with_context(|| {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            format!("starting the test cluster; its log says:\n{log}")
        })?;
        Ok(cluster)
    }

    /// The address of a superuser, for making databases.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}

/// `initdb` refuses root: then the work is done as the user `postgres`.
fn as_owner(program: &Path) -> Command {
    if machine::is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command.current_dir("/");
        command
    } else {
        Command::new(program)
    }
}

fn new_folder() -> Result<PathBuf> {
    let template = std::env::temp_dir().join("housekey-postgres-XXXXXX");
    let made = output(Command::new("mktemp").arg("-d").arg(template))?;
    let folder = PathBuf::from(made.trim());
    if machine::is_root() {
        output(Command::new("chown").arg("postgres:").arg(&folder))
            .context("giving the cluster's folder to the user postgres")?;
    }
    Ok(folder)
}

fn free_port() -> Result<u16> {
    let probe = TcpListener::bind(("127.0.0.1", 0)).context("looking for a free port")?;
    Ok(probe.local_addr()?.port())
}

/// Reads until the other end of its input closes, be it that we let go or that
/// we were killed, then clears up. In a group of its own, so that an interrupt
/// typed at the terminal does not reach it.
fn watch(bin: &Path, folder: &Path) -> Result<Child> {
    let stop = r#"cat >/dev/null
if [ "$(id -u)" = 0 ]; then
  runuser -u postgres -- "$1" stop -D "$2/data" -m immediate -w -s
else
  "$1" stop -D "$2/data" -m immediate -w -s
fi
rm -rf "$2""#;
    Command::new("sh")
        .args(["-c", stop, "watcher"])
        .arg(bin.join("pg_ctl"))
        .arg(folder)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("starting the watcher of the test cluster")
}
