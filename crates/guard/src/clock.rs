//! Time, as a parameter.

use housekey_core::time::Time;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A source of time. Tests give one that they set.
pub trait Clock: Send + Sync {
    /// The time of day, which tokens are judged by.
    fn now(&self) -> Time;
    /// Time since some start that never goes back, for what is cached.
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
