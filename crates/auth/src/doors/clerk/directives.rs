//! Cookies as an app's own host is to set them: written here, carried there by its backend.

use crate::{doors::shared::cookie_suffix, flows::handshake::Handover, housekey::Housekey};
use cookie::{Cookie, CookieBuilder, SameSite, time::Duration};
use housekey_core::{
    time::Time,
    token::secret_key::{Environment, publishable},
};

const YEAR: i64 = 365 * 24 * 3600;

/// Which cookies, and for what kind of host.
pub(super) struct Directives {
    suffix: String,
    secure: bool,
    now: Time,
}

impl Directives {
    /// Apps' backends look for the names with the suffix of the key that they were given.
    pub(super) fn of(house: &Housekey, environment: Environment, secure: bool) -> Self {
        Self { suffix: cookie_suffix(&publishable(environment, house.clerk_host())), secure, now: house.now() }
    }

    /// All that a handshake says.
    pub(super) fn handover(&self, handover: &Handover) -> Vec<String> {
        let mut all = Vec::new();
        let since = handover.signed_in.as_ref().map_or(0, |_| handover.signed.as_millis() / 1000);
        for name in self.named("__client_uat") {
            all.push(self.cookie(name, since.to_string(), YEAR, true));
        }
        let refresh = format!("__refresh_{}", self.suffix);
        match &handover.signed_in {
            Some(open) => {
                all.extend(self.session(&open.jwt, open.expires));
                all.push(self.cookie(refresh, open.refresh.expose().clone(), self.left(open.expires), false));
            }
            None => {
                for name in self.named("__session") {
                    all.push(self.cookie(name, String::new(), 0, true));
                }
                all.push(self.cookie(refresh, String::new(), 0, false));
            }
        }
        all
    }

    /// That the cookie which brought a handshake's answer goes as soon as the answer was taken: a backend that finds it
    /// once more finds nothing behind it, and would take the browser for signed out.
    pub(super) fn taken(&self, name: &str, domain: Option<&str>) -> String {
        let cookie = self.build(name.to_owned(), String::new(), 0, false);
        match domain {
            Some(domain) => cookie.domain(domain.to_owned()).build().to_string(),
            None => cookie.build().to_string(),
        }
    }

    /// The session's token alone.
    pub(super) fn session(&self, jwt: &str, until: Time) -> Vec<String> {
        self.named("__session")
            .into_iter()
            .map(|name| self.cookie(name, jwt.to_owned(), self.left(until), true))
            .collect()
    }

    fn left(&self, until: Time) -> i64 {
        i64::try_from(until.since(self.now).as_secs()).unwrap_or(0)
    }

    fn named(&self, name: &str) -> [String; 2] {
        [name.to_owned(), format!("{name}_{}", self.suffix)]
    }

    fn cookie(&self, name: String, value: String, age: i64, script: bool) -> String {
        self.build(name, value, age, script).build().to_string()
    }

    fn build(&self, name: String, value: String, age: i64, script: bool) -> CookieBuilder<'static> {
        Cookie::build((name, value))
            .path("/")
            .same_site(SameSite::Lax)
            .http_only(!script)
            .secure(self.secure)
            .max_age(Duration::seconds(age))
    }
}
