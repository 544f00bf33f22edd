//! Kills under load, by the measuring program.

use anyhow::Result;

use super::Stage;
use super::tally::Tally;
use crate::measure;

const ROUNDS: u32 = 20;

/// One test: nothing that was answered is lost.
pub fn run(stage: &Stage) -> Result<Tally> {
    measure::crash_in(&stage.root, ROUNDS).map(Tally::of)
}
