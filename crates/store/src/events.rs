//! The audit trail, written in the transaction of what it tells, and the day's keys for events without a user.

use crate::{
    Reader, Store, StoreError, guests,
    sql::{Row, Tx},
    statements, tell,
};
use housekey_core::{
    event::{Event, EventKind},
    ids::{EventId, RequestId, UserId},
    time::Time,
};

statements! {
    INSERT = "INSERT INTO housekey_event (id, at, kind, user_id, client_id, session_id, door, request_id, detail, facts, facts_key) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    OF_USER = "SELECT id, at, kind, user_id, client_id, session_id, door, request_id, detail, facts, facts_key FROM housekey_event \
        WHERE user_id = $1 AND (at < $2 OR (at = $2 AND id < $3)) ORDER BY at DESC, id DESC LIMIT $4";
    OF_KIND = "SELECT id, at, kind, user_id, client_id, session_id, door, request_id, detail, facts, facts_key FROM housekey_event \
        WHERE user_id = $1 AND kind = $2 AND at >= $3 ORDER BY at DESC, id DESC LIMIT $4";
    ONE = "SELECT id, at, kind, user_id, client_id, session_id, door, request_id, detail, facts, facts_key FROM housekey_event WHERE id = $1";
    OF_REQUEST = "SELECT id, at, kind, user_id, client_id, session_id, door, request_id, detail, facts, facts_key FROM housekey_event \
        WHERE at >= $1 AND at <= $2 AND request_id = $3 ORDER BY at, id LIMIT 100";
    DAY_KEY = "SELECT sealed FROM housekey_event_key WHERE day = $1";
    MAKE_DAY_KEY = "INSERT INTO housekey_event_key (day, sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT (day) DO NOTHING";
    DROP_DAY_KEYS = "DELETE FROM housekey_event_key WHERE created_at < $1";
}

/// An event as it is read back. Its facts are still sealed.
#[derive(Clone, Debug)]
pub struct EventRow {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Time,
    /// What.
    pub kind: String,
    /// About whom, where that is known.
    pub user_id: Option<String>,
    /// On which client.
    pub client_id: Option<String>,
    /// By which door.
    pub door: String,
    /// In which request.
    pub request_id: String,
    /// In which session.
    pub session_id: Option<String>,
    /// What else, as a JSON object without anything personal.
    pub detail: String,
    /// Sealed address and agent.
    pub facts: Vec<u8>,
    /// Which key sealed them: `user`, or the day.
    pub facts_key: String,
}

impl Reader {
    /// The last events of a user before one of them, newest first.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn events_of_user(
        &self,
        user: &UserId,
        before: Option<(Time, &str)>,
        most: i64,
    ) -> Result<Vec<EventRow>, StoreError> {
        let (at, id) = before.unwrap_or((Time::from_millis(i64::MAX), ""));
        let rows = self.rows(&OF_USER, &[user.into(), at.into(), id.into(), most.into()]).await?;
        rows.iter().map(read).collect()
    }

    /// The last events of one kind of a user since then, newest first.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn events_of_kind(
        &self,
        user: &UserId,
        kind: EventKind,
        since: Time,
        most: i64,
    ) -> Result<Vec<EventRow>, StoreError> {
        let rows = self.rows(&OF_KIND, &[user.into(), kind.as_str().into(), since.into(), most.into()]).await?;
        rows.iter().map(read).collect()
    }

    /// An event.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn event(&self, id: &EventId) -> Result<Option<EventRow>, StoreError> {
        self.optional(&ONE, &[id.into()]).await?.map(|r| read(&r)).transpose()
    }

    /// What a request did, which was made and answered in this span.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn events_of_request(
        &self,
        request: &RequestId,
        from: Time,
        to: Time,
    ) -> Result<Vec<EventRow>, StoreError> {
        self.rows(&OF_REQUEST, &[from.into(), to.into(), request.into()]).await?.iter().map(read).collect()
    }

    /// The sealed key of a day, while there is one.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn event_day_key(&self, day: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.optional(&DAY_KEY, &[day.into()]).await?.map(|r| r.bytes(0)).transpose()
    }
}

impl Store {
    /// The sealed key of a day, made from `fresh` by whoever comes first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn event_key(&self, day: &str, fresh: Vec<u8>, now: Time) -> Result<Vec<u8>, StoreError> {
        let day = day.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                tx.execute(&MAKE_DAY_KEY, &[day.as_str().into(), fresh.into(), now.into()]).await?;
                match tx.optional(&DAY_KEY, &[day.as_str().into()]).await? {
                    Some(row) => row.bytes(0),
                    None => Err(StoreError::Conflict),
                }
            })
        })
        .await
    }

    /// Destroys the keys of days before `before`: the facts of events without a user become unreadable.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn drop_event_keys(&self, before: Time) -> Result<u64, StoreError> {
        self.write(move |tx| Box::pin(async move { tx.execute(&DROP_DAY_KEYS, &[before.into()]).await })).await
    }

    /// Writes events that belong to no other change, as refused proofs.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn record(&self, events: Vec<Event>) -> Result<(), StoreError> {
        self.write(move |tx| Box::pin(async move { insert(tx, &events).await })).await
    }
}

pub(crate) async fn insert(tx: &mut Tx, events: &[Event]) -> Result<(), StoreError> {
    for e in events {
        let args = [
            (&e.id).into(),
            e.at.into(),
            e.kind.as_str().into(),
            e.user.as_ref().map(|u| u.as_str().to_owned()).into(),
            e.client.as_ref().map(|c| c.as_str().to_owned()).into(),
            e.session.as_ref().map(|s| s.as_str().to_owned()).into(),
            e.door.into(),
            (&e.request).into(),
            e.detail.as_str().into(),
            e.facts.clone().into(),
            e.facts_key.as_str().into(),
        ];
        tx.execute(&INSERT, &args).await?;
    }
    if let Some(first) = events.first() {
        guests::left(tx, first.at).await?;
    }
    tell::events(tx, events).await
}

fn read(r: &Row) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        id: r.text(0)?,
        at: Time::from_millis(r.int(1)?),
        kind: r.text(2)?,
        user_id: r.opt_text(3)?,
        client_id: r.opt_text(4)?,
        session_id: r.opt_text(5)?,
        door: r.text(6)?,
        request_id: r.text(7)?,
        detail: r.text(8)?,
        facts: r.bytes(9)?,
        facts_key: r.text(10)?,
    })
}
