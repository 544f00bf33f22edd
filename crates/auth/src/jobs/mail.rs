//! The worker that takes mail from the queue to the mailer, and the one that takes messages to the gateway.
//!
//! A row is claimed for a while, so that a node that dies leaves it to another, and a mail may then arrive twice, with
//! one Message-ID, but never not at all. What was claimed is finished before the worker stops.

use crate::{
    mail::{Letters, MailFault, Mailer, Posted},
    sms::{OutgoingSms, SmsGateway, Texted},
    world::Clock,
};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use housekey_core::{
    entropy::{self, Entropy},
    ids::MailId,
    keyring::Keyring,
    time::Time,
};
use housekey_store::{
    Store, StoreError,
    mail::{Channel, MailEnd, QueuedMail},
};
use std::{panic::AssertUnwindSafe, pin::pin, time::Duration};
use tokio::sync::Notify;

/// How many mails are under way at once.
const AT_ONCE: usize = 8;
/// How long a claim lasts. Longer than any mail takes, with room for the store.
const LEASE: Duration = Duration::from_secs(150);
/// When a mailer that says nothing is given up.
const SILENCE: Duration = Duration::from_secs(90);
/// The longest sleep: mail that another node queued, and did not send, is found after it.
const NAP: Duration = Duration::from_secs(30);
/// The shortest sleep between two looks, so that a row that cannot be claimed does not spin.
const BLINK: Duration = Duration::from_millis(250);
/// The pauses between tries; the last one repeats.
const PAUSES: [u64; 5] = [30, 120, 600, 1_800, 7_200];
/// After so many tries, about a day, a mail is given up.
const TRIES: usize = 16;

/// The queue, as the worker sees it.
pub(crate) trait Queue: Send + Sync {
    /// Takes due mails of a channel for this node.
    fn claim<'a>(
        &'a self,
        channel: Channel,
        node: &'a str,
        now: Time,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<QueuedMail>, StoreError>>;
    /// The mail has ended; its content goes.
    fn ended<'a>(
        &'a self,
        id: &'a MailId,
        end: MailEnd,
        why: Option<&'static str>,
        now: Time,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
    /// The mail is due again.
    fn again<'a>(&'a self, id: &'a MailId, due: Time, why: &'static str) -> BoxFuture<'a, Result<(), StoreError>>;
    /// When the next mail of a channel is due.
    fn next_due(&self, channel: Channel) -> BoxFuture<'_, Result<Option<Time>, StoreError>>;
}

impl Queue for Store {
    fn claim<'a>(
        &'a self,
        channel: Channel,
        node: &'a str,
        now: Time,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<QueuedMail>, StoreError>> {
        Box::pin(self.mail_claim(channel, node, now, now.plus(LEASE), i64::try_from(most).unwrap_or(1)))
    }

    fn ended<'a>(
        &'a self,
        id: &'a MailId,
        end: MailEnd,
        why: Option<&'static str>,
        now: Time,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.mail_ended(id, end, why.map(str::to_owned), now))
    }

    fn again<'a>(&'a self, id: &'a MailId, due: Time, why: &'static str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.mail_again(id, due, why.to_owned()))
    }

    fn next_due(&self, channel: Channel) -> BoxFuture<'_, Result<Option<Time>, StoreError>> {
        Box::pin(self.mail_next_due(channel))
    }
}

/// Sends what is due, and sleeps until something is.
pub(crate) struct MailWorker<'w, Q> {
    /// Where mail waits.
    pub queue: &'w Q,
    /// Opens the rows.
    pub keys: &'w Keyring,
    /// Writes the letters and messages.
    pub letters: &'w Letters,
    /// Takes them away.
    pub carrier: Carrier<'w>,
    /// Tells the time.
    pub clock: &'w dyn Clock,
    /// Spreads retries.
    pub entropy: &'w dyn Entropy,
    /// This node's name in claims.
    pub node: &'w str,
    /// Rung when a mail was queued on this node.
    pub bell: &'w Notify,
}

/// Who takes what waits away. Each has a worker of its own, so that one that is slow keeps nothing else waiting.
#[derive(Clone, Copy)]
pub(crate) enum Carrier<'w> {
    /// Mail to mailboxes.
    Mail(&'w dyn Mailer),
    /// Messages to phones.
    Sms(&'w dyn SmsGateway),
}

impl Carrier<'_> {
    fn channel(self) -> Channel {
        match self {
            Self::Mail(_) => Channel::Mail,
            Self::Sms(_) => Channel::Sms,
        }
    }
}

/// What was handed over, as the log tells it, and how that went.
struct Carried {
    kind: &'static str,
    to: String,
    done: Result<(), MailFault>,
}

/// How a try ended.
enum Tried {
    Sent,
    Dead(&'static str),
    Again(&'static str),
}

impl<Q: Queue> MailWorker<'_, Q> {
    /// Works until `shutdown` ends, and then finishes what is under way.
    pub(crate) async fn run(&self, shutdown: impl Future<Output = ()> + Send) {
        let mut shutdown = pin!(shutdown);
        let mut under_way = FuturesUnordered::new();
        loop {
            let pause = self.take(&mut under_way).await;
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(()) = under_way.next() => {}
                () = self.bell.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        while under_way.next().await.is_some() {}
    }

    /// Sends everything that is due now, and returns.
    #[cfg(any(test, feature = "testkit"))]
    pub(crate) async fn run_due(&self) {
        let mut under_way = FuturesUnordered::new();
        loop {
            let _pause = self.take(&mut under_way).await;
            if under_way.next().await.is_none() {
                return;
            }
        }
    }

    /// Claims as much as there is room for, and says how long to sleep if nothing happens.
    async fn take<'a>(&'a self, under_way: &mut FuturesUnordered<BoxFuture<'a, ()>>) -> Duration {
        let room = AT_ONCE.saturating_sub(under_way.len());
        if room == 0 {
            return NAP;
        }
        match self.queue.claim(self.carrier.channel(), self.node, self.clock.now(), room).await {
            Ok(claimed) => {
                let full = claimed.len() == room;
                for mail in claimed {
                    under_way.push(Box::pin(self.guarded(mail)));
                }
                if full { NAP } else { self.pause().await }
            }
            Err(error) => {
                tracing::warn!(%error, "the mail queue is out of reach");
                Duration::from_secs(5)
            }
        }
    }

    async fn pause(&self) -> Duration {
        match self.queue.next_due(self.carrier.channel()).await {
            Ok(Some(due)) => due.since(self.clock.now()).clamp(BLINK, NAP),
            Ok(None) => NAP,
            Err(_) => Duration::from_secs(5),
        }
    }

    /// A mailer that panics, which an application may have written, costs its own mail a wait and no other anything:
    /// the claim runs out and the mail is tried again.
    async fn guarded(&self, mail: QueuedMail) {
        let id = mail.id.clone();
        if AssertUnwindSafe(self.deliver(mail)).catch_unwind().await.is_err() {
            tracing::error!(mail.id = %id, "sending a mail panicked");
        }
    }

    async fn deliver(&self, mail: QueuedMail) {
        let tried = self.attempt(&mail).await;
        let now = self.clock.now();
        let tried = match tried {
            Tried::Again(why) => match self.next_try(&mail, now) {
                Some(due) => return self.settle(&mail.id, |q, id| q.again(id, due, why)).await,
                None => Tried::Dead(why),
            },
            ended => ended,
        };
        let (end, why) = match tried {
            Tried::Sent => (MailEnd::Sent, None),
            Tried::Dead(why) | Tried::Again(why) => {
                tracing::warn!(mail.id = %mail.id, why, "a mail was given up");
                (MailEnd::Dead, Some(why))
            }
        };
        self.settle(&mail.id, |q, id| q.ended(id, end, why, now)).await;
    }

    async fn attempt(&self, mail: &QueuedMail) -> Tried {
        if mail.never_send {
            return Tried::Sent;
        }
        if mail.expires <= self.clock.now() {
            return Tried::Dead("expired");
        }
        let carried = match self.carrier {
            Carrier::Mail(mailer) => self.carry_mail(mail, mailer).await,
            Carrier::Sms(gateway) => self.carry_sms(mail, gateway).await,
        };
        let Carried { kind, to, done } = match carried {
            Ok(carried) => carried,
            Err(again) => return again,
        };
        match done {
            Ok(()) => {
                tracing::info!(mail.id = %mail.id, letter = kind, "mail sent");
                Tried::Sent
            }
            Err(MailFault { permanent, why }) => {
                tracing::warn!(mail.id = %mail.id, letter = kind, to, permanent, why, "mail not taken");
                if permanent { Tried::Dead("refused") } else { Tried::Again("not_taken") }
            }
        }
    }

    async fn carry_mail(&self, mail: &QueuedMail, mailer: &dyn Mailer) -> Result<Carried, Tried> {
        let posted = Posted::open(&mail.id, &mail.sealed, self.keys).map_err(|fault| unreadable(&mail.id, &fault))?;
        let letter = self.letters.write(mail.id.clone(), &posted).map_err(|fault| unwritable(&mail.id, &fault))?;
        let done = within(mailer.send(&letter)).await;
        Ok(Carried { kind: posted.letter.kind(), to: letter.to.masked(), done })
    }

    async fn carry_sms(&self, mail: &QueuedMail, gateway: &dyn SmsGateway) -> Result<Carried, Tried> {
        let texted = Texted::open(&mail.id, &mail.sealed, self.keys).map_err(|fault| unreadable(&mail.id, &fault))?;
        let text = self.letters.message(&texted).map_err(|fault| unwritable(&mail.id, &fault))?;
        let sms = OutgoingSms { id: mail.id.clone(), at: self.clock.now(), to: texted.to, text };
        let done = within(gateway.send(&sms)).await;
        Ok(Carried { kind: texted.kind.as_str(), to: sms.to.masked(), done })
    }

    /// When to try again; never, if that is no use.
    fn next_try(&self, mail: &QueuedMail, now: Time) -> Option<Time> {
        let chance = u16::from_le_bytes(entropy::bytes(self.entropy));
        let tries = usize::try_from(mail.tries).unwrap_or_default();
        pause_after(tries, mail.expires.since(now), chance).map(|pause| now.plus(pause))
    }

    /// Writes a result down, with patience: a mail that left, and is not marked, leaves again.
    async fn settle<'a, F>(&'a self, id: &'a MailId, write: F)
    where
        F: Fn(&'a Q, &'a MailId) -> BoxFuture<'a, Result<(), StoreError>>,
    {
        let mut wait = Duration::from_millis(100);
        loop {
            match write(self.queue, id).await {
                Ok(()) => return,
                Err(error) if wait > Duration::from_secs(10) => {
                    tracing::error!(mail.id = %id, %error, "what became of a mail could not be written down");
                    return;
                }
                Err(_) => tokio::time::sleep(wait).await,
            }
            wait *= 2;
        }
    }
}

/// A key that is missing, or a row from a newer version in a rolling upgrade, may be there at the next try.
fn unreadable(id: &MailId, fault: &dyn std::error::Error) -> Tried {
    tracing::error!(mail.id = %id, %fault, "a queued mail cannot be read");
    Tried::Again("unreadable")
}

fn unwritable(id: &MailId, fault: &dyn std::error::Error) -> Tried {
    tracing::error!(mail.id = %id, %fault, "a letter cannot be written");
    Tried::Again("unwritable")
}

async fn within(sending: BoxFuture<'_, Result<(), MailFault>>) -> Result<(), MailFault> {
    let silent = |_| Err(MailFault::passing("nobody answered"));
    tokio::time::timeout(SILENCE, sending).await.unwrap_or_else(silent)
}

/// The pause after a try that failed: growing, spread by a fifth so that a crowd does not return as one, and at most
/// half of the time that is left, so that a code of ten minutes gets several tries too.
pub(super) fn pause_after(tries: usize, left: Duration, chance: u16) -> Option<Duration> {
    if tries + 1 >= TRIES || left < Duration::from_secs(30) {
        return None;
    }
    let seconds = PAUSES.get(tries).or(PAUSES.last()).copied().unwrap_or(7_200);
    let spread = 800 + 400 * u64::from(chance) / u64::from(u16::MAX);
    Some(Duration::from_millis(seconds * spread).min(left / 2))
}
