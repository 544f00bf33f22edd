//! Time and chance for what the command line makes by itself: keys and test messages.

use std::time::{SystemTime, UNIX_EPOCH};

use housekey_core::{entropy::Entropy, time::Time};

/// The operating system's random bytes, through the cryptographic library's generator.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[allow(clippy::disallowed_methods, reason = "a key is made before there is a World")]
    fn fill(&self, out: &mut [u8]) {
        // It fails on a system without a random source alone; known bytes as a key would be worse than an end.
        if aws_lc_rs::rand::fill(out).is_err() {
            eprintln!("housekey: the operating system gives no random bytes");
            std::process::abort();
        }
    }
}

/// The time of day, for the id of a test message.
#[allow(clippy::disallowed_methods, reason = "a test message leaves without a World")]
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
