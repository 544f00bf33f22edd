//! Where one is signed in, and the end of it.

use super::{
    page::{self, Told},
    problem,
    sign_in::asked,
};
use crate::{
    caller::Cookies,
    doors::shared::Ask,
    error::Error,
    flows::{session::SessionView, trusted_devices::TrustedDeviceView},
    mail::Facts,
};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;
use housekey_core::ids::{SessionId, TrustedDeviceId};
use serde::Serialize;
use std::net::{IpAddr, Ipv4Addr};

const HERE: &str = "/account/devices";

#[derive(Serialize)]
struct View {
    here: &'static str,
    sessions: Vec<Row>,
    trusted: Vec<Trusted>,
}

#[derive(Serialize)]
struct Trusted {
    id: String,
    current: bool,
    browser: Option<String>,
    system: Option<String>,
    address: String,
    last_used: i64,
    expires: i64,
}

#[derive(Serialize)]
struct Row {
    id: String,
    current: bool,
    browser: Option<String>,
    system: Option<String>,
    address: String,
    last_seen: i64,
}

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    let found = (ask.housekey.session_list(&ask.caller).await, ask.housekey.trusted_devices(&ask.caller).await);
    match found {
        (Ok(sessions), Ok(devices)) => {
            let told = Told::done(&ask, &asked(query.as_deref(), "done"));
            let sessions = sessions.into_iter().map(row).collect();
            let view = View { here: HERE, sessions, trusted: devices.into_iter().map(trusted).collect() };
            page::show_told(ask, "devices.html", "devices", view, told)
        }
        (Err(error), _) | (_, Err(error)) => problem::of(&mut ask, error),
    }
}

pub(super) async fn end(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["session", "trusted"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if !fields.text("trusted").is_empty() {
        return trust_no_more(ask, fields.text("trusted")).await;
    }
    let named = fields.text("session").to_owned();
    let (done, told) = if named == "others" {
        (ask.housekey.session_revoke_others(&ask.caller).await.map(drop), "others-ended")
    } else {
        let id = SessionId::try_from(named.as_str()).map_err(|_| Error::NotFound);
        match id {
            Ok(id) => (ask.housekey.session_revoke(&ask.caller, &id).await, "session-ended"),
            Err(error) => (Err(error), ""),
        }
    };
    match done {
        Ok(()) => page::go_done(&ask, HERE, told, &Cookies::default()),
        Err(error) => problem::of(&mut ask, error),
    }
}

async fn trust_no_more(mut ask: Ask, named: &str) -> Response {
    let done = match (named, TrustedDeviceId::try_from(named)) {
        ("all", _) => ask.housekey.trusted_device_revoke(&ask.caller, None).await,
        (_, Ok(id)) => ask.housekey.trusted_device_revoke(&ask.caller, Some(&id)).await,
        // Nobody learns what an id looks like before they are signed in.
        (_, Err(_)) => ask.housekey.trusted_devices(&ask.caller).await.and(Err(Error::NotFound)),
    };
    match done {
        Ok(()) => page::go_done(&ask, HERE, "trust-ended", &Cookies::default()),
        Err(error) => problem::of(&mut ask, error),
    }
}

fn trusted(device: TrustedDeviceView) -> Trusted {
    let address = device.facts.address.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let facts = Facts::of(device.created, &device.facts.agent, address);
    Trusted {
        id: device.id.to_string(),
        current: device.current,
        browser: facts.browser().map(str::to_owned),
        system: facts.system().map(str::to_owned),
        address: device.facts.address,
        last_used: device.last_used.as_millis(),
        expires: device.expires.as_millis(),
    }
}

fn row(session: SessionView) -> Row {
    let address = session.facts.address.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let facts = Facts::of(session.created, &session.facts.agent, address);
    Row {
        id: session.id.to_string(),
        current: session.current,
        browser: facts.browser().map(str::to_owned),
        system: facts.system().map(str::to_owned),
        address: session.facts.address,
        last_seen: session.last_seen.as_millis(),
    }
}
