//! The cookies that the server hands over, in a handshake or with a renewed token.
//!
//! They reach the browser as headers of an app that is not ours, so only the contract's own cookies pass: whoever could
//! forge a directive could otherwise set any cookie of the app.

use crate::{
    credentials::{CLIENT_UAT, DEV_BROWSER, HANDSHAKE, HANDSHAKE_NONCE, REFRESH, SESSION},
    publishable_key::PublishableKey,
};
use http::HeaderValue;

const MOST: usize = 16;
const LONGEST: usize = 4096;

/// Directives that may pass.
#[derive(Default)]
pub(crate) struct Directives {
    /// As values of `Set-Cookie`.
    pub set: Vec<HeaderValue>,
    /// The new session token; none if the user is signed out.
    pub session: Option<String>,
}

impl Directives {
    /// Keeps what may pass, and says in the log what may not.
    pub fn of(list: &[String], key: &PublishableKey) -> Self {
        let mut kept = Self::default();
        for directive in list.iter().take(MOST) {
            let pair = directive.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let header = HeaderValue::from_str(directive).ok();
            match header.filter(|_| directive.is_ascii() && directive.len() <= LONGEST && is_ours(name, key)) {
                Some(header) => kept.set.push(header),
                None => {
                    // A name from outside is shown escaped and short, and a value never (SEC-122).
                    let name: String = name.chars().take(40).collect();
                    tracing::warn!(?name, "a cookie that is not the contract's was dropped from a handshake");
                    continue;
                }
            }
            if (name == SESSION || name == key.suffixed(SESSION)) && !value.is_empty() {
                kept.session = Some(value.to_owned());
            }
        }
        kept
    }
}

fn is_ours(name: &str, key: &PublishableKey) -> bool {
    let either = |base: &str| name == base || name == key.suffixed(base);
    let always = [SESSION, CLIENT_UAT, REFRESH, HANDSHAKE, HANDSHAKE_NONCE].into_iter().any(either);
    always || (key.is_development() && either(DEV_BROWSER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str, list: &[&str]) -> (Vec<String>, Option<String>) {
        let key = PublishableKey::parse(&format!("pk_{kind}_Y2xlcmsuY2xlcmsuZGV2JA")).unwrap();
        let list: Vec<String> = list.iter().map(|text| (*text).to_owned()).collect();
        let kept = Directives::of(&list, &key);
        (kept.set.iter().map(|v| v.to_str().unwrap().to_owned()).collect(), kept.session)
    }

    #[test]
    fn only_the_contracts_own_cookies_pass() {
        let good = [
            "__session=a.b.c; Path=/; Secure; SameSite=Lax",
            "__session_1Z8AzTQD=a.b.c; Path=/",
            "__client_uat=7; Domain=example.com; Path=/",
            "__client_uat_1Z8AzTQD=7; Path=/",
            "__refresh_1Z8AzTQD=r; HttpOnly",
            "__clerk_handshake_nonce=; Max-Age=0",
            "__clerk_handshake=; Max-Age=0",
        ];
        assert_eq!(of("live", &good), (good.map(str::to_owned).to_vec(), Some("a.b.c".into())));
        for bad in [
            "sid=evil; Path=/",
            "__session_OTHERONE=a.b.c",
            "__sessionx=a",
            "__Host-housekey=a; Path=/; Secure",
            " __session=a",
            "__session =a",
            "__SESSION=a",
            "__session=a\r\nSet-Cookie: sid=evil",
            "__session=a\nb",
            "__session=\u{e9}",
            "__clerk_db_jwt=a",
            "__clerk_redirect_count=0",
            "",
            "=x",
        ] {
            assert_eq!(of("live", &[bad]), (vec![], None), "{bad}");
        }
        assert_eq!(of("test", &["__clerk_db_jwt=a"]).0.len(), 1);
        assert_eq!(of("live", &[&format!("__session={}", "a".repeat(5000))]).0.len(), 0);
    }

    #[test]
    fn a_cleared_session_is_none_and_a_cleared_old_name_hides_no_new_one() {
        assert_eq!(of("live", &["__session=; Max-Age=0", "__client_uat=0"]).1, None);
        assert_eq!(of("live", &["__session_1Z8AzTQD=a.b.c", "__session=; Max-Age=0"]).1.as_deref(), Some("a.b.c"));
    }
}
