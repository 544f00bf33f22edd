//! The proof by a passkey, wherever one is asked for.

use crate::{
    caller::Caller,
    error::{Denial, Error, Result},
    flows::client::Presented,
    housekey::Housekey,
    mail::Letter,
    passkeys::{Refused, SignedAnswer},
};
use housekey_core::{
    event::EventKind,
    ids::ClientId,
    sign_in::{SecondProof, SecondStrategy},
};
use housekey_store::{
    passkey_challenges::Ceremony,
    passkeys::{PasskeyRow, UsedPasskey},
    second_factors::UsedFactor,
    sign_ins::Trail,
    users::UserRow,
};

use super::PasskeyAsked;

/// A passkey that signed its challenge.
pub(super) struct Signed {
    pub row: PasskeyRow,
    pub used: UsedPasskey,
    pub user_verified: bool,
}

impl Housekey {
    /// Asks for a passkey of the account whose first factor holds.
    ///
    /// # Errors
    /// [`Denial::AttemptExpired`] without a sign-in that waits for a second factor, [`Error::Invalid`] where the account has no
    /// passkey, [`Error::Limited`] beyond the limits of the caller's address.
    pub async fn sign_in_second_passkey_begin(&self, caller: &Caller) -> Result<PasskeyAsked> {
        let Presented::Client(checked) = self.present::<serde_json::Value>(caller).await? else {
            return Err(Error::Denied(Denial::AttemptExpired));
        };
        let row = self.live_sign_in(&checked.client).await?;
        let housekey_core::sign_in::AnySignIn::NeedsSecondFactor(attempt) = row.attempt else {
            return Err(Error::Denied(Denial::AttemptExpired));
        };
        attempt.may(SecondStrategy::Passkey, self.now()).map_err(crate::flows::sign_in::refused)?;
        self.ask_user(caller, &checked.client.id, Ceremony::SecondFactor, &attempt.state.account.user).await
    }

    /// Asks for a passkey that makes the session fresh.
    ///
    /// # Errors
    /// [`Error::SignedOut`], [`Error::Invalid`] where the account has no passkey, [`Error::Limited`] beyond the limits of the
    /// caller's address.
    pub async fn step_up_passkey_begin(&self, caller: &Caller) -> Result<PasskeyAsked> {
        let here = self.here(caller).await?;
        self.ask_user(caller, &here.client.id, Ceremony::StepUp, &here.signed_in.account.user).await
    }

    async fn ask_user(
        &self,
        caller: &Caller,
        client: &ClientId,
        ceremony: Ceremony,
        user: &housekey_core::ids::UserId,
    ) -> Result<PasskeyAsked> {
        self.spend(self.passkey_spends(caller)).await?;
        let held = self.store().reader().passkeys(user).await?;
        if held.is_empty() {
            return Err(Error::field("strategy", "strategy_not_offered"));
        }
        let (new, asked) = self.challenge(client, ceremony, Some(user.clone()), self.0.passkeys.ask(&held))?;
        self.store().passkey_challenge_put(None, None, new, self.now()).await?;
        Ok(asked)
    }

    /// Judges an answer as a second factor of this account. Nothing is told of why it is none.
    pub(crate) async fn check_passkey(
        &self,
        caller: &Caller,
        user: &UserRow,
        (client, ceremony): (&ClientId, Ceremony),
        answer: &SignedAnswer,
    ) -> Result<Option<(SecondProof, UsedFactor)>> {
        let waiting = self.challenge_taken(client, ceremony, answer.hash).await?;
        let row = self.store().reader().passkey_by_credential(answer.credential_id()).await?;
        let asked = Some(&user.account.user);
        let Some(row) = row.filter(|row| Some(&row.user) == asked && waiting.user.as_ref() == asked) else {
            return Ok(None);
        };
        let Ok(signed) = self.judge_passkey(caller, &waiting.state, answer, row, user, client).await? else {
            return Ok(None);
        };
        let assertion = answer.assertion(signed.user_verified, &signed.row);
        let proof = SecondProof::passkey(user.account.clone(), &assertion);
        Ok(proof.map(|proof| (proof, UsedFactor::Passkey(signed.used))))
    }

    /// Judges a signature. A counter that went back is told to the owner: somebody may have a copy of the passkey (SEC-67).
    pub(super) async fn judge_passkey(
        &self,
        caller: &Caller,
        state: &[u8],
        answer: &SignedAnswer,
        row: PasskeyRow,
        user: &UserRow,
        client: &ClientId,
    ) -> Result<Result<Signed, &'static str>> {
        match self.0.passkeys.check(state, answer, &row) {
            Ok((used, user_verified)) => Ok(Ok(Signed { row, used, user_verified })),
            Err(Refused::Wrong(why)) => Ok(Err(why)),
            Err(Refused::Clone) => {
                let detail = serde_json::json!({"passkey": row.id.as_str(), "counted": row.sign_count});
                let kind = EventKind::PasskeyCloneSuspected;
                let event = self.event_of(caller, kind, Some(user), Some(client), None, detail).await?;
                let mut trail = Trail { events: vec![event], ..Trail::default() };
                let asked = self.facts(caller);
                self.tell_owner(user, &mut trail, |not_me| Letter::NoticePasskeyCopied { not_me, asked })?;
                self.store().leave_trail(trail, self.now()).await?;
                self.mail_waits();
                Ok(Err("sign_count"))
            }
        }
    }
}
