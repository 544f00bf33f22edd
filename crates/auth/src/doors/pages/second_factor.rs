//! The second step of a sign-in: the code of an authenticator app, or a backup code.

use super::{
    page::{self, Told},
    problem,
    sign_in::{self, asked},
};
use crate::{caller::Cookies, doors::shared::Ask, flows::sign_in::SignInStatus};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;
use housekey_core::sign_in::SecondStrategy;
use serde::Serialize;

#[derive(Serialize)]
struct View {
    email: Option<String>,
    /// The way that is asked for.
    way: &'static str,
    /// The other ways of the account.
    others: Vec<&'static str>,
    /// For how many days the device may be trusted; 0 for none.
    days: u32,
    /// Whether somebody who has none of these may ask to come back without.
    recovery: bool,
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

/// The way that a form or a link names.
pub(super) fn strategy(way: &str) -> SecondStrategy {
    let others = [SecondStrategy::BackupCode, SecondStrategy::Passkey];
    others.into_iter().find(|other| other.as_str() == way).unwrap_or(SecondStrategy::Totp)
}

async fn view(ask: &mut Ask, way: &str) -> Result<View, Box<Response>> {
    match ask.housekey.sign_in_current(&ask.caller).await {
        Ok(Some(view)) if view.status == SignInStatus::NeedsSecondFactor => {
            let (way, others) = chosen(way, &view.second_offered);
            let settings = ask.housekey.settings();
            let days = settings.trusted_device_days;
            let recovery = ask.housekey.recovery_shown(&ask.caller).await.is_ok();
            Ok(View { way, others, days, recovery, email: view.identifier })
        }
        // A compromised password is due before it.
        Ok(Some(view)) if view.status == SignInStatus::NeedsNewPassword => {
            Err(Box::new(page::go(ask, "/sign-in/new-password", &Cookies::default())))
        }
        Ok(_) => Err(Box::new(page::go(ask, "/sign-in", &Cookies::default()))),
        Err(error) => Err(Box::new(problem::of(ask, error))),
    }
}

/// The way that is asked for, and the others: the named one where the account has it, else its first.
pub(super) fn chosen(named: &str, offered: &[SecondStrategy]) -> (&'static str, Vec<&'static str>) {
    let named = offered.iter().find(|way| way.as_str() == named);
    let way = named.or(offered.first()).copied().unwrap_or(SecondStrategy::Totp);
    (way.as_str(), offered.iter().filter(|other| **other != way).map(|other| other.as_str()).collect())
}
