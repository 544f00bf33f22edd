//! Our cookies: their names, and how they are read and written. They are ours by prefix, for the whole host and
//! never for its neighbours.

use crate::{
    caller::{ClientToken, Cookies, Signed},
    doors::Contract,
    housekey::Housekey,
    settings::is_under,
};
use aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY;
use base64::{Engine, engine::general_purpose::STANDARD};
use cookie::{Cookie, SameSite};
use housekey_core::token::secret_key::{Environment, publishable};
use http::{HeaderMap, HeaderValue, header};
use std::sync::Arc;

/// Names, which on plain http differ by instance: cookies ignore ports.
#[derive(Clone, Debug)]
pub struct CookieNames {
    /// The client's credential.
    pub client: String,
    /// The sealed list of who completed a sign-in here.
    pub device: String,
    /// Random bytes that a form's token is bound to before there is a client.
    pub form: String,
    /// What opens the pages of development.
    pub dev: String,
    /// Light or dark, as somebody chose in this browser.
    pub theme: String,
    /// An undo link's token between its GET and its POST.
    pub undo: String,
    /// The token of a notice's link between its GET and its POST.
    pub not_me: String,
    /// The token of a link that proves a mailbox, between its GET and its POST.
    pub link: String,
    /// The token of a link that says no to a recovery, between its GET and its POST.
    pub recovery: String,
    /// A ticket between its GET and its POST.
    pub ticket: String,
    secure: bool,
    signed: Option<SignedCookies>,
}

/// The cookies that tell apps' backends since when somebody is signed in. They hold no secret, and scripts read them.
#[derive(Clone, Debug)]
struct SignedCookies {
    names: [String; 2],
    domain: Option<String>,
}

const YEAR: i64 = 365 * 24 * 3600;
/// Since when somebody is signed in, in seconds since 1970; 0 for nobody.
const SIGNED: &str = "__client_uat";

impl CookieNames {
    /// `__Host-` on https; a plain name with the instance's on loopback. They are made once for a house.
    pub fn of(housekey: &Housekey) -> Arc<Self> {
        housekey.0.cookie_names.get_or_init(|| Arc::new(Self::make(housekey))).clone()
    }

    fn make(housekey: &Housekey) -> Self {
        let secure = housekey.public_url().scheme() == "https";
        let instance = housekey.instance().as_str();
        let tail = instance.get(instance.len().saturating_sub(8)..).unwrap_or_default();
        let name = |what: &str| match (secure, what) {
            (true, "") => "__Host-housekey".to_owned(),
            (true, what) => format!("__Host-housekey_{what}"),
            (false, "") => format!("housekey_{tail}"),
            (false, what) => format!("housekey_{tail}_{what}"),
        };
        Self {
            client: name(""),
            device: name("device"),
            form: name("form"),
            dev: name("dev"),
            theme: name("theme"),
            undo: name("undo"),
            not_me: name("not_me"),
            link: name("link"),
            recovery: name("recovery"),
            ticket: name("ticket"),
            secure,
            signed: housekey.serves(Contract::Clerk).then(|| SignedCookies::of(housekey)),
        }
    }

    /// A cookie's value. A name that comes twice counts as absent: somebody planted one.
    pub fn read(headers: &HeaderMap, name: &str) -> Option<String> {
        let mut found = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(n, _)| *n == name)
            .map(|(_, value)| value.to_owned());
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The client's credential, if a well-formed one came.
    pub fn client(&self, headers: &HeaderMap) -> Option<ClientToken> {
        ClientToken::parse(&Self::read(headers, &self.client)?).ok()
    }

    /// Writes what a flow hands to the browser.
    pub fn write(&self, cookies: &Cookies, now: housekey_core::time::Time, headers: &mut HeaderMap) {
        self.write_for(None, cookies, now, headers);
    }

    /// The same in an answer to a page of another origin: on a host of another domain, which forwards to us, the cookies
    /// for backends are that host's alone.
    pub(crate) fn write_for(
        &self,
        origin: Option<&str>,
        cookies: &Cookies,
        now: housekey_core::time::Time,
        headers: &mut HeaderMap,
    ) {
        if let Some(set) = &cookies.client {
            let age = set.until.map(|until| i64::try_from(until.since(now).as_secs()).unwrap_or(0));
            self.set(headers, &self.client, set.token.reveal(), age);
            if let (Some(cookies), Some(signed)) = (&self.signed, set.signed) {
                let host = origin.and_then(|o| url::Url::parse(o).ok()).and_then(|u| u.host_str().map(str::to_owned));
                let domain = cookies.domain.as_deref();
                let domain = domain.filter(|domain| host.as_deref().is_none_or(|host| is_under(host, domain)));
                cookies.write(headers, signed, domain, self.secure);
            }
        }
        if let Some(device) = &cookies.device {
            self.set(headers, &self.device, device.0.expose().clone(), Some(YEAR));
        }
    }

    /// Sets one cookie: HttpOnly, Lax, for the whole host; `age` in seconds, or until the browser closes.
    pub fn set(&self, headers: &mut HeaderMap, name: &str, value: String, age: Option<i64>) {
        let mut cookie = Cookie::new(name.to_owned(), value);
        cookie.set_http_only(true);
        cookie.set_same_site(SameSite::Lax);
        cookie.set_path("/");
        cookie.set_secure(self.secure);
        if let Some(seconds) = age {
            cookie.set_max_age(cookie::time::Duration::seconds(seconds));
        }
        // Our values are base64 and dots: they always make a header.
        if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
            headers.append(header::SET_COOKIE, value);
        }
    }

    /// The domain that this host shares with us, for a cookie that both see.
    pub(crate) fn shared_domain(&self, host: &str) -> Option<String> {
        let domain = self.signed.as_ref()?.domain.clone()?;
        is_under(host, &domain).then_some(domain)
    }

    /// Expires one cookie.
    pub fn forget(&self, headers: &mut HeaderMap, name: &str) {
        self.set(headers, name, String::new(), Some(0));
    }
}

impl SignedCookies {
    fn of(housekey: &Housekey) -> Self {
        let url = housekey.public_url();
        let host = url.host_str().unwrap_or_default();
        let shared = housekey.settings().cookie_domain.clone();
        let registrable = || url.domain().and_then(psl::domain_str).map(str::to_owned);
        let suffix = cookie_suffix(&publishable(Environment::Live, housekey.clerk_host()));
        Self {
            names: [SIGNED.to_owned(), format!("{SIGNED}_{suffix}")],
            domain: shared.or_else(registrable).filter(|domain| domain != host),
        }
    }

    fn write(&self, headers: &mut HeaderMap, signed: Signed, domain: Option<&str>, secure: bool) {
        let since = match signed {
            Signed::In(at) => at.as_millis() / 1000,
            Signed::Out => 0,
        };
        for name in &self.names {
            let mut cookie = Cookie::new(name.clone(), since.to_string());
            cookie.set_same_site(SameSite::Lax);
            cookie.set_path("/");
            cookie.set_secure(secure);
            cookie.set_max_age(cookie::time::Duration::seconds(YEAR));
            if let Some(domain) = domain {
                cookie.set_domain(domain.to_owned());
            }
            if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
                headers.append(header::SET_COOKIE, value);
            }
        }
    }
}

/// The end of a cookie's name by which several apps on one domain keep theirs apart: the first eight characters of the
/// publishable key's SHA-1, as every SDK computes it.
pub(crate) fn cookie_suffix(publishable_key: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, publishable_key.as_bytes());
    let text = STANDARD.encode(digest.as_ref()).replace('+', "-").replace('/', "_");
    text.chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_43_a_cookie_that_comes_twice_counts_as_absent() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=1; b=2; a=3"));
        assert_eq!(CookieNames::read(&headers, "a"), None);
        assert_eq!(CookieNames::read(&headers, "b").as_deref(), Some("2"));
        headers.append(header::COOKIE, HeaderValue::from_static("b=4"));
        assert_eq!(CookieNames::read(&headers, "b"), None);
        assert_eq!(CookieNames::read(&headers, "c"), None);
    }
}
