//! The second factor of a sign-in whose first one holds.

use super::{
    Finish, SignInView,
    code::refused,
    prepared::{just_sent, prepared},
    view,
};
use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::{
        client::Presented,
        codes::SmsAsked,
        gate,
        second_factor::{Asked, Typed, denied},
    },
    housekey::Housekey,
    sms::TextKind,
};
use housekey_core::{
    event::EventKind,
    ids::PhoneId,
    sign_in::{AnySignIn, SecondStrategy, Strategy},
};
use housekey_store::{sign_ins::Proved, verifications::Purpose};

impl Housekey {
    /// Sends a code to a phone that is the second factor of the live sign-in: the named one, else the one that is asked for
    /// first.
    ///
    /// # Errors
    /// [`Denial::AttemptExpired`] without a live sign-in, [`Error::Invalid`] where the account has no such phone or no
    /// message goes to it, [`Error::Limited`] beyond a limit.
    pub async fn sign_in_second_send(&self, caller: &Caller, phone: Option<&PhoneId>) -> Result<Outcome<SignInView>> {
        let checked = match self.present::<SignInView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Err(Error::Denied(Denial::AttemptExpired)),
        };
        let row = self.live_sign_in(&checked.client).await?;
        let AnySignIn::NeedsSecondFactor(attempt) = row.attempt else {
            return Ok(Outcome::plain(view(&row.attempt)));
        };
        let now = self.now();
        attempt.may(SecondStrategy::PhoneCode, now).map_err(refused)?;
        let expired = || Error::Denied(Denial::AttemptExpired);
        let user = self.store().reader().user(&attempt.state.account.user).await?;
        let user = user.filter(|u| u.account == attempt.state.account).ok_or_else(expired)?;
        let id = &user.account.user;
        let to = self.second_phone(id, phone).await?.number;
        let already = attempt.prepared.as_ref();
        if just_sent(already, Strategy::PhoneCode, now) && already.is_some_and(|p| p.to == Some(to.masked())) {
            return Ok(Outcome::plain(view(&AnySignIn::NeedsSecondFactor(attempt))));
        }
        self.sends_to(&to, "strategy")?;
        let known = self.known_device(caller, id, user.device_epoch).is_some();
        self.spend(self.second_sms_spends(caller, &to, id, known)).await?;
        let (client, purpose, kind) = (&checked.client.id, Purpose::SecondPhone, TextKind::Code);
        let asked = SmsAsked { client, purpose, to: &to, user: Some(id), kind, never_send: false };
        let made = self.make_sms_code(&asked)?;
        let prepared = prepared(&made, Strategy::PhoneCode, Some(to.masked()));
        let any = AnySignIn::NeedsSecondFactor(attempt.prepare(prepared, now).map_err(refused)?);
        self.sends_code(caller, &checked.client, (row.version, any), (made, Some(&user))).await
    }

    /// Proves the second factor of the live sign-in, by the code of an authenticator app, by a backup code, by the code
    /// that was sent to a phone, or by what a passkey answered.
    ///
    /// # Errors
    /// [`Denial::SecondFactorIncorrect`] for a wrong code or one that was used, [`Denial::CodeIncorrect`] and
    /// [`Denial::CodeExpired`] for one that was sent, [`Denial::AttemptExpired`] after five wrong ones or five minutes, [`Error::Limited`] beyond the limits of the account.
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
        let typed = Typed::given(strategy, typed, &checked.client.id, Asked::SignIn)?;
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
        let forgive = device.is_none().then(|| self.failures_name("", Some(&user.account.user)));
        finish.proved = Proved { second: Some(used), refund: counted, trail, forgive, ..Proved::default() };
        let outcome = self.finish_sign_in(caller, &checked.client, done, finish).await?;
        self.mail_waits();
        Ok(outcome)
    }
}
