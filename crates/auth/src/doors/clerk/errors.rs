//! Refusals in Clerk's words: one match from what a flow says to status, code and the field it belongs to.

use super::knock::Knock;
use crate::error::{Denial, Error, Fault};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use housekey_wire::errors as wire;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

/// What a refused proof was given as: the field that the message stands under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// By somebody who signs in, of whom nothing may be told.
    SignIn,
    /// By somebody who is signed in, in this field.
    Own(&'static str),
}

/// A refusal as it is answered.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: StatusCode,
    pub errors: Vec<wire::Error>,
    pub retry_after: Option<Duration>,
}

/// A refusal that no flow spoke.
pub(super) fn plain(status: StatusCode, code: &'static str, message: &str) -> Response {
    Refusal::one(status, code, message).answer("", None)
}

/// Nothing is here.
pub(super) async fn not_found() -> Response {
    plain(StatusCode::NOT_FOUND, "resource_not_found", "There is no such operation.")
}

/// A component is to show the provider's widget, and to repeat the call.
pub(super) fn requires_captcha(request: &str) -> Response {
    let message = "Complete the security check to go on.";
    Refusal::one(StatusCode::UNAUTHORIZED, "requires_captcha", message).answer(request, None)
}

/// A flow's refusal, for a request that was read.
pub(super) fn refuse(knock: &Knock, error: Error, proof: Proof) -> Response {
    if let Error::Bug(what) = &error {
        tracing::error!(what, request = %knock.caller.request, "a fault of ours");
    }
    Refusal::of(error, proof).answer(knock.caller.request.as_str(), None)
}

impl Refusal {
    /// One refusal, about the request as a whole.
    pub(super) fn one(status: StatusCode, code: &'static str, message: &str) -> Self {
        Self { status, errors: vec![error(code, message, message, Value::Null)], retry_after: None }
    }

    /// One refusal, about a parameter.
    pub(super) fn param(status: StatusCode, code: &'static str, message: &str, name: &str) -> Self {
        Self { status, errors: vec![error(code, message, message, json!({ "param_name": name }))], retry_after: None }
    }

    /// Words for a refusal.
    pub(super) fn of(error: Error, proof: Proof) -> Self {
        let one = Self::one;
        match error {
            Error::Invalid(faults) => Self {
                status: match faults.iter().any(|fault| {
                    fault.code.ends_with("_not_pending")
                        || fault.code.starts_with("captcha_")
                        || fault.code == "proof_used"
                        || matches!(fault.code, "totp_shown_too_long" | "totp_not_enabled" | "totp_already_enabled")
                }) {
                    true => StatusCode::BAD_REQUEST,
                    false => StatusCode::UNPROCESSABLE_ENTITY,
                },
                errors: faults.into_iter().map(field).collect(),
                retry_after: None,
            },
            Error::Denied(why) => denied(why, proof),
            Error::SignedOut => one(
                StatusCode::UNAUTHORIZED,
                "authentication_invalid",
                "Nobody is signed in here, or the session has ended.",
            ),
            Error::Stale => reverify("first_factor"),
            Error::StaleSecond => reverify("second_factor"),
            Error::NotFound => one(StatusCode::NOT_FOUND, "resource_not_found", "There is no such thing here."),
            Error::Conflict => one(
                StatusCode::CONFLICT,
                "conflict",
                "Something else changed it in the same moment. Look again, and repeat what is still wanted.",
            ),
            Error::Limited { retry_after } => Self {
                retry_after: Some(retry_after),
                ..one(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", &wait(retry_after))
            },
            // Whoever cannot solve it waits: to them it is a limit, and it passes.
            Error::Challenge(due) if !due.retry_after.is_zero() => Self {
                retry_after: Some(due.retry_after),
                ..one(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", &wait(due.retry_after))
            },
            Error::Challenge(_) => one(
                StatusCode::BAD_REQUEST,
                "captcha_missing_token",
                "This instance asks for a challenge that this form cannot solve. Use its own page.",
            ),
            Error::CaptchaUnavailable { retry_after } => Self {
                retry_after: Some(retry_after),
                ..one(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "captcha_unavailable",
                    "It cannot be checked right now that this is not a program. Try again in a minute.",
                )
            },
            Error::Unavailable { maybe_applied, retry_after } => {
                let message = if maybe_applied {
                    "The answer got lost, and the change may have happened. Look before you repeat it."
                } else {
                    "This is not available right now. Try again in a moment."
                };
                Self { retry_after: Some(retry_after), ..one(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message) }
            }
            Error::Bug(_) => {
                one(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "Something went wrong, and it is noted.")
            }
        }
    }

    /// The answer; `client` stands beside it where a component needs to know.
    pub(super) fn answer(self, request: &str, client: Option<Value>) -> Response {
        let body = wire::Errors {
            errors: self.errors,
            meta: client.map(|client| json!({ "client": client })),
            clerk_trace_id: request.to_owned(),
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response
    }
}

fn reverify(level: &'static str) -> Refusal {
    Refusal {
        status: StatusCode::FORBIDDEN,
        errors: vec![error(
            "session_reverification_required",
            "Additional verification is required",
            "Confirm that it is you before you make this change.",
            json!({"reverification": {"level": level, "after_minutes": 5}}),
        )],
        retry_after: None,
    }
}

fn wait(retry_after: Duration) -> String {
    let minutes = retry_after.as_secs().div_ceil(60).max(1);
    format!("Too many requests. It works again in {minutes} min.")
}

fn denied(why: Denial, proof: Proof) -> Refusal {
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

/// A field's fault.
fn field(fault: Fault) -> wire::Error {
    let name = match fault.field {
        "email" => "email_address",
        "passkey" => "public_key_credential",
        "phone" => "phone_number",
        other => other,
    };
    let param = json!({ "param_name": name });
    let (code, message, meta) = match fault.code {
        "password_too_short" => ("form_password_length_too_short", "Passwords must be longer than this.", param),
        "password_too_long" => ("form_password_length_too_long", "Passwords have at most 256 characters.", param),
        "password_common" | "password_too_weak" => (
            "form_password_not_strong_enough",
            "This password is too easy to guess. A few uncommon words work well.",
            json!({ "param_name": name, "zxcvbn": { "suggestions": suggestions(&fault.advice) } }),
        ),
        "password_breached" => (
            "form_password_pwned",
            "This password was found in a data breach elsewhere. For the account's safety, choose another.",
            param,
        ),
        "password_about_you" => {
            ("form_password_validation_failed", "This password is made of words about you. Choose other words.", param)
        }
        "captcha_missing" => ("captcha_missing_token", "The security check was not answered. Try again.", param),
        "captcha_incorrect" => ("captcha_invalid", "The security check counts no more. Try again.", param),
        "proof_incorrect" => ("form_param_value_invalid", "The security check was not solved. Try again.", param),
        "proof_used" => ("protect_check_already_resolved", "The security check was answered already.", param),
        "code_malformed" => ("form_code_incorrect", "A code has six digits.", param),
        "totp_malformed" => ("form_code_incorrect", "A code has six digits.", param),
        "backup_code_malformed" => ("form_code_incorrect", "A backup code has sixteen letters and digits.", param),
        "totp_shown_too_long" => {
            ("verification_expired", "The secret was shown too long ago, or never. Begin again.", param)
        }
        "totp_secret_malformed" => {
            ("form_param_format_invalid", "This is no secret of 80 to 512 bits in Base32.", param)
        }
        "totp_not_enabled" => ("totp_not_enabled", "This user has no authenticator app.", param),
        "totp_already_enabled" => ("totp_already_enabled", "There is an authenticator app already.", param),
        "backup_codes_without_app" => ("backup_codes_not_available", "Backup codes need two-step verification.", param),
        "passkey_malformed" => ("form_param_format_invalid", "This is no answer of a passkey.", param),
        "passkey_missing" => ("form_param_value_invalid", "There is no passkey to ask for.", param),
        "too_many_passkeys" => ("form_param_value_invalid", "This account has as many passkeys as it may have.", param),
        "strategy_not_offered" => ("strategy_for_user_invalid", "This way is not offered here.", param),
        "email_already_added" | "email_of_another_account" => {
            ("form_identifier_exists", "This e-mail address is taken. Try another.", param)
        }
        "email_disposable" => {
            ("form_email_address_blocked", "Addresses of throw-away mailboxes are not taken here.", param)
        }
        "email_subaddress" => ("form_email_address_blocked", "Addresses with a tag are not taken here.", param),
        "username_length" => {
            ("form_username_invalid_length", "Username must be between 4 and 64 characters long.", param)
        }
        "username_character" => (
            "form_username_invalid_character",
            "Username can only contain letters, digits, underscores (_) and hyphens (-).",
            param,
        ),
        "username_no_letter" => {
            ("form_username_needs_non_number_char", "Username must contain at least one letter.", param)
        }
        "username_taken" => ("form_identifier_exists", "That username is taken. Please try another.", param),
        "phone_malformed" | "phone_kind" => (
            "form_param_format_invalid",
            "This is no phone number that takes messages. Write it as +4915123456789.",
            param,
        ),
        "phone_country" => {
            ("unsupported_country_code", "Messages are not sent to phone numbers of this country.", param)
        }
        "phone_already_added" | "phone_of_another_account" => {
            ("form_identifier_exists", "This phone number is taken. Try another.", param)
        }
        "phone_already_verified" => ("verification_already_verified", "This phone number is verified already.", param),
        "second_phone_off" => ("form_param_value_invalid", "Phones are no second factors on this instance.", param),
        "phone_not_second_factor" => ("form_param_value_invalid", "This phone number is no second factor.", param),
        "phone_not_verified" => ("form_param_value_invalid", "This phone number is not verified yet.", param),
        "phone_off" => ("form_param_unknown", "This instance has no phone numbers.", param),
        "username_off" => ("form_param_unknown", "This instance has no usernames.", param),
        "email_already_verified" => ("verification_already_verified", "This address is verified already.", param),
        "email_not_verified" => ("form_param_value_invalid", "This address is not verified yet.", param),
        "email_missing" | "username_missing" | "phone_missing" | "missing" => {
            ("form_param_missing", "This is missing.", param)
        }
        "metadata_too_large" => ("form_param_value_too_large", "Metadata has at most 8 KiB.", param),
        "metadata_not_an_object" => ("form_param_value_invalid", "Metadata must be a JSON object.", param),
        "name_too_long" => ("form_param_max_length_exceeded", "This is too long.", param),
        "picture_too_large" => ("image_too_large", "Pictures have at most 5 MiB and 4,096 by 4,096 points.", param),
        "picture_unreadable" => ("image_type_not_supported", "A picture is a PNG, JPEG or WebP.", param),
        "external_id_taken" => ("form_identifier_exists", "Another user has this external id.", param),
        "invitation_pending" => ("duplicate_record", "An invitation to this address is pending.", param),
        "waitlist_not_pending" => ("waitlist_entry_not_pending", "This entry does not wait any more.", param),
        "invitation_not_pending" => ("invitation_not_pending", "This invitation is not pending any more.", param),
        "ticket_not_pending" => ("sign_in_token_cannot_be_revoked", "This ticket was used or revoked.", param),
        "redirect_url_not_listed" => (
            "form_param_value_invalid",
            "This leads to no origin of `server.app_origins`, and is not a listed redirect URL.",
            param,
        ),
        "hasher_unknown" => ("form_password_digest_invalid", "There is no such password hasher.", param),
        "digest_malformed" => {
            ("form_password_digest_invalid", "The digest is not of the form that its hasher writes.", param)
        }
        "digest_too_costly" => {
            ("form_password_digest_invalid", "Checking this digest would cost more than one sign-in may.", param)
        }
        "password_missing" => ("form_param_value_invalid", "This user has no password.", param),
        "test_mode_off" => ("test_mode_disabled", "Test mode is off on this instance.", param),
        "template_name_taken" => ("duplicate_record", "Another template has this name.", param),
        "template_unreadable" => (
            "form_param_value_invalid",
            "Claims are a JSON object, without those that every token has, whose shortcodes stand for something.",
            param,
        ),
        "key_too_short" => ("form_param_value_invalid", "A shared key has at least 32 bytes.", param),
        "out_of_range" => ("form_param_value_invalid", "This is out of range.", param),
        "too_many_values" => ("form_param_value_invalid", "These are too many values.", param),
        "too_long" => ("form_param_value_too_large", "This is too long.", param),
        "user_unknown" => ("form_param_value_invalid", "There is no such user.", param),
        "order_unknown" => ("form_param_value_invalid", "Users cannot be ordered by this.", param),
        "cursor_out_of_place" => {
            ("form_param_value_invalid", "A cursor goes with the order by creation alone, and without offset.", param)
        }
        "identifier_not_found" => ("form_identifier_not_found", "There is no account with this address.", param),
        _ => ("form_param_format_invalid", "This is not written as it must be.", param),
    };
    error(code, message, message, meta)
}

/// Clerk's names for what would make a password better.
fn suggestions(advice: &[&'static str]) -> Vec<Value> {
    let code = |key: &str| match key {
        "password_use_words" => "useWords",
        "password_no_need_for_symbols" => "noNeed",
        "password_add_words" => "anotherWord",
        "password_capitals_help_little" => "capitalization",
        "password_reversed_helps_little" => "reverseWords",
        "password_substitutions_help_little" => "l33t",
        "password_longer_pattern" => "longerKeyboardPattern",
        "password_avoid_repeats" => "repeated",
        "password_avoid_sequences" => "sequences",
        _ => "dates",
    };
    advice.iter().map(|key| json!({ "code": code(key), "message": "" })).collect()
}

fn error(code: &'static str, message: &str, long: &str, meta: Value) -> wire::Error {
    let meta = if meta.is_null() { json!({}) } else { meta };
    wire::Error { code, message: message.to_owned(), long_message: long.to_owned(), meta }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_a_flow_has_its_status_and_code() {
        let of = |error, proof| {
            let refusal = Refusal::of(error, proof);
            (refusal.status.as_u16(), refusal.errors[0].code)
        };
        let soon = Duration::from_secs(61);
        for (error, expected) in [
            (Error::Denied(Denial::PasswordOrIdentifierIncorrect), (422, "form_password_or_identifier_incorrect")),
            (Error::Denied(Denial::CodeIncorrect), (422, "form_code_incorrect")),
            (Error::Denied(Denial::CodeExpired), (400, "verification_expired")),
            (Error::Denied(Denial::AttemptExpired), (404, "resource_not_found")),
            (Error::Denied(Denial::PasswordClosed), (403, "user_locked")),
            (Error::Denied(Denial::SignInUnusual), (403, "user_locked")),
            (Error::Denied(Denial::UserBanned), (403, "user_banned")),
            (Error::Denied(Denial::PasswordCompromised), (422, "form_password_compromised")),
            (Error::Denied(Denial::Frozen), (403, "action_blocked")),
            (Error::Denied(Denial::NotAllowed), (403, "not_allowed_access")),
            (Error::Denied(Denial::SessionExists), (400, "session_exists")),
            (Error::Denied(Denial::AccountExists), (422, "form_identifier_exists")),
            (Error::field("password", "password_too_short"), (422, "form_password_length_too_short")),
            (Error::field("password", "password_breached"), (422, "form_password_pwned")),
            (Error::field("email", "email_malformed"), (422, "form_param_format_invalid")),
            (Error::SignedOut, (401, "authentication_invalid")),
            (Error::Stale, (403, "session_reverification_required")),
            (Error::NotFound, (404, "resource_not_found")),
            (Error::Conflict, (409, "conflict")),
            (Error::Limited { retry_after: soon }, (429, "too_many_requests")),
            (Error::Unavailable { maybe_applied: true, retry_after: soon }, (503, "unavailable")),
            (Error::Bug("x"), (500, "internal_error")),
        ] {
            assert_eq!(of(error, Proof::SignIn), expected);
        }
        let own = of(Error::Denied(Denial::PasswordOrIdentifierIncorrect), Proof::Own("current_password"));
        assert_eq!(own, (422, "form_password_incorrect"));
        let faults =
            Error::Invalid(vec![Fault::new("email", "email_malformed"), Fault::new("password", "password_common")]);
        let both = Refusal::of(faults, Proof::SignIn).errors;
        assert_eq!(both[0].meta["param_name"], "email_address");
        assert_eq!(both[1].code, "form_password_not_strong_enough");
        assert_eq!(wait(soon), "Too many requests. It works again in 2 min.");
    }
}
