//! A new password for somebody who is signed in (SEC-7).

use crate::{
    caller::{Caller, Outcome},
    error::{Error, Fault, Result},
    flows::client::Presented,
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{event::EventKind, password::Password};
use housekey_store::{passwords::PasswordChange, sign_ins::Trail};

impl Housekey {
    /// Sets a new password: with the present one, or with a fresh factor. All other sessions end (SEC-7).
    ///
    /// # Errors
    /// [`Error::Stale`] without either, [`Error::Invalid`] for a password that is not acceptable.
    pub async fn password_change(
        &self,
        caller: &Caller,
        present: Option<Password>,
        new: Password,
    ) -> Result<Outcome<()>> {
        let done = self.change(caller, present, new).await;
        self.or_repeat(caller, done).await
    }

    async fn change(&self, caller: &Caller, present: Option<Password>, new: Password) -> Result<Outcome<()>> {
        if let Presented::Repeat(outcome) = self.present::<()>(caller).await? {
            return Ok(outcome);
        }
        let here = match present {
            Some(_) => self.here(caller).await?,
            None => self.here_fresh(caller).await?,
        };
        let user = self.row_of(&here).await?;
        self.may_change(&user)?;
        let about = user.words();
        self.accept_password(&new, &about)?;
        if let Some(present) = present {
            self.own_password(caller, &user, present).await?;
        }
        let hash = self.hash_of_new(caller, new).await?;
        let event = self.event_here(caller, EventKind::PasswordChanged, &here, &user, serde_json::json!({})).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        let asked = self.facts(caller);
        self.tell_owner(&user, &mut trail, |not_me| Letter::NoticePasswordChanged { not_me, asked })?;
        let mut renewal = self.going_on(&here);
        renewal.device = self.remember_device(caller, &user.account.user, user.device_epoch + 1);
        let renewed = self.renew(caller, &here.client, renewal, ())?;
        let keep = here.signed_in.session.id.clone();
        let change = PasswordChange { account: user.account, hash, keep, rotation: renewed.rotation, trail };
        self.store().change_password(change, self.now()).await?;
        self.mail_waits();
        Ok(renewed.outcome)
    }

    /// Refuses a password that is too short, too common, about its owner, too weak, or in the filter of breached ones. What
    /// this takes is hashed by [`Self::hash_of_new`], which may ask further.
    pub(crate) fn accept_password(&self, password: &Password, about: &[Option<&str>]) -> Result<()> {
        let found = self.assess_password(password, about);
        match found.fault {
            None => Ok(()),
            Some(fault) => {
                let mut fault = Fault::new("password", fault.code());
                fault.advice = found.suggestions;
                Err(Error::Invalid(vec![fault]))
            }
        }
    }
}
