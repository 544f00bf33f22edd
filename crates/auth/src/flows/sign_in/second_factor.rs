//! The second factor of a sign-in whose first one holds.

use super::{Finish, SignInView, code::refused, view};
use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::{
        client::Presented,
        gate,
        second_factor::{Typed, denied},
    },
    housekey::Housekey,
};
use housekey_core::{
    event::EventKind,
    sign_in::{AnySignIn, SecondStrategy},
};
use housekey_store::{passkey_challenges::Ceremony, sign_ins::Proved};

impl Housekey {
    /// Proves the second factor of the live sign-in, by the code of an authenticator app, by a backup code, or by
    /// what a passkey answered.
    ///
    /// # Errors
    /// [`Denial::SecondFactorIncorrect`] for a wrong code or one that was used, [`Denial::AttemptExpired`] after five wrong ones
    /// or five minutes, [`Error::Limited`] beyond the limits of the account.
    pub async fn sign_in_second_factor(
        &self,
        caller: &Caller,
        strategy: SecondStrategy,
        typed: &str,
    ) -> Result<Outcome<SignInView>> {
        let done = self.try_second_factor(caller, strategy, typed, false).await;
        self.or_repeat(caller, done).await
    }

    /// The same by somebody who trusts the device: no second factor is asked for there for some days (SEC-64).
    ///
    /// # Errors
    /// As [`Self::sign_in_second_factor`].
    pub async fn sign_in_second_factor_trusting(
        &self,
        caller: &Caller,
        strategy: SecondStrategy,
        typed: &str,
    ) -> Result<Outcome<SignInView>> {
        let done = self.try_second_factor(caller, strategy, typed, true).await;
        self.or_repeat(caller, done).await
    }

    async fn try_second_factor(
        &self,
        caller: &Caller,
        strategy: SecondStrategy,
        typed: &str,
        trust: bool,
    ) -> Result<Outcome<SignInView>> {
        let checked = match self.present::<SignInView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Err(Error::Denied(Denial::AttemptExpired)),
        };
        let typed = Typed::given(strategy, typed, &checked.client.id, Ceremony::SecondFactor)?;
        let row = self.live_sign_in(&checked.client).await?;
        let AnySignIn::NeedsSecondFactor(attempt) = row.attempt else {
            return Ok(Outcome::plain(view(&row.attempt)));
        };
        attempt.may(strategy, self.now()).map_err(refused)?;
        let expired = || Error::Denied(Denial::AttemptExpired);
        let one = self.second_attempt_spends(&attempt.id);
        // A sign-in whose tries are used up is over, as a code is.
        gate::allowed(self.store().spend(one, self.now()).await?).map_err(|_| expired())?;
        let user = self.store().reader().user(&attempt.state.account.user).await?;
        let user = user.filter(|u| u.account == attempt.state.account).ok_or_else(expired)?;
        let device = self.known_device(caller, &user.account.user, user.device_epoch);
        let counted = self.second_spends(caller, &user.account.user, device.as_ref());
        self.spend(counted.clone()).await?;

        let client = Some(&checked.client.id);
        let Some((proof, used)) = self.check_second_factor(caller, &user, typed).await? else {
            let detail = serde_json::json!({"strategy": strategy, "known_device": device.is_some()});
            let event = self.event_of(caller, EventKind::SecondFactorFailed, Some(&user), client, None, detail).await?;
            self.store().record(vec![event]).await?;
            return Err(denied(strategy));
        };
        let trail = self.second_factor_told(caller, &user, client, strategy).await?;
        let done = attempt.prove(proof, self.now()).map_err(refused)?;
        let mut finish = Finish::new(&user);
        finish.attempt_version = Some(row.version);
        finish.trust = if trust { self.new_trust(caller) } else { None };
        finish.proved = Proved { second: Some(used), refund: counted, trail, ..Proved::default() };
        let outcome = self.finish_sign_in(caller, &checked.client, done, finish).await?;
        self.mail_waits();
        Ok(outcome)
    }
}
