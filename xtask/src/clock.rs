//! A stopwatch: the one place here that reads the machine's clock.

use std::time::{Duration, Instant};

/// Started when made.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[allow(clippy::disallowed_methods, reason = "a tool that tells how long things really took")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
