//! The first step of a sign-in: somebody is named.

use super::{
    page::{self, Told},
    problem, tickets,
};
use crate::{
    caller::Cookies,
    doors::shared::Ask,
    flows::sign_in::{SignInStatus, SignInView, StartSignIn},
};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;
use housekey_core::redirect::ReturnTo;
use serde::Serialize;

#[derive(Serialize)]
struct View {
    /// Whoever is named.
    email: String,
    /// The words for what may be typed; an e-mail address alone is none of them.
    label: Option<&'static str>,
    return_to: String,
    remember: bool,
    passkeys: bool,
}

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    if let Some(response) = tickets::come(&ask, query.as_deref(), "/sign-in/ticket") {
        return response;
    }
    let to = page::return_to(&ask, &asked(query.as_deref(), "return_to"));
    match page::current(&ask).await {
        Ok(Some(_)) => return page::go_home(ask, to.as_ref(), &Cookies::default()),
        Ok(None) => {}
        Err(error) => return problem::of(&mut ask, error),
    }
    if let Ok(Some(_)) = ask.housekey.pending_task(&ask.caller).await {
        return page::go(&ask, "/sign-in/set-up", &Cookies::default());
    }
    let known = ask.housekey.sign_in_current(&ask.caller).await.ok().flatten();
    let email = known.as_ref().and_then(|k| k.identifier.clone()).unwrap_or_default();
    let to = to.or_else(|| known.as_ref().and_then(|k| k.return_to.clone()));
    let return_to = to.map(|t| t.as_str().to_owned()).unwrap_or_default();
    let passkeys = ask.housekey.has_passkeys();
    let remember = known.is_some_and(|k| k.remember);
    let view = View { email, label: label(&ask), return_to, remember, passkeys };
    page::show(ask, "sign_in.html", "sign-in", view)
}

pub(super) async fn start(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["email", "remember", "return_to"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let (email, remember) = (fields.text("email").to_owned(), fields.is_ticked("remember"));
    let return_to = page::return_to(&ask, fields.text("return_to"));
    let start = StartSignIn { identifier: email.clone(), remember, return_to: return_to.clone() };
    match ask.housekey.sign_in_start(&ask.caller, start).await {
        Ok(outcome) => {
            let (view, cookies) = page::parts(outcome);
            next(ask, &view, &cookies)
        }
        Err(error) => match Told::of(&mut ask, error, "email") {
            Ok(told) => shown(ask, email, return_to, remember, told),
            Err(response) => *response,
        },
    }
}

/// The page after a passkey that opened nothing.
pub(super) fn again(ask: Ask, return_to: Option<ReturnTo>, remember: bool, told: Told) -> Response {
    shown(ask, String::new(), return_to, remember, told)
}

fn shown(ask: Ask, email: String, return_to: Option<ReturnTo>, remember: bool, told: Told) -> Response {
    let return_to = return_to.map(|t| t.as_str().to_owned()).unwrap_or_default();
    let passkeys = ask.housekey.has_passkeys();
    let view = View { email, label: label(&ask), return_to, remember, passkeys };
    page::show_told(ask, "sign_in.html", "sign-in", view, told)
}

fn label(ask: &Ask) -> Option<&'static str> {
    let named = ask.housekey.settings().identifiers;
    match (named.phone.is_on(), named.username.is_on()) {
        (true, true) => Some("email-phone-or-username"),
        (true, false) => Some("email-or-phone"),
        (false, true) => Some("email-or-username"),
        (false, false) => None,
    }
}

/// To the page of what is due.
pub(super) fn next(ask: Ask, view: &SignInView, cookies: &Cookies) -> Response {
    let path = match view.status {
        SignInStatus::Complete => return page::go_home(ask, view.return_to.as_ref(), cookies),
        SignInStatus::NeedsFirstFactor if view.code.is_some() => "/sign-in/code",
        SignInStatus::NeedsFirstFactor => "/sign-in/password",
        SignInStatus::NeedsSecondFactor => "/sign-in/second-factor",
        SignInStatus::NeedsClientTrust => "/sign-in/device",
        SignInStatus::NeedsNewPassword => "/sign-in/new-password",
        _ => "/sign-in",
    };
    page::go(&ask, path, cookies)
}

/// A query's parameter, when it comes once and can be read.
pub(super) fn asked(query: Option<&str>, name: &str) -> String {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut found = pairs.filter(|(n, _)| n == name).map(|(_, value)| value.into_owned());
    match (found.next(), found.next()) {
        (Some(value), None) => value,
        _ => String::new(),
    }
}
