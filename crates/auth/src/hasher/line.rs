//! The threads that hash, and the line in front of them. A thread goes from one hash straight to the next, in the one
//! buffer that it keeps; it is started when there is work, and ends when there has been none for a while.

use housekey_core::password::{Argon2Cost, HashMemory};
use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long a thread keeps its buffer without work.
const KEEP: Duration = Duration::from_secs(30);
/// How long after that it ends: that is when the allocator gives back what was freed.
const END: Duration = Duration::from_secs(5);

/// A hash that waits. Whoever asked may have gone: then it does nothing.
pub(super) type Job = Box<dyn FnOnce(&mut HashMemory) + Send>;

/// A line with at most so many threads. Dropping it ends them.
pub(super) struct Line(Arc<Shared>);

struct Shared {
    cost: Argon2Cost,
    at_once: usize,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    threads: usize,
    idle: usize,
    closed: bool,
}

impl Line {
    pub(super) fn new(cost: Argon2Cost, at_once: usize) -> Self {
        Self(Arc::new(Shared { cost, at_once: at_once.max(1), state: Mutex::default(), work: Condvar::new() }))
    }

    /// Puts a hash at the end of the line.
    pub(super) fn join(&self, job: Job) {
        let mut state = self.0.state();
        state.waiting.push_back(job);
        if state.waiting.len() <= state.idle || state.threads == self.0.at_once {
            self.0.work.notify_one();
            return;
        }
        state.threads += 1;
        drop(state);
        let shared = self.0.clone();
        let spawned = std::thread::Builder::new().name("housekey-hash".into()).spawn(move || shared.serve());
        if let Err(error) = spawned {
            // The others serve the line; without any, its callers are told to come again.
            tracing::error!(%error, "no thread for password hashes");
            self.0.state().threads -= 1;
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.state().closed = true;
        self.0.work.notify_all();
    }
}

impl Shared {
    fn serve(&self) {
        let mut memory = None;
        while let Some(job) = self.next(&mut memory) {
            let buffer = memory.get_or_insert_with(|| HashMemory::new(self.cost));
            if catch_unwind(AssertUnwindSafe(|| job(buffer))).is_err() {
                memory = None;
            }
        }
    }

    /// The next in the line; `None` when this thread is needed no more.
    fn next(&self, memory: &mut Option<HashMemory>) -> Option<Job> {
        let mut state = self.state();
        loop {
            if let Some(job) = state.waiting.pop_front() {
                return Some(job);
            }
            if state.closed {
                break;
            }
            let patience = if memory.is_some() { KEEP } else { END };
            state.idle += 1;
            let (woken, waited) = self.work.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if waited.timed_out() && state.waiting.is_empty() && memory.take().is_none() {
                break;
            }
        }
        state.threads -= 1;
        None
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
