//! The app's own table, in the database that Housekey's tables are in too.

use housekey::core::ids::UserId;
use rusqlite::Connection;
use sqlx::PgPool;
use std::{
    error::Error,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::task::spawn_blocking;

const ADD: &str = "INSERT INTO note (owner, text) VALUES ($1, $2)";
const OF: &str = "SELECT text FROM note WHERE owner = $1 ORDER BY id DESC LIMIT 200";
const DELETE: &str = "DELETE FROM note WHERE owner = $1";

/// Everybody's notes. Clones share the database.
#[derive(Clone)]
pub enum Notes {
    Sqlite(Arc<Mutex<Connection>>),
    Postgres(PgPool),
}

/// The database did not do as asked.
#[derive(Debug)]
pub struct Fault(pub Box<dyn Error + Send + Sync>);

impl<E: Error + Send + Sync + 'static> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl Notes {
    /// In a SQLite file, over a connection of the app's own.
    pub fn sqlite(path: impl AsRef<Path>) -> rusqlite::Result<Self> {
        let file = Connection::open(path)?;
        file.busy_timeout(Duration::from_secs(5))?;
        file.execute_batch(
            "CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, text TEXT NOT NULL);
             CREATE INDEX IF NOT EXISTS note_owner ON note (owner, id)",
        )?;
        Ok(Self::Sqlite(Arc::new(Mutex::new(file))))
    }

    /// In PostgreSQL, over the app's pool.
    pub async fn postgres(pool: PgPool) -> sqlx::Result<Self> {
        let table = "CREATE TABLE IF NOT EXISTS note (
            id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner TEXT NOT NULL, text TEXT NOT NULL)";
        sqlx::query(table).execute(&pool).await?;
        sqlx::query("CREATE INDEX IF NOT EXISTS note_owner ON note (owner, id)").execute(&pool).await?;
        Ok(Self::Postgres(pool))
    }

    /// Keeps one more.
    pub async fn add(&self, owner: &UserId, text: String) -> Result<(), Fault> {
        let owner = owner.to_string();
        match self {
            Self::Sqlite(file) => on_file(file, move |f| f.execute(ADD, [&owner, &text]).map(drop)).await,
            Self::Postgres(pool) => Ok(sqlx::query(ADD).bind(owner).bind(text).execute(pool).await.map(drop)?),
        }
    }

    /// A user's notes, the newest first.
    pub async fn of(&self, owner: &UserId) -> Result<Vec<String>, Fault> {
        let owner = owner.to_string();
        match self {
            Self::Sqlite(file) => {
                on_file(file, move |f| f.prepare_cached(OF)?.query_map([&owner], |row| row.get(0))?.collect()).await
            }
            Self::Postgres(pool) => Ok(sqlx::query_scalar(OF).bind(owner).fetch_all(pool).await?),
        }
    }

    /// Deletes all of a user's.
    pub async fn delete(&self, owner: &UserId) -> Result<(), Fault> {
        let owner = owner.to_string();
        match self {
            Self::Sqlite(file) => on_file(file, move |f| f.execute(DELETE, [&owner]).map(drop)).await,
            Self::Postgres(pool) => Ok(sqlx::query(DELETE).bind(owner).execute(pool).await.map(drop)?),
        }
    }
}

/// A file makes its caller wait, which no thread that serves requests should.
async fn on_file<T: Send + 'static>(
    file: &Arc<Mutex<Connection>>,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> Result<T, Fault> {
    let file = file.clone();
    Ok(spawn_blocking(move || work(&file.lock().unwrap_or_else(PoisonError::into_inner))).await??)
}
