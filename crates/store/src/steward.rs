//! What whoever keeps the instance does to users, without being one: made, changed, banned, locked.

use crate::{
    Store, StoreError, emails,
    error::Field,
    events, passwords,
    phones::{self, NewPhone},
    second_factors::{self, NewTotp},
    sessions,
    sign_ins::{self, Trail},
    sql::Tx,
    statements,
    users::{self, NewEmail, NewUser},
    verifications,
};
use housekey_core::{
    event::Event,
    identifier::username::Username,
    ids::{EmailId, PhoneId, SessionId, UserId},
    password::PasswordHash,
    sign_in::Account,
    time::Time,
};
use std::time::Duration;

statements! {
    MORE = "UPDATE housekey_user SET external_id = $2, private_metadata = $3, may_delete_self = $4, state = $5, locked_until = $6, created_at = $7 WHERE id = $1";
    CHANGE = "UPDATE housekey_user SET version = version + $4, first_name = $5, last_name = $6, external_id = $7, may_delete_self = $8, \
        legal_accepted_at = $9, created_at = $10, updated_at = $11 WHERE id = $1 AND version = $2 AND updated_at = $3";
    METADATA = "UPDATE housekey_user SET public_metadata = $5, private_metadata = $6, unsafe_metadata = $7, updated_at = $8 \
        WHERE id = $1 AND public_metadata = $2 AND private_metadata = $3 AND unsafe_metadata = $4";
    STATE = "UPDATE housekey_user SET state = $2, version = version + 1, updated_at = $3 WHERE id = $1";
    LOCK = "UPDATE housekey_user SET locked_until = $2, version = version + 1, updated_at = $3 WHERE id = $1";
    RAISE = "UPDATE housekey_user SET version = version + 1, updated_at = $3 WHERE id = $1 AND version = $2";
    TAKEN_ID = "SELECT id FROM housekey_user WHERE external_id = $1 AND id <> $2";
}

/// A user that an app's backend makes.
pub struct KeptUser {
    /// Whether its password is known to others.
    pub compromised: bool,
    /// As anybody's.
    pub user: NewUser,
    /// More proved addresses.
    pub more: Vec<NewEmail>,
    /// More proved numbers.
    pub more_phones: Vec<NewPhone>,
    /// The app's own id of the user.
    pub external_id: Option<String>,
    /// What the app keeps there for itself: a JSON object.
    pub private_metadata: String,
    /// Whether its owner may delete it.
    pub may_delete_self: bool,
    /// Whether it is banned from the start.
    pub banned: bool,
    /// Until when nobody may sign in to it.
    pub locked_until: Option<Time>,
    /// When the account was made, as the app says.
    pub created: Time,
    /// The authenticator app that it had elsewhere.
    pub totp: Option<NewTotp>,
}

/// What a user is to be from now on.
pub struct UserChange {
    /// The account as it was read.
    pub account: Account,
    /// When it had last changed.
    pub updated: Time,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// The app's own id of the user.
    pub external_id: Option<String>,
    /// Whether its owner may delete it.
    pub may_delete_self: bool,
    /// When the terms were accepted.
    pub legal_accepted: Option<Time>,
    /// When the account was made.
    pub created: Time,
    /// Another username, or none from now on.
    pub username: Option<Option<Username>>,
    /// A new primary address, one of the user's proved ones.
    pub primary: Option<EmailId>,
    /// A new primary number, one of the user's proved ones.
    pub primary_phone: Option<PhoneId>,
    /// A new password, and whether all sessions end with the old one.
    pub password: Option<(PasswordHash, bool)>,
}

/// Metadata: public, private, unsafe.
pub type Metadata = [String; 3];

impl Store {
    /// Makes a user.
    ///
    /// # Errors
    /// [`StoreError::Taken`] with [`Field::Email`] for an address that another user proved, with [`Field::Username`] for
    /// another user's name, with [`Field::Other`] for another user's external id.
    pub async fn keep_user(&self, new: KeptUser, trail: Trail, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let id = &new.user.id;
                free_external_id(tx, id, new.external_id.as_ref()).await?;
                users::insert(tx, &new.user, now).await?;
                if let Some(email) = &new.user.email {
                    emails::insert_proved(tx, id, email, now).await?;
                }
                // Addresses are told apart by when they were added: in the order in which they were named.
                let mut added = now;
                for email in &new.more {
                    added = added.plus(Duration::from_millis(1));
                    emails::insert_proved(tx, id, email, added).await?;
                }
                for phone in &new.more_phones {
                    added = added.plus(Duration::from_millis(1));
                    phones::insert_proved(tx, id, phone, added).await?;
                }
                let args = [
                    id.into(),
                    new.external_id.clone().into(),
                    new.private_metadata.as_str().into(),
                    new.may_delete_self.into(),
                    (if new.banned { "banned" } else { "active" }).into(),
                    new.locked_until.map(Time::as_millis).into(),
                    new.created.into(),
                ];
                tx.execute(&MORE, &args).await?;
                if new.compromised {
                    users::compromise(tx, id, Some(now)).await?;
                }
                if let Some(totp) = &new.totp {
                    second_factors::import(tx, id, totp, now).await?;
                }
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Changes a user. A new password, username or primary address makes every proof of before void.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the user was changed meanwhile, [`StoreError::Taken`] for another user's external
    /// id or username.
    pub async fn change_user(&self, change: UserChange, trail: Trail, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let user = &change.account.user;
                tx.touch_user(user);
                free_external_id(tx, user, change.external_id.as_ref()).await?;
                let raise = change.password.is_some() || change.primary.is_some() || change.username.is_some();
                let args = [
                    user.into(),
                    change.account.version.into(),
                    change.updated.into(),
                    i64::from(raise).into(),
                    change.first_name.clone().into(),
                    change.last_name.clone().into(),
                    change.external_id.clone().into(),
                    change.may_delete_self.into(),
                    change.legal_accepted.map(Time::as_millis).into(),
                    change.created.into(),
                    now.into(),
                ];
                if tx.execute(&CHANGE, &args).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                if let Some(username) = &change.username {
                    users::set_username(tx, user, username.as_ref(), now).await?;
                }
                if let Some(email) = &change.primary {
                    users::set_primary(tx, user, email, now).await?;
                    verifications::kill_of_user(tx, user).await?;
                }
                if let Some(phone) = &change.primary_phone {
                    users::set_primary_phone(tx, user, Some(phone), now).await?;
                }
                if let Some((hash, sign_out)) = &change.password {
                    users::put_password(tx, user, hash, now).await?;
                    verifications::kill_of_user(tx, user).await?;
                    if *sign_out {
                        passwords::end_what_it_opened(tx, user, None).await?;
                    }
                }
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Takes a user's password away, and all that it opened where that is wanted.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the user was changed meanwhile.
    pub async fn take_password(&self, account: Account, sign_out: bool, event: Event) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                raise(tx, &account, event.at).await?;
                users::drop_password(tx, &account.user).await?;
                if sign_out {
                    passwords::end_what_it_opened(tx, &account.user, None).await?;
                }
                events::insert(tx, &[event]).await
            })
        })
        .await
    }

    /// Replaces a user's metadata, if they are still what they were.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when they were changed meanwhile.
    pub async fn set_metadata(
        &self,
        user: &UserId,
        from: Metadata,
        to: Metadata,
        event: Event,
    ) -> Result<(), StoreError> {
        let user = user.clone();
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_user(&user);
                let mut args = vec![(&user).into()];
                args.extend(from.into_iter().chain(to).map(Into::into));
                args.push(event.at.into());
                if tx.execute(&METADATA, &args).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                events::insert(tx, &[event]).await
            })
        })
        .await
    }

    /// Bans a user, whose sessions end, or lifts the ban.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is no such user.
    pub async fn set_banned(&self, user: &UserId, banned: bool, event: Event) -> Result<(), StoreError> {
        let user = user.clone();
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_user(&user);
                let state = if banned { "banned" } else { "active" };
                if tx.execute(&STATE, &[(&user).into(), state.into(), event.at.into()]).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                if banned {
                    sessions::end_others(tx, &user, None::<&SessionId>).await?;
                    verifications::kill_of_user(tx, &user).await?;
                }
                events::insert(tx, &[event]).await
            })
        })
        .await
    }

    /// Locks a user until then: nobody signs in to it. Or lifts the lock.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is no such user.
    pub async fn set_locked(&self, user: &UserId, until: Option<Time>, event: Event) -> Result<(), StoreError> {
        let user = user.clone();
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_user(&user);
                let args = [(&user).into(), until.map(Time::as_millis).into(), event.at.into()];
                if tx.execute(&LOCK, &args).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                events::insert(tx, &[event]).await
            })
        })
        .await
    }
}

/// Every proof of before is void from now on, whatever state the user is in.
pub(crate) async fn raise(tx: &mut Tx, account: &Account, now: Time) -> Result<(), StoreError> {
    tx.touch_user(&account.user);
    match tx.execute(&RAISE, &[(&account.user).into(), account.version.into(), now.into()]).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

async fn free_external_id(tx: &mut Tx, user: &UserId, id: Option<&String>) -> Result<(), StoreError> {
    let Some(id) = id else { return Ok(()) };
    match tx.optional(&TAKEN_ID, &[id.as_str().into(), user.into()]).await? {
        Some(_) => Err(StoreError::Taken(Field::Other)),
        None => Ok(()),
    }
}
