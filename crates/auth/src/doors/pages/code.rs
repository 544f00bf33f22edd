//! Mailed codes: of a sign-in, a reset and a sign-up.

use super::{
    page::{self, Told},
    passkey_offer, password, problem, sign_in,
};
use crate::{
    caller::Cookies,
    doors::shared::Ask,
    flows::{codes::CodeSent, sign_up::SignUpView},
};
use axum::response::Response;
use bytes::Bytes;
use housekey_core::sign_in::Strategy;
use serde::Serialize;

#[derive(Serialize)]
struct View {
    sent: Sent,
    action: &'static str,
    button: &'static str,
    back: &'static str,
    password: bool,
    /// Whether a sign-up ends here.
    ends: bool,
}

#[derive(Serialize)]
struct Sent {
    to: String,
    resend_from: i64,
}

pub(super) async fn show_sign_in(mut ask: Ask) -> Response {
    match of_sign_in(&mut ask).await {
        Ok((_, view)) => page::show(ask, "code.html", "code-title", view),
        Err(response) => *response,
    }
}

pub(super) async fn send_sign_in(mut ask: Ask, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let strategy = match of_sign_in(&mut ask).await {
        Ok((strategy, _)) => strategy,
        Err(_) => match ask.housekey.sign_in_current(&ask.caller).await {
            Ok(Some(view)) if view.offered.contains(&Strategy::PhoneCode) => Strategy::PhoneCode,
            _ => ask.housekey.mailed_strategy(),
        },
    };
    match ask.housekey.sign_in_send_code(&ask.caller, strategy).await {
        Ok(outcome) => {
            let (view, cookies) = page::parts(outcome);
            sign_in::next(ask, &view, &cookies)
        }
        Err(error) => match Told::of(&mut ask, error, "code") {
            Ok(told) => match of_sign_in(&mut ask).await {
                Ok((_, view)) => page::show_told(ask, "code.html", "code-title", view, told),
                // No code is on its way: the refusal stands on the page with the other way.
                Err(_) => {
                    let current = ask.housekey.sign_in_current(&ask.caller).await.ok().flatten();
                    let Some(view) = current.as_ref().map(password::shown) else {
                        return page::go(&ask, "/sign-in", &Cookies::default());
                    };
                    page::show_told(ask, "sign_in_password.html", "password-title", view, told)
                }
            },
            Err(response) => *response,
        },
    }
}

pub(super) async fn check_sign_in(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["code"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    match ask.housekey.sign_in_code(&ask.caller, fields.text("code")).await {
        Ok(outcome) => {
            let (view, cookies) = page::parts(outcome);
            sign_in::next(ask, &view, &cookies)
        }
        Err(error) => match Told::of(&mut ask, error, "code") {
            Ok(told) => match of_sign_in(&mut ask).await {
                Ok((_, view)) => page::show_told(ask, "code.html", "code-title", view, told),
                Err(response) => *response,
            },
            Err(response) => *response,
        },
    }
}

pub(super) async fn show_sign_up(mut ask: Ask) -> Response {
    match of_sign_up(&mut ask).await {
        Ok(view) => page::show(ask, "code.html", "code-title", view),
        Err(response) => *response,
    }
}

pub(super) async fn send_sign_up(mut ask: Ask, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let sent = match waits(&ask).await {
        Waits::Phone => ask.housekey.sign_up_send_sms(&ask.caller, None).await,
        Waits::Mailbox => ask.housekey.sign_up_send_code(&ask.caller, None).await,
    };
    match sent {
        Ok(outcome) => page::go(&ask, "/sign-up/code", &outcome.cookies),
        Err(error) => again_sign_up(ask, error).await,
    }
}

pub(super) async fn check_sign_up(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["code", passkey_offer::KNOWS]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let knows = fields.text(passkey_offer::KNOWS) == "yes";
    let done = match waits(&ask).await {
        Waits::Phone => ask.housekey.sign_up_sms_code(&ask.caller, None, fields.text("code")).await,
        Waits::Mailbox => ask.housekey.sign_up_code(&ask.caller, None, fields.text("code")).await,
    };
    match done {
        Ok(outcome) => {
            let (view, cookies) = page::parts(outcome);
            match view.done {
                Some(_) => passkey_offer::after_sign_up(ask, &view, knows, &cookies),
                None if view.phone.is_some() && !view.phone_proved => {
                    match ask.housekey.sign_up_send_sms(&ask.caller, None).await {
                        Ok(_) => page::go(&ask, "/sign-up/code", &cookies),
                        Err(error) => again_sign_up(ask, error).await,
                    }
                }
                // Begun through an app's own form, which asks for the rest.
                None => page::go(&ask, "/sign-up", &cookies),
            }
        }
        Err(error) => again_sign_up(ask, error).await,
    }
}

/// What of a sign-up is proved next: the mailbox, then the phone.
enum Waits {
    Mailbox,
    Phone,
}

async fn waits(ask: &Ask) -> Waits {
    match ask.housekey.sign_up_current(&ask.caller).await {
        Ok(Some(view)) if view.email.is_none() || view.email_proved => Waits::Phone,
        _ => Waits::Mailbox,
    }
}

async fn again_sign_up(mut ask: Ask, error: crate::Error) -> Response {
    match Told::of(&mut ask, error, "code") {
        Ok(told) => match of_sign_up(&mut ask).await {
            Ok(view) => page::show_told(ask, "code.html", "code-title", view, told.only("code")),
            Err(response) => *response,
        },
        Err(response) => *response,
    }
}

async fn of_sign_in(ask: &mut Ask) -> Result<(Strategy, View), Box<Response>> {
    let away = |ask: &Ask| Box::new(page::go(ask, "/sign-in", &Cookies::default()));
    match ask.housekey.sign_in_current(&ask.caller).await {
        Ok(Some(view)) => {
            let (strategy, sent) = view.code.ok_or_else(|| away(ask))?;
            let reset = strategy.is_reset();
            let view = View {
                sent: shown(sent),
                action: "/sign-in/code",
                button: if reset { "continue" } else { "sign-in" },
                back: if reset { "/forgot-password" } else { "/sign-in" },
                password: !reset,
                ends: false,
            };
            Ok((strategy, view))
        }
        Ok(None) => Err(away(ask)),
        Err(error) => Err(Box::new(problem::of(ask, error))),
    }
}

async fn of_sign_up(ask: &mut Ask) -> Result<View, Box<Response>> {
    match ask.housekey.sign_up_current(&ask.caller).await {
        Ok(Some(SignUpView { code: Some(code), .. } | SignUpView { phone_code: Some(code), .. })) => {
            let (action, back) = ("/sign-up/code", "/sign-up");
            Ok(View { sent: shown(code), action, button: "verify", back, password: false, ends: true })
        }
        Ok(_) => Err(Box::new(page::go(ask, "/sign-up", &Cookies::default()))),
        Err(error) => Err(Box::new(problem::of(ask, error))),
    }
}

fn shown(sent: CodeSent) -> Sent {
    Sent { to: sent.to, resend_from: sent.resend_from.as_millis() }
}
