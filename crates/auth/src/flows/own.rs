//! What the signed-in user changes of the account beside names and addresses.

use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::{client::Presented, metadata, profile::Profile},
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{event::EventKind, ids::UserId, password::Password};
use housekey_store::{passwords::PasswordRemoval, sign_ins::Trail};

impl Housekey {
    /// The signed-in user's profile.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for anybody else.
    pub async fn own_profile(&self, caller: &Caller) -> Result<Profile> {
        let here = self.here(caller).await?;
        self.profile(&here.signed_in.account.user).await?.ok_or(Error::SignedOut)
    }

    /// Lays a patch over what the person may change; what is null in it goes.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no JSON object, or the whole would be too large.
    pub async fn account_merge_metadata(&self, caller: &Caller, patch: &str) -> Result<()> {
        const FIELD: &str = "unsafe_metadata";
        let here = self.here(caller).await?;
        let patch = metadata::object(FIELD, patch).map_err(|fault| Error::Invalid(vec![fault]))?;
        let user = self.row_of(&here).await?;
        let old = user.unsafe_metadata.clone();
        let new = metadata::merge(FIELD, &old, patch).map_err(|fault| Error::Invalid(vec![fault]))?;
        let event = self.event_here(caller, EventKind::UserUpdated, &here, &user, serde_json::json!({})).await?;
        Ok(self.store().set_unsafe_metadata(&user.account.user, old, new, event).await?)
    }

    /// Removes the password. The mailbox stays a way in; all other sessions end.
    ///
    /// # Errors
    /// [`Error::Stale`] without the present password or a fresh factor, [`Denial::LastWayIn`] without a proved address.
    pub async fn password_remove(&self, caller: &Caller, present: Option<Password>) -> Result<Outcome<()>> {
        let done = self.remove(caller, present).await;
        self.or_repeat(caller, done).await
    }

    async fn remove(&self, caller: &Caller, present: Option<Password>) -> Result<Outcome<()>> {
        if let Presented::Repeat(outcome) = self.present::<()>(caller).await? {
            return Ok(outcome);
        }
        let here = match present {
            Some(_) => self.here(caller).await?,
            None => self.here_fresh(caller).await?,
        };
        let user = self.row_of(&here).await?;
        self.may_change(&user)?;
        if user.password.is_none() {
            return Err(Error::NotFound);
        }
        let emails = self.store().reader().emails_of_user(&user.account.user).await?;
        if !emails.iter().any(|email| email.verified.is_some()) {
            return Err(Error::Denied(Denial::LastWayIn));
        }
        if let Some(present) = present {
            self.own_password(caller, &user, present).await?;
        }
        let event = self.event_here(caller, EventKind::PasswordRemoved, &here, &user, serde_json::json!({})).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        let asked = self.facts(caller);
        self.tell_owner(&user, &mut trail, |not_me| Letter::NoticePasswordChanged { not_me, asked })?;
        let mut renewal = self.going_on(&here);
        renewal.device = self.remember_device(caller, &user.account.user, user.device_epoch + 1);
        let renewed = self.renew(caller, &here.client, renewal, ())?;
        let keep = here.signed_in.session.id.clone();
        let removal = PasswordRemoval { account: user.account, keep, rotation: renewed.rotation, trail };
        self.store().remove_password(removal, self.now()).await?;
        self.mail_waits();
        Ok(renewed.outcome)
    }

    /// Deletes the account of the signed-in user, with everything that hangs on it.
    ///
    /// # Errors
    /// [`Error::Stale`] without a fresh factor, which a guest does not have; [`Denial::DeletionOff`] where its operator
    /// says so.
    pub async fn account_delete(&self, caller: &Caller) -> Result<Outcome<UserId>> {
        let here = match self.here(caller).await? {
            guest if guest.signed_in.session.is_guest() => guest,
            _ => self.here_fresh(caller).await?,
        };
        let user = self.row_of(&here).await?;
        self.may_change(&user)?;
        if !user.may_delete_self {
            return Err(Error::Denied(Denial::DeletionOff));
        }
        let detail = serde_json::json!({"by": "owner"});
        let event = self.event_here(caller, EventKind::UserDeleted, &here, &user, detail).await?;
        let id = user.account.user;
        let renewal = self.without(&here).await?;
        let renewed = self.renew(caller, &here.client, renewal, id.clone())?;
        self.store().delete_own(&id, renewed.rotation, event).await?;
        Ok(renewed.outcome)
    }
}
