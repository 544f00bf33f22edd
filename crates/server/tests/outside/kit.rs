//! A folder, a free port, and the binary with nothing inherited from outside.

use std::{
    fs::File,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output},
    time::{Duration, Instant},
};

/// Longer than any start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A working folder for one test.
pub struct House {
    folder: tempfile::TempDir,
    pub port: u16,
}

impl House {
    pub fn new() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder: tempfile::tempdir().unwrap(), port }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_housekey"));
        command.args(args).current_dir(self.folder.path()).env_clear().env("PATH", "/usr/bin:/bin");
        command
    }

    pub fn run(&self, args: &[&str]) -> Said {
        Said::from(self.command(args).output().unwrap())
    }

    /// Starts the server and waits until it answers.
    pub fn serve(&self, args: &[&str]) -> Running {
        let listen = format!("127.0.0.1:{}", self.port);
        // Files: a pipe that nobody reads would hold up a server that says much.
        let [out, err] = ["said.out", "said.err"].map(|name| self.path(name));
        let mut child = self
            .command(&["serve", "--listen", &listen])
            .args(args)
            .stdout(File::create(&out).unwrap())
            .stderr(File::create(&err).unwrap())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while !answers(&listen) {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("ended with {status}: {}", std::fs::read_to_string(err).unwrap());
            }
            assert!(began.elapsed() < PATIENCE, "no answer");
            std::thread::sleep(Duration::from_millis(5));
        }
        Running { child, address: listen, out, err }
    }
}

/// Whether HTTP is spoken there: the port alone is open before the server is ready.
fn answers(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!(
        "GET /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        address.replace("127.0.0.1", "localhost")
    );
    let mut answer = [0; 4];
    stream.write_all(request.as_bytes()).is_ok() && stream.read_exact(&mut answer).is_ok() && &answer == b"HTTP"
}

/// What a finished command said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A server that ends with the test.
pub struct Running {
    child: Child,
    pub address: String,
    out: PathBuf,
    err: PathBuf,
}

impl Running {
    /// One request on a connection of its own; status line, headers and body.
    pub fn get(&self, path: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.host()))
    }

    pub fn send(&self, raw: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(raw.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A server that refuses early may reset what it did not read.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub fn host(&self) -> String {
        self.address.replace("127.0.0.1", "localhost")
    }

    /// What it printed until now.
    pub fn printed(&self) -> String {
        std::fs::read_to_string(&self.out).unwrap()
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Waits for the end.
    pub fn ended(mut self) -> Said {
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < PATIENCE, "did not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Said { code, out: self.printed(), err: std::fs::read_to_string(&self.err).unwrap() }
    }

    /// Ends it politely.
    pub fn stop(self) -> Said {
        self.signal("TERM");
        self.ended()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Compares with a kept text; `UPDATE_EXPECTED=1` writes it anew.
pub fn expect(file: &Path, text: &str) {
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    assert_eq!(text, kept, "differs from {}; look, then run with UPDATE_EXPECTED=1", file.display());
}

pub fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside/expected").join(name)
}

pub fn project(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}
