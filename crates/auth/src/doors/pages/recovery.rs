//! Coming back without a second factor: asked for after the first one, and the link in every mailbox that says no.

use super::{page, problem};
use crate::{
    doors::shared::{Ask, CookieNames},
    error::Result,
};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;
use serde_json::{Value, json};

const CANCEL: &str = "/recovery/cancel";

pub(super) async fn show(mut ask: Ask) -> Response {
    match view(&ask).await {
        Ok(view) => page::show(ask, "recovery.html", "recovery-title", view),
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn start(mut ask: Ask, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    match ask.housekey.recovery_ask(&ask.caller).await {
        Ok(_) => page::go(&ask, "/sign-in/recovery", &crate::caller::Cookies::default()),
        Err(error) => problem::of(&mut ask, error),
    }
}

async fn view(ask: &Ask) -> Result<Value> {
    let shown = ask.housekey.recovery_shown(&ask.caller).await?;
    Ok(json!({
        "email": shown.identifier,
        "hours": shown.wait.as_secs().div_ceil(3600),
        "ends": shown.ends.map(|at| at.as_millis()),
    }))
}

/// Following the link changes nothing; its button says no.
pub(super) async fn show_cancel(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    if let Some(response) = page::taken_from_address(&ask, query.as_deref(), "token", &ask.names.recovery, CANCEL) {
        return response;
    }
    match ask.housekey.recovery_cancel_shown(&waiting(&ask)).await {
        Ok(address) => page::show(ask, "recovery_cancel.html", "recovery-cancel-title", json!({"address": address})),
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn cancel(mut ask: Ask, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    match ask.housekey.recovery_cancel(&ask.caller, &waiting(&ask)).await {
        Ok(()) => {
            let words = ask.housekey.0.pages.words("recovery-cancelled", &[]).unwrap_or_default();
            let names = ask.names.clone();
            let view = json!({"words": words, "onward": null, "way": "/forgot-password", "way_words": "set-password"});
            let mut response = page::show(ask, "message.html", "recovery-cancelled-title", view);
            names.forget(response.headers_mut(), &names.recovery);
            response
        }
        Err(error) => problem::of(&mut ask, error),
    }
}

fn waiting(ask: &Ask) -> String {
    CookieNames::read(&ask.headers, &ask.names.recovery).unwrap_or_default()
}
