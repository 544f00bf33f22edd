//! The one gate in front of every proof and every mail: which buckets an operation uses. The buckets are named by an
//! HMAC of what they count by, so that the table tells nobody who signs in.

use crate::{
    caller::Caller,
    error::{Error, Result},
    housekey::Housekey,
};
use housekey_core::{
    identifier::email::Email,
    ids::{DeviceId, SignInId, UserId},
    keyring::Purpose,
    limits::Limit,
};
use housekey_store::limits::{Spend, Spent};
use std::net::IpAddr;

impl Housekey {
    /// A step of a sign-in, whatever it proves: per address.
    pub(crate) fn sign_in_spends(&self, caller: &Caller) -> Vec<Spend> {
        let limits = self.limits();
        vec![
            self.per_address("sign_in_minute", caller, limits.sign_in_address_minute),
            self.per_address("sign_in_hour", caller, limits.sign_in_address_hour),
        ]
    }

    /// A try of a password: per known device, else per identifier and per account. Given back after a success.
    pub(crate) fn password_spends(&self, who: &str, user: Option<&UserId>, device: Option<&DeviceId>) -> Vec<Spend> {
        let limits = self.limits();
        if let Some(device) = device {
            return vec![self.bucket("password_device", &[device.as_str()], limits.password_known_device)];
        }
        vec![
            self.bucket("password_identifier", &[who], limits.password_account),
            self.bucket("password_user", &[self.whose(who, user)], limits.password_account),
        ]
    }

    /// The counter of failures in a row from unknown devices.
    pub(crate) fn failures_name(&self, who: &str, user: Option<&UserId>) -> [u8; 32] {
        self.name("failures", &[self.whose(who, user)])
    }

    /// A try of a mailed code: per address, and per account.
    pub(crate) fn code_spends(&self, caller: &Caller, who: &str, user: Option<&UserId>) -> Vec<Spend> {
        let limits = self.limits();
        vec![
            self.per_address("redeem", caller, limits.redeem_address),
            self.bucket("code_user", &[self.whose(who, user)], limits.code_account),
        ]
    }

    /// A try of a second factor in one sign-in, which is dead after five (SEC-10).
    pub(crate) fn second_attempt_spends(&self, attempt: &SignInId) -> Vec<Spend> {
        vec![self.bucket("second_attempt", &[attempt.as_str()], self.limits().second_factor_attempt)]
    }

    /// A try of a second factor: per address, and per known device or per account, so that a stranger who knows the
    /// password cannot use up the owner's tries.
    pub(crate) fn second_spends(&self, caller: &Caller, user: &UserId, device: Option<&DeviceId>) -> Vec<Spend> {
        let limits = self.limits();
        let (kind, who) = match device {
            Some(device) => ("second_device", device.as_str()),
            None => ("second_user", user.as_str()),
        };
        vec![
            self.per_address("redeem", caller, limits.redeem_address),
            self.bucket(kind, &[who], limits.second_factor_account),
        ]
    }

    /// A request to come back without a second factor: per address, and per account.
    pub(crate) fn recovery_spends(&self, caller: &Caller, user: &UserId) -> Vec<Spend> {
        let limits = self.limits();
        vec![
            self.per_address("redeem", caller, limits.redeem_address),
            self.bucket("recovery_user", &[user.as_str()], limits.recovery_account),
        ]
    }

    /// A mailed link that is followed: per address. Its secret is nothing to guess.
    pub(crate) fn link_spends(&self, caller: &Caller) -> Vec<Spend> {
        vec![self.per_address("redeem", caller, self.limits().redeem_address)]
    }

    /// A mail to an address: per address of the network, per mailbox, and one network's share of a mailbox.
    /// Someone on a known device counts apart, so that a stranger cannot use up the owner's mails.
    pub(crate) fn mail_spends(&self, caller: &Caller, to: &Email, known: bool) -> Vec<Spend> {
        let limits = self.limits();
        let kind = if known { "known" } else { "unknown" };
        let mailbox = to.canonical();
        let network = network_of(caller.address);
        vec![
            self.per_address("mail_address", caller, limits.mail_address),
            self.bucket("mail_network_mailbox", &[kind, mailbox, &network], limits.mail_mailbox_network),
            self.bucket("mail_short", &[kind, mailbox], limits.mail_mailbox),
            self.bucket("mail_day", &[kind, mailbox], limits.mail_mailbox_day),
        ]
    }

    /// A sign-up: per address.
    pub(crate) fn sign_up_spends(&self, caller: &Caller) -> Vec<Spend> {
        vec![self.per_address("sign_up", caller, self.limits().sign_up_address)]
    }

    /// A look at a password's strength: per address.
    pub(crate) fn strength_spends(&self, caller: &Caller) -> Vec<Spend> {
        vec![self.per_address("strength", caller, self.limits().sign_in_address_minute)]
    }

    /// A handshake of nobody: per address.
    pub(crate) fn handshake_spends(&self, caller: &Caller) -> Vec<Spend> {
        vec![self.per_address("handshake", caller, self.limits().sign_in_address_minute)]
    }

    /// Uses the buckets, or tells when there is room again.
    pub(crate) async fn pass(&self, spends: Vec<Spend>) -> Result<()> {
        allowed(self.store().spend(spends, self.now()).await?)
    }

    pub(crate) fn per_address(&self, kind: &str, caller: &Caller, limit: Limit) -> Spend {
        self.bucket(kind, &[&network_of(caller.address)], limit)
    }

    fn bucket(&self, kind: &str, parts: &[&str], limit: Limit) -> Spend {
        Spend { name: self.name(kind, parts), limit }
    }

    fn name(&self, kind: &str, parts: &[&str]) -> [u8; 32] {
        let mut all = vec![kind.as_bytes()];
        all.extend(parts.iter().map(|p| p.as_bytes()));
        self.keyring().mac(Purpose::LimitKey, &all)
    }

    /// A stranger's name counts like an account of its own, so that its buckets empty alike (SEC-20).
    fn whose<'a>(&self, who: &'a str, user: Option<&'a UserId>) -> &'a str {
        user.map_or(who, UserId::as_str)
    }
}

/// Turns a used-up bucket into the refusal that doors know.
pub(crate) fn allowed(spent: Spent) -> Result<()> {
    match spent {
        Spent::Allowed => Ok(()),
        Spent::Refused { retry_after, .. } => Err(Error::Limited { retry_after }),
    }
}

/// An address as limits count it: IPv4 whole, IPv6 by its /64, since one customer has all of that.
fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_10_an_ipv6_customer_is_one_network() {
        let a = network_of("2001:db8:1:2:3::4".parse().unwrap());
        assert_eq!(a, network_of("2001:db8:1:2:ffff::9".parse().unwrap()));
        assert_ne!(a, network_of("2001:db8:1:3::4".parse().unwrap()));
        assert_eq!(network_of("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1");
    }
}
