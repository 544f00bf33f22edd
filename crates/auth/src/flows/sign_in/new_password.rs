//! The end of a reset: the new password is set in the transaction that opens the session, and all that the old one
//! opened ends (SEC-36).

use super::{Finish, SignInView, view};
use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::client::Presented,
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{event::EventKind, password::Password, sign_in::AnySignIn};
use housekey_store::sign_ins::{Proved, Trail};

impl Housekey {
    /// Sets the new password of a reset whose mailbox is proved.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a password that is not acceptable, [`Denial::AttemptExpired`] five minutes after the code.
    pub async fn sign_in_new_password(&self, caller: &Caller, password: Password) -> Result<Outcome<SignInView>> {
        let done = self.renew_password(caller, password).await;
        self.or_repeat(caller, done).await
    }

    async fn renew_password(&self, caller: &Caller, password: Password) -> Result<Outcome<SignInView>> {
        let checked = match self.present::<SignInView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Err(Error::Denied(Denial::AttemptExpired)),
        };
        let row = self.live_sign_in(&checked.client).await?;
        let AnySignIn::NeedsNewPassword(attempt) = row.attempt else {
            return Ok(Outcome::plain(view(&row.attempt)));
        };
        let account = &attempt.state.account;
        let expired = Error::Denied(Denial::AttemptExpired);
        let user = self.store().reader().user(&account.user).await?;
        let Some(user) = user.filter(|u| &u.account == account) else {
            return Err(expired);
        };
        let about = user.words();
        self.accept_password(&password, &about)?;
        let hash = self.hash_of_new(caller, password).await?;
        let after =
            attempt.renewed(user.account.version + 1, &self.due(&user), self.now()).map_err(super::code::refused)?;
        let client = Some(&checked.client.id);
        let event =
            self.event_of(caller, EventKind::PasswordReset, Some(&user), client, None, serde_json::json!({})).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        let asked = self.facts(caller);
        self.tell_owner(&user, &mut trail, |not_me| Letter::NoticePasswordChanged { not_me, asked })?;
        let id = &user.account.user;
        let forgive = Some(self.failures_name(id.as_str(), Some(id)));
        let mut finish = Finish::new(&user);
        finish.attempt_version = Some(row.version);
        finish.proved = Proved { renew: Some(hash), forgive, trail, ..Proved::default() };
        let outcome = self.go_on(caller, &checked.client, after, finish).await?;
        self.mail_waits();
        Ok(outcome)
    }
}
