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
    phones::{KeptPhone, PhoneChange, PhoneRow},
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
        let reader = self.store().reader();
        let (user, _) = reader.any_phone(id).await?.ok_or(Error::NotFound)?;
        let all = ProfilePhone::all(reader.phones_of_user(&user).await?);
        all.into_iter().find(|phone| phone.id == *id).ok_or(Error::NotFound)
    }

    /// Gives a user a number.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for a malformed number, one that is taken, or one that is not proved and
    /// shall be the primary one or a second factor.
    pub async fn number_add(
        &self,
        by: &Steward,
        user: &UserId,
        typed: &str,
        change: PhoneChange,
    ) -> Result<ProfilePhone> {
        let (verified, second) = (change.verified == Some(true), change.second == Some(true));
        let user = self.kept_row(user).await?;
        Self::not_a_guest(&user)?;
        let number = self.read_phone("phone_number", typed)?;
        let primary = change.primary || (verified && user.primary_phone.is_none());
        if primary && !verified {
            return Err(Error::field("primary", "phone_not_verified"));
        }
        if second && !self.offers_second_phones() {
            return Err(Error::field("reserved_for_second_factor", "second_phone_off"));
        }
        if second && !verified {
            return Err(Error::field("reserved_for_second_factor", "phone_not_verified"));
        }
        let id = PhoneId::new(self.now(), self.entropy());
        let event = self.kept_event(by, EventKind::PhoneAdded, &user, json!({"phone": id.as_str()})).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        let (added, asked) = (number.masked(), self.facts(&by.caller));
        self.tell_owner(&user, &mut trail, |not_me| Letter::NoticePhoneAdded { not_me, added, asked })?;
        if second {
            self.second_told(by, &user, (&id, number.masked(), true), &mut trail).await?;
        }
        let kept = KeptPhone { account: user.account, id: id.clone(), number, verified, primary, second };
        self.store().keep_phone(kept, trail, self.now()).await.map_err(taken)?;
        self.mail_waits();
        self.number_show(by, &id).await
    }

    /// Counts a number as proved or unproved, makes it the primary one, and a second factor or none.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for a number that is not proved and shall be the primary one or a second
    /// factor.
    pub async fn number_change(&self, by: &Steward, id: &PhoneId, change: PhoneChange) -> Result<ProfilePhone> {
        let (user, phone) = self.kept_number(id).await?;
        let PhoneChange { verified, primary, second } = change;
        let is_primary = user.primary_phone.as_ref() == Some(id);
        let proved = verified.unwrap_or(phone.verified.is_some());
        if (primary || is_primary) && !proved {
            return Err(Error::field(if primary { "primary" } else { "verified" }, "phone_not_verified"));
        }
        if second == Some(true) && phone.second.is_none() && !self.offers_second_phones() {
            return Err(Error::field("reserved_for_second_factor", "second_phone_off"));
        }
        if second == Some(true) && !proved {
            return Err(Error::field("reserved_for_second_factor", "phone_not_verified"));
        }
        let kind = match (proved && phone.verified.is_none(), primary && !is_primary) {
            (true, _) => EventKind::PhoneVerified,
            (false, true) => EventKind::PhonePrimaryChanged,
            (false, false) => EventKind::UserUpdated,
        };
        let event = self.kept_event(by, kind, &user, json!({"phone": id.as_str()})).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        // A number that is proved no more is no factor either.
        let second = second.or((!proved).then_some(false)).filter(|wanted| *wanted != phone.second.is_some());
        if let Some(wanted) = second {
            self.second_told(by, &user, (id, phone.number.masked(), wanted), &mut trail).await?;
        }
        let change = PhoneChange { verified, primary: primary && !is_primary, second: second.filter(|_| proved) };
        self.store().set_phone(user.account, phone, change, trail, self.now()).await.map_err(taken)?;
        self.mail_waits();
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

    /// The owner is told that a number is a second factor now, or none any more.
    async fn second_told(
        &self,
        by: &Steward,
        user: &UserRow,
        (id, phone, wanted): (&PhoneId, String, bool),
        trail: &mut Trail,
    ) -> Result<()> {
        let detail = json!({"phone": id.as_str(), "wanted": wanted});
        trail.events.push(self.kept_event(by, EventKind::PhoneSecondChanged, user, detail).await?);
        let asked = self.facts(&by.caller);
        self.tell_owner(user, trail, |not_me| match wanted {
            true => Letter::NoticeSecondPhoneOn { not_me, phone, asked },
            false => Letter::NoticeSecondPhoneOff { not_me, phone, asked },
        })
    }

    async fn kept_number(&self, id: &PhoneId) -> Result<(UserRow, PhoneRow)> {
        let (user, row) = self.store().reader().any_phone(id).await?.ok_or(Error::NotFound)?;
        Ok((self.kept_row(&user).await?, row))
    }
}
