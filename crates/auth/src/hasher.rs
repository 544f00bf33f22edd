//! Password hashing, bounded: as many at once as there are processors, each in a buffer that is kept.
//!
//! A fresh buffer of 19 MiB costs page faults worth as much as the hash itself, and an unbounded number of them is
//! a way to exhaust memory from outside. So buffers are few, kept while there is work, and freed after 30 s of idleness.

use crate::error::{Error, Result};
use housekey_core::password::{self, Argon2Cost, HashMemory, Password, PasswordHash, Verdict};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;

/// How long a hash may wait for its turn before the caller is told to come again.
const QUEUE_WAIT: Duration = Duration::from_secs(2);
/// How long kept buffers survive without work.
pub(crate) const KEEP: Duration = Duration::from_secs(30);

/// A bounded pool of password hashes. Clones share it.
#[derive(Clone)]
pub struct Hasher(Arc<Pool>);

struct Pool {
    cost: Argon2Cost,
    decoy: PasswordHash,
    turns: Arc<Semaphore>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    buffers: Vec<HashMemory>,
    used: u64,
    hashes: u64,
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
            turns: Arc::new(Semaphore::new(at_once.max(1))),
            kept: Mutex::default(),
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

    /// How many hashes were computed since the start: the test kit counts equal work with it.
    pub fn count(&self) -> u64 {
        self.kept().hashes
    }

    /// How many buffers were used since the start: the same number again is idleness.
    pub(crate) fn used(&self) -> u64 {
        self.kept().used
    }

    /// Gives the kept buffers back.
    pub(crate) fn free(&self) {
        self.kept().buffers = Vec::new();
    }

    async fn turn<T: Send + 'static>(&self, work: impl FnOnce(&mut HashMemory) -> T + Send + 'static) -> Result<T> {
        let busy = Error::Unavailable { maybe_applied: false, retry_after: QUEUE_WAIT };
        let Ok(Ok(turn)) = tokio::time::timeout(QUEUE_WAIT, self.0.turns.clone().acquire_owned()).await else {
            return Err(busy);
        };
        let pool = self.0.clone();
        let done = tokio::task::spawn_blocking(move || {
            let taken = pool.kept.lock().unwrap_or_else(PoisonError::into_inner).buffers.pop();
            let mut memory = taken.unwrap_or_else(|| HashMemory::new(pool.cost));
            let out = work(&mut memory);
            let mut kept = pool.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.used = kept.used.wrapping_add(1);
            kept.hashes += 1;
            kept.buffers.push(memory);
            // Before the answer is taken up: the next one need not wait for that.
            drop((kept, turn));
            out
        });
        done.await.map_err(|_| Error::Bug("a password hash panicked"))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_caller_who_hangs_up_keeps_its_turn_until_the_hash_is_done() {
        let hasher = Hasher::new(Argon2Cost::DEFAULT, 1);
        let password = || Password::parse("lantern-orbit-velvet-4711".to_owned()).unwrap();
        let hung_up = hasher.hash(password(), [7; 16]);
        assert!(tokio::time::timeout(Duration::ZERO, hung_up).await.is_err());
        hasher.hash(password(), [7; 16]).await.unwrap();
        while hasher.count() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(hasher.kept().buffers.len(), 1, "two hashes ran at once");
    }
}
