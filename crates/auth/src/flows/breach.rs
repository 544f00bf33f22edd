//! Asking whether a new password became known elsewhere, before it is hashed.

use super::notes::About;
use crate::{
    caller::Caller,
    error::{Error, Result},
    housekey::Housekey,
};
use housekey_core::{
    entropy,
    event::EventKind,
    password::{Password, PasswordFault, PasswordHash},
};

impl Housekey {
    /// The hash of a new password that [`Self::accept_password`] took. Where the operator chose a service, it is asked
    /// first: here and not there, so that limits are passed before anybody makes this house ask, and asked for strangers
    /// and for people with an account alike.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a breached one. A service that does not answer stops nobody.
    pub(crate) async fn hash_of_new(&self, caller: &Caller, password: Password) -> Result<PasswordHash> {
        match self.0.breach.ask(&self.0.webhooks, &password).await {
            Ok(Some(true)) => return Err(Error::field("password", PasswordFault::Breached.code())),
            Ok(_) => {}
            Err(why) => {
                let detail = why.detail();
                tracing::warn!(%detail, "a new password is taken without the service that knows breached ones");
                // It tells of the service and not of the person, whom there may not be yet.
                let about = About { user: None, client: None, session: None };
                let event = self.event(caller, EventKind::BreachCheckFailed, about, detail).await?;
                self.store().record(vec![event]).await?;
            }
        }
        self.hasher().hash(password, entropy::bytes::<16>(self.entropy())).await
    }
}
