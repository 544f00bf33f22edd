//! Passkeys: the public keys that an account is signed in to with.

use crate::{
    Reader, Store, StoreError, events,
    sql::{Row, Sql, Tx},
    statements,
};
use housekey_core::{
    event::Event,
    ids::{PasskeyId, UserId},
    time::Time,
};

statements! {
    OF_USER = "SELECT k.id, k.user_id, k.credential_id, k.name, k.credential, k.sign_count, k.synced, k.created_at, k.updated_at, k.last_used_at, u.handle \
        FROM housekey_passkey k JOIN housekey_user u ON u.id = k.user_id WHERE k.user_id = $1 ORDER BY k.created_at, k.id";
    BY_CREDENTIAL = "SELECT k.id, k.user_id, k.credential_id, k.name, k.credential, k.sign_count, k.synced, k.created_at, k.updated_at, k.last_used_at, u.handle \
        FROM housekey_passkey k JOIN housekey_user u ON u.id = k.user_id WHERE k.credential_id = $1";
    HANDLE = "SELECT handle FROM housekey_user WHERE id = $1";
    INSERT = "INSERT INTO housekey_passkey (id, user_id, credential_id, name, credential, sign_count, synced, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)";
    USE = "UPDATE housekey_passkey SET credential = $4, sign_count = $5, synced = $6, last_used_at = $7 \
        WHERE id = $1 AND user_id = $2 AND sign_count = $3";
    RENAME = "UPDATE housekey_passkey SET name = $3, updated_at = $4 WHERE id = $1 AND user_id = $2";
    DROP = "DELETE FROM housekey_passkey WHERE id = $1 AND user_id = $2";
    DROP_AFTER = "DELETE FROM housekey_passkey WHERE user_id = $1 AND created_at > $2";
    ASK_AFTER = "UPDATE housekey_user SET passkey_after_at = $2 WHERE id = $1";
}

static OF_USERS: Sql = Sql::two(
    "SELECT k.id, k.user_id, k.credential_id, k.name, k.credential, k.sign_count, k.synced, k.created_at, k.updated_at, k.last_used_at, u.handle \
     FROM housekey_passkey k JOIN housekey_user u ON u.id = k.user_id \
     WHERE k.user_id IN (SELECT value FROM json_each($1)) ORDER BY k.created_at, k.id",
    "SELECT k.id, k.user_id, k.credential_id, k.name, k.credential, k.sign_count, k.synced, k.created_at, k.updated_at, k.last_used_at, u.handle \
     FROM housekey_passkey k JOIN housekey_user u ON u.id = k.user_id \
     WHERE k.user_id IN (SELECT jsonb_array_elements_text(CAST(CAST($1 AS text) AS jsonb))) ORDER BY k.created_at, k.id",
);

/// Every statement of this module.
#[cfg(test)]
pub(crate) fn all() -> Vec<&'static Sql> {
    ALL.iter().copied().chain([&OF_USERS]).collect()
}

/// A passkey.
#[derive(Clone, Debug)]
pub struct PasskeyRow {
    /// Its id here.
    pub id: PasskeyId,
    /// Whose.
    pub user: UserId,
    /// The handle that its owner is known to authenticators by.
    pub handle: Vec<u8>,
    /// Its id in the ceremonies.
    pub credential_id: Vec<u8>,
    /// What its owner calls it.
    pub name: String,
    /// The public key and what else the ceremonies need, as JSON.
    pub credential: String,
    /// How often it has signed, as far as it counts.
    pub sign_count: i64,
    /// Whether it is kept on more than one device.
    pub synced: bool,
    /// When it was added.
    pub created: Time,
    /// When it was last changed.
    pub updated: Time,
    /// When it was last used.
    pub last_used: Option<Time>,
}

/// A passkey to keep.
#[derive(Clone, Debug)]
pub struct NewPasskey {
    /// Its id here.
    pub id: PasskeyId,
    /// Its id in the ceremonies.
    pub credential_id: Vec<u8>,
    /// What its owner calls it.
    pub name: String,
    /// The public key and what else the ceremonies need, as JSON.
    pub credential: String,
    /// How often it has signed.
    pub sign_count: i64,
    /// Whether it is kept on more than one device.
    pub synced: bool,
}

/// A passkey that signed, as it is from then on. It is right only while the row counts what it counted before.
#[derive(Clone, Debug)]
pub struct UsedPasskey {
    /// Which.
    pub id: PasskeyId,
    /// What the row counted.
    pub count_before: i64,
    /// What it counts now.
    pub count: i64,
    /// The public key and what else the ceremonies need, as JSON.
    pub credential: String,
    /// Whether it is kept on more than one device.
    pub synced: bool,
}

impl Reader {
    /// A user's passkeys, in the order they were added.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn passkeys(&self, user: &UserId) -> Result<Vec<PasskeyRow>, StoreError> {
        self.rows(&OF_USER, &[user.into()]).await?.iter().map(read).collect()
    }

    /// The passkeys of several users; the list of their ids is JSON.
    pub(crate) async fn passkeys_of(&self, users: &str) -> Result<Vec<PasskeyRow>, StoreError> {
        self.rows(&OF_USERS, &[users.into()]).await?.iter().map(read).collect()
    }

    /// The passkey with this credential id, whosever it is.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn passkey_by_credential(&self, credential_id: &[u8]) -> Result<Option<PasskeyRow>, StoreError> {
        self.optional(&BY_CREDENTIAL, &[credential_id.to_vec().into()]).await?.map(|r| read(&r)).transpose()
    }

    /// The handle that a user is known to authenticators by.
    ///
    /// # Errors
    /// When the database is out of reach or there is no such user.
    pub async fn user_handle(&self, user: &UserId) -> Result<[u8; 16], StoreError> {
        let row = self.optional(&HANDLE, &[user.into()]).await?.ok_or(StoreError::Conflict)?;
        row.bytes(0)?.try_into().map_err(|_| StoreError::corrupt("housekey_user", "handle", user.as_str()))
    }
}

impl Store {
    /// Gives a passkey another name. Answers whether the user has it.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn passkey_rename(
        &self,
        user: &UserId,
        id: &PasskeyId,
        name: String,
        event: Event,
    ) -> Result<bool, StoreError> {
        let (user, id) = (user.clone(), id.clone());
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_user(&user);
                let args = [(&id).into(), (&user).into(), name.as_str().into(), event.at.into()];
                if tx.execute(&RENAME, &args).await? != 1 {
                    return Ok(false);
                }
                events::insert(tx, &[event]).await.map(|()| true)
            })
        })
        .await
    }
}

pub(crate) async fn of(tx: &mut Tx, user: &UserId) -> Result<Vec<PasskeyRow>, StoreError> {
    tx.rows(&OF_USER, &[user.into()]).await?.iter().map(read).collect()
}

pub(crate) async fn insert(tx: &mut Tx, user: &UserId, new: &NewPasskey, now: Time) -> Result<(), StoreError> {
    let args = [
        (&new.id).into(),
        user.into(),
        new.credential_id.clone().into(),
        new.name.as_str().into(),
        new.credential.as_str().into(),
        new.sign_count.into(),
        i64::from(new.synced).into(),
        now.into(),
    ];
    tx.execute(&INSERT, &args).await.map(drop)
}

pub(crate) async fn use_up(tx: &mut Tx, user: &UserId, used: &UsedPasskey, now: Time) -> Result<u64, StoreError> {
    let args = [
        (&used.id).into(),
        user.into(),
        used.count_before.into(),
        used.credential.as_str().into(),
        used.count.into(),
        i64::from(used.synced).into(),
        now.into(),
    ];
    tx.execute(&USE, &args).await
}

pub(crate) async fn remove(tx: &mut Tx, user: &UserId, id: &PasskeyId) -> Result<u64, StoreError> {
    tx.execute(&DROP, &[id.into(), user.into()]).await
}

pub(crate) async fn remove_after(tx: &mut Tx, user: &UserId, after: Time) -> Result<u64, StoreError> {
    tx.execute(&DROP_AFTER, &[user.into(), after.into()]).await
}

/// Since when a passkey is asked for after other first factors; `None` is never.
pub(crate) async fn ask_after(tx: &mut Tx, user: &UserId, since: Option<Time>) -> Result<(), StoreError> {
    tx.execute(&ASK_AFTER, &[user.into(), since.map(Time::as_millis).into()]).await.map(drop)
}

fn read(r: &Row) -> Result<PasskeyRow, StoreError> {
    let id = r.text(0)?;
    let broken = |column| StoreError::corrupt("housekey_passkey", column, &id);
    let user = r.text(1)?;
    Ok(PasskeyRow {
        id: PasskeyId::try_from(id.as_str()).map_err(|_| broken("id"))?,
        user: UserId::try_from(user.as_str()).map_err(|_| broken("user_id"))?,
        credential_id: r.bytes(2)?,
        name: r.text(3)?,
        credential: r.text(4)?,
        sign_count: r.int(5)?,
        synced: r.int(6)? != 0,
        created: Time::from_millis(r.int(7)?),
        updated: Time::from_millis(r.int(8)?),
        last_used: r.opt_int(9)?.map(Time::from_millis),
        handle: r.bytes(10)?,
    })
}
