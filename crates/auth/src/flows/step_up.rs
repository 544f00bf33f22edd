//! Making a session fresh again, by a factor that is proved anew.

use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::{
        client::Presented,
        codes::{self, Asked, CodeSent, Whose},
        session::Here,
    },
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{
    challenge::Action,
    event::EventKind,
    password::{Password, Verdict},
};
use housekey_store::{reverified::Reproved, sign_ins::Trail, users::UserRow, verifications::Purpose};

impl Housekey {
    /// Makes the session fresh by the password.
    ///
    /// # Errors
    /// [`Denial::PasswordOrIdentifierIncorrect`], [`Denial::PasswordCompromised`] for one that others know, or
    /// [`Error::Limited`] beyond a limit.
    pub async fn step_up_password(&self, caller: &Caller, password: Password) -> Result<Outcome<()>> {
        let done = self.step_up_by_password(caller, password).await;
        self.or_repeat(caller, done).await
    }

    /// Mails a code that makes the session fresh.
    ///
    /// # Errors
    /// [`Error::Limited`] beyond a limit.
    pub async fn step_up_send_code(&self, caller: &Caller) -> Result<CodeSent> {
        let here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        let to = codes::mailbox_of(&user).ok_or(Error::NotFound)?;
        self.pass(caller, Action::Mail, self.mail_gate(caller, &to, true)).await?;
        let asked = Asked {
            client: &here.client.id,
            purpose: Purpose::StepUp,
            to: &to,
            email: user.email.as_ref(),
            user: Some(&user.account.user),
            never_send: false,
            attempt: None,
            return_to: None,
        };
        let made = self.make_code(caller, &asked, |proof, expires, asked| Letter::StepUpCode {
            code: proof.code,
            link: proof.link,
            expires,
            asked,
        })?;
        let detail = serde_json::json!({"purpose": Purpose::StepUp.as_str()});
        let event = self.event_here(caller, EventKind::CodeSent, &here, &user, detail).await?;
        let trail = Trail {
            verification: Some(made.verification),
            mail: vec![made.mail],
            events: vec![event],
            ..Trail::default()
        };
        self.store().leave_trail(trail, self.now()).await?;
        self.mail_waits();
        Ok(made.sent)
    }

    /// Sends a code that makes the session fresh to the primary phone.
    ///
    /// # Errors
    /// [`Error::Invalid`] without one, [`Error::Limited`] beyond a limit.
    pub async fn step_up_send_sms(&self, caller: &Caller) -> Result<CodeSent> {
        let here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        let not_offered = || Error::field("strategy", "strategy_not_offered");
        let id = user.primary_phone.as_ref().ok_or_else(not_offered)?;
        let phone = self.store().reader().phone(id, &user.account.user).await?.ok_or_else(not_offered)?;
        let sent = self.text_own_code(caller, &here, &user, &phone.number, Purpose::StepUpPhone).await?;
        self.store().leave_trail(sent.0, self.now()).await?;
        self.mail_waits();
        Ok(sent.1)
    }

    /// Makes the session fresh by the code that was sent to the phone.
    ///
    /// # Errors
    /// [`Denial::CodeIncorrect`], [`Denial::CodeExpired`], or [`Error::Limited`] beyond a limit.
    pub async fn step_up_sms_code(&self, caller: &Caller, typed: &str) -> Result<Outcome<()>> {
        let done = self.step_up_by_code(caller, typed, Purpose::StepUpPhone, "phone_code").await;
        self.or_repeat(caller, done).await
    }

    /// Makes the session fresh by the mailed code.
    ///
    /// # Errors
    /// [`Denial::CodeIncorrect`], [`Denial::CodeExpired`], or [`Error::Limited`] beyond a limit.
    pub async fn step_up_code(&self, caller: &Caller, typed: &str) -> Result<Outcome<()>> {
        let done = self.step_up_by_code(caller, typed, Purpose::StepUp, "email_code").await;
        self.or_repeat(caller, done).await
    }

    async fn step_up_by_password(&self, caller: &Caller, password: Password) -> Result<Outcome<()>> {
        if let Presented::Repeat(outcome) = self.present::<()>(caller).await? {
            return Ok(outcome);
        }
        let here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        self.own_password(caller, &user, password).await?;
        // What others know proves nothing more.
        if user.password_compromised.is_some() {
            return Err(Error::Denied(Denial::PasswordCompromised));
        }
        self.made_fresh(caller, &here, &user, Reproved::Password, "password", Trail::default()).await
    }

    /// Compares the password of somebody who is signed in, within the limits of any password.
    pub(crate) async fn own_password(&self, caller: &Caller, user: &UserRow, password: Password) -> Result<()> {
        let id = &user.account.user;
        let device = self.known_device(caller, id, user.device_epoch);
        let counted = self.own_password_spends(id, device.as_ref());
        let mut gate = self.sign_in_gate(caller, true);
        gate.inner.clone_from(&counted);
        self.pass(caller, Action::SignIn, gate).await?;
        let (_, verdict) = self.hasher().verify(user.password.clone(), password).await?;
        if matches!(verdict, Verdict::No) {
            let detail = serde_json::json!({"strategy": "password", "step_up": true});
            let event = self.event_of(caller, EventKind::SignInFailed, Some(user), None, None, detail).await?;
            self.store().record(vec![event]).await?;
            return Err(Error::Denied(Denial::PasswordOrIdentifierIncorrect));
        }
        self.store().refund(counted).await?;
        Ok(())
    }

    async fn step_up_by_code(
        &self,
        caller: &Caller,
        typed: &str,
        purpose: Purpose,
        factor: &str,
    ) -> Result<Outcome<()>> {
        if let Presented::Repeat(outcome) = self.present::<()>(caller).await? {
            return Ok(outcome);
        }
        let here = self.here(caller).await?;
        let code = Self::read_code(typed)?;
        let user = self.row_of(&here).await?;
        let expired = Error::Denied(Denial::CodeExpired);
        let reader = self.store().reader();
        let id = reader.verification_of(&here.client.id, purpose).await?.ok_or(expired)?;
        let whose = Whose { who: user.account.user.as_str(), user: Some(&user.account.user), known: true };
        let tried = self.try_code(caller, &here.client.id, &id, purpose, whose).await?;
        let right =
            subtle::ConstantTimeEq::ct_eq(code.hash(self.keyring(), &id).as_slice(), tried.code_hash.as_slice());
        if !bool::from(right) || tried.user.as_ref() != Some(&user.account.user) {
            let detail = serde_json::json!({"strategy": "step_up"});
            let event = self.event_here(caller, EventKind::SignInFailed, &here, &user, detail).await?;
            self.store().record(vec![event]).await?;
            return Err(Error::Denied(Denial::CodeIncorrect));
        }
        self.made_fresh(caller, &here, &user, Reproved::Code(id), factor, Trail::default()).await
    }

    pub(crate) async fn made_fresh(
        &self,
        caller: &Caller,
        here: &Here,
        user: &UserRow,
        proved: Reproved,
        factor: &str,
        mut trail: Trail,
    ) -> Result<Outcome<()>> {
        let detail = serde_json::json!({"factor": factor});
        let event = self.event_here(caller, EventKind::SessionReverified, here, user, detail).await?;
        let renewed = self.renew(caller, &here.client, self.going_on(here), ())?;
        let session = here.signed_in.session.id.clone();
        trail.events.push(event);
        let now = self.now();
        self.store().reverified(user.account.clone(), session, renewed.rotation, proved, trail, now).await?;
        Ok(renewed.outcome)
    }
}
