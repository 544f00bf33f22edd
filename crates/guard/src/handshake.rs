//! The handshake: a redirect to the frontend's host, which alone has the client's cookie, and back with fresh ones.
//! Behaviour as that of Clerk's backends.

use crate::{
    api::{self, Api, ApiError},
    credentials::{Credentials, DEV_BROWSER, HANDSHAKE, HANDSHAKE_NONCE},
    reason::Reason,
    refusal::address,
    request::Head,
    settings::Settings,
};
use http::HeaderValue;
use serde::Deserialize;
use url::Url;

/// How many handshakes may follow each other within two seconds.
const MOST_REDIRECTS: u8 = 3;
const LONGEST_NONCE: usize = 512;
/// Servers and proxies take no longer address.
const LONGEST_LOCATION: usize = 8000;

/// A handshake to begin.
pub(crate) struct Begin {
    pub location: HeaderValue,
    /// Counts the redirects.
    pub counter: HeaderValue,
}

/// The claims of `__clerk_handshake`. What is signed as a session is none, whatever its operator put in it.
#[derive(Deserialize)]
pub(crate) struct HandshakeClaims {
    pub handshake: Vec<String>,
    #[serde(default)]
    pub sid: Option<String>,
    #[serde(default)]
    pub iss: Option<String>,
    #[serde(default)]
    pub exp: Option<i64>,
}

/// What a request brings back from a handshake.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Brought {
    Nonce(String),
    Token(String),
}

/// The address of the frontend to send a document's request to; none if it may not be sent there.
pub(crate) fn begin(settings: &Settings, head: &Head<'_>, found: &Credentials<'_>, reason: Reason) -> Option<Begin> {
    if !head.is_document_get() {
        return None;
    }
    if found.redirects >= MOST_REDIRECTS {
        tracing::warn!(%reason, "handshakes go in a loop: do the publishable and the secret key belong together?");
        return None;
    }
    let Some(origin) = settings.public_origin(head) else {
        tracing::warn!("no handshake: the request's host is not listed; set app_origin or authorized_parties");
        return None;
    };
    let mut url = Url::parse(&format!("{}/v1/client/handshake", settings.frontend_at(&origin))).ok()?;
    let back = without(address(head, &origin)?, &[DEV_BROWSER, "__dev_session"]);
    let mut query = url.query_pairs_mut();
    query
        .append_pair("redirect_url", back.as_str())
        .append_pair("__clerk_api_version", api::VERSION)
        .append_pair("suffixed_cookies", if found.suffixed { "true" } else { "false" })
        .append_pair("__clerk_hs_reason", reason.as_str())
        .append_pair("format", if settings.exchanges_nonces { "nonce" } else { "token" });
    if let Some(token) = found.session {
        query.append_pair("__session", token);
    }
    if settings.key.is_development()
        && let Some(browser) = head.query(DEV_BROWSER).as_deref().or(found.dev_browser)
    {
        query.append_pair(DEV_BROWSER, browser);
    }
    drop(query);
    if url.as_str().len() > LONGEST_LOCATION {
        return None;
    }
    let secure = if origin.starts_with("https:") { "; Secure" } else { "" };
    let count = found.redirects + 1;
    let counter = format!("__clerk_redirect_count={count}; SameSite=Lax; HttpOnly; Max-Age=2{secure}");
    Some(Begin { location: HeaderValue::from_str(url.as_str()).ok()?, counter: HeaderValue::from_str(&counter).ok()? })
}

/// What came back: in cookies, and with test keys in the query.
pub(crate) fn brought(settings: &Settings, head: &Head<'_>, found: &Credentials<'_>) -> Option<Brought> {
    if *head.method != http::Method::GET || head.may_change_something() {
        return None;
    }
    let query = |name| if settings.key.is_development() { head.query(name) } else { None };
    if let Some(nonce) = query(HANDSHAKE_NONCE).or_else(|| found.nonce.map(str::to_owned)) {
        return Some(Brought::Nonce(nonce));
    }
    query(HANDSHAKE).or_else(|| found.handshake.map(str::to_owned)).map(Brought::Token)
}

/// Exchanges a nonce for its cookies, once.
pub(crate) async fn exchange(api: Option<&Api>, nonce: &str) -> Result<Vec<String>, ApiError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    if nonce.len() > LONGEST_NONCE || !nonce.bytes().all(plain) {
        return Err(ApiError::Unreadable);
    }
    api.ok_or(ApiError::NoSecret)?.handshake(nonce).await
}

/// Where a browser with test keys goes on when the query has done its work; none if it carried nothing.
pub(crate) fn cleaned(settings: &Settings, head: &Head<'_>) -> Option<HeaderValue> {
    let origin = settings.public_origin(head).filter(|_| settings.key.is_development())?;
    let asked = address(head, &origin)?;
    let url = without(asked.clone(), &[HANDSHAKE, HANDSHAKE_NONCE, "__clerk_help", DEV_BROWSER]);
    if url == asked { None } else { HeaderValue::from_str(url.as_str()).ok() }
}

/// An address without these parameters of its query; untouched where it has none of them.
fn without(mut url: Url, names: &[&str]) -> Url {
    let is_named = |key: &str| names.contains(&key);
    if url.query_pairs().any(|(key, _)| is_named(&key)) {
        let rest: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(key, _)| !is_named(key)).collect();
        url.set_query(None);
        if !rest.is_empty() {
            url.query_pairs_mut().extend_pairs(rest);
        }
    }
    url
}
