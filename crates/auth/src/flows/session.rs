//! A session's life after sign-in: shown, and ended here or from elsewhere; and what it may, as long as it is fresh.

use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::client::{Presented, Renewal},
    housekey::Housekey,
};
use housekey_core::{
    event::{ClientFacts, EventKind},
    ids::SessionId,
    session::{Session, Status},
    time::Time,
};
use housekey_store::{
    sessions::{Checked, SignedIn},
    tell::End,
    users::UserRow,
};

/// A session as its owner sees it.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// Its id.
    pub id: SessionId,
    /// The session itself.
    pub session: Session,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When it began.
    pub created: Time,
    /// When it was last used.
    pub last_seen: Time,
    /// When it ends by itself at the latest.
    pub expires: Time,
    /// From where, and with what.
    pub facts: ClientFacts,
}

/// A caller who is signed in, with the row of the client.
pub(crate) struct Here {
    pub client: housekey_store::clients::ClientRow,
    pub signed_in: SignedIn,
}

impl Housekey {
    /// Ends the session of this client. Signing out twice is signing out.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn sign_out(&self, caller: &Caller) -> Result<Outcome<()>> {
        let done = self.end_here(caller, End::Ended).await;
        self.or_repeat(caller, done).await
    }

    /// The same, told as a session that left its browser.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn session_remove(&self, caller: &Caller) -> Result<Outcome<()>> {
        let done = self.end_here(caller, End::Removed).await;
        self.or_repeat(caller, done).await
    }

    /// The sessions of the signed-in user, last used first.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for anybody else.
    pub async fn session_list(&self, caller: &Caller) -> Result<Vec<SessionView>> {
        let here = self.here(caller).await?;
        let now = self.now();
        let user = &here.signed_in.account.user;
        let most = i64::from(self.settings().sessions.max_per_user);
        let rows = self.store().reader().sessions_of_user(user, now, most).await?;
        let policy = self.settings().sessions;
        let seen = |id: &SessionId, row: Time| self.seen().last(id).map_or(row, |at| at.max(row));
        Ok(rows
            .into_iter()
            .filter(|r| r.session.alive(seen(&r.session.id, r.session.last_seen), &policy, now).is_ok())
            .map(|r| SessionView {
                current: r.session.id == here.signed_in.session.id,
                created: r.session.created,
                last_seen: seen(&r.session.id, r.session.last_seen),
                expires: r.session.expires,
                facts: self.open_session_facts(&r.session.id, &r.facts),
                id: r.session.id.clone(),
                session: r.session,
            })
            .collect())
    }

    /// Ends one session of the signed-in user.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is nobody's or somebody else's.
    pub async fn session_revoke(&self, caller: &Caller, id: &SessionId) -> Result<()> {
        let here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        let detail = serde_json::json!({"session": id.as_str()});
        let event = self.event_here(caller, EventKind::SessionRevoked, &here, &user, detail).await?;
        if self.store().revoke_session(&user.account.user, id, event).await? { Ok(()) } else { Err(Error::NotFound) }
    }

    /// Ends all sessions of the signed-in user but this one. Answers how many.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for anybody else.
    pub async fn session_revoke_others(&self, caller: &Caller) -> Result<u64> {
        let here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        let detail = serde_json::json!({"session": "others"});
        let event = self.event_here(caller, EventKind::SessionRevoked, &here, &user, detail).await?;
        let keep = &here.signed_in.session.id;
        Ok(self.store().revoke_other_sessions(&user.account.user, keep, event).await?)
    }

    /// The caller's session, from the store.
    ///
    /// # Errors
    /// [`Error::SignedOut`] without one that counts.
    pub(crate) async fn here(&self, caller: &Caller) -> Result<Here> {
        match self.present::<serde_json::Value>(caller).await? {
            Presented::Client(checked) => self.acting(caller, *checked).await,
            _ => Err(Error::SignedOut),
        }
    }

    /// The caller's session, when a factor was proved in the last five minutes.
    ///
    /// # Errors
    /// [`Error::Stale`] when that is longer ago, [`Denial::Guest`] for a guest, who has nothing to prove.
    pub(crate) async fn here_fresh(&self, caller: &Caller) -> Result<Here> {
        let here = self.here(caller).await?;
        self.fresh(here)
    }

    pub(crate) fn fresh(&self, here: Here) -> Result<Here> {
        if here.signed_in.session.is_guest() {
            return Err(Error::Denied(Denial::Guest));
        }
        if here.signed_in.session.is_fresh(&self.settings().sessions, self.now()) {
            Ok(here)
        } else {
            Err(Error::Stale)
        }
    }

    /// The caller's session and user, when a factor was proved in the last five minutes that is as strong as any that the
    /// account has (SEC-63).
    ///
    /// # Errors
    /// [`Error::StaleSecond`] or [`Error::Stale`] when that is longer ago, [`Denial::Guest`] for a guest.
    pub(crate) async fn here_strong(&self, caller: &Caller) -> Result<(Here, UserRow)> {
        let here = self.here(caller).await?;
        self.strong(here).await
    }

    pub(crate) async fn strong(&self, here: Here) -> Result<(Here, UserRow)> {
        let user = self.row_of(&here).await?;
        Self::not_a_guest(&user)?;
        let (session, policy, now) = (&here.signed_in.session, &self.settings().sessions, self.now());
        match self.held(&user).two_step_since() {
            Some(_) if !session.is_strongly_fresh(policy, now) => Err(Error::StaleSecond),
            None if !session.is_fresh(policy, now) => Err(Error::Stale),
            _ => Ok((here, user)),
        }
    }

    /// The user's row of a session, as it is now.
    pub(crate) async fn row_of(&self, here: &Here) -> Result<UserRow> {
        self.store().reader().user(&here.signed_in.account.user).await?.ok_or(Error::SignedOut)
    }

    /// An event of the signed-in user.
    pub(crate) async fn event_here(
        &self,
        caller: &Caller,
        kind: EventKind,
        here: &Here,
        user: &UserRow,
        detail: serde_json::Value,
    ) -> Result<housekey_core::event::Event> {
        let session = Some(&here.signed_in.session.id);
        self.event_of(caller, kind, Some(user), Some(&here.client.id), session, detail).await
    }

    /// What the session's client becomes with a new secret while the session goes on.
    pub(crate) fn going_on(&self, here: &Here) -> Renewal {
        let session = &here.signed_in.session;
        Renewal {
            active_session: here.client.active_session.clone(),
            expires: here.client.expires,
            until: session.remembered.then_some(session.expires),
            device: None,
            signed: false,
        }
    }

    /// The caller as the session that it names, or as the client's active one.
    async fn acting(&self, caller: &Caller, checked: Checked) -> Result<Here> {
        let here = self.acting_or_pending(caller, checked).await?;
        // A session that waits for something is signed out everywhere else (SEC-60).
        if here.signed_in.session.status == Status::Active { Ok(here) } else { Err(Error::SignedOut) }
    }

    pub(crate) async fn acting_or_pending(&self, caller: &Caller, checked: Checked) -> Result<Here> {
        match &caller.session {
            Some(named) if checked.client.active_session.as_ref() != Some(named) => {
                let one = self.store().reader().check_one(&checked.client.id, named).await?;
                self.open_here(one.ok_or(Error::SignedOut)?)
            }
            _ => self.open_here(checked),
        }
    }

    /// What the client becomes when this session of it ends: another of its sessions counts, where there is one.
    pub(crate) async fn without(&self, here: &Here) -> Result<Renewal> {
        let others = self.store().reader().sessions_on_client(&here.client.id).await?;
        let gone = &here.signed_in.session.id;
        let kept = here.client.active_session.clone().filter(|active| active != gone);
        let next = others.iter().map(|s| &s.session).filter(|s| s.id != *gone).max_by_key(|s| s.last_seen);
        Ok(match next {
            None => self.signed_out(),
            Some(next) => Renewal {
                active_session: kept.or_else(|| Some(next.id.clone())),
                expires: here.client.expires,
                until: next.remembered.then_some(here.client.expires),
                device: None,
                signed: true,
            },
        })
    }

    pub(crate) fn open_here(&self, checked: Checked) -> Result<Here> {
        let signed_in = checked.signed_in.ok_or(Error::SignedOut)?;
        let session = &signed_in.session;
        let seen = self.seen().last(&session.id).unwrap_or(session.last_seen);
        let counts = signed_in.user_active && session.alive(seen, &self.settings().sessions, self.now()).is_ok();
        if counts { Ok(Here { client: checked.client, signed_in }) } else { Err(Error::SignedOut) }
    }

    async fn end_here(&self, caller: &Caller, how: End) -> Result<Outcome<()>> {
        let checked = match self.present::<()>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Ok(Outcome::plain(())),
        };
        let here = match self.acting_or_pending(caller, *checked).await {
            Ok(here) => here,
            Err(Error::SignedOut) => return Ok(Outcome::plain(())),
            Err(other) => return Err(other),
        };
        let user = self.row_of(&here).await?;
        let event = self.event_here(caller, EventKind::SessionEnded, &here, &user, serde_json::json!({})).await?;
        let renewal = self.without(&here).await?;
        let renewed = self.renew(caller, &here.client, renewal, ())?;
        self.store().sign_out(here.signed_in.session, how, renewed.rotation, event).await?;
        Ok(renewed.outcome)
    }
}
