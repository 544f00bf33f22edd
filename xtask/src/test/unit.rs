//! The Rust tests: all crates and the example, on both databases.

use std::fs;
use std::process::Command;

use anyhow::Result;

use super::Stage;
use super::tally::Tally;
use xtask::process::{found, passed_on, succeeds};

/// Runs them with nextest where it is installed, else with `cargo test`.
pub fn run(stage: &Stage) -> Result<Tally> {
    if found("cargo-nextest").is_none() {
        let (well, heard) = passed_on(cargo(stage, &["test", "--workspace", "--no-fail-fast"]).args(&stage.filter))?;
        return Ok(Tally::of_cargo_test(&heard).with_verdict(well));
    }
    let report = stage.root.join("target/nextest/default/junit.xml");
    let _ = fs::remove_file(&report);
    let well = succeeds(cargo(stage, &["nextest", "run", "--workspace", "--no-tests=pass"]).args(&stage.filter))?;
    let mut tally = Tally::of_nextest(&report).unwrap_or_default().with_verdict(well);

    // nextest leaves the examples in the documentation out.
    let (well, heard) =
        passed_on(cargo(stage, &["test", "--workspace", "--doc", "--no-fail-fast"]).args(&stage.filter))?;
    tally.add(&Tally::of_cargo_test(&heard).with_verdict(well));
    Ok(tally)
}

fn cargo(stage: &Stage, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(&stage.root);
    if let Some(url) = &stage.postgres {
        command.env("HOUSEKEY_TEST_POSTGRES", url);
    }
    // Clerk's published files are not ours to hand on; where they lie beside the tree, answers are held against them.
    let published = stage.root.join("../shared/clerk-openapi");
    if published.is_dir() {
        command.env("HOUSEKEY_CLERK_OPENAPI", published);
    }
    command
}
