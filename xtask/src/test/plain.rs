//! The program as shipped must hold nothing that was made for tests: no clock
//! to set, no fixed dice, no cheap hashing.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::tally::Tally;
use super::{Stage, shipped};
use xtask::process::output;

/// The test kit's name, as it stands in every place it is called from.
const MARK: &str = "testkit";

/// Builds the program as `cargo run` does and looks for the test kit, among
/// its features and in its bytes.
pub fn run(stage: &Stage) -> Result<Tally> {
    let mut tally = Tally::of(features_are_plain(stage)?);
    let program = fs::read(shipped::program(&stage.root)?).context("reading the built program")?;
    let clean = !contains(&program, MARK);
    if !clean {
        println!("the plain program contains `{MARK}`");
    }
    tally.add(&Tally::of(clean));
    Ok(tally)
}

fn features_are_plain(stage: &Stage) -> Result<bool> {
    let tree = output(
        Command::new("cargo")
            .args([
                "tree",
                "--package",
                "housekey-server",
                "--edges",
                "normal",
                "--prefix",
                "none",
                "--format",
                "{p} [{f}]",
            ])
            .current_dir(&stage.root),
    )?;
    let offenders: Vec<&str> = tree.lines().filter(|line| line.contains(MARK)).collect();
    for line in &offenders {
        println!("built with the test kit: {line}");
    }
    Ok(offenders.is_empty())
}

fn contains(program: &[u8], mark: &str) -> bool {
    program.windows(mark.len()).any(|window| window == mark.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_found_anywhere() {
        assert!(contains(b"\0\x01crates/auth/src/testkit.rs", MARK));
        assert!(!contains(b"crates/auth/src/world.rs", MARK));
    }
}
