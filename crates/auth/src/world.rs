//! The only door to time, chance and other machines: everything that a test must be able to set.

use crate::captcha::CaptchaVerifier;
use crate::hasher::Hasher;
use crate::mail::Mailer;
use crate::outbound::{Names, SystemNames};
use crate::settings::Settings;
use crate::sms::SmsGateway;
use housekey_core::{challenge::Work, entropy::Entropy, time::Time};
use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// What the library takes from outside. [`World::new`] is the real one; tests build their own.
#[derive(Clone)]
pub struct World {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Takes mail to its readers.
    pub mailer: Arc<dyn Mailer>,
    /// Takes messages to phones, where there is a gateway.
    pub sms: Option<Arc<dyn SmsGateway>>,
    /// Says what tokens of a provider of challenges are worth, where there is one.
    pub captcha: Option<Arc<dyn CaptchaVerifier>>,
    /// Says what names of other services mean.
    pub names: Arc<dyn Names>,
    /// Computes password hashes, so many at a time as there are processors.
    pub hasher: Hasher,
    /// What the lightest challenge costs a browser.
    pub work: Work,
}

impl World {
    /// The system's clock and random bytes, a pool of hashes for this machine, and the mailer given.
    pub fn new(mailer: Arc<dyn Mailer>) -> Self {
        Self {
            clock: Arc::new(SystemClock::start()),
            entropy: Arc::new(SystemEntropy),
            mailer,
            sms: None,
            captcha: None,
            names: Arc::new(SystemNames),
            hasher: Hasher::for_this_machine(),
            work: Work::DEFAULT,
        }
    }
}

impl World {
    /// The real world with the hashing that an operator decided on.
    pub(crate) fn for_settings(mailer: Arc<dyn Mailer>, settings: &Settings) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let at_once = settings.parallel_hashes.map_or(processors, |n| n as usize);
        Self { hasher: Hasher::new(settings.argon2, at_once), ..Self::new(mailer) }
    }
}

/// A source of time.
pub trait Clock: Send + Sync {
    /// The time of day, which people and rows see.
    fn now(&self) -> Time;
    /// Time since some start that never goes back, for leases and timeouts.
    fn monotonic(&self) -> Duration;
}

/// The operating system's clock.
pub struct SystemClock(Instant);

impl SystemClock {
    /// Begins the monotonic count.
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The operating system's random bytes, through the cryptographic library's generator.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, out: &mut [u8]) {
        // Its one failure is a system without a random source; going on with known bytes would sign people in.
        #[allow(clippy::disallowed_methods, reason = "the one place that takes random bytes")]
        let filled = aws_lc_rs::rand::fill(out);
        if filled.is_err() {
            tracing::error!("the operating system gives no random bytes");
            std::process::abort();
        }
    }
}
