//! Events as flows write them: who, what, from where, by which door; the person's facts sealed, so that erasing a
//! person is destroying a key.

use crate::{
    caller::Caller,
    error::{Error, Result},
    housekey::Housekey,
};
use housekey_core::{
    entropy,
    event::{ClientFacts, Event, EventKind},
    ids::{ClientId, EventId, SessionId, UserId},
    keyring::{Place, open_under, seal_under},
    secret::Secret,
};
use housekey_store::{events::EventRow, users::UserRow};

/// Whom an event is about.
pub(crate) struct About<'a> {
    pub user: Option<(&'a UserId, &'a Secret<[u8; 32]>)>,
    pub client: Option<&'a ClientId>,
    pub session: Option<&'a SessionId>,
}

impl Housekey {
    /// An event about a user, or about nobody that is known; `detail` holds nothing personal.
    pub(crate) async fn event(
        &self,
        caller: &Caller,
        kind: EventKind,
        about: About<'_>,
        detail: serde_json::Value,
    ) -> Result<Event> {
        let now = self.now();
        let id = EventId::new(now, self.entropy());
        let facts = serde_json::to_vec(&facts_of(caller)).map_err(|_| Error::Bug("facts cannot be written"))?;
        let place = Place { table: "housekey_event", column: "facts", row: id.as_str() };
        let (facts, facts_key) = match about.user {
            Some((_, key)) => (seal_under(key, place, &facts, self.entropy()), "user".to_owned()),
            None => {
                let (day, key) = self.day_key(now).await?;
                (seal_under(&key, place, &facts, self.entropy()), day)
            }
        };
        Ok(Event {
            id,
            at: now,
            kind,
            user: about.user.map(|(u, _)| u.clone()),
            client: about.client.cloned(),
            session: about.session.cloned(),
            door: caller.door.as_str(),
            request: caller.request.clone(),
            detail: detail.to_string(),
            facts,
            facts_key,
            from: facts_of(caller),
        })
    }

    /// An event about a user whose row is at hand, or about a stranger.
    pub(crate) async fn event_of(
        &self,
        caller: &Caller,
        kind: EventKind,
        user: Option<&UserRow>,
        client: Option<&ClientId>,
        session: Option<&SessionId>,
        detail: serde_json::Value,
    ) -> Result<Event> {
        let key = match user {
            Some(row) => self.user_key(row)?,
            None => None,
        };
        let who = user.zip(key.as_ref()).map(|(row, key)| (&row.account.user, key));
        self.event(caller, kind, About { user: who, client, session }, detail).await
    }

    /// A new key for a user's events, and its sealed form for the user's row.
    pub(crate) fn new_user_key(&self, user: &UserId) -> (Secret<[u8; 32]>, Vec<u8>) {
        let key = Secret::new(entropy::bytes::<32>(self.entropy()));
        let sealed = self.keyring().seal(key_of(user), key.expose(), self.entropy());
        (key, sealed)
    }

    /// The address and agent of the caller, sealed for a session's row.
    pub(crate) fn session_facts(&self, caller: &Caller, session: &SessionId) -> Vec<u8> {
        let plain = serde_json::to_vec(&facts_of(caller)).unwrap_or_default();
        self.keyring().seal(session_place(session), &plain, self.entropy())
    }

    /// Reads them back. A row that cannot be opened has no facts, and is shown as unknown.
    pub(crate) fn open_session_facts(&self, session: &SessionId, sealed: &[u8]) -> ClientFacts {
        let plain = self.keyring().open(session_place(session), sealed).ok();
        plain.and_then(|p| serde_json::from_slice(p.expose()).ok()).unwrap_or_default()
    }

    /// Reads the facts of an event back. Those of somebody who was erased, or of a day whose key is gone, are none.
    pub(crate) async fn open_event_facts(&self, user: Option<&UserRow>, row: &EventRow) -> Result<Option<ClientFacts>> {
        let key = match (row.facts_key.as_str(), user) {
            ("user", Some(user)) => self.user_key(user)?,
            ("user", None) => None,
            (day, _) => self.open_day_key(day).await?,
        };
        let place = Place { table: "housekey_event", column: "facts", row: &row.id };
        let plain = key.and_then(|key| open_under(&key, place, &row.facts).ok());
        Ok(plain.and_then(|p| serde_json::from_slice(p.expose()).ok()))
    }

    async fn open_day_key(&self, day: &str) -> Result<Option<Secret<[u8; 32]>>> {
        let Some(sealed) = self.store().reader().event_day_key(day).await? else { return Ok(None) };
        let place = Place { table: "housekey_event_key", column: "sealed", row: day };
        let broken = || Error::Bug("a day's event key cannot be opened");
        let plain = self.keyring().open(place, &sealed).map_err(|_| broken())?;
        let key: [u8; 32] = plain.expose().as_slice().try_into().map_err(|_| broken())?;
        Ok(Some(Secret::new(key)))
    }

    fn user_key(&self, row: &UserRow) -> Result<Option<Secret<[u8; 32]>>> {
        let Some(sealed) = &row.event_key else {
            return Ok(None);
        };
        let broken = || Error::Bug("a user's event key cannot be opened");
        let plain = self.keyring().open(key_of(&row.account.user), sealed).map_err(|_| broken())?;
        let key: [u8; 32] = plain.expose().as_slice().try_into().map_err(|_| broken())?;
        Ok(Some(Secret::new(key)))
    }
}

pub(crate) fn facts_of(caller: &Caller) -> ClientFacts {
    ClientFacts { address: caller.address.to_string(), agent: caller.agent.clone() }
}

fn key_of(user: &UserId) -> Place<'_> {
    Place { table: "housekey_user", column: "event_key", row: user.as_str() }
}

fn session_place(session: &SessionId) -> Place<'_> {
    Place { table: "housekey_session", column: "facts", row: session.as_str() }
}
