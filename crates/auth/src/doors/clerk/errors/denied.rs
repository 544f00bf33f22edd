//! What was refused to somebody, by the flow's own word for it.

use super::{Proof, Refusal, error};
use crate::error::Denial;
use http::StatusCode;
use serde_json::{Value, json};

/// A denial, where it stands in the form.
pub(super) fn denied(why: Denial, proof: Proof) -> Refusal {
    use StatusCode as S;
    let param = |name: &str| json!({ "param_name": name });
    let (status, code, message, meta) = match (why, proof) {
        (Denial::PasswordOrIdentifierIncorrect, Proof::SignIn) => (
            S::UNPROCESSABLE_ENTITY,
            "form_password_or_identifier_incorrect",
            "E-mail address or password is incorrect. Try again, or use another way.",
            param("password"),
        ),
        (Denial::PasswordOrIdentifierIncorrect, Proof::Own(name)) => (
            S::UNPROCESSABLE_ENTITY,
            "form_password_incorrect",
            "Password is incorrect. Try again, or use another way.",
            param(name),
        ),
        (Denial::CodeIncorrect | Denial::SecondFactorIncorrect, _) => {
            (S::UNPROCESSABLE_ENTITY, "form_code_incorrect", "Incorrect code.", param("code"))
        }
        (Denial::PasskeyIncorrect, _) => (
            S::UNPROCESSABLE_ENTITY,
            "passkey_not_registered",
            "This passkey doesn\u{2019}t work here. Use another way.",
            param("public_key_credential"),
        ),
        (Denial::PasskeyExpired, _) => (
            S::BAD_REQUEST,
            "verification_expired",
            "That took too long, or was done already. Use your passkey again.",
            param("public_key_credential"),
        ),
        (Denial::CodeExpired, _) => (
            S::BAD_REQUEST,
            "verification_expired",
            "This code has expired or was tried too often. Send a new one.",
            param("code"),
        ),
        (Denial::AttemptExpired, _) => (
            S::NOT_FOUND,
            "resource_not_found",
            "This attempt is over, or is not this browser's. Begin again. If it had just begun, the browser keeps no \
             cookie for this host: page and host must share scheme and site, or the app forwards the calls.",
            Value::Null,
        ),
        (Denial::PasswordClosed, _) => (
            S::FORBIDDEN,
            "user_locked",
            "Too many wrong passwords were tried. Sign in with a code by e-mail.",
            param("password"),
        ),
        (Denial::SignInUnusual, _) => (
            S::FORBIDDEN,
            "user_locked",
            "This sign-in is too unusual for a password. Sign in with a code by e-mail.",
            param("password"),
        ),
        (Denial::UserLocked, _) => (S::FORBIDDEN, "user_locked", "This account is locked.", Value::Null),
        (Denial::UserBanned, _) => (S::FORBIDDEN, "user_banned", "This account is banned.", Value::Null),
        (Denial::PasswordCompromised, _) => (
            S::UNPROCESSABLE_ENTITY,
            "form_password_compromised",
            "This password may be known to others. For the account's safety, set a new one.",
            param("password"),
        ),
        (Denial::Frozen, _) => (
            S::FORBIDDEN,
            "action_blocked",
            "Its owner said that somebody else was at this account. Nothing like this is changed until the owner is back.",
            Value::Null,
        ),
        (Denial::LastWayIn, _) => (
            S::FORBIDDEN,
            "last_identification_deletion_failed",
            "This is the last way in to the account and cannot be removed.",
            Value::Null,
        ),
        // A ticket comes by a link: no component has a field that the message could stand under.
        (Denial::LinkExpired | Denial::TicketExpired, _) => {
            (S::BAD_REQUEST, "ticket_expired_code", "This ticket was used, revoked or is too old.", Value::Null)
        }
        (Denial::TicketInvalid, _) => {
            (S::BAD_REQUEST, "ticket_invalid_code", "This ticket is none of this instance's.", Value::Null)
        }
        (Denial::NotAllowed, _) => {
            (S::FORBIDDEN, "not_allowed_access", "This e-mail address may not sign up here.", param("email_address"))
        }
        (Denial::InvitationOnly, _) => (
            S::FORBIDDEN,
            "sign_up_mode_restricted",
            "Sign-up is by invitation here. Use the link of your invitation.",
            Value::Null,
        ),
        (Denial::Waitlist, _) => (
            S::FORBIDDEN,
            "sign_up_restricted_waitlist",
            "Sign-up is by invitation here. Join the waitlist to get one.",
            Value::Null,
        ),
        (Denial::AccountExists | Denial::SignInContinues, _) => {
            let message = "This e-mail address has an account. Sign in instead.";
            (S::UNPROCESSABLE_ENTITY, "form_identifier_exists", message, param("email_address"))
        }
        (Denial::SessionExists, _) => {
            (S::BAD_REQUEST, "session_exists", "Somebody is signed in here already.", Value::Null)
        }
        (Denial::PhoneIsSecondFactor, _) => (
            S::UNPROCESSABLE_ENTITY,
            "phone_is_second_factor",
            "This phone is the account's second factor, so it does not reset the password. Use your e-mail address.",
            Value::Null,
        ),
        (Denial::Guest, _) => (
            S::FORBIDDEN,
            "guest_account",
            "This is a guest's account, which has no ways in. It gets them by signing up.",
            Value::Null,
        ),
        (Denial::DeletionOff, _) => {
            (S::FORBIDDEN, "user_delete_self_not_enabled", "This account may not be deleted by its owner.", Value::Null)
        }
    };
    Refusal { status, errors: vec![error(code, message, message, meta)], retry_after: None }
}
