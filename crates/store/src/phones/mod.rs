//! Phone numbers of users. A proved number belongs to one user; an unproved one grants nothing (SEC-25).

mod steward;

pub use steward::{KeptPhone, PhoneChange};

use crate::{
    Reader, Store, StoreError,
    error::Field,
    second_factors,
    sign_ins::{self, Trail},
    sql::{Row, Tx},
    statements, users, verifications,
};
use housekey_core::{
    identifier::phone::Phone,
    ids::{ClientId, PhoneId, UserId, VerificationId},
    sign_in::Account,
    time::Time,
};
use std::cmp::Reverse;

statements! {
    INSERT = "INSERT INTO housekey_phone (id, user_id, number, verified_at, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    OF_USER = "SELECT id, number, verified_at, created_at, second_at, second_default_at FROM housekey_phone WHERE user_id = $1 ORDER BY created_at, id LIMIT 100";
    ONE = "SELECT id, number, verified_at, created_at, second_at, second_default_at FROM housekey_phone WHERE id = $1 AND user_id = $2";
    ANY = "SELECT id, number, verified_at, created_at, second_at, second_default_at, user_id FROM housekey_phone WHERE id = $1";
    COUNT = "SELECT COUNT(*) FROM housekey_phone WHERE user_id = $1";
    TAKEN = "SELECT id FROM housekey_phone WHERE number = $1 AND verified_at IS NOT NULL AND id <> $2";
    PROVE = "UPDATE housekey_phone SET verified_at = $3 WHERE id = $1 AND user_id = $2";
    UNPROVE = "UPDATE housekey_phone SET verified_at = NULL, second_at = NULL, second_default_at = NULL WHERE id = $1 AND user_id = $2";
    ASK_SECOND = "UPDATE housekey_phone SET second_at = $3 WHERE id = $1 AND user_id = $2 AND verified_at IS NOT NULL AND second_at IS NULL";
    ASK_FIRST = "UPDATE housekey_phone SET second_default_at = $3 WHERE id = $1 AND user_id = $2 AND second_at IS NOT NULL";
    ASK_NO_MORE = "UPDATE housekey_phone SET second_at = NULL, second_default_at = NULL WHERE id = $1 AND user_id = $2 AND second_at IS NOT NULL";
    ASK_NONE = "UPDATE housekey_phone SET second_at = NULL, second_default_at = NULL WHERE user_id = $1";
    NEXT = "SELECT id FROM housekey_phone WHERE user_id = $1 AND id <> $2 AND verified_at IS NOT NULL ORDER BY created_at, id LIMIT 1";
    OTHER_WAYS = "SELECT id FROM housekey_user u WHERE u.id = $1 AND (EXISTS (SELECT 1 FROM housekey_email e WHERE e.user_id = u.id AND e.verified_at IS NOT NULL) \
        OR EXISTS (SELECT 1 FROM housekey_phone f WHERE f.user_id = u.id AND f.id <> $2 AND f.verified_at IS NOT NULL) \
        OR u.username IS NOT NULL AND EXISTS (SELECT 1 FROM housekey_password p WHERE p.user_id = u.id))";
    ADDED_AFTER = "SELECT id, number, verified_at, created_at, second_at, second_default_at FROM housekey_phone WHERE user_id = $1 AND created_at > $2 ORDER BY id LIMIT 100";
    REMOVE = "DELETE FROM housekey_phone WHERE id = $1 AND user_id = $2";
}

/// How many numbers a user may have.
pub const MOST: i64 = 10;

/// A number of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneRow {
    /// Its row.
    pub id: PhoneId,
    /// The number.
    pub number: Phone,
    /// When it was proved, if it was.
    pub verified: Option<Time>,
    /// When it was added.
    pub created: Time,
    /// Since when a code to it is asked for as a second factor, if it is.
    pub second: Option<Time>,
    /// When it was last made the one of several such that is asked for first, if it was.
    pub second_default: Option<Time>,
}

impl PhoneRow {
    /// Of several that are second factors, the one that is asked for first.
    pub fn second_of(rows: &[Self]) -> Option<&Self> {
        let second = rows.iter().filter(|row| row.second.is_some());
        second.min_by_key(|row| (Reverse(row.second_default), row.second))
    }
}

/// A proved number that a new user gets.
#[derive(Clone)]
pub struct NewPhone {
    /// The number's row.
    pub id: PhoneId,
    /// The number.
    pub number: Phone,
}

impl Reader {
    /// The numbers of a user, in the order they were added.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn phones_of_user(&self, user: &UserId) -> Result<Vec<PhoneRow>, StoreError> {
        self.rows(&OF_USER, &[user.into()]).await?.iter().map(read).collect()
    }

    /// One number of a user.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn phone(&self, id: &PhoneId, user: &UserId) -> Result<Option<PhoneRow>, StoreError> {
        self.optional(&ONE, &[id.into(), user.into()]).await?.map(|r| read(&r)).transpose()
    }

    /// A number of whomever.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn any_phone(&self, id: &PhoneId) -> Result<Option<(UserId, PhoneRow)>, StoreError> {
        let Some(row) = self.optional(&ANY, &[id.into()]).await? else { return Ok(None) };
        let broken = || StoreError::corrupt("housekey_phone", "user_id", id.as_str());
        let user = UserId::try_from(row.text(6)?.as_str()).map_err(|_| broken())?;
        Ok(Some((user, read(&row)?)))
    }
}

impl Store {
    /// Adds an unproved number.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when this user has it already or has too many.
    pub async fn phone_add(
        &self,
        account: Account,
        id: PhoneId,
        number: Phone,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind(tx, &account, true, now).await?;
                tx.touch_user(&account.user);
                add(tx, &account.user, (&id, &number, None), now).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// The code was typed: the number is proved.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another user proved it first.
    pub async fn phone_prove(
        &self,
        account: Account,
        phone: PhoneRow,
        (client, spent): (ClientId, VerificationId),
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind(tx, &account, true, now).await?;
                tx.touch_user(&account.user);
                prove(tx, &account.user, &phone, now).await?;
                verifications::take(tx, &client, &spent).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Another proved number becomes the primary one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account was changed meanwhile.
    pub async fn phone_make_primary(
        &self,
        account: Account,
        phone: PhoneId,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind(tx, &account, true, now).await?;
                tx.touch_user(&account.user);
                users::set_primary_phone(tx, &account.user, Some(&phone), now).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Of the numbers that are second factors, this one is asked for first from now on.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account was changed meanwhile, or the number is no second factor.
    pub async fn phone_second_default(
        &self,
        account: Account,
        phone: PhoneId,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind(tx, &account, true, now).await?;
                tx.touch_user(&account.user);
                one(tx.execute(&ASK_FIRST, &[(&phone).into(), (&account.user).into(), now.into()]).await?)?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Removes a number. Where it was the primary one, the next proved one takes its place.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when nothing else would let its owner in, [`StoreError::Conflict`] when the account was
    /// changed meanwhile.
    pub async fn phone_remove(
        &self,
        account: Account,
        phone: PhoneId,
        was_primary: bool,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind(tx, &account, true, now).await?;
                tx.touch_user(&account.user);
                remove(tx, &account.user, &phone, was_primary, now).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }
}

async fn add(
    tx: &mut Tx,
    user: &UserId,
    (id, number, verified): (&PhoneId, &Phone, Option<Time>),
    now: Time,
) -> Result<(), StoreError> {
    let row = tx.optional(&COUNT, &[user.into()]).await?;
    let count = row.map(|r| r.int(0)).transpose()?.unwrap_or_default();
    let verified = verified.map(Time::as_millis);
    let args = [id.into(), user.into(), number.as_str().into(), verified.into(), now.into()];
    if count >= MOST || tx.execute(&INSERT, &args).await? != 1 {
        return Err(StoreError::Taken(Field::Phone));
    }
    Ok(())
}

/// A number that counts as its owner's from now on; the first one is the primary one.
async fn prove(tx: &mut Tx, user: &UserId, phone: &PhoneRow, now: Time) -> Result<(), StoreError> {
    let id = &phone.id;
    if tx.optional(&TAKEN, &[phone.number.as_str().into(), id.into()]).await?.is_some() {
        return Err(StoreError::Taken(Field::Phone));
    }
    one(tx.execute(&PROVE, &[id.into(), user.into(), now.into()]).await?)?;
    users::first_primary_phone(tx, user, id).await
}

async fn remove(tx: &mut Tx, user: &UserId, phone: &PhoneId, was_primary: bool, now: Time) -> Result<(), StoreError> {
    if tx.optional(&OTHER_WAYS, &[user.into(), phone.into()]).await?.is_none() {
        return Err(StoreError::Taken(Field::Phone));
    }
    if was_primary {
        let next = tx.optional(&NEXT, &[user.into(), phone.into()]).await?.map(|r| r.text(0)).transpose()?;
        let broken = |id: &str| StoreError::corrupt("housekey_phone", "id", id);
        let next = next.map(|id| PhoneId::try_from(id.as_str()).map_err(|_| broken(&id))).transpose()?;
        users::set_primary_phone(tx, user, next.as_ref(), now).await?;
    }
    let was_second = tx.optional(&ONE, &[phone.into(), user.into()]).await?.map(|r| read(&r)).transpose()?;
    one(tx.execute(&REMOVE, &[phone.into(), user.into()]).await?)?;
    settle(tx, user, was_second.and_then(|row| row.second)).await
}

/// What is due once a number that may have been a second factor is none.
async fn settle(tx: &mut Tx, user: &UserId, was_second: Option<Time>) -> Result<(), StoreError> {
    match was_second {
        Some(_) => second_factors::settle(tx, user).await,
        None => Ok(()),
    }
}

/// A code to this number is asked for as a second factor from now on.
pub(crate) async fn ask_second(tx: &mut Tx, user: &UserId, phone: &PhoneId, now: Time) -> Result<(), StoreError> {
    one(tx.execute(&ASK_SECOND, &[phone.into(), user.into(), now.into()]).await?)
}

/// No code to this number is asked for any more.
pub(crate) async fn ask_no_more(tx: &mut Tx, user: &UserId, phone: &PhoneId) -> Result<(), StoreError> {
    one(tx.execute(&ASK_NO_MORE, &[phone.into(), user.into()]).await?)
}

/// No code to any number is asked for any more.
pub(crate) async fn ask_none(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    tx.execute(&ASK_NONE, &[user.into()]).await.map(drop)
}

fn one(changed: u64) -> Result<(), StoreError> {
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Numbers that were added after a time go.
pub(crate) async fn drop_after(tx: &mut Tx, user: &UserId, after: Time, now: Time) -> Result<(), StoreError> {
    let broken = |id: &str| StoreError::corrupt("housekey_phone", "id", id);
    for row in tx.rows(&ADDED_AFTER, &[user.into(), after.into()]).await? {
        let PhoneRow { id, second, .. } = read(&row)?;
        tx.execute(&REMOVE, &[(&id).into(), user.into()]).await?;
        let primary = users::one(tx, user).await?.is_some_and(|row| row.primary_phone.as_ref() == Some(&id));
        if primary {
            let next = tx.optional(&NEXT, &[user.into(), (&id).into()]).await?.map(|r| r.text(0)).transpose()?;
            let next = next.map(|id| PhoneId::try_from(id.as_str()).map_err(|_| broken(&id))).transpose()?;
            users::set_primary_phone(tx, user, next.as_ref(), now).await?;
        }
        settle(tx, user, second).await?;
    }
    Ok(())
}

pub(crate) fn read(r: &Row) -> Result<PhoneRow, StoreError> {
    let id = r.text(0)?;
    let broken = |column| StoreError::corrupt("housekey_phone", column, &id);
    Ok(PhoneRow {
        id: PhoneId::try_from(id.as_str()).map_err(|_| broken("id"))?,
        number: Phone::try_from(r.text(1)?).map_err(|_| broken("number"))?,
        verified: r.opt_int(2)?.map(Time::from_millis),
        created: Time::from_millis(r.int(3)?),
        second: r.opt_int(4)?.map(Time::from_millis),
        second_default: r.opt_int(5)?.map(Time::from_millis),
    })
}

/// The numbers of a user, as they are in this transaction.
pub(crate) async fn of(tx: &mut Tx, user: &UserId) -> Result<Vec<PhoneRow>, StoreError> {
    tx.rows(&OF_USER, &[user.into()]).await?.iter().map(read).collect()
}

/// A proved number of a new user; whoever comes second is told that it is taken.
pub(crate) async fn insert_proved(tx: &mut Tx, user: &UserId, phone: &NewPhone, now: Time) -> Result<(), StoreError> {
    add(tx, user, (&phone.id, &phone.number, Some(now)), now).await
}
