//! What an app decides by code of its own. Hooks are asked inside the flows, so no door goes past them.

use housekey_core::{
    ids::UserId,
    risk::{Assessment, Response},
    time::Time,
};
use housekey_store::users::UserRow;
use std::{net::IpAddr, sync::Arc};

/// An account, as hooks see it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Whose.
    pub user: UserId,
    /// The primary address.
    pub email: Option<String>,
    /// The app's own id of the user.
    pub external_id: Option<String>,
    /// What the app keeps there for everybody to see: a JSON object.
    pub public_metadata: String,
    /// What the app keeps there for itself: a JSON object.
    pub private_metadata: String,
    /// When the account was made.
    pub created: Time,
}

/// A sign-in whose first factor was right, as hooks see it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The network address.
    pub address: IpAddr,
    /// The User-Agent header, cut at 512 bytes.
    pub agent: String,
    /// Whether the account completed a sign-in on this device before.
    pub known_device: bool,
    /// How unusual it is, and why.
    pub assessment: Assessment,
    /// What the settings answer to that.
    pub response: Response,
}

type Question = Arc<dyn Fn(&Subject) -> bool + Send + Sync>;
type DeviceQuestion = Arc<dyn Fn(&Subject, &Attempt) -> bool + Send + Sync>;
type RiskDecision = Arc<dyn Fn(&Subject, &Attempt) -> Response + Send + Sync>;
type Joining = Arc<dyn Fn(&UserId, &UserId) + Send + Sync>;

/// The hooks of an instance. None is set at first.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub must_have_second_factor: Option<Question>,
    pub known_device: Option<DeviceQuestion>,
    pub on_risk: Option<RiskDecision>,
    pub guest_joined: Option<Joining>,
}

impl Subject {
    pub(crate) fn of(user: &UserRow) -> Self {
        Self {
            user: user.account.user.clone(),
            email: user.address.clone(),
            external_id: user.external_id.clone(),
            public_metadata: user.public_metadata.clone(),
            private_metadata: user.private_metadata.clone(),
            created: user.created,
        }
    }
}
