//! The end of every sign-in: one transaction opens the session, replaces the client's secret and uses up the proof.

use super::{SignInStatus, SignInView};
use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::client::Renewal,
    housekey::Housekey,
};
use housekey_core::{
    event::EventKind,
    ids::{SessionId, SignInTokenId, VerificationId},
    password::PasswordHash,
    session::Session,
    sign_in::{Complete, SignIn},
};
use housekey_store::{
    clients::ClientRow,
    limits::Spend,
    sessions::{Room, SessionRow},
    sign_ins::{Completion, Trail},
    users::UserRow,
};
use serde::Serialize;

/// A completed sign-in and what its completion does beside opening the session.
pub(crate) struct Finish<'a> {
    pub done: SignIn<Complete>,
    pub user: &'a UserRow,
    /// The row's version; `None` when a sign-up proved the mailbox.
    pub attempt_version: Option<i64>,
    pub spent: Option<VerificationId>,
    pub ticket: Option<SignInTokenId>,
    pub rehash: Option<(PasswordHash, PasswordHash)>,
    pub renew: Option<PasswordHash>,
    pub refund: Vec<Spend>,
    pub forgive: Option<[u8; 32]>,
    pub trail: Trail,
}

impl<'a> Finish<'a> {
    pub(crate) fn new(done: SignIn<Complete>, user: &'a UserRow) -> Self {
        Self {
            done,
            user,
            attempt_version: None,
            spent: None,
            ticket: None,
            rehash: None,
            renew: None,
            refund: Vec::new(),
            forgive: None,
            trail: Trail::default(),
        }
    }
}

impl Housekey {
    /// Opens the session.
    ///
    /// # Errors
    /// [`Denial::UserBanned`] or [`Denial::UserLocked`] when the account may not sign in, [`Error::Conflict`] when
    /// account, client or attempt were changed since the proof.
    pub(crate) async fn finish_sign_in(
        &self,
        caller: &Caller,
        client: &ClientRow,
        finish: Finish<'_>,
    ) -> Result<Outcome<SignInView>> {
        let done = &finish.done;
        let view = SignInView {
            id: done.id.clone(),
            status: SignInStatus::Complete,
            identifier: finish.user.address.clone(),
            offered: Vec::new(),
            code: None,
            remember: done.remember,
            return_to: done.return_to.clone(),
            first: Some(done.state.first),
            user: Some(finish.user.account.user.clone()),
            expires: done.expires,
            session: None,
        };
        let made = |session: &SessionId| SignInView { session: Some(session.clone()), ..view };
        let (completion, outcome) = self.completion(caller, client, finish, made).await?;
        self.store().sign_in_complete(completion).await?;
        Ok(outcome)
    }

    /// All that the last step writes, and the answer it earns, made for its session.
    pub(crate) async fn completion<T: Serialize + Clone>(
        &self,
        caller: &Caller,
        client: &ClientRow,
        finish: Finish<'_>,
        answer: impl FnOnce(&SessionId) -> T,
    ) -> Result<(Completion, Outcome<T>)> {
        let (done, user) = (&finish.done, finish.user);
        self.may_sign_in(user)?;
        let now = self.now();
        let policy = self.settings().sessions;
        let session = Session::open(done, SessionId::new(now, self.entropy()), &policy, now);
        let epoch = user.device_epoch + i64::from(finish.renew.is_some());
        let renewal = Renewal {
            active_session: Some(session.id.clone()),
            expires: session.expires.max(client.expires),
            until: session.remembered.then_some(session.expires),
            device: self.remember_device(caller, &user.account.user, epoch),
            signed: true,
        };
        let renewed = self.renew(caller, client, renewal, answer(&session.id))?;
        let detail = serde_json::json!({"first_factor": done.state.first, "remembered": session.remembered});
        let event = self
            .event_of(caller, EventKind::SessionCreated, Some(user), Some(&client.id), Some(&session.id), detail)
            .await?;
        let attempt = finish.attempt_version.map(|version| (done.id.clone(), version));
        let mut trail = finish.trail;
        trail.events.push(event);
        let facts = self.session_facts(caller, &session.id);
        let completion = Completion {
            attempt,
            account: user.account.clone(),
            session: SessionRow { session, facts },
            room: self.room(),
            rotation: renewed.rotation,
            spent: finish.spent,
            ticket: finish.ticket,
            rehash: finish.rehash,
            renew: finish.renew,
            refund: finish.refund,
            forgive: finish.forgive,
            trail,
        };
        Ok((completion, renewed.outcome))
    }

    /// Whether the account may be signed in to at all; told only after a right proof.
    pub(crate) fn may_sign_in(&self, user: &UserRow) -> Result<()> {
        if user.state != "active" {
            return Err(Error::Denied(Denial::UserBanned));
        }
        match user.locked_until {
            Some(until) if self.now() < until => Err(Error::Denied(Denial::UserLocked)),
            _ => Ok(()),
        }
    }

    pub(crate) fn room(&self) -> Room {
        let policy = &self.settings().sessions;
        Room { per_user: i64::from(policy.max_per_user), several_on_client: policy.multi_session }
    }
}
