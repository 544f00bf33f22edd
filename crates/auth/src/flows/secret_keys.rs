//! Secret keys of apps' backends: made and shown once, known by their hash, noted when used, dead when revoked.

use crate::{
    caller::Caller,
    error::{Error, Fault, Result},
    flows::{notes::About, steward::Quota},
    housekey::Housekey,
};
use housekey_core::{
    event::EventKind,
    ids::SecretKeyId,
    time::Time,
    token::secret_key::{Environment, SecretKey},
};
use housekey_store::coherence::Stamp;
use quick_cache::sync::Cache;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How often the use of a key is noted.
const NOTED: Duration = Duration::from_secs(60);
const LONGEST_NAME: usize = 100;

/// A key as its operator sees it.
#[derive(Clone, Debug)]
pub struct SecretKeyView {
    /// Its id.
    pub id: SecretKeyId,
    /// What its operator calls it.
    pub name: String,
    /// Its last characters.
    pub hint: String,
    /// When it was made.
    pub created: Time,
    /// When it was last used, to the minute.
    pub last_used: Option<Time>,
    /// When it was revoked.
    pub revoked: Option<Time>,
}

/// In how long a key may make how many requests of one node.
const WINDOW: Duration = Duration::from_secs(10);
const IN_PRODUCTION: u32 = 1_000;
const IN_DEVELOPMENT: u32 = 100;

/// Keys that were right a moment ago, and how often each was used.
pub(crate) struct SecretKeys {
    known: Cache<[u8; 32], Arc<Known>>,
    used: Mutex<HashMap<SecretKeyId, (Time, u32)>>,
}

struct Known {
    id: SecretKeyId,
    stamp: Stamp,
    noted: Time,
}

impl Default for SecretKeys {
    fn default() -> Self {
        Self { known: Cache::new(1_000), used: Mutex::default() }
    }
}

impl Housekey {
    /// Makes a key. Its text is in the answer and nowhere else.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is empty or too long.
    pub async fn secret_key_new(
        &self,
        caller: &Caller,
        name: &str,
        environment: Environment,
    ) -> Result<(SecretKeyId, SecretKey)> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(Error::Invalid(vec![Fault::new("name", "name_malformed")]));
        }
        let key = SecretKey::new(environment, self.entropy());
        let id = SecretKeyId::new(self.now(), self.entropy());
        let event = self.secret_key_event(caller, EventKind::SecretKeyMade, &id).await?;
        self.store().make_secret_key(&id, name.to_owned(), key.hash(), key.hint(), event).await?;
        Ok((id, key))
    }

    /// All keys, without their secrets, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn secret_keys(&self) -> Result<Vec<SecretKeyView>> {
        let rows = self.store().reader().secret_keys().await?;
        let view = |row: housekey_store::secret_keys::SecretKeyRow| SecretKeyView {
            id: row.id,
            name: row.name,
            hint: row.hint,
            created: row.created,
            last_used: row.last_used,
            revoked: row.revoked,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Revokes a key, at once here and within a second on every other node.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is none, or was revoked before.
    pub async fn secret_key_revoke(&self, caller: &Caller, id: &SecretKeyId) -> Result<()> {
        let event = self.secret_key_event(caller, EventKind::SecretKeyRevoked, id).await?;
        if self.store().revoke_secret_key(id, event).await? { Ok(()) } else { Err(Error::NotFound) }
    }

    /// Whose key this is.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for anything but a live key, [`Error::Unavailable`] without database: never taken as right.
    pub async fn secret_key_check(&self, text: &str) -> Result<SecretKeyId> {
        let key = SecretKey::parse(text).map_err(|_| Error::SignedOut)?;
        let hash = key.hash();
        let name: [u8; 32] = hash.as_bytes().try_into().map_err(|_| Error::SignedOut)?;
        let now = self.now();
        let lease = self.store().lease().valid(self.0.world.clock.monotonic());
        if let Some(known) = self.0.secret_keys.known.get(&name)
            && lease
            && self.store().generations().still(&known.stamp)
            && now < known.noted.plus(NOTED)
        {
            return Ok(known.id.clone());
        }
        let row = self.store().reader().secret_key(&hash).await?.ok_or(Error::SignedOut)?;
        let stamp = self.store().generations().snapshot([row.id.as_str()]);
        // Read again behind its stamp: a revocation in between must not be missed.
        let row = self.store().reader().secret_key(&hash).await?.filter(|r| r.revoked.is_none());
        let row = row.ok_or(Error::SignedOut)?;
        if row.last_used.is_none_or(|used| used.plus(NOTED) <= now) {
            self.store().secret_key_used(&row.id, now).await?;
        }
        self.0.secret_keys.known.insert(name, Arc::new(Known { id: row.id.clone(), stamp, noted: now }));
        Ok(row.id)
    }

    /// Tells that a key came from a browser, if it is one of ours.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn secret_key_exposed(&self, caller: &Caller, text: &str) -> Result<()> {
        match self.secret_key_check(text).await {
            Ok(id) => {
                tracing::error!(key = %id, "a secret key came from a browser: revoke it and make another");
                let event = self.secret_key_event(caller, EventKind::SecretKeyExposed, &id).await?;
                Ok(self.store().record(vec![event]).await?)
            }
            Err(Error::SignedOut) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// Counts a request of a key that was checked. There are few keys, and none of them is a stranger's.
    pub(crate) fn secret_key_count(&self, id: &SecretKeyId) -> Result<Quota> {
        let now = self.now();
        let limit = if self.settings().mode().is_production() { IN_PRODUCTION } else { IN_DEVELOPMENT };
        let mut used = self.0.secret_keys.used.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = used.entry(id.clone()).or_insert((now, 0));
        if *since > now || since.plus(WINDOW) <= now {
            (*since, *count) = (now, 0);
        }
        let reset = since.plus(WINDOW);
        if *count >= limit {
            return Err(Error::Limited { retry_after: reset.since(now) });
        }
        *count += 1;
        Ok(Quota { limit, remaining: limit - *count, reset })
    }

    async fn secret_key_event(
        &self,
        caller: &Caller,
        kind: EventKind,
        id: &SecretKeyId,
    ) -> Result<housekey_core::event::Event> {
        let about = About { user: None, client: None, session: None };
        self.event(caller, kind, about, serde_json::json!({"key": id.as_str()})).await
    }
}
