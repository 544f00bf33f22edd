//! The password of somebody who is signed in.

use super::{
    page::{self, Told},
    problem,
    sign_in::asked,
};
use crate::{doors::shared::Ask, flows::account::AccountView};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;
use housekey_core::password::Password;

const HERE: &str = "/account/security";

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    match ask.housekey.account(&ask.caller).await {
        Ok(account) => {
            let told = Told::done(&ask, &asked(query.as_deref(), "done"));
            page::show_told(ask, "security.html", "security", view(&account), told)
        }
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn change(mut ask: Ask, body: Bytes) -> Response {
    let mut fields = match ask.form(&body, &["username", "current", "password"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    let (present, new) = (Password::parse(fields.take("current")), Password::parse(fields.take("password")));
    let told = match (present, new) {
        (Ok(present), Ok(new)) => {
            let present = (!present.bytes().is_empty()).then_some(present);
            match ask.housekey.password_change(&ask.caller, present, new).await {
                Ok(outcome) => return page::go_done(&ask, HERE, "password", &outcome.cookies),
                Err(error) => Told::of(&mut ask, error, "current"),
            }
        }
        (Err(_), _) => Ok(Told::field(&ask, "current", "password_too_long")),
        _ => Ok(Told::field(&ask, "password", "password_too_long")),
    };
    let told = match told {
        Ok(told) => told,
        Err(response) => return *response,
    };
    match ask.housekey.account(&ask.caller).await {
        Ok(account) => page::show_told(ask, "security.html", "security", view(&account), told),
        Err(error) => problem::of(&mut ask, error),
    }
}

fn view(account: &AccountView) -> serde_json::Value {
    let primary = account.emails.iter().find(|e| e.primary).map(|e| &e.address);
    serde_json::json!({
        "here": HERE,
        "email": primary,
        "password_set": account.password_set.map(housekey_core::time::Time::as_millis),
        "ask_current": account.password_set.is_some() && !account.fresh,
    })
}
