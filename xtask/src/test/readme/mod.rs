//! The README's own commands, run as they stand there.
//!
//! A fenced block whose opening line says `sh run` is run to its end, line by
//! line; `sh serve` is started, asked for its first page and stopped. A block
//! that says `rust file=PATH` shows that file, which the Rust tests compile.
//! What the README says of the test command is what is running already.

mod blocks;
mod serve;

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use xtask::process::must;

use super::Stage;
use super::tally::Tally;
use blocks::{Block, Kind, blocks};

/// Does what every marked block asks for.
pub fn run(stage: &Stage) -> Result<Tally> {
    let text = fs::read_to_string(stage.root.join("README.md")).context("reading README.md")?;
    let mut tally = Tally::default();
    for block in blocks(&text) {
        match &block.kind {
            Kind::Shows(path) => note(&mut tally, path, shows(stage, &block, path)),
            Kind::Run | Kind::Serve => {
                for line in block.commands().filter(|line| !is_ourselves(line)) {
                    note(&mut tally, line, perform(stage, &block.kind, line));
                }
            }
        }
    }
    Ok(tally)
}

fn note(tally: &mut Tally, what: &str, outcome: Result<()>) {
    match &outcome {
        Ok(()) => println!("ok: {what}"),
        Err(error) => println!("FAILED: {what}: {error:#}"),
    }
    tally.add(&Tally::of(outcome.is_ok()));
}

fn perform(stage: &Stage, kind: &Kind, line: &str) -> Result<()> {
    match kind {
        Kind::Serve => serve::serves(line, &stage.root),
        _ => must(shell(line).current_dir(&stage.root)),
    }
}

fn shows(stage: &Stage, block: &Block, path: &str) -> Result<()> {
    let file = fs::read_to_string(stage.root.join(path)).with_context(|| format!("reading {path}"))?;
    if file.lines().eq(block.lines.iter().map(String::as_str)) {
        return Ok(());
    }
    bail!("the README shows something else than the file holds")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_command_does_not_call_itself() {
        assert!(is_ourselves("cargo xtask test"));
        assert!(!is_ourselves("cargo run --release"));
    }
}
