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

/// What is mailed to prove a mailbox, for a sign-in, a sign-up, a reset or an added address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailedProof {
    /// A code to type.
    #[default]
    Code,
    /// A link to follow.
    Link,
    /// Either, in one mail.
    Both,
}

impl MailedProof {
    /// The word in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Link => "link",
            Self::Both => "both",
        }
    }

    /// The one of this word.
    pub fn read(word: &str) -> Option<Self> {
        [Self::Code, Self::Link, Self::Both].into_iter().find(|one| one.as_str() == word)
    }

    /// Whether a code is in the mail.
    pub fn has_code(self) -> bool {
        self != Self::Link
    }

    /// Whether a link is in the mail.
    pub fn has_link(self) -> bool {
        self != Self::Code
    }
}
