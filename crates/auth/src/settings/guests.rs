//! Who may use the app before signing up.

use std::time::Duration;

/// Whether there are guests, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestSettings {
    /// Whether somebody may begin without telling who they are.
    pub enabled: bool,
    /// How long a guest's account is kept after it was last used.
    pub keep: Duration,
}

impl Default for GuestSettings {
    fn default() -> Self {
        Self { enabled: false, keep: Duration::from_secs(30 * 86_400) }
    }
}
