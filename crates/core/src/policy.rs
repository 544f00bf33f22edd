//! What an instance decides about sessions.

use std::time::Duration;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// How long sessions live (SEC-42).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    /// Ends after so long without use.
    pub idle: Duration,
    /// Ends after so long in any case.
    pub absolute: Duration,
    /// Idle time with "remember me".
    pub remembered_idle: Duration,
    /// Absolute lifetime with "remember me".
    pub remembered_absolute: Duration,
    /// How long a proved factor allows risky changes (SEC-46).
    pub fresh: Duration,
    /// How many sessions a user may have; the oldest ends for a new one (SEC-45).
    pub max_per_user: u32,
    /// Whether one client may hold sessions of several users.
    pub multi_session: bool,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(12 * HOUR),
            absolute: Duration::from_secs(7 * DAY),
            remembered_idle: Duration::from_secs(14 * DAY),
            remembered_absolute: Duration::from_secs(30 * DAY),
            fresh: Duration::from_secs(300),
            max_per_user: 50,
            multi_session: false,
        }
    }
}
