//! What whoever keeps the instance does with its users, invitations and lists: an app's backend by its secret key, or
//! the local console. A [`Steward`] is the proof of it; every flow here asks for one.

mod addresses;
mod change;
mod create;
mod factors;
mod find;
mod invite;
mod listing;
mod phones;
mod redirect_urls;
mod sessions;
mod state;
mod templates;
mod tickets;
mod trail;
mod waitlist;

pub use addresses::NewAddress;
pub use change::ChangedUser;
pub use create::{GivenPassword, MadeUser};
pub use factors::TakenFactors;
pub use find::{Find, Range};
pub use housekey_store::phones::PhoneChange;
pub use invite::{InvitationView, Invite, Status};
pub use listing::ListedView;
pub use redirect_urls::RedirectUrl;
pub use sessions::{KeptClient, KeptSession};
pub use templates::{TemplateForm, TemplateView};
pub use tickets::TicketView;
pub use trail::EventView;
pub use waitlist::WaitingView;

use crate::{
    caller::Caller,
    error::{Error, Result},
    housekey::Housekey,
};
use housekey_core::{
    event::{Event, EventKind},
    ids::SecretKeyId,
    time::Time,
    token::secret_key::Environment,
};
use housekey_store::{listed::List, users::UserRow};
use serde_json::{Value, json};

/// Which of the lists of addresses.
pub type WhichList = List;

/// Somebody who keeps the instance, proved by a secret key or by being on the machine.
pub struct Steward {
    pub(crate) caller: Caller,
    key: Option<SecretKeyId>,
    environment: Environment,
    quota: Option<Quota>,
}

/// How many requests a key has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests in a window.
    pub limit: u32,
    /// What is left of it.
    pub remaining: u32,
    /// When the window ends.
    pub reset: Time,
}

/// A page of something, and how much of it there is.
#[derive(Clone, Debug)]
pub struct Paged<T> {
    /// The page.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: i64,
}

impl Steward {
    /// How many requests are left, where they are counted.
    pub fn quota(&self) -> Option<Quota> {
        self.quota
    }

    /// Of which kind the key is: the app's publishable key is of the same.
    pub fn environment(&self) -> Environment {
        self.environment
    }
}

impl Housekey {
    /// The steward whose secret key this is.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for anything but a live key, [`Error::Limited`] for one that was used too often,
    /// [`Error::Unavailable`] without database.
    pub async fn steward(&self, caller: Caller, secret_key: &str) -> Result<Steward> {
        let key = self.secret_key_check(secret_key).await?;
        let quota = self.secret_key_count(&key)?;
        Ok(Steward { caller, key: Some(key), environment: Environment::of(secret_key), quota: Some(quota) })
    }

    /// Somebody on the machine itself.
    pub fn console_steward(&self) -> Steward {
        let caller = Caller::console(self.now(), self.entropy());
        Steward { caller, key: None, environment: Environment::Live, quota: None }
    }

    /// An event about a user, by a steward.
    async fn kept_event(&self, by: &Steward, kind: EventKind, user: &UserRow, detail: Value) -> Result<Event> {
        self.event_of(&by.caller, kind, Some(user), None, None, by.signed(detail)).await
    }

    /// An event about the instance, by a steward.
    async fn instance_event(&self, by: &Steward, kind: EventKind, detail: Value) -> Result<Event> {
        self.event_of(&by.caller, kind, None, None, None, by.signed(detail)).await
    }
}

impl Steward {
    fn signed(&self, mut detail: Value) -> Value {
        if let (Value::Object(detail), Some(key)) = (&mut detail, &self.key) {
            detail.insert("key".to_owned(), json!(key.as_str()));
        }
        detail
    }
}

/// How often a change is tried again that somebody else's crossed.
const TRIES: usize = 3;

/// Whether to read again and try once more.
fn crossed<T>(result: &Result<T>, tried: usize) -> bool {
    matches!(result, Err(Error::Conflict)) && tried + 1 < TRIES
}
