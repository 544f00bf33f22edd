//! The link in a notice for whoever did not do what it tells. As with an undo, following it changes nothing.

use super::{page, problem, sign_in::asked};
use crate::{
    caller::Cookies,
    doors::shared::{Ask, CookieNames},
};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;

const WAITS: i64 = 600;

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    let token = asked(query.as_deref(), "token");
    if !token.is_empty() && token.len() < 200 && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    {
        let mut response = page::go(&ask, "/not-me", &Cookies::default());
        ask.names.set(response.headers_mut(), &ask.names.not_me, token, Some(WAITS));
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
