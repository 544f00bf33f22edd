//! The keys that sign session tokens: made at the first need, kept in memory while nothing of them changed, replaced by
//! an operator's word alone, since apps keep the public half in their environment.

use crate::{
    caller::Caller,
    error::{Error, Result},
    flows::notes::About,
    housekey::Housekey,
};
use housekey_core::{
    event::EventKind,
    ids::InstanceId,
    keyring::Place,
    secret::Secret,
    token::jwt::{SigningKey, VerifyingKey},
};
use housekey_store::{
    coherence::Stamp,
    signing_keys::{KeyState, SigningKeyRow},
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

/// For how long a key is published that no longer signs: until its last token has died, and then some.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// All keys of the instance.
pub struct Signing {
    active: SigningKey,
    known: Vec<(String, VerifyingKey)>,
    jwks: Value,
    stamp: Stamp,
}

impl Signing {
    /// The key that signs.
    pub fn active(&self) -> &SigningKey {
        &self.active
    }

    /// The public key of this id.
    pub fn verifying(&self, kid: &str) -> Option<&VerifyingKey> {
        self.known.iter().find(|(id, _)| id == kid).map(|(_, key)| key)
    }

    /// All public keys as a JWK set (RFC 7517).
    pub fn jwks(&self) -> &Value {
        &self.jwks
    }
}

impl Housekey {
    /// The instance's keys. The first call of an instance makes the first key.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn signing(&self) -> Result<Arc<Signing>> {
        let lease = self.store().lease().valid(self.0.world.clock.monotonic());
        let kept = self.0.signing.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(kept) = kept.filter(|kept| lease && self.store().generations().still(&kept.stamp)) {
            return Ok(kept);
        }
        let stamp = self.store().generations().snapshot([self.instance().as_str()]);
        let mut rows = self.store().reader().signing_keys().await?;
        if !rows.iter().any(|row| row.state == KeyState::Active) {
            self.make_first_key().await?;
            rows = self.store().reader().signing_keys().await?;
        }
        let signing = Arc::new(self.open_keys(&rows, stamp)?);
        *self.0.signing.write().unwrap_or_else(PoisonError::into_inner) = Some(signing.clone());
        Ok(signing)
    }

    /// Makes and publishes the key that will sign next; answers its public half in PEM, for apps to take up first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn signing_key_next(&self, caller: &Caller) -> Result<String> {
        let (id, sealed, key) = self.make_key().await?;
        let event = self.key_event(caller, EventKind::SigningKeyMade, &id).await?;
        self.store().next_signing_key(self.instance(), id, sealed, event).await?;
        Ok(key.public_pem().to_owned())
    }

    /// The published key signs from now on; answers its public half in PEM.
    ///
    /// # Errors
    /// [`Error::NotFound`] when none was published.
    pub async fn signing_key_activate(&self, caller: &Caller) -> Result<String> {
        let rows = self.store().reader().signing_keys().await?;
        let next = rows.iter().find(|row| row.state == KeyState::Next).ok_or(Error::NotFound)?;
        let event = self.key_event(caller, EventKind::SigningKeyActivated, &next.id).await?;
        self.store().activate_signing_key(self.instance(), &next.id, self.now().minus(KEPT), event).await?;
        Ok(self.signing().await?.active().public_pem().to_owned())
    }

    async fn make_first_key(&self) -> Result<()> {
        let (id, sealed, _) = self.make_key().await?;
        Ok(self.store().first_signing_key(self.instance(), id, sealed, self.now()).await?)
    }

    async fn make_key(&self) -> Result<(InstanceId, Vec<u8>, SigningKey)> {
        let broken = || Error::Bug("a signing key cannot be made");
        let made = tokio::task::spawn_blocking(SigningKey::generate).await;
        let der: Secret<Vec<u8>> = made.map_err(|_| broken())?.map_err(|_| broken())?;
        let id = InstanceId::new(self.now(), self.entropy());
        let sealed = self.keyring().seal(place(&id), der.expose(), self.entropy());
        let key = SigningKey::from_pkcs8(id.as_str(), der.expose()).map_err(|_| broken())?;
        Ok((id, sealed, key))
    }

    fn open_keys(&self, rows: &[SigningKeyRow], stamp: Stamp) -> Result<Signing> {
        let broken = || Error::Bug("a signing key cannot be opened");
        let (mut active, mut known, mut jwks) = (None, Vec::new(), Vec::new());
        for row in rows {
            let der = self.keyring().open(place(&row.id), &row.private_key).map_err(|_| broken())?;
            let key = SigningKey::from_pkcs8(row.id.as_str(), der.expose()).map_err(|_| broken())?;
            jwks.push(key.jwk().clone());
            known.push((row.id.to_string(), VerifyingKey::from_pem(key.public_pem()).map_err(|_| broken())?));
            if row.state == KeyState::Active {
                active = Some(key);
            }
        }
        let active = active.ok_or_else(broken)?;
        Ok(Signing { active, known, jwks: json!({ "keys": jwks }), stamp })
    }

    async fn key_event(
        &self,
        caller: &Caller,
        kind: EventKind,
        id: &InstanceId,
    ) -> Result<housekey_core::event::Event> {
        let about = About { user: None, client: None, session: None };
        self.event(caller, kind, about, json!({"key": id.as_str()})).await
    }
}

fn place(id: &InstanceId) -> Place<'_> {
    Place { table: "housekey_signing_key", column: "private_key", row: id.as_str() }
}
