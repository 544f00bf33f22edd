//! Limit counters: one statement checks and counts, so that parallel callers and other nodes never pass more
//! than the bucket holds (SEC-12). The arithmetic is GCRA; the stored time never goes back.

use crate::{
    Store, StoreError, events,
    sign_ins::{self, Trail},
    sql::Tx,
    statements,
};
use housekey_core::{event::Event, limits::Limit, time::Time};
use std::time::Duration;

statements! {
    SPEND = "INSERT INTO housekey_limit (name, tat) VALUES ($1, CAST($2 AS BIGINT) + CAST($3 AS BIGINT)) \
        ON CONFLICT (name) DO UPDATE SET tat = CASE WHEN housekey_limit.tat > CAST($2 AS BIGINT) \
        THEN housekey_limit.tat ELSE CAST($2 AS BIGINT) END + CAST($3 AS BIGINT) \
        WHERE housekey_limit.tat <= CAST($2 AS BIGINT) + CAST($4 AS BIGINT) RETURNING tat";
    TAT = "SELECT tat FROM housekey_limit WHERE name = $1";
    REFUND = "UPDATE housekey_limit SET tat = tat - CAST($2 AS BIGINT) WHERE name = $1";
    SWEEP = "DELETE FROM housekey_limit WHERE name IN \
        (SELECT name FROM housekey_limit WHERE tat < $1 ORDER BY tat LIMIT $2)";
    FAILURES = "SELECT failures FROM housekey_failure WHERE name = $1";
    FAILED = "INSERT INTO housekey_failure (name, failures, at) VALUES ($1, 1, $2) \
        ON CONFLICT (name) DO UPDATE SET failures = housekey_failure.failures + 1, at = excluded.at RETURNING failures";
    FORGIVE = "DELETE FROM housekey_failure WHERE name = $1";
    SWEEP_FAILURES = "DELETE FROM housekey_failure WHERE name IN \
        (SELECT name FROM housekey_failure WHERE at < $1 ORDER BY at LIMIT $2)";
}

/// One use of one bucket.
#[derive(Clone, Debug)]
pub struct Spend {
    /// The bucket: an HMAC of what it counts by.
    pub name: [u8; 32],
    /// What the bucket holds.
    pub limit: Limit,
}

/// Whether all buckets had room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// All did, and each was counted.
    Allowed,
    /// One was empty. Those before it in the list were counted, those after it were not.
    Refused {
        /// Its place in the list.
        which: usize,
        /// When there is room again.
        retry_after: Duration,
    },
}

impl Store {
    /// Uses each bucket once, in order, until one is empty.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn spend(&self, spends: Vec<Spend>, now: Time) -> Result<Spent, StoreError> {
        self.count(move |tx| Box::pin(async move { spend(tx, &spends, now).await })).await
    }
}

pub(crate) async fn spend(tx: &mut Tx, spends: &[Spend], now: Time) -> Result<Spent, StoreError> {
    for (which, bucket) in spends.iter().enumerate() {
        if let Use::Empty(retry_after) = spend_one(tx, bucket, now).await? {
            return Ok(Spent::Refused { which, retry_after });
        }
    }
    Ok(Spent::Allowed)
}

/// What one bucket said.
pub(crate) enum Use {
    /// There was room, and so much is used now.
    Counted(u32),
    /// There is room again after this.
    Empty(Duration),
}

pub(crate) async fn spend_one(tx: &mut Tx, bucket: &Spend, now: Time) -> Result<Use, StoreError> {
    let (name, limit) = (bucket.name.to_vec(), bucket.limit);
    let args = [name.clone().into(), now.into(), limit.interval_ms().into(), limit.tolerance_ms().into()];
    if let Some(row) = tx.optional(&SPEND, &args).await? {
        return Ok(Use::Counted(limit.used(Time::from_millis(row.int(0)?), now)));
    }
    let row = tx.optional(&TAT, &[name.into()]).await?;
    let tat = row.map(|r| r.int(0)).transpose()?.unwrap_or_default();
    let wait = tat - limit.tolerance_ms() - now.as_millis();
    Ok(Use::Empty(Duration::from_millis(wait.max(1).unsigned_abs())))
}

pub(crate) async fn refund(tx: &mut Tx, spends: &[Spend]) -> Result<(), StoreError> {
    for one in spends {
        tx.execute(&REFUND, &[one.name.to_vec().into(), one.limit.interval_ms().into()]).await?;
    }
    Ok(())
}

/// Failures in a row that are counted for an account, whether it exists or not.
pub(crate) async fn failures(tx: &mut Tx, name: &[u8; 32]) -> Result<i64, StoreError> {
    let row = tx.optional(&FAILURES, &[name.to_vec().into()]).await?;
    Ok(row.map(|r| r.int(0)).transpose()?.unwrap_or_default())
}

/// Counts one more, and answers how many that makes.
pub(crate) async fn failed(tx: &mut Tx, name: &[u8; 32], now: Time) -> Result<i64, StoreError> {
    let row = tx.optional(&FAILED, &[name.to_vec().into(), now.into()]).await?;
    Ok(row.map(|r| r.int(0)).transpose()?.unwrap_or_default())
}

pub(crate) async fn forgive(tx: &mut Tx, name: &[u8; 32]) -> Result<(), StoreError> {
    tx.execute(&FORGIVE, &[name.to_vec().into()]).await.map(drop)
}

pub(crate) async fn sweep(tx: &mut Tx, now: Time, old: Time, most: i64) -> Result<u64, StoreError> {
    let limits = tx.execute(&SWEEP, &[now.into(), most.into()]).await?;
    Ok(limits + tx.execute(&SWEEP_FAILURES, &[old.into(), most.into()]).await?)
}

impl Store {
    /// Gives back what was counted before a proof that turned out right.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn refund(&self, spends: Vec<Spend>) -> Result<(), StoreError> {
        self.count(move |tx| Box::pin(async move { refund(tx, &spends).await })).await
    }
}

impl Store {
    /// Records a refused password; `name` counts it when it came from an unknown device. The failure that makes it so
    /// many leaves what `closing` has.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn password_failed(
        &self,
        name: Option<[u8; 32]>,
        event: Event,
        closing: Option<(i64, Trail)>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let now = event.at;
                let count = match &name {
                    Some(name) => failed(tx, name, now).await?,
                    None => 0,
                };
                events::insert(tx, &[event]).await?;
                match &closing {
                    Some((at, trail)) if *at == count => sign_ins::leave(tx, trail, now).await,
                    _ => Ok(()),
                }
            })
        })
        .await
    }
}
