//! Building the house: everything is checked, and all faults are told at once. Nothing runs yet.

mod build;
mod faults;
mod world;

pub use faults::{BuildError, BuildFault};

use crate::{
    bundles::{BundleSource, Bundles},
    doors::Contract,
    hooks::{Attempt, Hooks, Subject},
    housekey::Housekey,
    keys::Key,
    mail::Mailer,
    places::Places,
    settings::{Mount, Sender, Settings},
    sms::SmsGateway,
    world::{Clock, World},
};
use housekey_core::{ids::UserId, limits::Limits, risk::Response, secret::Secret};
use housekey_store::Store;
use std::sync::Arc;
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
