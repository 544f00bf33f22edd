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
use std::path::PathBuf;

/// Where the master key is. The database never holds it, only its id and a check value.
pub enum Key {
    /// A file that holds the key and nothing else.
    File(PathBuf),
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

    /// The key in this environment variable.
    pub fn env(name: impl Into<String>) -> Self {
        Self::Env(name.into())
    }

    /// This key.
    pub fn given(key: MasterKey) -> Self {
        Self::Given(key)
    }

    pub(crate) fn read(self) -> Result<MasterKey, KeyError> {
        let (text, place) = match self {
            Self::Given(key) => return Ok(key),
            Self::File(path) => {
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
    /// It is not a key.
    #[error("the key at {place} is not fit: {fault}. Make one with `housekey keys new`")]
    Unfit {
        /// File or variable.
        place: String,
        /// What is wrong.
        fault: KeyFault,
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
