//! What goes on beside requests: mail, webhooks, the feed, sweeping, what was seen, the audit trail's links, requests to
//! come back, and former keys.

use crate::{
    housekey::Housekey,
    jobs::{
        mail::{Carrier, MailWorker},
        webhooks::WebhookWorker,
    },
};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::{sync::watch, time};

/// How often what was seen is written.
const SEEN_EVERY: Duration = Duration::from_secs(15);
const SEEN_BATCH: usize = 500;
/// How often what has expired is looked for, and requests to come back whose time is over.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// How far the audit trail's links may be behind its events.
const LINK_EVERY: Duration = Duration::from_secs(5);
/// How often it is looked whether a former key is still needed.
const SEAL_EVERY: Duration = Duration::from_secs(3600);
/// One sweep goes on in pieces until a piece finds fewer rows.
const SWEEP_MORE: u64 = 500;
/// How long the facts of events without a user can be read.
const FACTS_FOR: Duration = Duration::from_secs(90 * 24 * 3600);

impl Housekey {
    /// Runs mail, feed and sweep until `shutdown` ends, and finishes what was begun. Without it mail stays queued and
    /// every session check asks the database.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let (stop, stopped) = watch::channel(());
        let wait = || {
            let mut stopped = stopped.clone();
            async move {
                // An error means that the sender is gone, which is the same.
                drop(stopped.changed().await);
            }
        };
        let clock = self.0.world.clock.clone();
        let monotonic = Arc::new(move || clock.monotonic());
        let node = self.node();
        let worker = |carrier, bell| MailWorker {
            queue: self.store(),
            keys: self.keyring(),
            letters: &self.0.letters,
            carrier,
            clock: self.0.world.clock.as_ref(),
            entropy: self.entropy(),
            node: &node,
            bell,
        };
        let mail = worker(Carrier::Mail(self.0.world.mailer.as_ref()), &self.0.mail_bell);
        let gateway = self.0.world.sms.as_deref();
        let messages = gateway.map(|gateway| worker(Carrier::Sms(gateway), &self.0.sms_bell));
        let webhooks = WebhookWorker { house: self, node: &node };
        tokio::join!(
            async {
                shutdown.await;
                drop(stop);
            },
            mail.run(wait()),
            async {
                if let Some(messages) = &messages {
                    messages.run(wait()).await;
                }
            },
            webhooks.run(wait()),
            self.store().follow(monotonic, wait()),
            self.every(SEEN_EVERY, wait(), || self.write_seen()),
            self.every(SWEEP_EVERY, wait(), || self.sweep()),
            self.every(LINK_EVERY, wait(), || self.link_events()),
            self.every(SWEEP_EVERY, wait(), || self.recoveries_go_on()),
            async {
                self.seal_anew().await;
                self.every(SEAL_EVERY, wait(), || self.seal_anew()).await;
            },
        );
        self.write_seen().await;
        self.link_events().await;
    }

    async fn every<F: Future<Output = ()>>(
        &self,
        pause: Duration,
        stop: impl Future<Output = ()>,
        work: impl Fn() -> F,
    ) {
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = time::sleep(pause) => work().await,
            }
        }
    }

    pub(crate) async fn write_seen(&self) {
        loop {
            let batch = self.seen().batch(SEEN_BATCH);
            if batch.is_empty() {
                return;
            }
            if let Err(error) = self.store().sessions_seen(batch.clone()).await {
                tracing::warn!(%error, "when sessions were seen could not be written; it is tried again");
                return;
            }
            self.seen().written(&batch);
        }
    }

    pub(crate) async fn sweep(&self) {
        let now = self.now();
        loop {
            match self.store().sweep(now, self.settings().webhooks.keep).await {
                Ok(gone) if gone < SWEEP_MORE => break,
                Ok(_) => tokio::task::yield_now().await,
                Err(error) => {
                    tracing::warn!(%error, "what has expired could not be removed; it is tried again");
                    return;
                }
            }
        }
        self.sweep_guests().await;
        if let Err(error) = self.store().drop_event_keys(now.minus(FACTS_FOR)).await {
            tracing::warn!(%error, "old event keys could not be destroyed; it is tried again");
        }
        self.store().rest();
    }

    /// This node's name in claims: new with each start, since a claim of a former start is nobody's.
    fn node(&self) -> String {
        housekey_core::ids::RequestId::new(self.now(), self.entropy()).to_string()
    }
}
