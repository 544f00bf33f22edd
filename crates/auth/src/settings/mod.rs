//! What an operator may decide, as types, with one table of keys behind it.
//!
//! The table in [`keys`] is the only list: the configuration file, the
//! environment, the reference page and "where does this value come from" are all
//! made from it, so none of them can know a key that the others do not.

mod bots;
mod check;
mod colour;
mod given;
mod guests;
mod identifiers;
mod keys;
mod mode;
mod mount;
mod resolve;
mod risk;
mod sender;
mod sign_up;
mod sms;
mod snapshot;
mod source;
mod table;
mod webhooks;

use std::{path::PathBuf, time::Duration};

use housekey_core::{
    password::{Argon2Cost, PasswordRule},
    policy::{MailedProof, SessionPolicy},
    secret::Secret,
};
use ipnet::IpNet;
use url::Url;

pub use bots::{BotSettings, ChallengedSignUps};
pub(crate) use check::is_here;
pub use colour::Colour;
pub use given::{Given, Value, duration_text};
pub use guests::GuestSettings;
pub use identifiers::{IdentifierSettings, Use};
pub use keys::KEYS;
pub use mode::{Mode, is_loopback_name};
pub use mount::Mount;
pub use resolve::{Assignment, Resolved, resolve};
pub use risk::{ClientTrust, RiskSettings};
pub use sender::Sender;
pub use sign_up::{SignUpMode, SignUpPolicy};
pub use sms::{BodyForm, Gateway, SmsSettings};
pub use snapshot::{Entry, SettingsSnapshot};
pub use source::{Fault, Source, Wrong};
pub use table::{Key, Kind, Scope, hide_password, read_url};
pub use webhooks::{ConfiguredEndpoint, WebhookSettings};

/// Everything an operator decides, parsed and within its bounds.
pub struct Settings {
    /// What the product is called on pages and in mail.
    pub name: String,
    /// A picture shown above forms; the name stands there without one.
    pub logo: Option<PathBuf>,
    /// The colour of buttons, links and focus.
    pub accent: Colour,
    /// Where people reach this instance; decides the [`Mode`].
    pub public_url: Option<Url>,
    /// The path under which our routes live.
    pub mount: Mount,
    /// Other origins that a return address may name, each exact.
    pub app_origins: Vec<String>,
    /// Networks whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Who our mail is from.
    pub mail_from: Option<Sender>,
    /// Where mail is handed over; holds a password.
    pub smtp_url: Option<Secret<String>>,
    /// How messages reach phones.
    pub sms: SmsSettings,
    /// How long sessions live.
    pub sessions: SessionPolicy,
    /// What is mailed to prove a mailbox.
    pub mailbox: MailedProof,
    /// For how many days a device that its owner trusts is asked for no second factor; 0 trusts none.
    pub trusted_device_days: u32,
    /// How somebody who lost every second factor comes back.
    pub recovery: RecoverySettings,
    /// Memory for the cache of sessions in MiB; 0 asks the store each time.
    pub session_cache_mib: u32,
    /// What a new password must meet.
    pub password: PasswordRule,
    /// How breached passwords are known.
    pub breach: BreachSettings,
    /// Who must have a second factor.
    pub two_step: TwoStepSettings,
    /// Whether people may sign in with passkeys.
    pub passkeys: bool,
    /// Whether they are asked for one when they have just signed up.
    pub passkey_at_sign_up: bool,
    /// The domain that passkeys belong to; [`Settings::rp_id`] says which without it.
    pub rp_id: Option<String>,
    /// What a password hash costs.
    pub argon2: Argon2Cost,
    /// Hashes computed at once; `None` is one for each core.
    pub parallel_hashes: Option<u32>,
    /// By how much every limit is loosened, 1 to 50.
    pub limits_multiplier: u32,
    /// Why the limits are loosened; the log repeats it at each start.
    pub limits_reason: Option<String>,
    /// The domain that this instance and its apps share; the registrable one of the public URL without it.
    pub cookie_domain: Option<String>,
    /// The doors for Clerk's SDKs.
    pub clerk: ClerkSettings,
    /// Who is told what happens.
    pub webhooks: WebhookSettings,
    /// How people are told from programs.
    pub bots: BotSettings,
    /// What an unusual sign-in is asked for.
    pub risk: RiskSettings,
    /// What accounts are named by.
    pub identifiers: IdentifierSettings,
    /// Whether everybody who signs up must accept the terms.
    pub legal_consent: bool,
    /// Who may sign up.
    pub sign_up: SignUpPolicy,
    /// Who may use the app before.
    pub guests: GuestSettings,
    /// A folder with files that replace our templates one by one.
    pub templates: Option<PathBuf>,
}

/// Who must have a second factor; whoever wants one, at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwoStepSettings {
    /// Whether everybody must.
    pub required: bool,
    /// How long somebody may do without after it was told.
    pub grace: Duration,
    /// Whether a code to a phone may be chosen as one, where there are phone numbers.
    pub phone_codes: bool,
}

impl Default for TwoStepSettings {
    fn default() -> Self {
        Self { required: false, grace: Duration::ZERO, phone_codes: true }
    }
}

/// How somebody who lost every second factor comes back without an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoverySettings {
    /// Whether that can be asked for at all.
    pub allowed: bool,
    /// How long the owner has to say no.
    pub wait: Duration,
}

impl Default for RecoverySettings {
    fn default() -> Self {
        Self { allowed: true, wait: Duration::from_secs(72 * 3600) }
    }
}

/// How passwords are known that became public elsewhere; by neither way at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BreachSettings {
    /// A file of `housekey breach build`.
    pub filter: Option<PathBuf>,
    /// A service that is asked by the first five digits of a hash; its path ends in a slash.
    pub api: Option<Url>,
    /// Whether passwords are looked up at each sign-in as well.
    pub at_sign_in: bool,
}

impl BreachSettings {
    /// Whether new passwords are looked up at all.
    pub fn is_on(&self) -> bool {
        self.filter.is_some() || self.api.is_some()
    }
}

/// What an operator decides about the doors for Clerk's SDKs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClerkSettings {
    /// Addresses on apps' own origins that are forwarded here.
    pub proxy_urls: Vec<Url>,
    /// Where the app begins.
    pub home_url: Option<Url>,
    /// The app's page with the sign-in component.
    pub sign_in_url: Option<Url>,
    /// The app's page with the sign-up component.
    pub sign_up_url: Option<Url>,
    /// The terms of service.
    pub terms_url: Option<Url>,
    /// The privacy policy.
    pub privacy_url: Option<Url>,
    /// Whether answers may tell who has an account.
    pub enumeration: Enumeration,
    /// Whether apps without a browser may hold their client's secret.
    pub native_api: bool,
    /// Fixed codes for test addresses; on in development when nothing is said.
    pub test_mode: Option<bool>,
    /// Where scripts are taken from.
    pub registry: Option<Url>,
}

/// Whether answers may tell who has an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enumeration {
    /// Never.
    #[default]
    Strict,
    /// As Clerk does by default.
    Off,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "Housekey".to_owned(),
            logo: None,
            accent: Colour::DEFAULT,
            public_url: None,
            mount: Mount::root(),
            app_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            mail_from: None,
            smtp_url: None,
            sms: SmsSettings::default(),
            sessions: SessionPolicy::default(),
            mailbox: MailedProof::default(),
            trusted_device_days: 30,
            recovery: RecoverySettings::default(),
            session_cache_mib: 16,
            password: PasswordRule::default(),
            breach: BreachSettings::default(),
            two_step: TwoStepSettings::default(),
            passkeys: true,
            passkey_at_sign_up: true,
            rp_id: None,
            argon2: Argon2Cost::DEFAULT,
            parallel_hashes: None,
            limits_multiplier: 1,
            limits_reason: None,
            cookie_domain: None,
            clerk: ClerkSettings::default(),
            webhooks: WebhookSettings::default(),
            bots: BotSettings::default(),
            risk: RiskSettings::default(),
            identifiers: IdentifierSettings::default(),
            legal_consent: false,
            sign_up: SignUpPolicy::default(),
            guests: GuestSettings::default(),
            templates: None,
        }
    }
}

/// Whether a host is this domain, or under it.
pub(crate) fn is_under(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

impl Settings {
    /// Whether fixed codes open test addresses here.
    pub fn test_mode(&self) -> bool {
        self.mode() == Mode::Development && self.clerk.test_mode.unwrap_or(true)
    }

    /// The domain that passkeys belong to (the relying party's id, WebAuthn Level 3, 5.1.2): the one that is set, or the
    /// one that this instance and its apps share. A network address is none.
    pub fn rp_id(&self, public_url: &Url) -> Option<String> {
        let host = public_url.domain()?;
        let shared = || psl::domain_str(host).unwrap_or(host).to_owned();
        Some(self.rp_id.clone().or_else(|| self.cookie_domain.clone()).unwrap_or_else(shared))
    }

    /// Whether these settings serve the public or one person's machine.
    /// Without a public URL the answer is development: the builder asks for one.
    pub fn mode(&self) -> Mode {
        match &self.public_url {
            Some(url) => Mode::of(url).unwrap_or(Mode::Production),
            None => Mode::Development,
        }
    }
}
