//! The one thread that writes to a SQLite file. It takes what waits, runs it in one transaction, commits, and hands the
//! group on to be answered when it is on the disk: one sync serves a whole group. When an operation fails half-way, the
//! group is undone and run once more with a savepoint for each, so that it fails alone; savepoints for all would cost
//! more than that ever does.

use super::{
    durable::{Committed, Durable},
    operation::{Kept, Operation, at_once},
    sqlite,
    tx::{Engine, Shared, Tx},
};
use crate::{StoreError, coherence::Generations, tell::Aside};
use rusqlite::Connection;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, PoisonError, RwLock,
        mpsc::{RecvTimeoutError, Sender as StdSender, channel},
    },
    time::Duration,
};
// Whoever waits on these sleeps at once. Other channels spin and yield first, which takes the processor from the
// password hashes that keep it busy.
use tokio::sync::{
    mpsc::{Receiver, Sender, error::TrySendError},
    oneshot,
};

/// How many operations one commit serves at the most.
pub(super) const GROUP: usize = 256;
/// How many may wait. More than that and the disk is the bottleneck: callers are told to come again.
const QUEUE: usize = 4096;
/// How often the log is written back into the file, off the writer's path.
const CHECKPOINT: Duration = Duration::from_secs(2);

enum Message {
    Work(Box<dyn Operation>),
    Rest,
    Finish(oneshot::Sender<()>),
}

/// The way to the writer's thread, until it is told to end. A channel keeps what is sent after its last look, and its
/// caller would wait for ever: so the way is closed before the last message, and nothing can come behind that.
pub(crate) struct Writer(RwLock<Option<Sender<Message>>>);

impl Writer {
    pub(super) fn start(
        path: &Path,
        group: usize,
        generations: Arc<Generations>,
        shared: Shared,
    ) -> Result<Self, StoreError> {
        let connection = open(path)?;
        let durable = Durable::start(connection.path().map_or(path, Path::new))?;
        let (send, mut receive) = tokio::sync::mpsc::channel(QUEUE);
        let run = Run { path: path.to_path_buf(), group: group.max(1), generations, shared, failures: 0, durable };
        let spawned =
            std::thread::Builder::new().name("housekey-writer".into()).spawn(move || run.run(connection, &mut receive));
        spawned.map_err(|_| StoreError::down())?;
        Ok(Self(RwLock::new(Some(send))))
    }

    pub(super) fn send(&self, operation: Box<dyn Operation>) -> Result<(), StoreError> {
        let way = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let way = way.as_ref().ok_or_else(StoreError::down)?;
        way.try_send(Message::Work(operation)).map_err(|e| {
            if matches!(e, TrySendError::Full(_)) {
                tracing::warn!("the queue of writes is full");
            }
            StoreError::down()
        })
    }

    /// Gives back the memory that the connection keeps for speed, once what was sent before is done.
    pub(super) fn rest(&self) {
        let way = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(way) = way.as_ref() {
            // A queue that is full belongs to a busy writer, which needs what it keeps.
            drop(way.try_send(Message::Rest));
        }
    }

    /// Waits until what was sent before is done, and ends the thread.
    pub(super) async fn finish(&self) {
        let Some(way) = self.0.write().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let (done, waited) = oneshot::channel();
        if way.send(Message::Finish(done)).await.is_ok() {
            // An error means that the thread has ended already.
            drop(waited.await);
        }
    }
}

struct Run {
    path: PathBuf,
    group: usize,
    generations: Arc<Generations>,
    shared: Shared,
    failures: u32,
    durable: Durable,
}

/// Why a group's transaction did not commit.
struct Failed {
    error: StoreError,
    /// Nothing that the connection believes of the file is to be trusted any more.
    broken: bool,
}

/// Why a run through a group's operations stopped.
enum Stopped {
    /// One failed and left something behind.
    HalfWay,
    /// SQLite gave the whole transaction up.
    Gone(StoreError),
}

impl Run {
    fn run(mut self, connection: Connection, waiting: &mut Receiver<Message>) {
        let mut tx = Tx::new(Engine::Sqlite(connection), self.shared.clone());
        let stop = checkpoints(self.path.clone());
        while let Some(first) = waiting.blocking_recv() {
            let (mut rest, mut finish) = (false, None);
            let mut group = Vec::new();
            let others = std::iter::from_fn(|| waiting.try_recv().ok()).take(self.group - 1);
            for message in std::iter::once(first).chain(others) {
                match message {
                    Message::Work(operation) => group.push(operation),
                    Message::Rest => rest = true,
                    Message::Finish(done) => {
                        finish = Some(done);
                        break;
                    }
                }
            }
            if !group.is_empty() {
                tx = self.serve(tx, group);
            }
            if rest {
                shrink(&tx);
            }
            if let Some(done) = finish {
                drop(stop);
                self.durable.finish();
                drop(tx);
                // Whoever waited may be gone; then nobody needs to know.
                done.send(()).unwrap_or_default();
                return;
            }
        }
    }

    fn serve(&mut self, mut tx: Tx, mut group: Vec<Box<dyn Operation>>) -> Tx {
        let (before, changed) = (last_told(&tx), changes(&tx));
        let mut touched = Vec::new();
        let ended = self.attempt(&mut tx, &mut group, &mut touched);
        self.generations.bump(touched.iter().map(String::as_str));
        let why = match ended {
            Ok(()) => {
                self.failures = 0;
                self.answer(group, changes(&tx) != changed);
                return tx;
            }
            Err(Failed { error, broken: false }) => error,
            Err(Failed { error, broken: true }) => {
                self.failures += 1;
                if self.failures > 1 {
                    tracing::error!(%error, "the disk failed twice in a row; ending, so that nothing is lost silently");
                    std::process::abort();
                }
                match open(&self.path) {
                    Ok(connection) => {
                        tx = Tx::new(Engine::Sqlite(connection), self.shared.clone());
                        let unsure = touched.is_empty() || last_told(&tx) != before;
                        StoreError::Unavailable { maybe_applied: unsure }
                    }
                    Err(_) => StoreError::Unavailable { maybe_applied: true },
                }
            }
        };
        for operation in group {
            operation.tell(Err(why.clone()));
        }
        tx
    }

    /// Tells who only counted, and hands the others on to be told when the disk has it.
    fn answer(&self, group: Vec<Box<dyn Operation>>, written: bool) {
        let (told, operations): (Vec<_>, Vec<_>) = group.into_iter().partition(|op| op.kept() == Kept::InLog);
        for operation in told {
            operation.tell(Ok(()));
        }
        if !operations.is_empty() {
            self.durable.answer(Committed { operations, written });
        }
    }

    /// Runs a group in one transaction, and tells what it touched.
    fn attempt(&self, tx: &mut Tx, group: &mut [Box<dyn Operation>], touched: &mut Vec<String>) -> Result<(), Failed> {
        execute(tx, "BEGIN IMMEDIATE").map_err(|e| failed(tx, e))?;
        let mut ran = in_line(tx, group, touched);
        if let Err(Stopped::HalfWay) = ran {
            touched.clear();
            execute(tx, "ROLLBACK").and_then(|()| execute(tx, "BEGIN IMMEDIATE")).map_err(|e| failed(tx, e))?;
            ran = apart(tx, group, touched);
        }
        if let Err(stopped) = ran.and_then(|()| tell_others(tx, touched)) {
            if let Stopped::Gone(error) = stopped {
                tracing::warn!(%error, "a group of writes was rolled back");
            }
            roll_back(tx);
            return Err(Failed { error: StoreError::down(), broken: !is_autocommit(tx) });
        }
        self.generations.bump(touched.iter().map(String::as_str));
        // A full disk or a busy file undoes the group and no more; the connection is well.
        execute(tx, "COMMIT").map_err(|e| failed(tx, e))
    }
}

/// A commit here is in the log and not yet on the disk: that is waited for apart, and the next group runs meanwhile.
/// SQLite still syncs what it must between the log and the database.
fn open(path: &Path) -> Result<Connection, StoreError> {
    let connection = sqlite::open_writer(path)?;
    connection.execute_batch("PRAGMA synchronous = NORMAL")?;
    Ok(connection)
}

/// One after the other, as if they were one. Whoever fails before it changed anything fails alone.
fn in_line(tx: &mut Tx, group: &mut [Box<dyn Operation>], touched: &mut Vec<String>) -> Result<(), Stopped> {
    for operation in group {
        let before = changes(tx);
        let done = run(tx, operation);
        if is_autocommit(tx) {
            return Err(gone(done));
        }
        match done {
            Ok(()) => touched.append(&mut tx.touched),
            Err(_) if changes(tx) == before => {}
            Err(_) => return Err(Stopped::HalfWay),
        }
    }
    Ok(())
}

/// Each with a savepoint: whoever fails is rolled back, and the others are not.
fn apart(tx: &mut Tx, group: &mut [Box<dyn Operation>], touched: &mut Vec<String>) -> Result<(), Stopped> {
    let lost = |e: rusqlite::Error| Stopped::Gone(e.into());
    for operation in group {
        execute(tx, "SAVEPOINT op").map_err(lost)?;
        let done = run(tx, operation);
        // A full disk makes SQLite roll back the whole group: the next savepoint would open a new transaction.
        if is_autocommit(tx) {
            return Err(gone(done));
        }
        match done {
            Ok(()) => touched.append(&mut tx.touched),
            Err(_) => execute(tx, "ROLLBACK TO op").map_err(lost)?,
        }
        execute(tx, "RELEASE op").map_err(lost)?;
    }
    Ok(())
}

fn gone(done: Result<(), StoreError>) -> Stopped {
    Stopped::Gone(done.err().unwrap_or_else(StoreError::down))
}

/// What failed by itself is told so, also when its closure made light of a statement that failed.
fn run(tx: &mut Tx, operation: &mut Box<dyn Operation>) -> Result<(), StoreError> {
    tx.touched.clear();
    tx.aside = Aside::default();
    tx.failed = None;
    let ran = catch_unwind(AssertUnwindSafe(|| operation.run(tx)));
    let done = ran.unwrap_or_else(|_| Err(StoreError::Statement("an operation panicked".into())));
    let done = tx.failed.clone().map_or(Ok(()), Err).and(done);
    if let Err(why) = &done {
        operation.undo(why.clone());
    }
    done
}

/// One row of the feed tells of the whole group.
fn tell_others(tx: &mut Tx, touched: &mut Vec<String>) -> Result<(), Stopped> {
    touched.sort_unstable();
    touched.dedup();
    tx.failed = None;
    tx.touched.clone_from(touched);
    at_once(tx.tell()).map_err(Stopped::Gone)
}

/// Ends a transaction that could not be begun or committed.
fn failed(tx: &Tx, error: rusqlite::Error) -> Failed {
    let fault = is_fault(&error);
    roll_back(tx);
    Failed { error: error.into(), broken: fault || !is_autocommit(tx) }
}

fn roll_back(tx: &Tx) {
    if !is_autocommit(tx) {
        // When even this fails the connection is reopened.
        drop(execute(tx, "ROLLBACK"));
    }
}

fn execute(tx: &Tx, sql: &str) -> rusqlite::Result<()> {
    match &tx.engine {
        Engine::Sqlite(c) => c.prepare_cached(sql)?.execute([]).map(drop),
        Engine::Postgres(_) => Err(rusqlite::Error::InvalidQuery),
    }
}

/// What is given back is read again when it is needed, mostly from the system's own cache.
fn shrink(tx: &Tx) {
    if let Engine::Sqlite(c) = &tx.engine
        && let Err(e) = c.execute_batch("PRAGMA shrink_memory")
    {
        tracing::debug!(error = %e, "the writer keeps its memory");
    }
}

/// Rows that were changed since the connection was opened.
fn changes(tx: &Tx) -> u64 {
    match &tx.engine {
        Engine::Sqlite(c) => c.total_changes(),
        Engine::Postgres(_) => 0,
    }
}

/// Whether nothing that the connection believes of the file is to be trusted any more.
fn is_fault(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode as C;
    matches!(error.sqlite_error_code(), Some(C::SystemIoFailure | C::DatabaseCorrupt | C::NotADatabase))
}

fn is_autocommit(tx: &Tx) -> bool {
    match &tx.engine {
        Engine::Sqlite(c) => c.is_autocommit(),
        Engine::Postgres(_) => true,
    }
}

/// The last change that other nodes were told of: tells after a failure whether the group is in the file.
fn last_told(tx: &Tx) -> Option<i64> {
    match &tx.engine {
        Engine::Sqlite(c) => c
            .prepare_cached("SELECT number FROM housekey_outbox ORDER BY number DESC LIMIT 1")
            .and_then(|mut s| s.query_row([], |r| r.get(0)))
            .ok(),
        Engine::Postgres(_) => None,
    }
}

/// Writes the log back into the file from a connection of its own, until what it returns is dropped.
fn checkpoints(path: PathBuf) -> Option<StdSender<()>> {
    let (stop, stopped) = channel::<()>();
    let work = move || {
        let Ok(c) = sqlite::open_writer(&path) else { return };
        while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(CHECKPOINT) {
            if let Err(e) = c.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
                tracing::warn!(error = %e, "the log could not be written back; it grows until that works");
            }
        }
    };
    std::thread::Builder::new().name("housekey-checkpoint".into()).spawn(work).ok().map(|_| stop)
}
