//! The master key: where it comes from, and whether it is the one that this database was sealed with.

use crate::error::{Error, Result};
use housekey_core::{
    entropy::Entropy,
    ids::InstanceId,
    keyring::{KeyFault, Keyring, MasterKey},
    secret::Secret,
    time::Time,
};
use housekey_store::Store;
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Where the master key is. The database never holds it, only its id and a check value.
pub enum Key {
    /// A file that holds the key and nothing else.
    File(PathBuf),
    /// The same, made by the first start over SQLite.
    FileOrNew(PathBuf),
    /// An environment variable.
    Env(String),
    /// A key at hand.
    Given(MasterKey),
}

impl Key {
    /// The key in this file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::File(path.into())
    }

    /// The key in this file, which the first start makes where nothing was sealed yet. Only over SQLite: the nodes that
    /// share a PostgreSQL would each make their own. Keep a copy apart from the database.
    pub fn file_or_new(path: impl Into<PathBuf>) -> Self {
        Self::FileOrNew(path.into())
    }

    /// The key in this environment variable.
    pub fn env(name: impl Into<String>) -> Self {
        Self::Env(name.into())
    }

    /// This key.
    pub fn given(key: MasterKey) -> Self {
        Self::Given(key)
    }

    /// Reads it, or says where it is to be made.
    pub(crate) fn find(self) -> Result<Found, KeyError> {
        match self {
            Self::FileOrNew(path) if !path.exists() => Ok(Found::ToMake(path)),
            key => key.read().map(Found::Key),
        }
    }

    pub(crate) fn read(self) -> Result<MasterKey, KeyError> {
        let (text, place) = match self {
            Self::Given(key) => return Ok(key),
            Self::File(path) | Self::FileOrNew(path) => {
                let place = path.display().to_string();
                let text = std::fs::read_to_string(&path)
                    .map_err(|e| KeyError::Unreadable { place: place.clone(), why: e.kind().to_string() })?;
                (Secret::new(text), place)
            }
            Self::Env(name) => {
                let text = std::env::var(&name)
                    .map_err(|_| KeyError::Unreadable { place: name.clone(), why: "not set".into() })?;
                (Secret::new(text), name)
            }
        };
        MasterKey::parse(text.expose().trim()).map_err(|fault| KeyError::Unfit { place, fault })
    }
}

/// What [`Key::find`] found.
pub(crate) enum Found {
    Key(MasterKey),
    ToMake(PathBuf),
}

/// Makes a key file where nothing was ever sealed. It is on the disk before anything is sealed with it.
pub(crate) async fn make(store: &Store, path: &Path, entropy: &dyn Entropy) -> Result<MasterKey, OpenError> {
    let place = path.display().to_string();
    if !store.is_sqlite() {
        return Err(KeyError::NotMade { place }.into());
    }
    if !store.reader().instance().await.map_err(Error::from)?.keys.is_empty() {
        return Err(KeyError::Lost { place }.into());
    }
    let key = MasterKey::generate(entropy);
    let text = Secret::new(format!("{}\n", key.reveal()));
    write_new(path, text.expose().as_bytes()).map_err(|e| KeyError::Unwritable { place, why: e.kind().to_string() })?;
    Ok(key)
}

/// A new file for its owner alone, which is whole and on the disk or not there, and never replaces another.
fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.new", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let written = (|| {
        let mut file = options.open(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        // A link refuses an existing name, which a rename would replace.
        fs::hard_link(&temporary, path)
    })();
    let removed = fs::remove_file(&temporary);
    written.and(removed)?;
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Elsewhere a folder cannot be opened; its entry is on the disk with the file.
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Why a key does not serve.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It is not where it should be.
    #[error("the key at {place} cannot be read: {why}. Make one with `housekey keys new`")]
    Unreadable {
        /// File or variable.
        place: String,
        /// What the system said.
        why: String,
    },
    /// No file, and over PostgreSQL none is made.
    #[error(
        "the key file {place} is missing, and over PostgreSQL none is made by itself, since every node needs the same \
             one. Make one with `housekey keys new`"
    )]
    NotMade {
        /// The file.
        place: String,
    },
    /// No file, but rows that its key sealed.
    #[error(
        "the key file {place} is missing, and the database was sealed with its key. Put it back: a new one could not \
             open what is sealed"
    )]
    Lost {
        /// The file.
        place: String,
    },
    /// It could not be made.
    #[error("the key file {place} cannot be written: {why}")]
    Unwritable {
        /// The file.
        place: String,
        /// What the system said.
        why: String,
    },
    /// It is not a key.
    #[error("the key at {place} is not fit: {fault}. Make one with `housekey keys new`")]
    Unfit {
        /// File or variable.
        place: String,
        /// What is wrong.
        fault: KeyFault,
    },
    /// A former key is gone before its work was done.
    #[error(
        "rows are still sealed with the former key {key}. Give it as an old key until the log says that nothing is \
             sealed with it"
    )]
    StillNeeded {
        /// Its id.
        key: String,
    },
    /// The database was sealed with another one.
    #[error(
        "the key does not match this database, which was sealed with key {expected}. Give that key; without it \
             the sealed rows cannot be read"
    )]
    OtherKey {
        /// The id of the key that the database knows.
        expected: String,
    },
}

/// The keys of an instance, checked against its database; a fresh database takes the key as its own.
pub(crate) async fn open(
    store: &Store,
    current: MasterKey,
    old: Vec<MasterKey>,
    now: Time,
    entropy: &dyn Entropy,
) -> Result<(InstanceId, Keyring), OpenError> {
    let row = store.reader().instance().await.map_err(Error::from)?;
    let (id, check) = (current.id(), current.check_value());
    let known = |key: &housekey_store::instance::KeyRow| {
        key.id == id && bool::from(subtle::ConstantTimeEq::ct_eq(key.check_value.as_slice(), check.as_slice()))
    };
    let given_old = old.iter().any(|o| row.keys.iter().any(|k| k.id == o.id()));
    if let Some(expected) = row.keys.iter().rfind(|k| k.current)
        && !row.keys.iter().any(known)
        && !given_old
    {
        return Err(OpenError::Key(KeyError::OtherKey { expected: expected.id.clone() }));
    }
    let is_given = |k: &housekey_store::instance::KeyRow| k.id == id || old.iter().any(|o| o.id() == k.id);
    if let Some(missing) = row.keys.iter().find(|k| !is_given(k)) {
        return Err(OpenError::Key(KeyError::StillNeeded { key: missing.id.clone() }));
    }
    if !row.keys.iter().any(|k| known(k) && k.current) {
        store.key_use(id, check, now).await.map_err(Error::from)?;
    }
    let fresh = InstanceId::new(now, entropy);
    let instance = match row.id {
        Some(id) => id,
        None => store.instance_begin(fresh, now).await.map_err(Error::from)?,
    };
    Ok((instance, Keyring::new(current, old)))
}

/// Why the keys could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Store(#[from] Error),
}

#[cfg(test)]
mod tests {
    use super::*;
    use housekey_core::entropy::Seeded;

    async fn fresh(folder: &Path) -> Store {
        let store = Store::sqlite(folder.join("app.db")).unwrap();
        store.migrate(Time::from_millis(1)).await.unwrap();
        store
    }

    #[tokio::test]
    async fn a_first_start_makes_a_private_key_that_the_next_one_finds() {
        let folder = tempfile::tempdir().unwrap();
        let (store, path) = (fresh(folder.path()).await, folder.path().join("app.key"));
        let made = make(&store, &path, &Seeded::new(1)).await.unwrap();
        let Ok(Found::Key(read)) = Key::file_or_new(&path).find() else { panic!("not found") };
        assert_eq!(read.id(), made.id());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(make(&store, &path, &Seeded::new(2)).await.is_err(), "never over another");
        assert!(fs::read_dir(folder.path()).unwrap().all(|f| !f.unwrap().path().ends_with(".new")));
    }

    #[tokio::test]
    async fn a_lost_key_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (store, path) = (fresh(folder.path()).await, folder.path().join("app.key"));
        store.key_use("key_000000000000".into(), [7; 32], Time::from_millis(2)).await.unwrap();
        let refused = make(&store, &path, &Seeded::new(1)).await.err().unwrap().to_string();
        assert!(refused.contains("Put it back"), "{refused}");
        assert!(!path.exists());
    }
}
