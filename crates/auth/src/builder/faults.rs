//! What can be wrong with what a builder was given: all of it is told at once.

use crate::{
    error::Error,
    keys::{KeyError, OpenError},
};
use housekey_store::StoreError;
use std::fmt;

/// All that is wrong with what the builder was given, a line each.
#[derive(thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct BuildError(pub Vec<BuildFault>);

/// The same text: a `main` that returns its error shows this one, to somebody who has to mend what it says.
impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum BuildFault {
    /// No public URL was given.
    #[error("public_url is missing: write where people reach this instance, as https://app.example.com")]
    NoPublicUrl,
    /// It is not a URL.
    #[error("public_url {0:?} is not a URL: write scheme and host, as https://app.example.com")]
    BadPublicUrl(String),
    /// The mount path is malformed.
    #[error("mount {0:?} is not a path: write it as /auth")]
    BadMount(String),
    /// No key was given.
    #[error("key is missing: make one with `housekey keys new` and give it with .key(Key::env(\"HOUSEKEY_KEY\"))")]
    NoKey,
    /// The key does not serve.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A setting is unsafe or does not fit another.
    #[error("{key}: {what}. Write {instead}")]
    Setting {
        /// Which.
        key: String,
        /// What is wrong.
        what: String,
        /// What to write.
        instead: String,
    },
    /// A template, an origin or the mail server's address is not acceptable.
    #[error("{0}")]
    Part(String),
    /// The database is out of reach, or its tables are not there.
    #[error("the database does not answer, or its tables are missing: {0}")]
    Store(#[from] Error),
    /// The database could not be brought to this release's form.
    #[error("the database could not be migrated: {0}")]
    Migration(StoreError),
}

impl From<OpenError> for BuildError {
    fn from(error: OpenError) -> Self {
        Self(vec![match error {
            OpenError::Key(fault) => fault.into(),
            OpenError::Store(fault) => fault.into(),
        }])
    }
}

/// The part, or nothing and a fault more.
pub(super) fn read_part<T, E: fmt::Display>(faults: &mut Vec<BuildFault>, part: Result<T, E>) -> Option<T> {
    part.map_err(|e| faults.push(BuildFault::Part(e.to_string()))).ok()
}
