//! Phone numbers: added, verified, made primary, removed.

use super::{
    page::{self, Told},
    problem,
    sign_in::asked,
};
use crate::{caller::Cookies, doors::shared::Ask, error::Error, flows::phones::PhoneView};
use axum::{
    extract::{Path, RawQuery},
    response::Response,
};
use bytes::Bytes;
use housekey_core::{identifier::phone::Phone, ids::PhoneId};
use serde::Serialize;

const HERE: &str = "/account/phones";

#[derive(Serialize)]
struct View {
    here: &'static str,
    phones: Vec<Row>,
    phone: String,
}

#[derive(Serialize)]
struct Row {
    id: String,
    number: String,
    verified: bool,
    primary: bool,
    second: bool,
}

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    match here(&ask).await {
        Ok(phones) => {
            let told = Told::done(&ask, &asked(query.as_deref(), "done"));
            page::show_told(ask, "phones.html", "phones", view(phones, ""), told)
        }
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn add(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["phone"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    let typed = fields.text("phone").to_owned();
    match ask.housekey.phone_add(&ask.caller, &typed, true).await {
        Ok(id) => page::go(&ask, &format!("{HERE}/{id}/verify"), &Cookies::default()),
        Err(error) => again(ask, error, &typed).await,
    }
}

pub(super) async fn show_verify(mut ask: Ask, Path(id): Path<String>) -> Response {
    match own(&mut ask, &id).await {
        Ok(view) => page::show(ask, "verify_phone.html", "verify-phone-title", view),
        Err(response) => *response,
    }
}

pub(super) async fn send(mut ask: Ask, Path(id): Path<String>, body: Bytes) -> Response {
    let id = match posted(&mut ask, &id, &body) {
        Ok(id) => id,
        Err(response) => return *response,
    };
    match ask.housekey.phone_send_code(&ask.caller, &id).await {
        Ok(_) => page::go(&ask, &format!("{HERE}/{id}/verify"), &Cookies::default()),
        Err(error) => again(ask, error, "").await,
    }
}

pub(super) async fn verify(mut ask: Ask, Path(id): Path<String>, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["code"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    let Ok(phone) = PhoneId::try_from(id.as_str()) else {
        return problem::of(&mut ask, Error::NotFound);
    };
    match ask.housekey.phone_verify(&ask.caller, &phone, fields.text("code")).await {
        // Whoever waits for a second factor goes on to choose it.
        Ok(()) => match ask.housekey.pending_task(&ask.caller).await {
            Ok(Some(_)) => page::go(&ask, "/sign-in/set-up", &Cookies::default()),
            _ => page::go_done(&ask, HERE, "phone-verified", &Cookies::default()),
        },
        Err(error) => match Told::of(&mut ask, error, "code") {
            Ok(told) => match own(&mut ask, &id).await {
                Ok(view) => page::show_told(ask, "verify_phone.html", "verify-phone-title", view, told.only("code")),
                Err(response) => *response,
            },
            Err(response) => *response,
        },
    }
}

pub(super) async fn make_primary(mut ask: Ask, Path(id): Path<String>, body: Bytes) -> Response {
    let id = match posted(&mut ask, &id, &body) {
        Ok(id) => id,
        Err(response) => return *response,
    };
    match ask.housekey.phone_make_primary(&ask.caller, &id).await {
        Ok(()) => page::go_done(&ask, HERE, "phone-primary", &Cookies::default()),
        Err(error) => again(ask, error, "").await,
    }
}

pub(super) async fn remove(mut ask: Ask, Path(id): Path<String>, body: Bytes) -> Response {
    let id = match posted(&mut ask, &id, &body) {
        Ok(id) => id,
        Err(response) => return *response,
    };
    match ask.housekey.phone_remove(&ask.caller, &id).await {
        Ok(()) => page::go_done(&ask, HERE, "phone-removed", &Cookies::default()),
        Err(error) => again(ask, error, "").await,
    }
}

/// The numbers, where the instance has such.
async fn here(ask: &Ask) -> Result<Vec<PhoneView>, Error> {
    let phones = ask.housekey.phones(&ask.caller).await?;
    match ask.housekey.settings().identifiers.phone.is_on() {
        true => Ok(phones),
        false => Err(Error::NotFound),
    }
}

fn posted(ask: &mut Ask, id: &str, body: &Bytes) -> Result<PhoneId, Box<Response>> {
    ask.form(body, &[]).map_err(|why| Box::new(page::refused(ask, why)))?;
    PhoneId::try_from(id).map_err(|_| Box::new(problem::of(ask, Error::NotFound)))
}

async fn again(mut ask: Ask, error: Error, typed: &str) -> Response {
    let told = match Told::of(&mut ask, error, "phone") {
        Ok(told) => told,
        Err(response) => return *response,
    };
    match here(&ask).await {
        Ok(phones) => page::show_told(ask, "phones.html", "phones", view(phones, typed), told),
        Err(error) => problem::of(&mut ask, error),
    }
}

async fn own(ask: &mut Ask, id: &str) -> Result<serde_json::Value, Box<Response>> {
    let phones = match here(ask).await {
        Ok(phones) => phones,
        Err(error) => return Err(Box::new(problem::of(ask, error))),
    };
    match phones.into_iter().find(|phone| phone.id.as_str() == id && !phone.verified) {
        Some(phone) => {
            let masked = Phone::try_from(phone.number).map_or_else(|_| String::new(), |number| number.masked());
            Ok(serde_json::json!({"here": HERE, "id": id, "number": masked}))
        }
        None => Err(Box::new(problem::of(ask, Error::NotFound))),
    }
}

fn view(phones: Vec<PhoneView>, typed: &str) -> View {
    let row = |phone: PhoneView| Row {
        id: phone.id.to_string(),
        number: phone.number,
        verified: phone.verified,
        primary: phone.primary,
        second: phone.second,
    };
    View { here: HERE, phones: phones.into_iter().map(row).collect(), phone: typed.to_owned() }
}
