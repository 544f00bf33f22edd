//! The workers that tell endpoints what happened: each endpoint has a lane of its own, so that a slow one holds back no
//! other. A delivery is claimed for a while, so that a node that dies leaves it to another, and may then be made twice,
//! with one id, but never not at all.

mod lane;

use crate::housekey::Housekey;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use housekey_core::ids::EndpointId;
use std::{collections::HashMap, panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration};
use tokio::sync::{Notify, watch};

/// How often it is looked whether there are other endpoints, and when something was told here.
const LOOK: Duration = Duration::from_secs(30);
const LOOK_WHEN_TOLD: Duration = Duration::from_secs(1);

/// Tells what waits, and sleeps until something does.
pub(crate) struct WebhookWorker<'w> {
    /// Whose endpoints.
    pub house: &'w Housekey,
    /// This node's name in claims.
    pub node: &'w str,
}

#[derive(Default)]
struct Lanes<'w> {
    bells: HashMap<EndpointId, Arc<Notify>>,
    running: FuturesUnordered<BoxFuture<'w, EndpointId>>,
}

impl WebhookWorker<'_> {
    /// Works until `shutdown` ends, and then finishes what is under way.
    pub(crate) async fn run(&self, shutdown: impl Future<Output = ()> + Send) {
        let mut shutdown = pin!(shutdown);
        let (stop, stopped) = watch::channel(());
        let mut lanes = Lanes::default();
        let clock = &self.house.0.world.clock;
        let mut configured = false;
        loop {
            if !configured {
                configured = self.configure().await;
            }
            self.open(&mut lanes, &stopped).await;
            let looked = clock.monotonic();
            let mut pause = LOOK;
            loop {
                let left = pause.saturating_sub(clock.monotonic().saturating_sub(looked));
                tokio::select! {
                    biased;
                    () = &mut shutdown => {
                        drop(stop);
                        while lanes.running.next().await.is_some() {}
                        return;
                    }
                    Some(ended) = lanes.running.next() => {
                        lanes.bells.remove(&ended);
                    }
                    () = self.house.store().told() => {
                        lanes.bells.values().for_each(|bell| bell.notify_one());
                        // It may be for an endpoint that is new.
                        pause = LOOK_WHEN_TOLD;
                    }
                    () = tokio::time::sleep(left) => break,
                }
            }
        }
    }

    /// Makes every delivery that is due now, and returns.
    #[cfg(any(test, feature = "testkit"))]
    pub(crate) async fn run_due(&self) {
        for row in self.house.store().reader().endpoints().await.unwrap_or_default() {
            if row.enabled {
                self.lane(row.id).run_due().await;
            }
        }
    }

    /// Brings the endpoints to what the configuration says; whether that could be done.
    async fn configure(&self) -> bool {
        let done = self.house.webhooks_of_config().await;
        done.inspect_err(|error| tracing::warn!(%error, "configured endpoints could not be made; it is tried again"))
            .is_ok()
    }

    /// Opens lanes to the endpoints that have none.
    async fn open<'a>(&'a self, lanes: &mut Lanes<'a>, stopped: &watch::Receiver<()>) {
        let rows = match self.house.store().reader().endpoints().await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(%error, "the endpoints of webhooks are out of reach");
                return;
            }
        };
        for row in rows.into_iter().filter(|row| row.enabled) {
            if lanes.bells.contains_key(&row.id) {
                continue;
            }
            let bell = Arc::new(Notify::new());
            lanes.bells.insert(row.id.clone(), bell.clone());
            let stopped = stopped.clone();
            lanes.running.push(Box::pin(async move {
                let id = row.id.clone();
                // A lane that breaks is opened anew at the next look; what it claimed is due again after a while.
                if AssertUnwindSafe(self.lane(row.id).run(&bell, stopped)).catch_unwind().await.is_err() {
                    tracing::error!(endpoint = %id, "telling an endpoint panicked");
                }
                id
            }));
        }
    }

    fn lane(&self, id: EndpointId) -> lane::Lane<'_> {
        lane::Lane { house: self.house, node: self.node, id }
    }
}
