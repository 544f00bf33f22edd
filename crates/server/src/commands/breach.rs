//! `housekey breach …`: files alone, so neither a configuration nor a server is asked.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write, stderr, stdin},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, anyhow, bail};
use housekey_core::{
    breach::{BreachFilter, PasswordDigest, key_of_line},
    password::Password,
};
use rustix::termios::{LocalModes, OptionalActions, isatty, tcgetattr, tcsetattr};
use serde_json::json;

use crate::{
    data::replace,
    out::{print, print_json},
};

/// The exit code for a password that is in the filter.
const FOUND: u8 = 3;
/// The shortest line: forty digits and its end.
const SHORTEST_LINE: u64 = 41;
/// Longer than any line and than any password.
const LONGEST_LINE: u64 = 4096;

/// `breach build`.
pub fn build(list: &Path, out: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let keys = read_list(list)?;
    let filter = BreachFilter::build(keys).with_context(|| format!("can't make a filter of {}", list.display()))?;
    replace(out, filter.bytes())?;
    let (hashes, bytes) = (filter.count(), filter.bytes().len());
    if json {
        print_json(&json!({ "file": out.display().to_string(), "hashes": hashes, "bytes": bytes }))?;
    } else {
        print(&format!("Wrote {hashes} hashes in {bytes} bytes to {}.\n", out.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The keys of a list, which may be many times larger than memory.
fn read_list(list: &Path) -> anyhow::Result<Vec<u64>> {
    let shown = list.display();
    let file = File::open(list).with_context(|| format!("can't open {shown}"))?;
    let most = file.metadata()?.len() / SHORTEST_LINE + 1;
    // Room for all at once: a vector that grows holds its content twice for a while.
    let mut keys = Vec::with_capacity(usize::try_from(most)?);
    let mut lines = BufReader::with_capacity(1 << 20, file);
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let read = lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
        if read.with_context(|| format!("can't read {shown}"))? == 0 {
            break;
        }
        keys.extend(key_of_line(&line).with_context(|| format!("line {number} of {shown}"))?);
    }
    Ok(keys)
}

/// `breach check`.
pub fn check(file: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let bytes = fs::read(file).with_context(|| format!("can't read {}", file.display()))?;
    let filter = BreachFilter::read(bytes)
        .with_context(|| format!("{} can't be used. Make it anew with `housekey breach build`", file.display()))?;
    let found = filter.contains(&PasswordDigest::of(&read_password()?));
    if json {
        print_json(&json!({ "breached": found, "hashes": filter.count() }))?;
    } else if found {
        print("It is in the filter: nobody may choose it anew.\n")?;
    } else {
        print("It is not in the filter.\n")?;
    }
    Ok(if found { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

/// One line: of a terminal without showing it, or of what is piped in.
fn read_password() -> anyhow::Result<Password> {
    let input = stdin();
    let hidden = isatty(&input).then(Hidden::begin).transpose()?;
    let mut typed = String::new();
    input.lock().take(LONGEST_LINE).read_line(&mut typed).context("can't read the password")?;
    drop(hidden);
    let length = typed.trim_end_matches(['\r', '\n']).len();
    typed.truncate(length);
    if typed.is_empty() {
        bail!("no password was given");
    }
    Password::parse(typed).map_err(|why| anyhow!("{why}"))
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden(rustix::termios::Termios);

impl Hidden {
    fn begin() -> anyhow::Result<Self> {
        let before = tcgetattr(stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        quiet.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(stdin(), OptionalActions::Flush, &quiet)?;
        let hidden = Self(before);
        let mut prompt = stderr();
        prompt.write_all(b"Password: ").and_then(|()| prompt.flush())?;
        Ok(hidden)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that is gone has nobody to show anything to.
        let _ = tcsetattr(stdin(), OptionalActions::Flush, &self.0);
    }
}
