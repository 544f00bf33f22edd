//! Users: who they are, their password's hash, and the version that every way in is bound to.

use crate::{
    Reader, Store, StoreError,
    clients::{self, Rotation},
    error::Field,
    events,
    phones::{self, NewPhone},
    sign_ins::{self, Trail},
    sql::{Row, Sql, Tx},
    statements, trusted_devices, webhook_queue,
};
use housekey_core::{
    event::Event,
    identifier::{Identifier, phone::Phone, username::Username},
    ids::{EmailId, PhoneId, PictureId, UserId},
    password::PasswordHash,
    sign_in::{Account, Held},
    time::Time,
};

statements! {
    BY_EMAIL = "SELECT u.id, u.version, u.state, u.first_name, u.last_name, u.primary_email_id, u.device_epoch, u.event_key, \
        p.hash, p.set_at, u.created_at, e.id, e.address, u.updated_at, u.last_sign_in_at, u.last_active_at, u.external_id, \
        u.public_metadata, u.private_metadata, u.unsafe_metadata, u.picture_id, u.locked_until, u.legal_accepted_at, u.may_delete_self, \
        (SELECT t.verified_at FROM housekey_totp t WHERE t.user_id = u.id AND t.verified_at IS NOT NULL ORDER BY t.id LIMIT 1), \
        (SELECT COUNT(*) FROM housekey_backup_code b WHERE b.user_id = u.id AND b.used_at IS NULL), (SELECT COUNT(*) FROM housekey_passkey k WHERE k.user_id = u.id), u.passkey_after_at, u.two_step_due_at, p.compromised_at, u.frozen_until, u.username, u.primary_phone_id, u.guest_since, \
        (SELECT s.second_at FROM housekey_phone s WHERE s.user_id = u.id AND s.second_at IS NOT NULL ORDER BY s.second_at, s.id LIMIT 1) FROM housekey_email e JOIN housekey_user u ON u.id = e.user_id \
        LEFT JOIN housekey_password p ON p.user_id = u.id WHERE e.canonical = $1 AND e.verified_at IS NOT NULL";
    BY_ID = "SELECT u.id, u.version, u.state, u.first_name, u.last_name, u.primary_email_id, u.device_epoch, u.event_key, \
        p.hash, p.set_at, u.created_at, e.id, e.address, u.updated_at, u.last_sign_in_at, u.last_active_at, u.external_id, \
        u.public_metadata, u.private_metadata, u.unsafe_metadata, u.picture_id, u.locked_until, u.legal_accepted_at, u.may_delete_self, \
        (SELECT t.verified_at FROM housekey_totp t WHERE t.user_id = u.id AND t.verified_at IS NOT NULL ORDER BY t.id LIMIT 1), \
        (SELECT COUNT(*) FROM housekey_backup_code b WHERE b.user_id = u.id AND b.used_at IS NULL), (SELECT COUNT(*) FROM housekey_passkey k WHERE k.user_id = u.id), u.passkey_after_at, u.two_step_due_at, p.compromised_at, u.frozen_until, u.username, u.primary_phone_id, u.guest_since, \
        (SELECT s.second_at FROM housekey_phone s WHERE s.user_id = u.id AND s.second_at IS NOT NULL ORDER BY s.second_at, s.id LIMIT 1) FROM housekey_user u LEFT JOIN housekey_email e ON e.id = u.primary_email_id \
        LEFT JOIN housekey_password p ON p.user_id = u.id WHERE u.id = $1";
    BY_USERNAME = "SELECT u.id, u.version, u.state, u.first_name, u.last_name, u.primary_email_id, u.device_epoch, u.event_key, \
        p.hash, p.set_at, u.created_at, e.id, e.address, u.updated_at, u.last_sign_in_at, u.last_active_at, u.external_id, \
        u.public_metadata, u.private_metadata, u.unsafe_metadata, u.picture_id, u.locked_until, u.legal_accepted_at, u.may_delete_self, \
        (SELECT t.verified_at FROM housekey_totp t WHERE t.user_id = u.id AND t.verified_at IS NOT NULL ORDER BY t.id LIMIT 1), \
        (SELECT COUNT(*) FROM housekey_backup_code b WHERE b.user_id = u.id AND b.used_at IS NULL), (SELECT COUNT(*) FROM housekey_passkey k WHERE k.user_id = u.id), u.passkey_after_at, u.two_step_due_at, p.compromised_at, u.frozen_until, u.username, u.primary_phone_id, u.guest_since, \
        (SELECT s.second_at FROM housekey_phone s WHERE s.user_id = u.id AND s.second_at IS NOT NULL ORDER BY s.second_at, s.id LIMIT 1) FROM housekey_user u LEFT JOIN housekey_email e ON e.id = u.primary_email_id \
        LEFT JOIN housekey_password p ON p.user_id = u.id WHERE u.username_canonical = $1";
    INSERT = "INSERT INTO housekey_user (id, version, state, first_name, last_name, primary_email_id, device_epoch, event_key, handle, created_at, updated_at, \
        public_metadata, unsafe_metadata, legal_accepted_at, username, username_canonical, primary_phone_id, guest_since) \
        VALUES ($1, 1, 'active', $2, $3, $4, 0, $5, $6, $7, $7, $8, $9, $10, $11, $12, $13, $14)";
    BY_PHONE = "SELECT u.id, u.version, u.state, u.first_name, u.last_name, u.primary_email_id, u.device_epoch, u.event_key, \
        p.hash, p.set_at, u.created_at, e.id, e.address, u.updated_at, u.last_sign_in_at, u.last_active_at, u.external_id, \
        u.public_metadata, u.private_metadata, u.unsafe_metadata, u.picture_id, u.locked_until, u.legal_accepted_at, u.may_delete_self, \
        (SELECT t.verified_at FROM housekey_totp t WHERE t.user_id = u.id AND t.verified_at IS NOT NULL ORDER BY t.id LIMIT 1), \
        (SELECT COUNT(*) FROM housekey_backup_code b WHERE b.user_id = u.id AND b.used_at IS NULL), (SELECT COUNT(*) FROM housekey_passkey k WHERE k.user_id = u.id), u.passkey_after_at, u.two_step_due_at, p.compromised_at, u.frozen_until, u.username, u.primary_phone_id, u.guest_since, \
        (SELECT s.second_at FROM housekey_phone s WHERE s.user_id = u.id AND s.second_at IS NOT NULL ORDER BY s.second_at, s.id LIMIT 1) FROM housekey_phone f \
        JOIN housekey_user u ON u.id = f.user_id LEFT JOIN housekey_email e ON e.id = u.primary_email_id \
        LEFT JOIN housekey_password p ON p.user_id = u.id WHERE f.number = $1 AND f.verified_at IS NOT NULL";
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
    /// When anything of it last changed.
    pub updated: Time,
    /// When the last sign-in was.
    pub last_sign_in: Option<Time>,
    /// When it was last active, to the day.
    pub last_active: Option<Time>,
    /// The app's own id of the user.
    pub external_id: Option<String>,
    /// What the app keeps there for everybody to see: a JSON object.
    pub public_metadata: String,
    /// What the app keeps there for itself: a JSON object.
    pub private_metadata: String,
    /// What the person may change: a JSON object.
    pub unsafe_metadata: String,
    /// The picture's id, if there is one.
    pub picture: Option<PictureId>,
    /// Until when nobody may sign in to it.
    pub locked_until: Option<Time>,
    /// When the terms were accepted.
    pub legal_accepted: Option<Time>,
    /// Whether its owner may delete it.
    pub may_delete_self: bool,
    /// Since when it has an authenticator app, if it has one.
    pub totp_since: Option<Time>,
    /// How many backup codes are left.
    pub backup_codes: i64,
    /// How many passkeys it has.
    pub passkeys: i64,
    /// Since when a passkey is asked for after other first factors, if its owner wants that.
    pub passkey_after_since: Option<Time>,
    /// Since when a code to a phone is asked for after other first factors, if its owner wants that.
    pub phone_since: Option<Time>,
    /// Until when it may do without the second factor that it must have, where that was told.
    pub two_step_due: Option<Time>,
    /// Since when its password is known to others, if it is.
    pub password_compromised: Option<Time>,
    /// Until when nothing risky is changed of it.
    pub frozen_until: Option<Time>,
    /// The username, as chosen.
    pub username: Option<String>,
    /// The primary number's row.
    pub primary_phone: Option<PhoneId>,
    /// Since when it is a guest's, while it is.
    pub guest_since: Option<Time>,
}

impl UserRow {
    /// What it has that proves a second factor.
    pub fn held(&self) -> Held {
        Held {
            totp_since: self.totp_since,
            backup_codes: self.backup_codes,
            passkeys: self.passkeys,
            passkey_after_since: self.passkey_after_since,
            phone_since: self.phone_since,
        }
    }

    /// What to call the account by: the address, or the username where there is none.
    pub fn shown_name(&self) -> Option<String> {
        self.address.clone().or_else(|| self.username.clone())
    }

    /// What is known of the person, which no password is made of.
    pub fn words(&self) -> [Option<&str>; 4] {
        [self.first_name.as_deref(), self.last_name.as_deref(), self.address.as_deref(), self.username.as_deref()]
    }
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

impl Reader {
    /// The user who proved this address.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn user_by_email(&self, canonical: &str) -> Result<Option<UserRow>, StoreError> {
        self.optional(&BY_EMAIL, &[canonical.into()]).await?.map(|r| read(&r)).transpose()
    }

    /// The user whom this names; the address is the one that was asked for, else the primary one.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn user_by(&self, identifier: &Identifier) -> Result<Option<UserRow>, StoreError> {
        match identifier {
            Identifier::Email(email) => self.user_by_email(email.canonical()).await,
            Identifier::Username(name) => self.user_by_username(name.canonical()).await,
            Identifier::Phone(phone) => self.user_by_phone(phone).await,
        }
    }

    /// The user of this username, in its canonical form.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn user_by_username(&self, canonical: &str) -> Result<Option<UserRow>, StoreError> {
        self.optional(&BY_USERNAME, &[canonical.into()]).await?.map(|r| read(&r)).transpose()
    }

    /// The user who proved this number.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn user_by_phone(&self, number: &Phone) -> Result<Option<UserRow>, StoreError> {
        self.optional(&BY_PHONE, &[number.as_str().into()]).await?.map(|r| read(&r)).transpose()
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

    /// Gives the account another username, or takes it away.
    ///
    /// # Errors
    /// [`StoreError::Taken`] for another user's, [`StoreError::Conflict`] when the account was changed meanwhile.
    pub async fn set_username(
        &self,
        account: Account,
        username: Option<Username>,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                bind(tx, &account, true, now).await?;
                tx.touch_user(&account.user);
                set_username(tx, &account.user, username.as_ref(), now).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Replaces what the person may change, if it is still what it was.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it was changed meanwhile or there is no such active user.
    pub async fn set_unsafe_metadata(
        &self,
        user: &UserId,
        from: String,
        to: String,
        event: Event,
    ) -> Result<(), StoreError> {
        let user = user.clone();
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_user(&user);
                let args = [(&user).into(), from.into(), to.into(), event.at.into()];
                if tx.execute(&SET_UNSAFE, &args).await? != 1 {
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

    /// Deletes the user who asks, whose client gets a new secret.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the client was changed meanwhile or there is no such user.
    pub async fn delete_own(&self, user: &UserId, rotation: Rotation, event: Event) -> Result<(), StoreError> {
        let user = user.clone();
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_user(&user);
                clients::rotate(tx, &rotation, event.at).await?;
                if tx.execute(&DELETE, &[(&user).into()]).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                webhook_queue::forget_user(tx, &user).await?;
                events::insert(tx, &[event]).await
            })
        })
        .await
    }

    /// Deletes a user and all that hangs on it. The events stay, and can no longer be opened.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is no such user.
    pub async fn delete_user(&self, user: &UserId, event: Option<Event>) -> Result<(), StoreError> {
        let user = user.clone();
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_user(&user);
                if tx.execute(&DELETE, &[(&user).into()]).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                webhook_queue::forget_user(tx, &user).await?;
                events::insert(tx, event.as_slice()).await
            })
        })
        .await
    }
}

pub(crate) fn read(r: &Row) -> Result<UserRow, StoreError> {
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
        updated: Time::from_millis(r.int(13)?),
        last_sign_in: r.opt_int(14)?.map(Time::from_millis),
        last_active: r.opt_int(15)?.map(Time::from_millis),
        external_id: r.opt_text(16)?,
        public_metadata: r.text(17)?,
        private_metadata: r.text(18)?,
        unsafe_metadata: r.text(19)?,
        picture: r
            .opt_text(20)?
            .map(|t| PictureId::try_from(t.as_str()))
            .transpose()
            .map_err(|_| broken("picture_id"))?,
        locked_until: r.opt_int(21)?.map(Time::from_millis),
        legal_accepted: r.opt_int(22)?.map(Time::from_millis),
        may_delete_self: r.bool(23)?,
        totp_since: r.opt_int(24)?.map(Time::from_millis),
        backup_codes: r.int(25)?,
        passkeys: r.int(26)?,
        passkey_after_since: r.opt_int(27)?.map(Time::from_millis),
        two_step_due: r.opt_int(28)?.map(Time::from_millis),
        password_compromised: r.opt_int(29)?.map(Time::from_millis),
        frozen_until: r.opt_int(30)?.map(Time::from_millis),
        username: r.opt_text(31)?,
        primary_phone: r
            .opt_text(32)?
            .map(|t| PhoneId::try_from(t.as_str()))
            .transpose()
            .map_err(|_| broken("primary_phone_id"))?,
        guest_since: r.opt_int(33)?.map(Time::from_millis),
        phone_since: r.opt_int(34)?.map(Time::from_millis),
    })
}

/// A user, as it is in this transaction.
pub(crate) async fn one(tx: &mut Tx, id: &UserId) -> Result<Option<UserRow>, StoreError> {
    tx.optional(&BY_ID, &[id.into()]).await?.map(|r| read(&r)).transpose()
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
