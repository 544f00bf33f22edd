//! The mailer of development and of tests: mail stays in memory, to be looked at.

use super::message::{MailFault, Mailer, OutgoingMail};
use crate::world::Clock;
use futures_util::future::BoxFuture;
use housekey_core::{ids::MailId, time::Time};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many mails are kept; the oldest go first.
const KEPT: usize = 200;

/// Keeps the last 200 mails instead of sending them. Clones share one box.
#[derive(Clone)]
pub struct Caught {
    clock: Arc<dyn Clock>,
    mails: Arc<Mutex<VecDeque<CaughtMail>>>,
}

/// A mail that was kept.
#[derive(Clone, Debug)]
pub struct CaughtMail {
    /// When it would have left.
    pub at: Time,
    /// The mail.
    pub mail: OutgoingMail,
}

impl Caught {
    /// An empty box that notes arrivals by this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            mails: Arc::default(),
        }
    }

    /// All that is kept, the newest first.
    pub fn list(&self) -> Vec<CaughtMail> {
        self.lock().iter().rev().cloned().collect()
    }

    /// All that is kept, in the order of arrival.
    pub fn outbox(&self) -> Vec<OutgoingMail> {
        self.lock()
            .iter()
            .map(|caught| caught.mail.clone())
            .collect()
    }

    /// One mail by its id.
    pub fn get(&self, id: &MailId) -> Option<CaughtMail> {
        self.lock()
            .iter()
            .rev()
            .find(|caught| caught.mail.id == *id)
            .cloned()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.lock().clear();
    }

    // Nothing between lock and unlock can leave the queue half changed, so a panicked holder does no harm.
    fn lock(&self) -> MutexGuard<'_, VecDeque<CaughtMail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailer for Caught {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> BoxFuture<'a, Result<(), MailFault>> {
        Box::pin(async move {
            let at = self.clock.now();
            let mut mails = self.lock();
            if mails.len() == KEPT {
                mails.pop_front();
            }
            mails.push_back(CaughtMail {
                at,
                mail: mail.clone(),
            });
            Ok(())
        })
    }
}
