//! The command line's end of the socket.

use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use anyhow::{Context, bail};
use serde::de::DeserializeOwned;

use super::{Answer, Ask};
use crate::data::{check_owner, control_socket};

const PATIENCE: Duration = Duration::from_secs(60);
const LONGEST_ANSWER: u64 = 1024 * 1024;

/// Asks the server of that data folder; `None` where none runs.
pub fn ask<T: DeserializeOwned>(data: &Path, question: &Ask) -> anyhow::Result<Option<T>> {
    let path = control_socket(data);
    check_owner(&path)?;
    let mut stream = match UnixStream::connect(&path) {
        Ok(stream) => stream,
        // Refused: a server that was killed left the file behind.
        Err(why)
            if matches!(why.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::NotADirectory) =>
        {
            return Ok(None);
        }
        Err(why) => {
            return Err(why).with_context(|| format!("can't reach the server at {}", path.display()));
        }
    };
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(question)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut text = String::new();
    BufReader::new(stream.take(LONGEST_ANSWER)).read_line(&mut text).context("the server did not answer")?;
    match serde_json::from_str(&text).context("the server gave no answer; its log says why")? {
        Answer::Ok(value) => Ok(Some(serde_json::from_value(value)?)),
        Answer::Error(why) => bail!(why),
    }
}
