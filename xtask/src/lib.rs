//! What the runner and the measuring programs share.

pub mod clock;
pub mod machine;
pub mod postgres;
pub mod process;

use std::path::PathBuf;

use anyhow::Context;

/// The folder of the workspace, whatever folder the command was given in.
pub fn workspace() -> anyhow::Result<PathBuf> {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = own.parent().context("xtask lies in no workspace")?;
    Ok(root.to_path_buf())
}
