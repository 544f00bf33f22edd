//! Rows to measure on, written past the product: a million sign-ups by the
//! front door would take a day.

use anyhow::{Context, Result};
use housekey_core::time::Time;
use rusqlite::Connection;
use sqlx::{AssertSqlSafe, PgPool};
use std::path::Path;

/// How many rows of each.
#[derive(Clone, Copy)]
pub struct Seed {
    /// Users with a proved address and a password.
    pub users: u64,
    /// Clients, each with a sign-in at its first factor and a mailed code.
    pub clients: u64,
    /// How many of the clients are signed in, each as the user of its number.
    pub sessions: u64,
}

/// What every client's cookie carries beside its id: 32 times the byte 7.
pub const SECRET: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

/// The hash of that secret, as the rows hold it.
const HASH: &str = "4bb06f8e4e3a7715d201d573d0aa423762e55dabd61a2c02278fa56cc6d294e0";

/// A time for rows that are made here; nothing is measured by it.
pub fn now() -> Time {
    Time::from_millis(1_800_000_000_000)
}

/// The id of a number.
pub fn id(prefix: &str, number: u64) -> String {
    format!("{prefix}_{number:027}")
}

/// The address of a user.
pub fn address(number: u64) -> String {
    format!("person{number}@example.com")
}

/// Into a SQLite file that has its tables already.
pub fn sqlite(file: &Path, seed: Seed, password: &str) -> Result<()> {
    let mut base = Connection::open(file).with_context(|| format!("opening {}", file.display()))?;
    let tx = base.transaction()?;
    for statement in statements() {
        let count = seed.of(statement.of);
        if count == 0 {
            continue;
        }
        let numbers =
            format!("WITH RECURSIVE series(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM series WHERE n + 1 < {count})");
        let sql = statement.text("printf('%027d', n)", "X'00112233445566778899aabbccddeeff'", "TRUE");
        let (head, rest) = sql.split_once("SELECT").context("a statement without SELECT")?;
        let password = password.replace('\'', "''");
        let sql = format!("{head}{numbers} SELECT{rest} FROM series").replace(":password", &format!("'{password}'"));
        let sql = sql
            .replace(":hash", &format!("X'{HASH}'"))
            .replace(":handle", "randomblob(16)")
            .replace(":now", "unixepoch() * 1000");
        tx.execute_batch(&sql).with_context(|| format!("seeding: {sql}"))?;
    }
    tx.execute_batch(&signed_in(seed))?;
    tx.commit()?;
    base.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA optimize;")?;
    Ok(())
}

/// Into a PostgreSQL database that has its tables already.
pub async fn postgres(pool: &PgPool, seed: Seed, password: &str) -> Result<()> {
    for statement in statements() {
        let count = seed.of(statement.of);
        let sql = statement.text("lpad(n::text, 27, '0')", "'\\x00112233445566778899aabbccddeeff'::bytea", "TRUE");
        let sql = sql.replace(":password", &format!("'{}'", password.replace('\'', "''")));
        let sql = sql
            .replace(":hash", &format!("'\\x{HASH}'::bytea"))
            .replace(":handle", "sha256(n::text::bytea)")
            .replace(":now", "(extract(epoch FROM now()) * 1000)::bigint");
        let sql = format!("{sql} FROM generate_series(0, {count} - 1) AS n");
        sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(pool).await.with_context(|| format!("seeding: {sql}"))?;
    }
    sqlx::raw_sql(AssertSqlSafe(signed_in(seed))).execute(pool).await?;
    sqlx::raw_sql("ANALYZE").execute(pool).await?;
    Ok(())
}

/// The clients that have a session count it as the active one.
fn signed_in(seed: Seed) -> String {
    format!(
        "UPDATE housekey_client SET active_session_id = 'sess_' || substr(id, 8) WHERE id < '{}'",
        id("client", seed.sessions)
    )
}

#[derive(Clone, Copy)]
enum Of {
    Users,
    Clients,
    Sessions,
}

impl Seed {
    fn of(self, of: Of) -> u64 {
        match of {
            Of::Users => self.users,
            Of::Clients => self.clients,
            Of::Sessions => self.sessions,
        }
    }
}

struct Statement {
    of: Of,
    sql: &'static str,
}

impl Statement {
    fn text(&self, number: &str, bytes: &str, yes: &str) -> String {
        self.sql.replace("{n}", number).replace(":bytes", bytes).replace(":yes", yes).replace(":far", "4102444800000")
    }
}

fn statements() -> [Statement; 7] {
    let users = |sql| Statement { of: Of::Users, sql };
    let clients = |sql| Statement { of: Of::Clients, sql };
    let sessions = |sql| Statement { of: Of::Sessions, sql };
    [
        users(
            "INSERT INTO housekey_user (id, version, state, primary_email_id, device_epoch, handle, created_at, updated_at) \
             SELECT 'user_' || {n}, 1, 'active', 'idn_' || {n}, 0, :handle, 1, 1",
        ),
        users(
            "INSERT INTO housekey_email (id, user_id, address, canonical, verified_at, created_at) \
             SELECT 'idn_' || {n}, 'user_' || {n}, 'person' || n || '@example.com', 'person' || n || '@example.com', 1, 1",
        ),
        users("INSERT INTO housekey_password (user_id, hash, set_at) SELECT 'user_' || {n}, :password, 1"),
        clients(
            "INSERT INTO housekey_client (id, version, secret_hash, changed_at, created_at, expires_at) \
             SELECT 'client_' || {n}, 1, :hash, 1, 1, :far",
        ),
        clients(
            "INSERT INTO housekey_sign_in (id, client_id, version, kind, body, form, created_at, expires_at) \
             SELECT 'sia_' || {n}, 'client_' || {n}, 1, 'needs_first_factor', '{}', 1, 1, :far",
        ),
        clients(
            "INSERT INTO housekey_verification (id, client_id, purpose, canonical, code_hash, tries, created_at, expires_at) \
             SELECT 'ver_' || {n}, 'client_' || {n}, 'sign_in', 'x', :bytes, 0, 1, :far",
        ),
        sessions(
            "INSERT INTO housekey_session (id, user_id, client_id, status, tasks, remembered, first_proved_at, created_at, last_seen_at, expires_at, facts) \
             SELECT 'sess_' || {n}, 'user_' || {n}, 'client_' || {n}, 'active', '[]', :yes, :now, :now, :now, :far, :bytes",
        ),
    ]
}
