//! One endpoint's lane: it claims, tells a few at a time, and writes down what became of it.

use crate::{
    caller::Caller,
    flows::{
        tell,
        webhooks::{Target, Tried},
    },
    housekey::Housekey,
};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use housekey_core::{
    entropy,
    event::EventKind,
    ids::EndpointId,
    time::Time,
    webhook::{After, DEAD_AFTER, after_failure},
};
use housekey_store::webhook_queue::{Due, Settled, Settlement};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::sync::{Notify, watch};

/// How many messages are under way to one endpoint at once.
const AT_ONCE: usize = 32;
/// How long a claim lasts: longer than any message takes, with room for the store.
const LEASE: Duration = Duration::from_secs(60);
/// The longest sleep: what another node wrote, and did not tell, is found after it.
const NAP: Duration = Duration::from_secs(30);
/// The shortest sleep, so that a row that cannot be claimed does not spin.
const BLINK: Duration = Duration::from_millis(250);
/// How long the database is left alone when it does not answer, and how often it is asked to write down what was told
/// before a lane that must end gives it up.
const REST: Duration = Duration::from_secs(5);
const LAST_TRIES: usize = 3;

pub(super) struct Lane<'w> {
    pub house: &'w Housekey,
    pub node: &'w str,
    pub id: EndpointId,
}

/// What became of a delivery, and whether the endpoint wants no more.
struct Done {
    settled: Settled,
    gone: bool,
}

/// Whether the endpoint is to be told.
enum State {
    Open(Arc<Target>),
    Closed,
    Unknown,
}

impl Lane<'_> {
    /// Works until the endpoint is switched off or removed, or the node stops; then finishes what is under way.
    pub(super) async fn run(&self, bell: &Notify, mut stopped: watch::Receiver<()>) {
        let mut stop = pin!(async move { drop(stopped.changed().await) });
        let mut under_way: FuturesUnordered<BoxFuture<'_, Done>> = FuturesUnordered::new();
        let mut done: Vec<Done> = Vec::new();
        let (mut stopping, mut tries) = (false, 0);
        loop {
            let state = if stopping { State::Closed } else { self.state().await };
            let mut pause = NAP;
            let room = match &state {
                State::Open(_) => AT_ONCE.saturating_sub(under_way.len()),
                State::Closed => 0,
                State::Unknown => {
                    pause = REST;
                    0
                }
            };
            if room > 0 || !done.is_empty() {
                match self.turn(&mut done, room).await {
                    Ok(due) => {
                        if due.len() < room {
                            pause = self.pause().await;
                        }
                        if let State::Open(target) = &state {
                            for one in due {
                                under_way.push(Box::pin(self.deliver(target.clone(), one)));
                            }
                        }
                    }
                    Err(error) => {
                        tracing::warn!(endpoint = %self.id, %error, "what webhooks tell is out of reach");
                        tries += usize::from(stopping);
                        pause = REST;
                    }
                }
            }
            if matches!(state, State::Closed) && under_way.is_empty() && (done.is_empty() || tries >= LAST_TRIES) {
                return;
            }
            tokio::select! {
                biased;
                () = &mut stop, if !stopping => stopping = true,
                Some(first) = under_way.next() => {
                    done.push(first);
                    // Whatever is ready is written down in one commit.
                    while let Some(Some(more)) = under_way.next().now_or_never() {
                        done.push(more);
                    }
                }
                () = bell.notified(), if !stopping => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Makes every delivery that is due now, and returns.
    #[cfg(any(test, feature = "testkit"))]
    pub(super) async fn run_due(&self) {
        let mut done = Vec::new();
        while let State::Open(target) = self.state().await {
            let due = self.turn(&mut done, AT_ONCE).await.unwrap_or_default();
            if due.is_empty() {
                return;
            }
            done = futures_util::future::join_all(due.into_iter().map(|one| self.deliver(target.clone(), one))).await;
        }
    }

    async fn state(&self) -> State {
        match self.house.store().reader().endpoint(&self.id).await {
            Ok(Some(row)) if row.enabled => match self.house.target(row) {
                Ok(target) => State::Open(Arc::new(target)),
                Err(error) => {
                    // A key that is missing in a rolling change may be there at the next look.
                    tracing::error!(endpoint = %self.id, %error, "an endpoint cannot be told");
                    State::Unknown
                }
            },
            Ok(_) => State::Closed,
            Err(_) => State::Unknown,
        }
    }

    /// Writes down what was done and claims as much as there is room for.
    async fn turn(&self, done: &mut Vec<Done>, room: usize) -> Result<Vec<Due>, housekey_store::StoreError> {
        let now = self.house.now();
        let settled: Vec<Settled> = done.iter().map(|one| one.settled.clone()).collect();
        let most = i64::try_from(room).unwrap_or_default();
        let due = self.house.store().webhook_turn(&self.id, self.node, settled, (now, now.plus(LEASE)), most).await?;
        let ended = std::mem::take(done);
        if ended.iter().any(|one| matches!(one.settled.end, Settlement::GivenUp(_))) {
            self.judge(ended.iter().any(|one| one.gone), now).await;
        }
        Ok(due)
    }

    /// An endpoint that wants no more, or answered to nothing for a day, is told nothing more.
    async fn judge(&self, gone: bool, now: Time) {
        let Ok(Some(row)) = self.house.store().reader().endpoint(&self.id).await else { return };
        let dead = row.failing_since.is_some_and(|since| since.plus(DEAD_AFTER) <= now);
        let reason = match (gone, dead) {
            (true, _) => "gone",
            (false, true) => "not_answering",
            (false, false) => return,
        };
        let caller = Caller::console(now, self.house.entropy());
        let disabled = async {
            let event = self.house.endpoint_event(&caller, EventKind::WebhookDisabled, &self.id, reason).await?;
            let mail = self.house.endpoint_notice(&row)?;
            let done = self.house.store().endpoint_disable(&self.id, reason.to_owned(), mail, event).await?;
            self.house.mail_waits();
            Ok::<_, crate::error::Error>(done)
        };
        match disabled.await {
            Ok(true) => tracing::error!(
                endpoint = %self.id, reason,
                "an endpoint of webhooks is switched off: mend it, then `housekey webhook enable` and `replay`"
            ),
            Ok(false) => {}
            // The next message that is given up says so again.
            Err(error) => tracing::warn!(endpoint = %self.id, %error, "a dead endpoint could not be switched off"),
        }
    }

    async fn pause(&self) -> Duration {
        match self.house.store().reader().webhook_next_due(&self.id).await {
            Ok(Some(due)) => due.since(self.house.now()).clamp(BLINK, NAP),
            Ok(None) => NAP,
            Err(_) => REST,
        }
    }

    async fn deliver(&self, target: Arc<Target>, due: Due) -> Done {
        let tried = match tell::open(self.house.keyring(), &due.message, &due.sealed) {
            Some(body) => self.house.hand_over(&target, &due.message, body.expose().clone()).await,
            None => {
                tracing::error!(message = %due.message, "what waits to be told cannot be opened");
                Tried { status: None, fault: None, took: Duration::ZERO }
            }
        };
        let millis = u64::try_from(tried.took.as_millis()).unwrap_or(u64::MAX);
        let settle = |end, gone| Done { settled: Settled { number: due.number, status: tried.status, end }, gone };
        if tried.taken() {
            tracing::debug!(endpoint = %self.id, message = %due.message, millis, "told");
            return settle(Settlement::Taken, false);
        }
        let why = tried.code();
        let chance = u16::from_le_bytes(entropy::bytes(self.house.entropy()));
        let tries = usize::try_from(due.tries).unwrap_or(usize::MAX);
        tracing::warn!(endpoint = %self.id, message = %due.message, why, tries, millis, "an endpoint did not take a message");
        match after_failure(tries, tried.status, chance) {
            After::Again(pause) => settle(Settlement::Again(self.house.now().plus(pause), why), false),
            After::GivenUp => settle(Settlement::GivenUp(why), false),
            After::Gone => settle(Settlement::GivenUp(why), true),
        }
    }
}
