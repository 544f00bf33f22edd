//! Signing up.

use super::{
    page::{self, Told},
    problem,
    sign_in::asked,
    tickets,
};
use crate::{caller::Cookies, doors::shared::Ask, flows::sign_up::StartSignUp};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;
use housekey_core::{challenge::Action, password::Password};
use serde::Serialize;

#[derive(Default, Serialize)]
struct View {
    email: String,
    return_to: String,
    shown: String,
}

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    if let Some(response) = tickets::come(&ask, query.as_deref(), "/sign-up/ticket") {
        return response;
    }
    let to = page::return_to(&ask, &asked(query.as_deref(), "return_to"));
    match page::current(&ask).await {
        Ok(Some(_)) => return page::go_home(ask, to.as_ref(), &Cookies::default()),
        Ok(None) => {}
        Err(error) => return problem::of(&mut ask, error),
    }
    if let Err(error) = ask.housekey.sign_up_is_open() {
        if ask.housekey.waitlist_is_kept().is_ok() {
            return page::go(&ask, "/waitlist", &Cookies::default());
        }
        return match Told::of(&mut ask, error, "email") {
            Ok(told) => page::show_told(ask, "sign_up_closed.html", "sign-up", View::default(), told),
            Err(response) => *response,
        };
    }
    let return_to = to.map(|t| t.as_str().to_owned()).unwrap_or_default();
    let shown = ask.housekey.form_shown();
    let at_once = ask.housekey.challenge_at_once(Action::SignUp);
    let told = at_once.map_or_else(Told::default, |due| Told::challenged(&ask, due));
    page::show_told(ask, "sign_up.html", "sign-up", View { return_to, shown, ..View::default() }, told)
}

pub(super) async fn start(mut ask: Ask, body: Bytes) -> Response {
    let mut fields = match ask.form(&body, &["email", "password", "return_to", "legal_accepted", "website", "shown"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let text = |name: &str| fields.text(name).to_owned();
    let typed = View { email: text("email"), return_to: text("return_to"), shown: text("shown") };
    let hidden = text("website");
    let legal_accepted = fields.is_ticked("legal_accepted");
    let told = match Password::parse(fields.take("password")) {
        Ok(password) => {
            let start = StartSignUp {
                email: typed.email.clone(),
                password,
                first_name: String::new(),
                last_name: String::new(),
                legal_accepted,
                return_to: page::return_to(&ask, &typed.return_to),
                hidden,
                shown: typed.shown.clone(),
            };
            match ask.housekey.sign_up_start(&ask.caller, start).await {
                Ok(outcome) => return page::go(&ask, "/sign-up/code", &outcome.cookies),
                Err(error) => Told::of(&mut ask, error, "email"),
            }
        }
        Err(_) => Ok(Told::field(&ask, "password", "password_too_long")),
    };
    match told {
        Ok(told) => page::show_told(ask, "sign_up.html", "sign-up", typed, told),
        Err(response) => *response,
    }
}
