//! SQLite: connections as we want them, and statements on one.

use super::{row::Row, statement::Sql, value::Value};
use crate::StoreError;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use std::{fs::OpenOptions, path::Path, time::Duration};

/// What a connection may keep of the file, in KiB: the system keeps it as well, and for all of them.
const WRITER_KEEPS: i64 = 1024;
const READER_KEEPS: i64 = 512;

/// A connection that writes. Every commit is on the disk before it is answered.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    make_private(path);
    let c = Connection::open(path)?;
    c.busy_timeout(Duration::from_secs(5))?;
    c.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA wal_autocheckpoint = 32768; PRAGMA temp_store = MEMORY;",
    )?;
    c.pragma_update(None, "cache_size", -WRITER_KEEPS)?;
    c.set_prepared_statement_cache_capacity(256);
    Ok(c)
}

/// Makes a file that is not there for its owner alone, since people's data will be in it; SQLite gives its log the same
/// mode. One that is there keeps what its owner chose, and what cannot be made is SQLite's to tell.
pub(super) fn make_private(path: &Path) {
    let text = path.to_string_lossy();
    if text.starts_with(':') || text.starts_with("file:") {
        return;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(path));
}

/// A connection that only reads.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let c = Connection::open_with_flags(path, flags)?;
    c.busy_timeout(Duration::from_secs(5))?;
    c.pragma_update(None, "cache_size", -READER_KEEPS)?;
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn a_new_database_and_its_log_are_their_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db");
        let c = open_writer(&path).unwrap();
        c.execute_batch("CREATE TABLE t (x)").unwrap();
        let modes: Vec<u32> = fs::read_dir(folder.path())
            .unwrap()
            .map(|f| f.unwrap().metadata().unwrap().permissions().mode() & 0o777)
            .collect();
        assert!(modes.len() >= 2 && modes.iter().all(|m| *m == 0o600), "{modes:?}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        drop(open_writer(&path).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640, "the owner's choice stays");
    }
}
