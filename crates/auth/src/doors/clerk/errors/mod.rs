//! Refusals in Clerk's words: one match from what a flow says to status, code and the field it belongs to.

mod denied;
mod fields;

use self::{denied::denied, fields::field};
use super::knock::Knock;
use crate::error::Error;
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

fn error(code: &'static str, message: &str, long: &str, meta: Value) -> wire::Error {
    let meta = if meta.is_null() { json!({}) } else { meta };
    wire::Error { code, message: message.to_owned(), long_message: long.to_owned(), meta }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Denial, Fault};

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
