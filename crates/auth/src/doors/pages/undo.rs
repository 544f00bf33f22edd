//! The link in the mail to a former primary address. Following it changes nothing: mail scanners follow links too. The
//! token leaves the address bar before anything loads, and waits in a cookie for the button (SEC-33).

use super::{page, problem};
use crate::doors::shared::{Ask, CookieNames};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    if let Some(response) = page::taken_from_address(&ask, query.as_deref(), "token", &ask.names.undo, "/undo") {
        return response;
    }
    let token = CookieNames::read(&ask.headers, &ask.names.undo).unwrap_or_default();
    match ask.housekey.email_undo_shown(&token).await {
        Ok(address) => page::show(ask, "undo.html", "undo-title", serde_json::json!({"address": address})),
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn act(mut ask: Ask, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    let token = CookieNames::read(&ask.headers, &ask.names.undo).unwrap_or_default();
    match ask.housekey.email_undo(&ask.caller, &token).await {
        Ok(()) => {
            let words = ask.housekey.0.pages.words("undone", &[]).unwrap_or_default();
            let names = ask.names.clone();
            let view = serde_json::json!({"words": words, "onward": null, "way": "/sign-in", "way_words": "sign-in"});
            let mut response = page::show(ask, "message.html", "undone-title", view);
            names.forget(response.headers_mut(), &names.undo);
            response
        }
        Err(error) => problem::of(&mut ask, error),
    }
}
