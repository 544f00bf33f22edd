//! Changing a password: the old one's doors close with it.

use crate::{
    Store, StoreError,
    clients::{self, Rotation},
    links, phones, recoveries, second_factors, sessions,
    sign_ins::{self, Trail},
    sql::Tx,
    users, verifications,
};
use housekey_core::{
    ids::{SessionId, UserId},
    password::PasswordHash,
    sign_in::Account,
    time::Time,
};

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

/// The end of a password, by somebody who is signed in.
pub struct PasswordRemoval {
    /// The account at the version that the proof was made against.
    pub account: Account,
    /// The session that goes on; all others end.
    pub keep: SessionId,
    /// The client's new secret.
    pub rotation: Rotation,
    /// Mail and events.
    pub trail: Trail,
}

/// The end of all that somebody else may have begun, by the link of a notice.
#[derive(Clone)]
pub struct Securing {
    /// The account as it is now.
    pub account: Account,
    /// The link's row, to be used up.
    pub link: String,
    /// Passkeys and phones added after this go: they sign in by themselves, and may be somebody else's.
    pub added_after: Time,
    /// Until when nothing risky is changed, unless its owner comes back before.
    pub frozen_until: Time,
    /// Mail and events.
    pub trail: Trail,
}

impl Store {
    /// Ends every session, forgets every device, and drops the password, new passkeys and phones, the codes on their way,
    /// and a request to come back without a second factor.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account was changed meanwhile or the link was used.
    pub async fn secure_account(&self, securing: Securing, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let user = &securing.account.user;
                users::bind(tx, &securing.account, true, now).await?;
                links::take(tx, &securing.link).await?;
                users::drop_password(tx, user).await?;
                second_factors::drop_passkeys_after(tx, user, securing.added_after).await?;
                phones::drop_after(tx, user, securing.added_after, now).await?;
                users::freeze(tx, user, Some(securing.frozen_until)).await?;
                recoveries::end_of_user(tx, user).await?;
                end_what_it_opened(tx, user, None).await?;
                sign_ins::leave(tx, &securing.trail, now).await
            })
        })
        .await
    }

    /// The password is known to others from now on, or is not after all; what it opened ends where that is wanted.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account was changed meanwhile.
    pub async fn set_compromised(
        &self,
        account: Account,
        compromised: bool,
        end_sessions: bool,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                users::bind_kept(tx, &account, true, now).await?;
                tx.touch_user(&account.user);
                users::compromise(tx, &account.user, compromised.then_some(now)).await?;
                if end_sessions {
                    end_what_it_opened(tx, &account.user, None).await?;
                }
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Removes the password and ends all that it opened but this session.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account or the client was changed meanwhile.
    pub async fn remove_password(&self, removal: PasswordRemoval, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let user = &removal.account.user;
                users::bind(tx, &removal.account, true, now).await?;
                clients::rotate(tx, &removal.rotation, now).await?;
                users::drop_password(tx, user).await?;
                end_what_it_opened(tx, user, Some(&removal.keep)).await?;
                sign_ins::leave(tx, &removal.trail, now).await
            })
        })
        .await
    }

    /// Sets the new password and ends all that the old one opened but this session.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account or the client was changed meanwhile.
    pub async fn change_password(&self, change: PasswordChange, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let user = &change.account.user;
                users::bind(tx, &change.account, true, now).await?;
                clients::rotate(tx, &change.rotation, now).await?;
                users::put_password(tx, user, &change.hash, now).await?;
                end_what_it_opened(tx, user, Some(&change.keep)).await?;
                sign_ins::leave(tx, &change.trail, now).await
            })
        })
        .await
    }
}

/// Sessions, known devices and codes that a password opened: all of them end but one session (SEC-7). Mailed links stay:
/// they sign nobody in, and are how an owner takes back what a thief changed, the password too.
pub(crate) async fn end_what_it_opened(tx: &mut Tx, user: &UserId, keep: Option<&SessionId>) -> Result<(), StoreError> {
    tx.touch_user(user);
    sessions::end_others(tx, user, keep).await?;
    users::new_device_epoch(tx, user).await?;
    verifications::kill_of_user(tx, user).await
}
