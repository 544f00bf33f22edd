//! The way home after a sign-in: a path of ours, or an origin that is listed, exactly (SEC-54).

use serde::{Deserialize, Serialize};
use url::Url;

const LONGEST: usize = 2048;

/// The origins that a person may be sent to.
#[derive(Clone, Debug)]
pub struct Origins {
    own: Url,
    listed: Vec<url::Origin>,
}

/// A listed origin is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an origin: write scheme, host and port, as https://app.example.com, without path or wildcard")]
pub struct OriginFault(pub String);

/// Where to go, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnTo {
    target: String,
    foreign: bool,
}

/// The target is not ours, not listed, or written so that readers of it may disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address to return to is not allowed")]
pub struct BadRedirect;

impl Origins {
    /// Our own origin, and the others, each exact.
    ///
    /// # Errors
    /// The first that is no origin.
    pub fn new(own: &Url, listed: &[&str]) -> Result<Self, OriginFault> {
        let listed = listed.iter().map(|text| origin(text).ok_or_else(|| OriginFault((*text).to_owned())));
        Ok(Self { own: own.clone(), listed: listed.collect::<Result<_, _>>()? })
    }

    /// Whether an `Origin` header names our own origin.
    pub fn is_own(&self, text: &str) -> bool {
        origin(text).is_some_and(|o| o == self.own.origin())
    }

    /// Whether an `Origin` header names our own or a listed origin.
    pub fn is_known(&self, text: &str) -> bool {
        origin(text).is_some_and(|o| o == self.own.origin() || self.listed.contains(&o))
    }
}

impl ReturnTo {
    /// Reads a target.
    ///
    /// # Errors
    /// When it may lead anywhere else than to us or to a listed origin.
    pub fn parse(text: &str, origins: &Origins) -> Result<Self, BadRedirect> {
        let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\' || !c.is_ascii();
        if text.is_empty() || text.len() > LONGEST || text.contains(odd) || doubly_encoded(text) {
            return Err(BadRedirect);
        }
        if text.starts_with('/') {
            let url = origins.own.join(text).map_err(|_| BadRedirect)?;
            let own = url.origin() == origins.own.origin();
            let path = &text[..text.find(['?', '#']).unwrap_or(text.len())];
            let climbs = path
                .split('/')
                .any(|s| matches!(s.to_ascii_lowercase().as_str(), ".." | "." | "%2e" | "%2e%2e" | ".%2e" | "%2e."));
            let slashes = path.to_ascii_lowercase().contains("%2f") || path.to_ascii_lowercase().contains("%5c");
            return (own && !text.starts_with("//") && !climbs && !slashes)
                .then(|| Self { target: text.to_owned(), foreign: false })
                .ok_or(BadRedirect);
        }
        let url = Url::parse(text).map_err(|_| BadRedirect)?;
        let web = matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none();
        // The text must be what the parser read, or a browser may read something else.
        let same = text.starts_with(&url.origin().ascii_serialization());
        if !web || !same {
            return Err(BadRedirect);
        }
        if url.origin() == origins.own.origin() {
            return Ok(Self { target: url.into(), foreign: false });
        }
        origins.listed.contains(&url.origin()).then(|| Self { target: url.into(), foreign: true }).ok_or(BadRedirect)
    }

    /// The same target with more in its query.
    #[must_use]
    pub fn with(&self, pairs: &[(&str, &str)]) -> Self {
        let (place, fragment) = match self.target.split_once('#') {
            Some((place, fragment)) => (place, Some(fragment)),
            None => (self.target.as_str(), None),
        };
        let added = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let sign = if place.contains('?') { '&' } else { '?' };
        let fragment = fragment.map(|f| format!("#{f}")).unwrap_or_default();
        Self { target: format!("{place}{sign}{added}{fragment}"), foreign: self.foreign }
    }

    /// The target, for a `Location` header.
    pub fn as_str(&self) -> &str {
        &self.target
    }

    /// Whether it leaves our origin, so that a form's answer must not redirect there itself.
    pub fn is_foreign(&self) -> bool {
        self.foreign
    }
}

fn origin(text: &str) -> Option<url::Origin> {
    let url = Url::parse(text).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let web = matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none();
    let exact = text.trim_end_matches('/') == url.origin().ascii_serialization();
    (bare && web && exact && !text.contains('*')).then(|| url.origin())
}

fn doubly_encoded(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["%25", "%00", "%0a", "%0d", "%09"].iter().any(|bad| lower.contains(bad))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins() -> Origins {
        Origins::new(
            &Url::parse("https://auth.example.com").unwrap(),
            &["https://app.example.com", "http://localhost:3000"],
        )
        .unwrap()
    }

    #[test]
    fn what_is_added_to_a_target_stands_in_its_query_and_nowhere_else() {
        let with = |text: &str| ReturnTo::parse(text, &origins()).unwrap().with(&[("a", "1&2")]).as_str().to_owned();
        assert_eq!(with("/x"), "/x?a=1%262");
        assert_eq!(with("https://app.example.com/x?y=1#/z?q"), "https://app.example.com/x?y=1&a=1%262#/z?q");
    }

    #[test]
    fn sec_54_own_paths_and_listed_origins_pass() {
        for (good, foreign) in [
            ("/", false),
            ("/account", false),
            ("/a/b?c=d&e=%20f#g", false),
            ("/search?q=https://x.example/", false),
            ("https://auth.example.com/x", false),
            ("https://app.example.com", true),
            ("https://app.example.com/a?b", true),
            ("http://localhost:3000/cb", true),
        ] {
            let to = ReturnTo::parse(good, &origins()).unwrap_or_else(|_| panic!("{good}"));
            assert_eq!(to.is_foreign(), foreign, "{good}");
        }
    }

    #[test]
    fn sec_54_forty_hostile_targets_are_refused() {
        let hostile = [
            "",
            "//evil.example",
            "///evil.example",
            "////evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/%0d%0aSet-Cookie:x",
            "/%00",
            "/a\0b",
            "https://evil.example",
            "https://app.example.com.evil.example",
            "https://evilapp.example.com",
            "https://app.example.com@evil.example",
            "https://evil.example#@app.example.com",
            "https://evil.example\\@app.example.com",
            "https:app.example.com",
            "https:/app.example.com",
            "https:///app.example.com",
            "https:evil.example",
            "http://app.example.com",
            "https://app.example.com:444",
            "http://localhost:3001",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "ftp://app.example.com",
            "//auth.example.com@evil.example",
            "/%252e%252e/",
            "/../admin",
            "/a/%2e%2e/b",
            "/a/%2f%2fevil.example",
            "/%5cevil.example",
            " /account",
            "/account ",
            "https://аpp.example.com",
            "https://app。example.com",
            "/\u{2028}x",
            "relative/path",
            "?x",
            "#x",
            "https://user:pw@app.example.com/",
            "blob:https://app.example.com/x",
            "ws://app.example.com",
        ];
        assert!(hostile.len() >= 40);
        for bad in hostile {
            assert!(ReturnTo::parse(bad, &origins()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn sec_53_an_origin_is_exact() {
        let o = origins();
        assert!(o.is_own("https://auth.example.com") && o.is_known("https://app.example.com"));
        for bad in [
            "null",
            "",
            "https://auth.example.com.evil.example",
            "https://evil.example",
            "http://auth.example.com",
            "https://auth.example.com:8443",
            "https://x@auth.example.com",
        ] {
            assert!(!o.is_own(bad) && !o.is_known(bad), "{bad}");
        }
        for bad in ["https://*.example.com", "https://app.example.com/path", "app.example.com", "*"] {
            assert!(Origins::new(&Url::parse("https://a.example").unwrap(), &[bad]).is_err(), "{bad}");
        }
    }
}
