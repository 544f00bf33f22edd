//! Telling: what the store read beside a change becomes a message, in the form of a contract, sealed for its row.

use crate::{
    flows::{profile::Profile, session::SessionView, steward::InvitationView},
    housekey::{Housekey, Inner},
};
use housekey_core::{
    event::ClientFacts,
    ids::{MailId, MessageId, UserId},
    keyring::{Keyring, Place},
    secret::Secret,
    time::Time,
    webhook::WebhookKind,
};
use housekey_store::{
    StoreError,
    tell::{End, Person, Subject, Teller, Told},
};
use std::sync::{Arc, Weak};

pub use housekey_store::mail::Channel;

/// How a session stands.
pub type SessionEnd = End;

/// One thing to tell, as doors show it.
pub struct Telling {
    /// What.
    pub kind: WebhookKind,
    /// When.
    pub at: Time,
    /// Who caused it, from where.
    pub from: ClientFacts,
    /// About what.
    pub about: About,
}

/// What is told about.
pub enum About {
    /// A user.
    User(Box<Profile>),
    /// A user who is gone.
    Gone(UserId),
    /// A session with its user.
    Session(Box<SessionView>, SessionEnd, Box<Profile>),
    /// An invitation.
    Invitation(Box<InvitationView>),
    /// A mail.
    Mail {
        /// Which.
        id: MailId,
        /// How it leaves.
        channel: Channel,
        /// Its kind.
        letter: &'static str,
        /// Who gets it.
        to: String,
        /// Whose account it is about.
        user: Option<UserId>,
    },
    /// Nothing: a try.
    Nothing,
}

/// Writes a body in the form of a contract.
pub(crate) type WriteBody = fn(&Housekey, Telling) -> serde_json::Result<Vec<u8>>;

/// Writes messages for a house. It lives in that house's store, and so must not keep it.
pub(crate) struct HouseTeller {
    house: Weak<Inner>,
}

impl HouseTeller {
    pub(crate) fn of(house: &Housekey) -> Self {
        Self { house: Arc::downgrade(&house.0) }
    }

    fn house(&self) -> Result<Housekey, StoreError> {
        // Nothing is changed without being told.
        self.house.upgrade().map(Housekey).ok_or(StoreError::Unavailable { maybe_applied: false })
    }
}

impl Teller for HouseTeller {
    fn name(&self, at: Time) -> Result<MessageId, StoreError> {
        Ok(MessageId::new(at, self.house()?.entropy()))
    }

    fn write(&self, id: &MessageId, told: Told<'_>) -> Result<Vec<u8>, StoreError> {
        let house = self.house()?;
        let Told { kind, at, from, about } = told;
        let telling = Telling { kind, at, from: from.clone(), about: house.shown(about) };
        let plain = (house.0.write_body)(&house, telling)
            .map(Secret::new)
            .map_err(|_| StoreError::corrupt("housekey_webhook_message", "sealed", id.as_str()))?;
        Ok(house.keyring().seal(place(id), plain.expose(), house.entropy()))
    }
}

impl Housekey {
    fn shown(&self, about: Subject<'_>) -> About {
        let profile = |person: Box<Person>| Box::new(Profile::of(*person));
        match about {
            Subject::User(person) => About::User(profile(person)),
            Subject::Gone(user) => About::Gone(user.clone()),
            Subject::Session(row, end, person) => {
                let session = row.session;
                let seen = self.seen().last(&session.id).map_or(session.last_seen, |at| at.max(session.last_seen));
                let view = SessionView {
                    current: false,
                    created: session.created,
                    last_seen: seen,
                    expires: session.expires,
                    facts: self.open_session_facts(&session.id, &row.facts),
                    id: session.id.clone(),
                    session,
                };
                About::Session(Box::new(view), end, profile(person))
            }
            Subject::Invitation(row) => About::Invitation(Box::new(self.invitation_view(*row))),
            Subject::Mail(mail, user) => {
                let (id, to) = (mail.id.clone(), mail.to.clone());
                About::Mail { id, channel: mail.channel, letter: mail.letter, to, user: user.cloned() }
            }
        }
    }
}

/// Opens a message.
pub(crate) fn open(keys: &Keyring, id: &MessageId, sealed: &[u8]) -> Option<Secret<Vec<u8>>> {
    keys.open(place(id), sealed).ok()
}

fn place(id: &MessageId) -> Place<'_> {
    Place { table: "housekey_webhook_message", column: "sealed", row: id.as_str() }
}
