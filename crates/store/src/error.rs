//! What the store answers when it cannot do what was asked.

/// Why an operation did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The row was changed or used by somebody else first. Nothing was done.
    #[error("changed meanwhile")]
    Conflict,
    /// Something that must be unique exists already. Nothing was done.
    #[error("taken: {0:?}")]
    Taken(Field),
    /// The database is out of reach, full or failing.
    #[error("unavailable (maybe applied: {maybe_applied})")]
    Unavailable {
        /// The connection broke while the change was being committed: it may have happened.
        maybe_applied: bool,
    },
    /// A row holds something that this release cannot read.
    #[error("{table}.{column} of {id} cannot be read")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// Which row.
        id: String,
    },
    /// The database was made by another release, or a migration was changed.
    #[error("{0}")]
    Incompatible(String),
    /// A statement of ours is wrong. The text is for the log.
    #[error("statement failed: {0}")]
    Statement(String),
}

/// What was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// An e-mail address.
    Email,
    /// A username.
    Username,
    /// A phone number.
    Phone,
    /// Something else that is unique.
    Other,
}

impl StoreError {
    /// A row that cannot be read.
    pub fn corrupt(table: &'static str, column: &'static str, id: &str) -> Self {
        Self::Corrupt { table, column, id: id.to_owned() }
    }

    pub(crate) fn down() -> Self {
        Self::Unavailable { maybe_applied: false }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as C;
        match e.sqlite_error_code() {
            Some(C::ConstraintViolation) => Self::Taken(Field::Other),
            Some(
                C::DiskFull
                | C::SystemIoFailure
                | C::DatabaseBusy
                | C::DatabaseLocked
                | C::CannotOpen
                | C::ReadOnly
                | C::OutOfMemory
                | C::DatabaseCorrupt
                | C::NotADatabase,
            ) => {
                tracing::warn!(error = %e, "SQLite is out of order");
                Self::down()
            }
            _ => Self::Statement(e.to_string()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(e: sqlx::Error) -> Self {
        match &e {
            sqlx::Error::Database(d) => match d.code().as_deref() {
                Some("23505") => Self::Taken(Field::Other),
                // A deadlock or a serialisation failure: somebody else was first.
                Some("40001" | "40P01") => Self::Conflict,
                // Going away, gone, too many connections, out of resources, cancelled by a timeout.
                Some(code) if ["57", "53", "08", "25", "3D", "55"].iter().any(|class| code.starts_with(class)) => {
                    tracing::warn!(error = %e, "PostgreSQL is out of order");
                    Self::down()
                }
                _ => Self::Statement(e.to_string()),
            },
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Statement(e.to_string()),
            _ => {
                tracing::warn!(error = %e, "PostgreSQL is out of reach");
                Self::down()
            }
        }
    }
}
