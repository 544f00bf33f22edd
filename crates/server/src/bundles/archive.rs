//! A packed package, unpacked as if its maker meant harm: what is in it decides neither where files go nor how much
//! there is of them.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, bail};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use housekey::Version;
use housekey_core::bundle::{FilePath, Package};
use serde::Deserialize;

/// All of a package, unpacked.
const LARGEST_UNPACKED: u64 = 160 * 1024 * 1024;
/// One file of it.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;
/// Today's have up to 3,300.
const MOST_ENTRIES: usize = 20_000;
const LARGEST_MANIFEST: u64 = 256 * 1024;

/// What was unpacked.
#[derive(Debug)]
pub struct Unpacked {
    pub package: Package,
    pub version: Version,
    pub files: usize,
    /// Their size before they were packed again.
    pub bytes: u64,
}

#[derive(Deserialize)]
struct Manifest {
    name: String,
    version: String,
}

/// Writes the files that pages may load into a new folder, each packed by itself, and says of which package they are.
pub fn unpack(packed: &[u8], into: &Path) -> anyhow::Result<Unpacked> {
    let mut archive = tar::Archive::new(Bounded { inner: GzDecoder::new(packed), left: LARGEST_UNPACKED });
    let mut manifest = None;
    let (mut entries, mut files, mut bytes) = (0_usize, 0_usize, 0_u64);
    for entry in archive.entries().context("not a packed package")? {
        let mut entry = entry.context("not a packed package")?;
        entries += 1;
        if entries > MOST_ENTRIES {
            bail!("more than {MOST_ENTRIES} entries");
        }
        let kind = entry.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() {
            continue;
        }
        let name = entry.path_bytes().into_owned();
        let name = str::from_utf8(&name).ok().context("a name that is no text")?.to_owned();
        if !kind.is_file() {
            bail!("{name:?} is no plain file; a package holds neither links nor devices");
        }
        let path = name.strip_prefix("package/").filter(|path| is_relative(path));
        let Some(path) = path else { bail!("{name:?} lies outside of the package") };
        if entry.size() > LARGEST_FILE {
            bail!("{path} is larger than {LARGEST_FILE} bytes");
        }
        if path == "package.json" {
            let mut text = String::new();
            entry.by_ref().take(LARGEST_MANIFEST).read_to_string(&mut text).context("package.json")?;
            if manifest.replace(serde_json::from_str::<Manifest>(&text).context("package.json")?).is_some() {
                bail!("package.json is there twice");
            }
        } else if let Some(file) = FilePath::parse(path).filter(|file| !is_for_tools(file)) {
            bytes += write(&mut entry, &into.join(format!("{}.gz", file.as_str())))
                .with_context(|| format!("unpacking {path}"))?;
            files += 1;
        }
    }
    let manifest = manifest.context("without package.json")?;
    let Some(package) = Package::from_name(&manifest.name) else {
        bail!("this is {:?}; only @clerk/clerk-js and @clerk/ui have scripts for pages", manifest.name);
    };
    let version = Version::parse(&manifest.version).context("the version in package.json")?;
    let entry_point = format!("dist/{}", entry_point(package));
    if !into.join(format!("{entry_point}.gz")).exists() {
        bail!("{package} {version} without {entry_point}: this version has no build for pages");
    }
    Ok(Unpacked { package, version, files, bytes })
}

/// What a page's script tag names.
fn entry_point(package: Package) -> &'static str {
    match package {
        Package::ClerkJs => "clerk.browser.js",
        Package::Ui => "ui.browser.js",
    }
}

/// Plain parts alone: no way up, no root, no folder of this machine.
fn is_relative(path: &str) -> bool {
    !path.is_empty() && !path.contains('\\') && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Data that only those read who build with the package.
fn is_for_tools(file: &FilePath) -> bool {
    file.as_str().ends_with(".json")
}

/// The name is new, or this fails: nothing that stands there is followed or overwritten.
fn write(from: &mut impl Read, path: &Path) -> anyhow::Result<u64> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let mut packer = GzEncoder::new(file, Compression::best());
    let size = io::copy(from, &mut packer)?;
    packer.finish()?;
    Ok(size)
}

/// Ends in an error, and not quietly, beyond so many bytes.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other(format!("more than {LARGEST_UNPACKED} bytes unpacked")))?;
        Ok(read)
    }
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
