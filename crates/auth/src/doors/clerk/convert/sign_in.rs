//! Attempts to sign in. What is offered, and all ids in it, follow from the instance and from what was typed, never from
//! whether anybody has that address.

use super::ms;
use crate::{
    flows::sign_in::{SignInStatus, SignInView},
    housekey::Housekey,
};
use housekey_core::{
    identifier::email::Email,
    sign_in::{SecondStrategy, Strategy},
};
use housekey_wire::frontend::{Factor, Verification, sign_in::SignIn};

/// An attempt.
pub(crate) fn sign_in(house: &Housekey, view: &SignInView) -> SignIn {
    let first = matches!(view.status, SignInStatus::NeedsFirstFactor);
    SignIn {
        object: "sign_in_attempt",
        id: view.id.to_string(),
        status: status(view.status),
        supported_identifiers: vec!["email_address"],
        supported_first_factors: if first { factors(house, view) } else { Vec::new() },
        supported_second_factors: view.second_offered.iter().map(|way| second_factor(*way)).collect(),
        first_factor_verification: verification(view),
        second_factor_verification: view.second.map(second_proved),
        identifier: view.identifier.clone(),
        user_data: None,
        created_session_id: view.session.as_ref().map(ToString::to_string),
        abandon_at: ms(view.expires),
        client_trust_state: None,
    }
}

/// A strategy's published name.
pub(crate) fn name(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Password => "password",
        Strategy::EmailCode => "email_code",
        Strategy::ResetPasswordEmailCode => "reset_password_email_code",
        Strategy::Ticket => "ticket",
        _ => "unknown",
    }
}

/// The strategy of this name.
pub(crate) fn strategy(name: &str) -> Option<Strategy> {
    [Strategy::Password, Strategy::EmailCode, Strategy::ResetPasswordEmailCode, Strategy::Ticket]
        .into_iter()
        .find(|strategy| self::name(*strategy) == name)
}

/// The second factor of this name.
pub(crate) fn second_strategy(name: &str) -> Option<SecondStrategy> {
    [SecondStrategy::Totp, SecondStrategy::BackupCode].into_iter().find(|strategy| strategy.as_str() == name)
}

/// A second factor, as it is offered.
pub(crate) fn second_factor(strategy: SecondStrategy) -> Factor {
    Factor { strategy: strategy.as_str(), safe_identifier: None, email_address_id: None, primary: None }
}

/// That it was proved.
pub(crate) fn second_proved(strategy: SecondStrategy) -> Verification {
    let object = if strategy == SecondStrategy::Totp { "verification_totp" } else { "verification_backup_code" };
    Verification {
        object: Some(object),
        status: "verified",
        strategy: Some(strategy.as_str()),
        attempts: Some(1),
        expire_at: None,
    }
}

fn status(status: SignInStatus) -> &'static str {
    match status {
        SignInStatus::NeedsIdentifier => "needs_identifier",
        SignInStatus::NeedsFirstFactor => "needs_first_factor",
        SignInStatus::NeedsSecondFactor => "needs_second_factor",
        SignInStatus::NeedsClientTrust => "needs_client_trust",
        SignInStatus::NeedsNewPassword => "needs_new_password",
        SignInStatus::Complete => "complete",
    }
}

fn factors(house: &Housekey, view: &SignInView) -> Vec<Factor> {
    let typed = view.identifier.as_deref().unwrap_or_default();
    let masked = Email::parse(typed).map(|email| email.masked()).ok();
    let id = house.stand_in_id("idn_", &[view.id.as_str(), &typed.to_lowercase()]);
    view.offered
        .iter()
        .map(|strategy| {
            let mailed = matches!(strategy, Strategy::EmailCode | Strategy::ResetPasswordEmailCode);
            Factor {
                strategy: name(*strategy),
                safe_identifier: masked.clone().filter(|_| mailed),
                email_address_id: mailed.then(|| id.clone()),
                primary: mailed.then_some(true),
            }
        })
        .collect()
}

/// Nothing stands here until a code was sent, or the components would not ask for one.
fn verification(view: &SignInView) -> Option<Verification> {
    if let Some((strategy, code)) = &view.code {
        return Some(Verification {
            object: Some("verification_otp"),
            status: "unverified",
            strategy: Some(name(*strategy)),
            attempts: Some(0),
            expire_at: Some(ms(code.expires)),
        });
    }
    // A code is over with its use, and the contract wants a time for it.
    view.first.map(|strategy| {
        let (object, expire_at) = match strategy {
            Strategy::Password => ("verification_password", None),
            Strategy::Ticket => ("verification_ticket", None),
            _ => ("verification_otp", Some(ms(view.expires))),
        };
        Verification {
            object: Some(object),
            status: "verified",
            strategy: Some(name(strategy)),
            attempts: Some(1),
            expire_at,
        }
    })
}
