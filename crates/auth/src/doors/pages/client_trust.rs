//! A device that has to be vouched for: the password was right, and a code to the account's own mailbox or phone is asked
//! for as well.

use super::{
    page::{self, Told},
    problem,
    sign_in::{self, asked},
};
use crate::{
    caller::Cookies,
    doors::shared::Ask,
    flows::{
        codes::CodeSent,
        sign_in::{SignInStatus, SignInView},
    },
};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;
use housekey_core::sign_in::{SecondStrategy, Strategy};
use serde::Serialize;

#[derive(Serialize)]
struct View {
    /// The code on its way.
    sent: Option<Sent>,
    /// Where a code would go.
    to: String,
    /// The way that is asked for.
    way: &'static str,
    /// The other ways of the account.
    others: Vec<&'static str>,
}

#[derive(Serialize)]
struct Sent {
    to: String,
    resend_from: i64,
}

const WAYS: [(Strategy, &str); 2] = [(Strategy::EmailCode, "email_code"), (Strategy::PhoneCode, "phone_code")];

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    let way = asked(query.as_deref(), "way");
    match view(&mut ask, &way).await {
        Ok(view) => page::show(ask, "client_trust.html", "client-trust-title", view),
        Err(response) => *response,
    }
}

pub(super) async fn send(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["way"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let way = fields.text("way").to_owned();
    match ask.housekey.sign_in_trust_send(&ask.caller, strategy(&way)).await {
        Ok(outcome) => {
            let (view, cookies) = page::parts(outcome);
            sign_in::next(ask, &view, &cookies)
        }
        Err(error) => again(ask, error, &way).await,
    }
}

pub(super) async fn check(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["code"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    match ask.housekey.sign_in_trust_code(&ask.caller, fields.text("code")).await {
        Ok(outcome) => {
            let (view, cookies) = page::parts(outcome);
            sign_in::next(ask, &view, &cookies)
        }
        Err(error) => again(ask, error, "").await,
    }
}

/// Sends what is due next at once where there is no choice, or nothing better, and goes to the page that asks for it. What
/// cannot be sent now is offered there.
pub(super) async fn begin(ask: Ask, view: SignInView, cookies: Cookies) -> Response {
    let sent = match (view.status, view.offered.as_slice(), view.second_offered.first()) {
        (SignInStatus::NeedsClientTrust, [only], _) => ask.housekey.sign_in_trust_send(&ask.caller, *only).await.ok(),
        (SignInStatus::NeedsSecondFactor, _, Some(SecondStrategy::PhoneCode)) => {
            ask.housekey.sign_in_second_send(&ask.caller, None).await.ok()
        }
        _ => None,
    };
    let view = sent.map_or(view, |outcome| outcome.value);
    sign_in::next(ask, &view, &cookies)
}

async fn again(mut ask: Ask, error: crate::error::Error, way: &str) -> Response {
    match Told::of(&mut ask, error, "code") {
        Ok(told) => match view(&mut ask, way).await {
            Ok(view) => page::show_told(ask, "client_trust.html", "client-trust-title", view, told),
            Err(response) => *response,
        },
        Err(response) => *response,
    }
}

async fn view(ask: &mut Ask, named: &str) -> Result<View, Box<Response>> {
    let view = match ask.housekey.sign_in_current(&ask.caller).await {
        Ok(Some(view)) if view.status == SignInStatus::NeedsClientTrust => view,
        Ok(_) => return Err(Box::new(page::go(ask, "/sign-in", &Cookies::default()))),
        Err(error) => return Err(Box::new(problem::of(ask, error))),
    };
    let on_its_way = view.code.as_ref().map(|(of, _)| word(*of));
    let offered: Vec<&'static str> = view.offered.iter().map(|way| word(*way)).collect();
    let named = offered.iter().find(|way| **way == named).copied();
    let way = named.or(on_its_way).or(offered.first().copied()).unwrap_or("email_code");
    let others = offered.into_iter().filter(|other| *other != way).collect();
    let sent = view.code.filter(|(of, _)| word(*of) == way).map(|(_, code)| Sent::of(code));
    let to = view.vouching.iter().find(|one| word(one.way) == way).map(|one| one.to.clone()).unwrap_or_default();
    Ok(View { sent, to, way, others })
}

impl Sent {
    fn of(code: CodeSent) -> Self {
        Self { to: code.to, resend_from: code.resend_from.as_millis() }
    }
}

fn strategy(way: &str) -> Strategy {
    WAYS.iter().find(|(_, word)| *word == way).map_or(Strategy::EmailCode, |(strategy, _)| *strategy)
}

fn word(strategy: Strategy) -> &'static str {
    WAYS.iter().find(|(one, _)| *one == strategy).map_or("email_code", |(_, word)| *word)
}
