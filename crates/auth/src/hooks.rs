//! What an app decides by code of its own. Hooks are asked inside the flows, so no door goes past them.

use housekey_core::{ids::UserId, time::Time};
use housekey_store::users::UserRow;
use std::sync::Arc;

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

type Question = Arc<dyn Fn(&Subject) -> bool + Send + Sync>;

/// The hooks of an instance. None is set at first.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub must_have_second_factor: Option<Question>,
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
