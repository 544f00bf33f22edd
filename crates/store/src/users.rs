//! Users: who they are, their password's hash, and the version that every way in is bound to.

use crate::{
    Reader, Store, StoreError, events,
    sql::{Row, Sql, Tx},
    statements,
};
use housekey_core::{
    event::Event,
    ids::{EmailId, UserId},
    password::PasswordHash,
    sign_in::Account,
    time::Time,
};

statements! {
    BY_EMAIL = "SELECT u.id, u.version, u.state, u.first_name, u.last_name, u.primary_email_id, u.device_epoch, u.event_key, \
        p.hash, p.set_at, u.created_at, e.id, e.address FROM housekey_email e JOIN housekey_user u ON u.id = e.user_id \
        LEFT JOIN housekey_password p ON p.user_id = u.id WHERE e.canonical = $1 AND e.verified_at IS NOT NULL";
    BY_ID = "SELECT u.id, u.version, u.state, u.first_name, u.last_name, u.primary_email_id, u.device_epoch, u.event_key, \
        p.hash, p.set_at, u.created_at, e.id, e.address FROM housekey_user u LEFT JOIN housekey_email e ON e.id = u.primary_email_id \
        LEFT JOIN housekey_password p ON p.user_id = u.id WHERE u.id = $1";
    INSERT = "INSERT INTO housekey_user (id, version, state, first_name, last_name, primary_email_id, device_epoch, event_key, handle, created_at, updated_at) \
        VALUES ($1, 1, 'active', $2, $3, $4, 0, $5, $6, $7, $7)";
    BIND = "UPDATE housekey_user SET version = version + $3, updated_at = $4 WHERE id = $1 AND version = $2 AND state = 'active'";
    BIND_SIGN_IN = "UPDATE housekey_user SET version = version + $3, updated_at = $4, last_sign_in_at = $4 \
        WHERE id = $1 AND version = $2 AND state = 'active'";
    NAME = "UPDATE housekey_user SET first_name = $2, last_name = $3, updated_at = $4 WHERE id = $1 AND state = 'active'";
    NEW_EPOCH = "UPDATE housekey_user SET device_epoch = device_epoch + 1 WHERE id = $1";
    PUT_PASSWORD = "INSERT INTO housekey_password (user_id, hash, set_at) VALUES ($1, $2, $3) \
        ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at";
    DROP_PASSWORD = "DELETE FROM housekey_password WHERE user_id = $1";
    REHASH = "UPDATE housekey_password SET hash = $3 WHERE user_id = $1 AND hash = $2";
    SET_PRIMARY = "UPDATE housekey_user SET primary_email_id = $2, updated_at = $3 WHERE id = $1";
    SET_STATE = "UPDATE housekey_user SET state = $2, version = version + 1, updated_at = $3 WHERE id = $1";
    DELETE = "DELETE FROM housekey_user WHERE id = $1";
}

/// A user with the primary (or the asked-for) address and the password's hash.
pub struct UserRow {
    /// Id and version, as proofs need them.
    pub account: Account,
    /// `active`, `banned`…
    pub state: String,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// The primary address's row.
    pub primary_email: Option<EmailId>,
    /// Rises when all known devices become unknown.
    pub device_epoch: i64,
    /// The sealed key of this user's events; absent once the person was erased.
    pub event_key: Option<Vec<u8>>,
    /// The password's hash, if there is one.
    pub password: Option<PasswordHash>,
    /// When the password was set.
    pub password_set: Option<Time>,
    /// When the account was made.
    pub created: Time,
    /// The address's row: the one asked for, else the primary one.
    pub email: Option<EmailId>,
    /// That address, as typed.
    pub address: Option<String>,
}

/// A user to make.
#[derive(Clone)]
pub struct NewUser {
    /// The id.
    pub id: UserId,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// The id that the proved address gets.
    pub email: EmailId,
    /// The address as typed.
    pub address: String,
    /// Its canonical form.
    pub canonical: String,
    /// The password's hash.
    pub password: PasswordHash,
    /// The sealed key of this user's events.
    pub event_key: Vec<u8>,
    /// The random handle that passkeys know the user by.
    pub handle: [u8; 16],
}

impl Reader {
    /// The user who proved this address.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn user_by_email(&self, canonical: &str) -> Result<Option<UserRow>, StoreError> {
        self.optional(&BY_EMAIL, &[canonical.into()]).await?.map(|r| read(&r)).transpose()
    }

    /// A user by id, with the primary address.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn user(&self, id: &UserId) -> Result<Option<UserRow>, StoreError> {
        self.optional(&BY_ID, &[id.into()]).await?.map(|r| read(&r)).transpose()
    }
}

impl Store {
    /// Sets the name.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is no such active user.
    pub async fn set_name(
        &self,
        user: &UserId,
        first: Option<String>,
        last: Option<String>,
        event: Event,
    ) -> Result<(), StoreError> {
        let user = user.clone();
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_user(&user);
                let args = [(&user).into(), first.into(), last.into(), event.at.into()];
                if tx.execute(&NAME, &args).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                events::insert(tx, &[event]).await
            })
        })
        .await
    }

    /// Sets the state (`active`, `banned`) from the console. Every proof made before is void.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is no such user.
    pub async fn set_state(&self, user: &UserId, state: &'static str, now: Time) -> Result<(), StoreError> {
        let user = user.clone();
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_user(&user);
                match tx.execute(&SET_STATE, &[(&user).into(), state.into(), now.into()]).await? {
                    1 => Ok(()),
                    _ => Err(StoreError::Conflict),
                }
            })
        })
        .await
    }

    /// Deletes a user and all that hangs on it. The events stay, and can no longer be opened.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is no such user.
    pub async fn delete_user(&self, user: &UserId) -> Result<(), StoreError> {
        let user = user.clone();
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_user(&user);
                match tx.execute(&DELETE, &[(&user).into()]).await? {
                    1 => Ok(()),
                    _ => Err(StoreError::Conflict),
                }
            })
        })
        .await
    }
}

fn read(r: &Row) -> Result<UserRow, StoreError> {
    let id = r.text(0)?;
    let broken = |column| StoreError::corrupt("housekey_user", column, &id);
    let email_id = |text: Option<String>, column| {
        text.map(|t| EmailId::try_from(t.as_str())).transpose().map_err(|_| broken(column))
    };
    Ok(UserRow {
        account: Account { user: UserId::try_from(id.as_str()).map_err(|_| broken("id"))?, version: r.int(1)? },
        state: r.text(2)?,
        first_name: r.opt_text(3)?,
        last_name: r.opt_text(4)?,
        primary_email: email_id(r.opt_text(5)?, "primary_email_id")?,
        device_epoch: r.int(6)?,
        event_key: r.opt_bytes(7)?,
        password: r.opt_text(8)?.map(PasswordHash::from_stored),
        password_set: r.opt_int(9)?.map(Time::from_millis),
        created: Time::from_millis(r.int(10)?),
        email: email_id(r.opt_text(11)?, "email_id")?,
        address: r.opt_text(12)?,
    })
}

/// Binds the operation to the account as the proof saw it; `raise` makes every other proof void.
pub(crate) async fn bind(tx: &mut Tx, account: &Account, raise: bool, now: Time) -> Result<(), StoreError> {
    bind_by(&BIND, tx, account, raise, now).await
}

/// The same for a sign-in, which is noted.
pub(crate) async fn bind_sign_in(tx: &mut Tx, account: &Account, raise: bool, now: Time) -> Result<(), StoreError> {
    bind_by(&BIND_SIGN_IN, tx, account, raise, now).await
}

async fn bind_by(sql: &'static Sql, tx: &mut Tx, account: &Account, raise: bool, now: Time) -> Result<(), StoreError> {
    let args = [(&account.user).into(), account.version.into(), i64::from(raise).into(), now.into()];
    match tx.execute(sql, &args).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

pub(crate) async fn insert(tx: &mut Tx, new: &NewUser, now: Time) -> Result<(), StoreError> {
    let args = [
        (&new.id).into(),
        new.first_name.clone().into(),
        new.last_name.clone().into(),
        (&new.email).into(),
        new.event_key.clone().into(),
        new.handle.to_vec().into(),
        now.into(),
    ];
    tx.execute(&INSERT, &args).await?;
    put_password(tx, &new.id, &new.password, now).await
}

pub(crate) async fn put_password(tx: &mut Tx, user: &UserId, hash: &PasswordHash, now: Time) -> Result<(), StoreError> {
    tx.execute(&PUT_PASSWORD, &[user.into(), hash.expose().into(), now.into()]).await.map(drop)
}

pub(crate) async fn drop_password(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    tx.execute(&DROP_PASSWORD, &[user.into()]).await.map(drop)
}

/// A better hash of the same password. Nothing happens when somebody changed it meanwhile.
pub(crate) async fn rehash(
    tx: &mut Tx,
    user: &UserId,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<(), StoreError> {
    tx.execute(&REHASH, &[user.into(), old.expose().into(), new.expose().into()]).await.map(drop)
}

pub(crate) async fn new_device_epoch(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    tx.execute(&NEW_EPOCH, &[user.into()]).await.map(drop)
}

pub(crate) async fn set_primary(tx: &mut Tx, user: &UserId, email: &EmailId, now: Time) -> Result<(), StoreError> {
    tx.execute(&SET_PRIMARY, &[user.into(), email.into(), now.into()]).await.map(drop)
}
