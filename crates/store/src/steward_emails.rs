//! Addresses of users as whoever keeps the instance sets them: proved by that word alone.

use crate::{
    Reader, Store, StoreError,
    emails::{self, EmailRow, MOST},
    error::Field,
    links,
    sign_ins::{self, Trail},
    sql::Tx,
    statements,
    steward::raise,
    users, verifications,
};
use housekey_core::{
    ids::{EmailId, UserId},
    sign_in::Account,
    time::Time,
};

statements! {
    ANY = "SELECT id, address, canonical, verified_at, created_at, user_id FROM housekey_email WHERE id = $1";
    INSERT = "INSERT INTO housekey_email (id, user_id, address, canonical, verified_at, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    COUNT = "SELECT COUNT(*) FROM housekey_email WHERE user_id = $1";
    TAKEN = "SELECT id FROM housekey_email WHERE canonical = $1 AND verified_at IS NOT NULL AND id <> $2";
    PROVE = "UPDATE housekey_email SET verified_at = $3 WHERE id = $1 AND user_id = $2";
    UNPROVE = "UPDATE housekey_email SET verified_at = NULL WHERE id = $1 AND user_id = $2";
    NEXT = "SELECT id FROM housekey_email WHERE user_id = $1 AND id <> $2 AND verified_at IS NOT NULL ORDER BY created_at, id LIMIT 1";
    REMOVE = "DELETE FROM housekey_email WHERE id = $1 AND user_id = $2";
    REMOVE_OTHERS = "DELETE FROM housekey_email WHERE user_id = $1 AND id <> $2";
}

/// An address that a user gets.
pub struct KeptEmail {
    /// The account as it was read.
    pub account: Account,
    /// The address's row.
    pub id: EmailId,
    /// As typed.
    pub address: String,
    /// Its canonical form.
    pub canonical: String,
    /// Whether its mailbox counts as the user's.
    pub verified: bool,
    /// Whether mail goes there from now on.
    pub primary: bool,
    /// Whether all others go.
    pub alone: bool,
}

impl Reader {
    /// An address of whomever.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn any_email(&self, id: &EmailId) -> Result<Option<(UserId, EmailRow)>, StoreError> {
        let Some(row) = self.optional(&ANY, &[id.into()]).await? else { return Ok(None) };
        let broken = || StoreError::corrupt("housekey_email", "user_id", id.as_str());
        let user = UserId::try_from(row.text(5)?.as_str()).map_err(|_| broken())?;
        Ok(Some((user, emails::read(&row)?)))
    }
}

impl Store {
    /// Gives a user an address.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when it is somebody's already or the user has too many, [`StoreError::Conflict`] when the
    /// account was changed meanwhile.
    pub async fn keep_email(&self, new: KeptEmail, trail: Trail, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let user = &new.account.user;
                raise(tx, &new.account, now).await?;
                if new.alone {
                    tx.execute(&REMOVE_OTHERS, &[user.into(), (&new.id).into()]).await?;
                }
                let count = tx.optional(&COUNT, &[user.into()]).await?.map(|r| r.int(0)).transpose()?;
                let verified = new.verified.then_some(now).map(Time::as_millis);
                let args = [
                    (&new.id).into(),
                    user.into(),
                    new.address.as_str().into(),
                    new.canonical.as_str().into(),
                    verified.into(),
                    now.into(),
                ];
                if count.unwrap_or_default() >= MOST || tx.execute(&INSERT, &args).await? != 1 {
                    return Err(StoreError::Taken(Field::Email));
                }
                if new.primary {
                    users::set_primary(tx, user, &new.id, now).await?;
                }
                close(tx, user).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Counts an address as proved, or as unproved, and makes it the primary one.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another user proved it, [`StoreError::Conflict`] when the account was changed
    /// meanwhile.
    pub async fn set_email(
        &self,
        account: Account,
        email: EmailRow,
        (verified, primary): (Option<bool>, bool),
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let (user, id) = (&account.user, &email.id);
                raise(tx, &account, now).await?;
                let changed = match verified {
                    Some(true) if email.verified.is_none() => {
                        if tx.optional(&TAKEN, &[email.canonical.as_str().into(), id.into()]).await?.is_some() {
                            return Err(StoreError::Taken(Field::Email));
                        }
                        tx.execute(&PROVE, &[id.into(), user.into(), now.into()]).await?
                    }
                    Some(false) => tx.execute(&UNPROVE, &[id.into(), user.into()]).await?,
                    _ => 1,
                };
                if changed != 1 {
                    return Err(StoreError::Conflict);
                }
                match (primary, verified) {
                    (true, _) => users::set_primary(tx, user, id, now).await?,
                    (false, Some(true)) => users::first_primary(tx, user, id).await?,
                    _ => {}
                }
                close(tx, user).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Takes an address away from a user. Where it was the primary one, the next proved one takes its place.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when no other proved address is left, [`StoreError::Conflict`] when the account was changed
    /// meanwhile.
    pub async fn take_email(
        &self,
        account: Account,
        email: EmailId,
        was_primary: bool,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let user = &account.user;
                raise(tx, &account, now).await?;
                let next = tx.optional(&NEXT, &[user.into(), (&email).into()]).await?;
                let next = next.ok_or(StoreError::Taken(Field::Email))?.text(0)?;
                if was_primary {
                    let broken = |_| StoreError::corrupt("housekey_email", "id", &next);
                    let next = EmailId::try_from(next.as_str()).map_err(broken)?;
                    users::set_primary(tx, user, &next, now).await?;
                }
                if tx.execute(&REMOVE, &[(&email).into(), user.into()]).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                close(tx, user).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }
}

/// Codes and links that were sent to addresses of before open nothing any more.
async fn close(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    verifications::kill_of_user(tx, user).await?;
    links::kill_of_user(tx, user).await
}
