//! The end of every sign-in: one transaction opens the session, replaces the client's secret and uses up the proof.

use super::{SignInStatus, SignInView, view};
use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::{client::Renewal, risk::Weighed},
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{
    event::EventKind,
    ids::{SessionId, TrustedDeviceId},
    session::Session,
    sign_in::{After, AnySignIn, Complete, NeedsSecondFactor, SecondStrategy, SignIn, Strategy},
    time::Time,
    token::opaque::OpaqueToken,
};
use housekey_store::{
    clients::ClientRow,
    sessions::{Room, SessionRow},
    sign_ins::{Completion, Proved, Step},
    trusted_devices::NewTrustedDevice,
    users::UserRow,
    verifications::FollowedLink,
};
use serde::Serialize;

/// Whose factor was proved, and what that uses up and changes.
pub(crate) struct Finish<'a> {
    pub user: &'a UserRow,
    /// The row's version; `None` when there is no row yet.
    pub attempt_version: Option<i64>,
    /// The attempt that a mailed link ended, and until when its browser's other page is told so.
    pub followed: Option<(String, Time)>,
    /// What vouched for the device, where something had to.
    pub vouched: Option<Strategy>,
    /// How unusual it is, where it was judged just now.
    pub weighed: Option<Weighed>,
    /// The device that is trusted from now on.
    pub trust: Option<(OpaqueToken<TrustedDeviceId>, NewTrustedDevice)>,
    pub proved: Proved,
}

impl<'a> Finish<'a> {
    pub(crate) fn new(user: &'a UserRow) -> Self {
        Self {
            user,
            attempt_version: None,
            followed: None,
            vouched: None,
            weighed: None,
            trust: None,
            proved: Proved::default(),
        }
    }
}

impl Housekey {
    /// The second factors that an account has, and so are due whatever its first one was (SEC-63).
    pub(crate) fn due(&self, user: &UserRow) -> Vec<SecondStrategy> {
        self.held(user).second_strategies()
    }

    /// Goes where a factor led: on to what is due, or into the session.
    ///
    /// # Errors
    /// As [`Self::finish_sign_in`].
    pub(crate) async fn go_on(
        &self,
        caller: &Caller,
        client: &ClientRow,
        after: After,
        finish: Finish<'_>,
    ) -> Result<Outcome<SignInView>> {
        let next = match after {
            After::Done(done) => return self.finish_sign_in(caller, client, done, finish).await,
            After::Second(next) => self.asks_second(next, finish.user).await?,
            After::NewPassword(next) => AnySignIn::NeedsNewPassword(next),
        };
        let shown = view(&next);
        self.store().sign_in_step(self.step(next, finish)?, self.now()).await?;
        Ok(Outcome::plain(shown))
    }

    /// A sign-in that waits for a second factor, and the phones that a code can go to.
    pub(crate) async fn asks_second(&self, mut next: SignIn<NeedsSecondFactor>, user: &UserRow) -> Result<AnySignIn> {
        if next.state.offered.contains(&SecondStrategy::PhoneCode) {
            next.state.phones = self.second_phones(user).await?;
        }
        Ok(AnySignIn::NeedsSecondFactor(next))
    }

    /// A step that is not the last one.
    ///
    /// # Errors
    /// [`Denial::UserBanned`] or [`Denial::UserLocked`] when the account may not sign in.
    pub(crate) fn step(&self, attempt: AnySignIn, finish: Finish<'_>) -> Result<Step> {
        self.may_sign_in(finish.user)?;
        let account = finish.user.account.clone();
        Ok(Step { version: finish.attempt_version, attempt, account, proved: finish.proved })
    }

    /// Opens the session.
    ///
    /// # Errors
    /// [`Denial::UserBanned`] or [`Denial::UserLocked`] when the account may not sign in, [`Error::Conflict`] when
    /// account, client or attempt were changed since the proof.
    pub(crate) async fn finish_sign_in(
        &self,
        caller: &Caller,
        client: &ClientRow,
        done: SignIn<Complete>,
        mut finish: Finish<'_>,
    ) -> Result<Outcome<SignInView>> {
        let user = finish.user;
        let guest = self.guest_joins(caller, client, &mut finish).await?;
        let view = SignInView {
            id: done.id.clone(),
            status: SignInStatus::Complete,
            identifier: finish.user.shown_name(),
            offered: Vec::new(),
            second_offered: Vec::new(),
            second_phones: Vec::new(),
            vouching: Vec::new(),
            code: None,
            passkey: None,
            remember: done.remember,
            return_to: done.return_to.clone(),
            first: Some(done.state.first),
            second: done.state.second,
            user: Some(finish.user.account.user.clone()),
            expires: done.expires,
            session: None,
        };
        let made = |session: &SessionId| SignInView { session: Some(session.clone()), ..view };
        let (completion, outcome) = self.completion(caller, client, done, finish, made).await?;
        self.store().sign_in_complete(completion).await?;
        self.guest_joined(guest, &user.account.user);
        self.mail_waits();
        Ok(outcome)
    }

    /// All that the last step writes, and the answer it earns, made for its session.
    pub(crate) async fn completion<T: Serialize + Clone>(
        &self,
        caller: &Caller,
        client: &ClientRow,
        done: SignIn<Complete>,
        finish: Finish<'_>,
        answer: impl FnOnce(&SessionId) -> T,
    ) -> Result<(Completion, Outcome<T>)> {
        let user = finish.user;
        self.may_sign_in(user)?;
        let now = self.now();
        let policy = self.settings().sessions;
        let missing = self.missing(user, done.state.second.is_some());
        let task = missing.task();
        let session = Session::open(&done, task, SessionId::new(now, self.entropy()), &policy, now);
        let epoch = user.device_epoch + i64::from(finish.proved.renew.is_some());
        let renewal = Renewal {
            active_session: Some(session.id.clone()),
            expires: session.expires.max(client.expires),
            until: session.remembered.then_some(session.expires),
            // Nobody completed a sign-in while a task is open.
            device: task
                .is_none()
                .then(|| {
                    self.remember_trusted(caller, &user.account.user, epoch, finish.trust.as_ref().map(|(t, _)| t))
                })
                .flatten(),
            signed: true,
        };
        let renewed = self.renew(caller, client, renewal, answer(&session.id))?;
        let (first, second) = (done.state.first, done.state.second);
        let second = match (&second, &finish.proved.trusted) {
            (None, Some(device)) => serde_json::json!({"trusted_device": device.as_str()}),
            (second, _) => serde_json::json!(second),
        };
        let unusual = finish.weighed.filter(|weighed| weighed.assessment.score > 0);
        let detail = serde_json::json!({
            "first_factor": first,
            "second_factor": second,
            "client_trust": finish.vouched,
            "risk": unusual.map(|weighed| weighed.detail()),
            "remembered": session.remembered,
            "task": task,
        });
        let event = self
            .event_of(caller, EventKind::SessionCreated, Some(user), Some(&client.id), Some(&session.id), detail)
            .await?;
        let mut proved = finish.proved;
        proved.trail.events.push(event);
        proved.two_step_due = missing.to_tell(user.two_step_due);
        if let Some((_, new)) = finish.trust {
            let detail = serde_json::json!({"device": new.id.as_str()});
            let kind = EventKind::TrustedDeviceAdded;
            let event = self.event_of(caller, kind, Some(user), Some(&client.id), Some(&session.id), detail).await?;
            proved.trail.events.push(event);
            proved.trust = Some(new);
        }
        // A new password by way of the mailbox, and the second factor where there is one: the owner is back.
        proved.unfreeze = user.frozen_until.is_some() && first == Strategy::ResetPasswordEmailCode;
        proved.followed = finish.followed.map(|(attempt, expires)| FollowedLink {
            attempt,
            user: user.account.user.clone(),
            session: session.id.clone(),
            expires,
        });
        // A new password is told by itself.
        let known = self.is_known_device(caller, user);
        if !known && proved.renew.is_none() && task.is_none() {
            let asked = self.facts(caller);
            self.tell_owner(user, &mut proved.trail, |not_me| Letter::NoticeNewDevice { not_me, asked })?;
        }
        let facts = self.session_facts(caller, &session.id);
        let completion = Completion {
            attempt: finish.attempt_version.map(|version| (done.id, version)),
            account: user.account.clone(),
            session: SessionRow { session, facts },
            room: self.room(),
            rotation: renewed.rotation,
            proved,
        };
        Ok((completion, renewed.outcome))
    }

    /// Whether the account may be signed in to at all; told only after a right proof.
    pub(crate) fn may_sign_in(&self, user: &UserRow) -> Result<()> {
        Self::not_a_guest(user)?;
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
