//! How an instance knows breached passwords: by a filter in memory, by a service, by both or by neither.

use crate::{
    builder::{BuildError, BuildFault},
    outbound::{Outbound, OutboundFault},
    settings::BreachSettings,
};
use housekey_core::{
    breach::{BreachFilter, PasswordDigest},
    password::Password,
};
use serde_json::json;
use std::{path::Path, time::Duration};
use tokio::task::spawn_blocking;
use url::Url;

/// Whoever chose a password waits for the answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// Some 60 KiB with padding today, and the lists grow.
const LARGEST: usize = 256 * 1024;
/// Rows that mean nothing, so that the answer's length does not tell which range was asked for.
const PADDED: (&str, &str) = ("add-padding", "true");

/// What new passwords are looked up in.
pub(crate) struct Breach {
    filter: Option<BreachFilter>,
    service: Option<Url>,
}

/// Why a service's answer says nothing. The names stand in the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// There was none.
    Outbound(OutboundFault),
    /// It was a refusal or a fault.
    Status(u16),
    /// It was no list of hashes, or too long.
    Garbage,
}

impl Unanswered {
    /// What the audit trail keeps of it.
    pub fn detail(self) -> serde_json::Value {
        match self {
            Self::Outbound(fault) => json!({ "why": fault.code() }),
            Self::Status(status) => json!({ "why": "status", "status": status }),
            Self::Garbage => json!({ "why": "garbage" }),
        }
    }
}

impl Breach {
    /// Loads the filter, where there is one.
    ///
    /// # Errors
    /// When its file is missing or not what was written: to go on without it would be to take what it would refuse.
    pub async fn open(settings: &BreachSettings) -> Result<Self, BuildFault> {
        let filter = match settings.filter.clone() {
            None => None,
            Some(path) => {
                let shown = path.display().to_string();
                let read = spawn_blocking(move || read(&path)).await.unwrap_or_else(|e| Err(e.to_string()));
                Some(read.map_err(|why| BuildFault::Setting {
                    key: "passwords.breach_filter".to_owned(),
                    what: format!("{shown}: {why}"),
                    instead:
                        "a file that `housekey breach build LIST --out FILE` made anew, or take the key out".to_owned(),
                })?)
            }
        };
        Ok(Self { filter, service: settings.api.clone() })
    }

    /// Whether the service may be asked at all, by what its address says.
    ///
    /// # Errors
    /// When it is out of bounds.
    pub fn may_ask(&self, outbound: &Outbound) -> Result<(), BuildError> {
        let Some(Err(why)) = self.service.as_ref().map(|service| outbound.admits(service)) else { return Ok(()) };
        Err(BuildError(vec![BuildFault::Setting {
            key: "passwords.breach_api".to_owned(),
            what: why.to_string(),
            instead: "\"https://api.pwnedpasswords.com/\", or list its network in `webhooks.allowed_networks`"
                .to_owned(),
        }]))
    }

    /// Whether the filter has it.
    pub fn knows(&self, password: &Password) -> bool {
        self.filter.as_ref().is_some_and(|filter| filter.contains(&PasswordDigest::of(password)))
    }

    /// Whether the service has it; nothing where none is asked. The service is told five digits of the hash.
    ///
    /// # Errors
    /// When it does not say.
    pub async fn ask(&self, outbound: &Outbound, password: &Password) -> Result<Option<bool>, Unanswered> {
        let Some(service) = &self.service else { return Ok(None) };
        let digest = PasswordDigest::of(password);
        let malformed = |_| Unanswered::Outbound(OutboundFault::Malformed);
        let url = service.join(&format!("range/{}", digest.range())).map_err(malformed)?;
        let answer = outbound.get_within(&url, &[PADDED], PATIENCE, LARGEST).await.map_err(Unanswered::Outbound)?;
        match answer.status {
            200 if answer.whole => digest.is_in(&answer.body).map(Some).map_err(|_| Unanswered::Garbage),
            200 => Err(Unanswered::Garbage),
            status => Err(Unanswered::Status(status)),
        }
    }
}

fn read(path: &Path) -> Result<BreachFilter, String> {
    let bytes = std::fs::read(path).map_err(|why| why.to_string())?;
    BreachFilter::read(bytes).map_err(|why| why.to_string())
}
