//! The password as first factor.

use super::{Finish, SignInView, view};
use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::{
        client::Presented,
        codes,
        gate::PasswordTried,
        risk::{Tried, Weighed},
        trusted_devices::Due,
    },
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{
    challenge::Action,
    entropy,
    event::EventKind,
    identifier::{Identifier, email::Email},
    ids::ClientId,
    password::{Password, Verdict},
    risk::Response,
    sign_in::{After, AnySignIn, FirstProof, Strategy},
};
use housekey_store::{
    sign_ins::{Proved, Trail},
    users::UserRow,
};
use std::time::Duration;

/// How many tries may be judged at the same time, each of which may be the last.
const NEARLY: i64 = 20;
/// How long it is of use to say that the password is closed.
const TOLD_FOR: Duration = Duration::from_secs(24 * 3600);
/// Where a letter would go that is made for equal work, and never sent.
const NOBODY: &str = "nobody@example.com";

impl Housekey {
    /// Proves the password of the live sign-in.
    ///
    /// # Errors
    /// [`Denial::PasswordOrIdentifierIncorrect`] whatever was wrong, [`Denial::PasswordClosed`] after too many failures
    /// in a row, [`Error::Limited`] beyond a limit, [`Error::Unavailable`] when no hash got its turn.
    pub async fn sign_in_password(&self, caller: &Caller, password: Password) -> Result<Outcome<SignInView>> {
        let done = self.try_password(caller, password).await;
        self.or_repeat(caller, done).await
    }

    async fn try_password(&self, caller: &Caller, password: Password) -> Result<Outcome<SignInView>> {
        let checked = match self.present::<SignInView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Err(Error::Denied(Denial::AttemptExpired)),
        };
        let row = self.live_sign_in(&checked.client).await?;
        let AnySignIn::NeedsFirstFactor(attempt) = row.attempt else {
            return Ok(Outcome::plain(view(&row.attempt)));
        };
        attempt.may(Strategy::Password, self.now()).map_err(super::code::refused)?;

        let who = attempt.state.identifier.canonical().to_owned();
        let user = self.store().reader().user_by(&attempt.state.identifier).await?;
        let id = user.as_ref().map(|u| &u.account.user);
        let device = user.as_ref().and_then(|u| self.known_device(caller, &u.account.user, u.device_epoch));
        let tried = self.password_tried(&who, id, device.as_ref());
        let before = self.password_allowed(caller, &tried).await?;

        let stored = user.as_ref().and_then(|u| u.password.clone());
        let (password, verdict) = self.hasher().verify(stored, password).await?;
        let proof = user.as_ref().and_then(|u| FirstProof::password(u.account.clone(), &verdict));
        let (Some(user), Some(proof)) = (&user, proof) else {
            let detail = serde_json::json!({"strategy": "password", "known_device": device.is_some()});
            let client = Some(&checked.client.id);
            let event = self.event_of(caller, EventKind::SignInFailed, user.as_ref(), client, None, detail).await?;
            let failed = device.is_none().then_some(tried.failures);
            let closing = self.closing(caller, &attempt.state.identifier, user.as_ref(), before.failures).await?;
            self.store().password_failed(failed, event, closing).await?;
            self.mail_waits();
            self.proof_failed();
            return Err(Error::Denied(Denial::PasswordOrIdentifierIncorrect));
        };
        self.may_sign_in(user)?;
        if self.is_compromised(caller, user, &password).await? {
            let detail = serde_json::json!({"strategy": "password", "why": "compromised"});
            let client = Some(&checked.client.id);
            let event = self.event_of(caller, EventKind::SignInFailed, Some(user), client, None, detail).await?;
            self.store().record(vec![event]).await?;
            self.store().refund(tried.counted()).await?;
            return Err(Error::Denied(Denial::PasswordCompromised));
        }
        let weighed = self.weigh(caller, user, before).await?;
        if weighed.response == Response::Refuse {
            let refused = self.refuse_unusual(caller, user, &checked.client.id, &weighed).await?;
            self.store()
                .sign_in_advance(row.version, AnySignIn::NeedsFirstFactor(attempt), refused, self.now())
                .await?;
            self.store().refund(tried.counted()).await?;
            self.mail_waits();
            return Err(Error::Denied(Denial::SignInUnusual));
        }
        let rehash = match (&verdict, &user.password) {
            (Verdict::Yes { outdated: true }, Some(old)) => {
                let salt = entropy::bytes::<16>(self.entropy());
                Some((old.clone(), self.hasher().hash(password, salt).await?))
            }
            _ => None,
        };
        let Due { second, trusted } = self.due_here(caller, user).await?;
        let named = attempt.state.identifier.clone();
        let after = attempt.prove(proof, &second, self.now()).map_err(super::code::refused)?;
        let mut finish = Finish::new(user);
        finish.attempt_version = Some(row.version);
        finish.proved = Proved { rehash, trusted, refund: tried.counted(), ..Proved::default() };
        if weighed.is_unusual() {
            finish.proved.trail.events.push(self.unusual(caller, user, &checked.client.id, &weighed).await?);
        }
        let vouching = match &after {
            After::Done(_) if finish.proved.trusted.is_none() => self.vouching(user, &weighed).await?,
            _ => Vec::new(),
        };
        match after {
            After::Done(done) if !vouching.is_empty() => {
                let next = AnySignIn::NeedsClientTrust(done.distrust(named, vouching));
                let shown = view(&next);
                self.store().sign_in_step(self.step(next, finish)?, self.now()).await?;
                Ok(Outcome::plain(shown))
            }
            after => {
                // What strangers did is forgiven by whoever got in as a stranger, and by no one else: it stands against
                // the next guess while the owner comes and goes on a device of their own.
                let strange = device.is_none() && matches!(after, After::Done(_));
                finish.proved.forgive = strange.then_some(tried.failures);
                finish.weighed = Some(weighed);
                self.go_on(caller, &checked.client, after, finish).await
            }
        }
    }

    /// What a refused sign-in leaves: the owner is told that somebody knows the password.
    async fn refuse_unusual(
        &self,
        caller: &Caller,
        user: &UserRow,
        client: &ClientId,
        weighed: &Weighed,
    ) -> Result<Trail> {
        let mut trail = Trail { events: vec![self.unusual(caller, user, client, weighed).await?], ..Trail::default() };
        if self.may_tell_of_refusal(user).await? {
            let asked = self.facts(caller);
            self.tell_owner(user, &mut trail, |not_me| Letter::NoticeSignInRefused { not_me, asked })?;
        }
        Ok(trail)
    }

    /// Counts the try before it is judged, so that parallel guesses never pass more than the buckets hold. Answers what
    /// the gate saw.
    async fn password_allowed(&self, caller: &Caller, tried: &PasswordTried<'_>) -> Result<Tried> {
        let gate = self.password_gate(caller, tried);
        let (before, answer) = self.ask_gate(caller, Action::SignIn, gate).await?;
        match answer {
            Err(limited @ Error::Limited { .. }) => Err(limited),
            _ if tried.is_from_unknown() && before.failures >= self.limits().password_closed_after => {
                Err(Error::Denied(Denial::PasswordClosed))
            }
            other => other.map(|()| before),
        }
    }

    /// What the failure leaves that closes the password: its owner is told once, and how it opens again. It is made for
    /// strangers too, and sent to nobody (SEC-20); several that come at once may all be the one.
    async fn closing(
        &self,
        caller: &Caller,
        named: &Identifier,
        user: Option<&UserRow>,
        failed_before: i64,
    ) -> Result<Option<(i64, Trail)>> {
        let closes_at = self.limits().password_closed_after;
        if failed_before < closes_at - NEARLY {
            return Ok(None);
        }
        let detail = serde_json::json!({"rule": "failures_in_a_row", "most": closes_at});
        let event = self.event_of(caller, EventKind::PasswordClosed, user, None, None, detail).await?;
        let letter = Letter::NoticePasswordClosed { asked: self.facts(caller) };
        let owner = match (named, user) {
            (Identifier::Email(to), _) => Some(to.clone()),
            (_, Some(user)) => codes::mailbox_of(user),
            (_, None) => None,
        };
        let nobody = owner.is_none() || user.is_none();
        let to = owner.map_or_else(|| Email::parse(NOBODY), Ok).map_err(|_| Error::Bug("nobody's address"))?;
        let mail = self.post(&to, letter, self.now().plus(TOLD_FOR), nobody)?;
        Ok(Some((closes_at, Trail { mail: vec![mail], events: vec![event], ..Trail::default() })))
    }
}
