//! Guests: the button that lets somebody in without a name, and what their account's pages are until they sign up.

use super::{
    page::{self, Told},
    problem,
    sign_in::asked,
};
use crate::{
    caller::Cookies,
    doors::shared::Ask,
    error::{Denial, Error},
};
use axum::{
    extract::{RawQuery, Request},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use housekey_core::{challenge::Action, redirect::ReturnTo};
use serde_json::json;

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    if !ask.housekey.admits_guests() {
        return problem::of(&mut ask, Error::NotFound);
    }
    let to = page::return_to(&ask, &asked(query.as_deref(), "return_to"));
    match page::current(&ask).await {
        Ok(Some(_)) => page::go_home(ask, to.as_ref(), &Cookies::default()),
        Ok(None) => {
            let at_once = ask.housekey.challenge_at_once(Action::SignUp);
            let told = at_once.map_or_else(Told::default, |due| Told::challenged(&ask, due));
            shown(ask, to.as_ref(), told)
        }
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn begin(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["return_to"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    if !ask.housekey.admits_guests() {
        return problem::of(&mut ask, Error::NotFound);
    }
    let to = page::return_to(&ask, fields.text("return_to"));
    match ask.housekey.guest_begin(&ask.caller, to.clone()).await {
        Ok(outcome) => page::go_home(ask, to.as_ref(), &outcome.cookies),
        // Whoever is here already goes on as who they are.
        Err(Error::Denied(Denial::SessionExists)) => page::go_home(ask, to.as_ref(), &Cookies::default()),
        Err(error) => match Told::of(&mut ask, error, "guest") {
            Ok(told) => shown(ask, to.as_ref(), told),
            Err(response) => *response,
        },
    }
}

pub(super) async fn delete(mut ask: Ask, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    match ask.housekey.guest_delete(&ask.caller).await {
        Ok(outcome) => page::go(&ask, "/", &outcome.cookies),
        Err(error) => problem::of(&mut ask, error),
    }
}

/// A guest's account has one page: what the others are for is refused to it, and they would be empty.
pub(super) async fn one_page(ask: Ask, request: Request, next: Next) -> Response {
    match page::current(&ask).await {
        Ok(Some(current)) if current.is_guest() => page::go(&ask, "/account", &Cookies::default()),
        _ => next.run(request).await,
    }
}

fn shown(ask: Ask, to: Option<&ReturnTo>, told: Told) -> Response {
    let view = json!({"return_to": to.map(ReturnTo::as_str).unwrap_or_default()});
    page::show_told(ask, "guest.html", "guest-title", view, told)
}
