//! Migrations: one file serves both engines, goes only forward, and is known by its sum.

use super::store::{Kind, Store};
use crate::StoreError;
use aws_lc_rs::digest::{SHA256, digest};
use sqlx::{Connection as _, Row as _};
use std::{path::Path, time::Duration};

struct Migration {
    number: i64,
    name: &'static str,
    /// The oldest release's number that can still read the database after it.
    readable_from: i64,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "engine", readable_from: 1, sql: include_str!("../../migrations/0001_engine.sql") },
    Migration { number: 2, name: "house", readable_from: 2, sql: include_str!("../../migrations/0002_house.sql") },
    Migration {
        number: 3,
        name: "backends",
        readable_from: 3,
        sql: include_str!("../../migrations/0003_backends.sql"),
    },
    Migration {
        number: 4,
        name: "webhooks",
        readable_from: 4,
        sql: include_str!("../../migrations/0004_webhooks.sql"),
    },
    // A release before it would ask nobody for a second factor.
    Migration { number: 5, name: "factors", readable_from: 5, sql: include_str!("../../migrations/0005_factors.sql") },
    // A release before it would not ask for a passkey that somebody wants to be asked for.
    Migration {
        number: 6,
        name: "two_step",
        readable_from: 6,
        sql: include_str!("../../migrations/0006_two_step.sql"),
    },
    // A release before it would let a compromised password in.
    Migration {
        number: 7,
        name: "recovery",
        readable_from: 7,
        sql: include_str!("../../migrations/0007_recovery.sql"),
    },
    Migration { number: 8, name: "bots", readable_from: 7, sql: include_str!("../../migrations/0008_bots.sql") },
    // A release before it would send what is for phones to mailboxes.
    Migration {
        number: 9,
        name: "identifiers",
        readable_from: 9,
        sql: include_str!("../../migrations/0009_identifiers.sql"),
    },
    // A release before it would give a guest an address, and the account would be deleted as a guest's later.
    Migration { number: 10, name: "guests", readable_from: 10, sql: include_str!("../../migrations/0010_guests.sql") },
    Migration {
        number: 11,
        name: "challenges",
        readable_from: 10,
        sql: include_str!("../../migrations/0011_challenges.sql"),
    },
    // A release before it would let people in without the code to their phone.
    Migration {
        number: 12,
        name: "second_phones",
        readable_from: 12,
        sql: include_str!("../../migrations/0012_second_phones.sql"),
    },
];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS housekey_migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL, \
    sha256 TEXT NOT NULL, readable_from BIGINT NOT NULL, applied_at BIGINT NOT NULL);";
/// How often a lock is asked for, a second apart.
const TRIES: u32 = 30;
/// Only one node migrates at a time.
const ADVISORY: i64 = 0x686b_6d69_6772;

/// What a migration run did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The names of the migrations that were applied now.
    pub applied: Vec<String>,
}

/// One migration, as `migrate status` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

struct Applied {
    number: i64,
    sha256: String,
    readable_from: i64,
}

impl Store {
    /// Brings the database to this release's form. A SQLite file with data is copied beside itself first.
    ///
    /// # Errors
    /// [`StoreError::Incompatible`] when a newer release made the database, or a migration that was applied is another
    /// one here.
    pub async fn migrate(&self, now: housekey_core::time::Time) -> Result<Migrated, StoreError> {
        let now = now.as_millis();
        match &self.0.engine {
            Kind::Sqlite { path, .. } => {
                let path = path.clone();
                let done = tokio::task::spawn_blocking(move || on_sqlite(&path, now)).await;
                done.unwrap_or_else(|_| Err(StoreError::down()))
            }
            Kind::Postgres(pool) => on_postgres(pool, now).await,
        }
    }

    /// Which migrations the database has. Changes nothing.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn migration_status(&self) -> Result<Vec<MigrationStatus>, StoreError> {
        let applied = match &self.0.engine {
            Kind::Sqlite { path, .. } => {
                let c = super::sqlite::open_writer(path)?;
                applied_on_sqlite(&c).unwrap_or_default()
            }
            Kind::Postgres(pool) => {
                let mut c = pool.acquire().await?;
                applied_on_postgres(&mut c).await.unwrap_or_default()
            }
        };
        let has = |number| applied.iter().any(|a: &Applied| a.number == number);
        let status =
            |m: &Migration| MigrationStatus { number: m.number, name: m.name.to_owned(), applied: has(m.number) };
        Ok(MIGRATIONS.iter().map(status).collect())
    }
}

fn on_sqlite(path: &Path, now: i64) -> Result<Migrated, StoreError> {
    let mut c = super::sqlite::open_writer(path)?;
    c.execute_batch(&for_sqlite(TABLE))?;
    let applied = applied_on_sqlite(&c)?;
    let due = due(&applied)?;
    if !due.is_empty() && !applied.is_empty() {
        let copy = path.with_extension(format!("before-{}.db", due.first().map_or(0, |m| m.number)));
        if !copy.exists() {
            super::sqlite::make_private(&copy);
            c.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
            sync(&copy)?;
        }
    }
    for m in &due {
        let tx = c.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        tx.execute_batch(&for_sqlite(m.sql))?;
        tx.execute(
            "INSERT INTO housekey_migration (number, name, sha256, readable_from, applied_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            rusqlite::params![m.number, m.name, sum(m.sql), m.readable_from, now],
        )?;
        tx.commit()?;
    }
    Ok(Migrated { applied: due.iter().map(|m| m.name.to_owned()).collect() })
}

fn sync(path: &Path) -> Result<(), StoreError> {
    std::fs::File::open(path).and_then(|f| f.sync_all()).map_err(|_| StoreError::down())
}

fn applied_on_sqlite(c: &rusqlite::Connection) -> Result<Vec<Applied>, StoreError> {
    let mut s = c.prepare("SELECT number, sha256, readable_from FROM housekey_migration ORDER BY number")?;
    let rows = s.query_map([], |r| Ok(Applied { number: r.get(0)?, sha256: r.get(1)?, readable_from: r.get(2)? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

async fn on_postgres(pool: &sqlx::PgPool, now: i64) -> Result<Migrated, StoreError> {
    let mut c = pool.acquire().await?;
    // Asked again and again instead of waited for: a pool's statement_timeout would end the wait.
    for tried in 1.. {
        let got: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(ADVISORY).fetch_one(&mut *c).await?;
        if got {
            break;
        }
        if tried >= TRIES {
            return Err(StoreError::Incompatible("another process is migrating this database: try again later".into()));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let done = migrate_postgres(&mut c, now).await;
    // The lock goes with the connection if this fails.
    drop(sqlx::query("SELECT pg_advisory_unlock($1)").bind(ADVISORY).execute(&mut *c).await);
    done
}

async fn migrate_postgres(c: &mut sqlx::PgConnection, now: i64) -> Result<Migrated, StoreError> {
    raw(c, for_postgres(TABLE)).await?;
    let due = due(&applied_on_postgres(c).await?)?;
    for m in &due {
        for tried in 1.. {
            match step_on_postgres(c, m, now).await {
                // Nobody behind a waiting lock should wait long either: give it up, and try again.
                Err(StoreError::Unavailable { .. }) if tried < TRIES => {
                    tracing::info!(migration = m.number, tried, "a table is in use; trying again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                done => {
                    done?;
                    break;
                }
            }
        }
    }
    Ok(Migrated { applied: due.iter().map(|m| m.name.to_owned()).collect() })
}

async fn step_on_postgres(c: &mut sqlx::PgConnection, m: &Migration, now: i64) -> Result<(), StoreError> {
    let mut tx = c.begin().await?;
    raw(&mut tx, "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = 0".to_owned()).await?;
    raw(&mut tx, for_postgres(m.sql)).await?;
    sqlx::query(
        "INSERT INTO housekey_migration (number, name, sha256, readable_from, applied_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(m.number)
    .bind(m.name)
    .bind(sum(m.sql))
    .bind(m.readable_from)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}

async fn raw(c: &mut sqlx::PgConnection, sql: String) -> Result<(), StoreError> {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(c).await.map(drop).map_err(StoreError::from)
}

async fn applied_on_postgres(c: &mut sqlx::PgConnection) -> Result<Vec<Applied>, StoreError> {
    let rows = sqlx::query("SELECT number, sha256, readable_from FROM housekey_migration ORDER BY number")
        .fetch_all(c)
        .await?;
    rows.iter()
        .map(|r| Ok(Applied { number: r.try_get(0)?, sha256: r.try_get(1)?, readable_from: r.try_get(2)? }))
        .collect()
}

/// What is still to be applied.
fn due(applied: &[Applied]) -> Result<Vec<&'static Migration>, StoreError> {
    let newest = MIGRATIONS.last().map_or(0, |m| m.number);
    if let Some(needs) = applied.iter().map(|a| a.readable_from).filter(|from| *from > newest).max() {
        return Err(StoreError::Incompatible(format!(
            "a newer release made this database: install one that knows migration {needs} (this one knows up to {newest})"
        )));
    }
    for m in MIGRATIONS {
        if let Some(a) = applied.iter().find(|a| a.number == m.number)
            && a.sha256 != sum(m.sql)
        {
            return Err(StoreError::Incompatible(format!(
                "migration {} ({}) was applied in another form than this release has: install the release that applied it",
                m.number, m.name
            )));
        }
    }
    Ok(MIGRATIONS.iter().filter(|m| applied.iter().all(|a| a.number != m.number)).collect())
}

/// What a database that has every migration is known by.
#[cfg(feature = "testkit")]
pub(crate) fn sum_of_all() -> String {
    let mut sum = sum(&MIGRATIONS.iter().map(|m| for_postgres(m.sql)).collect::<String>());
    sum.truncate(16);
    sum
}

fn sum(sql: &str) -> String {
    digest(&SHA256, sql.as_bytes()).as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

/// Ids sort, page and match as in Rust: bytewise.
fn for_postgres(sql: &str) -> String {
    words(sql, |line| {
        line.replace("BIGINT IDENTITY PRIMARY KEY", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
            .replace(" TEXT", " TEXT COLLATE \"C\"")
            .replace(" WITHOUT ROWID", "")
    })
}

/// STRICT tables know INTEGER, TEXT and BLOB; a truth value is 0 or 1. Numbers of an identity rise as long as the newest
/// row stays, and AUTOINCREMENT would write one page more in each transaction. A line marked for PostgreSQL is left out.
fn for_sqlite(sql: &str) -> String {
    words(sql, |line| {
        if line.ends_with("-- PostgreSQL") {
            return String::new();
        }
        let mut line = line
            .replace("BIGINT IDENTITY PRIMARY KEY", "INTEGER PRIMARY KEY")
            .replace(" BIGINT", " INTEGER")
            .replace(" BYTEA", " BLOB");
        if let Some((before, _)) = line.split_once(" BOOLEAN") {
            let column = before.rsplit(' ').next().unwrap_or_default();
            let check = format!(" INTEGER CHECK ({column} IN (0, 1))");
            line = line.replace(" BOOLEAN", &check);
        }
        match line.trim_end() {
            ");" => ") STRICT;".into(),
            ") WITHOUT ROWID;" => ") STRICT, WITHOUT ROWID;".into(),
            _ => line,
        }
    })
    .replace("applied_at INTEGER NOT NULL);", "applied_at INTEGER NOT NULL) STRICT;")
}

fn words(sql: &str, line: impl Fn(&str) -> String) -> String {
    sql.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_becomes_two() {
        let keyed = "CREATE TABLE k (\n  id TEXT PRIMARY KEY\n) WITHOUT ROWID;";
        assert_eq!(for_sqlite(keyed), "CREATE TABLE k (\n  id TEXT PRIMARY KEY\n) STRICT, WITHOUT ROWID;");
        assert_eq!(for_postgres(keyed), "CREATE TABLE k (\n  id TEXT COLLATE \"C\" PRIMARY KEY\n);");
        assert_eq!(for_sqlite("CREATE INDEX i ON t (a); -- PostgreSQL"), "");
        let added = "ALTER TABLE t ADD COLUMN b BOOLEAN NOT NULL DEFAULT TRUE;";
        let checked = "ALTER TABLE t ADD COLUMN b INTEGER CHECK (b IN (0, 1)) NOT NULL DEFAULT TRUE;";
        assert_eq!(for_sqlite(added), checked);
        let sql = "CREATE TABLE t (\n  a TEXT NOT NULL,\n  b BOOLEAN NOT NULL,\n  n BIGINT IDENTITY PRIMARY KEY\n);";
        assert_eq!(
            for_sqlite(sql),
            "CREATE TABLE t (\n  a TEXT NOT NULL,\n  b INTEGER CHECK (b IN (0, 1)) NOT NULL,\n  n INTEGER PRIMARY KEY\n) STRICT;"
        );
        assert!(for_postgres(sql).contains("a TEXT COLLATE \"C\" NOT NULL"));
    }

    #[test]
    fn a_database_of_a_newer_release_is_refused_by_name() {
        let newer = Applied { number: 99, sha256: String::new(), readable_from: 99 };
        let refused = due(&[newer]).err().unwrap().to_string();
        assert!(refused.contains("install one that knows migration 99"), "{refused}");
        let readable = Applied { number: 99, sha256: String::new(), readable_from: 2 };
        assert_eq!(due(&[readable]).unwrap().len(), MIGRATIONS.len());
        let changed = Applied { number: 1, sha256: "other".into(), readable_from: 1 };
        assert!(due(&[changed]).is_err());
    }
}
