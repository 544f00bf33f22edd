//! Rows, read by the type that is asked for: a mismatch is an error, never a guess.

use crate::StoreError;
use sqlx::{Column as _, Row as _, TypeInfo as _, ValueRef as _};

/// One row of an answer.
#[derive(Debug)]
pub struct Row(Vec<Cell>);

#[derive(Debug)]
enum Cell {
    Text(String),
    Int(i64),
    Bool(bool),
    Bytes(Vec<u8>),
    Null,
}

macro_rules! read {
    ($($(#[$doc:meta])* $name:ident, $opt:ident -> $type:ty { $($pattern:pat => $value:expr),+ })*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// [`StoreError::Corrupt`] when the column is NULL or of another type.
        pub fn $name(&self, at: usize) -> Result<$type, StoreError> {
            self.$opt(at)?.ok_or_else(|| wrong(at))
        }

        $(#[$doc])*
        /// NULL is `None`.
        ///
        /// # Errors
        /// [`StoreError::Corrupt`] when the column is of another type.
        pub fn $opt(&self, at: usize) -> Result<Option<$type>, StoreError> {
            match self.0.get(at) {
                $(Some($pattern) => Ok(Some($value)),)+
                Some(Cell::Null) => Ok(None),
                _ => Err(wrong(at)),
            }
        }
    )*};
}

impl Row {
    read! {
        /// A text.
        text, opt_text -> String { Cell::Text(s) => s.clone() }
        /// A number.
        int, opt_int -> i64 { Cell::Int(i) => *i }
        /// A truth value; SQLite keeps it as 0 or 1.
        bool, opt_bool -> bool { Cell::Bool(b) => *b, Cell::Int(0) => false, Cell::Int(1) => true }
        /// Bytes.
        bytes, opt_bytes -> Vec<u8> { Cell::Bytes(b) => b.clone() }
    }

    pub(super) fn from_sqlite(row: &rusqlite::Row<'_>, columns: usize) -> rusqlite::Result<Self> {
        use rusqlite::types::ValueRef;
        let cell = |i| {
            Ok(match row.get_ref(i)? {
                ValueRef::Null => Cell::Null,
                ValueRef::Integer(i) => Cell::Int(i),
                ValueRef::Text(t) => Cell::Text(String::from_utf8_lossy(t).into_owned()),
                ValueRef::Blob(b) => Cell::Bytes(b.to_vec()),
                // No column of ours is a REAL; whoever asks for it is told that the row is broken.
                ValueRef::Real(_) => Cell::Bool(false),
            })
        };
        (0..columns).map(cell).collect::<rusqlite::Result<_>>().map(Self)
    }

    pub(super) fn from_postgres(row: &sqlx::postgres::PgRow) -> Result<Self, StoreError> {
        let cell = |column: &sqlx::postgres::PgColumn| {
            let at = column.ordinal();
            if row.try_get_raw(at)?.is_null() {
                return Ok(Cell::Null);
            }
            Ok(match column.type_info().name() {
                "INT8" => Cell::Int(row.try_get(at)?),
                "BYTEA" => Cell::Bytes(row.try_get(at)?),
                "BOOL" => Cell::Bool(row.try_get(at)?),
                _ => Cell::Text(row.try_get(at)?),
            })
        };
        row.columns().iter().map(cell).collect::<Result<_, sqlx::Error>>().map(Self).map_err(StoreError::from)
    }
}

fn wrong(at: usize) -> StoreError {
    StoreError::Corrupt { table: "a query", column: "of another type", id: format!("column {at}") }
}
