//! The one thread that writes to a SQLite file. It takes what waits, gives each operation a savepoint of its own,
//! commits them together and only then answers them all: one sync of the disk serves a whole group.

use super::{
    sqlite,
    tx::{Engine, Tx},
};
use crate::{StoreError, coherence::Generations};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use rusqlite::Connection;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, atomic::AtomicU64},
    time::Duration,
};
use tokio::sync::oneshot;

/// How many operations one commit serves at the most.
pub(super) const GROUP: usize = 256;
/// How many may wait. More than that and the disk is the bottleneck: callers are told to come again.
const QUEUE: usize = 4096;
/// How often the log is written back into the file, off the writer's path.
const CHECKPOINT: Duration = Duration::from_secs(2);

/// Tells an operation's caller how its group ended.
pub(super) type Tell = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// An operation: run on the writer's thread, answered after the commit.
pub(super) type Job = Box<dyn FnOnce(&mut Tx) -> (Result<(), StoreError>, Tell) + Send>;

enum Message {
    Work(Job),
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
        statements: Arc<AtomicU64>,
    ) -> Result<Self, StoreError> {
        let connection = sqlite::open_writer(path)?;
        let (send, receive) = bounded(QUEUE);
        let run = Run { path: path.to_path_buf(), group: group.max(1), generations, statements, failures: 0 };
        let spawned =
            std::thread::Builder::new().name("housekey-writer".into()).spawn(move || run.run(connection, &receive));
        spawned.map_err(|_| StoreError::down())?;
        Ok(Self(RwLock::new(Some(send))))
    }

    pub(super) fn send(&self, job: Job) -> Result<(), StoreError> {
        let way = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let way = way.as_ref().ok_or_else(StoreError::down)?;
        way.try_send(Message::Work(job)).map_err(|e| {
            if matches!(e, TrySendError::Full(_)) {
                tracing::warn!("the queue of writes is full");
            }
            StoreError::down()
        })
    }

    /// Waits until what was sent before is done, and ends the thread.
    pub(super) async fn finish(&self) {
        let Some(way) = self.0.write().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let (done, waited) = oneshot::channel();
        if way.send(Message::Finish(done)).is_ok() {
            // An error means that the thread has ended already.
            drop(waited.await);
        }
    }
}

struct Run {
    path: PathBuf,
    group: usize,
    generations: Arc<Generations>,
    statements: Arc<AtomicU64>,
    failures: u32,
}

/// An operation that was run: how to answer it, and its own error if it had one.
type Ran = (Tell, Result<(), StoreError>);

/// How a group's transaction ended.
enum Ended {
    Committed,
    Failed { error: StoreError, broken: bool },
}

impl Run {
    fn run(mut self, connection: Connection, jobs: &Receiver<Message>) {
        let mut tx = Tx::new(Engine::Sqlite(connection), self.statements.clone());
        let stop = checkpoints(self.path.clone());
        while let Ok(first) = jobs.recv() {
            let mut finish = None;
            let mut group = Vec::new();
            for message in std::iter::once(first).chain(jobs.try_iter().take(self.group - 1)) {
                match message {
                    Message::Work(job) => group.push(job),
                    Message::Finish(done) => {
                        finish = Some(done);
                        break;
                    }
                }
            }
            if !group.is_empty() {
                tx = self.serve(tx, group);
            }
            if let Some(done) = finish {
                drop(stop);
                drop(tx);
                // Whoever waited may be gone; then nobody needs to know.
                done.send(()).unwrap_or_default();
                return;
            }
        }
    }

    fn serve(&mut self, mut tx: Tx, group: Vec<Job>) -> Tx {
        let before = last_told(&tx);
        let (tells, touched, ended) = self.attempt(&mut tx, group);
        self.generations.bump(touched.iter().map(String::as_str));
        let answer = match ended {
            Ended::Committed => {
                self.failures = 0;
                Ok(())
            }
            Ended::Failed { error, broken: false } => Err(error),
            Ended::Failed { error, broken: true } => {
                self.failures += 1;
                if self.failures > 1 {
                    tracing::error!(%error, "the disk failed twice in a row; ending, so that nothing is lost silently");
                    std::process::abort();
                }
                match sqlite::open_writer(&self.path) {
                    Ok(connection) => {
                        tx = Tx::new(Engine::Sqlite(connection), self.statements.clone());
                        let unsure = touched.is_empty() || last_told(&tx) != before;
                        Err(StoreError::Unavailable { maybe_applied: unsure })
                    }
                    Err(_) => Err(StoreError::Unavailable { maybe_applied: true }),
                }
            }
        };
        for (tell, own) in tells {
            // What failed by itself is told so, also when its closure made light of a statement that failed.
            tell(own.and_then(|()| answer.clone()));
        }
        tx
    }

    /// Runs a group in one transaction. Operations that failed by themselves are rolled back by themselves.
    fn attempt(&self, tx: &mut Tx, group: Vec<Job>) -> (Vec<Ran>, Vec<String>, Ended) {
        let mut tells: Vec<Ran> = Vec::with_capacity(group.len());
        let mut touched = Vec::new();
        if let Err(error) = run(tx, "BEGIN IMMEDIATE") {
            let broken = is_fault(&error);
            return (tells, touched, Ended::Failed { error: error.into(), broken });
        }
        let mut jobs = group.into_iter();
        let mut gone = None;
        for job in jobs.by_ref() {
            tx.touched.clear();
            tx.failed = None;
            if let Err(error) = run(tx, "SAVEPOINT op") {
                gone = Some(error.into());
                break;
            }
            let ran = catch_unwind(AssertUnwindSafe(|| job(tx)));
            let done = match ran {
                Ok((out, tell)) => {
                    let done = tx.failed.clone().map_or(Ok(()), Err).and(out).and_then(|()| tell_others(tx));
                    tells.push((tell, done.clone()));
                    done
                }
                // Its caller hears that the answer was dropped.
                Err(_) => Err(StoreError::Statement("an operation panicked".into())),
            };
            // A full disk makes SQLite roll back the whole group: the next savepoint would open a new transaction.
            if is_autocommit(tx) {
                gone = Some(done.err().unwrap_or_else(StoreError::down));
                break;
            }
            let closed = match &done {
                Ok(()) => run(tx, "RELEASE op"),
                Err(_) => run(tx, "ROLLBACK TO op").and_then(|()| run(tx, "RELEASE op")),
            };
            if let Err(error) = closed {
                gone = Some(error.into());
                break;
            }
            if done.is_ok() {
                touched.append(&mut tx.touched);
            }
        }
        if let Some(error) = gone {
            if !is_autocommit(tx) {
                // When even this fails the connection is reopened.
                drop(run(tx, "ROLLBACK"));
            }
            drop(jobs);
            tracing::warn!(%error, "a group of writes was rolled back");
            return (tells, touched, Ended::Failed { error: StoreError::down(), broken: !is_autocommit(tx) });
        }
        self.generations.bump(touched.iter().map(String::as_str));
        match run(tx, "COMMIT") {
            Ok(()) => (tells, touched, Ended::Committed),
            Err(error) => {
                // A full disk or a busy file undoes the group and no more; the connection is well.
                let broken = is_fault(&error);
                if !is_autocommit(tx) {
                    // When even this fails the connection is reopened.
                    drop(run(tx, "ROLLBACK"));
                }
                (tells, touched, Ended::Failed { error: error.into(), broken: broken || !is_autocommit(tx) })
            }
        }
    }
}

fn tell_others(tx: &mut Tx) -> Result<(), StoreError> {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };
    let mut telling = pin!(tx.tell());
    match telling.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => Err(StoreError::Statement("telling the others waited".into())),
    }
}

fn run(tx: &Tx, sql: &str) -> rusqlite::Result<()> {
    match &tx.engine {
        Engine::Sqlite(c) => c.prepare_cached(sql)?.execute([]).map(drop),
        Engine::Postgres(_) => Err(rusqlite::Error::InvalidQuery),
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
fn checkpoints(path: PathBuf) -> Option<Sender<()>> {
    let (stop, stopped) = bounded::<()>(0);
    let work = move || {
        let Ok(c) = sqlite::open_writer(&path) else { return };
        while let Err(crossbeam_channel::RecvTimeoutError::Timeout) = stopped.recv_timeout(CHECKPOINT) {
            if let Err(e) = c.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
                tracing::warn!(error = %e, "the log could not be written back; it grows until that works");
            }
        }
    };
    std::thread::Builder::new().name("housekey-checkpoint".into()).spawn(work).ok().map(|_| stop)
}
