//! Users: who they are, their password's hash, and the version that every way in is bound to.

mod changes;
pub(crate) mod row;

pub use row::UserRow;
pub(crate) use row::{one, read, user_columns};

use crate::{
    StoreError,
    error::Field,
    phones::{self, NewPhone},
    sql::{Sql, Tx},
    statements, trusted_devices,
};
use housekey_core::{
    identifier::username::Username,
    ids::{EmailId, PhoneId, PictureId, UserId},
    password::PasswordHash,
    sign_in::Account,
    time::Time,
};

statements! {
    INSERT = "INSERT INTO housekey_user (id, version, state, first_name, last_name, primary_email_id, device_epoch, event_key, handle, created_at, updated_at, \
        public_metadata, unsafe_metadata, legal_accepted_at, username, username_canonical, primary_phone_id, guest_since) \
        VALUES ($1, 1, 'active', $2, $3, $4, 0, $5, $6, $7, $7, $8, $9, $10, $11, $12, $13, $14)";
    USERNAME_TAKEN = "SELECT id FROM housekey_user WHERE username_canonical = $1 AND id <> $2";
    SET_USERNAME = "UPDATE housekey_user SET username = $2, username_canonical = $3, updated_at = $4 WHERE id = $1";
    BIND = "UPDATE housekey_user SET version = version + $3, updated_at = $4 WHERE id = $1 AND version = $2 AND state = 'active'";
    BIND_KEPT = "UPDATE housekey_user SET version = version + $3, updated_at = $4 WHERE id = $1 AND version = $2";
    BIND_SIGN_IN = "UPDATE housekey_user SET version = version + $3, updated_at = $4, last_sign_in_at = $4 \
        WHERE id = $1 AND version = $2 AND state = 'active'";
    NAME = "UPDATE housekey_user SET first_name = $2, last_name = $3, updated_at = $4 WHERE id = $1 AND state = 'active'";
    SET_UNSAFE = "UPDATE housekey_user SET unsafe_metadata = $3, updated_at = $4 WHERE id = $1 AND unsafe_metadata = $2 AND state = 'active'";
    SET_PICTURE = "UPDATE housekey_user SET picture_id = $2, updated_at = $3 WHERE id = $1 AND state = 'active'";
    NEW_EPOCH = "UPDATE housekey_user SET device_epoch = device_epoch + 1 WHERE id = $1";
    PUT_PASSWORD = "INSERT INTO housekey_password (user_id, hash, set_at) VALUES ($1, $2, $3) \
        ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at, compromised_at = NULL";
    COMPROMISE = "UPDATE housekey_password SET compromised_at = $2 WHERE user_id = $1";
    FREEZE = "UPDATE housekey_user SET frozen_until = $2 WHERE id = $1";
    DROP_PASSWORD = "DELETE FROM housekey_password WHERE user_id = $1";
    REHASH = "UPDATE housekey_password SET hash = $3 WHERE user_id = $1 AND hash = $2";
    SET_PRIMARY = "UPDATE housekey_user SET primary_email_id = $2, updated_at = $3 WHERE id = $1";
    SET_TWO_STEP_DUE = "UPDATE housekey_user SET two_step_due_at = $2 WHERE id = $1 AND two_step_due_at IS NULL";
    SET_PRIMARY_PHONE = "UPDATE housekey_user SET primary_phone_id = $2, updated_at = $3 WHERE id = $1";
    FIRST_PRIMARY_PHONE = "UPDATE housekey_user SET primary_phone_id = $2 WHERE id = $1 AND primary_phone_id IS NULL";
    FIRST_PRIMARY = "UPDATE housekey_user SET primary_email_id = $2 WHERE id = $1 AND primary_email_id IS NULL";
    SET_STATE = "UPDATE housekey_user SET state = $2, version = version + 1, updated_at = $3 WHERE id = $1";
    DELETE = "DELETE FROM housekey_user WHERE id = $1";
}

/// A proved address that a new user gets.
#[derive(Clone)]
pub struct NewEmail {
    /// The address's row.
    pub id: EmailId,
    /// As typed.
    pub address: String,
    /// Its canonical form.
    pub canonical: String,
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
    /// The proved address that mail goes to, if it has one.
    pub email: Option<NewEmail>,
    /// The username, if it has one.
    pub username: Option<Username>,
    /// The proved number, if it has one.
    pub phone: Option<NewPhone>,
    /// The password's hash, if it has one.
    pub password: Option<PasswordHash>,
    /// What the app keeps there for everybody to see: a JSON object.
    pub public_metadata: String,
    /// What the person may change: a JSON object.
    pub unsafe_metadata: String,
    /// When the terms were accepted.
    pub legal_accepted: Option<Time>,
    /// The sealed key of this user's events.
    pub event_key: Vec<u8>,
    /// The random handle that passkeys know the user by.
    pub handle: [u8; 16],
    /// Since when it is a guest's, if it is.
    pub guest_since: Option<Time>,
}

/// Binds the operation to the account as the proof saw it; `raise` makes every other proof void.
pub(crate) async fn bind(tx: &mut Tx, account: &Account, raise: bool, now: Time) -> Result<(), StoreError> {
    bind_by(&BIND, tx, account, raise, now).await
}

/// The same for what an app's backend does, which a ban does not stop.
pub(crate) async fn bind_kept(tx: &mut Tx, account: &Account, raise: bool, now: Time) -> Result<(), StoreError> {
    bind_by(&BIND_KEPT, tx, account, raise, now).await
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
        new.email.as_ref().map(|email| email.id.as_str().to_owned()).into(),
        new.event_key.clone().into(),
        new.handle.to_vec().into(),
        now.into(),
        new.public_metadata.as_str().into(),
        new.unsafe_metadata.as_str().into(),
        new.legal_accepted.map(Time::as_millis).into(),
        new.username.as_ref().map(|name| name.typed().to_owned()).into(),
        new.username.as_ref().map(|name| name.canonical().to_owned()).into(),
        new.phone.as_ref().map(|phone| phone.id.as_str().to_owned()).into(),
        new.guest_since.map(Time::as_millis).into(),
    ];
    free_username(tx, &new.id, new.username.as_ref()).await?;
    tx.execute(&INSERT, &args).await?;
    put_ways_in(tx, new, now).await
}

/// The number and the password of a user whose row is there.
pub(crate) async fn put_ways_in(tx: &mut Tx, new: &NewUser, now: Time) -> Result<(), StoreError> {
    if let Some(phone) = &new.phone {
        phones::insert_proved(tx, &new.id, phone, now).await?;
    }
    match &new.password {
        Some(hash) => put_password(tx, &new.id, hash, now).await,
        None => Ok(()),
    }
}

pub(crate) async fn set_picture(
    tx: &mut Tx,
    user: &UserId,
    picture: Option<&PictureId>,
    now: Time,
) -> Result<(), StoreError> {
    let picture = picture.map(|p| p.as_str().to_owned());
    match tx.execute(&SET_PICTURE, &[user.into(), picture.into(), now.into()]).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
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

/// Until when the user may do without a second factor. What was told before stands.
pub(crate) async fn set_two_step_due(tx: &mut Tx, user: &UserId, due: Time) -> Result<(), StoreError> {
    tx.execute(&SET_TWO_STEP_DUE, &[user.into(), due.into()]).await.map(drop)
}

/// The password is known to others since then, or is not any more. Nothing happens where there is none.
pub(crate) async fn compromise(tx: &mut Tx, user: &UserId, since: Option<Time>) -> Result<(), StoreError> {
    tx.execute(&COMPROMISE, &[user.into(), since.map(Time::as_millis).into()]).await.map(drop)
}

/// Nothing risky is changed until then, or from now on it may be.
pub(crate) async fn freeze(tx: &mut Tx, user: &UserId, until: Option<Time>) -> Result<(), StoreError> {
    tx.execute(&FREEZE, &[user.into(), until.map(Time::as_millis).into()]).await.map(drop)
}

/// All known devices become unknown, and with them those that are trusted.
pub(crate) async fn new_device_epoch(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    tx.execute(&NEW_EPOCH, &[user.into()]).await?;
    trusted_devices::drop_of_user(tx, user).await
}

/// Sets or removes the username.
pub(crate) async fn set_username(
    tx: &mut Tx,
    user: &UserId,
    username: Option<&Username>,
    now: Time,
) -> Result<(), StoreError> {
    free_username(tx, user, username).await?;
    let typed = username.map(|name| name.typed().to_owned());
    let canonical = username.map(|name| name.canonical().to_owned());
    tx.execute(&SET_USERNAME, &[user.into(), typed.into(), canonical.into(), now.into()]).await.map(drop)
}

/// Whoever comes in the same moment meets the index.
pub(crate) async fn free_username(tx: &mut Tx, user: &UserId, username: Option<&Username>) -> Result<(), StoreError> {
    let Some(name) = username else { return Ok(()) };
    match tx.optional(&USERNAME_TAKEN, &[name.canonical().into(), user.into()]).await? {
        Some(_) => Err(StoreError::Taken(Field::Username)),
        None => Ok(()),
    }
}

pub(crate) async fn set_primary_phone(
    tx: &mut Tx,
    user: &UserId,
    phone: Option<&PhoneId>,
    now: Time,
) -> Result<(), StoreError> {
    let phone = phone.map(|id| id.as_str().to_owned());
    tx.execute(&SET_PRIMARY_PHONE, &[user.into(), phone.into(), now.into()]).await.map(drop)
}

pub(crate) async fn first_primary_phone(tx: &mut Tx, user: &UserId, phone: &PhoneId) -> Result<(), StoreError> {
    tx.execute(&FIRST_PRIMARY_PHONE, &[user.into(), phone.into()]).await.map(drop)
}

/// The first proved address of somebody who had none is where mail goes.
pub(crate) async fn first_primary(tx: &mut Tx, user: &UserId, email: &EmailId) -> Result<(), StoreError> {
    tx.execute(&FIRST_PRIMARY, &[user.into(), email.into()]).await.map(drop)
}

pub(crate) async fn set_primary(tx: &mut Tx, user: &UserId, email: &EmailId, now: Time) -> Result<(), StoreError> {
    tx.execute(&SET_PRIMARY, &[user.into(), email.into(), now.into()]).await.map(drop)
}
