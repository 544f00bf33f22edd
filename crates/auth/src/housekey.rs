//! The house itself: what flows and doors share, behind one cheap handle.

use crate::{
    breach::Breach,
    bundles::Bundles,
    caller::Caller,
    captcha::Captcha,
    disposable::Disposable,
    doors::{Contract, pages::Pages, shared::CookieNames},
    drawing::Drawing,
    error::{Error, Result},
    flows::{challenge::Unrest, clients::ClientCache, secret_keys::SecretKeys, signing::Signing, tell::WriteBody},
    hasher::Hasher,
    hooks::Hooks,
    mail::{Caught, Facts, Letter, Letters, Posted},
    outbound::Outbound,
    passkeys::RelyingParty,
    places::Places,
    seen::Seen,
    sessions::SessionCache,
    settings::Settings,
    sms::CaughtSms,
    world::World,
};
use housekey_core::{
    challenge::ChallengeKeys,
    entropy::{self, Entropy},
    identifier::email::Email,
    ids::{self, InstanceId, MailId},
    keyring::{Keyring, Place, Purpose},
    limits::Limits,
    password::{Assessment, Password, PasswordFault},
    redirect::Origins,
    secret::Secret,
    time::Time,
};
use housekey_store::{
    Store,
    mail::{Channel, NewMail},
};
use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;
use url::Url;

/// How long a notice is worth sending.
const NOTICE_FOR: Duration = Duration::from_secs(72 * 3600);

/// Authentication for one instance: one database, one set of keys. Clones share everything.
#[derive(Clone)]
pub struct Housekey(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub store: Store,
    pub world: World,
    pub settings: Settings,
    pub public_url: Url,
    pub keyring: Keyring,
    pub instance: InstanceId,
    pub origins: Origins,
    pub limits: Limits,
    pub letters: Letters,
    pub pages: Pages,
    pub proxy_told: AtomicI64,
    pub sessions: SessionCache,
    pub clients: ClientCache,
    pub signing: RwLock<Option<Arc<Signing>>>,
    pub secret_keys: SecretKeys,
    pub clerk: ClerkHost,
    pub contracts: Vec<Contract>,
    pub bundles: Option<Bundles>,
    pub drawing: Drawing,
    pub disposable: Disposable,
    pub seen: Seen,
    pub challenges: ChallengeKeys,
    pub captcha: Option<Captcha>,
    pub unrest: Unrest,
    pub mail_bell: Notify,
    pub sms_bell: Notify,
    pub webhooks: Outbound,
    pub breach: Breach,
    pub passkeys: RelyingParty,
    pub hooks: Hooks,
    pub places: Option<Arc<dyn Places>>,
    pub write_body: WriteBody,
    pub cookie_names: OnceLock<Arc<CookieNames>>,
    pub day_key: Mutex<Option<(String, [u8; 32])>>,
    pub dev_token: Option<Secret<String>>,
}

impl Housekey {
    /// What the operator decided.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Where people reach this instance.
    pub fn public_url(&self) -> &Url {
        &self.0.public_url
    }

    /// Where sign-ins may return to.
    pub fn origins(&self) -> &Origins {
        &self.0.origins
    }

    /// The instance's id.
    pub fn instance(&self) -> &InstanceId {
        &self.0.instance
    }

    /// The host that publishable keys name.
    pub fn clerk_host(&self) -> &str {
        &self.0.clerk.host
    }

    /// Who made our session tokens.
    pub fn clerk_issuer(&self) -> &str {
        &self.0.clerk.issuer
    }

    /// The database, for readiness and for tests.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The time by the world's clock.
    pub fn now(&self) -> Time {
        self.0.world.clock.now()
    }

    /// The world's random bytes.
    pub fn entropy(&self) -> &dyn Entropy {
        self.0.world.entropy.as_ref()
    }

    /// Looks at a password as sign-up would, without keeping it.
    ///
    /// # Errors
    /// [`Error::Limited`] beyond the limits of the caller's address.
    pub async fn password_strength(
        &self,
        caller: &Caller,
        password: &Password,
        about: &[Option<&str>],
    ) -> Result<Assessment> {
        self.spend(self.strength_spends(caller)).await?;
        Ok(self.assess_password(password, about))
    }

    /// An absolute address of one of our pages. Only the configured public URL is ever used (SEC-37).
    pub fn link_to(&self, path: &str, query: &[(&str, &str)]) -> String {
        let mut url = self.0.public_url.clone();
        let mount = self.settings().mount.as_str();
        // A mounted router has no page at the mount with a slash behind it.
        url.set_path(&if path == "/" { mount.to_owned() } else { format!("{mount}{path}") });
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url.into()
    }

    /// An id of something that does not exist, stable for these parts.
    pub(crate) fn stand_in_id(&self, prefix: &str, parts: &[&str]) -> String {
        let mut all = vec![prefix.as_bytes()];
        all.extend(parts.iter().map(|part| part.as_bytes()));
        ids::stand_in(prefix, &self.keyring().mac(Purpose::FakeId, &all))
    }

    /// Where an app begins, as its operator says.
    pub(crate) fn home_address(&self) -> String {
        self.settings().clerk.home_url.as_ref().map_or_else(|| self.address_of("/"), ToString::to_string)
    }

    /// The operator's logo, if there is one.
    pub(crate) fn logo_address(&self) -> Option<String> {
        let path = self.0.pages.logo(self.settings().mount.as_str());
        let base = self.public_url().as_str().trim_end_matches('/');
        (!path.is_empty()).then(|| format!("{base}{path}"))
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not.
    pub async fn store_answers(&self) -> Result<()> {
        Ok(self.store().ready().await?)
    }

    /// What opens the pages of development; none in production.
    pub fn dev_token(&self) -> Option<&Secret<String>> {
        self.0.dev_token.as_ref()
    }

    /// The address that opens the mail which development catches; none in production. It lets whoever has it read
    /// codes: for the terminal, never for a page.
    pub fn dev_mail_link(&self) -> Option<String> {
        self.caught_mail()?;
        Some(self.link_to("/dev/mail", &[("token", self.dev_token()?.expose())]))
    }

    /// The development mailbox, where mail is caught.
    pub fn caught_mail(&self) -> Option<&Caught> {
        self.0.world.mailer.caught()
    }

    /// The development's messages to phones, where they are caught.
    pub fn caught_sms(&self) -> Option<&CaughtSms> {
        self.0.world.sms.as_deref()?.caught()
    }

    /// Says, at most once a minute, what to write so that people behind a proxy are told apart.
    pub(crate) fn warn_of_proxy(&self, peer: IpAddr) {
        let now = self.now().as_millis();
        let told = self.0.proxy_told.load(Ordering::Relaxed);
        if now - told >= 60_000
            && self.0.proxy_told.compare_exchange(told, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            tracing::error!(
                "proxy_not_declared: a proxy at {peer} forwards requests; write trusted_proxies = [\"{peer}\"] under [server]"
            );
        }
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn hasher(&self) -> &Hasher {
        &self.0.world.hasher
    }

    pub(crate) fn seen(&self) -> &Seen {
        &self.0.seen
    }

    /// Something was queued: the worker need not wait for its next look.
    pub(crate) fn mail_waits(&self) {
        self.0.mail_bell.notify_one();
        self.0.sms_bell.notify_one();
    }

    pub(crate) fn facts(&self, caller: &Caller) -> Facts {
        Facts::of(self.now(), &caller.agent, caller.address)
    }

    /// A letter for the queue, sealed.
    pub(crate) fn post(&self, to: &Email, letter: Letter, expires: Time, never_send: bool) -> Result<NewMail> {
        let id = MailId::new(self.now(), self.entropy());
        let kind = letter.kind();
        let posted = Posted::new(to.clone(), letter);
        let sealed =
            posted.seal(&id, self.keyring(), self.entropy()).map_err(|_| Error::Bug("a letter cannot be queued"))?;
        let never_send = never_send || self.is_for_tests(to);
        Ok(NewMail {
            id,
            channel: Channel::Mail,
            sealed,
            never_send,
            expires,
            told: Some((kind, to.typed().to_owned())),
        })
    }

    /// Whether an address is for tests, on an instance that has such: it gets no mail and one code, always the same.
    pub(crate) fn is_for_tests(&self, to: &Email) -> bool {
        to.is_for_tests() && self.settings().test_mode()
    }

    /// A letter that only tells of something.
    pub(crate) fn notice(&self, to: &Email, letter: Letter) -> Result<NewMail> {
        self.post(to, letter, self.now().plus(NOTICE_FOR), false)
    }

    /// A password as policy sees it: the product's and the person's own words count as guessed, and it is looked up in the
    /// filter of breached ones.
    pub(crate) fn assess_password(&self, password: &Password, about: &[Option<&str>]) -> Assessment {
        let settings = self.settings();
        let mut words: Vec<&str> = about.iter().flatten().copied().filter(|w| !w.is_empty()).collect();
        words.push(&settings.name);
        words.extend(self.0.public_url.host_str());
        let mut found = settings.password.assess(password, &words);
        if found.fault.is_none() && self.0.breach.knows(password) {
            found.fault = Some(PasswordFault::Breached);
        }
        found
    }

    /// The key that seals today's events without a user, and its name.
    pub(crate) async fn day_key(&self, now: Time) -> Result<(String, Secret<[u8; 32]>)> {
        let day = day_of(now);
        if let Some(key) = self.kept_day_key(&day) {
            return Ok((day, Secret::new(key)));
        }
        let place = || Place { table: "housekey_event_key", column: "sealed", row: &day };
        let fresh = Secret::new(entropy::bytes::<32>(self.entropy()));
        let sealed = self.keyring().seal(place(), fresh.expose(), self.entropy());
        let sealed = self.store().event_key(&day, sealed, now).await?;
        let broken = || Error::Bug("a day's event key cannot be opened");
        let plain = self.keyring().open(place(), &sealed).map_err(|_| broken())?;
        let key: [u8; 32] = plain.expose().as_slice().try_into().map_err(|_| broken())?;
        *self.0.day_key.lock().unwrap_or_else(PoisonError::into_inner) = Some((day.clone(), key));
        Ok((day, Secret::new(key)))
    }

    fn kept_day_key(&self, day: &str) -> Option<[u8; 32]> {
        let kept = self.0.day_key.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(d, _)| d == day).map(|(_, key)| *key)
    }
}

/// What Clerk's SDKs know this instance by.
pub(crate) struct ClerkHost {
    host: String,
    issuer: String,
}

impl ClerkHost {
    /// The host and port of the public URL. A name without a dot, as `localhost`, is refused by the SDKs: then it is the
    /// loopback address.
    pub(crate) fn of(public_url: &Url) -> Self {
        let name = public_url.host_str().unwrap_or_default();
        let name = if name.contains('.') { name } else { "127.0.0.1" };
        let host = public_url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        Self { issuer: format!("{}://{host}", public_url.scheme()), host }
    }
}

/// The day in UTC, as `2026-11-23`.
fn day_of(now: Time) -> String {
    jiff::Timestamp::from_millisecond(now.as_millis()).map(|t| t.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}
