//! The keys that tokens are checked with: one PEM, or the server's list, cached.
//!
//! A key is only ever taken from the configuration or from the configured server, and chosen by `kid`. Addresses and
//! keys in a token's own header (`jku`, `x5u`, `jwk`; RFC 7515, 4.1) are never looked at.

use crate::{api::Api, clock::Clock};
use housekey_core::token::jwt::VerifyingKey;
use serde_json::Value;
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::{Mutex, OwnedMutexGuard},
};

/// When a list of keys is fetched again.
const STALE: Duration = Duration::from_secs(60 * 60);
/// How seldom the list is fetched for a key that it lacks, so that made-up ids are no flood for the server.
const UNKNOWN_EVERY: Duration = Duration::from_secs(60);
/// How seldom it is fetched while there is none at all: the service is down until there is.
const MISSING_EVERY: Duration = Duration::from_secs(2);
const MOST_KEYS: usize = 32;

/// Where keys come from.
pub(crate) enum Keys {
    /// One key, whatever id a token says.
    Pem(Arc<VerifyingKey>),
    /// The server's list.
    Server(Arc<KeyList>),
}

/// A cached list of keys (RFC 7517).
pub(crate) struct KeyList {
    api: Arc<Api>,
    clock: Arc<dyn Clock>,
    held: RwLock<Arc<Held>>,
    /// Whoever fetches holds this; the others wait for the same answer.
    flight: Arc<Mutex<()>>,
}

#[derive(Clone, Default)]
struct Held {
    keys: Vec<(String, Arc<VerifyingKey>)>,
    /// When these keys came.
    since: Duration,
    /// When keys were last asked for, and whether they came.
    asked: Option<(Duration, bool)>,
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoKey {
    /// The server has none of that id.
    Unknown,
    /// The server cannot be asked.
    Unavailable,
}

impl Keys {
    /// The key of that id.
    pub async fn find(&self, kid: Option<&str>) -> Result<Arc<VerifyingKey>, NoKey> {
        match self {
            Self::Pem(key) => Ok(key.clone()),
            Self::Server(list) => list.find(kid.ok_or(NoKey::Unknown)?).await,
        }
    }
}

impl Held {
    fn key(&self, kid: &str) -> Option<&Arc<VerifyingKey>> {
        self.keys.iter().find(|(id, _)| id == kid).map(|(_, key)| key)
    }

    /// Whether it is too early to ask the server once more.
    fn rests(&self, now: Duration) -> bool {
        let pause = if self.keys.is_empty() { MISSING_EVERY } else { UNKNOWN_EVERY };
        self.asked.is_some_and(|(at, _)| now.saturating_sub(at) < pause)
    }
}

impl KeyList {
    /// An empty list, filled when the first token comes.
    pub fn new(api: Arc<Api>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { api, clock, held: RwLock::default(), flight: Arc::default() })
    }

    async fn find(self: &Arc<Self>, kid: &str) -> Result<Arc<VerifyingKey>, NoKey> {
        let held = self.held();
        if let Some(key) = held.key(kid) {
            let now = self.clock.monotonic();
            if now.saturating_sub(held.since) >= STALE && !held.rests(now) {
                self.refresh_in_background();
            }
            return Ok(key.clone());
        }
        if !held.rests(self.clock.monotonic()) {
            let turn = self.flight.clone().lock_owned().await;
            // Who waited for another's answer has it now.
            if !self.held().rests(self.clock.monotonic()) {
                self.clone().fetch_to_the_end(turn).await;
            }
        }
        let held = self.held();
        match (held.key(kid), held.asked) {
            (Some(key), _) => Ok(key.clone()),
            (None, Some((_, true))) => Err(NoKey::Unknown),
            (None, _) => Err(NoKey::Unavailable),
        }
    }

    /// Renews the list beside the request, which goes on with the keys that there are.
    fn refresh_in_background(self: &Arc<Self>) {
        let Ok(turn) = self.flight.clone().try_lock_owned() else { return };
        // Outside of a runtime an unknown key id fetches, as ever.
        let Ok(runtime) = Handle::try_current() else { return };
        let list = self.clone();
        runtime.spawn(async move { list.fetch(turn).await });
    }

    /// A caller that hangs up must not cut what others wait for, or bring on another fetch.
    async fn fetch_to_the_end(self: Arc<Self>, turn: OwnedMutexGuard<()>) {
        match Handle::try_current() {
            Ok(runtime) => {
                let fetched = runtime.spawn(async move { self.fetch(turn).await });
                if fetched.await.is_err() {
                    tracing::error!("the fetch of keys was ended");
                }
            }
            Err(_) => self.fetch(turn).await,
        }
    }

    async fn fetch(&self, turn: OwnedMutexGuard<()>) {
        let came = match self.api.keys().await {
            Ok(list) => Some(list.iter().take(MOST_KEYS).filter_map(read).collect::<Vec<_>>()),
            Err(error) => {
                tracing::warn!(%error, "the keys of session tokens could not be fetched");
                None
            }
        };
        let now = self.clock.monotonic();
        let mut held = Held::clone(&self.held());
        held.asked = Some((now, came.as_ref().is_some_and(|keys| !keys.is_empty())));
        match came {
            Some(keys) if !keys.is_empty() => (held.keys, held.since) = (keys, now),
            Some(_) => tracing::warn!("the server's list has no key for session tokens; the last good ones stay"),
            None => {}
        }
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(held);
        drop(turn);
    }

    /// Readers never wait for each other, and for a writer only while it swaps a pointer.
    fn held(&self) -> Arc<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A key that signs session tokens, if it is one.
fn read(jwk: &Value) -> Option<(String, Arc<VerifyingKey>)> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let signs = text("use").is_none_or(|usage| usage == "sig") && text("alg").is_none_or(|alg| alg == "RS256");
    let key = VerifyingKey::from_jwk(jwk).ok().filter(|_| signs)?;
    Some((text("kid")?.to_owned(), Arc::new(key)))
}
