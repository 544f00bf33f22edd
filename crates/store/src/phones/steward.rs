//! Phone numbers that are given, changed and taken away by a steward's word.

use super::{PhoneRow, UNPROVE, add, ask_no_more, ask_second, prove, remove, settle};
use crate::{
    Store, StoreError, second_factors,
    sign_ins::{self, Trail},
    steward::raise,
    users, verifications,
};
use housekey_core::{identifier::phone::Phone, ids::PhoneId, sign_in::Account, time::Time};

/// A number that a user gets by a steward's word.
pub struct KeptPhone {
    /// The account as it was read.
    pub account: Account,
    /// The number's row.
    pub id: PhoneId,
    /// The number.
    pub number: Phone,
    /// Whether it counts as the user's.
    pub verified: bool,
    /// Whether it is the primary one from now on.
    pub primary: bool,
    /// Whether a code to it is asked for as a second factor from now on.
    pub second: bool,
}

/// What changes of a number by a steward's word.
#[derive(Clone, Copy, Debug, Default)]
pub struct PhoneChange {
    /// Whether it counts as proved.
    pub verified: Option<bool>,
    /// Whether it becomes the primary one.
    pub primary: bool,
    /// Whether a code to it is asked for as a second factor.
    pub second: Option<bool>,
}

impl Store {
    /// Gives a user a number, by a steward's word.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when it is somebody's already or the user has too many, [`StoreError::Conflict`] when the
    /// account was changed meanwhile.
    pub async fn keep_phone(&self, new: KeptPhone, trail: Trail, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let user = &new.account.user;
                raise(tx, &new.account, now).await?;
                add(tx, user, (&new.id, &new.number, new.verified.then_some(now)), now).await?;
                if new.primary {
                    users::set_primary_phone(tx, user, Some(&new.id), now).await?;
                }
                if new.second {
                    ask_second(tx, user, &new.id, now).await?;
                }
                verifications::kill_of_user(tx, user).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Counts a number as proved or as unproved, makes it the primary one, and a second factor or none, by a steward's
    /// word.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another user proved it, [`StoreError::Conflict`] when the account was changed
    /// meanwhile.
    pub async fn set_phone(
        &self,
        account: Account,
        phone: PhoneRow,
        change: PhoneChange,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let (user, id) = (&account.user, &phone.id);
                raise(tx, &account, now).await?;
                match change.verified {
                    Some(true) if phone.verified.is_none() => prove(tx, user, &phone, now).await?,
                    Some(false) => {
                        tx.execute(&UNPROVE, &[id.into(), user.into()]).await?;
                        settle(tx, user, phone.second).await?;
                    }
                    _ => {}
                }
                if change.primary {
                    users::set_primary_phone(tx, user, Some(id), now).await?;
                }
                match change.second {
                    Some(true) if phone.second.is_none() => ask_second(tx, user, id, now).await?,
                    Some(false) if phone.second.is_some() => {
                        ask_no_more(tx, user, id).await?;
                        second_factors::settle(tx, user).await?;
                    }
                    _ => {}
                }
                verifications::kill_of_user(tx, user).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Takes a number away from a user, by a steward's word.
    ///
    /// # Errors
    /// As [`Store::phone_remove`].
    pub async fn take_phone(
        &self,
        account: Account,
        phone: PhoneId,
        was_primary: bool,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                raise(tx, &account, now).await?;
                remove(tx, &account.user, &phone, was_primary, now).await?;
                verifications::kill_of_user(tx, &account.user).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }
}
