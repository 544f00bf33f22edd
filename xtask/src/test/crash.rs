//! Kills under load, by the measuring program.

use std::process::Command;

use anyhow::Result;

use super::tally::Tally;
use super::{Stage, shipped};
use crate::measure;
use xtask::process::must;

const ROUNDS: u32 = 20;

/// One test: nothing that was answered is lost. The measuring program is asked
/// for beside a test of the whole workspace, so that it takes over all that the
/// Rust tests compiled.
pub fn run(stage: &Stage) -> Result<Tally> {
    let program = shipped::program(&stage.root)?;
    must(
        Command::new("cargo")
            .args(["build", "--workspace", "--bin", "measure", "--test", "house", "--features", "xtask/bench"])
            .current_dir(&stage.root),
    )?;
    measure::crash_program(&stage.root, &program, ROUNDS).map(Tally::of)
}
