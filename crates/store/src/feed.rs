//! The feed: what other nodes changed. Each node reads it at least every 300 ms, drops what it remembers of what was
//! touched, and by that earns the right to answer from memory a little longer.
//!
//! On PostgreSQL rows commit out of order. Each read takes a snapshot and asks for what transactions began after the
//! last one (`tx >= xmax`), and for what was still running in it: so each row is seen once, and nothing that commits
//! late is missed.

use crate::{
    Reader, Store, StoreError,
    sql::{Kind, Row, postgres_optional, postgres_rows},
    statements,
};
use sqlx::{
    ConnectOptions as _, PgConnection,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use std::{collections::VecDeque, future::Future, sync::Arc, time::Duration};
use tokio::{sync::Notify, time};

statements! {
    LAST = "SELECT number FROM housekey_outbox ORDER BY number DESC LIMIT 1";
    AFTER = "SELECT number, ids FROM housekey_outbox WHERE number > $1 ORDER BY number LIMIT 10000";
    SNAPSHOT = two("SELECT '0:0:'", "SELECT CAST(pg_current_snapshot() AS TEXT)");
    SINCE = "SELECT tx, ids FROM housekey_outbox WHERE tx >= $1";
    LATE = "SELECT tx, ids FROM housekey_outbox WHERE tx = $1";
    OLD_NUMBERS = "DELETE FROM housekey_outbox WHERE number IN (SELECT number FROM housekey_outbox WHERE number < $1 ORDER BY number LIMIT 500)";
    OLD_TX = "DELETE FROM housekey_outbox WHERE number IN (SELECT number FROM housekey_outbox WHERE tx < $1 ORDER BY number LIMIT 500)";
}

/// How long a node may be without a look at the feed.
const EVERY: Duration = Duration::from_millis(250);
/// How long a row of the feed is kept.
const KEPT: Duration = Duration::from_secs(3600);
/// How often a mark for the sweep is noted.
const MARK: Duration = Duration::from_secs(60);
/// Pieces of 500 rows that one sweep removes at the most.
const PIECES: u32 = 100;
/// The bell is rung at most so often by one node.
const BELL: Duration = Duration::from_millis(50);
const CHANNEL: &str = "housekey_bell";
/// The clock that the cache's lease is judged by.
pub type Monotonic = Arc<dyn Fn() -> Duration + Send + Sync>;

impl Store {
    /// Follows the feed until `shutdown`. Without it the lease ends and every check asks the database.
    pub async fn follow(&self, monotonic: Monotonic, shutdown: impl Future<Output = ()>) {
        let work = async {
            match &self.0.engine {
                Kind::Sqlite { .. } => self.follow_sqlite(&monotonic).await,
                Kind::Postgres(pool) => {
                    let options = (*pool.connect_options()).clone();
                    let heard = Notify::new();
                    tokio::join!(
                        self.ring(),
                        listen(options.clone(), &heard),
                        self.follow_postgres(options, &monotonic, &heard)
                    );
                }
            }
        };
        tokio::select! {
            () = work => {}
            () = shutdown => {}
        }
    }

    async fn follow_sqlite(&self, monotonic: &Monotonic) {
        let mut marks = Marks::default();
        let mut position = None;
        let reader = self.reader();
        loop {
            let began = monotonic();
            match read_sqlite(&reader, position).await {
                Ok((last, rows)) => {
                    self.seen(position.is_none(), &rows, 1);
                    position = Some(last);
                    self.0.lease.renew(began);
                    self.sweep_feed(&OLD_NUMBERS, marks.due(began, last)).await;
                }
                Err(error) => tracing::warn!(%error, "the feed cannot be read"),
            }
            time::sleep(EVERY).await;
        }
    }

    async fn follow_postgres(&self, options: PgConnectOptions, monotonic: &Monotonic, heard: &Notify) {
        let mut marks = Marks::default();
        let mut connection: Option<PgConnection> = None;
        let mut last: Option<Snapshot> = None;
        let mut good = monotonic();
        loop {
            let began = monotonic();
            if began.saturating_sub(good) > KEPT / 2 {
                // Rows may have been swept meanwhile.
                last = None;
            }
            let read = time::timeout(EVERY * 2, async {
                let mut c = match connection.take() {
                    Some(c) => c,
                    None => options.connect().await?,
                };
                let read = read_postgres(&mut c, last.as_ref()).await?;
                Ok::<_, StoreError>((c, read))
            });
            match read.await {
                Ok(Ok((c, (snapshot, rows)))) => {
                    connection = Some(c);
                    self.seen(last.is_none(), &rows, 1);
                    self.0.lease.renew(began);
                    good = began;
                    let oldest = snapshot.xmin;
                    last = Some(snapshot);
                    self.sweep_feed(&OLD_TX, marks.due(began, oldest)).await;
                }
                Ok(Err(error)) => tracing::warn!(%error, "the feed cannot be read"),
                Err(_) => tracing::warn!("the feed does not answer"),
            }
            tokio::select! {
                () = heard.notified() => {}
                () = time::sleep(EVERY) => {}
            }
        }
    }

    /// Drops what is remembered of what was touched; everything, when the feed is joined anew.
    fn seen(&self, joined: bool, rows: &[Row], ids: usize) {
        if joined {
            self.0.generations.bump_all();
        }
        for row in rows {
            if let Ok(ids) = row.text(ids) {
                self.0.generations.bump(ids.split(' '));
            }
        }
    }

    /// Tells the other nodes to look now: without payload, after commits, and seldom enough to cost nothing.
    async fn ring(&self) {
        let Kind::Postgres(pool) = &self.0.engine else { return };
        loop {
            self.0.bell.notified().await;
            if let Err(error) = sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(pool).await {
                tracing::debug!(%error, "the bell did not ring; the others look by themselves");
            }
            time::sleep(BELL).await;
        }
    }

    async fn sweep_feed(&self, sql: &'static crate::sql::Sql, before: Option<i64>) {
        let Some(before) = before else { return };
        // In pieces; a bounded number of them, since the lease waits for the next read.
        for _ in 0..PIECES {
            match self.write(move |tx| Box::pin(async move { tx.execute(sql, &[before.into()]).await })).await {
                Ok(500..) => {}
                Ok(_) => return,
                Err(error) => {
                    tracing::warn!(%error, "the feed could not be swept");
                    return;
                }
            }
        }
    }
}

async fn read_sqlite(reader: &Reader, position: Option<i64>) -> Result<(i64, Vec<Row>), StoreError> {
    let row = reader.optional(&LAST, &[]).await?;
    let last = row.map(|r| r.int(0)).transpose()?.unwrap_or_default();
    let Some(mut at) = position else { return Ok((last, Vec::new())) };
    let mut rows = Vec::new();
    // To the end: the lease says that nothing was left out.
    while at < last {
        let more = reader.rows(&AFTER, &[at.into()]).await?;
        let Some(newest) = more.last() else { break };
        at = newest.int(0)?;
        rows.extend(more);
    }
    Ok((at, rows))
}

/// What was committed when a read was made: all before `xmin`, nothing from `xmax` on, and between them all but `running`.
struct Snapshot {
    xmin: i64,
    xmax: i64,
    running: Vec<i64>,
}

impl Snapshot {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let mut number = || parts.next()?.parse().ok();
        let (xmin, xmax) = (number()?, number()?);
        let running =
            parts.next()?.split(',').filter(|x| !x.is_empty()).map(str::parse).collect::<Result<_, _>>().ok()?;
        Some(Self { xmin, xmax, running })
    }
}

async fn read_postgres(c: &mut PgConnection, last: Option<&Snapshot>) -> Result<(Snapshot, Vec<Row>), StoreError> {
    sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut *c).await?;
    let text = postgres_optional(c, &SNAPSHOT, &[]).await?.map(|r| r.text(0)).transpose()?.unwrap_or_default();
    let snapshot = Snapshot::parse(&text).ok_or_else(|| StoreError::Statement(format!("snapshot {text:?}")))?;
    let mut rows = Vec::new();
    if let Some(last) = last {
        rows = postgres_rows(c, &SINCE, &[last.xmax.into()]).await?;
        for late in &last.running {
            rows.extend(postgres_rows(c, &LATE, &[(*late).into()]).await?);
        }
    }
    sqlx::raw_sql("COMMIT").execute(&mut *c).await?;
    Ok((snapshot, rows))
}

async fn listen(options: PgConnectOptions, heard: &Notify) {
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    loop {
        if let Ok(mut listener) = PgListener::connect_with(&pool).await
            && listener.listen(CHANNEL).await.is_ok()
        {
            while listener.recv().await.is_ok() {
                heard.notify_one();
            }
        }
        // The feed is read on time without the bell.
        time::sleep(Duration::from_secs(1)).await;
    }
}

/// Positions of the feed by time: what lies before one that is an hour old may go.
#[derive(Default)]
struct Marks(VecDeque<(Duration, i64)>);

impl Marks {
    fn due(&mut self, now: Duration, position: i64) -> Option<i64> {
        let newest = self.0.back().map(|(at, _)| *at);
        if newest.is_some_and(|at| now.saturating_sub(at) < MARK) {
            return None;
        }
        self.0.push_back((now, position));
        let mut due = None;
        while let Some((_, position)) = self.0.pop_front_if(|(at, _)| now.saturating_sub(*at) >= KEPT) {
            due = Some(position);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_are_read() {
        let s = Snapshot::parse("748:752:748,750").unwrap();
        assert_eq!((s.xmin, s.xmax, s.running), (748, 752, vec![748, 750]));
        assert!(Snapshot::parse("748:748:").unwrap().running.is_empty());
        assert!(Snapshot::parse("x:1:").is_none());
    }

    #[test]
    fn only_what_is_an_hour_old_is_swept() {
        let mut marks = Marks::default();
        let at = |minutes: u64| Duration::from_secs(minutes * 60);
        assert_eq!(marks.due(at(0), 10), None);
        assert_eq!(marks.due(at(59), 20), None);
        assert_eq!(marks.due(at(60), 30), Some(10));
        assert_eq!(marks.due(at(60), 40), None, "marks are a minute apart");
        assert_eq!(marks.due(at(120), 50), Some(30));
    }
}
