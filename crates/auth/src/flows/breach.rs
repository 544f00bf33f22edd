//! Asking whether a password became known elsewhere: a new one before it is hashed, and where the instance wants it, the
//! one that somebody signs in with.

use super::{codes, notes::About};
use crate::{
    caller::Caller,
    error::{Error, Result},
    housekey::Housekey,
    mail::{Facts, Letter},
};
use housekey_core::{
    entropy,
    event::EventKind,
    password::{Password, PasswordFault, PasswordHash},
};
use housekey_store::{sign_ins::Trail, users::UserRow};

impl Housekey {
    /// The hash of a new password that [`Self::accept_password`] took. Where the operator chose a service, it is asked
    /// first: here and not there, so that limits are passed before anybody makes this house ask, and asked for strangers
    /// and for people with an account alike.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a breached one. A service that does not answer stops nobody.
    pub(crate) async fn hash_of_new(&self, caller: &Caller, password: Password) -> Result<PasswordHash> {
        if self.service_knows(caller, &password).await? {
            return Err(Error::field("password", PasswordFault::Breached.code()));
        }
        self.hasher().hash(password, entropy::bytes::<16>(self.entropy())).await
    }

    /// Whether the password that was shown is known to others: it was marked so, or where the instance looks passwords up
    /// at sign-in it is found now, marked, and its owner told.
    pub(crate) async fn is_compromised(&self, caller: &Caller, user: &UserRow, shown: &Password) -> Result<bool> {
        if user.password_compromised.is_some() {
            return Ok(true);
        }
        if !self.settings().breach.at_sign_in {
            return Ok(false);
        }
        if !self.0.breach.knows(shown) && !self.service_knows(caller, shown).await? {
            return Ok(false);
        }
        let detail = serde_json::json!({"by": "breach_check"});
        let event = self.event_of(caller, EventKind::PasswordCompromised, Some(user), None, None, detail).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        self.compromise_told(user, &mut trail)?;
        self.store().set_compromised(user.account.clone(), true, false, trail, self.now()).await?;
        self.mail_waits();
        Ok(true)
    }

    /// Tells the owner that another password is to be set.
    pub(crate) fn compromise_told(&self, user: &UserRow, trail: &mut Trail) -> Result<()> {
        if let Some(to) = codes::mailbox_of(user) {
            let letter = Letter::NoticePasswordCompromised { asked: Facts::bare(self.now()) };
            trail.mail.push(self.notice(&to, letter)?);
        }
        Ok(())
    }

    /// Whether the service has it. One that does not say stops nobody, and the trail tells it.
    async fn service_knows(&self, caller: &Caller, password: &Password) -> Result<bool> {
        match self.0.breach.ask(&self.0.webhooks, password).await {
            Ok(found) => Ok(found == Some(true)),
            Err(why) => {
                let detail = why.detail();
                tracing::warn!(%detail, "a password is taken without the service that knows breached ones");
                // It tells of the service and not of the person, whom there may not be yet.
                let about = About { user: None, client: None, session: None };
                let event = self.event(caller, EventKind::BreachCheckFailed, about, detail).await?;
                self.store().record(vec![event]).await?;
                Ok(false)
            }
        }
    }
}
