//! Devices that their owner trusts (SEC-64): ticked at the second factor, for some days. They stand in for it at sign-in,
//! and nowhere else: a risky change asks for the factor itself.

use crate::{
    caller::Caller,
    error::{Error, Result},
    flows::{notes::facts_of, risk::Tried},
    housekey::Housekey,
};
use housekey_core::{
    event::{ClientFacts, EventKind},
    ids::TrustedDeviceId,
    keyring::Place,
    sign_in::SecondStrategy,
    time::Time,
    token::opaque::OpaqueToken,
};
use housekey_store::{
    trusted_devices::{NewTrustedDevice, TrustedDeviceRow},
    users::UserRow,
};
use std::time::Duration;

const DAY: u64 = 24 * 3600;

/// A trusted device as its owner sees it.
#[derive(Clone, Debug)]
pub struct TrustedDeviceView {
    /// Its id.
    pub id: TrustedDeviceId,
    /// Whether it is the one that asks.
    pub current: bool,
    /// From where, and with what it was trusted.
    pub facts: ClientFacts,
    /// Since when.
    pub created: Time,
    /// When somebody last signed in on it without a second factor.
    pub last_used: Time,
    /// Until when.
    pub expires: Time,
}

/// What is due of an account on this device.
pub(crate) struct Due {
    /// The second factors that are asked for.
    pub second: Vec<SecondStrategy>,
    /// The trusted device that stands in for them.
    pub trusted: Option<TrustedDeviceId>,
}

impl Housekey {
    /// What is due after a first factor on this device: what the account has, unless its owner trusts the device.
    pub(crate) async fn due_here(&self, caller: &Caller, user: &UserRow) -> Result<Due> {
        let second = self.due(user);
        if second.is_empty() || self.settings().trusted_device_days == 0 {
            return Ok(Due { second, trusted: None });
        }
        let id = &user.account.user;
        let Some(shown) = self.trust_shown(caller, id, user.device_epoch) else {
            return Ok(Due { second, trusted: None });
        };
        let stored = self.store().reader().trusted_device(&shown.id, id, self.now()).await?;
        Ok(match stored.is_some_and(|hash| hash.matches(shown.secret().expose())) {
            // Whoever took the browser's cookies along comes from somewhere else.
            true if self.weigh(caller, user, Tried::default()).await?.is_unusual() => Due { second, trusted: None },
            true => Due { second: Vec::new(), trusted: Some(shown.id) },
            false => Due { second, trusted: None },
        })
    }

    /// A device that is trusted from now on; none where the instance trusts none.
    pub(crate) fn new_trust(&self, caller: &Caller) -> Option<(OpaqueToken<TrustedDeviceId>, NewTrustedDevice)> {
        let days = self.settings().trusted_device_days;
        if days == 0 {
            return None;
        }
        let now = self.now();
        let token = OpaqueToken::new(TrustedDeviceId::new(now, self.entropy()), self.entropy());
        let plain = serde_json::to_vec(&facts_of(caller)).unwrap_or_default();
        let new = NewTrustedDevice {
            id: token.id.clone(),
            secret_hash: token.hash(),
            facts: self.keyring().seal(place_of(&token.id), &plain, self.entropy()),
            expires: now.plus(Duration::from_secs(DAY * u64::from(days))),
        };
        Some((token, new))
    }

    /// The devices that the signed-in user trusts, last used first.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for anybody else.
    pub async fn trusted_devices(&self, caller: &Caller) -> Result<Vec<TrustedDeviceView>> {
        let here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        let this = self.trust_shown(caller, &user.account.user, user.device_epoch).map(|shown| shown.id);
        let rows = self.store().reader().trusted_devices(&user.account.user, self.now()).await?;
        let shown = |row: TrustedDeviceRow| TrustedDeviceView {
            current: this.as_ref() == Some(&row.id),
            facts: self.trusted_facts(&row),
            id: row.id,
            created: row.created,
            last_used: row.last_used,
            expires: row.expires,
        };
        Ok(rows.into_iter().map(shown).collect())
    }

    /// Trusts a device of the signed-in user no more; without an id, none of them.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is nobody's or somebody else's.
    pub async fn trusted_device_revoke(&self, caller: &Caller, id: Option<&TrustedDeviceId>) -> Result<()> {
        let here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        let detail = serde_json::json!({"device": id.map_or("all", TrustedDeviceId::as_str)});
        let event = self.event_here(caller, EventKind::TrustedDeviceRevoked, &here, &user, detail).await?;
        let gone = self.store().trusted_devices_drop(&user.account.user, id.cloned(), event).await?;
        if gone || id.is_none() { Ok(()) } else { Err(Error::NotFound) }
    }

    fn trusted_facts(&self, row: &TrustedDeviceRow) -> ClientFacts {
        let plain = self.keyring().open(place_of(&row.id), &row.facts).ok();
        plain.and_then(|p| serde_json::from_slice(p.expose()).ok()).unwrap_or_default()
    }
}

fn place_of(id: &TrustedDeviceId) -> Place<'_> {
    Place { table: "housekey_trusted_device", column: "facts", row: id.as_str() }
}
