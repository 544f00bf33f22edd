//! The data folder: its files are one process's and one user's.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{ErrorKind, Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use housekey::settings::Wrong;
use rustix::{fs::Access, fs::Mode, process};

/// The folder, held by this process for as long as this lives.
pub struct Folder {
    path: PathBuf,
    _locks: Vec<File>,
}

impl Folder {
    /// Makes the folder where it is missing, checks whose it is and locks it. A
    /// SQLite file that lies elsewhere gets a lock beside it: two servers with
    /// two folders must not share it either.
    pub fn hold(path: &Path, sqlite: Option<&Path>) -> anyhow::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| format!("can't make the data folder {}", path.display()))?;
        check_owner(path)?;
        let mut locks = vec![lock(&path.join("housekey.lock"), path)?];
        if let Some(file) = sqlite.filter(|file| file.parent() != Some(path)) {
            check_owner(file)?;
            let mut beside = file.as_os_str().to_owned();
            beside.push(".lock");
            locks.push(lock(Path::new(&beside), file)?);
        }
        Ok(Self { path: path.to_owned(), _locks: locks })
    }

    /// Where a running server takes questions.
    pub fn control_socket(&self) -> PathBuf {
        control_socket(&self.path)
    }
}

/// Where the server of that folder takes questions.
pub fn control_socket(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// From here on this process makes files that only its user may open, whatever
/// library makes them (SQLite's log among them).
pub fn keep_files_private() {
    process::umask(Mode::from_raw_mode(0o077));
}

/// Refuses to work on files of somebody else, root included: root would leave
/// files behind that the server can't open any more.
pub fn check_owner(path: &Path) -> anyhow::Result<()> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(()),
        Err(why) => return Err(why).with_context(|| format!("can't look at {}", path.display())),
    };
    let own = process::geteuid().as_raw();
    if found.uid() != own {
        bail!(
            "{} belongs to user {} and this is user {own}. Run it as its owner: sudo -u '#{}' housekey …",
            path.display(),
            found.uid(),
            found.uid(),
        );
    }
    Ok(())
}

/// Whether the folder can be made or written, without making anything.
pub fn can_write(path: &Path) -> Result<(), Wrong> {
    let advice = "a folder that this user may write, or make it: install -d -m 700 -o USER DIR";
    let existing = path
        .ancestors()
        .map(|part| if part.as_os_str().is_empty() { Path::new(".") } else { part })
        .find(|part| part.exists());
    let Some(existing) = existing else {
        return Err(Wrong::new("nowhere to be made", advice));
    };
    if !existing.is_dir() {
        return Err(Wrong::new(format!("not a folder: {}", existing.display()), advice));
    }
    match rustix::fs::access(existing, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Ok(()),
        Err(why) => Err(Wrong::new(format!("not writable: {}: {why}", existing.display()), advice)),
    }
}

/// Whether others than the owner may read the file.
pub fn is_open_to_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.mode() & 0o077 != 0)
}

/// Writes a new file of mode 0600 that is whole and on the disk, or not there:
/// never half of it, never over another one.
pub fn write_new(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let temporary = temporary(path);
    // A link refuses an existing name, which a rename would replace.
    let written = write_synced(&temporary, content).and_then(|()| fs::hard_link(&temporary, path));
    let removed = fs::remove_file(&temporary);
    written.with_context(|| format!("can't write {}", path.display()))?;
    removed.with_context(|| format!("can't remove {}", temporary.display()))?;
    sync_folder(path)
}

/// Writes a file of mode 0600 in the place of another one or of none: who opens
/// the name finds the old one or the new one, whole.
pub fn replace(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let temporary = temporary(path);
    let written = write_synced(&temporary, content).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // It may never have been made; what counts is why.
        let _ = fs::remove_file(&temporary);
    }
    written.with_context(|| format!("can't write {}", path.display()))?;
    sync_folder(path)
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    name.into()
}

fn write_synced(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// A name is on the disk when its folder is.
fn sync_folder(path: &Path) -> anyhow::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all().with_context(|| format!("can't sync {}", folder.display()))
}

fn lock(path: &Path, what: &Path) -> anyhow::Result<File> {
    check_owner(path)?;
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("can't open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Only for the message: an unreadable number changes nothing.
            let _ = file.read_to_string(&mut holder);
            bail!(
                "another Housekey (process {}) uses {}. Stop it first, or start this one with another `--data` folder.",
                holder.trim(),
                what.display(),
            );
        }
        Err(TryLockError::Error(why)) => Err(why).with_context(|| format!("can't lock {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_is_private_and_never_replaces_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write_new(&path, b"one").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(write_new(&path, b"two").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("filter");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(replace(&folder.path().join("none/filter"), b"three").is_err());
        fs::create_dir(folder.path().join("taken")).unwrap();
        assert!(replace(&folder.path().join("taken"), b"four").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file stays");
    }

    #[test]
    fn a_folder_is_held_once_and_free_again() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let held = Folder::hold(&data, None).unwrap();
        assert_eq!(fs::metadata(&data).unwrap().mode() & 0o777, 0o700);
        let refused = Folder::hold(&data, None).err().unwrap().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        drop(held);
        Folder::hold(&data, None).unwrap();
    }

    #[test]
    fn a_database_elsewhere_is_locked_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shared.db");
        let _one = Folder::hold(&folder.path().join("one"), Some(&file)).unwrap();
        assert!(Folder::hold(&folder.path().join("two"), Some(&file)).is_err());
    }
}
