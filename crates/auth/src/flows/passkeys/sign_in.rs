//! Signing in with a passkey: nobody is named before, the passkey does it. Whoever asks for a challenge learns nothing of
//! anybody (SEC-22).

use super::PasskeyAsked;
use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::{
        client::Presented,
        sign_in::{Finish, SignInView, view},
    },
    housekey::Housekey,
    passkeys::SignedAnswer,
};
use housekey_core::{
    event::EventKind,
    ids::SignInId,
    redirect::ReturnTo,
    sign_in::{self, AnySignIn, Begun, FirstProof, SecondStrategy, SignIn},
};
use housekey_store::{passkey_challenges::Ceremony, second_factors::UsedFactor, sign_ins::Proved, users::UserRow};

impl Housekey {
    /// Asks for a passkey, of whomever. The client is made with it where there is none yet; a sign-in that is under way
    /// stays.
    ///
    /// # Errors
    /// [`Error::NotFound`] where passkeys are off, [`Error::Limited`] beyond the limits of the caller's address.
    pub async fn passkey_sign_in_begin(&self, caller: &Caller) -> Result<Outcome<PasskeyAsked>> {
        let begun = self.begin_passkey(caller, false).await?;
        Ok(Outcome { value: begun.value.1, cookies: begun.cookies })
    }

    /// The same as an attempt of its own, for doors whose sign-ins begin with one.
    ///
    /// # Errors
    /// As [`Self::passkey_sign_in_begin`].
    pub async fn sign_in_start_passkey(&self, caller: &Caller) -> Result<Outcome<SignInView>> {
        let begun = self.begin_passkey(caller, true).await?;
        let (attempt, asked) = begun.value;
        let value = SignInView { passkey: Some(asked), ..view(&attempt) };
        Ok(Outcome { value, cookies: begun.cookies })
    }

    async fn begin_passkey(&self, caller: &Caller, attempt: bool) -> Result<Outcome<(AnySignIn, PasskeyAsked)>> {
        let presented = match self.present::<serde_json::Value>(caller).await? {
            Presented::Client(checked) => Some(checked),
            Presented::Repeat(_) | Presented::Nobody => None,
        };
        self.spend(self.passkey_spends(caller)).await?;
        let working = self.working(caller, presented.as_deref());
        let (new, asked) = self.challenge(&working.id, Ceremony::SignIn, None, self.0.passkeys.ask(&[]))?;
        let now = self.now();
        let begun = SignIn::begin(SignInId::new(now, self.entropy()), working.id.clone(), true, None, now);
        let begun = AnySignIn::NeedsIdentifier(begun);
        let kept = attempt.then(|| begun.clone());
        self.store().passkey_challenge_put(working.new, kept, new, now).await?;
        Ok(Outcome { value: (begun, asked), cookies: working.cookies })
    }

    /// Signs in by the passkey that answered. With its owner verified by it, it is both factors.
    ///
    /// # Errors
    /// [`Denial::PasskeyIncorrect`] for an unknown passkey or a wrong answer, [`Denial::PasskeyExpired`] for one that came too
    /// late or twice, [`Error::Invalid`] for what is no answer, [`Error::Limited`] beyond the limits of the caller's address.
    pub async fn passkey_sign_in(
        &self,
        caller: &Caller,
        answer: &str,
        remember: bool,
        return_to: Option<ReturnTo>,
    ) -> Result<Outcome<SignInView>> {
        let done = self.try_passkey(caller, answer, remember, return_to).await;
        self.or_repeat(caller, done).await
    }

    async fn try_passkey(
        &self,
        caller: &Caller,
        answer: &str,
        remember: bool,
        return_to: Option<ReturnTo>,
    ) -> Result<Outcome<SignInView>> {
        let checked = match self.present::<SignInView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Err(Error::Denied(Denial::PasskeyExpired)),
        };
        let answer = SignedAnswer::read(answer).ok_or_else(|| Error::field("passkey", "passkey_malformed"))?;
        self.spend(self.sign_in_spends(caller)).await?;
        let client = &checked.client;
        let waiting = self.challenge_taken(&client.id, Ceremony::SignIn, answer.hash).await?;
        let Some(row) = self.store().reader().passkey_by_credential(answer.credential_id()).await? else {
            return self.passkey_refused(caller, None, client, "unknown").await;
        };
        let user = self.store().reader().user(&row.user).await?.ok_or(Error::Conflict)?;
        let signed = match self.judge_passkey(caller, &waiting.state, &answer, row, &user, &client.id).await? {
            Ok(signed) => signed,
            Err(why) => return self.passkey_refused(caller, Some(&user), client, why).await,
        };
        let assertion = answer.assertion(signed.user_verified, &signed.row);
        let Some(proof) = FirstProof::passkey(user.account.clone(), &assertion) else {
            return self.passkey_refused(caller, Some(&user), client, "owner").await;
        };
        let now = self.now();
        let id = SignInId::new(now, self.entropy());
        let begun = Begun { id, client: client.id.clone(), remember, return_to };
        let done = sign_in::from_passkey(begun, proof, now).map_err(crate::flows::sign_in::refused)?;
        let trail = self.second_factor_told(caller, &user, Some(&client.id), SecondStrategy::Passkey).await?;
        let mut finish = Finish::new(&user);
        finish.proved = Proved {
            second: Some(UsedFactor::Passkey(signed.used)),
            trail,
            forgive: Some(self.failures_name("", Some(&user.account.user))),
            ..Proved::default()
        };
        self.finish_sign_in(caller, client, done, finish).await
    }

    async fn passkey_refused<T>(
        &self,
        caller: &Caller,
        user: Option<&UserRow>,
        client: &housekey_store::clients::ClientRow,
        why: &'static str,
    ) -> Result<T> {
        let detail = serde_json::json!({"strategy": "passkey", "why": why});
        let event = self.event_of(caller, EventKind::SignInFailed, user, Some(&client.id), None, detail).await?;
        self.store().record(vec![event]).await?;
        Err(Error::Denied(Denial::PasskeyIncorrect))
    }
}
