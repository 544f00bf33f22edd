//! Answers to requests that are turned away.

use crate::{
    reason::Reason,
    request::{Authorization, Head},
    settings::{Settings, SignInUrl},
};
use housekey_core::token::claims::Rejected;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use serde_json::{Value, json};
use url::Url;

static AUTH_STATUS: HeaderName = HeaderName::from_static("x-clerk-auth-status");
static AUTH_REASON: HeaderName = HeaderName::from_static("x-clerk-auth-reason");

/// Why a request was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// Nobody is signed in.
    #[error("nobody is signed in: {0}")]
    SignedOut(Reason),
    /// A cookie came with a request that another site's page sent (SEC-50).
    #[error("sent from another site's page")]
    CrossSite,
    /// A factor must be proved again first.
    #[error("no factor was proved in the last {after_minutes} minutes")]
    Stale {
        /// How old the proof may be.
        after_minutes: u64,
    },
    /// Somebody acts in the user's place, and this is for the user alone.
    #[error("somebody acts in the user's place")]
    Impersonated,
    /// Keys are missing, or a strict check could not be made: nobody is let in, and nobody is signed out.
    #[error("the authentication server cannot be asked")]
    Unavailable,
    /// An extractor was used on a route without the guard's layer: a fault of the app.
    #[error("the guard's layer is not around this route")]
    NoLayer,
}

/// A request turned away: the reason, and the answer that fits whoever asked.
#[derive(Debug)]
pub struct Refusal {
    why: Why,
    /// A token came in the `Authorization` header and was not taken.
    bearer: bool,
    /// Where to send the browser instead.
    away: Option<(StatusCode, HeaderValue)>,
}

impl Refusal {
    /// Without a request at hand: for programs.
    pub(crate) fn plain(why: Why) -> Self {
        Self { why, bearer: false, away: None }
    }

    /// For whoever sent this request: a browser that wants a page is led to the sign-in page, if there is one.
    pub(crate) fn to(head: &Head<'_>, settings: &Settings, why: Why) -> Self {
        let bearer = head.authorization() != Authorization::None;
        let signed_out = match why {
            Why::SignedOut(reason) if !bearer && head.wants_document() => Some(reason),
            _ => None,
        };
        Self { why, bearer, away: signed_out.and_then(|reason| sign_in(head, settings, reason)) }
    }

    /// Why the request was turned away.
    pub fn why(&self) -> Why {
        self.why
    }

    /// The answer, with a body of text: problem details (RFC 9457) with a stable `code`, a redirect, or what Clerk's
    /// components need to ask for a factor again.
    pub fn response(self) -> Response<String> {
        let mut response = match self.away {
            Some((status, location)) => {
                let mut response = status_of(status, String::new());
                response.headers_mut().insert(header::LOCATION, location);
                response
            }
            None => answer(self.why, self.bearer),
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
        if let Why::SignedOut(reason) = self.why {
            headers.insert(&AUTH_STATUS, HeaderValue::from_static("signed-out"));
            headers.insert(&AUTH_REASON, HeaderValue::from_static(reason.as_str()));
        }
        response
    }
}

/// The redirect that begins or ends a handshake.
pub(crate) fn handshake(location: HeaderValue, reason: Option<Reason>) -> Response<String> {
    let mut response = status_of(StatusCode::TEMPORARY_REDIRECT, String::new());
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
    headers.insert(&AUTH_STATUS, HeaderValue::from_static("handshake"));
    if let Some(reason) = reason {
        headers.insert(&AUTH_REASON, HeaderValue::from_static(reason.as_str()));
    }
    response
}

fn answer(why: Why, bearer: bool) -> Response<String> {
    let (status, code, title) = match why {
        Why::SignedOut(_) => (StatusCode::UNAUTHORIZED, "signed_out", "Sign in first."),
        Why::CrossSite => (StatusCode::FORBIDDEN, "cross_site", "This was sent from another site's page."),
        Why::Stale { after_minutes } => return reverify(after_minutes),
        Why::Impersonated => (StatusCode::FORBIDDEN, "impersonated", "Only the user can do this."),
        Why::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Try again in a moment."),
        Why::NoLayer => {
            tracing::error!("an extractor was used without Guard::layer() around its route");
            (StatusCode::INTERNAL_SERVER_ERROR, "bug", "Something went wrong, and it is noted.")
        }
    };
    let mut problem = json!({ "title": title, "status": status.as_u16(), "code": code });
    if let (Why::SignedOut(reason), Some(problem)) = (why, problem.as_object_mut()) {
        problem.insert("reason".into(), Value::from(reason.as_str()));
    }
    let mut response = status_of(status, problem.to_string());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if status == StatusCode::UNAUTHORIZED {
        let challenge = if bearer { "Bearer error=\"invalid_token\"" } else { "Bearer" };
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

/// What makes Clerk's components ask for a first factor again, and repeat the call.
fn reverify(after_minutes: u64) -> Response<String> {
    let body = json!({ "clerk_error": {
        "type": "forbidden",
        "reason": "reverification-error",
        "metadata": { "reverification": { "level": "first_factor", "afterMinutes": after_minutes } },
    }});
    let mut response = status_of(StatusCode::FORBIDDEN, body.to_string());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn status_of(status: StatusCode, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// The sign-in page, with the way back. A form that was sent cannot be sent again by a redirect (SEC-54): its sender
/// comes back by GET to the page that it stood on.
fn sign_in(head: &Head<'_>, settings: &Settings, reason: Reason) -> Option<(StatusCode, HeaderValue)> {
    let target = settings.sign_in_url.as_ref()?;
    let origin = settings.public_origin(head);
    let safe = matches!(*head.method, Method::GET | Method::HEAD);
    let back = origin.as_deref().and_then(|origin| back_to(head, origin, safe));
    let mut url = match target {
        SignInUrl::At(url) => url.clone(),
        SignInUrl::Path(path) => Url::parse(origin.as_deref().unwrap_or("http://0.invalid")).ok()?.join(path).ok()?,
    };
    if reason == Reason::Rejected(Rejected::Pending) {
        url.path_segments_mut().ok()?.pop_if_empty().push("tasks");
    }
    if let Some(back) = back {
        url.query_pairs_mut().append_pair("redirect_url", back.as_str());
    }
    let location = match (target, &origin) {
        (SignInUrl::Path(_), None) => url[url::Position::BeforePath..].to_owned(),
        _ => url.into(),
    };
    let status = if safe { StatusCode::TEMPORARY_REDIRECT } else { StatusCode::SEE_OTHER };
    Some((status, HeaderValue::from_str(&location).ok()?))
}

fn back_to(head: &Head<'_>, origin: &str, safe: bool) -> Option<Url> {
    if safe {
        return address(head, origin);
    }
    let referer = head.header(header::REFERER).and_then(|referer| Url::parse(referer).ok());
    let own = referer.filter(|url| url.origin().ascii_serialization() == origin);
    own.or_else(|| Url::parse(origin).ok())
}

/// The address of a request at this origin, and never at another.
pub(crate) fn address(head: &Head<'_>, origin: &str) -> Option<Url> {
    let path = head.uri.path_and_query().map(http::uri::PathAndQuery::as_str).filter(|path| path.starts_with('/'))?;
    let url = Url::parse(&format!("{origin}{path}")).ok()?;
    (url.origin().ascii_serialization() == origin).then_some(url)
}
