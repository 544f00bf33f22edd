//! The second step of a sign-in: the code of an authenticator app, one that is sent to a phone, a passkey, or a backup code.

use super::{
    page::{self, Told},
    problem,
    sign_in::{self, asked},
};
use crate::{caller::Cookies, doors::shared::Ask, flows::sign_in::SignInStatus};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;
use housekey_core::{
    ids::PhoneId,
    sign_in::{SecondPhone, SecondStrategy},
};
use serde::Serialize;

#[derive(Serialize)]
struct View {
    email: Option<String>,
    /// The way that is asked for; none where the account has no other than what it signed in by.
    way: &'static str,
    /// The code on its way to a phone.
    sent: Option<Sent>,
    /// The phones that a code can go to.
    phones: Vec<Phone>,
    /// The other ways of the account.
    others: Vec<&'static str>,
    /// For how many days the device may be trusted; 0 for none.
    days: u32,
    /// Whether somebody who has none of these may ask to come back without.
    recovery: bool,
}

#[derive(Serialize)]
struct Sent {
    to: String,
    resend_from: i64,
    /// Which phone it went to.
    phone: String,
}

/// A phone that a code can go to.
#[derive(Serialize)]
pub(super) struct Phone {
    pub id: String,
    /// The number, masked.
    pub to: String,
}

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    let way = asked(query.as_deref(), "way");
    match view(&mut ask, &way).await {
        Ok(view) => page::show(ask, "second_factor.html", "second-factor-title", view),
        Err(response) => *response,
    }
}

pub(super) async fn check(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["code", "passkey", "way", "trust"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let way = fields.text("way").to_owned();
    let strategy = strategy(&way);
    let field = if strategy == SecondStrategy::Passkey { "passkey" } else { "code" };
    let proof = fields.text(field);
    let done = match fields.is_ticked("trust") {
        true => ask.housekey.sign_in_second_factor_trusting(&ask.caller, strategy, proof).await,
        false => ask.housekey.sign_in_second_factor(&ask.caller, strategy, proof).await,
    };
    match done {
        Ok(outcome) => {
            let (view, cookies) = page::parts(outcome);
            sign_in::next(ask, &view, &cookies)
        }
        Err(error) => match Told::of(&mut ask, error, field) {
            Ok(told) => match view(&mut ask, &way).await {
                Ok(view) => page::show_told(ask, "second_factor.html", "second-factor-title", view, told),
                Err(response) => *response,
            },
            Err(response) => *response,
        },
    }
}

pub(super) async fn send(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["phone"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let phone = PhoneId::try_from(fields.text("phone")).ok();
    match ask.housekey.sign_in_second_send(&ask.caller, phone.as_ref()).await {
        Ok(_) => page::go(&ask, "/sign-in/second-factor?way=phone_code", &Cookies::default()),
        Err(error) => match Told::of(&mut ask, error, "code") {
            Ok(told) => match view(&mut ask, SecondStrategy::PhoneCode.as_str()).await {
                Ok(view) => page::show_told(ask, "second_factor.html", "second-factor-title", view, told),
                Err(response) => *response,
            },
            Err(response) => *response,
        },
    }
}

/// The way that a form or a link names.
pub(super) fn strategy(way: &str) -> SecondStrategy {
    let others = [SecondStrategy::BackupCode, SecondStrategy::Passkey, SecondStrategy::PhoneCode];
    others.into_iter().find(|other| other.as_str() == way).unwrap_or(SecondStrategy::Totp)
}

async fn view(ask: &mut Ask, way: &str) -> Result<View, Box<Response>> {
    match ask.housekey.sign_in_current(&ask.caller).await {
        Ok(Some(view)) if view.status == SignInStatus::NeedsSecondFactor => {
            let (way, others) = chosen(way, &view.second_offered);
            let settings = ask.housekey.settings();
            let days = settings.trusted_device_days;
            let recovery = ask.housekey.recovery_shown(&ask.caller).await.is_ok();
            let phones: Vec<Phone> = view.second_phones.into_iter().map(Phone::of).collect();
            let sent = view.code.map(|(_, code)| Sent {
                phone: phones
                    .iter()
                    .find(|phone| phone.to == code.to)
                    .map(|phone| phone.id.clone())
                    .unwrap_or_default(),
                to: code.to,
                resend_from: code.resend_from.as_millis(),
            });
            Ok(View { way, others, days, recovery, sent, phones, email: view.identifier })
        }
        // A compromised password is due before it.
        Ok(Some(view)) if view.status == SignInStatus::NeedsNewPassword => {
            Err(Box::new(page::go(ask, "/sign-in/new-password", &Cookies::default())))
        }
        Ok(_) => Err(Box::new(page::go(ask, "/sign-in", &Cookies::default()))),
        Err(error) => Err(Box::new(problem::of(ask, error))),
    }
}

/// The way that is asked for, and the others: the named one where the account has it, else its first; `none` where it has
/// none.
pub(super) fn chosen(named: &str, offered: &[SecondStrategy]) -> (&'static str, Vec<&'static str>) {
    let named = offered.iter().find(|way| way.as_str() == named);
    let way = named.or(offered.first()).copied();
    let others = offered.iter().filter(|other| Some(**other) != way).map(|other| other.as_str()).collect();
    (way.map_or("none", SecondStrategy::as_str), others)
}

impl Phone {
    pub(super) fn of(phone: SecondPhone) -> Self {
        Self { id: phone.id.to_string(), to: phone.to }
    }
}
