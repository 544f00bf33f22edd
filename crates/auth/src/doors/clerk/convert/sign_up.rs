//! Attempts to sign up.

use super::{ms, object};
use crate::{flows::sign_up::SignUpView, housekey::Housekey};
use housekey_core::sign_up::Missing;
use housekey_wire::frontend::{
    Verification,
    sign_up::{SignUp, SignUpVerification, Verifications},
};

/// An attempt.
pub(crate) fn sign_up(house: &Housekey, view: &SignUpView, client: Option<&str>) -> SignUp {
    let asked = house.required();
    let username = house.settings().identifiers.username.is_on();
    let fields = [
        ("email_address", true, asked.email),
        ("phone_number", house.settings().identifiers.phone.is_on(), asked.phone),
        ("username", username, asked.username),
        ("password", true, asked.password),
        ("legal_accepted", asked.legal, asked.legal),
        ("first_name", true, false),
        ("last_name", true, false),
    ];
    let those = |wanted: bool| {
        let taken = fields.iter().filter(|(_, taken, _)| *taken);
        taken.filter(|(_, _, required)| *required == wanted).map(|(name, ..)| *name).collect::<Vec<_>>()
    };
    let unverified = [
        ("email_address", view.email.is_some() && !view.email_proved),
        ("phone_number", view.phone.is_some() && !view.phone_proved),
    ];
    let unverified = unverified.into_iter().filter_map(|(name, is)| is.then_some(name));
    SignUp {
        object: "sign_up_attempt",
        id: view.id.to_string(),
        status: if view.done.is_some() { "complete" } else { "missing_requirements" },
        required_fields: those(true),
        optional_fields: those(false),
        missing_fields: view.missing.iter().map(|what| missing(*what)).collect(),
        unverified_fields: unverified.collect(),
        verifications: Verifications {
            email_address: email(house, view, client),
            phone_number: phone(view),
            web3_wallet: None,
            external_account: None,
        },
        username: view.username.clone(),
        email_address: view.email.clone(),
        phone_number: view.phone.clone(),
        web3_wallet: None,
        password_enabled: view.has_password,
        first_name: view.first_name.clone(),
        last_name: view.last_name.clone(),
        unsafe_metadata: object(view.unsafe_metadata.as_deref().unwrap_or("{}")),
        public_metadata: object("{}"),
        custom_action: false,
        external_id: None,
        created_session_id: view.done.as_ref().map(|(_, session)| session.to_string()),
        created_user_id: view.done.as_ref().map(|(user, _)| user.to_string()),
        abandon_at: ms(view.expires),
        legal_accepted_at: view.legal_accepted.map(ms),
        protect_check: None,
    }
}

fn missing(what: Missing) -> &'static str {
    match what {
        Missing::EmailAddress => "email_address",
        Missing::Username => "username",
        Missing::PhoneNumber => "phone_number",
        Missing::Password => "password",
        Missing::LegalAccepted => "legal_accepted",
    }
}

/// Nothing stands here until a code was sent, or the components would not ask for one.
fn email(house: &Housekey, view: &SignUpView, client: Option<&str>) -> Option<SignUpVerification> {
    let sent = view.code.as_ref();
    if !view.email_proved && sent.is_none() {
        return None;
    }
    let over = view.link && sent.is_some_and(|code| code.expires <= house.now());
    let (status, next_action) = match view.email_proved {
        true => ("verified", ""),
        // Whoever waits for a link to be followed goes on asking until it says so.
        false if over => ("expired", "needs_prepare"),
        false => ("unverified", "needs_attempt"),
    };
    let (object, strategy) = match sent {
        _ if view.link => ("verification_email_link", "email_link"),
        Some(_) => ("verification_otp", "email_code"),
        None => ("verification_ticket", "ticket"),
    };
    let expire_at = sent.map(|code| ms(code.expires)).or(view.link.then(|| ms(view.expires)));
    Some(SignUpVerification {
        verification: Verification {
            object: Some(object),
            status,
            strategy: Some(strategy),
            attempts: sent.map(|_| 0),
            expire_at,
            nonce: None,
            verified_at_client: client.filter(|_| view.link && view.email_proved).map(str::to_owned),
        },
        next_action,
        supported_strategies: super::mailed(house),
    })
}

/// The same of the phone.
fn phone(view: &SignUpView) -> Option<SignUpVerification> {
    let sent = view.phone_code.as_ref();
    if !view.phone_proved && sent.is_none() {
        return None;
    }
    let (status, next_action) = if view.phone_proved { ("verified", "") } else { ("unverified", "needs_attempt") };
    Some(SignUpVerification {
        verification: Verification {
            object: Some("verification_otp"),
            status,
            strategy: Some("phone_code"),
            attempts: Some(0),
            // A code is over with its use, and the contract wants a time for it.
            expire_at: Some(ms(sent.map_or(view.expires, |code| code.expires))),
            nonce: None,
            verified_at_client: None,
        },
        next_action,
        supported_strategies: vec!["phone_code"],
    })
}
