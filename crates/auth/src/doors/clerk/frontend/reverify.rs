//! Confirming who one is in a running session, before a risky change.

use super::sessions::one;
use crate::{
    caller::{Caller, Outcome},
    doors::clerk::{
        answer::Answer,
        convert::{client as wire, sign_in},
        errors::{self, Proof},
        knock::Knock,
    },
    error::Error,
    flows::{clients::SessionOf, codes::CodeSent},
};
use axum::extract::Path;
use housekey_core::{identifier::email::Email, sign_in::Strategy, time::Time};
use housekey_wire::frontend::{Factor, Verification, client::Reverification};

pub(super) async fn start(Path(id): Path<String>, knock: Knock) -> Answer {
    let open = one(&knock, &id).await?;
    let level = knock.text("level").unwrap_or("first_factor").to_owned();
    let body = shown(&knock, &open, &level, None);
    knock.wrapped(body).await
}

pub(super) async fn prepare(Path(id): Path<String>, knock: Knock) -> Answer {
    let open = one(&knock, &id).await?;
    if sign_in::strategy(knock.required("strategy")?) != Some(Strategy::EmailCode) {
        return Err(knock.refuse(Error::field("strategy", "strategy_not_offered")));
    }
    let caller = acting(&knock, &open);
    let sent = knock.house.step_up_send_code(&caller).await.map_err(|e| knock.refuse(e))?;
    let body = shown(&knock, &open, "first_factor", Some(sent));
    knock.wrapped(body).await
}

pub(super) async fn attempt(Path(id): Path<String>, knock: Knock) -> Answer {
    let open = one(&knock, &id).await?;
    let caller = acting(&knock, &open);
    let own = |error| errors::refuse(&knock, error, Proof::Own("password"));
    let strategy = sign_in::strategy(knock.required("strategy")?);
    let outcome = match strategy {
        Some(Strategy::Password) => {
            let password = knock.password("password")?.ok_or_else(|| own(Error::field("password", "missing")))?;
            knock.house.step_up_password(&caller, password).await
        }
        Some(Strategy::EmailCode) => {
            let code = knock.required("code")?.to_owned();
            knock.house.step_up_code(&caller, &code).await
        }
        _ => Err(Error::field("strategy", "strategy_not_offered")),
    };
    let Outcome { cookies, .. } = outcome.map_err(own)?;
    let house = knock.house.clone();
    let id = open.session.id.clone();
    knock
        .answered(Outcome { value: (), cookies }, |(), view| {
            let fresh = view.and_then(|view| view.sessions.iter().find(|s| s.session.id == id)).unwrap_or(&open);
            let body = shown(&knock, fresh, "first_factor", None);
            let proved = proved(strategy, house.now());
            Reverification { status: "complete", first_factor_verification: Some(proved), ..body }
        })
        .await
}

fn acting(knock: &Knock, open: &SessionOf) -> Caller {
    Caller { session: Some(open.session.id.clone()), ..knock.caller.again() }
}

/// Somebody who is signed in may be told what there is to confirm with.
fn shown(knock: &Knock, open: &SessionOf, level: &str, sent: Option<CodeSent>) -> Reverification {
    let first = sent.map(|code| Verification {
        object: Some("verification_otp"),
        status: "unverified",
        strategy: Some("email_code"),
        attempts: Some(0),
        expire_at: Some(code.expires.as_millis()),
    });
    Reverification {
        object: "session_reverification",
        level: level.to_owned(),
        status: "needs_first_factor",
        supported_first_factors: factors(open),
        supported_second_factors: Vec::new(),
        first_factor_verification: first,
        second_factor_verification: None,
        session: wire::session(&knock.house, open),
    }
}

fn proved(strategy: Option<Strategy>, at: Time) -> Verification {
    let code = strategy == Some(Strategy::EmailCode);
    Verification {
        object: Some(if code { "verification_otp" } else { "verification_password" }),
        status: "verified",
        strategy: strategy.map(sign_in::name),
        attempts: Some(1),
        expire_at: code.then(|| at.as_millis()),
    }
}

fn factors(open: &SessionOf) -> Vec<Factor> {
    let user = &open.user;
    let password = user.password_set.map(|_| Factor {
        strategy: "password",
        safe_identifier: None,
        email_address_id: None,
        primary: None,
    });
    let primary = user.emails.iter().find(|e| Some(&e.id) == user.primary_email.as_ref());
    let mailed = primary.map(|email| Factor {
        strategy: "email_code",
        safe_identifier: Email::parse(&email.address).map(|email| email.masked()).ok(),
        email_address_id: Some(email.id.to_string()),
        primary: Some(true),
    });
    password.into_iter().chain(mailed).collect()
}
