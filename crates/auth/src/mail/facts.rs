//! From where something was asked, as a letter tells it.

use housekey_core::time::Time;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// When and from which browser, system and address something was asked for.
///
/// Whoever types somebody's address chooses these headers, so nothing of the User-Agent's own text is kept: browser
/// and system are names from a fixed list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// When.
    pub at: Time,
    browser: Option<String>,
    system: Option<String>,
    /// The network address.
    pub address: Option<IpAddr>,
    /// The place, where the operator's own data knows it.
    pub place: Option<String>,
}

impl Facts {
    /// Reads browser and system out of a User-Agent header.
    pub fn of(at: Time, agent: &str, address: IpAddr) -> Self {
        let seen = woothee::parser::Parser::new().parse(agent);
        let known = |name: &str| (!name.is_empty() && name != "UNKNOWN").then(|| plain(name).to_owned());
        Self {
            at,
            browser: seen.as_ref().and_then(|seen| known(seen.name)),
            system: seen.as_ref().and_then(|seen| known(seen.os)),
            address: Some(address),
            place: None,
        }
    }

    /// Facts of something that no browser asked for.
    pub fn bare(at: Time) -> Self {
        Self { at, browser: None, system: None, address: None, place: None }
    }

    pub(super) fn sample(at: Time) -> Self {
        Self {
            browser: Some("Firefox".to_owned()),
            system: Some("Linux".to_owned()),
            address: Some(IpAddr::from([203, 0, 113, 7])),
            place: Some("Lisbon, Portugal".to_owned()),
            ..Self::bare(at)
        }
    }

    /// The browser's name, when it is known.
    pub fn browser(&self) -> Option<&str> {
        self.browser.as_deref()
    }

    /// The system's name, when it is known.
    pub fn system(&self) -> Option<&str> {
        self.system.as_deref()
    }
}

// The list's names are those of its time.
fn plain(name: &str) -> &str {
    match name {
        "Mac OSX" => "macOS",
        "iPhone" | "iPod" => "iPhone",
        "Mobile Safari" | "Webview" => "Safari",
        "ChromeOS" => "Chrome OS",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn browsers_get_their_names() {
        let of = |agent| Facts::of(Time::from_millis(0), agent, HERE);
        let firefox = of("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
        assert_eq!((firefox.browser(), firefox.system()), (Some("Firefox"), Some("Linux")));
        let safari = of(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
        );
        assert_eq!((safari.browser(), safari.system()), (Some("Safari"), Some("macOS")));
    }

    #[test]
    fn sec_24_nothing_of_the_header_itself_is_kept() {
        for agent in ["", "Visit http://evil.example now", "<b>x</b>", "Firefox/<script>", "a\r\nBcc: x@example.com"] {
            let facts = Facts::of(Time::from_millis(0), agent, HERE);
            let kept = serde_json::to_string(&facts).unwrap();
            assert!(!kept.contains("evil") && !kept.contains('<') && !kept.contains("Bcc"), "{kept}");
        }
    }
}
