//! The password as first factor.

use super::{
    client_trust,
    page::{self, Told},
    problem,
};
use crate::{
    caller::Cookies,
    doors::shared::Ask,
    flows::sign_in::{SignInStatus, SignInView},
};
use axum::response::Response;
use bytes::Bytes;
use housekey_core::{password::Password, sign_in::Strategy};

pub(super) async fn show(mut ask: Ask) -> Response {
    match due(&mut ask).await {
        Ok(view) => page::show(ask, "sign_in_password.html", "password-title", shown(&view)),
        Err(response) => *response,
    }
}

pub(super) async fn check(mut ask: Ask, body: Bytes) -> Response {
    let mut fields = match ask.form(&body, &["username", "password"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let told = match Password::parse(fields.take("password")) {
        Ok(password) if !password.bytes().is_empty() => {
            match ask.housekey.sign_in_password(&ask.caller, password).await {
                Ok(outcome) => {
                    let (view, cookies) = page::parts(outcome);
                    return client_trust::begin(ask, view, cookies).await;
                }
                Err(error) => Told::of(&mut ask, error, "password"),
            }
        }
        Ok(_) => Ok(Told::field(&ask, "password", "password_missing")),
        Err(_) => Ok(Told::field(&ask, "password", "password_too_long")),
    };
    match told {
        Ok(told) => match due(&mut ask).await {
            Ok(view) => page::show_told(ask, "sign_in_password.html", "password-title", shown(&view), told),
            Err(response) => *response,
        },
        Err(response) => *response,
    }
}

/// The live sign-in, when a first factor is due; otherwise the way to what is.
async fn due(ask: &mut Ask) -> Result<SignInView, Box<Response>> {
    match ask.housekey.sign_in_current(&ask.caller).await {
        Ok(Some(view)) if view.status == SignInStatus::NeedsFirstFactor => Ok(view),
        Ok(_) => Err(Box::new(page::go(ask, "/sign-in", &Cookies::default()))),
        Err(error) => Err(Box::new(problem::of(ask, error))),
    }
}

pub(super) fn shown(view: &SignInView) -> serde_json::Value {
    let offers = |strategy| view.offered.contains(&strategy);
    let mailed = offers(Strategy::EmailCode) || offers(Strategy::EmailLink);
    let texted = offers(Strategy::PhoneCode);
    serde_json::json!({ "email": view.identifier, "mailed": mailed, "texted": texted })
}
