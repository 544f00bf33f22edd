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
use housekey_core::{
    identifier::{email::Email, phone::Phone},
    sign_in::{SecondStrategy, Strategy},
    time::Time,
};
use housekey_wire::frontend::{Factor, Verification, client::Reverification};

pub(super) async fn start(Path(id): Path<String>, knock: Knock) -> Answer {
    let open = one(&knock, &id).await?;
    let asked = knock.text("level").unwrap_or("first_factor");
    // Nobody can be asked for what the account has not.
    let level = if open.user.two_step_since.is_some() { asked } else { "first_factor" };
    let fresh = open.session.is_fresh(&knock.house.settings().sessions, knock.house.now());
    let status = match level {
        "second_factor" => "needs_second_factor",
        "multi_factor" if fresh => "needs_second_factor",
        _ => "needs_first_factor",
    };
    let body = Reverification { status, ..shown(&knock, &open, level, None) };
    knock.wrapped(body).await
}

/// A code to a phone is sent; an app shows its code by itself.
pub(super) async fn prepare_second(Path(id): Path<String>, knock: Knock) -> Answer {
    let open = one(&knock, &id).await?;
    if knock.required("strategy")? != SecondStrategy::PhoneCode.as_str() {
        return Err(knock.refuse(Error::field("strategy", "strategy_not_offered")));
    }
    let phone = knock.second_phone()?;
    let sent = knock.house.step_up_second_send(&acting(&knock, &open), phone.as_ref()).await;
    let sent = sent.map_err(|e| knock.refuse(e))?;
    let asked = code_asked(Some(Strategy::PhoneCode), &sent);
    let body = shown(&knock, &open, "second_factor", None);
    let status = "needs_second_factor";
    knock.wrapped(Reverification { status, second_factor_verification: Some(asked), ..body }).await
}

pub(super) async fn attempt_second(Path(id): Path<String>, knock: Knock) -> Answer {
    let open = one(&knock, &id).await?;
    let caller = acting(&knock, &open);
    let not_offered = || Error::field("strategy", "strategy_not_offered");
    let strategy = sign_in::second_strategy(knock.required("strategy")?).ok_or_else(|| knock.refuse(not_offered()))?;
    let code = knock.required("code")?.to_owned();
    let done = knock.house.step_up_second_factor(&caller, strategy, &code).await;
    let Outcome { cookies, .. } = done.map_err(|e| knock.refuse(e))?;
    let id = open.session.id.clone();
    knock
        .answered(Outcome { value: (), cookies }, |(), view| {
            let fresh = view.and_then(|view| view.sessions.iter().find(|s| s.session.id == id)).unwrap_or(&open);
            let proved = Some(sign_in::second_proved(strategy, knock.house.now()));
            let body = shown(&knock, fresh, "second_factor", None);
            Reverification { status: "complete", second_factor_verification: proved, ..body }
        })
        .await
}

pub(super) async fn prepare(Path(id): Path<String>, knock: Knock) -> Answer {
    let open = one(&knock, &id).await?;
    let caller = acting(&knock, &open);
    let strategy = sign_in::strategy(knock.required("strategy")?);
    let coded = |sent: CodeSent| code_asked(strategy, &sent);
    let asked = match strategy {
        Some(Strategy::EmailCode) => knock.house.step_up_send_code(&caller).await.map(coded),
        Some(Strategy::PhoneCode) => knock.house.step_up_send_sms(&caller).await.map(coded),
        Some(Strategy::Passkey) => {
            knock.house.step_up_passkey_begin(&caller).await.map(|asked| sign_in::passkey_asked(&asked))
        }
        _ => Err(Error::field("strategy", "strategy_not_offered")),
    };
    let asked = asked.map_err(|e| knock.refuse(e))?;
    let body = shown(&knock, &open, "first_factor", Some(asked));
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
        Some(Strategy::PhoneCode) => {
            let code = knock.required("code")?.to_owned();
            knock.house.step_up_sms_code(&caller, &code).await
        }
        Some(Strategy::Passkey) => {
            let answer = knock.required("public_key_credential")?.to_owned();
            knock.house.step_up_second_factor(&caller, SecondStrategy::Passkey, &answer).await
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
            // Which level was asked for is not said again: who has a second factor shows it too, unless it is fresh.
            let second = fresh.user.two_step_since.is_some();
            let due = second && !fresh.session.is_strongly_fresh(&house.settings().sessions, house.now());
            let status = if due { "needs_second_factor" } else { "complete" };
            Reverification { status, first_factor_verification: Some(proved), ..body }
        })
        .await
}

fn acting(knock: &Knock, open: &SessionOf) -> Caller {
    Caller { session: Some(open.session.id.clone()), ..knock.caller.again() }
}

/// Somebody who is signed in may be told what there is to confirm with.
fn shown(knock: &Knock, open: &SessionOf, level: &str, asked: Option<Verification>) -> Reverification {
    Reverification {
        object: "session_reverification",
        level: level.to_owned(),
        status: "needs_first_factor",
        supported_first_factors: factors(knock, open),
        supported_second_factors: second_factors(open),
        first_factor_verification: asked,
        second_factor_verification: None,
        session: wire::session(&knock.house, open),
    }
}

fn code_asked(strategy: Option<Strategy>, sent: &CodeSent) -> Verification {
    Verification {
        object: Some("verification_otp"),
        status: "unverified",
        strategy: strategy.map(sign_in::name),
        attempts: Some(0),
        expire_at: Some(sent.expires.as_millis()),
        nonce: None,
        verified_at_client: None,
    }
}

fn proved(strategy: Option<Strategy>, at: Time) -> Verification {
    let (object, timed) = match strategy {
        Some(Strategy::EmailCode | Strategy::PhoneCode) => ("verification_otp", true),
        Some(Strategy::Passkey) => ("verification_passkey", true),
        _ => ("verification_password", false),
    };
    Verification {
        object: Some(object),
        status: "verified",
        strategy: strategy.map(sign_in::name),
        attempts: Some(1),
        expire_at: timed.then(|| at.as_millis()),
        nonce: None,
        verified_at_client: None,
    }
}

fn second_factors(open: &SessionOf) -> Vec<Factor> {
    sign_in::second_factors(&open.user.second_strategies(), &open.user.second_phones())
}

fn factors(knock: &Knock, open: &SessionOf) -> Vec<Factor> {
    let user = &open.user;
    let password = user.password_set.map(|_| sign_in::bare("password"));
    let primary = user.emails.iter().find(|e| Some(&e.id) == user.primary_email.as_ref());
    let mailed = primary.map(|email| Factor {
        safe_identifier: Email::parse(&email.address).map(|email| email.masked()).ok(),
        email_address_id: Some(email.id.to_string()),
        primary: Some(true),
        ..sign_in::bare("email_code")
    });
    let on = knock.house.settings().identifiers.phone.is_on();
    let phone = user.phones.iter().find(|p| on && Some(&p.id) == user.primary_phone.as_ref());
    let texted = phone.map(|phone| Factor {
        safe_identifier: Phone::try_from(phone.number.clone()).map(|number| number.masked()).ok(),
        phone_number_id: Some(phone.id.to_string()),
        primary: Some(true),
        ..sign_in::bare("phone_code")
    });
    let passkey = (!user.passkeys.is_empty()).then(sign_in::passkey);
    // Where nothing of the second step can be asked for by this contract, only a passkey is enough by itself.
    if user.two_step_since.is_some() && second_factors(open).is_empty() {
        return passkey.into_iter().collect();
    }
    password.into_iter().chain(mailed).chain(texted).chain(passkey).collect()
}
