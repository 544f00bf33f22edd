//! Keys that sign session tokens. One is active; the next one is published before it is used, a retired one until the
//! last token of it has died.

use crate::{Reader, Store, StoreError, sql::Row, statements};
use housekey_core::{event::Event, ids::InstanceId, time::Time};

statements! {
    ALL_KEYS = "SELECT id, state, private_key, created_at, changed_at FROM housekey_signing_key ORDER BY created_at, id LIMIT 20";
    ACTIVE = "SELECT id FROM housekey_signing_key WHERE state = 'active'";
    INSERT = "INSERT INTO housekey_signing_key (id, state, private_key, created_at, changed_at) VALUES ($1, $2, $3, $4, $4)";
    DROP_NEXT = "DELETE FROM housekey_signing_key WHERE state = 'next'";
    RETIRE = "UPDATE housekey_signing_key SET state = 'retired', changed_at = $1 WHERE state = 'active'";
    ACTIVATE = "UPDATE housekey_signing_key SET state = 'active', changed_at = $2 WHERE id = $1 AND state = 'next'";
    DROP_OLD = "DELETE FROM housekey_signing_key WHERE state = 'retired' AND changed_at < $1";
}

/// A key with its private half sealed.
#[derive(Clone, Debug)]
pub struct SigningKeyRow {
    /// Its id, which tokens name.
    pub id: InstanceId,
    /// Whether it signs.
    pub state: KeyState,
    /// PKCS#8, sealed.
    pub private_key: Vec<u8>,
    /// When it was made.
    pub created: Time,
    /// When it came into this state.
    pub changed: Time,
}

/// What a key is used for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, and not used yet.
    Next,
    /// Signs.
    Active,
    /// Published for what it signed.
    Retired,
}

impl Reader {
    /// All keys, oldest first.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyRow>, StoreError> {
        self.rows(&ALL_KEYS, &[]).await?.iter().map(read).collect()
    }
}

impl Store {
    /// Makes the first key; whoever comes second leaves the one that is there.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn first_signing_key(
        &self,
        instance: &InstanceId,
        id: InstanceId,
        private_key: Vec<u8>,
        now: Time,
    ) -> Result<(), StoreError> {
        let instance = instance.clone();
        self.write(move |tx| {
            Box::pin(async move {
                if tx.optional(&ACTIVE, &[]).await?.is_some() {
                    return Ok(());
                }
                tx.touch_client(&instance);
                tx.execute(&INSERT, &[(&id).into(), "active".into(), private_key.into(), now.into()]).await.map(drop)
            })
        })
        .await
    }

    /// Publishes the key that will sign next; one that was published before it is dropped.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn next_signing_key(
        &self,
        instance: &InstanceId,
        id: InstanceId,
        private_key: Vec<u8>,
        event: Event,
    ) -> Result<(), StoreError> {
        let instance = instance.clone();
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_client(&instance);
                tx.execute(&DROP_NEXT, &[]).await?;
                let args = [(&id).into(), "next".into(), private_key.into(), event.at.into()];
                tx.execute(&INSERT, &args).await?;
                crate::events::insert(tx, &[event]).await
            })
        })
        .await
    }

    /// The published key signs from now on; those that were retired before `before` are dropped.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when no such key waits.
    pub async fn activate_signing_key(
        &self,
        instance: &InstanceId,
        id: &InstanceId,
        before: Time,
        event: Event,
    ) -> Result<(), StoreError> {
        let (instance, id) = (instance.clone(), id.clone());
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_client(&instance);
                tx.execute(&DROP_OLD, &[before.into()]).await?;
                tx.execute(&RETIRE, &[event.at.into()]).await?;
                if tx.execute(&ACTIVATE, &[(&id).into(), event.at.into()]).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                crate::events::insert(tx, &[event]).await
            })
        })
        .await
    }
}

fn read(r: &Row) -> Result<SigningKeyRow, StoreError> {
    let id = r.text(0)?;
    let broken = |column| StoreError::corrupt("housekey_signing_key", column, &id);
    Ok(SigningKeyRow {
        id: InstanceId::try_from(id.as_str()).map_err(|_| broken("id"))?,
        state: match r.text(1)?.as_str() {
            "next" => KeyState::Next,
            "active" => KeyState::Active,
            "retired" => KeyState::Retired,
            _ => return Err(broken("state")),
        },
        private_key: r.bytes(2)?,
        created: Time::from_millis(r.int(3)?),
        changed: Time::from_millis(r.int(4)?),
    })
}
