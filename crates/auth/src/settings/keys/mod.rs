//! The list of keys. Add one here and the parser, the environment, `config show`
//! and the reference page know it.

mod bots;
mod clerk;
mod guests;
mod identifiers;
mod limits;
mod mail;
mod passkeys;
mod passwords;
mod risk;
mod server;
mod sessions;
mod sign_in;
mod sign_up;
mod site;
mod sms;
mod two_step;
mod webhooks;

use super::{Key, Settings};

/// Every key of the library, in the order of the reference page.
pub static KEYS: &[Key<Settings>] = &[
    site::NAME,
    site::LOGO,
    site::ACCENT,
    site::TEMPLATES,
    clerk::TERMS_URL,
    clerk::PRIVACY_URL,
    server::PUBLIC_URL,
    server::MOUNT,
    server::APP_ORIGINS,
    server::TRUSTED_PROXIES,
    server::COOKIE_DOMAIN,
    mail::FROM,
    mail::SMTP,
    sms::GATEWAY,
    sms::URL,
    sms::HEADERS,
    sms::FORM,
    sms::BODY,
    sms::ACCOUNT,
    sms::TOKEN,
    sms::FROM,
    sms::COUNTRIES,
    sms::PER_DAY,
    sessions::IDLE,
    sessions::ABSOLUTE,
    sessions::REMEMBERED_IDLE,
    sessions::REMEMBERED_ABSOLUTE,
    sessions::FRESH,
    sessions::MAX_PER_USER,
    sessions::MULTI,
    sessions::CACHE_MIB,
    sign_in::MAILBOX,
    sign_in::TRUSTED_DEVICE_DAYS,
    sign_in::RECOVERY,
    sign_in::RECOVERY_WAIT,
    passwords::MIN_LENGTH,
    passwords::MIN_SCORE,
    passwords::BREACH_FILTER,
    passwords::BREACH_API,
    passwords::BREACH_AT_SIGN_IN,
    passwords::ARGON2_MEMORY_KIB,
    passwords::ARGON2_PASSES,
    passwords::ARGON2_LANES,
    passwords::PARALLEL_HASHES,
    two_step::REQUIRED,
    two_step::GRACE,
    two_step::PHONE_CODES,
    passkeys::ENABLED,
    passkeys::RP_ID,
    passkeys::OFFER_AT_SIGN_UP,
    limits::MULTIPLIER,
    limits::REASON,
    bots::SIGN_UP,
    bots::CAPTCHA,
    bots::SITE_KEY,
    bots::SECRET_KEY,
    bots::VERIFY_URL,
    risk::CLIENT_TRUST,
    risk::CHALLENGE,
    risk::SECOND_FACTOR,
    risk::REFUSE,
    risk::GEOIP_FILE,
    identifiers::EMAIL,
    identifiers::USERNAME,
    identifiers::PHONE,
    sign_up::MODE,
    sign_up::BLOCK_DISPOSABLE,
    sign_up::DISPOSABLE_DOMAINS,
    sign_up::BLOCK_SUBADDRESSES,
    sign_up::LEGAL_CONSENT,
    guests::ENABLED,
    guests::KEEP,
    clerk::PROXY_URLS,
    clerk::HOME_URL,
    clerk::SIGN_IN_URL,
    clerk::SIGN_UP_URL,
    clerk::ENUMERATION,
    clerk::NATIVE_API,
    clerk::TEST_MODE,
    clerk::REGISTRY,
    webhooks::ENDPOINTS,
    webhooks::SECRETS,
    webhooks::ALLOWED_NETWORKS,
    webhooks::KEEP,
    webhooks::NOTICE_TO,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Given, Source};

    #[test]
    fn every_example_and_every_default_is_accepted() {
        for key in KEYS {
            let example: toml_like::Literal = toml_like::read(key.example);
            let value = key.kind.accept(example).unwrap_or_else(|wrong| panic!("{}: {wrong:?}", key.name));
            let mut settings = Settings::default();
            (key.set)(&mut settings, value).unwrap_or_else(|wrong| panic!("{}: {wrong:?}", key.name));
            if let (Some(shown), false) = ((key.show)(&Settings::default()), key.is_secret()) {
                (key.set)(&mut settings, shown).unwrap_or_else(|wrong| panic!("{}: {wrong:?}", key.name));
            }
        }
        assert!(Source::Default < Source::Builder);
    }

    #[test]
    fn names_are_unique_and_have_a_section() {
        let mut names: Vec<_> = KEYS.iter().map(|key| key.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KEYS.len());
        assert!(names.iter().all(|name| name.split('.').count() == 2));
    }

    /// Just enough of TOML's literals for the examples.
    mod toml_like {
        pub type Literal = super::Given;
        pub fn read(text: &str) -> Literal {
            match serde_json::from_str(text) {
                Ok(json) => super::Given::from_json(json),
                Err(why) => panic!("{text}: {why}"),
            }
        }
    }
}
