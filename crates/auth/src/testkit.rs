//! For tests: a house with a clock to set, known entropy, cheap hashes and a mailbox to read; and browsers that keep
//! their cookies. Behind the feature `testkit`, which no release has.

use crate::{
    builder::Builder,
    bundles::BundleSource,
    caller::{Caller, CaptchaShown, ClientToken, Cookies, Door, Outcome, SolvedHere},
    doors::Contract,
    hasher::Hasher,
    housekey::Housekey,
    jobs::{
        mail::{Carrier, MailWorker},
        webhooks::WebhookWorker,
    },
    keys::Key,
    mail::{Caught, OutgoingMail},
    outbound::SystemNames,
    settings::{Gateway, Settings},
    sms::{CaughtSms, SmsGateway},
    world::{Clock, SystemClock, World},
};
use housekey_core::{
    challenge::Work,
    entropy::{Entropy, Seeded},
    ids::RequestId,
    keyring::MasterKey,
    limits::Limits,
    password::Argon2Cost,
    time::Time,
};
use housekey_store::{Counters, Store};
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

/// A clock that stands still until it is set.
pub struct SetClock(AtomicI64);

impl SetClock {
    /// Begins on an ordinary day.
    pub fn start() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_795_000_000_000)))
    }

    /// Goes on by so much.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(0), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Time {
        Time::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// The machine's clock, and by how much it was moved on.
pub struct MovedClock {
    machine: SystemClock,
    by: AtomicI64,
}

impl MovedClock {
    /// Begins with the machine's time.
    pub fn start() -> Arc<Self> {
        Arc::new(Self { machine: SystemClock::start(), by: AtomicI64::new(0) })
    }

    /// Goes on by so many milliseconds, and gives the whole of them. It never goes back.
    pub fn advance(&self, millis: u32) -> i64 {
        let millis = i64::from(millis);
        self.by.fetch_add(millis, Ordering::SeqCst) + millis
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Time {
        Time::from_millis(self.machine.now().as_millis() + self.by.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        self.machine.monotonic() + Duration::from_millis(self.by.load(Ordering::SeqCst).unsigned_abs())
    }
}

fn test_key(number: u64) -> MasterKey {
    MasterKey::generate(&Seeded::new(number))
}

/// A house under test.
pub struct TestHouse {
    /// The house.
    pub housekey: Housekey,
    /// Its clock.
    pub clock: Arc<SetClock>,
    /// Its mail.
    pub caught: Caught,
    /// Its messages to phones.
    pub texted: CaughtSms,
}

impl TestHouse {
    /// A house over this database, which is migrated first.
    ///
    /// # Errors
    /// What the builder found wrong.
    pub async fn over(store: Store, settings: Settings) -> Result<Self, Box<dyn std::error::Error>> {
        Self::with(store, settings, Argon2Cost::CHEAP).await
    }

    /// The same with real hashes.
    ///
    /// # Errors
    /// What the builder found wrong.
    pub async fn with(store: Store, settings: Settings, cost: Argon2Cost) -> Result<Self, Box<dyn std::error::Error>> {
        Self::open(store, settings, cost, (test_key(0), Vec::new()), &[Contract::Pages]).await
    }

    /// A house with other limits than the product's.
    ///
    /// # Errors
    /// What the builder found wrong.
    pub async fn limited(store: Store, settings: Settings, limits: Limits) -> Result<Self, Box<dyn std::error::Error>> {
        let keys = (test_key(0), Vec::new());
        let contracts = &[Contract::Pages];
        Self::build(store, settings, Argon2Cost::CHEAP, keys, contracts, |builder| builder.limits(limits)).await
    }

    /// A house that serves these contracts.
    ///
    /// # Errors
    /// What the builder found wrong.
    pub async fn serving(
        store: Store,
        settings: Settings,
        contracts: &[Contract],
    ) -> Result<Self, Box<dyn std::error::Error>> {
        Self::open(store, settings, Argon2Cost::CHEAP, (test_key(0), Vec::new()), contracts).await
    }

    /// The same with browser scripts from a source.
    ///
    /// # Errors
    /// What the builder found wrong.
    pub async fn with_bundles(
        store: Store,
        settings: Settings,
        contracts: &[Contract],
        bundles: Option<impl BundleSource + 'static>,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let keys = (test_key(0), Vec::new());
        let add = |builder: Builder| match bundles {
            Some(source) => builder.bundles(source),
            None => builder,
        };
        Self::build(store, settings, Argon2Cost::CHEAP, keys, contracts, add).await
    }

    /// A house with what the builder is told besides: hooks.
    ///
    /// # Errors
    /// What the builder found wrong.
    pub async fn told(
        store: Store,
        settings: Settings,
        tell: impl FnOnce(Builder) -> Builder,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let keys = (test_key(0), Vec::new());
        Self::build(store, settings, Argon2Cost::CHEAP, keys, &[Contract::Pages], tell).await
    }

    /// A house whose messages leave by the gateway of its settings.
    ///
    /// # Errors
    /// What the builder found wrong.
    pub async fn over_gateway(store: Store, settings: Settings) -> Result<Self, Box<dyn std::error::Error>> {
        Self::told(store, settings, Builder::sms_of_settings).await
    }

    /// A house under the numbered key, with former keys.
    ///
    /// # Errors
    /// What the builder found wrong.
    pub async fn keyed(store: Store, current: u64, old: &[u64]) -> Result<Self, Box<dyn std::error::Error>> {
        let keys = (test_key(current), old.iter().map(|n| test_key(*n)).collect());
        Self::open(store, Settings::default(), Argon2Cost::CHEAP, keys, &[Contract::Pages]).await
    }

    /// Does what the background does now and then: links events, seals anew what a former key sealed, and looks after
    /// requests to come back.
    pub async fn keep(&self) {
        self.housekey.link_events().await;
        self.housekey.seal_anew().await;
        self.housekey.recoveries_go_on().await;
    }

    /// Writes what was seen and removes what has expired, as the background does each minute.
    pub async fn sweep(&self) {
        self.housekey.write_seen().await;
        self.housekey.sweep().await;
    }

    async fn open(
        store: Store,
        settings: Settings,
        cost: Argon2Cost,
        keys: (MasterKey, Vec<MasterKey>),
        contracts: &[Contract],
    ) -> Result<Self, Box<dyn std::error::Error>> {
        Self::build(store, settings, cost, keys, contracts, |builder| builder).await
    }

    async fn build(
        store: Store,
        settings: Settings,
        cost: Argon2Cost,
        keys: (MasterKey, Vec<MasterKey>),
        contracts: &[Contract],
        finish: impl FnOnce(Builder) -> Builder,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        static SEED: AtomicU64 = AtomicU64::new(1);
        let (clock, caught, texted) = (SetClock::start(), Caught::default(), CaughtSms::default());
        store.migrate(clock.now()).await?;
        let entropy: Arc<dyn Entropy> = Arc::new(Seeded::new(SEED.fetch_add(1, Ordering::Relaxed)));
        let world = World {
            clock: clock.clone(),
            entropy,
            mailer: Arc::new(caught.clone()),
            sms: (settings.sms.gateway != Gateway::Off).then(|| Arc::new(texted.clone()) as Arc<dyn SmsGateway>),
            captcha: None,
            names: Arc::new(SystemNames),
            hasher: Hasher::new(cost, 2),
            work: Work::CHEAP,
        };
        let has_url = settings.public_url.is_some();
        let (current, old) = keys;
        let mut builder = Housekey::builder(store)
            .settings(settings)
            .key(Key::given(current))
            .world(world)
            .serve(contracts.iter().copied());
        for key in old {
            builder = builder.old_key(Key::given(key));
        }
        if !has_url {
            builder = builder.public_url("http://localhost:4000");
        }
        Ok(Self { housekey: finish(builder).build().await?, clock, caught, texted })
    }

    /// Sends what waits, and gives the last mail to this address.
    pub async fn mail_to(&self, address: &str) -> Option<OutgoingMail> {
        self.deliver().await;
        let of = |m: &OutgoingMail| m.to.canonical() == address.to_lowercase();
        self.caught.list().into_iter().find(of)
    }

    /// Sends what waits, and gives the last message to this number.
    pub async fn text_to(&self, number: &str) -> Option<String> {
        self.deliver().await;
        self.texted.list().into_iter().find(|sms| sms.to.as_str() == number).map(|sms| sms.text)
    }

    /// The six digits of the last message to this number.
    pub async fn sms_code_to(&self, number: &str) -> Option<String> {
        let text = self.text_to(number).await?;
        text.rsplit_once('#').map(|(_, code)| code.to_owned())
    }

    /// The six digits of the last mail to this address.
    pub async fn code_to(&self, address: &str) -> Option<String> {
        let text = self.mail_to(address).await?.text;
        let digits: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|d| d.len() == 6).collect();
        digits.first().map(|d| (*d).to_owned())
    }

    /// Sends everything that is due.
    pub async fn deliver(&self) {
        let house = &self.housekey;
        let world = &house.0.world;
        let messages = world.sms.as_deref().map(Carrier::Sms);
        for carrier in [Carrier::Mail(world.mailer.as_ref())].into_iter().chain(messages) {
            let worker = MailWorker {
                queue: house.store(),
                keys: house.keyring(),
                letters: &house.0.letters,
                carrier,
                clock: world.clock.as_ref(),
                entropy: house.entropy(),
                node: "test",
                bell: &house.0.mail_bell,
            };
            worker.run_due().await;
        }
    }

    /// Tells every endpoint everything that is due.
    pub async fn tell(&self) {
        WebhookWorker { house: &self.housekey, node: "test" }.run_due().await;
    }

    /// What was spent since the start: statements, commits, and password hashes.
    pub fn spent(&self) -> (Counters, u64) {
        (self.housekey.store().counters(), self.housekey.hasher().count())
    }

    /// A new browser at this address of 203.0.113.0/24.
    pub fn browser(&self, at: u8) -> Browser {
        Browser {
            housekey: self.housekey.clone(),
            client: None,
            device: None,
            address: IpAddr::from([203, 0, 113, at]),
            challenge: None,
            captcha: None,
            calls: 0,
        }
    }
}

/// A browser that keeps its cookies, at the flows' own door.
pub struct Browser {
    housekey: Housekey,
    /// Its client cookie.
    pub client: Option<String>,
    /// Its device cookie.
    pub device: Option<String>,
    /// Its address.
    pub address: IpAddr,
    /// What it shows for a challenge from now on.
    pub challenge: Option<String>,
    /// What it shows for a challenge of a provider from now on.
    pub captcha: Option<CaptchaShown>,
    calls: u64,
}

impl Browser {
    /// The next request of this browser.
    pub fn caller(&mut self) -> Caller {
        self.calls += 1;
        self.repeat()
    }

    /// The last request once more, as a double click sends it.
    pub fn repeat(&self) -> Caller {
        let mut call = [0; 32];
        for (to, from) in call.iter_mut().zip(self.calls.to_be_bytes()) {
            *to = from;
        }
        Caller {
            client: self.client.as_ref().and_then(|c| ClientToken::parse(c).ok()),
            native: false,
            session: None,
            device: self.device.clone(),
            address: self.address,
            agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into(),
            door: Door::Pages,
            request: RequestId::new(self.housekey.now(), self.housekey.entropy()),
            call,
            challenge: self.challenge.clone(),
            captcha: self.captcha.clone(),
            solved: SolvedHere::default(),
        }
    }

    /// Keeps the cookies of an answer and gives the answer.
    pub fn keep<T>(&mut self, outcome: Outcome<T>) -> T {
        let Cookies { client, device } = outcome.cookies;
        if let Some(set) = client {
            self.client = Some(set.token.reveal());
        }
        if let Some(set) = device {
            self.device = Some(set.0.expose().clone());
        }
        outcome.value
    }

    /// A second browser with the same cookies, as a thief has them.
    pub fn copy(&self) -> Self {
        Self {
            housekey: self.housekey.clone(),
            client: self.client.clone(),
            device: self.device.clone(),
            address: self.address,
            challenge: self.challenge.clone(),
            captcha: self.captcha.clone(),
            calls: self.calls,
        }
    }
}
