//! Devices that their owner trusts: no second factor is asked for there at sign-in. Found by id, compared by hash.

use crate::{
    Reader, Store, StoreError, events,
    sql::{Row, Tx},
    statements,
};
use housekey_core::{
    event::Event,
    ids::{TrustedDeviceId, UserId},
    time::Time,
    token::opaque::TokenHash,
};

statements! {
    INSERT = "INSERT INTO housekey_trusted_device (id, user_id, secret_hash, facts, created_at, last_used_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $5, $6)";
    TRIM = "DELETE FROM housekey_trusted_device WHERE user_id = $1 AND id IN (SELECT id FROM housekey_trusted_device \
        WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 100 OFFSET $2)";
    ONE = "SELECT secret_hash FROM housekey_trusted_device WHERE id = $1 AND user_id = $2 AND expires_at > $3";
    OF_USER = "SELECT id, facts, created_at, last_used_at, expires_at FROM housekey_trusted_device \
        WHERE user_id = $1 AND expires_at > $2 ORDER BY last_used_at DESC, id DESC";
    USED = "UPDATE housekey_trusted_device SET last_used_at = $3 WHERE id = $1 AND user_id = $2 AND expires_at > $3";
    DROP = "DELETE FROM housekey_trusted_device WHERE id = $1 AND user_id = $2";
    DROP_OF_USER = "DELETE FROM housekey_trusted_device WHERE user_id = $1";
    SWEEP = "DELETE FROM housekey_trusted_device WHERE id IN \
        (SELECT id FROM housekey_trusted_device WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
}

/// How many devices one user trusts; the oldest goes for a new one.
const MOST: i64 = 20;

/// A device that is to be trusted.
#[derive(Clone, Debug)]
pub struct NewTrustedDevice {
    /// Its id.
    pub id: TrustedDeviceId,
    /// The hash of its secret.
    pub secret_hash: TokenHash,
    /// Address and agent, sealed.
    pub facts: Vec<u8>,
    /// Until when.
    pub expires: Time,
}

/// A device that is trusted.
#[derive(Clone, Debug)]
pub struct TrustedDeviceRow {
    /// Its id.
    pub id: TrustedDeviceId,
    /// Address and agent, sealed.
    pub facts: Vec<u8>,
    /// Since when.
    pub created: Time,
    /// When somebody last signed in on it without a second factor.
    pub last_used: Time,
    /// Until when.
    pub expires: Time,
}

impl Reader {
    /// The hash of a trusted device's secret.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn trusted_device(
        &self,
        id: &TrustedDeviceId,
        user: &UserId,
        now: Time,
    ) -> Result<Option<TokenHash>, StoreError> {
        let Some(r) = self.optional(&ONE, &[id.into(), user.into(), now.into()]).await? else { return Ok(None) };
        let hash = TokenHash::from_bytes(&r.bytes(0)?);
        hash.map(Some).ok_or_else(|| StoreError::corrupt("housekey_trusted_device", "secret_hash", id.as_str()))
    }

    /// The devices that a user trusts, last used first.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn trusted_devices(&self, user: &UserId, now: Time) -> Result<Vec<TrustedDeviceRow>, StoreError> {
        self.rows(&OF_USER, &[user.into(), now.into()]).await?.iter().map(read).collect()
    }
}

impl Store {
    /// Trusts one device of a user no more, or none of them. Answers whether there was any.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn trusted_devices_drop(
        &self,
        user: &UserId,
        id: Option<TrustedDeviceId>,
        event: Event,
    ) -> Result<bool, StoreError> {
        let user = user.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let gone = match &id {
                    Some(id) => tx.execute(&DROP, &[id.into(), (&user).into()]).await?,
                    None => tx.execute(&DROP_OF_USER, &[(&user).into()]).await?,
                };
                if gone > 0 {
                    events::insert(tx, &[event]).await?;
                }
                Ok(gone > 0)
            })
        })
        .await
    }
}

pub(crate) async fn insert(tx: &mut Tx, user: &UserId, new: &NewTrustedDevice, now: Time) -> Result<(), StoreError> {
    tx.execute(&TRIM, &[user.into(), (MOST - 1).into()]).await?;
    let args = [
        (&new.id).into(),
        user.into(),
        new.secret_hash.as_bytes().to_vec().into(),
        new.facts.clone().into(),
        now.into(),
        new.expires.into(),
    ];
    tx.execute(&INSERT, &args).await.map(drop)
}

/// It stood in for a second factor: whoever revoked it in the same moment wins.
pub(crate) async fn used(tx: &mut Tx, user: &UserId, id: &TrustedDeviceId, now: Time) -> Result<(), StoreError> {
    match tx.execute(&USED, &[id.into(), user.into(), now.into()]).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

pub(crate) async fn drop_of_user(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    tx.execute(&DROP_OF_USER, &[user.into()]).await.map(drop)
}

pub(crate) async fn sweep(tx: &mut Tx, now: Time, most: i64) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, &[now.into(), most.into()]).await
}

fn read(r: &Row) -> Result<TrustedDeviceRow, StoreError> {
    let id = r.text(0)?;
    Ok(TrustedDeviceRow {
        id: TrustedDeviceId::try_from(id.as_str())
            .map_err(|_| StoreError::corrupt("housekey_trusted_device", "id", &id))?,
        facts: r.bytes(1)?,
        created: Time::from_millis(r.int(2)?),
        last_used: Time::from_millis(r.int(3)?),
        expires: Time::from_millis(r.int(4)?),
    })
}
