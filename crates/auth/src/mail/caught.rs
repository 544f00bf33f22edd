//! The mailer of development and of tests: mail stays in memory, to be looked at.

use super::message::{MailFault, Mailer, OutgoingMail};
use futures_util::future::BoxFuture;
use housekey_core::ids::MailId;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many mails are kept; the oldest go first.
const KEPT: usize = 200;

/// Keeps the last 200 mails instead of sending them. Clones share one box.
#[derive(Clone, Default)]
pub struct Caught(Arc<Mutex<VecDeque<OutgoingMail>>>);

impl Caught {
    /// All that is kept, the newest first.
    pub fn list(&self) -> Vec<OutgoingMail> {
        self.lock().iter().rev().cloned().collect()
    }

    /// All that is kept, in the order of arrival.
    pub fn outbox(&self) -> Vec<OutgoingMail> {
        self.lock().iter().cloned().collect()
    }

    /// One mail by its id.
    pub fn get(&self, id: &MailId) -> Option<OutgoingMail> {
        self.lock().iter().rev().find(|mail| mail.id == *id).cloned()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.lock().clear();
    }

    // Nothing between lock and unlock can leave the queue half changed, so a panicked holder does no harm.
    fn lock(&self) -> MutexGuard<'_, VecDeque<OutgoingMail>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailer for Caught {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> BoxFuture<'a, Result<(), MailFault>> {
        Box::pin(async move {
            let mut mails = self.lock();
            if mails.len() == KEPT {
                mails.pop_front();
            }
            mails.push_back(mail.clone());
            Ok(())
        })
    }

    fn caught(&self) -> Option<&Caught> {
        Some(self)
    }
}
