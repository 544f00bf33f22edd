//! The passkeys of somebody who is signed in: shown, added, named, removed, and asked for after other factors.

use super::PasskeyAsked;
use crate::{
    caller::Caller,
    error::{Denial, Error, Result},
    flows::sign_up::read_name,
    housekey::Housekey,
    mail::Letter,
    passkeys::{NewAnswer, Owner},
};
use housekey_core::{event::EventKind, factor::passkey::MOST, ids::PasskeyId, session::Status, time::Time};
use housekey_store::{
    StoreError,
    passkey_challenges::Ceremony,
    passkeys::{NewPasskey, PasskeyRow},
    second_factors::{FactorChange, SetUp},
    users::UserRow,
};

/// A passkey, as its owner sees it.
#[derive(Clone, Debug)]
pub struct PasskeyView {
    /// Its id.
    pub id: PasskeyId,
    /// What its owner calls it.
    pub name: String,
    /// Whether it is kept on more than one device; else it is lost with its own.
    pub synced: bool,
    /// When it was added.
    pub added: Time,
    /// When it was last changed.
    pub updated: Time,
    /// When it was last used.
    pub last_used: Option<Time>,
}

/// A passkey that was added.
#[derive(Debug)]
pub struct PasskeyAdded {
    /// The passkey.
    pub passkey: PasskeyView,
    /// The first set of backup codes, shown this once, where the session waited for a second factor; else empty.
    pub codes: Vec<String>,
}

impl From<PasskeyRow> for PasskeyView {
    fn from(row: PasskeyRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            synced: row.synced,
            added: row.created,
            updated: row.updated,
            last_used: row.last_used,
        }
    }
}

impl Housekey {
    /// Whether somebody who signed up in this moment is asked for a passkey: once, while it can be added at once.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for anybody else, and while a session waits for a task.
    pub async fn passkey_is_offered(&self, caller: &Caller) -> Result<bool> {
        let here = self.here(caller).await?;
        if !self.offers_passkeys() || !here.signed_in.session.is_fresh(&self.settings().sessions, self.now()) {
            return Ok(false);
        }
        let user = self.row_of(&here).await?;
        Ok(user.guest_since.is_none() && user.passkeys == 0 && user.frozen_until.is_none())
    }

    /// Whether a sign-up leads to the offer of a passkey at all.
    pub fn offers_passkeys(&self) -> bool {
        self.has_passkeys() && self.settings().passkey_at_sign_up
    }

    /// Asks a signed-in user's browser for a new passkey.
    ///
    /// # Errors
    /// [`Error::Stale`] or [`Error::StaleSecond`] without a fresh factor, [`Error::Invalid`] when there are too many,
    /// [`Error::NotFound`] where passkeys are off.
    pub async fn passkey_add_begin(&self, caller: &Caller) -> Result<PasskeyAsked> {
        let (here, user) = self.here_setting_up(caller).await?;
        self.may_change(&user)?;
        self.spend(self.passkey_spends(caller)).await?;
        let held = self.few_enough(&user).await?;
        let id = &user.account.user;
        let handle = self.store().reader().user_handle(id).await?;
        let named = [user.first_name.as_deref(), user.last_name.as_deref()].into_iter().flatten();
        let named = named.collect::<Vec<_>>().join(" ");
        let name = user.address.as_deref().filter(|a| !a.is_empty()).unwrap_or_else(|| id.as_str());
        let display_name = if named.is_empty() { name } else { &named };
        let asked = self.0.passkeys.begin(&Owner { handle, name, display_name }, &held);
        let (new, asked) = self.challenge(&here.client.id, Ceremony::Add, Some(id.clone()), asked)?;
        self.store().passkey_challenge_put(None, None, new, self.now()).await?;
        Ok(asked)
    }

    /// Adds the passkey that answered; to the challenge that is named, where one is. Where the session waits for a second
    /// factor this is it, and comes with backup codes. Without a name it is called by the browser and system that it was made with.
    ///
    /// # Errors
    /// [`Denial::PasskeyExpired`] for an answer that came too late or twice, [`Denial::PasskeyIncorrect`] for a wrong one or
    /// one that is kept already, [`Error::Invalid`] for what is none, and as [`Self::passkey_add_begin`].
    pub async fn passkey_add(
        &self,
        caller: &Caller,
        asked: Option<&PasskeyId>,
        name: &str,
        answer: &str,
    ) -> Result<PasskeyAdded> {
        let (here, user) = self.here_setting_up(caller).await?;
        self.may_change(&user)?;
        let mut faults = Vec::new();
        let name = read_name("name", name, &mut faults).unwrap_or_default();
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let answer = NewAnswer::read(answer).ok_or_else(|| Error::field("passkey", "passkey_malformed"))?;
        let waiting = self.challenge_taken(&here.client.id, Ceremony::Add, answer.hash).await?;
        if waiting.user.as_ref() != Some(&user.account.user) || asked.is_some_and(|id| *id != waiting.id) {
            return Err(Error::Denied(Denial::PasskeyExpired));
        }
        self.few_enough(&user).await?;
        let new = self.0.passkeys.finish(&waiting.state, &answer).map_err(|refused| {
            tracing::info!(request = %caller.request, why = ?refused, "a new passkey was refused");
            Error::Denied(Denial::PasskeyIncorrect)
        })?;
        let named = if name.is_empty() { self.device_name(caller) } else { name };
        let passkey = PasskeyView {
            id: waiting.id.clone(),
            name: named.clone(),
            synced: new.synced,
            added: self.now(),
            updated: self.now(),
            last_used: None,
        };
        let detail = serde_json::json!({"passkey": waiting.id.as_str(), "synced": new.synced});
        let mut trail = self.factor_trail(caller, &here, &user, EventKind::PasskeyAdded, detail).await?;
        let asked = self.facts(caller);
        self.tell_owner(&user, &mut trail, |not_me| Letter::NoticePasskeyAdded { not_me, asked })?;
        let (codes, set_up) = match here.signed_in.session.status {
            Status::Active => (Vec::new(), None),
            // What the session waits for is a second factor, and a passkey is one when it is asked for.
            Status::Pending => {
                self.activation(caller, &here, &user, &mut trail).await?;
                let (shown, codes) = self.new_codes().await?;
                (shown, Some(SetUp { session: here.signed_in.session.id.clone(), codes }))
            }
        };
        let kept = NewPasskey {
            id: waiting.id,
            credential_id: new.credential_id,
            name: named,
            credential: new.credential,
            sign_count: new.sign_count,
            synced: new.synced,
        };
        let change = FactorChange::PasskeyAdded(kept, set_up);
        match self.store().factor_change(user.account, change, trail, self.now()).await {
            Err(StoreError::Taken(_)) => return Err(Error::Denied(Denial::PasskeyIncorrect)),
            done => done?,
        }
        self.mail_waits();
        Ok(PasskeyAdded { passkey, codes })
    }

    /// Gives a passkey another name.
    ///
    /// # Errors
    /// [`Error::NotFound`] for one of somebody else, [`Error::Invalid`] for a name that is empty or too long.
    pub async fn passkey_rename(&self, caller: &Caller, id: &PasskeyId, name: &str) -> Result<()> {
        let here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        let mut faults = Vec::new();
        let name = read_name("name", name, &mut faults);
        let Some(name) = name.filter(|_| faults.is_empty()) else {
            let missing = || Error::field("name", "missing");
            return Err(if faults.is_empty() { missing() } else { Error::Invalid(faults) });
        };
        let detail = serde_json::json!({"passkey": id.as_str()});
        let event = self.event_here(caller, EventKind::PasskeyRenamed, &here, &user, detail).await?;
        let done = self.store().passkey_rename(&user.account.user, id, name, event).await?;
        if done { Ok(()) } else { Err(Error::NotFound) }
    }

    /// Removes a passkey.
    ///
    /// # Errors
    /// [`Error::Stale`] or [`Error::StaleSecond`] without a fresh factor, [`Error::NotFound`] for one of somebody else,
    /// [`Denial::LastWayIn`] when nothing else is left to sign in with.
    pub async fn passkey_remove(&self, caller: &Caller, id: &PasskeyId) -> Result<()> {
        let (here, user) = self.here_strong(caller).await?;
        self.may_change(&user)?;
        let held = self.store().reader().passkeys(&user.account.user).await?;
        if !held.iter().any(|row| row.id == *id) {
            return Err(Error::NotFound);
        }
        if held.len() == 1 && user.password.is_none() && user.email.is_none() {
            return Err(Error::Denied(Denial::LastWayIn));
        }
        let detail = serde_json::json!({"passkey": id.as_str()});
        let mut trail = self.factor_trail(caller, &here, &user, EventKind::PasskeyRemoved, detail).await?;
        let asked = self.facts(caller);
        self.tell_owner(&user, &mut trail, |not_me| Letter::NoticePasskeyRemoved { not_me, asked })?;
        let change = FactorChange::PasskeyRemoved(id.clone());
        self.store().factor_change(user.account, change, trail, self.now()).await?;
        self.mail_waits();
        Ok(())
    }

    /// Decides whether a passkey is asked for after every other first factor: two-step verification without an app. The
    /// first time it comes with a set of backup codes, shown this once.
    ///
    /// # Errors
    /// [`Error::Stale`] or [`Error::StaleSecond`] without a fresh factor, [`Error::Invalid`] without a passkey to ask for.
    pub async fn passkey_after(&self, caller: &Caller, wanted: bool) -> Result<Vec<String>> {
        let (here, user) = self.here_strong(caller).await?;
        self.may_change(&user)?;
        if wanted && user.passkeys == 0 {
            return Err(Error::field("passkey_after", "passkey_missing"));
        }
        let (shown, kept) = match wanted && user.held().two_step_since().is_none() && user.backup_codes == 0 {
            true => self.new_codes().await?,
            false => (Vec::new(), Vec::new()),
        };
        let detail = serde_json::json!({"wanted": wanted, "backup_codes": shown.len()});
        let mut trail = self.factor_trail(caller, &here, &user, EventKind::PasskeyAfterChanged, detail).await?;
        let asked = self.facts(caller);
        self.tell_owner(&user, &mut trail, |not_me| match wanted {
            true => Letter::NoticeTwoStepOn { not_me, asked },
            false => Letter::NoticeTwoStepOff { not_me, asked },
        })?;
        let change = FactorChange::PasskeyAfter(wanted.then_some(kept));
        self.store().factor_change(user.account, change, trail, self.now()).await?;
        self.mail_waits();
        Ok(shown)
    }

    async fn few_enough(&self, user: &UserRow) -> Result<Vec<PasskeyRow>> {
        if user.passkeys >= MOST {
            return Err(Error::field("name", "too_many_passkeys"));
        }
        Ok(self.store().reader().passkeys(&user.account.user).await?)
    }

    /// Browser and system, as far as a caller's agent tells them.
    fn device_name(&self, caller: &Caller) -> String {
        let facts = self.facts(caller);
        [facts.browser(), facts.system()].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}
