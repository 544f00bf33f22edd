//! The link in a notice for whoever did not do what it tells. As with an undo, following it changes nothing.

use super::{page, problem};
use crate::doors::shared::{Ask, CookieNames};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    if let Some(response) = page::taken_from_address(&ask, query.as_deref(), "token", &ask.names.not_me, "/not-me") {
        return response;
    }
    let token = CookieNames::read(&ask.headers, &ask.names.not_me).unwrap_or_default();
    match ask.housekey.not_me_shown(&token).await {
        Ok(address) => page::show(ask, "not_me.html", "not-me-title", serde_json::json!({"address": address})),
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn act(mut ask: Ask, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    let token = CookieNames::read(&ask.headers, &ask.names.not_me).unwrap_or_default();
    match ask.housekey.not_me(&ask.caller, &token).await {
        Ok(()) => {
            let words = ask.housekey.0.pages.words("not-me-done", &[]).unwrap_or_default();
            let names = ask.names.clone();
            let view = serde_json::json!({"words": words, "onward": null, "way": "/forgot-password", "way_words": "set-password"});
            let mut response = page::show(ask, "message.html", "not-me-done-title", view);
            names.forget(response.headers_mut(), &names.not_me);
            response
        }
        Err(error) => problem::of(&mut ask, error),
    }
}
