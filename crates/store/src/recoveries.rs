//! Requests to come back without a second factor: one of an account at a time. Of an end by its owner and one by its time,
//! whichever takes the row first happens.

use crate::{
    Reader, Store, StoreError, links, passwords, second_factors,
    sign_ins::{self, Trail},
    sql::{Row, Tx},
    statements, users,
};
use housekey_core::{
    ids::{RecoveryId, UserId},
    sign_in::Account,
    time::Time,
};

statements! {
    ASK = "INSERT INTO housekey_recovery (id, user_id, asked_at, ends_at, remind_at) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (user_id) DO NOTHING";
    OF_USER = "SELECT id, user_id, asked_at, ends_at FROM housekey_recovery WHERE user_id = $1";
    ONE = "SELECT id, user_id, asked_at, ends_at FROM housekey_recovery WHERE id = $1";
    LIST = "SELECT id, user_id, asked_at, ends_at FROM housekey_recovery ORDER BY ends_at, id LIMIT $1";
    DUE = "SELECT id, user_id, asked_at, ends_at FROM housekey_recovery WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2";
    SOON = "SELECT id, user_id, asked_at, ends_at FROM housekey_recovery WHERE remind_at <= $1 ORDER BY remind_at LIMIT $2";
    REMINDED = "UPDATE housekey_recovery SET remind_at = NULL WHERE id = $1 AND remind_at IS NOT NULL";
    SHORTEN = "UPDATE housekey_recovery SET ends_at = $2, remind_at = NULL WHERE id = $1 AND ends_at > $2";
    END = "DELETE FROM housekey_recovery WHERE id = $1";
    END_OF_USER = "DELETE FROM housekey_recovery WHERE user_id = $1";
    COMPLETE = "DELETE FROM housekey_recovery WHERE id = $1 AND ends_at <= $2";
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryRow {
    /// Its id.
    pub id: RecoveryId,
    /// Whose account.
    pub user: UserId,
    /// When it was asked for.
    pub asked: Time,
    /// When its owner has had the time to say no.
    pub ends: Time,
}

impl Reader {
    /// The live request of a user.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn recovery_of(&self, user: &UserId) -> Result<Option<RecoveryRow>, StoreError> {
        self.optional(&OF_USER, &[user.into()]).await?.map(|r| read(&r)).transpose()
    }

    /// A live request.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn recovery(&self, id: &RecoveryId) -> Result<Option<RecoveryRow>, StoreError> {
        self.optional(&ONE, &[id.into()]).await?.map(|r| read(&r)).transpose()
    }

    /// The live requests, the one that ends first in front.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn recoveries(&self, most: i64) -> Result<Vec<RecoveryRow>, StoreError> {
        self.rows(&LIST, &[most.into()]).await?.iter().map(read).collect()
    }

    /// Requests whose time is over.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn recoveries_due(&self, now: Time, most: i64) -> Result<Vec<RecoveryRow>, StoreError> {
        self.rows(&DUE, &[now.into(), most.into()]).await?.iter().map(read).collect()
    }

    /// Requests of which their owners are to be reminded.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn recoveries_soon(&self, now: Time, most: i64) -> Result<Vec<RecoveryRow>, StoreError> {
        self.rows(&SOON, &[now.into(), most.into()]).await?.iter().map(read).collect()
    }
}

impl Store {
    /// Asks, unless a request is live already. Answers whether it is a new one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account was changed meanwhile.
    pub async fn recovery_ask(
        &self,
        account: Account,
        new: RecoveryRow,
        remind: Time,
        trail: Trail,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind(tx, &account, false, new.asked).await?;
                let args = [(&new.id).into(), (&new.user).into(), new.asked.into(), new.ends.into(), remind.into()];
                if tx.execute(&ASK, &args).await? != 1 {
                    return Ok(false);
                }
                sign_ins::leave(tx, &trail, new.asked).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Its owner is reminded, by one node.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when that happened, or the request is over.
    pub async fn recovery_reminded(&self, id: &RecoveryId, trail: Trail, now: Time) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                one(tx.execute(&REMINDED, &[(&id).into()]).await?)?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// It comes to its end sooner.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is over or ends before that anyway.
    pub async fn recovery_shorten(
        &self,
        id: &RecoveryId,
        ends: Time,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                one(tx.execute(&SHORTEN, &[(&id).into(), ends.into()]).await?)?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Puts an end to it, by an operator or by the link that is used up.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is over.
    pub async fn recovery_end(
        &self,
        id: &RecoveryId,
        link: Option<String>,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                one(tx.execute(&END, &[(&id).into()]).await?)?;
                if let Some(link) = &link {
                    links::take(tx, link).await?;
                }
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Its time is over and nobody said no: the second factors go, the password opens nothing until a new one is set by way
    /// of the mailbox, and all that was open ends.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody said no in the same moment, or the account was changed meanwhile.
    pub async fn recovery_complete(
        &self,
        account: Account,
        id: &RecoveryId,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                users::bind_kept(tx, &account, true, now).await?;
                one(tx.execute(&COMPLETE, &[(&id).into(), now.into()]).await?)?;
                second_factors::remove_all(tx, &account.user, now).await?;
                users::compromise(tx, &account.user, Some(now)).await?;
                passwords::end_what_it_opened(tx, &account.user, None).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }
}

/// Whoever has a second factor needs no recovery, and says no to anybody else's.
pub(crate) async fn end_of_user(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    tx.execute(&END_OF_USER, &[user.into()]).await.map(drop)
}

fn one(changed: u64) -> Result<(), StoreError> {
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

fn read(r: &Row) -> Result<RecoveryRow, StoreError> {
    let (id, user) = (r.text(0)?, r.text(1)?);
    let broken = |column| StoreError::corrupt("housekey_recovery", column, &id);
    Ok(RecoveryRow {
        user: UserId::try_from(user.as_str()).map_err(|_| broken("user_id"))?,
        asked: Time::from_millis(r.int(2)?),
        ends: Time::from_millis(r.int(3)?),
        id: RecoveryId::try_from(id.as_str()).map_err(|_| broken("id"))?,
    })
}
