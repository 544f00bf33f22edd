//! The folder `bundles` in the data folder: `PACKAGE/VERSION/`, each put there whole.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use flate2::read::GzDecoder;
use futures_util::future::BoxFuture;
use housekey::{BundleFile, BundleSource, Version};
use housekey_core::bundle::{FilePath, Package};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::{Integrity, archive};
use crate::data::check_owner;

/// Larger ones were never taken in.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;
/// Said of each version, beside its files.
const NOTE: &str = "bundle.json";

/// The folder. Whoever reads it needs no lock: a version appears and goes whole.
#[derive(Clone)]
pub struct Shelf {
    root: PathBuf,
}

/// A version that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub package: String,
    pub version: String,
    /// The sum that it was published with.
    pub integrity: String,
    pub files: usize,
    /// The size of the files as pages see them.
    pub bytes: u64,
}

impl Shelf {
    /// That of a data folder, which need not be there yet.
    pub fn of(data: &Path) -> Self {
        Self { root: data.join("bundles") }
    }

    /// Takes a packed package in. Its sum is checked before anything is made of it; a version that is kept already with
    /// the same sum is left alone, with another it is refused.
    pub fn add(
        &self,
        packed: &[u8],
        published: &Integrity,
        expected: Option<(Package, &Version)>,
    ) -> anyhow::Result<Kept> {
        published.check(packed)?;
        let _held = self.hold()?;
        let new = self.root.join(".new");
        remove(&new)?;
        DirBuilder::new().mode(0o700).create(&new)?;
        let taken = self.take(packed, published, expected, &new);
        remove(&new)?;
        taken
    }

    fn take(
        &self,
        packed: &[u8],
        published: &Integrity,
        expected: Option<(Package, &Version)>,
        new: &Path,
    ) -> anyhow::Result<Kept> {
        let archive::Unpacked { package, version, files, bytes } = archive::unpack(packed, new)?;
        if let Some((asked, of)) = expected
            && (asked, of) != (package, &version)
        {
            bail!("{asked} {of} was asked for, and this is {package} {version}");
        }
        let kept = Kept {
            package: package.to_string(),
            version: version.to_string(),
            integrity: published.to_string(),
            files,
            bytes,
        };
        let place = self.place(package, &version);
        if place.exists() {
            let before = note(&place)?;
            if before.integrity != kept.integrity {
                bail!(
                    "{package} {version} is kept already, with the sum {}. Look at which is right; \
                     `housekey clerk bundles remove {package}@{version}` makes room.",
                    before.integrity
                );
            }
            return Ok(before);
        }
        fs::write(new.join(NOTE), serde_json::to_vec_pretty(&kept)?)?;
        on_the_disk(new)?;
        let shelf = self.root.join(package.short());
        DirBuilder::new().recursive(true).mode(0o700).create(&shelf)?;
        fs::rename(new, &place).with_context(|| format!("can't make {}", place.display()))?;
        File::open(&shelf)?.sync_all()?;
        File::open(&self.root)?.sync_all()?;
        Ok(kept)
    }

    /// Takes a version away. Pages that ask for it get the nearest one from then on.
    pub fn remove(&self, package: Package, version: &Version) -> anyhow::Result<Kept> {
        let _held = self.hold()?;
        let place = self.place(package, version);
        if !place.exists() {
            bail!("{package} {version} is not kept; `housekey clerk bundles list` shows what is");
        }
        let kept = note(&place)?;
        let old = self.root.join(".old");
        remove(&old)?;
        fs::rename(&place, &old).with_context(|| format!("can't remove {}", place.display()))?;
        remove(&old)?;
        Ok(kept)
    }

    /// What is kept, by package and version.
    pub fn list(&self) -> anyhow::Result<Vec<Kept>> {
        let mut all = Vec::new();
        for package in Package::ALL {
            let mut versions = self.kept(package)?;
            versions.sort_unstable();
            for version in versions {
                all.push(note(&self.place(package, &version))?);
            }
        }
        Ok(all)
    }

    fn place(&self, package: Package, version: &Version) -> PathBuf {
        self.root.join(package.short()).join(version.to_string())
    }

    fn kept(&self, package: Package) -> io::Result<Vec<Version>> {
        let entries = match fs::read_dir(self.root.join(package.short())) {
            Ok(entries) => entries,
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(why) => return Err(why),
        };
        let mut versions = Vec::new();
        for entry in entries {
            versions.extend(entry?.file_name().to_str().and_then(|name| Version::parse(name).ok()));
        }
        Ok(versions)
    }

    fn read(&self, package: Package, version: &Version, path: &FilePath, gzip: bool) -> io::Result<Option<BundleFile>> {
        let file = match File::open(self.place(package, version).join(format!("{}.gz", path.as_str()))) {
            Ok(file) => file,
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(why),
        };
        let mut bytes = Vec::new();
        match gzip {
            true => file.take(LARGEST_FILE).read_to_end(&mut bytes)?,
            false => GzDecoder::new(file).take(LARGEST_FILE).read_to_end(&mut bytes)?,
        };
        Ok(Some(BundleFile { bytes: bytes.into(), gzip }))
    }

    /// One command at a time changes the folder; what an earlier one left half-done is anybody's to clear away then.
    fn hold(&self) -> anyhow::Result<File> {
        if let Some(data) = self.root.parent() {
            check_owner(data)?;
        }
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.root);
        made.with_context(|| format!("can't make {}", self.root.display()))?;
        check_owner(&self.root)?;
        let path = self.root.join(".lock");
        let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = open.with_context(|| format!("can't open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => bail!("another command changes {} right now", self.root.display()),
            Err(TryLockError::Error(why)) => Err(why).with_context(|| format!("can't lock {}", path.display())),
        }
    }
}

impl BundleSource for Shelf {
    fn versions(&self, package: Package) -> BoxFuture<'_, io::Result<Vec<Version>>> {
        let shelf = self.clone();
        Box::pin(async move { spawn_blocking(move || shelf.kept(package)).await.map_err(io::Error::other)? })
    }

    fn file<'a>(
        &'a self,
        package: Package,
        version: &'a Version,
        path: &'a FilePath,
        gzip: bool,
    ) -> BoxFuture<'a, io::Result<Option<BundleFile>>> {
        let (shelf, version, path) = (self.clone(), version.clone(), path.clone());
        let read = move || shelf.read(package, &version, &path, gzip);
        Box::pin(async move { spawn_blocking(read).await.map_err(io::Error::other)? })
    }
}

fn note(place: &Path) -> anyhow::Result<Kept> {
    let path = place.join(NOTE);
    let text = fs::read(&path).with_context(|| format!("can't read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not what was written there", path.display()))
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(why) if why.kind() != ErrorKind::NotFound => {
            Err(why).with_context(|| format!("can't remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// What is in the folder survives a power cut before the folder gets the name by which it is found.
#[cfg(target_os = "linux")]
fn on_the_disk(folder: &Path) -> anyhow::Result<()> {
    // One call for all files, which are many and small.
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

/// The same, file by file.
#[cfg(not(target_os = "linux"))]
fn on_the_disk(folder: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            on_the_disk(&path)?;
        } else {
            File::open(&path)?.sync_all()?;
        }
    }
    Ok(File::open(folder)?.sync_all()?)
}
