//! A fresh factor before something risky, and back to it.

use super::{
    page::{self, Told},
    problem, second_factor,
    sign_in::asked,
};
use crate::{caller::Cookies, doors::shared::Ask, error::Error};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;
use housekey_core::{identifier::phone::Phone, ids::PhoneId, password::Password, sign_in::SecondStrategy};
use serde::Serialize;

#[derive(Serialize)]
struct View {
    /// Who is signed in.
    email: String,
    /// Whether there is a mailbox that a code can go to.
    mailed: bool,
    return_to: String,
    /// Whether there is a phone that a code can go to.
    texted: bool,
    /// Where a code was sent, masked.
    sent: Option<String>,
    /// The way that the code is of: `code`, or `text_code`.
    code: &'static str,
    /// The second factor that is asked for, where the account has one: nothing weaker is offered then.
    second: Option<&'static str>,
    /// The phones that a code can go to as second factor.
    phones: Vec<second_factor::Phone>,
    /// The other second factors.
    others: Vec<&'static str>,
    /// Whether there is a passkey, where no second factor is asked for.
    passkey: bool,
}

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    let return_to = asked(query.as_deref(), "return_to");
    let way = asked(query.as_deref(), "way");
    if matches!(page::current(&ask).await, Ok(Some(current)) if current.is_guest()) {
        let query: String = url::form_urlencoded::byte_serialize(return_to.as_bytes()).collect();
        return page::go(&ask, &format!("/sign-up?return_to={query}"), &Cookies::default());
    }
    match view(&ask, &return_to, &way).await {
        Ok(view) => page::show(ask, "step_up.html", "step-up-title", view),
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn prove(mut ask: Ask, body: Bytes) -> Response {
    let mut fields = match ask.form(&body, &["way", "username", "password", "code", "passkey", "phone", "return_to"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    let return_to = fields.text("return_to").to_owned();
    let way = fields.text("way").to_owned();
    let mut sent = None;
    let code = if way.starts_with("text") { "text_code" } else { "code" };
    let (done, beside) = match way.as_str() {
        "text" => match ask.housekey.step_up_send_sms(&ask.caller).await {
            Ok(code) => {
                sent = Some(code.to);
                (None, "code")
            }
            Err(error) => (Some(Err(error)), "code"),
        },
        "text_code" => (Some(ask.housekey.step_up_sms_code(&ask.caller, fields.text("code")).await), "code"),
        "send" => match ask.housekey.step_up_send_code(&ask.caller).await {
            Ok(code) => {
                sent = Some(code.to);
                (None, "code")
            }
            Err(error) => (Some(Err(error)), "code"),
        },
        "second_text" => {
            let phone = PhoneId::try_from(fields.text("phone")).ok();
            match ask.housekey.step_up_second_send(&ask.caller, phone.as_ref()).await {
                Ok(code) => {
                    sent = Some(code.to);
                    (None, "code")
                }
                Err(error) => (Some(Err(error)), "code"),
            }
        }
        "totp" | "backup_code" | "passkey" | "phone_code" => {
            let strategy = second_factor::strategy(&way);
            let field = if strategy == SecondStrategy::Passkey { "passkey" } else { "code" };
            (Some(ask.housekey.step_up_second_factor(&ask.caller, strategy, fields.text(field)).await), field)
        }
        "code" => (Some(ask.housekey.step_up_code(&ask.caller, fields.text("code")).await), "code"),
        _ => match Password::parse(fields.take("password")) {
            Ok(password) => (Some(ask.housekey.step_up_password(&ask.caller, password).await), "password"),
            Err(_) => (Some(Err(Error::field("password", "password_too_long"))), "password"),
        },
    };
    let told = match done {
        Some(Ok(outcome)) => {
            let to = page::return_to(&ask, &return_to);
            return page::go_home(ask, to.as_ref(), &outcome.cookies);
        }
        Some(Err(error)) => match Told::of(&mut ask, error, beside) {
            Ok(told) => told,
            Err(response) => return *response,
        },
        None => Told::default(),
    };
    // A code was typed, so one was sent; one that could not be sent asks for none.
    let typed = way == "phone_code";
    let way = if way == "second_text" { "phone_code".to_owned() } else { way };
    match view(&ask, &return_to, &way).await {
        Ok(mut view) => {
            // After a wrong code the field for it stays.
            view.sent = match (sent, way.as_str()) {
                (None, "code") => Some(masked(&view.email)),
                (None, "text_code") => primary_phone(&ask).await,
                (None, "phone_code") if typed => view.phones.first().map(|phone| phone.to.clone()),
                (sent, _) => sent,
            };
            view.code = code;
            page::show_told(ask, "step_up.html", "step-up-title", view, told)
        }
        Err(error) => problem::of(&mut ask, error),
    }
}

async fn view(ask: &Ask, return_to: &str, way: &str) -> Result<View, Error> {
    let account = ask.housekey.account(&ask.caller).await?;
    let factors = ask.housekey.factors(&ask.caller).await?;
    let email = account.emails.iter().find(|e| e.primary).map(|e| e.address.clone());
    let to = page::return_to(ask, return_to);
    let (second, others) = second_factor::chosen(way, &factors.second_strategies);
    let phone = primary_phone(ask).await;
    Ok(View {
        mailed: email.is_some(),
        texted: phone.is_some(),
        email: email.or(account.username).or_else(|| phone.clone()).unwrap_or_default(),
        return_to: to.map(|t| t.as_str().to_owned()).unwrap_or_default(),
        sent: None,
        code: "code",
        phones: factors.second_phones.into_iter().map(second_factor::Phone::of).collect(),
        second: (!factors.second_strategies.is_empty()).then_some(second),
        others,
        passkey: !factors.passkeys.is_empty(),
    })
}

/// The number that codes go to, masked; none where there are no phone numbers here.
async fn primary_phone(ask: &Ask) -> Option<String> {
    if !ask.housekey.settings().identifiers.phone.is_on() {
        return None;
    }
    let phones = ask.housekey.phones(&ask.caller).await.ok()?;
    let primary = phones.into_iter().find(|phone| phone.primary)?;
    Phone::try_from(primary.number).ok().map(|number| number.masked())
}

fn masked(email: &str) -> String {
    housekey_core::identifier::email::Email::parse(email).map_or_else(|_| String::new(), |e| e.masked())
}
