//! Secret keys of apps' backends: several at a time, named, known by their hash alone.

use crate::{Reader, Store, StoreError, sql::Row, statements};
use housekey_core::{event::Event, ids::SecretKeyId, time::Time, token::opaque::TokenHash};

statements! {
    INSERT = "INSERT INTO housekey_secret_key (id, name, hash, hint, created_at) VALUES ($1, $2, $3, $4, $5)";
    BY_HASH = "SELECT id, name, hint, created_at, last_used_at, revoked_at FROM housekey_secret_key WHERE hash = $1";
    LIST = "SELECT id, name, hint, created_at, last_used_at, revoked_at FROM housekey_secret_key ORDER BY created_at, id LIMIT 1000";
    REVOKE = "UPDATE housekey_secret_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    USED = "UPDATE housekey_secret_key SET last_used_at = $2 WHERE id = $1";
}

/// A key without its secret.
#[derive(Clone, Debug)]
pub struct SecretKeyRow {
    /// Its id.
    pub id: SecretKeyId,
    /// What its operator calls it.
    pub name: String,
    /// Its last characters.
    pub hint: String,
    /// When it was made.
    pub created: Time,
    /// When it was last used, to the minute.
    pub last_used: Option<Time>,
    /// When it was revoked.
    pub revoked: Option<Time>,
}

impl Reader {
    /// The key with this hash, revoked or not.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn secret_key(&self, hash: &TokenHash) -> Result<Option<SecretKeyRow>, StoreError> {
        self.optional(&BY_HASH, &[hash.as_bytes().into()]).await?.map(|r| read(&r)).transpose()
    }

    /// All keys, oldest first.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn secret_keys(&self) -> Result<Vec<SecretKeyRow>, StoreError> {
        self.rows(&LIST, &[]).await?.iter().map(read).collect()
    }
}

impl Store {
    /// Keeps a new key.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn make_secret_key(
        &self,
        id: &SecretKeyId,
        name: String,
        hash: TokenHash,
        hint: String,
        event: Event,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let args = [(&id).into(), name.into(), hash.as_bytes().into(), hint.into(), event.at.into()];
                tx.execute(&INSERT, &args).await?;
                crate::events::insert(tx, &[event]).await
            })
        })
        .await
    }

    /// Revokes a key. Answers whether it was live.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn revoke_secret_key(&self, id: &SecretKeyId, event: Event) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_client(&id);
                let revoked = tx.execute(&REVOKE, &[(&id).into(), event.at.into()]).await? == 1;
                if revoked {
                    crate::events::insert(tx, &[event]).await?;
                }
                Ok(revoked)
            })
        })
        .await
    }

    /// Notes that a key was used.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn secret_key_used(&self, id: &SecretKeyId, now: Time) -> Result<(), StoreError> {
        let id = id.clone();
        self.count(move |tx| Box::pin(async move { tx.execute(&USED, &[(&id).into(), now.into()]).await.map(drop) }))
            .await
    }
}

fn read(r: &Row) -> Result<SecretKeyRow, StoreError> {
    let id = r.text(0)?;
    Ok(SecretKeyRow {
        id: SecretKeyId::try_from(id.as_str()).map_err(|_| StoreError::corrupt("housekey_secret_key", "id", &id))?,
        name: r.text(1)?,
        hint: r.text(2)?,
        created: Time::from_millis(r.int(3)?),
        last_used: r.opt_int(4)?.map(Time::from_millis),
        revoked: r.opt_int(5)?.map(Time::from_millis),
    })
}
