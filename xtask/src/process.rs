//! Running other programs: one form for all of them, with errors that name
//! the command.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Runs a command with our own output; says whether it succeeded.
pub fn succeeds(command: &mut Command) -> Result<bool> {
    println!("$ {}", spoken(command));
    let status =
        command.stdin(Stdio::null()).status().with_context(|| format!("cannot start `{}`", spoken(command)))?;
    Ok(status.success())
}

/// Runs a command that must succeed.
pub fn must(command: &mut Command) -> Result<()> {
    if succeeds(command)? {
        return Ok(());
    }
    bail!("`{}` failed", spoken(command))
}

/// Runs a command quietly and returns what it printed; an error carries what
/// it complained about.
pub fn output(command: &mut Command) -> Result<String> {
    let out = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{}`", spoken(command)))?;
    if !out.status.success() {
        let complaint = String::from_utf8_lossy(&out.stderr);
        bail!("`{}` failed: {}", spoken(command), complaint.trim());
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// Runs a command, passes its standard output on line by line, and returns it
/// with whether the command succeeded.
pub fn passed_on(command: &mut Command) -> Result<(bool, String)> {
    println!("$ {}", spoken(command));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", spoken(command)))?;
    let mut heard = String::new();
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).split(b'\n') {
            let line = line.context("reading its output")?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            heard.push_str(&line);
            heard.push('\n');
        }
    }
    Ok((child.wait()?.success(), heard))
}

/// Where a program lies, if `PATH` has it.
pub fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

/// The command as one would type it.
pub fn spoken(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args().map(OsStr::to_string_lossy) {
        if argument.is_empty() || argument.contains(char::is_whitespace) {
            let _ = write!(text, " '{argument}'");
        } else {
            let _ = write!(text, " {argument}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_its_complaint() {
        let error = output(Command::new("sh").args(["-c", "echo wrong >&2; exit 3"])).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("sh -c 'echo wrong") && text.ends_with("wrong"), "{text}");
    }

    #[test]
    fn output_is_passed_on_and_returned() {
        let (well, heard) = passed_on(Command::new("printf").arg("a\\nb")).unwrap();
        assert!(well);
        assert_eq!(heard, "a\nb\n");
    }

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(found("sh").is_some());
        assert!(found("no-such-program-anywhere").is_none());
    }
}
