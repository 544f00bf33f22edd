//! Clerk's browser scripts in the data folder: taken in when their sum is right, and handed to the house.

mod archive;
mod integrity;
mod registry;
mod shelf;

use std::{fs, path::Path};

use anyhow::{Context, bail};

pub use integrity::Integrity;
pub use registry::{Registry, Spec};
pub use shelf::{Kept, Shelf};

/// The largest packed package that is taken. Today's have three to four MiB.
const LARGEST: u64 = 32 * 1024 * 1024;

/// The versions that this release was tried with.
pub const TRIED: [&str; 2] = ["@clerk/clerk-js@6.40.0", "@clerk/ui@1.34.0"];

/// Reads a packed package from a file.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let length = fs::metadata(path).with_context(|| format!("can't read {}", path.display()))?.len();
    if length > LARGEST {
        bail!("{} has {length} bytes; no package of Clerk's is larger than {LARGEST}", path.display());
    }
    fs::read(path).with_context(|| format!("can't read {}", path.display()))
}
