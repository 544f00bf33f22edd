//! SQLite: connections as we want them, and statements on one.

use super::{row::Row, statement::Sql, value::Value};
use crate::StoreError;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use std::{path::Path, time::Duration};

/// A connection that writes. Every commit is on the disk before it is answered.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let c = Connection::open(path)?;
    c.busy_timeout(Duration::from_secs(5))?;
    c.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA wal_autocheckpoint = 32768; PRAGMA temp_store = MEMORY;",
    )?;
    c.set_prepared_statement_cache_capacity(256);
    Ok(c)
}

/// A connection that only reads.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let c = Connection::open_with_flags(path, flags)?;
    c.busy_timeout(Duration::from_secs(5))?;
    c.set_prepared_statement_cache_capacity(256);
    Ok(c)
}

pub(super) fn execute(c: &Connection, sql: &Sql, args: &[Value]) -> Result<u64, StoreError> {
    let mut statement = c.prepare_cached(sql.sqlite())?;
    // A statement with RETURNING has rows, which execute() refuses.
    if statement.column_count() > 0 {
        return Ok(all(&mut statement, args)?.len() as u64);
    }
    Ok(statement.execute(params_from_iter(args))? as u64)
}

pub(super) fn optional(c: &Connection, sql: &Sql, args: &[Value]) -> Result<Option<Row>, StoreError> {
    let mut statement = c.prepare_cached(sql.sqlite())?;
    Ok(all(&mut statement, args)?.into_iter().next())
}

pub(super) fn rows(c: &Connection, sql: &Sql, args: &[Value]) -> Result<Vec<Row>, StoreError> {
    let mut statement = c.prepare_cached(sql.sqlite())?;
    all(&mut statement, args)
}

/// To the end: a statement that is left half-way holds its read open, and one that writes would not be done.
fn all(statement: &mut rusqlite::CachedStatement<'_>, args: &[Value]) -> Result<Vec<Row>, StoreError> {
    let columns = statement.column_count();
    let mut found = statement.query(params_from_iter(args))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        rows.push(Row::from_sqlite(row, columns)?);
    }
    Ok(rows)
}
