//! Building the house: everything is checked, and all faults are told at once. Nothing runs yet.

use crate::{
    breach::Breach,
    bundles::{BundleSource, Bundles},
    captcha::{self, Captcha},
    disposable::Disposable,
    doors::{self, Contract, pages::Pages},
    drawing::Drawing,
    error::Error,
    flows::{challenge::Unrest, clients::ClientCache, secret_keys::SecretKeys, tell::HouseTeller},
    hooks::{Attempt, Hooks, Subject},
    housekey::{ClerkHost, Housekey, Inner},
    keys::{self, Found, Key, KeyError, OpenError},
    mail::{Caught, Letterhead, Letters, Mailer, Smtp},
    outbound::Outbound,
    passkeys::RelyingParty,
    places::{self, Places},
    seen::Seen,
    sessions::SessionCache,
    settings::{Gateway, Mode, Mount, Sender, Settings},
    sms::{self, SmsGateway},
    world::{Clock, World},
};
use housekey_core::{
    challenge::ChallengeKeys, entropy, ids::UserId, limits::Limits, redirect::Origins, risk::Response, secret::Secret,
};
use housekey_store::{Store, StoreError};
use ipnet::IpNet;
use std::{
    fmt,
    sync::{Arc, Mutex, RwLock, atomic::AtomicI64},
};
use tokio::sync::Notify;
use url::Url;

/// What webhooks may reach in development beside the public internet.
pub(crate) const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];

/// Collects what an instance needs. Get one from [`Housekey::builder`].
pub struct Builder {
    store: Store,
    settings: Settings,
    key: Option<Key>,
    old_keys: Vec<Key>,
    mailer: Option<Arc<dyn Mailer>>,
    sms: Option<Arc<dyn SmsGateway>>,
    world: Option<World>,
    clock: Option<Arc<dyn Clock>>,
    migrate: bool,
    contracts: Vec<Contract>,
    bundles: Option<Bundles>,
    hooks: Hooks,
    places: Option<Arc<dyn Places>>,
    limits: Limits,
    faults: Vec<BuildFault>,
}

/// All that is wrong with what the builder was given, a line each.
#[derive(thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct BuildError(pub Vec<BuildFault>);

/// The same text: a `main` that returns its error shows this one, to somebody who has to mend what it says.
impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum BuildFault {
    /// No public URL was given.
    #[error("public_url is missing: write where people reach this instance, as https://app.example.com")]
    NoPublicUrl,
    /// It is not a URL.
    #[error("public_url {0:?} is not a URL: write scheme and host, as https://app.example.com")]
    BadPublicUrl(String),
    /// The mount path is malformed.
    #[error("mount {0:?} is not a path: write it as /auth")]
    BadMount(String),
    /// No key was given.
    #[error("key is missing: make one with `housekey keys new` and give it with .key(Key::env(\"HOUSEKEY_KEY\"))")]
    NoKey,
    /// The key does not serve.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A setting is unsafe or does not fit another.
    #[error("{key}: {what}. Write {instead}")]
    Setting {
        /// Which.
        key: String,
        /// What is wrong.
        what: String,
        /// What to write.
        instead: String,
    },
    /// A template, an origin or the mail server's address is not acceptable.
    #[error("{0}")]
    Part(String),
    /// The database is out of reach, or its tables are not there.
    #[error("the database does not answer, or its tables are missing: {0}")]
    Store(#[from] Error),
    /// The database could not be brought to this release's form.
    #[error("the database could not be migrated: {0}")]
    Migration(StoreError),
}

impl Housekey {
    /// Begins with the database. See [`Builder`] for the rest.
    pub fn builder(store: Store) -> Builder {
        Builder {
            store,
            settings: Settings::default(),
            key: None,
            old_keys: Vec::new(),
            mailer: None,
            sms: None,
            world: None,
            clock: None,
            migrate: false,
            contracts: vec![Contract::Pages],
            bundles: None,
            hooks: Hooks::default(),
            places: None,
            limits: Limits::default(),
            faults: Vec::new(),
        }
    }
}

impl Builder {
    /// Where people reach this instance: required. `https` is production; `http` serves a loopback name alone.
    pub fn public_url(mut self, url: &str) -> Self {
        match Url::parse(url) {
            Ok(parsed) => self.settings.public_url = Some(parsed),
            Err(_) => self.faults.push(BuildFault::BadPublicUrl(url.to_owned())),
        }
        self
    }

    /// The path under which our routes live; the root without it.
    pub fn mount(mut self, path: &str) -> Self {
        match Mount::parse(path) {
            Ok(mount) => self.settings.mount = mount,
            Err(_) => self.faults.push(BuildFault::BadMount(path.to_owned())),
        }
        self
    }

    /// Other figures than the product's, to see what each of them is good for.
    #[cfg(feature = "testkit")]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The master key: required.
    pub fn key(mut self, key: Key) -> Self {
        self.key = Some(key);
        self
    }

    /// A former key, whose sealed rows can still be read.
    pub fn old_key(mut self, key: Key) -> Self {
        self.old_keys.push(key);
        self
    }

    /// The product's name, on pages and in mail.
    pub fn name(mut self, name: &str) -> Self {
        self.settings.name = name.to_owned();
        self
    }

    /// Takes mail to its readers. Without it development catches mail, and production refuses to start.
    pub fn mailer(mut self, mailer: impl Mailer + 'static) -> Self {
        self.mailer = Some(Arc::new(mailer));
        self
    }

    /// Hands mail to a server, as `smtps://user:password@smtp.example.com`, from a sender, as
    /// `Acme <no-reply@acme.example>`.
    pub fn smtp(mut self, url: &str, from: &str) -> Self {
        match Sender::parse(from) {
            Ok(sender) => self.settings.mail_from = Some(sender),
            Err(wrong) => self.faults.push(BuildFault::Setting {
                key: "mail.from".to_owned(),
                what: wrong.what,
                instead: wrong.write,
            }),
        }
        self.settings.smtp_url = Some(Secret::new(url.to_owned()));
        self
    }

    /// Takes messages to phones, in place of the one of the settings.
    pub fn sms_gateway(mut self, gateway: impl SmsGateway + 'static) -> Self {
        self.sms = Some(Arc::new(gateway));
        self
    }

    /// All settings at once; later calls change single ones.
    pub fn settings(mut self, settings: Settings) -> Self {
        let kept = std::mem::replace(&mut self.settings, settings);
        if self.settings.public_url.is_none() {
            self.settings.public_url = kept.public_url;
        }
        self
    }

    /// Brings our tables to this release's form when the rest is in order. Without it the build fails where they are not.
    pub fn migrate(mut self) -> Self {
        self.migrate = true;
        self
    }

    /// Which contracts the router serves; our own pages alone without it.
    pub fn serve(mut self, contracts: impl IntoIterator<Item = Contract>) -> Self {
        self.contracts = contracts.into_iter().collect();
        self
    }

    /// Where Clerk's browser scripts are kept, for [`Contract::Clerk`]. Without it none are served, and apps bundle theirs.
    pub fn bundles(mut self, source: impl BundleSource + 'static) -> Self {
        self.bundles = Some(Bundles::new(Arc::new(source)));
        self
    }

    /// Whom a second factor is required of, beside everybody where `two_step.required` says so. It is asked at each
    /// sign-in, so it must be quick.
    pub fn second_factor_required(mut self, of: impl Fn(&Subject) -> bool + Send + Sync + 'static) -> Self {
        self.hooks.must_have_second_factor = Some(Arc::new(of));
        self
    }

    /// What a new device of an account is, in place of the house's own cookie: `true` for one that the account knows. It
    /// is asked when the first factor was right, for the risk score, client trust and notices. Limits go by the cookie.
    pub fn known_device(mut self, is_known: impl Fn(&Subject, &Attempt) -> bool + Send + Sync + 'static) -> Self {
        self.hooks.known_device = Some(Arc::new(is_known));
        self
    }

    /// What a risk score does, in place of `risk.second_factor` and `risk.refuse`, whose answer is in the attempt.
    pub fn on_risk(mut self, decide: impl Fn(&Subject, &Attempt) -> Response + Send + Sync + 'static) -> Self {
        self.hooks.on_risk = Some(Arc::new(decide));
        self
    }

    /// Where network addresses are, in place of `risk.geoip_file`.
    pub fn places(mut self, places: impl Places + 'static) -> Self {
        self.places = Some(Arc::new(places));
        self
    }

    /// What happens when a guest signs in to an account that was there already: the app moves over what the guest had. It is
    /// called with the guest and the account once the sign-in is written, before its answer, so it must be quick; the trail
    /// keeps both as `guest.joined`.
    pub fn on_guest_joins(mut self, tell: impl Fn(&UserId, &UserId) + Send + Sync + 'static) -> Self {
        self.hooks.guest_joined = Some(Arc::new(tell));
        self
    }

    /// Time, chance and the outside, for tests.
    pub fn world(mut self, world: World) -> Self {
        self.world = Some(world);
        self
    }

    /// The gateway of the settings, in place of the world's.
    #[cfg(feature = "testkit")]
    pub(crate) fn sms_of_settings(mut self) -> Self {
        self.world = self.world.map(|world| World { sms: None, ..world });
        self
    }

    /// Another clock than the machine's, with all else as it is.
    #[cfg(feature = "testkit")]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Checks everything, migrates where that was asked for, and reads the key's check value from the database. Starts
    /// nothing.
    ///
    /// # Errors
    /// Every fault at once.
    pub async fn build(self) -> Result<Housekey, BuildError> {
        let Self {
            store,
            settings,
            key,
            old_keys,
            mailer,
            sms,
            world,
            clock,
            migrate,
            contracts,
            bundles,
            hooks,
            places,
            limits,
            mut faults,
        } = self;
        for (key, wrong) in settings.faults() {
            faults.push(BuildFault::Setting { key: key.to_owned(), what: wrong.what, instead: wrong.write });
        }
        if settings.public_url.is_none() {
            faults.push(BuildFault::NoPublicUrl);
        }
        let current = match key.map(Key::find) {
            Some(Ok(key)) => Some(key),
            Some(Err(fault)) => {
                faults.push(fault.into());
                None
            }
            None => {
                faults.push(BuildFault::NoKey);
                None
            }
        };
        let mut old = Vec::new();
        for key in old_keys {
            match key.read() {
                Ok(key) => old.push(key),
                Err(fault) => faults.push(fault.into()),
            }
        }
        let (Some(public_url), Some(current)) = (settings.public_url.clone(), current) else {
            return Err(BuildError(faults));
        };
        let letters =
            read_part(&mut faults, Letters::new(letterhead(&settings, &public_url), settings.templates.as_deref()));
        let pages = read_part(&mut faults, Pages::new(&settings));
        let forwarded = settings.clerk.proxy_urls.iter().map(|url| url.origin().ascii_serialization());
        let listed: Vec<String> = settings.app_origins.iter().cloned().chain(forwarded).collect();
        let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
        let origins = read_part(&mut faults, Origins::new(&public_url, &listed));
        let development = settings.mode() == Mode::Development;
        let mut networks = settings.webhooks.allowed_networks.clone();
        if development {
            networks.extend(LOOPBACK.iter().filter_map(|text| text.parse::<IpNet>().ok()));
        }
        let breach = Breach::open(&settings.breach).await.map_err(|fault| faults.push(fault)).ok();
        let places = match places {
            Some(places) => Some(places),
            None => places::open(settings.risk.geoip_file.as_ref()).await.unwrap_or_else(|fault| {
                faults.push(fault);
                None
            }),
        };
        let disposable = Disposable::open(&settings.sign_up).map_err(|fault| faults.push(fault)).ok();
        let world = match world {
            Some(world) => Some(world),
            None => {
                let mailer = mailer.map_or_else(|| default_mailer(&settings, development, &mut faults), Some);
                mailer.map(|mailer| World::for_settings(mailer, &settings))
            }
        };
        let world = match clock {
            Some(clock) => world.map(|world| World { clock, ..world }),
            None => world,
        };
        let world = world.map(|world| with_gateway(world, sms, &settings, &mut faults));
        let world = world.map(|world| with_captcha(world, &settings, &mut faults));
        if !faults.is_empty() {
            return Err(BuildError(faults));
        }
        let (Some(letters), Some(pages), Some(origins), Some(world), Some(breach), Some(disposable)) =
            (letters, pages, origins, world, breach, disposable)
        else {
            return Err(BuildError(faults));
        };
        let webhooks = Outbound::new(world.names.clone(), networks);
        breach.may_ask(&webhooks)?;
        let now = world.clock.now();
        if migrate {
            store.migrate(now).await.map_err(|e| BuildError(vec![BuildFault::Migration(e)]))?;
        }
        let current = match current {
            Found::Key(key) => key,
            Found::ToMake(path) => keys::make(&store, &path, world.entropy.as_ref()).await?,
        };
        let (instance, keyring) = keys::open(&store, current, old, now, world.entropy.as_ref()).await?;
        let dev_token = development.then(|| token(&world));
        if settings.limits_multiplier > 1 {
            let reason = settings.limits_reason.as_deref().unwrap_or_default();
            tracing::warn!(by = settings.limits_multiplier, reason, "limits are loosened");
        }
        let house = Housekey(Arc::new(Inner {
            write_body: doors::webhook_body,
            webhooks,
            breach,
            passkeys: RelyingParty::of(&settings, &public_url),
            hooks,
            places,
            limits: limits.multiplied(settings.limits_multiplier),
            sessions: SessionCache::new(settings.session_cache_mib),
            clients: ClientCache::new(settings.session_cache_mib),
            signing: RwLock::default(),
            secret_keys: SecretKeys::default(),
            clerk: ClerkHost::of(&public_url),
            contracts,
            bundles,
            drawing: Drawing::default(),
            disposable,
            seen: Seen::default(),
            challenges: ChallengeKeys::of(&keyring),
            captcha: Captcha::of(&settings.bots, &world),
            unrest: Unrest::default(),
            mail_bell: Notify::new(),
            sms_bell: Notify::new(),
            day_key: Mutex::default(),
            store,
            world,
            public_url,
            keyring,
            instance,
            origins,
            letters,
            pages,
            proxy_told: AtomicI64::new(0),
            dev_token,
            settings,
        }));
        house.store().tell_by(Arc::new(HouseTeller::of(&house)));
        // Whoever asks for the endpoints of a house that stands finds those of its configuration. The worker tries
        // again until it can: another node may just be making the same ones.
        if let Err(error) = house.webhooks_of_config().await {
            tracing::debug!(%error, "configured endpoints are left to the worker");
        }
        Ok(house)
    }
}

impl From<OpenError> for BuildError {
    fn from(error: OpenError) -> Self {
        Self(vec![match error {
            OpenError::Key(fault) => fault.into(),
            OpenError::Store(fault) => fault.into(),
        }])
    }
}

fn read_part<T, E: std::fmt::Display>(faults: &mut Vec<BuildFault>, part: Result<T, E>) -> Option<T> {
    part.map_err(|e| faults.push(BuildFault::Part(e.to_string()))).ok()
}

fn default_mailer(settings: &Settings, development: bool, faults: &mut Vec<BuildFault>) -> Option<Arc<dyn Mailer>> {
    match &settings.smtp_url {
        Some(url) => read_part(faults, Smtp::new(url.expose())).map(|smtp| Arc::new(smtp) as Arc<dyn Mailer>),
        None if development => Some(Arc::new(Caught::default())),
        // Reported by the settings' own check, with what to write.
        None => None,
    }
}

/// The world with what takes messages to phones: the one that was given, or the one of the settings.
fn with_gateway(
    world: World,
    given: Option<Arc<dyn SmsGateway>>,
    settings: &Settings,
    faults: &mut Vec<BuildFault>,
) -> World {
    let sms = given.or(world.sms.clone()).or_else(|| {
        let outbound = Outbound::new(world.names.clone(), settings.webhooks.allowed_networks.clone());
        sms::gateway(&settings.sms, &outbound).unwrap_or_else(|(key, what)| {
            let instead = format!("`{key}` as docs/reference/configuration.md describes it");
            faults.push(BuildFault::Setting { key: key.to_owned(), what, instead });
            None
        })
    });
    if sms.is_none() && settings.identifiers.phone.is_on() && settings.sms.gateway == Gateway::Off {
        faults.push(BuildFault::Setting {
            key: "identifiers.phone_number".to_owned(),
            what: "on, and nobody takes messages to phones".to_owned(),
            instead: "`sms.gateway` too, or call .sms_gateway(…)".to_owned(),
        });
    }
    World { sms, ..world }
}

/// The world with who looks tokens of a provider up: its own, or the one of the settings.
fn with_captcha(world: World, settings: &Settings, faults: &mut Vec<BuildFault>) -> World {
    let captcha = world.captcha.clone().or_else(|| {
        let made = captcha::verifier(&settings.bots, &world, &settings.webhooks.allowed_networks);
        made.unwrap_or_else(|fault| {
            faults.push(fault);
            None
        })
    });
    World { captcha, ..world }
}

fn letterhead(settings: &Settings, public_url: &Url) -> Letterhead {
    Letterhead::of(settings, public_url)
}

/// What opens `/dev/mail`: printed at the start, since a proxy in front looks like loopback.
fn token(world: &World) -> Secret<String> {
    let bytes = entropy::bytes::<16>(world.entropy.as_ref());
    Secret::new(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_faults_are_told_at_once_as_text_and_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::sqlite(folder.path().join("app.db")).unwrap();
        let key = folder.path().join("app.key");
        let builder = Housekey::builder(store.clone()).public_url("http://example.com").mount("auth").migrate();
        let told = builder.smtp("smtps://mail.example", "nobody").key(Key::file_or_new(&key)).build().await;
        let told = format!("{:?}", told.err().unwrap());
        for part in ["\"auth\" is not a path", "mail.from: not an e-mail address", "server.public_url: plain http"] {
            assert!(told.contains(part), "{told}");
        }
        assert!(told.lines().count() >= 3 && !told.contains("BuildError"), "{told}");
        assert!(!key.exists(), "no key for what does not start");
        assert!(store.migration_status().await.unwrap().iter().all(|m| !m.applied), "no tables either");
    }
}
