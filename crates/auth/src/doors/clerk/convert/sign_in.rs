//! Attempts to sign in. What is offered, and all ids in it, follow from the instance and from what was typed, never from
//! whether anybody has that address.

use super::{environment, ms};
use crate::{
    flows::{
        passkeys::PasskeyAsked,
        sign_in::{SignInStatus, SignInView},
    },
    housekey::Housekey,
};
use housekey_core::{
    identifier::Identifier,
    sign_in::{SecondPhone, SecondStrategy, Strategy, Vouching},
    time::Time,
};
use housekey_wire::frontend::{Factor, Verification, sign_in::SignIn};

/// An attempt.
pub(crate) fn sign_in(house: &Housekey, view: &SignInView, client: Option<&str>) -> SignIn {
    let first = matches!(view.status, SignInStatus::NeedsFirstFactor);
    SignIn {
        object: "sign_in_attempt",
        id: view.id.to_string(),
        // Whom a passkey names is known when it has answered.
        status: if view.passkey.is_some() { "needs_first_factor" } else { status(view.status) },
        supported_identifiers: environment::identifiers(house),
        supported_first_factors: match (&view.passkey, first) {
            (Some(_), _) => vec![passkey()],
            (None, true) => factors(house, view),
            (None, false) => Vec::new(),
        },
        supported_second_factors: match view.status {
            // The contract takes what vouches for a device as second factors.
            SignInStatus::NeedsClientTrust => vouching(house, view),
            _ => second_factors(&view.second_offered, &view.second_phones),
        },
        first_factor_verification: match view.status {
            SignInStatus::NeedsClientTrust | SignInStatus::NeedsSecondFactor => {
                view.first.map(|first| proved(view, first, client))
            }
            _ => verification(house, view, client),
        },
        second_factor_verification: match view.status {
            SignInStatus::NeedsClientTrust | SignInStatus::NeedsSecondFactor => {
                view.code.as_ref().map(|(way, code)| sent(*way, code.expires, "unverified"))
            }
            // The contract knows a passkey as a first factor alone.
            _ => view.second.filter(|way| *way != SecondStrategy::Passkey).map(|way| second_proved(way, view.expires)),
        },
        identifier: view.identifier.clone(),
        user_data: None,
        created_session_id: view.session.as_ref().map(ToString::to_string),
        abandon_at: ms(view.expires),
        client_trust_state: (view.status == SignInStatus::NeedsClientTrust).then_some("new"),
        protect_check: None,
    }
}

/// A strategy's published name.
pub(crate) fn name(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Password => "password",
        Strategy::EmailCode => "email_code",
        Strategy::EmailLink => "email_link",
        Strategy::ResetPasswordEmailCode => "reset_password_email_code",
        Strategy::Ticket => "ticket",
        Strategy::Passkey => "passkey",
        Strategy::PhoneCode => "phone_code",
        Strategy::ResetPasswordPhoneCode => "reset_password_phone_code",
        _ => "unknown",
    }
}

/// The strategy of this name.
pub(crate) fn strategy(name: &str) -> Option<Strategy> {
    let known = [
        Strategy::Password,
        Strategy::EmailCode,
        Strategy::EmailLink,
        Strategy::ResetPasswordEmailCode,
        Strategy::Ticket,
        Strategy::Passkey,
        Strategy::PhoneCode,
        Strategy::ResetPasswordPhoneCode,
    ];
    known.into_iter().find(|strategy| self::name(*strategy) == name)
}

/// The second factor of this name.
pub(crate) fn second_strategy(name: &str) -> Option<SecondStrategy> {
    let known = [SecondStrategy::Totp, SecondStrategy::PhoneCode, SecondStrategy::BackupCode];
    known.into_iter().find(|strategy| strategy.as_str() == name)
}

/// Second factors, as they are offered. The contract knows a passkey as a first factor alone, and its components would
/// wait for ever at one that is offered here.
pub(crate) fn second_factors(offered: &[SecondStrategy], phones: &[SecondPhone]) -> Vec<Factor> {
    let each = |way: &SecondStrategy| match way {
        SecondStrategy::Passkey => Vec::new(),
        SecondStrategy::PhoneCode => phones.iter().enumerate().map(|(at, phone)| by_phone(phone, at == 0)).collect(),
        way => vec![bare(way.as_str())],
    };
    offered.iter().flat_map(each).collect()
}

fn by_phone(phone: &SecondPhone, first: bool) -> Factor {
    Factor {
        safe_identifier: Some(phone.to.clone()),
        phone_number_id: Some(phone.id.to_string()),
        default: Some(first),
        ..bare(SecondStrategy::PhoneCode.as_str())
    }
}

/// A passkey, as it is offered.
pub(crate) fn passkey() -> Factor {
    bare("passkey")
}

pub(crate) fn bare(strategy: &'static str) -> Factor {
    Factor {
        strategy,
        safe_identifier: None,
        email_address_id: None,
        phone_number_id: None,
        primary: None,
        default: None,
    }
}

/// That it was proved. A code that was sent is over with its use, and the contract wants a time for it.
pub(crate) fn second_proved(strategy: SecondStrategy, until: Time) -> Verification {
    let object = match strategy {
        SecondStrategy::Totp => "verification_totp",
        SecondStrategy::PhoneCode => "verification_otp",
        _ => "verification_backup_code",
    };
    Verification {
        object: Some(object),
        status: "verified",
        strategy: Some(strategy.as_str()),
        attempts: Some(1),
        expire_at: (strategy == SecondStrategy::PhoneCode).then(|| ms(until)),
        nonce: None,
        verified_at_client: None,
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
    let named = Identifier::try_from(typed.to_owned()).ok();
    let masked = named.map(|named| named.masked());
    let id = house.stand_in_id("idn_", &[view.id.as_str(), &typed.to_lowercase()]);
    view.offered
        .iter()
        .map(|strategy| {
            let mailed =
                matches!(strategy, Strategy::EmailCode | Strategy::EmailLink | Strategy::ResetPasswordEmailCode);
            let texted = matches!(strategy, Strategy::PhoneCode | Strategy::ResetPasswordPhoneCode);
            Factor {
                safe_identifier: masked.clone().filter(|_| mailed || texted),
                email_address_id: mailed.then(|| id.clone()),
                phone_number_id: texted.then(|| id.clone()),
                primary: (mailed || texted).then_some(true),
                ..bare(name(*strategy))
            }
        })
        .collect()
}

/// Nothing stands here until a code was sent, or the components would not ask for one.
fn verification(house: &Housekey, view: &SignInView, client: Option<&str>) -> Option<Verification> {
    if let Some(asked) = &view.passkey {
        return Some(passkey_asked(asked));
    }
    if let Some((strategy, code)) = &view.code {
        let link = *strategy == Strategy::EmailLink;
        // Whoever waits for a link to be followed goes on asking until it says so.
        let over = link && code.expires <= house.now();
        return Some(sent(*strategy, code.expires, if over { "expired" } else { "unverified" }));
    }
    view.first.map(|strategy| proved(view, strategy, client))
}

/// That a code or a link is on its way.
fn sent(strategy: Strategy, expires: Time, status: &'static str) -> Verification {
    let link = strategy == Strategy::EmailLink;
    Verification {
        object: Some(if link { "verification_email_link" } else { "verification_otp" }),
        status,
        strategy: Some(name(strategy)),
        attempts: Some(0),
        expire_at: Some(ms(expires)),
        nonce: None,
        verified_at_client: None,
    }
}

/// That the first factor was proved. A code is over with its use, and the contract wants a time for it.
fn proved(view: &SignInView, strategy: Strategy, client: Option<&str>) -> Verification {
    let (object, expire_at) = match strategy {
        Strategy::Password => ("verification_password", None),
        Strategy::Ticket => ("verification_ticket", None),
        Strategy::Passkey => ("verification_passkey", Some(ms(view.expires))),
        Strategy::EmailLink => ("verification_email_link", Some(ms(view.expires))),
        _ => ("verification_otp", Some(ms(view.expires))),
    };
    Verification {
        object: Some(object),
        status: "verified",
        strategy: Some(name(strategy)),
        attempts: Some(1),
        expire_at,
        nonce: None,
        verified_at_client: client.filter(|_| strategy == Strategy::EmailLink).map(str::to_owned),
    }
}

/// What vouches for a device: the mailbox and the phone are the account's own.
fn vouching(house: &Housekey, view: &SignInView) -> Vec<Factor> {
    let id = |way: Strategy| house.stand_in_id("idn_", &[view.id.as_str(), name(way)]);
    let factor = |one: &Vouching| Factor {
        safe_identifier: Some(one.to.clone()),
        email_address_id: (one.way == Strategy::EmailCode).then(|| id(one.way)),
        phone_number_id: (one.way == Strategy::PhoneCode).then(|| id(one.way)),
        primary: Some(true),
        ..bare(name(one.way))
    };
    view.vouching.iter().map(factor).collect()
}

/// That a passkey is asked for, and with what.
pub(crate) fn passkey_asked(asked: &PasskeyAsked) -> Verification {
    Verification {
        object: Some("verification_passkey"),
        status: "unverified",
        strategy: Some("passkey"),
        attempts: Some(0),
        expire_at: Some(ms(asked.expires)),
        nonce: Some(asked.options.clone()),
        verified_at_client: None,
    }
}
