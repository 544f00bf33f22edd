//! Our cookies: their names, and how they are read and written. They are ours by prefix, for the whole host and
//! never for its neighbours.

use crate::{
    caller::{ClientToken, Cookies},
    housekey::Housekey,
};
use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header};

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
    secure: bool,
}

const YEAR: i64 = 365 * 24 * 3600;

impl CookieNames {
    /// `__Host-` on https; a plain name with the instance's on loopback.
    pub fn of(housekey: &Housekey) -> Self {
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
            secure,
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
        if let Some(set) = &cookies.client {
            let age = set.until.map(|until| i64::try_from(until.since(now).as_secs()).unwrap_or(0));
            self.set(headers, &self.client, set.token.reveal(), age);
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

    /// Expires one cookie.
    pub fn forget(&self, headers: &mut HeaderMap, name: &str) {
        self.set(headers, name, String::new(), Some(0));
    }
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
