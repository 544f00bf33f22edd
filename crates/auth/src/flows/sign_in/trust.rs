//! A device that has to be vouched for: the password was right, and the account's own mailbox or phone is proved as well.
//! It is no second factor, and counts as none afterwards.

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
        codes::{self, Asked, Made, SmsAsked},
        gate,
    },
    housekey::Housekey,
    mail::Letter,
    sms::TextKind,
};
use housekey_core::{
    event::EventKind,
    identifier::phone::Phone,
    ids::ClientId,
    sign_in::{AnySignIn, FirstProof, NeedsClientTrust, SignIn, Strategy},
};
use housekey_store::{
    sign_ins::Proved,
    users::UserRow,
    verifications::{Purpose, Try},
};

impl Housekey {
    /// Sends the code that vouches for the device of the live sign-in.
    ///
    /// # Errors
    /// [`Denial::AttemptExpired`] without a live sign-in, [`Error::Limited`] beyond a limit.
    pub async fn sign_in_trust_send(&self, caller: &Caller, strategy: Strategy) -> Result<Outcome<SignInView>> {
        let checked = match self.present::<SignInView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Err(Error::Denied(Denial::AttemptExpired)),
        };
        let row = self.live_sign_in(&checked.client).await?;
        let AnySignIn::NeedsClientTrust(attempt) = row.attempt else {
            return Ok(Outcome::plain(view(&row.attempt)));
        };
        let now = self.now();
        attempt.may(strategy, now).map_err(refused)?;
        if just_sent(attempt.prepared.as_ref(), strategy, now) {
            return Ok(Outcome::plain(view(&AnySignIn::NeedsClientTrust(attempt))));
        }
        let user = self.vouched(&attempt).await?;
        let client = &checked.client.id;
        let made = self.vouching_code(caller, client, &user, strategy).await?;
        let prepared = prepared(&made, strategy, Some(made.sent.to.clone()));
        let any = AnySignIn::NeedsClientTrust(attempt.prepare(prepared, now).map_err(refused)?);
        self.sends_code(caller, &checked.client, (row.version, any), (made, Some(&user))).await
    }

    /// Vouches for the device of the live sign-in by its code.
    ///
    /// # Errors
    /// [`Denial::CodeIncorrect`], [`Denial::CodeExpired`] for a code that is dead, [`Denial::AttemptExpired`] after five
    /// wrong ones or five minutes, [`Error::Limited`] beyond the limits of the account.
    pub async fn sign_in_trust_code(&self, caller: &Caller, typed: &str) -> Result<Outcome<SignInView>> {
        let done = self.check_trust_code(caller, typed).await;
        self.or_repeat(caller, done).await
    }

    async fn check_trust_code(&self, caller: &Caller, typed: &str) -> Result<Outcome<SignInView>> {
        let checked = match self.present::<SignInView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Err(Error::Denied(Denial::AttemptExpired)),
        };
        let code = Self::read_code(typed)?;
        let row = self.live_sign_in(&checked.client).await?;
        let AnySignIn::NeedsClientTrust(attempt) = row.attempt else {
            return Ok(Outcome::plain(view(&row.attempt)));
        };
        let now = self.now();
        let prepared = attempt.prepared.clone().ok_or(Error::Denied(Denial::CodeExpired))?;
        attempt.may(prepared.strategy, now).map_err(refused)?;
        let one = self.second_attempt_spends(&attempt.id);
        let over = |_| Error::Denied(Denial::AttemptExpired);
        gate::allowed(self.store().spend(one, now).await?).map_err(over)?;
        let user = self.vouched(&attempt).await?;
        // The tries are those of a second step: who knows the password cannot use up the owner's.
        let counted = self.second_spends(caller, &user.account.user, None);
        self.spend(counted.clone()).await?;

        let client = &checked.client.id;
        let tried =
            match self.store().try_code(&prepared.verification, client, purpose_of(prepared.strategy)?, now).await? {
                Try::Counted(tried) if tried.user.as_ref() == Some(&user.account.user) => tried,
                _ => return Err(Error::Denied(Denial::CodeExpired)),
            };
        let typed = code.hash(self.keyring(), &prepared.verification);
        let proof = FirstProof::mailbox(user.account.clone(), prepared.strategy, &typed, &tried.code_hash);
        let Some(proof) = proof else {
            let detail = serde_json::json!({"strategy": purpose_of(prepared.strategy)?.as_str()});
            let kind = EventKind::SecondFactorFailed;
            let event = self.event_of(caller, kind, Some(&user), Some(client), None, detail).await?;
            self.store().record(vec![event]).await?;
            self.proof_failed();
            return Err(Error::Denied(Denial::CodeIncorrect));
        };
        let done = attempt.vouch(&proof, now).map_err(refused)?;
        let mut finish = Finish::new(&user);
        finish.attempt_version = Some(row.version);
        finish.vouched = Some(prepared.strategy);
        let forgive = Some(self.failures_name("", Some(&user.account.user)));
        finish.proved = Proved { spent: Some(prepared.verification), refund: counted, forgive, ..Proved::default() };
        self.finish_sign_in(caller, &checked.client, done, finish).await
    }

    /// The account at the version that the password was proved against.
    async fn vouched(&self, attempt: &SignIn<NeedsClientTrust>) -> Result<UserRow> {
        let user = self.store().reader().user(&attempt.state.account.user).await?;
        user.filter(|u| u.account == attempt.state.account).ok_or(Error::Denied(Denial::AttemptExpired))
    }

    async fn vouching_code(
        &self,
        caller: &Caller,
        client: &ClientId,
        user: &UserRow,
        strategy: Strategy,
    ) -> Result<Made> {
        let (id, purpose) = (&user.account.user, purpose_of(strategy)?);
        if strategy == Strategy::PhoneCode {
            let to = self.vouching_phone(user).await?.ok_or_else(not_offered)?;
            self.spend(self.vouching_sms_spends(caller, &to, id)).await?;
            let kind = TextKind::Code;
            return self.make_sms_code(&SmsAsked { client, purpose, to: &to, user: Some(id), kind, never_send: false });
        }
        let to = codes::mailbox_of(user).ok_or_else(not_offered)?;
        self.spend(self.vouching_mail_spends(caller, &to)).await?;
        let asked = Asked {
            client,
            purpose,
            to: &to,
            email: user.email.as_ref(),
            user: Some(id),
            never_send: false,
            attempt: None,
            return_to: None,
        };
        self.make_code(caller, &asked, |proof, expires, asked| Letter::DeviceCode { code: proof.code, expires, asked })
    }

    /// The phone of an account that can vouch for a device, where messages go there.
    pub(crate) async fn vouching_phone(&self, user: &UserRow) -> Result<Option<Phone>> {
        let Some(primary) = &user.primary_phone else { return Ok(None) };
        let row = self.store().reader().phone(primary, &user.account.user).await?;
        let proved = row.filter(|row| row.verified.is_some()).map(|row| row.number);
        Ok(proved.filter(|number| self.sends_to(number, "strategy").is_ok()))
    }
}

fn purpose_of(strategy: Strategy) -> Result<Purpose> {
    match strategy {
        Strategy::EmailCode => Ok(Purpose::ClientTrust),
        Strategy::PhoneCode => Ok(Purpose::ClientTrustPhone),
        _ => Err(not_offered()),
    }
}

fn not_offered() -> Error {
    Error::field("strategy", "strategy_not_offered")
}
