//! Attempts to sign up.

use super::{ms, object};
use crate::{flows::sign_up::SignUpView, housekey::Housekey};
use housekey_core::sign_up::Missing;
use housekey_wire::frontend::{
    Verification,
    sign_up::{SignUp, SignUpVerification, Verifications},
};

/// An attempt.
pub(crate) fn sign_up(house: &Housekey, view: &SignUpView) -> SignUp {
    let legal = house.settings().legal_consent;
    let mut required = vec!["email_address", "password"];
    if legal {
        required.push("legal_accepted");
    }
    let unverified = view.email.is_some() && !view.email_proved;
    SignUp {
        object: "sign_up_attempt",
        id: view.id.to_string(),
        status: if view.done.is_some() { "complete" } else { "missing_requirements" },
        required_fields: required,
        optional_fields: vec!["first_name", "last_name"],
        missing_fields: view.missing.iter().map(|what| missing(*what)).collect(),
        unverified_fields: if unverified { vec!["email_address"] } else { Vec::new() },
        verifications: Verifications {
            email_address: email(view),
            phone_number: None,
            web3_wallet: None,
            external_account: None,
        },
        username: None,
        email_address: view.email.clone(),
        phone_number: None,
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
    }
}

fn missing(what: Missing) -> &'static str {
    match what {
        Missing::EmailAddress => "email_address",
        Missing::Password => "password",
        Missing::LegalAccepted => "legal_accepted",
    }
}

/// Nothing stands here until a code was sent, or the components would not ask for one.
fn email(view: &SignUpView) -> Option<SignUpVerification> {
    let sent = view.code.as_ref();
    if !view.email_proved && sent.is_none() {
        return None;
    }
    let (status, next_action) = if view.email_proved { ("verified", "") } else { ("unverified", "needs_attempt") };
    Some(SignUpVerification {
        verification: Verification {
            object: Some(if sent.is_some() { "verification_otp" } else { "verification_ticket" }),
            status,
            strategy: Some(if sent.is_some() { "email_code" } else { "ticket" }),
            attempts: sent.map(|_| 0),
            expire_at: sent.map(|code| ms(code.expires)),
            nonce: None,
        },
        next_action,
        supported_strategies: vec!["email_code"],
    })
}
