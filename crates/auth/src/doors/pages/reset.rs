//! A forgotten password: the mailbox is proved, then a new one is set.

use super::{
    page::{self, Told},
    problem, sign_in,
};
use crate::{
    caller::Cookies,
    doors::shared::Ask,
    flows::sign_in::{SignInStatus, StartSignIn},
};
use axum::response::Response;
use bytes::Bytes;
use housekey_core::password::Password;

pub(super) async fn show(ask: Ask) -> Response {
    let known = ask.housekey.sign_in_current(&ask.caller).await.ok().flatten();
    let view = serde_json::json!({"email": known.and_then(|k| k.identifier).unwrap_or_default()});
    page::show(ask, "forgot_password.html", "forgot-title", view)
}

pub(super) async fn start(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["email"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let email = fields.text("email").to_owned();
    let known = ask.housekey.sign_in_current(&ask.caller).await.ok().flatten();
    let return_to = known.and_then(|k| k.return_to);
    let start = StartSignIn { identifier: email.clone(), remember: false, return_to };
    match ask.housekey.reset_start(&ask.caller, start).await {
        Ok(outcome) => {
            let (view, cookies) = page::parts(outcome);
            sign_in::next(ask, &view, &cookies)
        }
        Err(error) => match Told::of(&mut ask, error, "email") {
            Ok(told) => {
                let view = serde_json::json!({"email": email});
                page::show_told(ask, "forgot_password.html", "forgot-title", view, told)
            }
            Err(response) => *response,
        },
    }
}

pub(super) async fn show_new(mut ask: Ask) -> Response {
    match due(&mut ask).await {
        Ok(view) => page::show(ask, "new_password.html", "new-password-title", view),
        Err(response) => *response,
    }
}

pub(super) async fn set_new(mut ask: Ask, body: Bytes) -> Response {
    let mut fields = match ask.form(&body, &["username", "password"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let told = match Password::parse(fields.take("password")) {
        Ok(password) => match ask.housekey.sign_in_new_password(&ask.caller, password).await {
            Ok(outcome) => {
                let (view, cookies) = page::parts(outcome);
                return sign_in::next(ask, &view, &cookies);
            }
            Err(error) => Told::of(&mut ask, error, "password"),
        },
        Err(_) => Ok(Told::field(&ask, "password", "password_too_long")),
    };
    match told {
        Ok(told) => match due(&mut ask).await {
            Ok(view) => page::show_told(ask, "new_password.html", "new-password-title", view, told),
            Err(response) => *response,
        },
        Err(response) => *response,
    }
}

async fn due(ask: &mut Ask) -> Result<serde_json::Value, Box<Response>> {
    match ask.housekey.sign_in_current(&ask.caller).await {
        Ok(Some(view)) if view.status == SignInStatus::NeedsNewPassword => {
            Ok(serde_json::json!({"email": view.identifier.unwrap_or_default()}))
        }
        Ok(_) => Err(Box::new(page::go(ask, "/forgot-password", &Cookies::default()))),
        Err(error) => Err(Box::new(problem::of(ask, error))),
    }
}
