//! Two-step verification as a rule: who must have a second factor, what a session waits for, and how it comes to count.

use crate::{
    caller::Caller,
    error::{Error, Result},
    flows::{client::Presented, session::Here},
    hooks::Subject,
    housekey::Housekey,
};
use housekey_core::{
    session::{Status, Task},
    sign_in::Held,
    time::Time,
    two_step::{self, Missing},
};
use housekey_store::users::{NewUser, UserRow};

impl Housekey {
    /// What the caller's session waits for, if it does not count yet for that.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn pending_task(&self, caller: &Caller) -> Result<Option<Task>> {
        match self.here_or_pending(caller).await {
            Ok(here) => Ok(here.signed_in.session.tasks.first().copied()),
            Err(Error::SignedOut) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Whether a second factor is required of this account.
    fn must(&self, subject: impl FnOnce() -> Subject) -> bool {
        let hook = self.0.hooks.must_have_second_factor.as_ref();
        self.settings().two_step.required || hook.is_some_and(|of| of(&subject()))
    }

    /// What the account has. Whoever must have a second factor and has passkeys is asked for one, wished or not.
    pub(crate) fn held(&self, user: &UserRow) -> Held {
        let held = user.held();
        let asked = held.two_step_since().is_none() && held.passkeys > 0 && self.must(|| Subject::of(user));
        if asked { Held { passkey_after_since: Some(user.created), ..held } } else { held }
    }

    /// What is missing of an account that a session is opened for; `proved` says that a second factor was shown just now.
    pub(crate) fn missing(&self, user: &UserRow, proved: bool) -> Missing {
        let has = proved || self.held(user).two_step_since().is_some();
        let must = !has && self.must(|| Subject::of(user));
        two_step::missing(must, user.two_step_due, self.settings().two_step.grace, self.now())
    }

    /// The same of an account that is made just now, perhaps of a guest.
    pub(crate) fn missing_of_new(&self, new: &NewUser, guest: Option<&UserRow>, now: Time) -> Missing {
        let subject = || Subject {
            user: new.id.clone(),
            email: new.email.as_ref().map(|email| email.address.clone()),
            external_id: guest.and_then(|guest| guest.external_id.clone()),
            public_metadata: new.public_metadata.clone(),
            private_metadata: guest.map_or_else(|| "{}".to_owned(), |guest| guest.private_metadata.clone()),
            created: guest.map_or(now, |guest| guest.created),
        };
        two_step::missing(self.must(subject), None, self.settings().two_step.grace, now)
    }

    /// The caller's session, also while it waits for a task: for what serves the task, and for its end.
    pub(crate) async fn here_or_pending(&self, caller: &Caller) -> Result<Here> {
        match self.present::<serde_json::Value>(caller).await? {
            Presented::Client(checked) => self.acting_or_pending(caller, *checked).await,
            _ => Err(Error::SignedOut),
        }
    }

    /// As [`Self::here_strong`], also while the session waits for a second factor to be set up.
    pub(crate) async fn here_setting_up(&self, caller: &Caller) -> Result<(Here, UserRow)> {
        let here = self.here_or_waiting(caller).await?;
        self.strong(here).await
    }

    /// As [`Self::here`], also while the session waits for a second factor to be set up, where a phone can be one.
    pub(crate) async fn here_with_phones(&self, caller: &Caller) -> Result<Here> {
        let here = self.here_or_waiting(caller).await?;
        match here.signed_in.session.status {
            Status::Pending if !self.offers_second_phones() => Err(Error::SignedOut),
            _ => Ok(here),
        }
    }

    async fn here_or_waiting(&self, caller: &Caller) -> Result<Here> {
        let here = self.here_or_pending(caller).await?;
        let session = &here.signed_in.session;
        match session.status {
            Status::Pending if session.tasks != [Task::SetUpTwoStep] => Err(Error::SignedOut),
            _ => Ok(here),
        }
    }
}
