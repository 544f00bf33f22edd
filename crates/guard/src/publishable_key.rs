//! The publishable key: which instance this is, where its frontend stands, and how its cookies are called.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use std::net::IpAddr;
use url::Url;

/// What an instance is for, as the prefix of its keys says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instance {
    /// `pk_live_`: state is in first-party cookies.
    Production,
    /// `pk_test_`: state is bound to a development browser, and a handshake travels in the query.
    Development,
}

/// A publishable key, read.
pub(crate) struct PublishableKey {
    /// Host and port of the frontend.
    pub host: String,
    /// Production or development.
    pub instance: Instance,
    /// What follows `_` in the names of this instance's own cookies.
    pub suffix: String,
    /// Scheme and host of the frontend, which is the issuer of its tokens.
    pub origin: String,
}

impl PublishableKey {
    /// Reads `pk_live_` or `pk_test_` and base64 of `HOST$`, whose padding may be missing.
    pub fn parse(text: &str) -> Option<Self> {
        let (instance, body) = match text.strip_prefix("pk_live_") {
            Some(body) => (Instance::Production, body),
            None => (Instance::Development, text.strip_prefix("pk_test_")?),
        };
        let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let decoded = String::from_utf8(GeneralPurpose::new(&STANDARD, config).decode(body).ok()?).ok()?;
        let host = decoded.strip_suffix('$')?;
        let scheme = if is_loopback_address(host) { "http" } else { "https" };
        let url = Url::parse(&format!("{scheme}://{host}/")).ok()?;
        let origin = url.origin().ascii_serialization();
        // The host must be written as every reader of it writes it, and the SDKs want a dot in it.
        let exact = origin.strip_prefix(scheme)?.strip_prefix("://")? == host && host.contains('.');
        let plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'));
        (exact && plain).then(|| Self { host: host.to_owned(), instance, suffix: suffix(text), origin })
    }

    /// The name that a cookie of this instance has beside others on the same domain.
    pub fn suffixed(&self, name: &str) -> String {
        format!("{name}_{}", self.suffix)
    }

    /// Whether this is a development instance.
    pub fn is_development(&self) -> bool {
        self.instance == Instance::Development
    }
}

/// SHA-1 gives a name here, no security: it is the contract's.
fn suffix(key: &str) -> String {
    let hash = general_purpose::STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes()));
    hash.chars().take(8).map(|c| if c == '+' { '-' } else { c }).map(|c| if c == '/' { '_' } else { c }).collect()
}

/// Whether a host, with or without a port, is an address of this machine.
pub(crate) fn is_loopback_address(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')).unwrap_or(name);
    bare.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(host: &str) -> String {
        format!("pk_live_{}", general_purpose::STANDARD.encode(format!("{host}$")))
    }

    #[test]
    fn a_key_names_its_host_its_kind_and_its_cookies() {
        let live = PublishableKey::parse("pk_live_Y2xlcmsuY2xlcmsuZGV2JA").unwrap();
        assert_eq!((live.host.as_str(), live.instance), ("clerk.clerk.dev", Instance::Production));
        assert_eq!(live.suffixed("__session"), "__session_1Z8AzTQD");
        assert_eq!(live.origin, "https://clerk.clerk.dev");
        let test = PublishableKey::parse("pk_test_Y2xlcmsuY2xlcmsuZGV2JA==").unwrap();
        assert!(test.is_development());
        assert_eq!(PublishableKey::parse("pk_test_Y2xlcmsuY2xlcmsuZGV2JA").unwrap().suffix, "QvfNY2dr");
        assert_eq!(PublishableKey::parse(&key("127.0.0.1:4000")).unwrap().origin, "http://127.0.0.1:4000");
        assert_eq!(PublishableKey::parse(&key("auth.example.com:8443")).unwrap().suffix.len(), 8);
    }

    #[test]
    fn what_is_no_key_is_none() {
        for host in
            ["localhost", "", "a.b/c", "u@a.b", "a.b?c", "A.example.com", "a.b:443", "a b.c", "a.b$", "evil.com#.a.b"]
        {
            assert!(PublishableKey::parse(&key(host)).is_none(), "{host}");
        }
        for text in ["", "pk_live_", "sk_live_Y2xlcmsuY2xlcmsuZGV2JA", "pk_live_Y2xlcmsuY2xlcmsuZGV2", "pk_live_%%%"] {
            assert!(PublishableKey::parse(text).is_none(), "{text}");
        }
    }
}
