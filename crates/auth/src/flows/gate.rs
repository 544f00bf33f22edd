//! The one gate in front of every proof and every mail: which buckets an operation uses. The buckets are named by an
//! HMAC of what they count by, so that the table tells nobody who signs in.

use crate::{
    caller::Caller,
    error::{Error, Result},
    housekey::Housekey,
};
use housekey_core::{
    identifier::{email::Email, phone::Phone},
    ids::{DeviceId, SignInId, UserId},
    keyring::Purpose,
    limits::{Limit, REFUSED_AT},
};
use housekey_store::{
    gate::Gate,
    limits::{Spend, Spent},
};
use std::{net::IpAddr, time::Duration};

impl Housekey {
    /// A step of a sign-in, whatever it proves: per address. A browser that somebody signed in on before is not asked for
    /// a challenge by what others do behind the same address.
    pub(crate) fn sign_in_gate(&self, caller: &Caller, known: bool) -> Gate {
        let limits = self.limits();
        let minute = self.by_address("sign_in_minute", caller, limits.sign_in_address_minute);
        let hour = self.by_address("sign_in_hour", caller, limits.sign_in_address_hour);
        Gate {
            outer: vec![minute.refuses, hour.refuses],
            eased: eased(known, [minute.asks, hour.asks]),
            ..Gate::default()
        }
    }

    /// A proof that nobody guesses, as a passkey's: per address, and nobody is asked for a challenge.
    pub(crate) fn sign_in_spends(&self, caller: &Caller) -> Vec<Spend> {
        self.sign_in_gate(caller, true).outer
    }

    /// A try of a password at sign-in: per address, and per known device, else per identifier and per account.
    pub(crate) fn password_gate(&self, caller: &Caller, tried: &PasswordTried<'_>) -> Gate {
        let mut gate = self.sign_in_gate(caller, tried.device.is_some());
        gate.failures = Some(tried.failures);
        // Who cannot be challenged is asked for more after the password.
        let strangers = self.settings().risk.thresholds.challenges_strangers(self.unrest());
        gate.always = strangers && tried.is_from_unknown() && self.can_solve(caller);
        match &tried.unknown {
            None => gate.inner.extend(tried.own.clone()),
            Some(buckets) => {
                gate.eased.extend(buckets.iter().map(|b| b.asks.clone()));
                gate.inner.extend(buckets.iter().map(|b| b.refuses.clone()));
            }
        }
        gate
    }

    /// The buckets of a password that somebody tries, and what a right one gets back.
    pub(crate) fn password_tried<'a>(
        &self,
        who: &str,
        user: Option<&UserId>,
        device: Option<&'a DeviceId>,
    ) -> PasswordTried<'a> {
        let limit = self.limits().password_account;
        // A stranger's name counts like an account of its own, so that its buckets empty alike (SEC-20).
        let whose = self.whose(who, user);
        let unknown = device
            .is_none()
            .then(|| [self.pair("password_identifier", &[who], limit), self.pair("password_user", &[whose], limit)]);
        let own = device.map(|d| self.bucket("password_device", &[d.as_str()], self.limits().password_known_device));
        PasswordTried { device, unknown, own, failures: self.name("failures", &[whose]) }
    }

    /// A try of a password by somebody who is signed in, or by a backend: per known device, else per account.
    pub(crate) fn own_password_spends(&self, user: &UserId, device: Option<&DeviceId>) -> Vec<Spend> {
        let limits = self.limits();
        match device {
            Some(device) => vec![self.bucket("password_device", &[device.as_str()], limits.password_known_device)],
            None => vec![self.bucket("password_own", &[user.as_str()], limits.password_account)],
        }
    }

    /// The counter of failures in a row from unknown devices.
    pub(crate) fn failures_name(&self, who: &str, user: Option<&UserId>) -> [u8; 32] {
        self.name("failures", &[self.whose(who, user)])
    }

    /// A try of a mailed code: per address, and per account.
    pub(crate) fn code_gate(&self, caller: &Caller, who: &str, user: Option<&UserId>, known: bool) -> Gate {
        let limits = self.limits();
        let address = self.by_address("redeem", caller, limits.redeem_address);
        let account = self.bucket("code_user", &[self.whose(who, user)], limits.code_account);
        Gate {
            outer: vec![address.refuses],
            eased: eased(known, [address.asks]),
            inner: vec![account],
            ..Gate::default()
        }
    }

    /// A try of a second factor in one sign-in, which is dead after five (SEC-10).
    pub(crate) fn second_attempt_spends(&self, attempt: &SignInId) -> Vec<Spend> {
        vec![self.bucket("second_attempt", &[attempt.as_str()], self.limits().second_factor_attempt)]
    }

    /// A try of a second factor: per address, and per known device or per account, so that a stranger who knows the
    /// password cannot use up the owner's tries. Whoever comes as far is not asked for a challenge.
    pub(crate) fn second_spends(&self, caller: &Caller, user: &UserId, device: Option<&DeviceId>) -> Vec<Spend> {
        let limits = self.limits();
        let (kind, who) = match device {
            Some(device) => ("second_device", device.as_str()),
            None => ("second_user", user.as_str()),
        };
        vec![
            self.by_address("redeem", caller, limits.redeem_address).refuses,
            self.bucket(kind, &[who], limits.second_factor_account),
        ]
    }

    /// A code to the mailbox that vouches for a device. It counts apart from what strangers can ask for.
    pub(crate) fn vouching_mail_spends(&self, caller: &Caller, to: &Email) -> Vec<Spend> {
        let gate = self.mail_gate_of("vouching", caller, to);
        [gate.outer, gate.inner].concat()
    }

    /// A code to the phone that vouches for a device, likewise.
    pub(crate) fn vouching_sms_spends(&self, caller: &Caller, to: &Phone, who: &UserId) -> Vec<Spend> {
        let gate = self.sms_gate_of("vouching", caller, to, Some(who));
        [gate.outer, gate.inner].concat()
    }

    /// A code to the phone that is a second factor. Its owner on a known device counts apart from whoever knows the
    /// password.
    pub(crate) fn second_sms_spends(&self, caller: &Caller, to: &Phone, who: &UserId, known: bool) -> Vec<Spend> {
        let kind = if known { "second_known" } else { "second" };
        let gate = self.sms_gate_of(kind, caller, to, Some(who));
        [gate.outer, gate.inner].concat()
    }

    /// A notice of a sign-in that was refused, per account.
    pub(crate) fn refusal_told_spends(&self, user: &UserId) -> Vec<Spend> {
        vec![self.bucket("refusal_told", &[user.as_str()], Limit::new(1, Duration::from_secs(3600)))]
    }

    /// A request to come back without a second factor: per address, and per account.
    pub(crate) fn recovery_spends(&self, caller: &Caller, user: &UserId) -> Vec<Spend> {
        let limits = self.limits();
        vec![
            self.per_address("redeem", caller, limits.redeem_address),
            self.bucket("recovery_user", &[user.as_str()], limits.recovery_account),
        ]
    }

    /// A mail to an address: per address of the network, per mailbox, and one network's share of a mailbox.
    /// Someone on a known device counts apart, so that a stranger cannot use up the owner's mails.
    pub(crate) fn mail_gate(&self, caller: &Caller, to: &Email, known: bool) -> Gate {
        let asks = self.by_address("mail_address", caller, self.limits().mail_address).asks;
        let kind = if known { "known" } else { "unknown" };
        Gate { eased: eased(known, [asks]), ..self.mail_gate_of(kind, caller, to) }
    }

    fn mail_gate_of(&self, kind: &str, caller: &Caller, to: &Email) -> Gate {
        let limits = self.limits();
        let mailbox = to.canonical();
        let network = network_of(caller.address);
        let address = self.by_address("mail_address", caller, limits.mail_address);
        Gate {
            outer: vec![address.refuses],
            inner: vec![
                self.bucket("mail_network_mailbox", &[kind, mailbox, &network], limits.mail_mailbox_network),
                self.bucket("mail_short", &[kind, mailbox], limits.mail_mailbox),
                self.bucket("mail_day", &[kind, mailbox], limits.mail_mailbox_day),
            ],
            ..Gate::default()
        }
    }

    /// A message to a phone: what a mail counts, and by the numbers beside it, by who is signed in, and for the whole
    /// instance, since each costs money. Someone on a known device counts apart, in all but the address. The figure of
    /// the address refuses at once: a program that solves challenges is not let send more.
    pub(crate) fn sms_gate(&self, caller: &Caller, to: &Phone, who: Option<&UserId>, known: bool) -> Gate {
        self.sms_gate_of(if known { "known" } else { "unknown" }, caller, to, who)
    }

    fn sms_gate_of(&self, kind: &str, caller: &Caller, to: &Phone, who: Option<&UserId>) -> Gate {
        let limits = self.limits();
        let number = to.as_str();
        let network = network_of(caller.address);
        let day = Limit::new(self.settings().sms.per_day, Duration::from_secs(24 * 3600));
        let account = who.map(|id| self.bucket("sms_account", &[kind, id.as_str()], limits.sms_account_day));
        let all = [
            self.bucket("sms_network_number", &[kind, number, &network], limits.sms_number_network),
            self.bucket("sms_short", &[kind, number], limits.sms_number),
            self.bucket("sms_day", &[kind, number], limits.sms_number_day),
            self.bucket("sms_range", &[kind, to.range()], limits.sms_range),
            self.bucket("sms_instance", &[kind], day),
        ];
        Gate {
            outer: vec![self.bucket("sms_address", &[&network], limits.sms_address)],
            inner: all.into_iter().chain(account).collect(),
            ..Gate::default()
        }
    }

    /// A sign-up: per address, and where the operator wants it with a challenge each time.
    pub(crate) fn sign_up_gate(&self, caller: &Caller) -> Gate {
        let address = self.by_address("sign_up", caller, self.limits().sign_up_address);
        let always = self.settings().bots.challenges_every_sign_up();
        Gate { outer: vec![address.refuses], eased: eased(false, [address.asks]), always, ..Gate::default() }
    }

    /// A look at a password's strength: per address.
    pub(crate) fn strength_spends(&self, caller: &Caller) -> Vec<Spend> {
        vec![self.by_address("strength", caller, self.limits().sign_in_address_minute).refuses]
    }

    /// A handshake of nobody: per address.
    pub(crate) fn handshake_spends(&self, caller: &Caller) -> Vec<Spend> {
        vec![self.by_address("handshake", caller, self.limits().sign_in_address_minute).refuses]
    }

    /// A secret of a mailed link: per address. Who guesses one needs no challenge to be stopped, and who has one did
    /// nothing to be asked for.
    pub(crate) fn link_spends(&self, caller: &Caller) -> Vec<Spend> {
        vec![self.by_address("sign_in_minute", caller, self.limits().sign_in_address_minute).refuses]
    }

    /// Uses the buckets, or tells when there is room again.
    pub(crate) async fn spend(&self, spends: Vec<Spend>) -> Result<()> {
        allowed(self.store().spend(spends, self.now()).await?)
    }

    /// A bucket of the caller's address that refuses at ten times its figure and asks for nothing before.
    pub(crate) fn per_address(&self, kind: &str, caller: &Caller, limit: Limit) -> Spend {
        self.by_address(kind, caller, limit).refuses
    }

    /// A figure of the caller's address.
    fn by_address(&self, kind: &str, caller: &Caller, limit: Limit) -> Pair {
        self.pair(kind, &[&network_of(caller.address)], limit)
    }

    fn pair(&self, kind: &str, parts: &[&str], limit: Limit) -> Pair {
        let asks = self.bucket(kind, parts, limit);
        let refuses = self.bucket(&format!("{kind}_refused"), parts, limit.times(REFUSED_AT));
        Pair { asks, refuses }
    }

    fn bucket(&self, kind: &str, parts: &[&str], limit: Limit) -> Spend {
        Spend { name: self.name(kind, parts), limit }
    }

    fn name(&self, kind: &str, parts: &[&str]) -> [u8; 32] {
        let mut all = vec![kind.as_bytes()];
        all.extend(parts.iter().map(|p| p.as_bytes()));
        self.keyring().mac(Purpose::LimitKey, &all)
    }

    fn whose<'a>(&self, who: &'a str, user: Option<&'a UserId>) -> &'a str {
        user.map_or(who, UserId::as_str)
    }
}

/// One figure as two buckets: beyond the first a challenge is asked for, beyond the second nothing helps but time.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    asks: Spend,
    refuses: Spend,
}

/// A password that somebody tries at sign-in.
pub(crate) struct PasswordTried<'a> {
    device: Option<&'a DeviceId>,
    unknown: Option<[Pair; 2]>,
    own: Option<Spend>,
    /// The counter of failures in a row from unknown devices.
    pub failures: [u8; 32],
}

impl PasswordTried<'_> {
    /// Whether it comes from a device that the account does not know.
    pub fn is_from_unknown(&self) -> bool {
        self.device.is_none()
    }

    /// What is given back to whoever proves to be right.
    pub(crate) fn counted(&self) -> Vec<Spend> {
        let unknown = self.unknown.iter().flatten().flat_map(|pair| [pair.asks.clone(), pair.refuses.clone()]);
        unknown.chain(self.own.clone()).collect()
    }
}

fn eased<const N: usize>(known: bool, asks: [Spend; N]) -> Vec<Spend> {
    if known { Vec::new() } else { asks.into() }
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
