//! The gateway of development and of tests: messages stay in memory, to be looked at.

use super::{OutgoingSms, SmsGateway};
use crate::mail::MailFault;
use futures_util::future::BoxFuture;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many messages are kept; the oldest go first.
const KEPT: usize = 200;

/// Keeps the last 200 messages instead of sending them. Clones share one box.
#[derive(Clone, Default)]
pub struct CaughtSms(Arc<Mutex<VecDeque<OutgoingSms>>>);

impl CaughtSms {
    /// All that is kept, the newest first.
    pub fn list(&self) -> Vec<OutgoingSms> {
        self.lock().iter().rev().cloned().collect()
    }

    // Nothing between lock and unlock can leave the queue half changed, so a panicked holder does no harm.
    fn lock(&self) -> MutexGuard<'_, VecDeque<OutgoingSms>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SmsGateway for CaughtSms {
    fn send<'a>(&'a self, sms: &'a OutgoingSms) -> BoxFuture<'a, Result<(), MailFault>> {
        Box::pin(async move {
            let mut kept = self.lock();
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back(sms.clone());
            Ok(())
        })
    }

    fn caught(&self) -> Option<&CaughtSms> {
        Some(self)
    }
}
