//! Why a cache may be trusted: counters that every change raises, and a lease that ends when the feed is cut.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

const SLOTS: usize = 4096;
/// How long after the start of its last good read of the feed a node may answer from memory.
const LEASE: Duration = Duration::from_millis(900);

/// Counters, by the hash of a client's or a user's id. A change raises those of all it touched, before its commit and
/// after it: what was read before the change, or during it, is known as old.
pub struct Generations(Box<[AtomicU64]>);

/// The counters of some ids at one moment, taken before what is remembered was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(Vec<(usize, u64)>);

impl Default for Generations {
    fn default() -> Self {
        Self((0..SLOTS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Generations {
    /// The counters of these ids now.
    pub fn snapshot<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Stamp {
        Stamp(ids.into_iter().map(|id| (slot(id), self.at(slot(id)))).collect())
    }

    /// Whether none of them was raised since.
    pub fn still(&self, stamp: &Stamp) -> bool {
        stamp.0.iter().all(|(slot, value)| self.at(*slot) == *value)
    }

    pub(crate) fn bump<'a>(&self, ids: impl IntoIterator<Item = &'a str>) {
        for id in ids {
            if let Some(counter) = self.0.get(slot(id)) {
                counter.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// Everything that is remembered is old.
    pub(crate) fn bump_all(&self) {
        for counter in &self.0 {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn at(&self, slot: usize) -> u64 {
        self.0.get(slot).map_or(0, |c| c.load(Ordering::SeqCst))
    }
}

fn slot(id: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    (hasher.finish() % SLOTS as u64) as usize
}

/// The right to answer from memory, renewed by each good read of the feed.
#[derive(Default)]
pub struct Lease(AtomicU64);

impl Lease {
    /// Whether the cache may answer at this monotonic time.
    pub fn valid(&self, now: Duration) -> bool {
        micros(now) < self.0.load(Ordering::SeqCst)
    }

    /// A good read began at this time.
    pub(crate) fn renew(&self, began: Duration) {
        self.0.fetch_max(micros(began + LEASE), Ordering::SeqCst);
    }
}

fn micros(of: Duration) -> u64 {
    u64::try_from(of.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_between_read_and_fill_is_never_missed() {
        let generations = Generations::default();
        let stamp = generations.snapshot(["client_a", "user_a"]);
        assert!(generations.still(&stamp));
        generations.bump(["user_a"]);
        assert!(!generations.still(&stamp));
    }

    #[test]
    fn the_lease_ends_900_ms_after_the_read_began() {
        let lease = Lease::default();
        assert!(!lease.valid(Duration::ZERO));
        lease.renew(Duration::from_secs(5));
        lease.renew(Duration::from_secs(4));
        assert!(lease.valid(Duration::from_millis(5899)));
        assert!(!lease.valid(Duration::from_millis(5900)));
    }
}
