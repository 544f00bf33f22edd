//! Known devices: a sealed list in a cookie of who completed a sign-in there. It never signs in; it chooses the bucket,
//! so that an attacker elsewhere cannot lock the owner out (SEC-11).

use crate::{caller::Caller, housekey::Housekey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use housekey_core::{
    ids::{DeviceId, TrustedDeviceId, UserId},
    keyring::Place,
    token::opaque::OpaqueToken,
};
use serde::{Deserialize, Serialize};

/// How many users one browser remembers.
const MOST: usize = 5;
const PLACE: Place<'static> = Place { table: "cookie", column: "device", row: "device" };

#[derive(Clone, Serialize, Deserialize)]
struct Known {
    #[serde(rename = "u")]
    user: UserId,
    #[serde(rename = "d")]
    device: DeviceId,
    #[serde(rename = "e")]
    epoch: i64,
    /// The token of a device that its owner trusts.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    trust: Option<String>,
}

impl Housekey {
    /// The device's id, when this user completed a sign-in on it since the devices were last forgotten.
    pub(crate) fn known_device(&self, caller: &Caller, user: &UserId, epoch: i64) -> Option<DeviceId> {
        let known = self.devices(caller);
        known.into_iter().find(|k| &k.user == user && k.epoch == epoch).map(|k| k.device)
    }

    /// The token that shows that this user trusts the device, if there is one.
    pub(crate) fn trust_shown(
        &self,
        caller: &Caller,
        user: &UserId,
        epoch: i64,
    ) -> Option<OpaqueToken<TrustedDeviceId>> {
        let known = self.devices(caller).into_iter().find(|k| &k.user == user && k.epoch == epoch)?;
        OpaqueToken::parse(&known.trust?).ok()
    }

    /// Whether anybody completed a sign-in on this device, as far as it says itself. It spares a challenge, and no more.
    pub(crate) fn is_familiar(&self, caller: &Caller) -> bool {
        !self.devices(caller).is_empty()
    }

    /// The cookie's value after this user completed a sign-in.
    pub(crate) fn remember_device(&self, caller: &Caller, user: &UserId, epoch: i64) -> Option<String> {
        self.remember_trusted(caller, user, epoch, None)
    }

    /// The same on a device that is trusted from now on.
    pub(crate) fn remember_trusted(
        &self,
        caller: &Caller,
        user: &UserId,
        epoch: i64,
        trust: Option<&OpaqueToken<TrustedDeviceId>>,
    ) -> Option<String> {
        let mut known = self.devices(caller);
        let before = known.iter().find(|k| &k.user == user && k.epoch == epoch);
        let device = before.map_or_else(|| DeviceId::new(self.now(), self.entropy()), |k| k.device.clone());
        let trust = trust.map(OpaqueToken::reveal).or_else(|| before.and_then(|k| k.trust.clone()));
        known.retain(|k| &k.user != user);
        known.insert(0, Known { user: user.clone(), device, epoch, trust });
        known.truncate(MOST);
        let plain = serde_json::to_vec(&known).ok()?;
        Some(URL_SAFE_NO_PAD.encode(self.keyring().seal(PLACE, &plain, self.entropy())))
    }

    fn devices(&self, caller: &Caller) -> Vec<Known> {
        let read = || {
            let sealed = URL_SAFE_NO_PAD.decode(caller.device.as_ref()?).ok()?;
            let plain = self.keyring().open(PLACE, &sealed).ok()?;
            serde_json::from_slice(plain.expose()).ok()
        };
        read().unwrap_or_default()
    }
}
