//! When sessions were last seen: kept in memory, written in batches, at most once a minute for a session. Idleness is
//! judged by the later of memory and row.

use housekey_core::{ids::SessionId, time::Time};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How much later a session must be seen to be noted again.
const EVERY: Duration = Duration::from_secs(60);
/// How many sessions are noted before the oldest notes must be written.
const MOST: usize = 100_000;

/// Sessions seen since the last batch was written.
#[derive(Default)]
pub(crate) struct Seen(Mutex<HashMap<SessionId, Time>>);

impl Seen {
    /// Notes that a session was used, unless `row` says so recently enough.
    pub(crate) fn note(&self, session: &SessionId, row: Time, now: Time) {
        if now < row.plus(EVERY) {
            return;
        }
        let mut notes = self.notes();
        let recent = notes.get(session).is_some_and(|at| now < at.plus(EVERY));
        if !recent && (notes.len() < MOST || notes.contains_key(session)) {
            notes.insert(session.clone(), now);
        }
    }

    /// When a session was last seen, as far as memory knows.
    pub(crate) fn last(&self, session: &SessionId) -> Option<Time> {
        self.notes().get(session).copied()
    }

    /// Up to `most` notes to write.
    pub(crate) fn batch(&self, most: usize) -> Vec<(SessionId, Time)> {
        self.notes().iter().take(most).map(|(id, at)| (id.clone(), *at)).collect()
    }

    /// The notes were written; those that changed meanwhile stay.
    pub(crate) fn written(&self, batch: &[(SessionId, Time)]) {
        let mut notes = self.notes();
        for (id, at) in batch {
            if notes.get(id) == Some(at) {
                notes.remove(id);
            }
        }
    }

    fn notes(&self) -> MutexGuard<'_, HashMap<SessionId, Time>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
