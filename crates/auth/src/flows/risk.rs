//! How unusual a sign-in is, and what that asks for: judged when the password was right, so that it tells strangers nothing.

use crate::{
    caller::Caller,
    error::{Error, Result},
    flows::codes,
    hooks::{Attempt, Subject},
    housekey::Housekey,
    settings::ClientTrust,
};
use housekey_core::{
    event::{ClientFacts, Event, EventKind},
    ids::ClientId,
    risk::{self, Assessment, Earlier, Response, Signs, Source},
    sign_in::{Strategy, Vouching},
};
use housekey_store::{limits::Spend, users::UserRow};
use std::{net::IpAddr, time::Duration};

/// How far back earlier sign-ins count.
const REMEMBERED: Duration = Duration::from_secs(90 * 24 * 3600);
/// How many of them.
const MOST_EARLIER: i64 = 30;

/// What the gate of a password saw.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tried {
    /// Wrong passwords in a row before this one, from devices that the account does not know.
    pub failures: i64,
    /// Whether a challenge was due.
    pub challenged: bool,
}

/// A sign-in that was judged.
#[derive(Clone, Debug)]
pub(crate) struct Weighed {
    pub assessment: Assessment,
    pub response: Response,
    /// Whether the device is one that the account knows.
    pub known_device: bool,
}

impl Weighed {
    /// What the audit trail keeps of it.
    pub(crate) fn detail(&self) -> serde_json::Value {
        serde_json::json!({
            "score": self.assessment.score, "rules": self.assessment.rules, "response": self.response,
        })
    }

    pub(crate) fn is_unusual(&self) -> bool {
        self.response >= Response::SecondFactor
    }
}

impl Housekey {
    /// Judges the sign-in of somebody whose first factor is right.
    pub(crate) async fn weigh(&self, caller: &Caller, user: &UserRow, tried: Tried) -> Result<Weighed> {
        let known_device = self.is_known_device(caller, user);
        // Without a map nothing can be found of a device that is known.
        let assessment = match known_device && self.0.places.is_none() {
            true => Assessment::default(),
            false => self.assess(caller, user, known_device, tried).await?,
        };
        let mut response = self.settings().risk.thresholds.respond(assessment.score);
        if let Some(decide) = &self.0.hooks.on_risk {
            response = decide(&Subject::of(user), &attempt(caller, known_device, assessment.clone(), response));
        }
        Ok(Weighed { assessment, response, known_device })
    }

    /// Whether the account completed a sign-in on this device before; an app may know better.
    pub(crate) fn is_known_device(&self, caller: &Caller, user: &UserRow) -> bool {
        let cookie = self.known_device(caller, &user.account.user, user.device_epoch).is_some();
        let Some(is_known) = &self.0.hooks.known_device else { return cookie };
        is_known(&Subject::of(user), &attempt(caller, cookie, Assessment::default(), Response::Allow))
    }

    async fn assess(&self, caller: &Caller, user: &UserRow, known_device: bool, tried: Tried) -> Result<Assessment> {
        let now = self.now();
        let (since, kind) = (now.minus(REMEMBERED), EventKind::SessionCreated);
        let rows = self.store().reader().events_of_kind(&user.account.user, kind, since, MOST_EARLIER).await?;
        let mut earlier = Vec::with_capacity(rows.len());
        for row in rows.iter().filter(|row| counted(&row.detail)) {
            let facts = self.open_event_facts(Some(user), row).await?;
            let address = facts.and_then(|ClientFacts { address, .. }| address.parse().ok());
            earlier.extend(address.map(|address| Earlier { at: row.at, from: self.source(address) }));
        }
        let from = self.source(caller.address);
        let Tried { failures, challenged } = tried;
        let unrest = self.unrest();
        Ok(risk::assess(&Signs { known_device, from: &from, earlier: &earlier, failures, challenged, unrest, now }))
    }

    fn source(&self, address: IpAddr) -> Source {
        let place = self.0.places.as_ref().and_then(|places| places.find(address));
        Source { network: neighbourhood(address), place }
    }

    /// The event of a sign-in of which more is asked than usual.
    pub(crate) async fn unusual(
        &self,
        caller: &Caller,
        user: &UserRow,
        client: &ClientId,
        weighed: &Weighed,
    ) -> Result<Event> {
        self.event_of(caller, EventKind::SignInUnusual, Some(user), Some(client), None, weighed.detail()).await
    }

    /// By what a device can be vouched for, where it has to be: the account's own mailbox and phone.
    pub(crate) async fn vouching(&self, user: &UserRow, weighed: &Weighed) -> Result<Vec<Vouching>> {
        let due = match self.settings().risk.client_trust {
            ClientTrust::Off => false,
            ClientTrust::OnRisk => weighed.is_unusual(),
            ClientTrust::NewDevices => weighed.is_unusual() || !weighed.known_device,
        };
        if !due {
            return Ok(Vec::new());
        }
        let mailbox = codes::mailbox_of(user).map(|to| Vouching { way: Strategy::EmailCode, to: to.masked() });
        let phone = self.vouching_phone(user).await?;
        let phone = phone.map(|to| Vouching { way: Strategy::PhoneCode, to: to.masked() });
        Ok(mailbox.into_iter().chain(phone).collect())
    }

    /// One notice of a refusal an hour, for each account.
    pub(crate) async fn may_tell_of_refusal(&self, user: &UserRow) -> Result<bool> {
        let told: Vec<Spend> = self.refusal_told_spends(&user.account.user);
        match self.spend(told).await {
            Ok(()) => Ok(true),
            Err(Error::Limited { .. }) => Ok(false),
            Err(other) => Err(other),
        }
    }
}

fn attempt(caller: &Caller, known_device: bool, assessment: Assessment, response: Response) -> Attempt {
    Attempt { address: caller.address, agent: caller.agent.clone(), known_device, assessment, response }
}

/// A sign-in that was not completed does not make its network a known one.
fn counted(detail: &str) -> bool {
    let detail: serde_json::Value = serde_json::from_str(detail).unwrap_or_default();
    detail.get("task").is_none_or(serde_json::Value::is_null)
}

/// An address without what changes for one customer from day to day.
fn neighbourhood(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_stays_in_one_neighbourhood() {
        let of = |address: &str| neighbourhood(address.parse().unwrap());
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.200"));
        assert_ne!(of("192.0.2.1"), of("192.0.3.1"));
        assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:9::4"));
        assert_ne!(of("2001:db8:1::"), of("2001:db8:2::"));
    }

    #[test]
    fn a_pending_session_makes_nothing_known() {
        assert!(counted(r#"{"first_factor":"password","task":null}"#) && counted("{}"));
        assert!(!counted(r#"{"task":"set_up_two_step"}"#));
    }
}
