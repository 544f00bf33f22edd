//! Pages for what goes wrong: what happened, and what to do now.

use super::page;
use crate::{
    doors::shared::{Ask, FormFault},
    error::{Denial, Error},
};
use axum::response::Response;
use http::StatusCode;
use minijinja::context;
use std::time::Duration;

/// What went wrong with a request as a whole.
pub(super) enum Problem {
    Forged,
    Form(FormFault),
    NotFound,
    Method,
    Attempt(Denial),
    Conflict,
    Unavailable { maybe: bool, retry_after: Duration },
    Limited(Duration),
    Proxy,
    Bug,
}

/// A page for a problem.
pub(super) fn answer(ask: &mut Ask, problem: Problem) -> Response {
    let (status, title, key, way, way_words) = match &problem {
        Problem::Forged => (StatusCode::FORBIDDEN, "problem-forged-title", "problem-forged", "", ""),
        Problem::Form(FormFault::WrongType) => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "problem-form-title", "fault-form_wrong_type", "", "")
        }
        Problem::Form(fault) => {
            let key = match fault {
                FormFault::Duplicate => "fault-form_duplicate_field",
                FormFault::Unknown => "fault-form_unknown_field",
                _ => "fault-form_not_text",
            };
            (StatusCode::BAD_REQUEST, "problem-form-title", key, "", "")
        }
        Problem::NotFound => (StatusCode::NOT_FOUND, "problem-not_found-title", "problem-not_found", "/", "to-start"),
        Problem::Method => (StatusCode::METHOD_NOT_ALLOWED, "problem-method-title", "problem-method", "/", "to-start"),
        Problem::Attempt(Denial::LinkExpired) => {
            (StatusCode::NOT_FOUND, "problem-link-title", "fault-link_expired", "/sign-in", "sign-in")
        }
        Problem::Attempt(Denial::TicketInvalid) => {
            (StatusCode::NOT_FOUND, "problem-link-title", "fault-ticket_invalid", "/sign-in", "sign-in")
        }
        Problem::Attempt(Denial::TicketExpired) => {
            (StatusCode::NOT_FOUND, "problem-link-title", "fault-ticket_expired", "/sign-in", "sign-in")
        }
        Problem::Attempt(_) => {
            (StatusCode::CONFLICT, "problem-attempt-title", "fault-attempt_expired", "/sign-in", "sign-in")
        }
        Problem::Conflict => (StatusCode::CONFLICT, "problem-conflict-title", "problem-conflict", "", ""),
        Problem::Unavailable { maybe: false, .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "problem-unavailable-title", "problem-unavailable", "", "")
        }
        Problem::Unavailable { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "problem-unavailable-title", "problem-maybe", "", "")
        }
        Problem::Limited(_) => (StatusCode::TOO_MANY_REQUESTS, "limited-title", "limited", "", ""),
        Problem::Proxy => (StatusCode::SERVICE_UNAVAILABLE, "problem-proxy-title", "problem-proxy", "", ""),
        Problem::Bug => (StatusCode::INTERNAL_SERVER_ERROR, "problem-bug-title", "problem-bug", "", ""),
    };
    let wait = match problem {
        Problem::Unavailable { retry_after, .. } | Problem::Limited(retry_after) => Some(retry_after),
        _ => None,
    };
    let minutes = wait.unwrap_or_default().as_secs().div_ceil(60).max(1).to_string();
    let words = ask.housekey.0.pages.words(key, &[("wait", &minutes)]).unwrap_or_default();
    let view = serde_json::json!({"words": words, "onward": null, "way": way, "way_words": way_words});
    let app = ask.housekey.settings().name.clone();
    let csrf = ask.csrf();
    page::render(ask, "message.html", title, view, context! { csrf => csrf }, status, wait, &app)
}

/// What a flow refused that no form's page can tell.
pub(super) fn of(ask: &mut Ask, error: Error) -> Response {
    match error {
        Error::SignedOut => away(ask, "/sign-in"),
        Error::Stale | Error::StaleSecond => away(ask, "/step-up"),
        Error::NotFound => answer(ask, Problem::NotFound),
        Error::Conflict => answer(ask, Problem::Conflict),
        Error::Unavailable { maybe_applied, retry_after } => {
            answer(ask, Problem::Unavailable { maybe: maybe_applied, retry_after })
        }
        Error::Denied(Denial::SignInContinues) => {
            page::go(ask, "/sign-in/second-factor", &crate::caller::Cookies::default())
        }
        // What a guest may not do yet is done after a sign-up.
        Error::Denied(Denial::Guest) => page::go(ask, "/sign-up", &crate::caller::Cookies::default()),
        Error::Denied(why) => answer(ask, Problem::Attempt(why)),
        Error::Limited { retry_after } => answer(ask, Problem::Limited(retry_after)),
        // No form stands here that could show it.
        Error::Challenge(due) => answer(ask, Problem::Limited(due.retry_after)),
        Error::CaptchaUnavailable { retry_after } => answer(ask, Problem::Unavailable { maybe: false, retry_after }),
        Error::Invalid(_) => answer(ask, Problem::Form(FormFault::Unknown)),
        Error::Bug(what) => {
            tracing::error!(what, request = %ask.caller.request, "a fault of ours");
            answer(ask, Problem::Bug)
        }
    }
}

/// To the page that helps, and back from there to where the person was.
fn away(ask: &Ask, path: &str) -> Response {
    let mount = ask.housekey.settings().mount.as_str();
    let back = page::here(ask);
    let back = if back.starts_with(&format!("{mount}/account")) { back } else { format!("{mount}/account") };
    let query: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
    page::go(ask, &format!("{path}?return_to={query}"), &crate::caller::Cookies::default())
}

/// Nothing is here.
pub(crate) async fn not_found(mut ask: Ask) -> Response {
    answer(&mut ask, Problem::NotFound)
}

/// Not with this method.
pub(super) async fn method(mut ask: Ask) -> Response {
    answer(&mut ask, Problem::Method)
}

/// Refuses what signs in or up behind a proxy that nobody declared: everybody would be counted as one.
pub(super) fn undeclared_proxy(ask: &mut Ask) -> Option<Response> {
    if !ask.undeclared_proxy {
        return None;
    }
    ask.housekey.warn_of_proxy(ask.peer());
    Some(answer(ask, Problem::Proxy))
}
