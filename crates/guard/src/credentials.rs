//! The cookies that a decision is made from.

use crate::{publishable_key::PublishableKey, request::Head};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::header;
use serde::Deserialize;

pub(crate) const SESSION: &str = "__session";
pub(crate) const CLIENT_UAT: &str = "__client_uat";
pub(crate) const REFRESH: &str = "__refresh";
pub(crate) const HANDSHAKE: &str = "__clerk_handshake";
pub(crate) const HANDSHAKE_NONCE: &str = "__clerk_handshake_nonce";
pub(crate) const REDIRECT_COUNT: &str = "__clerk_redirect_count";
pub(crate) const DEV_BROWSER: &str = "__clerk_db_jwt";

/// All cookies of a request.
struct Cookies<'a>(Vec<(&'a str, &'a str)>);

/// Those that decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Credentials<'a> {
    /// The session token.
    pub session: Option<&'a str>,
    /// When the client's sign-in state changed last, in seconds since 1970; 0 is signed out.
    pub client_uat: i64,
    /// What a new token can be had with.
    pub refresh: Option<&'a str>,
    /// The development browser.
    pub dev_browser: Option<&'a str>,
    /// Cookies left by a handshake: their nonce, or themselves in a JWT.
    pub nonce: Option<&'a str>,
    pub handshake: Option<&'a str>,
    /// How many handshakes were begun in the last two seconds.
    pub redirects: u8,
    /// Whether the cookies that carry the instance's suffix are the ones to believe.
    pub suffixed: bool,
}

/// What an unchecked token says; enough to choose between two of them, never to believe one.
#[derive(Default, Deserialize)]
pub(crate) struct Glimpse {
    pub iss: Option<String>,
    pub iat: Option<f64>,
    pub exp: Option<f64>,
}

impl Glimpse {
    /// Reads the claims of a JWT (RFC 7519); none if it is not one.
    pub fn of(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
        let bytes = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
        parts.next().is_none().then(|| serde_json::from_slice(&bytes).ok())?
    }
}

impl<'a> Cookies<'a> {
    fn of(head: &Head<'a>) -> Self {
        let lines = head.headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        Self(lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('=')).collect())
    }

    /// A cookie's value. A name that comes twice counts as absent: somebody planted one, from a neighbouring host or
    /// another path.
    fn get(&self, name: &str) -> Option<&'a str> {
        let mut found = self.0.iter().filter(|(n, _)| *n == name).map(|(_, value)| *value);
        let first = found.next().filter(|value| !value.is_empty())?;
        found.next().is_none().then_some(first)
    }

    /// The largest number that a cookie was sent with: a counter that is planted as well must not count as none.
    fn largest(&self, name: &str) -> u8 {
        let numbers = self.0.iter().filter(|(n, _)| *n == name).map(|(_, value)| value.parse().unwrap_or(u8::MAX));
        numbers.max().unwrap_or(0)
    }
}

impl<'a> Credentials<'a> {
    /// Reads them. `issuer` is whose tokens are believed, `now` in seconds since 1970.
    pub fn of(head: &Head<'a>, key: &PublishableKey, issuer: &str, now: i64) -> Self {
        let cookies = Cookies::of(head);
        let suffixed = uses_suffixed(&cookies, key, issuer, now);
        let either = |name: &str| if suffixed { cookies.get(&key.suffixed(name)) } else { cookies.get(name) };
        Self {
            session: either(SESSION),
            client_uat: either(CLIENT_UAT).and_then(|uat| uat.parse().ok()).unwrap_or(0),
            refresh: cookies.get(&key.suffixed(REFRESH)),
            dev_browser: either(DEV_BROWSER),
            nonce: cookies.get(HANDSHAKE_NONCE),
            handshake: cookies.get(HANDSHAKE),
            redirects: cookies.largest(REDIRECT_COUNT),
            suffixed,
        }
    }
}

/// Which of the two sets of cookies counts, as Clerk's backends choose: pages with an old script write only the plain
/// one, and neighbours with another instance write it too.
fn uses_suffixed(cookies: &Cookies<'_>, key: &PublishableKey, issuer: &str, now: i64) -> bool {
    let (plain, own) = (cookies.get(SESSION), cookies.get(&key.suffixed(SESSION)));
    let (plain_uat, own_uat) = (cookies.get(CLIENT_UAT), cookies.get(&key.suffixed(CLIENT_UAT)));
    let plain_claims = plain.map(Glimpse::of);
    if let Some(claims) = &plain_claims {
        let Some(iss) = claims.as_ref().and_then(|c| c.iss.as_deref()).filter(|iss| !iss.is_empty()) else {
            return false;
        };
        // Another instance on this domain wrote the plain one.
        if without_scheme(iss) != without_scheme(issuer) {
            return true;
        }
    }
    if own_uat.is_none() && own.is_none() {
        return false;
    }
    let own_claims = own.and_then(Glimpse::of);
    let iat = |claims: Option<&Glimpse>| claims.and_then(|c| c.iat).unwrap_or(0.0);
    let plain_is_newer = iat(plain_claims.as_ref().and_then(Option::as_ref)) > iat(own_claims.as_ref());
    if own_uat != Some("0") && plain_uat != Some("0") && plain_is_newer {
        return false;
    }
    if own_uat == Some("0") && plain_uat != Some("0") {
        return false;
    }
    #[allow(clippy::cast_precision_loss, reason = "seconds since 1970 are exact for ages")]
    let expired = own_claims.and_then(|c| c.exp).is_some_and(|exp| exp <= now as f64);
    if key.is_development() && own_uat != Some("0") && plain_uat == Some("0") && expired {
        return false;
    }
    // The server sets no suffixed cookies, whatever a script does.
    !(own_uat.is_none() && own.is_some())
}

fn without_scheme(issuer: &str) -> &str {
    issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://")).unwrap_or(issuer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    const ISSUER: &str = "https://clerk.clerk.dev";

    fn token(iss: &str, iat: i64) -> String {
        let claims = format!("{{\"iss\":\"{iss}\",\"iat\":{iat},\"exp\":{}}}", iat + 60);
        format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims))
    }

    fn suffixed(key: &str, cookies: &str) -> bool {
        let key = PublishableKey::parse(key).unwrap();
        let cookies = cookies.replace("_SUF", &format!("_{}", key.suffix));
        let parts = Request::get("/").header("cookie", cookies).body(()).unwrap().into_parts().0;
        Credentials::of(&Head::of(&parts), &key, ISSUER, 1_000).suffixed
    }

    #[test]
    fn the_suffixed_cookies_count_as_the_contract_has_it() {
        let (ours, foreign) = (token(ISSUER, 100), token("https://clerk.other.dev", 100));
        let newer = token(ISSUER, 200);
        for (key, cookies, expected) in [
            ("live", String::new(), false),
            ("live", format!("__session={ours}; __client_uat=1"), false),
            ("live", "__session=nonsense; __session_SUF=x; __client_uat_SUF=1".into(), false),
            ("live", format!("__session={foreign}"), true),
            ("live", format!("__session={ours}; __session_SUF={ours}; __client_uat=1; __client_uat_SUF=1"), true),
            ("live", format!("__session={newer}; __session_SUF={ours}; __client_uat=1; __client_uat_SUF=1"), false),
            ("live", format!("__session={ours}; __client_uat=1; __client_uat_SUF=0"), false),
            ("live", format!("__session_SUF={ours}; __client_uat=0; __client_uat_SUF=1"), true),
            ("test", format!("__session_SUF={ours}; __client_uat=0; __client_uat_SUF=1"), false),
            ("live", format!("__session_SUF={ours}"), false),
            ("live", "__client_uat_SUF=1".into(), true),
        ] {
            assert_eq!(suffixed(&format!("pk_{key}_Y2xlcmsuY2xlcmsuZGV2JA"), &cookies), expected, "{key} {cookies}");
        }
    }

    #[test]
    fn sec_43_a_cookie_that_comes_twice_counts_as_absent_but_not_as_a_counter() {
        let parts = Request::get("/")
            .header("cookie", "__session=a; __client_uat=7; __session=b")
            .header("cookie", "__clerk_redirect_count=1; __clerk_redirect_count=3")
            .body(())
            .unwrap()
            .into_parts()
            .0;
        let key = PublishableKey::parse("pk_live_Y2xlcmsuY2xlcmsuZGV2JA").unwrap();
        let found = Credentials::of(&Head::of(&parts), &key, ISSUER, 0);
        assert_eq!((found.session, found.client_uat, found.redirects), (None, 7, 3));
    }
}
