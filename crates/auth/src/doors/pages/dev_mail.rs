//! The mail that development catches. Only there, and only for whoever has the token that the start prints.

use super::{page, problem, sign_in::asked};
use crate::{
    caller::Cookies,
    doors::shared::{Ask, CookieNames},
    error::Error,
    mail::{Caught, OutgoingMail},
    sms::{CaughtSms, OutgoingSms},
};
use axum::{
    extract::{Path, RawQuery},
    response::{Html, IntoResponse, Response},
};
use housekey_core::ids::MailId;
use http::{HeaderValue, header};

const DAY: i64 = 24 * 3600;

pub(super) async fn list(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    let token = asked(query.as_deref(), "token");
    if ask.housekey.dev_token().is_some_and(|t| t.ct_eq(token.as_bytes())) {
        let mut response = page::go(&ask, "/dev/mail", &Cookies::default());
        ask.names.set(response.headers_mut(), &ask.names.dev, token, Some(DAY));
        return response;
    }
    let mails = match caught(&ask) {
        Some(caught) => caught.list(),
        None => return problem::of(&mut ask, Error::NotFound),
    };
    let mails: Vec<_> = mails.iter().map(shown).collect();
    let texted = ask.housekey.caught_sms().map(CaughtSms::list).unwrap_or_default();
    let message =
        |sms: &OutgoingSms| serde_json::json!({"to": sms.to.as_str(), "at": sms.at.as_millis(), "text": sms.text});
    let texted: Vec<_> = texted.iter().map(message).collect();
    page::show(ask, "dev_mail.html", "dev-mail", serde_json::json!({"mails": mails, "texted": texted}))
}

pub(super) async fn one(mut ask: Ask, Path(id): Path<String>) -> Response {
    let Some(mail) = found(&ask, &id) else {
        return problem::of(&mut ask, Error::NotFound);
    };
    let mut response = page::show(ask, "dev_mail_one.html", mail.subject.as_str(), shown(&mail));
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; \
        base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

pub(super) async fn html(mut ask: Ask, Path(id): Path<String>) -> Response {
    let Some(mail) = found(&ask, &id) else {
        return problem::of(&mut ask, Error::NotFound);
    };
    let mut response = Html(mail.html).into_response();
    let policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

fn caught(ask: &Ask) -> Option<Caught> {
    if is_open(ask) { ask.housekey.caught_mail().cloned() } else { None }
}

/// Whether this browser came by the address that the start printed.
pub(super) fn is_open(ask: &Ask) -> bool {
    let shown = CookieNames::read(&ask.headers, &ask.names.dev);
    ask.housekey.dev_token().zip(shown).is_some_and(|(token, shown)| token.ct_eq(shown.as_bytes()))
}

fn found(ask: &Ask, id: &str) -> Option<OutgoingMail> {
    caught(ask)?.get(&MailId::try_from(id).ok()?)
}

fn shown(mail: &OutgoingMail) -> serde_json::Value {
    serde_json::json!({
        "id": mail.id.as_str(),
        "subject": mail.subject.as_str(),
        "from": mail.from.email().typed(),
        "to": mail.to.typed(),
        "at": mail.at.as_millis(),
        "text": mail.text,
    })
}
