//! The code that proves a new account's phone. A number that has an account gets one that signs its owner in, as a mailbox
//! does.

use super::{Live, SignUpView, code::Sending, fields::over, finish::Spent};
use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::{
        client::Presented,
        codes::{RESEND_AFTER, SmsAsked, Whose},
    },
    housekey::Housekey,
    sms::TextKind,
};
use housekey_core::{
    challenge::Action,
    event::EventKind,
    identifier::phone::Phone,
    ids::SignUpId,
    sign_up::{AnySignUp, Gathering, SentCode, SignUp},
};
use housekey_store::{StoreError, sign_ins::Trail, verifications::Purpose};

impl Housekey {
    /// Sends a code to the phone, or says that one is on its way. `id` names the attempt where a door has one.
    ///
    /// # Errors
    /// [`Denial::AttemptExpired`] without that sign-up, [`Error::Invalid`] without number, [`Error::Limited`] beyond a
    /// limit.
    pub async fn sign_up_send_sms(&self, caller: &Caller, id: Option<&SignUpId>) -> Result<Outcome<SignUpView>> {
        let Live { version, attempt, .. } = self.live_sign_up(caller).await?;
        if id.is_some_and(|id| *id != attempt.id) {
            return Err(Error::Denied(Denial::AttemptExpired));
        }
        let now = self.now();
        let to = attempt.state.fields.phone.clone().ok_or(Error::field("phone", "phone_missing"))?;
        if attempt.is_phone_proved() {
            return Err(Error::field("phone", "phone_already_verified"));
        }
        if attempt.state.phone_code.as_ref().is_some_and(|code| now < code.sent.plus(RESEND_AFTER)) {
            return Ok(Outcome::plain(self.sign_up_view(&attempt)));
        }
        self.sends_to(&to, "phone")?;
        self.pass(caller, Action::Mail, self.sms_gate(caller, &to, None, false)).await?;
        let Sending { attempt, trail } = self.sign_up_texting(caller, attempt, &to).await?;
        let shown = self.sign_up_view(&attempt);
        match self.store().sign_up_advance(version, AnySignUp::Gathering(attempt), None, trail, now).await {
            Ok(()) => self.mail_waits(),
            // The same button, clicked twice: one code is on its way.
            Err(StoreError::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
        Ok(Outcome::plain(shown))
    }

    /// Proves the phone, with what follows as from a mailbox.
    ///
    /// # Errors
    /// [`Denial::CodeIncorrect`], [`Denial::CodeExpired`] after five tries or ten minutes, [`Error::Limited`] beyond a
    /// limit.
    pub async fn sign_up_sms_code(
        &self,
        caller: &Caller,
        id: Option<&SignUpId>,
        typed: &str,
    ) -> Result<Outcome<SignUpView>> {
        let done = self.check_sign_up_sms(caller, id, typed).await;
        self.or_repeat(caller, done).await
    }

    async fn check_sign_up_sms(
        &self,
        caller: &Caller,
        id: Option<&SignUpId>,
        typed: &str,
    ) -> Result<Outcome<SignUpView>> {
        let checked = match self.present::<SignUpView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Err(Error::Denied(Denial::AttemptExpired)),
        };
        let code = Self::read_code(typed)?;
        let mut live = self.live_on(checked.client).await?;
        if id.is_some_and(|id| *id != live.attempt.id) {
            return Err(Error::Denied(Denial::AttemptExpired));
        }
        if live.attempt.is_phone_proved() {
            return Err(Error::field("phone", "phone_already_verified"));
        }
        let expired = || Error::Denied(Denial::CodeExpired);
        let phone = live.attempt.state.fields.phone.clone().ok_or_else(expired)?;
        let sent = live.attempt.state.phone_code.clone().ok_or_else(expired)?;
        let client = live.client.id.clone();
        // An owner's code signs the owner in, so it counts with those of the account's other ways.
        let owner = self.store().reader().user_by_phone(&phone).await?;
        let whose = Whose { who: phone.as_str(), user: owner.as_ref().map(|user| &user.account.user), known: false };
        let tried = self.try_code(caller, &client, &sent.verification, Purpose::SignUpPhone, whose).await?;
        let typed = code.hash(self.keyring(), &sent.verification);
        live.attempt = match live.attempt.prove_phone(&typed, &tried.code_hash, self.now()) {
            Ok(proved) if tried.canonical == phone.as_str() => proved,
            _ => {
                let detail = serde_json::json!({"strategy": "sign_up_phone"});
                let event = self.event_of(caller, EventKind::SignInFailed, None, Some(&client), None, detail).await?;
                self.store().record(vec![event]).await?;
                self.proof_failed();
                return Err(Error::Denied(Denial::CodeIncorrect));
            }
        };
        self.sign_up_finish(caller, live, Some(Spent { id: sent.verification, link: false })).await
    }

    /// The code for an attempt, and the message that carries it.
    pub(super) async fn sign_up_texting(
        &self,
        caller: &Caller,
        attempt: SignUp<Gathering>,
        to: &Phone,
    ) -> Result<Sending> {
        let owner = self.store().reader().user_by_phone(to).await?;
        let made = self.make_sms_code(&SmsAsked {
            client: &attempt.client,
            purpose: Purpose::SignUpPhone,
            to,
            user: owner.as_ref().map(|u| &u.account.user),
            kind: if owner.is_some() { TextKind::Existing } else { TextKind::Code },
            never_send: attempt.is_decoy(),
        })?;
        let code = SentCode { verification: made.verification.id.clone(), sent: made.sent.sent, link: false };
        let detail = serde_json::json!({"purpose": Purpose::SignUpPhone.as_str()});
        let client = Some(&attempt.client);
        let event = self.event_of(caller, EventKind::CodeSent, owner.as_ref(), client, None, detail).await?;
        let trail = Trail {
            verification: Some(made.verification),
            mail: vec![made.mail],
            events: vec![event],
            ..Trail::default()
        };
        Ok(Sending { attempt: attempt.send_to_phone(code, self.now()).map_err(over)?, trail })
    }
}
