//! Changing a password: the old one's doors close with it.

use crate::{
    Store, StoreError,
    clients::{self, Rotation},
    links, sessions,
    sign_ins::{self, Trail},
    users, verifications,
};
use housekey_core::{ids::SessionId, password::PasswordHash, sign_in::Account, time::Time};

/// A new password for somebody who is signed in.
pub struct PasswordChange {
    /// The account at the version that the proof was made against.
    pub account: Account,
    /// The new hash.
    pub hash: PasswordHash,
    /// The session that goes on; all others end (SEC-7).
    pub keep: SessionId,
    /// The client's new secret.
    pub rotation: Rotation,
    /// Mail and events.
    pub trail: Trail,
}

impl Store {
    /// Sets the new password and ends all that the old one opened but this session.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account or the client was changed meanwhile.
    pub async fn change_password(&self, change: PasswordChange, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let user = &change.account.user;
                users::bind(tx, &change.account, true, now).await?;
                tx.touch_user(user);
                clients::rotate(tx, &change.rotation, now).await?;
                sessions::end_others(tx, user, Some(&change.keep)).await?;
                users::put_password(tx, user, &change.hash, now).await?;
                users::new_device_epoch(tx, user).await?;
                verifications::kill_of_user(tx, user).await?;
                links::kill_of_user(tx, user).await?;
                sign_ins::leave(tx, &change.trail, now).await
            })
        })
        .await
    }
}
