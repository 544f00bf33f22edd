//! The program as it ships, which the README starts, the kills crash and the
//! last part searches: it is built once.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use xtask::process::must;

/// Builds it as `cargo run --release` does; where that was run, nothing is left
/// to do.
pub fn program(root: &Path) -> Result<PathBuf> {
    must(Command::new("cargo").args(["build", "--release", "--package", "housekey-server"]).current_dir(root))?;
    Ok(root.join("target/release/housekey"))
}
