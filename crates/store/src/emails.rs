//! E-mail addresses of users. A proved address belongs to one user; an unproved one grants nothing (SEC-25).

use crate::{
    Reader, Store, StoreError,
    error::Field,
    links::{self, NewLink},
    sessions,
    sign_ins::{self, Trail},
    sql::{Row, Tx},
    statements,
    users::{self, NewEmail},
    verifications,
};
use housekey_core::{
    ids::{ClientId, EmailId, SessionId, UserId, VerificationId},
    sign_in::Account,
    time::Time,
};

statements! {
    INSERT = "INSERT INTO housekey_email (id, user_id, address, canonical, verified_at, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    OF_USER = "SELECT id, address, canonical, verified_at, created_at FROM housekey_email WHERE user_id = $1 ORDER BY created_at, id LIMIT 100";
    ONE = "SELECT id, address, canonical, verified_at, created_at FROM housekey_email WHERE id = $1 AND user_id = $2";
    COUNT = "SELECT COUNT(*) FROM housekey_email WHERE user_id = $1";
    TAKEN = "SELECT id FROM housekey_email WHERE canonical = $1 AND verified_at IS NOT NULL AND id <> $2";
    PROVE = "UPDATE housekey_email SET verified_at = $3 WHERE id = $1 AND user_id = $2";
    PROVED_OTHERS = "SELECT id FROM housekey_email WHERE user_id = $1 AND id <> $2 AND verified_at IS NOT NULL ORDER BY created_at, id LIMIT 1";
    REMOVE = "DELETE FROM housekey_email WHERE id = $1 AND user_id = $2";
}

/// How many addresses a user may have.
pub const MOST: i64 = 20;

/// An address of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailRow {
    /// Its row.
    pub id: EmailId,
    /// As typed.
    pub address: String,
    /// In its canonical form.
    pub canonical: String,
    /// When it was proved, if it was.
    pub verified: Option<Time>,
    /// When it was added.
    pub created: Time,
}

impl Reader {
    /// The addresses of a user, in the order they were added.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn emails_of_user(&self, user: &UserId) -> Result<Vec<EmailRow>, StoreError> {
        self.rows(&OF_USER, &[user.into()]).await?.iter().map(read).collect()
    }

    /// One address of a user.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn email(&self, id: &EmailId, user: &UserId) -> Result<Option<EmailRow>, StoreError> {
        self.optional(&ONE, &[id.into(), user.into()]).await?.map(|r| read(&r)).transpose()
    }
}

impl Store {
    /// Adds an unproved address.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when this user has it already or has too many.
    pub async fn email_add(
        &self,
        account: Account,
        id: EmailId,
        address: String,
        canonical: String,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind(tx, &account, true, now).await?;
                tx.touch_user(&account.user);
                let row = tx.optional(&COUNT, &[(&account.user).into()]).await?;
                let count = row.map(|r| r.int(0)).transpose()?.unwrap_or_default();
                let none = None::<i64>.into();
                let args = [(&id).into(), (&account.user).into(), address.into(), canonical.into(), none, now.into()];
                if count >= MOST || tx.execute(&INSERT, &args).await? != 1 {
                    return Err(StoreError::Taken(Field::Email));
                }
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// A code was sent to an address of the account.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn leave_trail(&self, trail: Trail, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| Box::pin(async move { sign_ins::leave(tx, &trail, now).await })).await
    }

    /// The code was typed: the address is proved.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another user proved it first.
    pub async fn email_prove(
        &self,
        account: Account,
        email: EmailRow,
        (client, spent): (ClientId, VerificationId),
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind(tx, &account, true, now).await?;
                tx.touch_user(&account.user);
                let id = &email.id;
                if tx.optional(&TAKEN, &[email.canonical.as_str().into(), id.into()]).await?.is_some() {
                    return Err(StoreError::Taken(Field::Email));
                }
                if tx.execute(&PROVE, &[id.into(), (&account.user).into(), now.into()]).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                users::first_primary(tx, &account.user, id).await?;
                verifications::take(tx, &client, &spent).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Another proved address becomes the primary one; all other sessions end (SEC-26), and the old address may undo it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account was changed meanwhile.
    pub async fn email_make_primary(
        &self,
        account: Account,
        email: EmailId,
        keep: SessionId,
        undo: Option<NewLink>,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind(tx, &account, true, now).await?;
                tx.touch_user(&account.user);
                users::set_primary(tx, &account.user, &email, now).await?;
                sessions::end_others(tx, &account.user, Some(&keep)).await?;
                if let Some(link) = &undo {
                    links::insert(tx, link, now).await?;
                }
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Removes an address that is not the primary one and not the last proved one.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when no other proved address is left, [`StoreError::Conflict`] when the account was
    /// changed meanwhile.
    pub async fn email_remove(
        &self,
        account: Account,
        email: EmailId,
        undo: Option<NewLink>,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind(tx, &account, true, now).await?;
                tx.touch_user(&account.user);
                let user = &account.user;
                if tx.optional(&PROVED_OTHERS, &[user.into(), (&email).into()]).await?.is_none() {
                    return Err(StoreError::Taken(Field::Email));
                }
                if tx.execute(&REMOVE, &[(&email).into(), user.into()]).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                if let Some(link) = &undo {
                    links::insert(tx, link, now).await?;
                }
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// The former owner of the primary address takes it back: the address returns, proved and primary, the one that
    /// replaced it goes, every session ends, and the password no longer opens the account.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the link was used or the account is gone, [`StoreError::Taken`] when the address
    /// belongs to another account by now.
    pub async fn email_undo(&self, undo: Undo, trail: Trail, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind(tx, &undo.account, true, now).await?;
                let user = &undo.account.user;
                tx.touch_user(user);
                links::take(tx, &undo.link).await?;
                if tx.optional(&TAKEN, &[undo.canonical.as_str().into(), (&undo.back).into()]).await?.is_some() {
                    return Err(StoreError::Taken(Field::Email));
                }
                if let Some(replaced) = &undo.replaced {
                    tx.execute(&REMOVE, &[replaced.into(), user.into()]).await?;
                }
                let args = [
                    (&undo.back).into(),
                    user.into(),
                    undo.address.as_str().into(),
                    undo.canonical.as_str().into(),
                    now.into(),
                    now.into(),
                ];
                tx.execute(&INSERT, &args).await?;
                tx.execute(&PROVE, &[(&undo.back).into(), user.into(), now.into()]).await?;
                users::set_primary(tx, user, &undo.back, now).await?;
                users::drop_password(tx, user).await?;
                users::new_device_epoch(tx, user).await?;
                verifications::kill_of_user(tx, user).await?;
                links::kill_of_user(tx, user).await?;
                sessions::end_others(tx, user, None).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }
}

/// An undo of a change of addresses.
#[derive(Clone, Debug)]
pub struct Undo {
    /// The account as it is now.
    pub account: Account,
    /// The link's row, to be used up.
    pub link: String,
    /// The row that the address had, and gets again.
    pub back: EmailId,
    /// The address as typed.
    pub address: String,
    /// Its canonical form.
    pub canonical: String,
    /// The address that took its place.
    pub replaced: Option<EmailId>,
}

pub(crate) fn read(r: &Row) -> Result<EmailRow, StoreError> {
    let id = r.text(0)?;
    Ok(EmailRow {
        id: EmailId::try_from(id.as_str()).map_err(|_| StoreError::corrupt("housekey_email", "id", &id))?,
        address: r.text(1)?,
        canonical: r.text(2)?,
        verified: r.opt_int(3)?.map(Time::from_millis),
        created: Time::from_millis(r.int(4)?),
    })
}

/// The addresses of a user, as they are in this transaction.
pub(crate) async fn of(tx: &mut Tx, user: &UserId) -> Result<Vec<EmailRow>, StoreError> {
    tx.rows(&OF_USER, &[user.into()]).await?.iter().map(read).collect()
}

/// A proved address of a new user; whoever comes second is told that it is taken.
pub(crate) async fn insert_proved(tx: &mut Tx, user: &UserId, email: &NewEmail, now: Time) -> Result<(), StoreError> {
    let args = [
        (&email.id).into(),
        user.into(),
        email.address.as_str().into(),
        email.canonical.as_str().into(),
        now.into(),
        now.into(),
    ];
    match tx.execute(&INSERT, &args).await? {
        1 => Ok(()),
        _ => Err(StoreError::Taken(Field::Email)),
    }
}
