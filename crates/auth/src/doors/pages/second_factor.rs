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
    /// Whether the field is for a backup code.
    backup: bool,
    /// Whether there is the other way.
    other: bool,
}

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    let way = asked(query.as_deref(), "way");
    match view(&mut ask, &way).await {
        Ok(view) => page::show(ask, "second_factor.html", "second-factor-title", view),
        Err(response) => *response,
    }
}

pub(super) async fn check(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["code", "way"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let way = fields.text("way").to_owned();
    match ask.housekey.sign_in_second_factor(&ask.caller, strategy(&way), fields.text("code")).await {
        Ok(outcome) => {
            let (view, cookies) = page::parts(outcome);
            sign_in::next(ask, &view, &cookies)
        }
        Err(error) => match Told::of(&mut ask, error, "code") {
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
    if way == SecondStrategy::BackupCode.as_str() { SecondStrategy::BackupCode } else { SecondStrategy::Totp }
}

async fn view(ask: &mut Ask, way: &str) -> Result<View, Box<Response>> {
    match ask.housekey.sign_in_current(&ask.caller).await {
        Ok(Some(view)) if view.status == SignInStatus::NeedsSecondFactor => {
            let offers = |way| view.second_offered.contains(&way);
            let backup = strategy(way) == SecondStrategy::BackupCode && offers(SecondStrategy::BackupCode);
            let other = if backup { SecondStrategy::Totp } else { SecondStrategy::BackupCode };
            Ok(View { backup, other: offers(other), email: view.identifier })
        }
        Ok(_) => Err(Box::new(page::go(ask, "/sign-in", &Cookies::default()))),
        Err(error) => Err(Box::new(problem::of(ask, error))),
    }
}
