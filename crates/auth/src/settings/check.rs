//! Checks of one address, and of settings against each other.

use url::{Host, Url};

use super::{Gateway, Mode, Settings, SignUpMode, Use, Wrong};
use housekey_core::captcha::Provider;

impl Settings {
    /// Everything that must stop a start, by key. Empty is safe.
    pub fn faults(&self) -> Vec<(&'static str, Wrong)> {
        let mut faults = Vec::new();
        self.check_lifetimes(&mut faults);
        self.check_strength(&mut faults);
        self.check_domains(&mut faults);
        self.check_webhooks(&mut faults);
        self.check_identifiers(&mut faults);
        self.check_guests(&mut faults);
        self.check_captcha(&mut faults);
        match self.public_url.as_ref().map(Mode::of) {
            Some(Ok(Mode::Production)) => self.check_production(&mut faults),
            Some(Ok(Mode::Development)) | None => {}
            Some(Err(wrong)) => faults.push(("server.public_url", wrong)),
        }
        faults
    }

    fn check_lifetimes(&self, faults: &mut Vec<(&'static str, Wrong)>) {
        let policy = &self.sessions;
        for (key, idle, absolute) in [
            ("sessions.idle", policy.idle, policy.absolute),
            ("sessions.remembered_idle", policy.remembered_idle, policy.remembered_absolute),
        ] {
            if idle > absolute {
                let most = super::duration_text(absolute);
                faults
                    .push((key, Wrong::new("longer than the session may live at all", format!("at most \"{most}\""))));
            }
        }
    }

    fn check_domains(&self, faults: &mut Vec<(&'static str, Wrong)>) {
        let Some(url) = &self.public_url else { return };
        let host = url.host_str().unwrap_or_default();
        for (key, domain, what) in [
            ("server.cookie_domain", &self.cookie_domain, "the cookie"),
            ("passkeys.rp_id", &self.rp_id, "every passkey"),
        ] {
            let Some(domain) = domain.as_ref().filter(|domain| !super::is_under(host, domain)) else {
                continue;
            };
            let wrong = Wrong::new(
                format!("{domain} is not a domain of {host}: its browsers would refuse {what}"),
                "the domain that `server.public_url` is under",
            );
            faults.push((key, wrong));
        }
    }

    fn check_identifiers(&self, faults: &mut Vec<(&'static str, Wrong)>) {
        let named = self.identifiers;
        if [named.email, named.username, named.phone].iter().all(|used| *used != Use::Required) {
            let wrong = Wrong::new(
                "not required, and neither is anything else: nothing would name an account",
                "\"required\", or require `identifiers.username` or `identifiers.phone_number`",
            );
            faults.push(("identifiers.email_address", wrong));
        }
        let paid = matches!(self.sms.gateway, Gateway::Http | Gateway::Twilio);
        if paid && self.sms.countries.is_empty() {
            let wrong = Wrong::new(
                "missing: strangers would have messages sent to whatever country costs most",
                "the countries where your users are, as [\"DE\", \"AT\"]",
            );
            faults.push(("sms.countries", wrong));
        }
    }

    fn check_guests(&self, faults: &mut Vec<(&'static str, Wrong)>) {
        let mode = self.sign_up.mode;
        if self.guests.enabled && mode != SignUpMode::Open {
            let what = format!(
                "on, while `sign_up.mode` is \"{}\": a guest would be somebody who may not come in",
                mode.word()
            );
            faults.push(("guests.enabled", Wrong::new(what, "false, or `sign_up.mode = \"open\"`")));
        }
    }

    fn check_captcha(&self, faults: &mut Vec<(&'static str, Wrong)>) {
        let Some(provider) = self.bots.captcha.map(Provider::as_str) else { return };
        for (key, missing) in [
            ("bot_protection.captcha_site_key", self.bots.site_key.is_none()),
            ("bot_protection.captcha_secret_key", self.bots.secret_key.is_none()),
        ] {
            if missing {
                let what = format!("missing, and `bot_protection.captcha` is \"{provider}\"");
                faults.push((key, Wrong::new(what, format!("the key that {provider} gave you"))));
            }
        }
    }

    fn check_webhooks(&self, faults: &mut Vec<(&'static str, Wrong)>) {
        let webhooks = &self.webhooks;
        if webhooks.secrets.len() != webhooks.endpoints.len() {
            let what = format!("{} for {} endpoints", webhooks.secrets.len(), webhooks.endpoints.len());
            faults.push(("webhooks.secrets", Wrong::new(what, "one secret for each of `webhooks.endpoints`")));
        }
        let mut urls: Vec<&str> = webhooks.endpoints.iter().map(|endpoint| endpoint.url.as_str()).collect();
        urls.sort_unstable();
        if urls.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            faults.push(("webhooks.endpoints", Wrong::new("the same address twice", "each address once")));
        }
    }

    fn check_strength(&self, faults: &mut Vec<(&'static str, Wrong)>) {
        if self.argon2.accepted().is_err() {
            let wrong = Wrong::new(
                format!(
                    "too little for passes = {} by the OWASP ASVS table: stolen hashes would be guessed too fast",
                    self.argon2.passes
                ),
                "47104 with 1 pass, 19456 with 2, 12288 with 3, 9216 with 4, 7168 with 5, or more",
            );
            faults.push(("passwords.argon2_memory_kib", wrong));
        }
        if self.limits_multiplier > 1 && self.limits_reason.is_none() {
            let wrong = Wrong::new(
                "missing, while `limits.multiplier` loosens the limits",
                "\"a school with 2,000 people behind one address\"",
            );
            faults.push(("limits.reason", wrong));
        }
    }

    fn check_production(&self, faults: &mut Vec<(&'static str, Wrong)>) {
        if self.mail_from.is_none() {
            faults.push((
                "mail.from",
                Wrong::new("missing, and production sends mail", "\"Acme <no-reply@acme.example>\""),
            ));
        }
        match &self.smtp_url {
            None => {
                let wrong =
                    Wrong::new("missing, and production sends mail", "\"smtps://user:password@smtp.example.com\"");
                faults.push(("mail.smtp", wrong));
            }
            Some(url) if sends_password_in_the_clear(url.expose()) => {
                let wrong =
                    Wrong::new("would send its password in the clear", "\"smtps://…\" or \"smtp://…?tls=required\"");
                faults.push(("mail.smtp", wrong));
            }
            Some(_) => {}
        }
        if self.app_origins.iter().any(|origin| origin.starts_with("http:")) {
            let wrong =
                Wrong::new("with a plain http origin: people would return to it in the clear", "https origins only");
            faults.push(("server.app_origins", wrong));
        }
        if self.sms.gateway == Gateway::Development {
            let wrong = Wrong::new(
                "of development: whoever has the address of the page reads the codes",
                "\"http\" or \"twilio\"",
            );
            faults.push(("sms.gateway", wrong));
        }
        if self.clerk.test_mode == Some(true) {
            let wrong = Wrong::new("on: whoever knows the fixed code signs in to test addresses", "false, or nothing");
            faults.push(("clerk.test_mode", wrong));
        }
        if self.clerk.proxy_urls.iter().any(|url| url.scheme() == "http") {
            let wrong =
                Wrong::new("with a plain http address: people would sign in in the clear", "https addresses only");
            faults.push(("clerk.proxy_urls", wrong));
        }
        if self.trusted_proxies.iter().any(|network| network.prefix_len() == 0) {
            let wrong = Wrong::new(
                "the whole internet: every visitor could then invent an address and walk past the limits",
                "the networks of your proxies, as \"10.0.0.0/8\"",
            );
            faults.push(("server.trusted_proxies", wrong));
        }
    }
}

/// One exact origin in the form that browsers send.
pub(super) fn origin(text: &str) -> Result<String, Wrong> {
    let example = "\"https://app.example.com\"";
    if text.contains('*') {
        let what = format!("with a wildcard ({text:?}): whoever owns one such name would receive your users");
        return Err(Wrong::new(what, format!("each origin in full, as {example}")));
    }
    let url = super::read_url(text, example)?;
    if !matches!(url.scheme(), "http" | "https") || url.path() != "/" {
        return Err(Wrong::new(format!("not an origin: {text:?}"), example));
    }
    Ok(url.origin().ascii_serialization())
}

/// The address of a forwarded path on an app's origin.
pub(super) fn proxy_url(text: &str) -> Result<Url, Wrong> {
    let example = "\"https://app.example.com/__clerk\"";
    let mut url = super::read_url(text, example)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Wrong::new("not a web address", example));
    }
    let path = super::Mount::parse(url.path()).map_err(|_| Wrong::new("with a path that is not plain", example))?;
    if path.as_str().is_empty() {
        return Err(Wrong::new("without a path", example));
    }
    url.set_path(path.as_str());
    Ok(url)
}

/// The address where tokens of challenges are checked. They travel with the key, so not in the clear.
pub(super) fn verify_url(text: &str) -> Result<Url, Wrong> {
    let example = "\"https://captcha-proxy.example.com/siteverify\"";
    let url = super::read_url(text, example)?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_here(&url) => Ok(url),
        _ => Err(Wrong::new("neither https nor on this machine", example)),
    }
}

/// The address of a service that knows breached passwords, made one to which a path can be added.
pub(super) fn breach_api(text: &str) -> Result<Url, Wrong> {
    let example = "\"https://api.pwnedpasswords.com/\"";
    let mut url = super::read_url(text, example)?;
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
        return Err(Wrong::new("not a web address that a path can be added to", example));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// Reads an endpoint: its address, and behind it the names of what it hears. Where it may be is decided when it is told.
pub(super) fn endpoint(text: &str) -> Result<super::ConfiguredEndpoint, Wrong> {
    let example = "\"https://app.example.com/api/webhooks user.*\"";
    let mut words = text.split_whitespace();
    let url = Url::parse(words.next().unwrap_or_default())
        .map_err(|why| Wrong::new(format!("not a web address ({why})"), example))?;
    let plain = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "https" | "http") || !plain {
        return Err(Wrong::new("not a web address without a user's name", example));
    }
    let events = housekey_core::webhook::WebhookFilter::parse(words)
        .map_err(|fault| Wrong::new(format!("names no event ({fault})"), example))?;
    Ok(super::ConfiguredEndpoint { url, events })
}

/// A domain for cookies or passkeys: never one under which strangers have names of their own.
pub(super) fn shared_domain(text: &str) -> Result<String, Wrong> {
    let name = text.trim_start_matches('.').to_ascii_lowercase();
    match psl::domain_str(&name) {
        Some(registrable) if name.ends_with(registrable) => Ok(name),
        _ => Err(Wrong::new("a public suffix: strangers have names under it", "\"example.com\"")),
    }
}

/// Checks the form of an SMTP address without repeating it: it holds a password.
pub(super) fn smtp_url(text: String) -> Result<String, Wrong> {
    let example = "\"smtps://user:password@smtp.example.com\"";
    let url = Url::parse(&text).map_err(|why| Wrong::new(format!("not an address ({why})"), example))?;
    if !matches!(url.scheme(), "smtp" | "smtps") || !url.has_host() {
        return Err(Wrong::new("not an smtp:// or smtps:// address with a host", example));
    }
    Ok(text)
}

fn sends_password_in_the_clear(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else {
        return true;
    };
    let required = url.query_pairs().any(|(name, value)| name == "tls" && value == "required");
    url.scheme() == "smtp" && url.password().is_some() && !required && !is_here(&url)
}

/// Whether an address is of this machine.
pub(crate) fn is_here(url: &Url) -> bool {
    match url.host() {
        // The host of a scheme that is not special is never read as a number.
        Some(Host::Domain(name)) => super::is_loopback_name(name),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Sender;
    use housekey_core::secret::Secret;

    fn production() -> Settings {
        Settings {
            public_url: Url::parse("https://auth.example.com").ok(),
            mail_from: Sender::parse("a@example.com").ok(),
            smtp_url: Some(Secret::new("smtps://u:p@smtp.example.com".to_owned())),
            ..Settings::default()
        }
    }

    fn keys(settings: &Settings) -> Vec<&'static str> {
        settings.faults().into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn a_safe_production_and_a_bare_development_pass() {
        assert!(keys(&production()).is_empty());
        assert!(keys(&Settings::default()).is_empty());
    }

    #[test]
    fn production_refuses_everything_unsafe_at_once() {
        let mut settings = production();
        settings.mail_from = None;
        settings.smtp_url = Some(Secret::new("smtp://u:p@smtp.example.com".to_owned()));
        settings.app_origins = vec!["http://app.example.com".to_owned()];
        settings.trusted_proxies = vec!["0.0.0.0/0".parse().unwrap()];
        assert_eq!(keys(&settings), ["mail.from", "mail.smtp", "server.app_origins", "server.trusted_proxies"]);
        settings.smtp_url = None;
        assert!(keys(&settings).contains(&"mail.smtp"));
    }

    #[test]
    fn sec_4_argon2_below_the_table_is_refused() {
        let mut settings = Settings::default();
        settings.argon2.memory_kib = 12_288;
        assert_eq!(keys(&settings), ["passwords.argon2_memory_kib"]);
        settings.argon2.passes = 3;
        assert!(keys(&settings).is_empty());
    }

    #[test]
    fn sec_10_loosened_limits_need_a_reason() {
        let mut settings = Settings { limits_multiplier: 5, ..Settings::default() };
        assert_eq!(keys(&settings), ["limits.reason"]);
        settings.limits_reason = Some("a school".to_owned());
        assert!(keys(&settings).is_empty());
    }

    #[test]
    fn guests_come_in_where_everybody_may_sign_up_and_nowhere_else() {
        for mode in [SignUpMode::Open, SignUpMode::Restricted, SignUpMode::InvitationOnly, SignUpMode::Waitlist] {
            let mut settings = Settings::default();
            (settings.guests.enabled, settings.sign_up.mode) = (true, mode);
            let expected: &[&str] = if mode == SignUpMode::Open { &[] } else { &["guests.enabled"] };
            assert_eq!(keys(&settings), expected);
        }
    }

    #[test]
    fn a_service_of_breached_passwords_is_an_address_to_add_a_path_to() {
        for text in ["https://api.pwnedpasswords.com", "https://api.pwnedpasswords.com/"] {
            assert_eq!(breach_api(text).unwrap().as_str(), "https://api.pwnedpasswords.com/");
        }
        assert_eq!(breach_api("https://pwned.example/v3").unwrap().as_str(), "https://pwned.example/v3/");
        for text in ["true", "ftp://a.example/", "https://a.example/?range=", "https://a.example/#range"] {
            assert!(breach_api(text).is_err(), "{text}");
        }
    }

    #[test]
    fn origins_are_exact() {
        assert_eq!(origin("https://App.example.com:443/").unwrap(), "https://app.example.com");
        for text in [
            "https://*.example.com",
            "*",
            "https://a.example/path",
            "javascript:alert(1)",
            "https://u@a.example",
            "null",
        ] {
            assert!(origin(text).is_err(), "{text}");
        }
    }
}
