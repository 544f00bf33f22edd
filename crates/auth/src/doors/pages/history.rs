//! What happened to the account, in plain words, and what there is to do next.

use super::{page, problem, sign_in::asked};
use crate::{
    doors::shared::Ask,
    flows::history::{Advice, Happening},
    mail::Facts,
};
use axum::{extract::RawQuery, response::Response};
use housekey_core::ids::EventId;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};

const HERE: &str = "/account/security";
/// Rows of one page.
const MOST: usize = 20;

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    let before = EventId::try_from(asked(query.as_deref(), "before").as_str()).ok();
    match ask.housekey.history(&ask.caller, before.as_ref(), MOST).await {
        Ok(found) => {
            let view = json!({
                "here": HERE,
                "items": found.items.iter().map(happening).collect::<Vec<_>>(),
                "next": found.next,
                "first": before.is_none(),
            });
            page::show(ask, "history.html", "history-title", view)
        }
        Err(error) => problem::of(&mut ask, error),
    }
}

/// One row.
pub(super) fn happening(item: &Happening) -> Value {
    let address = item.facts.address.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let facts = Facts::of(item.at, &item.facts.agent, address);
    json!({
        "key": item.kind.replace(['.', '_'], "-"),
        "at": item.at.as_millis(),
        "by_person": item.by_person,
        "browser": facts.browser(),
        "system": facts.system(),
        "address": item.facts.address,
    })
}

/// What to do next: its words, and the page where it is done.
pub(super) fn advice(advice: &Advice) -> Value {
    let (key, way, number, text) = match advice {
        Advice::RecoveryAsked(at) => ("recovery", "/step-up?return_to=/account/security", at.as_millis(), ""),
        Advice::PasswordCompromised => ("password", "/account/security#password-panel", 0, ""),
        Advice::NoSecondFactor => ("second-factor", "/account/security#two-step", 0, ""),
        Advice::FewBackupCodes(left) => ("codes", "/account/security#two-step", *left, ""),
        Advice::UnverifiedAddress(address) => ("address", "/account/emails", 0, address.as_str()),
        Advice::OldSessions(count) => ("sessions", "/account/devices", i64::try_from(*count).unwrap_or(i64::MAX), ""),
    };
    json!({"key": key, "way": way, "number": number, "text": text})
}
