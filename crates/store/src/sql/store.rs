//! The store: one handle over either engine, with writes as operations and reads beside them.

use super::{
    operation::{Kept, Op, pending},
    postgres,
    row::Row,
    sqlite,
    statement::Sql,
    tx::{self, Engine, Tx},
    value::Value,
    writer::Writer,
};
use crate::{
    StoreError,
    coherence::{Generations, Lease},
    tell::Teller,
};
use rusqlite::Connection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

/// How long a request waits for a connection, an operation or its commit before it is told to come again.
const PATIENCE: Duration = Duration::from_secs(3);
/// Readers that are kept open.
const READERS: usize = 8;

/// A database: SQLite in one file, or PostgreSQL. Clones share it.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub engine: Kind,
    pub generations: Arc<Generations>,
    pub lease: Lease,
    pub bell: Notify,
    pub tx: tx::Shared,
    pub commits: Arc<AtomicU64>,
}

pub(crate) enum Kind {
    Sqlite { path: PathBuf, writer: Writer, readers: Mutex<Vec<Connection>> },
    Postgres(PgPool),
}

/// How much the database was asked for since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Statements.
    pub statements: u64,
    /// Write operations that committed.
    pub commits: u64,
}

impl Store {
    /// A SQLite file, made if it is not there.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn sqlite(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::sqlite_in_groups_of(path, super::writer::GROUP)
    }

    /// A SQLite file whose writer commits at most so many operations together; for comparing.
    ///
    /// # Errors
    /// When it cannot be opened.
    #[doc(hidden)]
    pub fn sqlite_in_groups_of(path: impl AsRef<Path>, group: usize) -> Result<Self, StoreError> {
        let path = path.as_ref().to_path_buf();
        let shared = Shared::default();
        let writer = Writer::start(&path, group, shared.generations.clone(), shared.tx.clone())?;
        let engine = Kind::Sqlite { path, writer, readers: Mutex::default() };
        Ok(shared.store(engine))
    }

    /// PostgreSQL through the app's own pool.
    pub fn postgres(pool: PgPool) -> Self {
        Shared::default().store(Kind::Postgres(pool))
    }

    /// A database by its address: `postgres://…`, `sqlite:PATH`, or a path.
    ///
    /// # Errors
    /// When the address is malformed or a file cannot be opened. PostgreSQL is asked only when it is needed.
    pub fn connect(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url)
                .map_err(|_| StoreError::Incompatible("the database's address is not a PostgreSQL URL".into()))?
                .options([("statement_timeout", "10000"), ("idle_in_transaction_session_timeout", "15000")]);
            let pool = PgPoolOptions::new().max_connections(16).acquire_timeout(PATIENCE).connect_lazy_with(options);
            return Ok(Self::postgres(pool));
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
        Self::sqlite(path)
    }

    /// Runs an operation: all of it is done and durable when this answers, or nothing of it.
    pub(crate) async fn write<T: Send + 'static>(&self, op: impl Op<T>) -> Result<T, StoreError> {
        self.run(op, Kept::OnDisk).await
    }

    /// Counts: as [`Store::write`], and answered on SQLite before the disk has it. A machine that loses power forgives
    /// the tries of its last moment, a process that is killed none.
    pub(crate) async fn count<T: Send + 'static>(&self, op: impl Op<T>) -> Result<T, StoreError> {
        self.run(op, Kept::InLog).await
    }

    async fn run<T: Send + 'static>(&self, op: impl Op<T>, kept: Kept) -> Result<T, StoreError> {
        let done = match &self.0.engine {
            Kind::Sqlite { writer, .. } => on_writer(writer, op, kept).await,
            Kind::Postgres(pool) => {
                // In a task of its own: a browser that hangs up must not cut a commit.
                let (pool, shared) = (pool.clone(), self.clone());
                tokio::spawn(async move { shared.on_pool(pool, op).await })
                    .await
                    .unwrap_or(Err(StoreError::Unavailable { maybe_applied: true }))
            }
        };
        if done.is_ok() {
            self.0.commits.fetch_add(1, Ordering::Relaxed);
        }
        done
    }

    /// Reads.
    pub fn reader(&self) -> Reader {
        Reader(self.clone())
    }

    /// The counters that tell a cache what is old.
    pub fn generations(&self) -> &Generations {
        &self.0.generations
    }

    /// The right to answer from memory.
    pub fn lease(&self) -> &Lease {
        &self.0.lease
    }

    /// How much the database was asked for.
    pub fn counters(&self) -> Counters {
        Counters {
            statements: self.0.tx.statements.load(Ordering::Relaxed),
            commits: self.0.commits.load(Ordering::Relaxed),
        }
    }

    /// Who writes messages of webhooks from now on. Without one none are written.
    pub fn tell_by(&self, teller: Arc<dyn Teller>) {
        *self.0.tx.teller.write().unwrap_or_else(PoisonError::into_inner) = Some(teller);
    }

    /// Waits until there is something to tell that this node wrote.
    pub async fn told(&self) {
        self.0.tx.told.notified().await;
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not within a few seconds.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.reader().instance().await.map(drop)
    }

    /// Whether this is SQLite.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.0.engine, Kind::Sqlite { .. })
    }

    /// Gives back the memory that connections keep for speed; called now and then, it makes a quiet house a small one.
    pub fn rest(&self) {
        if let Kind::Sqlite { writer, readers, .. } = &self.0.engine {
            writer.rest();
            let idle = std::mem::take(&mut *readers.lock().unwrap_or_else(PoisonError::into_inner));
            drop(idle);
        }
    }

    /// Finishes what was begun and closes.
    pub async fn close(&self) {
        match &self.0.engine {
            Kind::Sqlite { writer, .. } => writer.finish().await,
            Kind::Postgres(pool) => pool.close().await,
        }
    }

    /// Lets the SQLite file grow to no more than so many pages; as it is now, for 0.
    ///
    /// # Errors
    /// When this is not SQLite.
    #[cfg(feature = "testkit")]
    pub async fn limit_pages_for_tests(&self, pages: u32) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                match &tx.engine {
                    Engine::Sqlite(c) => {
                        let now: u32 = c.query_row("PRAGMA page_count", [], |r| r.get(0))?;
                        let limit = if pages == 0 { now } else { pages };
                        Ok(c.query_row(&format!("PRAGMA max_page_count = {limit}"), [], |_| Ok(()))?)
                    }
                    Engine::Postgres(_) => Err(StoreError::down()),
                }
            })
        })
        .await
    }

    async fn on_pool<T: Send + 'static>(&self, pool: PgPool, op: impl Op<T>) -> Result<T, StoreError> {
        let mut tx = Tx::new(Engine::Postgres(in_time(pool.begin()).await??), self.0.tx.clone());
        let out = in_time(op(&mut tx)).await?;
        let out = match (&tx.failed, out) {
            (Some(failed), Ok(_)) => Err(failed.clone()),
            (_, out) => out,
        };
        // Dropping the transaction rolls it back.
        let out = out?;
        in_time(tx.tell()).await??;
        let Engine::Postgres(transaction) = tx.engine else {
            return Err(StoreError::Statement("an operation changed its engine".into()));
        };
        let touched = || tx.touched.iter().map(String::as_str);
        self.0.generations.bump(touched());
        let committed = in_time(transaction.commit()).await;
        self.0.generations.bump(touched());
        match committed {
            // It was sent, and nobody knows.
            Err(_) => Err(StoreError::Unavailable { maybe_applied: true }),
            Ok(Ok(())) => {
                if !tx.touched.is_empty() {
                    self.0.bell.notify_one();
                }
                if tx.rang {
                    tx.shared.told.notify_one();
                }
                Ok(out)
            }
            Ok(Err(e)) => Err(match StoreError::from(e) {
                StoreError::Unavailable { .. } => StoreError::Unavailable { maybe_applied: true },
                other => other,
            }),
        }
    }
}

#[derive(Default)]
struct Shared {
    generations: Arc<Generations>,
    tx: tx::Shared,
}

impl Shared {
    fn store(self, engine: Kind) -> Store {
        Store(Arc::new(Inner {
            engine,
            generations: self.generations,
            lease: Lease::default(),
            bell: Notify::new(),
            tx: self.tx,
            commits: Arc::default(),
        }))
    }
}

async fn on_writer<T: Send + 'static>(writer: &Writer, op: impl Op<T>, kept: Kept) -> Result<T, StoreError> {
    let (operation, answered) = pending(op, kept);
    writer.send(operation)?;
    // Without answer the operation never ran.
    answered.await.unwrap_or(Err(StoreError::Unavailable { maybe_applied: false }))
}

/// Reads of one row or a few. What decides nothing goes through here; what decides is read in its operation.
#[derive(Clone)]
pub struct Reader(Store);

impl Reader {
    /// One row by its index: on SQLite in place, since it takes less time than handing it to a thread.
    pub(crate) async fn optional(&self, sql: &'static Sql, args: &[Value]) -> Result<Option<Row>, StoreError> {
        self.0.0.tx.statements.fetch_add(1, Ordering::Relaxed);
        match &self.0.0.engine {
            Kind::Sqlite { path, readers, .. } => {
                let c = take(readers, path)?;
                let done = sqlite::optional(&c, sql, args);
                give_back(readers, c, done.is_ok());
                done
            }
            Kind::Postgres(pool) => in_time(postgres::optional(pool, sql, args)).await?,
        }
    }

    /// A number of rows: on SQLite in a thread, never in place.
    pub(crate) async fn rows(&self, sql: &'static Sql, args: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.0.0.tx.statements.fetch_add(1, Ordering::Relaxed);
        match &self.0.0.engine {
            Kind::Sqlite { .. } => {
                let (store, args) = (self.0.clone(), args.to_vec());
                let scan = move || {
                    let Kind::Sqlite { path, readers, .. } = &store.0.engine else {
                        return Err(StoreError::down());
                    };
                    let c = take(readers, path)?;
                    let done = sqlite::rows(&c, sql, &args);
                    give_back(readers, c, done.is_ok());
                    done
                };
                tokio::task::spawn_blocking(scan).await.unwrap_or_else(|_| Err(StoreError::down()))
            }
            Kind::Postgres(pool) => in_time(postgres::rows(pool, sql, args)).await?,
        }
    }
}

/// A database that is gone without a word must not hold its callers: no answer in time is none.
async fn in_time<F: Future>(work: F) -> Result<F::Output, StoreError> {
    tokio::time::timeout(PATIENCE, work).await.map_err(|_| {
        tracing::warn!("PostgreSQL does not answer");
        StoreError::down()
    })
}

fn take(readers: &Mutex<Vec<Connection>>, path: &Path) -> Result<Connection, StoreError> {
    let kept = readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
    kept.map_or_else(|| sqlite::open_reader(path), Ok)
}

fn give_back(readers: &Mutex<Vec<Connection>>, c: Connection, well: bool) {
    let mut readers = readers.lock().unwrap_or_else(PoisonError::into_inner);
    if well && readers.len() < READERS {
        readers.push(c);
    }
}
