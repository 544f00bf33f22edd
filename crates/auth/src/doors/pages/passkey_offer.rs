//! A passkey at the end of a sign-up: asked for once, on the way to where the person wanted to go.

use super::{
    page::{self, Told},
    problem,
    sign_in::asked,
};
use crate::{caller::Cookies, doors::shared::Ask, flows::sign_up::SignUpView};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;
use housekey_core::redirect::ReturnTo;
use serde_json::json;

/// The field in which a script says that the browser knows passkeys. Without it nobody is asked.
pub(super) const KNOWS: &str = "knows_passkeys";

/// The way on from a sign-up that is done.
pub(super) fn after_sign_up(ask: Ask, view: &SignUpView, knows: bool, cookies: &Cookies) -> Response {
    if !(view.made && knows && ask.housekey.offers_passkeys()) {
        return page::go_home(ask, view.return_to.as_ref(), cookies);
    }
    let to = view.return_to.as_ref().map(ReturnTo::as_str).unwrap_or_default();
    let query: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
    page::go(&ask, &format!("/sign-up/passkey?return_to={query}"), cookies)
}

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    let to = page::return_to(&ask, &asked(query.as_deref(), "return_to"));
    match ask.housekey.passkey_is_offered(&ask.caller).await {
        Ok(true) => shown(ask, to.as_ref(), Told::default()),
        Ok(false) => page::go_home(ask, to.as_ref(), &Cookies::default()),
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn add(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["name", "passkey", "return_to"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    let to = page::return_to(&ask, fields.text("return_to"));
    // A session that waits for a second factor sets one up elsewhere.
    if let Err(error) = ask.housekey.passkey_is_offered(&ask.caller).await {
        return problem::of(&mut ask, error);
    }
    match ask.housekey.passkey_add(&ask.caller, None, fields.text("name"), fields.text("passkey")).await {
        Ok(_) => page::go_home(ask, to.as_ref(), &Cookies::default()),
        Err(error) => match Told::of(&mut ask, error, "passkey") {
            Ok(told) => shown(ask, to.as_ref(), told),
            Err(response) => *response,
        },
    }
}

fn shown(ask: Ask, to: Option<&ReturnTo>, told: Told) -> Response {
    let to = to.map(ReturnTo::as_str).unwrap_or_default();
    page::show_told(ask, "sign_up_passkey.html", "passkey-offer-title", json!({"return_to": to}), told)
}
