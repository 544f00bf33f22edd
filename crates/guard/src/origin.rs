//! The origin that browsers know the app by, and whether a request comes from it.
//!
//! A handshake and a sign-in bring the browser back to an address that is built here. The `Host` header is the client's
//! word, and `X-Forwarded-*` is a proxy's word only where one stands in front and overwrites them. So the best source
//! is the configured `app_origin`; without it a host counts only if it is listed in `authorized_parties`, or, where
//! none are, if it is this machine or a neighbour of the frontend's host, without which cookies would not work anyway.
//! For any other host there is no way back, and no redirect. The frontend checks the way back once more, by its own
//! list.

use crate::{
    publishable_key::is_loopback_address,
    request::{Head, SEC_FETCH_SITE},
    settings::Settings,
};
use http::header;
use url::Url;

impl Settings {
    /// The app's origin as this request's browser knows it; none if it cannot be told.
    pub fn public_origin(&self, head: &Head<'_>) -> Option<String> {
        if let Some(origin) = &self.app_origin {
            return Some(origin.clone());
        }
        let forwarded = |name: &str| self.trust_forwarded.then(|| first(head, name)).flatten();
        let host = forwarded("x-forwarded-host").or_else(|| own_host(head))?;
        let scheme = forwarded("x-forwarded-proto").or_else(|| head.uri.scheme_str());
        let parties = &self.expected.authorized_parties;
        if !parties.is_empty() {
            let listed = |scheme| origin(scheme, host).filter(|origin| parties.contains(origin));
            return scheme.map_or_else(|| listed("https").or_else(|| listed("http")), listed);
        }
        let local = is_local(host);
        let neighbour = is_neighbour(host, &self.key.host);
        let origin = origin(scheme.unwrap_or(if local { "http" } else { "https" }), host)?;
        (local || neighbour).then_some(origin)
    }

    /// Whether an origin is the app's own, or one of those whose tokens are taken.
    fn is_known(&self, head: &Head<'_>, origin: &str) -> bool {
        let listed = self.expected.authorized_parties.iter().any(|party| party == origin);
        listed || self.public_origin(head).is_some_and(|own| own == origin)
    }

    /// Whether a request that changes something was sent by another site's page (SEC-50).
    pub fn is_cross_site(&self, head: &Head<'_>) -> bool {
        if head.headers.contains_key(&SEC_FETCH_SITE) {
            return head.header(&SEC_FETCH_SITE) != Some("same-origin");
        }
        if head.headers.contains_key(header::ORIGIN) {
            return !head.header(header::ORIGIN).is_some_and(|origin| self.is_known(head, origin));
        }
        let referer = head.header(header::REFERER).and_then(|referer| Url::parse(referer).ok());
        !referer.is_some_and(|url| self.is_known(head, &url.origin().ascii_serialization()))
    }
}

/// What a proxy wrote first of a list.
fn first<'a>(head: &Head<'a>, name: &str) -> Option<&'a str> {
    head.header(name)?.split(',').next().map(str::trim).filter(|value| !value.is_empty())
}

/// The host that was asked for (RFC 9110, 7.2), with its port.
fn own_host<'a>(head: &Head<'a>) -> Option<&'a str> {
    let authority = head.uri.authority().map(http::uri::Authority::as_str);
    authority.or_else(|| head.header(header::HOST))
}

/// Scheme and host as an origin (RFC 6454), if they make one and nothing else.
fn origin(scheme: &str, host: &str) -> Option<String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':' | b'[' | b']');
    if !matches!(scheme, "https" | "http") || !host.bytes().all(plain) {
        return None;
    }
    let url = Url::parse(&format!("{scheme}://{host}/")).ok()?;
    Some(url.origin().ascii_serialization())
}

fn without_port(host: &str) -> &str {
    host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(name, _)| name)
}

pub(crate) fn is_local(host: &str) -> bool {
    let name = without_port(host);
    is_loopback_address(host) || name == "localhost" || name.ends_with(".localhost")
}

/// Whether a host shares the frontend's domain: `app.example.com` and `example.com` do with `auth.example.com`.
fn is_neighbour(host: &str, frontend: &str) -> bool {
    let (host, frontend) = (without_port(host).to_ascii_lowercase(), without_port(frontend));
    let above = frontend.split_once('.').map(|(_, rest)| rest).filter(|rest| rest.contains('.'));
    let domain = above.unwrap_or(frontend);
    // An address has no domain.
    let named = domain.bytes().any(|b| b.is_ascii_alphabetic());
    named && (host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_54_a_host_makes_an_origin_and_nothing_else() {
        assert_eq!(origin("https", "app.example.com:443").as_deref(), Some("https://app.example.com"));
        assert_eq!(origin("http", "[::1]:3000").as_deref(), Some("http://[::1]:3000"));
        assert_eq!(origin("https", "APP.example.com").as_deref(), Some("https://app.example.com"));
        for host in ["a@b", "a/b", "a?b", "a#b", "a\\b", "a b", "", "a%2fb", "a:b", ":80"] {
            assert_eq!(origin("https", host), None, "{host}");
        }
        assert_eq!(origin("javascript", "a.b"), None);
    }

    #[test]
    fn neighbours_share_the_domain() {
        for host in ["app.example.com", "example.com", "a.b.example.com:8443", "EXAMPLE.com", "auth.example.com"] {
            assert!(is_neighbour(host, "auth.example.com"), "{host}");
        }
        for host in ["evilexample.com", "example.com.evil", "com", "evil.example", "", ".example.com.x"] {
            assert!(!is_neighbour(host, "auth.example.com"), "{host}");
        }
        assert!(!is_neighbour("other.com", "example.com"));
        assert!(!is_neighbour("9.0.0.1", "127.0.0.1:4000"));
        assert!(is_local("localhost:3000") && is_local("127.0.0.1") && is_local("[::1]:80") && is_local("a.localhost"));
        assert!(!is_local("localhost.evil.com") && !is_local("127.0.0.1.evil.com"));
    }
}
