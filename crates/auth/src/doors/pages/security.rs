//! The password of somebody who is signed in, and what else their sign-in asks for.

use super::{
    history,
    page::{self, Told},
    problem,
    sign_in::asked,
};
use crate::{
    doors::shared::Ask,
    error::Error,
    flows::{
        account::AccountView,
        factors::{FactorsView, TotpView},
        passkeys::PasskeyView,
        phones::PhoneView,
    },
};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;
use housekey_core::password::Password;

const HERE: &str = "/account/security";
/// What happened last stands on this page, the rest on one of its own.
const LATEST: usize = 5;

pub(super) async fn show(ask: Ask, RawQuery(query): RawQuery) -> Response {
    let told = Told::done(&ask, &asked(query.as_deref(), "done"));
    shown(ask, told).await
}

/// The page with what was refused.
pub(super) async fn again(mut ask: Ask, error: Error, beside: &'static str) -> Response {
    match Told::of(&mut ask, error, beside) {
        Ok(told) => shown(ask, told).await,
        Err(response) => *response,
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
    match told {
        Ok(told) => shown(ask, told).await,
        Err(response) => *response,
    }
}

async fn shown(mut ask: Ask, told: Told) -> Response {
    match view_of(&ask).await {
        Ok(view) => page::show_told(ask, "security.html", "security", view, told),
        Err(error) => problem::of(&mut ask, error),
    }
}

async fn view_of(ask: &Ask) -> Result<serde_json::Value, Error> {
    let (house, caller) = (&ask.housekey, &ask.caller);
    let mut view = view(&house.account(caller).await?, &house.factors(caller).await?, house.has_passkeys());
    let phones = house.phones(caller).await?;
    let advice = house.checkup(caller).await?;
    let happened = house.history(caller, None, LATEST).await?;
    if let Some(fields) = view.as_object_mut() {
        fields.insert("has_phones".to_owned(), house.offers_second_phones().into());
        fields.insert("phones".to_owned(), phones.iter().filter(|phone| phone.verified).map(phone_shown).collect());
        fields.insert("advice".to_owned(), advice.iter().map(history::advice).collect());
        fields.insert("history".to_owned(), happened.items.iter().map(history::happening).collect());
    }
    Ok(view)
}

pub(super) fn phone_shown(phone: &PhoneView) -> serde_json::Value {
    serde_json::json!({
        "id": phone.id.as_str(), "number": phone.number, "second": phone.second, "first": phone.second_default,
    })
}

fn view(account: &AccountView, factors: &FactorsView, has_passkeys: bool) -> serde_json::Value {
    let primary = account.emails.iter().find(|e| e.primary).map(|e| &e.address).or(account.username.as_ref());
    let millis = housekey_core::time::Time::as_millis;
    let app = |app: &TotpView| {
        serde_json::json!({
            "id": app.id.as_str(), "name": app.name, "added": millis(app.added), "last_used": app.last_used.map(millis),
        })
    };
    let passkey = |passkey: &PasskeyView| {
        serde_json::json!({
            "id": passkey.id.as_str(), "name": passkey.name, "synced": passkey.synced, "added": millis(passkey.added),
            "last_used": passkey.last_used.map(millis),
        })
    };
    serde_json::json!({
        "here": HERE,
        "has_passkeys": has_passkeys || !factors.passkeys.is_empty(),
        "passkeys": factors.passkeys.iter().map(passkey).collect::<Vec<_>>(),
        "passkey_after": factors.passkey_after,
        "two_step_due": factors.two_step_due.map(millis),
        "two_step": !factors.second_strategies.is_empty(),
        "email": primary,
        "password_set": account.password_set.map(millis),
        "ask_current": account.password_set.is_some() && !account.fresh,
        "apps": factors.totps.iter().map(app).collect::<Vec<_>>(),
        "backup_codes": factors.backup_codes,
    })
}
