//! What waits to be told: a message once, and a delivery of it for each endpoint. A delivery is claimed by one node at a
//! time and taken up again when that node died; those about one user go one after the other, as they were written.

use crate::{
    Reader, Store, StoreError,
    sql::{Row, Tx},
    statements,
    webhooks::Ear,
};
use housekey_core::{
    ids::{EndpointId, MessageId, UserId},
    time::Time,
    webhook::{WebhookFilter, WebhookKind},
};

statements! {
    PUT_MESSAGE = "INSERT INTO housekey_webhook_message (id, kind, user_id, sealed, created_at) VALUES ($1, $2, $3, $4, $5)";
    PUT_DELIVERY = "INSERT INTO housekey_webhook_delivery (endpoint_id, message_id, user_id, state, tries, due_at, created_at) \
        VALUES ($1, $2, $3, $4, 0, $5, $5)";
    DUE = two("SELECT d.number, d.message_id, d.tries, m.sealed FROM housekey_webhook_delivery d \
        JOIN housekey_webhook_message m ON m.id = d.message_id WHERE d.endpoint_id = $1 AND d.state = 'waiting' AND d.due_at <= $2 \
        AND (d.user_id IS NULL OR NOT EXISTS (SELECT 1 FROM housekey_webhook_delivery b WHERE b.endpoint_id = d.endpoint_id \
        AND b.user_id = d.user_id AND b.state = 'waiting' AND b.number < d.number)) ORDER BY d.due_at, d.number LIMIT $3",
        "SELECT d.number, d.message_id, d.tries, m.sealed FROM housekey_webhook_delivery d \
        JOIN housekey_webhook_message m ON m.id = d.message_id WHERE d.endpoint_id = $1 AND d.state = 'waiting' AND d.due_at <= $2 \
        AND (d.user_id IS NULL OR NOT EXISTS (SELECT 1 FROM housekey_webhook_delivery b WHERE b.endpoint_id = d.endpoint_id \
        AND b.user_id = d.user_id AND b.state = 'waiting' AND b.number < d.number)) ORDER BY d.due_at, d.number LIMIT $3 FOR UPDATE OF d SKIP LOCKED");
    CLAIM = "UPDATE housekey_webhook_delivery SET claimed_by = $2, due_at = $3, tries = tries + 1 WHERE number = $1";
    TAKEN = "UPDATE housekey_webhook_delivery SET state = 'done', status = $2, why = NULL, done_at = $3 WHERE number = $1 AND state = 'waiting'";
    AGAIN = "UPDATE housekey_webhook_delivery SET due_at = $3, status = $4, why = $5 WHERE number = $1 AND state = 'waiting' AND claimed_by = $2";
    GIVEN_UP = "UPDATE housekey_webhook_delivery SET state = 'failed', status = $3, why = $4, done_at = $5 \
        WHERE number = $1 AND state = 'waiting' AND claimed_by = $2";
    FAILING = "UPDATE housekey_webhook_endpoint SET failures = failures + $2, failing_since = COALESCE(failing_since, $3) WHERE id = $1";
    WELL = "UPDATE housekey_webhook_endpoint SET failures = 0, failing_since = NULL WHERE id = $1 AND failures > 0";
    NEXT = "SELECT d.due_at FROM housekey_webhook_delivery d WHERE d.endpoint_id = $1 AND d.state = 'waiting' \
        AND (d.user_id IS NULL OR NOT EXISTS (SELECT 1 FROM housekey_webhook_delivery b WHERE b.endpoint_id = d.endpoint_id \
        AND b.user_id = d.user_id AND b.state = 'waiting' AND b.number < d.number)) ORDER BY d.due_at LIMIT 1";
    COUNTS = "SELECT state, COUNT(*) FROM housekey_webhook_delivery WHERE endpoint_id = $1 GROUP BY state ORDER BY state";
    ONE_MESSAGE = "SELECT id, kind, user_id FROM housekey_webhook_message WHERE id = $1";
    MESSAGES_SINCE = "SELECT id, kind, user_id, created_at FROM housekey_webhook_message WHERE created_at > $1 OR (created_at = $1 AND id > $2) \
        ORDER BY created_at, id LIMIT $3";
    REPLAY = "INSERT INTO housekey_webhook_delivery (endpoint_id, message_id, user_id, state, tries, due_at, created_at) \
        VALUES ($1, $2, $3, 'waiting', 0, $4, $4) ON CONFLICT (endpoint_id, message_id) DO UPDATE \
        SET state = 'waiting', tries = 0, due_at = excluded.due_at, status = NULL, why = NULL, done_at = NULL";
    FORGET = "DELETE FROM housekey_webhook_message WHERE user_id = $1";
    SWEEP = "DELETE FROM housekey_webhook_message WHERE id IN (SELECT m.id FROM housekey_webhook_message m WHERE m.created_at < $1 \
        AND NOT EXISTS (SELECT 1 FROM housekey_webhook_delivery d WHERE d.message_id = m.id AND d.state = 'waiting') ORDER BY m.created_at LIMIT $2)";
}

/// A delivery that this node makes now.
#[derive(Clone, Debug)]
pub struct Due {
    /// Its number.
    pub number: i64,
    /// What is told.
    pub message: MessageId,
    /// How often it was tried, this time included.
    pub tries: i64,
    /// The body, sealed.
    pub sealed: Vec<u8>,
}

/// What became of a delivery.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Its number.
    pub number: i64,
    /// The answer's status, if there was an answer.
    pub status: Option<u16>,
    /// How it stands.
    pub end: Settlement,
}

/// How a delivery stands after a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The endpoint took it.
    Taken,
    /// It is due again then.
    Again(Time, String),
    /// It is not tried again.
    GivenUp(String),
}

/// How many deliveries of an endpoint are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// They wait, for the first or for another try.
    pub waiting: i64,
    /// They were taken.
    pub done: i64,
    /// They were tried often enough.
    pub failed: i64,
}

impl Reader {
    /// When the next delivery to an endpoint may be made, if one waits.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn webhook_next_due(&self, endpoint: &EndpointId) -> Result<Option<Time>, StoreError> {
        let row = self.optional(&NEXT, &[endpoint.into()]).await?;
        row.map(|r| r.int(0).map(Time::from_millis)).transpose()
    }

    /// How an endpoint's deliveries stand, of what is still kept.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn webhook_counts(&self, endpoint: &EndpointId) -> Result<DeliveryCounts, StoreError> {
        let mut counts = DeliveryCounts::default();
        for row in self.rows(&COUNTS, &[endpoint.into()]).await? {
            let count = row.int(1)?;
            match row.text(0)?.as_str() {
                "waiting" => counts.waiting += count,
                "done" => counts.done += count,
                "failed" | "dropped" => counts.failed += count,
                _ => {}
            }
        }
        Ok(counts)
    }
}

impl Store {
    /// Writes down what became of deliveries, and takes up to `most` that are due: in one commit, since a lane does both
    /// all the time. Unless told of their end, they are due again at `lease_until`.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn webhook_turn(
        &self,
        endpoint: &EndpointId,
        node: &str,
        settled: Vec<Settled>,
        (now, lease_until): (Time, Time),
        most: i64,
    ) -> Result<Vec<Due>, StoreError> {
        let (endpoint, node) = (endpoint.clone(), node.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                settle(tx, &endpoint, &node, &settled, now).await?;
                if most < 1 {
                    return Ok(Vec::new());
                }
                let mut claimed = Vec::new();
                for row in tx.rows(&DUE, &[(&endpoint).into(), now.into(), most.into()]).await? {
                    let due = read(&row)?;
                    tx.execute(&CLAIM, &[due.number.into(), node.as_str().into(), lease_until.into()]).await?;
                    claimed.push(due);
                }
                Ok(claimed)
            })
        })
        .await
    }

    /// Tells one message to an endpoint once more. Answers whether there is such a message.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn webhook_replay(
        &self,
        endpoint: &EndpointId,
        message: &MessageId,
        now: Time,
    ) -> Result<bool, StoreError> {
        let (endpoint, message) = (endpoint.clone(), message.clone());
        self.write(move |tx| {
            Box::pin(async move {
                let Some(row) = tx.optional(&ONE_MESSAGE, &[(&message).into()]).await? else { return Ok(false) };
                if named(&row.text(1)?).is_none() {
                    return Ok(false);
                }
                replay(tx, &endpoint, row.text(0)?, row.opt_text(2)?, now).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Tells an endpoint once more what happened behind a moment and message, as far as it hears it: one piece. Answers
    /// how many, and where the next piece begins.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn webhook_replay_since(
        &self,
        endpoint: &EndpointId,
        filter: WebhookFilter,
        (since, after): (Time, String),
        most: i64,
        now: Time,
    ) -> Result<(u64, Option<(Time, String)>), StoreError> {
        let endpoint = endpoint.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let rows = tx.rows(&MESSAGES_SINCE, &[since.into(), after.as_str().into(), most.into()]).await?;
                let mut told = 0;
                for row in &rows {
                    if named(&row.text(1)?).is_some_and(|kind| filter.hears(kind)) {
                        replay(tx, &endpoint, row.text(0)?, row.opt_text(2)?, now).await?;
                        told += 1;
                    }
                }
                let full = i64::try_from(rows.len()).is_ok_and(|n| n >= most);
                let next = match rows.last() {
                    Some(last) if full => Some((Time::from_millis(last.int(3)?), last.text(0)?)),
                    _ => None,
                };
                Ok((told, next))
            })
        })
        .await
    }
}

/// A message for everybody who hears it.
pub(crate) struct NewMessage<'a> {
    pub id: &'a MessageId,
    pub kind: WebhookKind,
    pub user: Option<&'a UserId>,
    pub sealed: Vec<u8>,
    /// Written for equal work only; nobody gets it.
    pub never_send: bool,
    pub now: Time,
}

/// Queues it. An endpoint that is switched off gets nothing, but the message is kept, so that it can be replayed.
pub(crate) async fn insert(tx: &mut Tx, ears: &[Ear], new: NewMessage<'_>) -> Result<(), StoreError> {
    let user = new.user.map(|u| u.as_str().to_owned());
    // What nobody is told is the same work, and nothing that a replay finds or a thief reads.
    let (kind, state, sealed) = match new.never_send {
        true => ("never", "never", vec![0; new.sealed.len()]),
        false => (new.kind.as_str(), "waiting", new.sealed),
    };
    let args = [new.id.into(), kind.into(), user.clone().into(), sealed.into(), new.now.into()];
    tx.execute(&PUT_MESSAGE, &args).await?;
    for ear in ears.iter().filter(|ear| ear.enabled && ear.hears(new.kind)) {
        let args = [ear.id.as_str().into(), new.id.into(), user.clone().into(), state.into(), new.now.into()];
        tx.execute(&PUT_DELIVERY, &args).await?;
        tx.ring();
    }
    Ok(())
}

/// What was to be told of a person who is gone is gone too.
pub(crate) async fn forget_user(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    tx.execute(&FORGET, &[user.into()]).await.map(drop)
}

pub(crate) async fn sweep(tx: &mut Tx, before: Time, most: i64) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, &[before.into(), most.into()]).await
}

async fn settle(
    tx: &mut Tx,
    endpoint: &EndpointId,
    node: &str,
    settled: &[Settled],
    now: Time,
) -> Result<(), StoreError> {
    let (mut failed, mut taken) = (0_i64, false);
    for one in settled {
        let status = one.status.map(i64::from);
        match &one.end {
            Settlement::Taken => {
                taken = true;
                tx.execute(&TAKEN, &[one.number.into(), status.into(), now.into()]).await?;
            }
            Settlement::Again(due, why) => {
                failed += 1;
                let args = [one.number.into(), node.into(), (*due).into(), status.into(), why.as_str().into()];
                tx.execute(&AGAIN, &args).await?;
            }
            Settlement::GivenUp(why) => {
                failed += 1;
                let args = [one.number.into(), node.into(), status.into(), why.as_str().into(), now.into()];
                tx.execute(&GIVEN_UP, &args).await?;
            }
        }
    }
    if failed > 0 {
        tx.execute(&FAILING, &[endpoint.into(), failed.into(), now.into()]).await?;
    }
    if taken {
        tx.execute(&WELL, &[endpoint.into()]).await?;
    }
    Ok(())
}

async fn replay(
    tx: &mut Tx,
    endpoint: &EndpointId,
    message: String,
    user: Option<String>,
    now: Time,
) -> Result<(), StoreError> {
    tx.ring();
    tx.execute(&REPLAY, &[endpoint.into(), message.into(), user.into(), now.into()]).await.map(drop)
}

fn named(kind: &str) -> Option<WebhookKind> {
    WebhookKind::ALL.into_iter().find(|known| known.as_str() == kind)
}

fn read(r: &Row) -> Result<Due, StoreError> {
    let id = r.text(1)?;
    Ok(Due {
        number: r.int(0)?,
        message: MessageId::try_from(id.as_str())
            .map_err(|_| StoreError::corrupt("housekey_webhook_delivery", "message_id", &id))?,
        tries: r.int(2)? + 1,
        sealed: r.bytes(3)?,
    })
}
