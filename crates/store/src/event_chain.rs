//! The chain over the audit trail: links are made after the commit, in batches, by one node at a time.

use crate::{Reader, Row, Store, StoreError, statements};
use housekey_core::{
    event_chain::{ChainHead, ChainKey, Link, StoredEvent},
    time::Time,
};
use std::{sync::Arc, time::Duration};

/// How much later than its own time an event may be committed. A request lives a tenth of that; clocks of nodes differ
/// by less.
const LATE: Duration = Duration::from_secs(600);

statements! {
    // The row of the instance stands for the chain's end: who holds it appends.
    LOCK = two("SELECT id FROM housekey_instance LIMIT 1", "SELECT id FROM housekey_instance LIMIT 1 FOR UPDATE");
    KEY = "SELECT chain_key FROM housekey_instance ORDER BY created_at, id LIMIT 1";
    SET_KEY = "UPDATE housekey_instance SET chain_key = $1 WHERE chain_key IS NULL";
    LAST = "SELECT number, link, at FROM housekey_event_chain ORDER BY number DESC LIMIT 1";
    NEXT = "SELECT e.id, e.at, e.kind, e.user_id, e.client_id, e.session_id, e.door, e.request_id, e.detail, e.facts, e.facts_key \
        FROM housekey_event e WHERE e.at >= $1 \
        AND NOT EXISTS (SELECT 1 FROM housekey_event_chain c WHERE c.event_id = e.id) ORDER BY e.at, e.id LIMIT $2";
    APPEND = "INSERT INTO housekey_event_chain (number, event_id, at, link) VALUES ($1, $2, $3, $4)";
    LINKS = "SELECT e.id, e.at, e.kind, e.user_id, e.client_id, e.session_id, e.door, e.request_id, e.detail, e.facts, e.facts_key, \
        c.number, c.event_id, c.link FROM housekey_event_chain c LEFT JOIN housekey_event e ON e.id = c.event_id \
        WHERE c.number > $1 ORDER BY c.number LIMIT $2";
    UNLINKED = "SELECT e.id FROM housekey_event e WHERE e.at <= $1 \
        AND NOT EXISTS (SELECT 1 FROM housekey_event_chain c WHERE c.event_id = e.id) ORDER BY e.at, e.id LIMIT $2";
}

/// A link as it is read back, with its event if that is still there.
#[derive(Clone, Debug)]
pub struct LinkRow {
    /// Its place and hash.
    pub head: ChainHead,
    /// The id of its event.
    pub event_id: String,
    /// The event.
    pub event: Option<StoredEvent>,
}

impl Reader {
    /// Links behind the number `after`, in their order.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn links(&self, after: i64, most: i64) -> Result<Vec<LinkRow>, StoreError> {
        let rows = self.rows(&LINKS, &[after.into(), most.into()]).await?;
        rows.iter()
            .map(|row| {
                let head = ChainHead { number: row.int(11)?, link: link(&row.bytes(13)?)? };
                let event = row.opt_text(0)?.is_some().then(|| event(row)).transpose()?;
                Ok(LinkRow { head, event_id: row.text(12)?, event })
            })
            .collect()
    }

    /// Events up to `until` that no link holds: the ids of the first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn unlinked(&self, until: Time, most: i64) -> Result<Vec<String>, StoreError> {
        self.rows(&UNLINKED, &[until.into(), most.into()]).await?.iter().map(|row| row.text(0)).collect()
    }
}

impl Store {
    /// The sealed key of the chain: `fresh` for whoever comes first.
    ///
    /// # Errors
    /// When the database is out of reach, or the instance has not begun.
    pub async fn chain_key(&self, fresh: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                tx.execute(&SET_KEY, &[fresh.into()]).await?;
                let row = tx.optional(&KEY, &[]).await?;
                row.map(|r| r.opt_bytes(0)).transpose()?.flatten().ok_or(StoreError::Conflict)
            })
        })
        .await
    }

    /// Links up to `most` events that are not linked yet. Answers how many.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn link_events(&self, key: Arc<ChainKey>, most: i64) -> Result<i64, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                tx.optional(&LOCK, &[]).await?;
                let last = tx.optional(&LAST, &[]).await?;
                let (mut number, mut before, since) = match last {
                    Some(row) => (row.int(0)?, link(&row.bytes(1)?)?, Time::from_millis(row.int(2)?).minus(LATE)),
                    None => (0, Link::NONE, Time::from_millis(0)),
                };
                let rows = tx.rows(&NEXT, &[since.into(), most.into()]).await?;
                for row in &rows {
                    let event = event(row)?;
                    number += 1;
                    before = key.link(&before, number, &event);
                    let args = [number.into(), event.id.into(), event.at.into(), before.as_bytes().to_vec().into()];
                    tx.execute(&APPEND, &args).await?;
                }
                Ok(i64::try_from(rows.len()).unwrap_or(most))
            })
        })
        .await
    }
}

fn event(row: &Row) -> Result<StoredEvent, StoreError> {
    Ok(StoredEvent {
        id: row.text(0)?,
        at: Time::from_millis(row.int(1)?),
        kind: row.text(2)?,
        user: row.opt_text(3)?,
        client: row.opt_text(4)?,
        session: row.opt_text(5)?,
        door: row.text(6)?,
        request: row.text(7)?,
        detail: row.text(8)?,
        facts: row.bytes(9)?,
        facts_key: row.text(10)?,
    })
}

fn link(bytes: &[u8]) -> Result<Link, StoreError> {
    Link::from_bytes(bytes).ok_or_else(|| StoreError::corrupt("housekey_event_chain", "link", ""))
}
