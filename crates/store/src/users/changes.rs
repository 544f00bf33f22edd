//! Changes of a user that stand for themselves.

use super::{DELETE, NAME, SET_STATE, SET_UNSAFE, bind, set_username};
use crate::{
    Store, StoreError,
    clients::{self, Rotation},
    events,
    sign_ins::{self, Trail},
    webhook_queue,
};
use housekey_core::{event::Event, identifier::username::Username, ids::UserId, sign_in::Account, time::Time};

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
