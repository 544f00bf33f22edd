//! What an unusual sign-in is asked for.

use housekey_core::risk::Thresholds;
use std::path::PathBuf;

/// What an operator decides about unusual sign-ins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RiskSettings {
    /// From which score on what is asked.
    pub thresholds: Thresholds,
    /// Where addresses are on the map.
    pub geoip_file: Option<PathBuf>,
    /// Which devices have to be vouched for after a right password.
    pub client_trust: ClientTrust,
}

/// Which devices have to be vouched for, by a code to the account's own mailbox or phone, where the account has no second
/// factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientTrust {
    /// None.
    Off,
    /// Those of unusual sign-ins.
    #[default]
    OnRisk,
    /// All on which the account never completed a sign-in.
    NewDevices,
}

impl ClientTrust {
    /// The word in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::OnRisk => "on_risk",
            Self::NewDevices => "new_devices",
        }
    }

    /// The one of this word.
    pub fn read(word: &str) -> Option<Self> {
        [Self::Off, Self::OnRisk, Self::NewDevices].into_iter().find(|one| one.as_str() == word)
    }
}
