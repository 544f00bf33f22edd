//! Production or development, read off the public address alone.

use std::net::Ipv4Addr;

use url::{Host, Url};

use super::Wrong;

/// What the public URL says about who may reach this instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// https: every refusal of an unsafe setting applies.
    Production,
    /// http on a loopback name: mail is caught, `/dev/…` exists.
    Development,
}

impl Mode {
    /// Production for https, development for http on a loopback name; anything
    /// else would send cookies and passwords in the clear and is refused.
    pub fn of(public_url: &Url) -> Result<Self, Wrong> {
        let loopback = public_url.host().is_some_and(|host| is_loopback(&host));
        match public_url.scheme() {
            "https" => Ok(Self::Production),
            "http" if loopback => Ok(Self::Development),
            "http" => {
                let mut fixed = public_url.clone();
                let secured = fixed.set_scheme("https").map(|()| fixed.to_string());
                Err(Wrong::new(
                    "plain http, which is for this machine alone: passwords and cookies would cross the network in the clear",
                    format!("\"{}\"", secured.unwrap_or_default().trim_end_matches('/')),
                ))
            }
            other => Err(Wrong::new(
                format!("`{other}` is not a scheme that browsers sign in on"),
                "\"https://auth.example.com\"",
            )),
        }
    }

    /// True in production.
    pub fn is_production(self) -> bool {
        self == Self::Production
    }
}

/// Whether a host name can only mean this machine.
pub fn is_loopback_name(name: &str) -> bool {
    Host::parse(name).is_ok_and(|host| is_loopback(&host))
}

fn is_loopback<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        // RFC 6761, 6.3: names under localhost never leave the machine.
        Host::Domain(name) => {
            let name = name.as_ref().trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(ip) => *ip == Ipv4Addr::LOCALHOST || ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(text: &str) -> Option<Mode> {
        Mode::of(&Url::parse(text).unwrap()).ok()
    }

    #[test]
    fn sec_41_http_is_refused_on_any_name_but_loopback() {
        for text in [
            "http://example.com",
            "http://0.0.0.0",
            "http://localhost.example.com",
            "http://10.0.0.1",
            "ftp://localhost",
        ] {
            assert_eq!(mode(text), None, "{text}");
        }
        for text in
            ["http://localhost:4000", "http://127.0.0.1", "http://127.8.0.1", "http://[::1]:1", "http://app.localhost"]
        {
            assert_eq!(mode(text), Some(Mode::Development), "{text}");
        }
        assert_eq!(mode("https://localhost"), Some(Mode::Production));
    }
}
