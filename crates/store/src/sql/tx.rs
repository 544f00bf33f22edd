//! One transaction's handle, over either engine. A statement that failed ends the operation whatever its closure says:
//! PostgreSQL refuses the rest, and SQLite must not go on where PostgreSQL would not.

use super::{postgres, row::Row, sqlite, statement::Sql, value::Value};
use crate::{
    StoreError, statements,
    tell::{Aside, Teller},
};
use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::Notify;

statements! {
    OUTBOX = two("INSERT INTO housekey_outbox (tx, ids) VALUES (0, $1)",
        "INSERT INTO housekey_outbox (tx, ids) VALUES (CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT), $1)");
}

/// A transaction under way.
pub struct Tx {
    pub(super) engine: Engine,
    pub(super) failed: Option<StoreError>,
    pub(super) touched: Vec<String>,
    pub(crate) aside: Aside,
    pub(super) rang: bool,
    pub(super) shared: Shared,
}

/// What all transactions of a store share.
#[derive(Clone, Default)]
pub(crate) struct Shared {
    pub statements: Arc<AtomicU64>,
    pub teller: Arc<RwLock<Option<Arc<dyn Teller>>>>,
    /// Rung when there is something to tell.
    pub told: Arc<Notify>,
}

pub(super) enum Engine {
    Sqlite(rusqlite::Connection),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Tx {
    pub(super) fn new(engine: Engine, shared: Shared) -> Self {
        Self { engine, failed: None, touched: Vec::new(), aside: Aside::default(), rang: false, shared }
    }

    /// Runs a statement; answers how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &'static Sql, args: &[Value]) -> Result<u64, StoreError> {
        self.begin()?;
        let done = match &mut self.engine {
            Engine::Sqlite(c) => sqlite::execute(c, sql, args),
            Engine::Postgres(t) => postgres::execute(t, sql, args).await,
        };
        self.remember(done)
    }

    /// Runs a query for at most one row.
    pub(crate) async fn optional(&mut self, sql: &'static Sql, args: &[Value]) -> Result<Option<Row>, StoreError> {
        self.begin()?;
        let done = match &mut self.engine {
            Engine::Sqlite(c) => sqlite::optional(c, sql, args),
            Engine::Postgres(t) => postgres::optional(&mut **t, sql, args).await,
        };
        self.remember(done)
    }

    /// Runs a query for its rows.
    pub(crate) async fn rows(&mut self, sql: &'static Sql, args: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.begin()?;
        let done = match &mut self.engine {
            Engine::Sqlite(c) => sqlite::rows(c, sql, args),
            Engine::Postgres(t) => postgres::rows(&mut **t, sql, args).await,
        };
        self.remember(done)
    }

    /// What is remembered of this client is no longer true.
    pub(crate) fn touch_client(&mut self, id: impl AsRef<str>) {
        self.touched.push(id.as_ref().to_owned());
    }

    /// What is remembered of this user is no longer true.
    pub(crate) fn touch_user(&mut self, id: impl AsRef<str>) {
        self.touched.push(id.as_ref().to_owned());
    }

    /// Who writes messages of webhooks, if anybody does.
    pub(crate) fn teller(&self) -> Option<Arc<dyn Teller>> {
        self.shared.teller.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// There is something to tell: whoever waits for it is woken, where the commit is another's, behind it. On SQLite
    /// whoever comes to claim comes to the same writer, and so behind it in any case.
    pub(crate) fn ring(&mut self) {
        self.rang = true;
        if matches!(self.engine, Engine::Sqlite(_)) {
            self.shared.told.notify_one();
        }
    }

    /// Tells the other nodes what was touched.
    pub(super) async fn tell(&mut self) -> Result<(), StoreError> {
        if self.touched.is_empty() {
            return Ok(());
        }
        self.touched.sort_unstable();
        self.touched.dedup();
        let ids = self.touched.join(" ");
        self.execute(&OUTBOX, &[ids.into()]).await.map(drop)
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.shared.statements.fetch_add(1, Ordering::Relaxed);
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn remember<T>(&mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(e) = &done {
            self.failed = Some(e.clone());
        }
        done
    }
}
