//! Where an unsafe request was made: only on our own pages (SEC-50).

use housekey_core::redirect::Origins;
use http::{HeaderMap, header};

/// The request was not made by a page of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request was not made by one of our own pages")]
pub struct Unsafe;

/// Judges an unsafe request: `Sec-Fetch-Site` decides first; an `Origin` that is there must be ours besides; without
/// either, the `Referer` must be.
pub(super) fn check(headers: &HeaderMap, origins: &Origins) -> Result<(), Unsafe> {
    let text = |name| headers.get(name).map(|v: &http::HeaderValue| v.to_str().unwrap_or("?"));
    let origin = text(header::ORIGIN);
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        let own = origin.is_none_or(|o| o == "null" || origins.is_own(o));
        return (site == "same-origin" && own).then_some(()).ok_or(Unsafe);
    }
    let own = match (origin, text(header::REFERER)) {
        (Some(origin), _) => origins.is_own(origin),
        (None, Some(referer)) => {
            url::Url::parse(referer).is_ok_and(|u| origins.is_own(&u.origin().ascii_serialization()))
        }
        (None, None) => false,
    };
    own.then_some(()).ok_or(Unsafe)
}

/// Whether an unsafe request with a cookie was not made by a page of ours.
pub(crate) fn is_cross_site(headers: &HeaderMap, origins: &Origins) -> bool {
    check(headers, origins).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(pairs: &[(&'static str, &str)]) -> bool {
        let own = url::Url::parse("https://auth.example.com").unwrap();
        let origins = Origins::new(&own, &["https://app.example.com"]).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        check(&headers, &origins).is_ok()
    }

    #[test]
    fn sec_50_the_matrix() {
        const OWN: &str = "https://auth.example.com";
        for (pairs, allowed) in [
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "same-origin"), ("origin", OWN)], true),
            (vec![("sec-fetch-site", "same-origin"), ("origin", "null")], true),
            (vec![("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")], false),
            (vec![("sec-fetch-site", "same-site"), ("origin", OWN)], false),
            (vec![("sec-fetch-site", "cross-site"), ("origin", OWN)], false),
            (vec![("sec-fetch-site", "none")], false),
            (vec![("sec-fetch-site", "")], false),
            (vec![("origin", OWN)], true),
            (vec![("origin", "null")], false),
            (vec![("origin", "https://app.example.com")], false),
            (vec![("origin", "https://auth.example.com.evil.example")], false),
            (vec![("referer", "https://auth.example.com/sign-in")], true),
            (vec![("referer", "https://evil.example/https://auth.example.com")], false),
            (vec![("origin", "https://evil.example"), ("referer", "https://auth.example.com/")], false),
            (vec![], false),
        ] {
            assert_eq!(judge(&pairs), allowed, "{pairs:?}");
        }
    }
}
