//! Password hashing, bounded: as many at once as there are processors, each in a buffer that is kept.
//!
//! A fresh buffer of 19 MiB costs page faults worth as much as the hash itself, and an unbounded number of them is
//! a way to exhaust memory from outside. So buffers are few, kept while there is work, and freed after 30 s of idleness.

mod line;

use crate::error::{Error, Result};
use housekey_core::{
    password::{self, Argon2Cost, HashMemory, ImportFault, Imported, Password, PasswordHash, Verdict},
    secret::Secret,
};
use line::Line;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::oneshot;

/// How long a hash may wait for its turn before the caller is told to come again.
const QUEUE_WAIT: Duration = Duration::from_secs(2);

/// A bounded pool of password hashes. Clones share it.
#[derive(Clone)]
pub struct Hasher(Arc<Pool>);

struct Pool {
    cost: Argon2Cost,
    decoy: PasswordHash,
    line: Line,
    hashes: Arc<AtomicU64>,
}

impl Hasher {
    /// One hash a processor, at the default cost.
    pub fn for_this_machine() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::new(Argon2Cost::DEFAULT, processors)
    }

    /// `at_once` hashes of the cost given.
    pub fn new(cost: Argon2Cost, at_once: usize) -> Self {
        Self(Arc::new(Pool {
            cost,
            decoy: password::decoy(cost),
            line: Line::new(cost, at_once),
            hashes: Arc::default(),
        }))
    }

    /// The cost of new hashes.
    pub fn cost(&self) -> Argon2Cost {
        self.0.cost
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no turn came within two seconds.
    pub async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<PasswordHash> {
        let cost = self.0.cost;
        self.turn(move |memory| password::hash(&password, cost, salt, memory)).await
    }

    /// Compares a password with a stored hash, or with the decoy when there is none: the same work either way.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no turn came within two seconds.
    pub async fn verify(&self, stored: Option<PasswordHash>, password: Password) -> Result<(Password, Verdict)> {
        let pool = self.0.clone();
        self.turn(move |memory| match stored {
            Some(hash) => {
                let verdict = password::verify(&hash, &password, pool.cost, memory);
                (password, verdict)
            }
            None => {
                password::verify(&pool.decoy, &password, pool.cost, memory);
                (password, Verdict::No)
            }
        })
        .await
    }

    /// Takes in a hash that another system made, by the name of its hasher. One that is too weak to be stored bare
    /// costs a turn; the salt is used for those alone.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no turn came within two seconds. Within: why the hash is not taken.
    pub async fn import(
        &self,
        hasher: &str,
        digest: &Secret<String>,
        salt: [u8; 16],
    ) -> Result<std::result::Result<PasswordHash, ImportFault>> {
        let weak = match password::import(hasher, digest.expose()) {
            Ok(Imported::Weak(weak)) => weak,
            Ok(Imported::Strong(stored)) => return Ok(Ok(stored)),
            Err(fault) => return Ok(Err(fault)),
        };
        let cost = self.0.cost;
        self.turn(move |memory| Ok(password::wrap(&weak, cost, salt, memory))).await
    }

    /// How many hashes were computed since the start: the test kit counts equal work with it.
    pub fn count(&self) -> u64 {
        self.0.hashes.load(Ordering::Relaxed)
    }

    /// Waits for a turn, and then for the work, which goes on without its caller once it is begun: a hash that was
    /// given up for its caller's sake would make room for one more at once.
    async fn turn<T: Send + 'static>(&self, work: impl FnOnce(&mut HashMemory) -> T + Send + 'static) -> Result<T> {
        let (begin, begun) = oneshot::channel();
        let (done, out) = oneshot::channel();
        let hashes = self.0.hashes.clone();
        self.0.line.join(Box::new(move |memory| {
            if begin.send(()).is_ok() {
                let out = work(memory);
                hashes.fetch_add(1, Ordering::Relaxed);
                // Whoever asked may have hung up meanwhile.
                drop(done.send(out));
            }
        }));
        match tokio::time::timeout(QUEUE_WAIT, begun).await {
            Ok(Ok(())) => out.await.map_err(|_| Error::Bug("a password hash panicked")),
            _ => Err(Error::Unavailable { maybe_applied: false, retry_after: QUEUE_WAIT }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use tokio::task::{JoinHandle, yield_now};

    /// Work in the line, so far that it has joined it.
    async fn joins(hasher: &Hasher, work: impl FnOnce() + Send + 'static) -> JoinHandle<Result<()>> {
        let hasher = hasher.clone();
        let joined = tokio::spawn(async move { hasher.turn(move |_| work()).await });
        yield_now().await;
        joined
    }

    #[tokio::test]
    async fn a_hash_that_was_begun_keeps_its_turn_and_one_that_was_not_is_never_made_when_callers_hang_up() {
        let hasher = Hasher::new(Argon2Cost::DEFAULT, 1);
        let (begun, begins) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel::<()>();
        let hung_up = joins(&hasher, move || {
            begun.send(()).unwrap();
            goes_on.recv().unwrap();
        })
        .await;
        begins.recv().unwrap();
        hung_up.abort();
        let gone_while_waiting = joins(&hasher, || panic!("nobody waits for this")).await;
        gone_while_waiting.abort();
        let waits = joins(&hasher, || ()).await;
        assert_eq!(hasher.count(), 0, "the only turn is taken");
        go_on.send(()).unwrap();
        waits.await.unwrap().unwrap();
        assert_eq!(hasher.count(), 2);
    }

    #[tokio::test]
    async fn a_hash_that_panics_is_told_and_the_next_one_is_made() {
        let hasher = Hasher::new(Argon2Cost::DEFAULT, 1);
        let panicked = hasher.turn(|_| panic!("in the test's own work")).await;
        assert!(matches!(panicked, Err::<(), _>(Error::Bug(_))));
        hasher.turn(|_| ()).await.unwrap();
    }
}
