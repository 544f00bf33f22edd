//! Usernames: whether one may be had, and the change by whoever is signed in.

use crate::{
    caller::Caller,
    error::{Denial, Error, Fault, Result},
    housekey::Housekey,
    mail::Letter,
    settings::Use,
};
use housekey_core::{event::EventKind, identifier::username::Username};
use housekey_store::{StoreError, sign_ins::Trail};

const FIELD: &str = "username";

impl Housekey {
    /// Sets the username of the signed-in user; empty removes it. Every proof made before is void, since it is a way in.
    ///
    /// # Errors
    /// [`Error::Stale`] without a fresh factor, [`Error::Invalid`] for one that cannot be had, [`Denial::LastWayIn`]
    /// when nothing else names the account.
    pub async fn account_set_username(&self, caller: &Caller, typed: &str) -> Result<()> {
        let here = self.here_fresh(caller).await?;
        let user = self.row_of(&here).await?;
        self.may_change(&user)?;
        let username = self.read_username(typed).map_err(|fault| Error::Invalid(vec![fault]))?;
        if username.is_none() && self.settings().identifiers.username == Use::Required {
            return Err(Error::field(FIELD, "username_missing"));
        }
        if username.is_none() && user.address.is_none() && user.primary_phone.is_none() {
            return Err(Error::Denied(Denial::LastWayIn));
        }
        if username.as_ref().map(Username::typed) == user.username.as_deref() {
            return Ok(());
        }
        self.spend(self.strength_spends(caller)).await?;
        if let Some(name) = username.as_ref().filter(|name| Some(name.canonical()) != canonical(&user).as_deref()) {
            self.username_is_free(name).await?;
        }
        let event = self.event_here(caller, EventKind::UsernameChanged, &here, &user, serde_json::json!({})).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        let asked = self.facts(caller);
        self.tell_owner(&user, &mut trail, |not_me| Letter::NoticeUsernameChanged { not_me, asked })?;
        match self.store().set_username(user.account, username, trail, self.now()).await {
            Err(StoreError::Taken(_)) => Err(taken()),
            other => {
                other?;
                self.mail_waits();
                Ok(())
            }
        }
    }

    /// A username as typed, or nothing where nothing was typed.
    pub(crate) fn read_username(&self, typed: &str) -> std::result::Result<Option<Username>, Fault> {
        if typed.trim().is_empty() {
            return Ok(None);
        }
        if !self.settings().identifiers.username.is_on() {
            return Err(Fault::new(FIELD, "username_off"));
        }
        Username::parse(typed).map(Some).map_err(|fault| Fault::new(FIELD, fault.code()))
    }

    /// Whether a username can be had by whoever asks for it. That one is taken is no secret: it is how a name is chosen.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is somebody's, or reserved.
    pub(crate) async fn username_is_free(&self, username: &Username) -> Result<()> {
        if username.is_reserved() {
            return Err(taken());
        }
        match self.store().reader().user_by_username(username.canonical()).await? {
            Some(_) => Err(taken()),
            None => Ok(()),
        }
    }
}

/// That somebody else has it.
pub(crate) fn taken() -> Error {
    Error::field(FIELD, "username_taken")
}

fn canonical(user: &housekey_store::users::UserRow) -> Option<String> {
    user.username.as_ref().map(|name| name.to_ascii_lowercase())
}
