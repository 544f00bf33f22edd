//! Arguments of statements. PostgreSQL wants to know the type of a NULL.

use housekey_core::{ids::Id, time::Time};

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// TEXT.
    Text(String),
    /// BIGINT.
    Int(i64),
    /// BOOLEAN.
    Bool(bool),
    /// BYTEA.
    Bytes(Vec<u8>),
    /// Nothing, of a type.
    Null(Kind),
}

/// The type of a NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// TEXT.
    Text,
    /// BIGINT.
    Int,
    /// BYTEA.
    Bytes,
}

macro_rules! from {
    ($($from:ty => $name:ident $make:expr;)*) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                let make: fn($from) -> _ = $make;
                Self::$name(make(value))
            }
        }
    )*};
}

from! {
    &str => Text str::to_owned;
    String => Text |s| s;
    i64 => Int |i| i;
    bool => Bool |b| b;
    Vec<u8> => Bytes |b| b;
    &[u8] => Bytes <[u8]>::to_vec;
    Time => Int Time::as_millis;
}

impl<I: Id> From<&I> for Value {
    fn from(id: &I) -> Self {
        Self::Text(id.as_ref().to_owned())
    }
}

impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        value.map_or(Self::Null(Kind::Text), Self::Text)
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Self::Null(Kind::Int), Self::Int)
    }
}

impl From<Option<Vec<u8>>> for Value {
    fn from(value: Option<Vec<u8>>) -> Self {
        value.map_or(Self::Null(Kind::Bytes), Self::Bytes)
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Text(s) => ValueRef::Text(s.as_bytes()),
            Self::Int(i) => ValueRef::Integer(*i),
            Self::Bool(b) => ValueRef::Integer(i64::from(*b)),
            Self::Bytes(b) => ValueRef::Blob(b),
            Self::Null(_) => ValueRef::Null,
        }))
    }
}
