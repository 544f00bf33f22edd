//! Phone numbers of users, by a steward's word.

use super::{Steward, create::taken};
use crate::{
    error::{Denial, Error, Result},
    flows::profile::ProfilePhone,
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{
    event::EventKind,
    ids::{PhoneId, UserId},
};
use housekey_store::{
    StoreError,
    phones::{KeptPhone, PhoneRow},
    sign_ins::Trail,
    users::UserRow,
};
use serde_json::json;

impl Housekey {
    /// One number of whomever.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn number_show(&self, _: &Steward, id: &PhoneId) -> Result<ProfilePhone> {
        let (_, row) = self.store().reader().any_phone(id).await?.ok_or(Error::NotFound)?;
        Ok(row.into())
    }

    /// Gives a user a number.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for a malformed number, one that is taken, or a primary one that is not
    /// proved.
    pub async fn number_add(
        &self,
        by: &Steward,
        user: &UserId,
        typed: &str,
        verified: bool,
        primary: bool,
    ) -> Result<ProfilePhone> {
        let user = self.kept_row(user).await?;
        Self::not_a_guest(&user)?;
        let number = self.read_phone("phone_number", typed)?;
        let primary = primary || (verified && user.primary_phone.is_none());
        if primary && !verified {
            return Err(Error::field("primary", "phone_not_verified"));
        }
        let id = PhoneId::new(self.now(), self.entropy());
        let event = self.kept_event(by, EventKind::PhoneAdded, &user, json!({"phone": id.as_str()})).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        let (added, asked) = (number.masked(), self.facts(&by.caller));
        self.tell_owner(&user, &mut trail, |not_me| Letter::NoticePhoneAdded { not_me, added, asked })?;
        let kept = KeptPhone { account: user.account, id: id.clone(), number, verified, primary };
        self.store().keep_phone(kept, trail, self.now()).await.map_err(taken)?;
        self.mail_waits();
        self.number_show(by, &id).await
    }

    /// Counts a number as proved or unproved, and makes it the primary one.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for a primary number that is not proved.
    pub async fn number_change(
        &self,
        by: &Steward,
        id: &PhoneId,
        verified: Option<bool>,
        primary: bool,
    ) -> Result<ProfilePhone> {
        let (user, phone) = self.kept_number(id).await?;
        let is_primary = user.primary_phone.as_ref() == Some(id);
        let proved = verified.unwrap_or(phone.verified.is_some());
        if (primary || is_primary) && !proved {
            return Err(Error::field(if primary { "primary" } else { "verified" }, "phone_not_verified"));
        }
        let kind = match (proved && phone.verified.is_none(), primary && !is_primary) {
            (true, _) => EventKind::PhoneVerified,
            (false, true) => EventKind::PhonePrimaryChanged,
            (false, false) => EventKind::UserUpdated,
        };
        let event = self.kept_event(by, kind, &user, json!({"phone": id.as_str()})).await?;
        let trail = Trail { events: vec![event], ..Trail::default() };
        let to = (verified, primary && !is_primary);
        self.store().set_phone(user.account, phone, to, trail, self.now()).await.map_err(taken)?;
        self.number_show(by, id).await
    }

    /// Takes a number away from a user, who is told of it where it was proved.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Denial::LastWayIn`] when nothing else would let its owner in.
    pub async fn number_remove(&self, by: &Steward, id: &PhoneId) -> Result<()> {
        let (user, phone) = self.kept_number(id).await?;
        let event = self.kept_event(by, EventKind::PhoneRemoved, &user, json!({"phone": id.as_str()})).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        if phone.verified.is_some() {
            let (removed, asked) = (phone.number.masked(), self.facts(&by.caller));
            self.tell_owner(&user, &mut trail, |not_me| Letter::NoticePhoneRemoved { not_me, removed, asked })?;
        }
        let was_primary = user.primary_phone.as_ref() == Some(id);
        match self.store().take_phone(user.account, id.clone(), was_primary, trail, self.now()).await {
            Err(StoreError::Taken(_)) => Err(Error::Denied(Denial::LastWayIn)),
            other => {
                other?;
                self.mail_waits();
                Ok(())
            }
        }
    }

    async fn kept_number(&self, id: &PhoneId) -> Result<(UserRow, PhoneRow)> {
        let (user, row) = self.store().reader().any_phone(id).await?.ok_or(Error::NotFound)?;
        Ok((self.kept_row(&user).await?, row))
    }
}
