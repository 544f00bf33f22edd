//! E-mail addresses: added, verified, made primary, removed.

use super::{
    account,
    page::{self, Told},
    problem,
    sign_in::asked,
};
use crate::{caller::Cookies, doors::shared::Ask, error::Error, flows::account::AccountView};
use axum::{
    extract::{Path, RawQuery},
    response::Response,
};
use bytes::Bytes;
use housekey_core::{identifier::email::Email, ids::EmailId};
use serde::Serialize;

const HERE: &str = "/account/emails";

#[derive(Serialize)]
struct View {
    here: &'static str,
    emails: Vec<Row>,
    email: String,
}

#[derive(Serialize)]
struct Row {
    id: String,
    address: String,
    verified: bool,
    primary: bool,
}

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    match ask.housekey.account(&ask.caller).await {
        Ok(account) => {
            let told = Told::done(&ask, &asked(query.as_deref(), "done"));
            page::show_told(ask, "emails.html", "emails", view(&account, ""), told)
        }
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn add(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["email"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    let typed = fields.text("email").to_owned();
    match ask.housekey.email_add(&ask.caller, &typed).await {
        Ok(id) => page::go(&ask, &format!("{HERE}/{id}/verify"), &Cookies::default()),
        Err(error) => again(ask, error, &typed).await,
    }
}

pub(super) async fn show_verify(mut ask: Ask, Path(id): Path<String>) -> Response {
    match own(&mut ask, &id).await {
        Ok(view) => page::show(ask, "verify_email.html", "verify-title", view),
        Err(response) => *response,
    }
}

pub(super) async fn send(mut ask: Ask, Path(id): Path<String>, body: Bytes) -> Response {
    let id = match posted(&mut ask, &id, &body) {
        Ok(id) => id,
        Err(response) => return *response,
    };
    match ask.housekey.email_send_code(&ask.caller, &id).await {
        Ok(_) => page::go(&ask, &format!("{HERE}/{id}/verify"), &Cookies::default()),
        Err(error) => again(ask, error, "").await,
    }
}

pub(super) async fn verify(mut ask: Ask, Path(id): Path<String>, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["code"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    let Ok(email) = EmailId::try_from(id.as_str()) else {
        return problem::of(&mut ask, Error::NotFound);
    };
    match ask.housekey.email_verify(&ask.caller, &email, fields.text("code")).await {
        Ok(()) => page::go_done(&ask, HERE, "email-verified", &Cookies::default()),
        Err(error) => match Told::of(&mut ask, error, "code") {
            Ok(told) => match own(&mut ask, &id).await {
                Ok(view) => page::show_told(ask, "verify_email.html", "verify-title", view, told),
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
    match ask.housekey.email_make_primary(&ask.caller, &id).await {
        Ok(()) => page::go_done(&ask, HERE, "email-primary", &Cookies::default()),
        Err(error) => again(ask, error, "").await,
    }
}

pub(super) async fn remove(mut ask: Ask, Path(id): Path<String>, body: Bytes) -> Response {
    let id = match posted(&mut ask, &id, &body) {
        Ok(id) => id,
        Err(response) => return *response,
    };
    match ask.housekey.email_remove(&ask.caller, &id).await {
        Ok(()) => page::go_done(&ask, HERE, "email-removed", &Cookies::default()),
        Err(error) => again(ask, error, "").await,
    }
}

fn posted(ask: &mut Ask, id: &str, body: &Bytes) -> Result<EmailId, Box<Response>> {
    ask.form(body, &[]).map_err(|why| Box::new(page::refused(ask, why)))?;
    EmailId::try_from(id).map_err(|_| Box::new(problem::of(ask, Error::NotFound)))
}

async fn again(mut ask: Ask, error: Error, typed: &str) -> Response {
    match account::again(&mut ask, error).await {
        Ok((account, told)) => page::show_told(ask, "emails.html", "emails", view(&account, typed), told),
        Err(response) => *response,
    }
}

async fn own(ask: &mut Ask, id: &str) -> Result<serde_json::Value, Box<Response>> {
    let account = match ask.housekey.account(&ask.caller).await {
        Ok(account) => account,
        Err(error) => return Err(Box::new(problem::of(ask, error))),
    };
    match account.emails.iter().find(|e| e.id.as_str() == id && !e.verified) {
        Some(e) => {
            let masked = Email::parse(&e.address).map_or_else(|_| String::new(), |e| e.masked());
            Ok(serde_json::json!({"here": HERE, "id": id, "address": masked}))
        }
        None => Err(Box::new(problem::of(ask, Error::NotFound))),
    }
}

fn view(account: &AccountView, typed: &str) -> View {
    let row = |e: &crate::flows::account::EmailView| Row {
        id: e.id.to_string(),
        address: e.address.clone(),
        verified: e.verified,
        primary: e.primary,
    };
    View { here: HERE, emails: account.emails.iter().map(row).collect(), email: typed.to_owned() }
}
