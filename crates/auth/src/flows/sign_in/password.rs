//! The password as first factor.

use super::{Finish, SignInView, view};
use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::{challenge, client::Presented, gate::PasswordTried},
    housekey::Housekey,
};
use housekey_core::{
    challenge::Action,
    entropy,
    event::EventKind,
    password::{Password, Verdict},
    sign_in::{AnySignIn, FirstProof, Strategy},
};
use housekey_store::sign_ins::Proved;

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
        let user = self.store().reader().user_by_email(&who).await?;
        let id = user.as_ref().map(|u| &u.account.user);
        let device = user.as_ref().and_then(|u| self.known_device(caller, &u.account.user, u.device_epoch));
        let tried = self.password_tried(&who, id, device.as_ref());
        self.password_allowed(caller, &tried).await?;

        let stored = user.as_ref().and_then(|u| u.password.clone());
        let (password, verdict) = self.hasher().verify(stored, password).await?;
        let proof = user.as_ref().and_then(|u| FirstProof::password(u.account.clone(), &verdict));
        let (Some(user), Some(proof)) = (&user, proof) else {
            let detail = serde_json::json!({"strategy": "password", "known_device": device.is_some()});
            let client = Some(&checked.client.id);
            let event = self.event_of(caller, EventKind::SignInFailed, user.as_ref(), client, None, detail).await?;
            let failed = device.is_none().then_some(tried.failures);
            self.store().password_failed(failed, event).await?;
            self.proof_failed();
            return Err(Error::Denied(Denial::PasswordOrIdentifierIncorrect));
        };
        let rehash = match (&verdict, &user.password) {
            (Verdict::Yes { outdated: true }, Some(old)) => {
                let salt = entropy::bytes::<16>(self.entropy());
                Some((old.clone(), self.hasher().hash(password, salt).await?))
            }
            _ => None,
        };
        let after = attempt.prove(proof, &self.due(user), self.now()).map_err(super::code::refused)?;
        let mut finish = Finish::new(user);
        finish.attempt_version = Some(row.version);
        finish.proved = Proved { rehash, refund: tried.counted(), forgive: Some(tried.failures), ..Proved::default() };
        self.go_on(caller, &checked.client, after, finish).await
    }

    /// Counts the try before it is judged, so that parallel guesses never pass more than the buckets hold.
    async fn password_allowed(&self, caller: &Caller, tried: &PasswordTried<'_>) -> Result<()> {
        let gate = self.password_gate(caller, tried);
        let (failures, answer) = self.ask_gate(caller, Action::SignIn, gate).await?;
        match challenge::opened(answer) {
            Err(limited @ Error::Limited { .. }) => Err(limited),
            _ if tried.is_from_unknown() && failures >= self.limits().password_closed_after => {
                Err(Error::Denied(Denial::PasswordClosed))
            }
            other => other,
        }
    }
}
