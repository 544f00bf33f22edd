//! The code that proves a new account's mailbox.

use super::{Live, SignUpView, fields::over, finish::Spent};
use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::{
        client::Presented,
        codes::{Asked, Made, MailedBy, RESEND_AFTER, Whose},
    },
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{
    challenge::Action,
    event::EventKind,
    identifier::email::Email,
    ids::SignUpId,
    redirect::ReturnTo,
    sign_in::Strategy,
    sign_up::{AnySignUp, Gathering, SentCode, SignUp},
};
use housekey_store::{StoreError, sign_ins::Trail, users::UserRow, verifications::Purpose};

/// An attempt with its code on the way.
pub(super) struct Sending {
    pub attempt: SignUp<Gathering>,
    pub trail: Trail,
}

impl Housekey {
    /// Sends a code or a link to the address, or says that one is on its way. `id` names the attempt where a door has one.
    ///
    /// # Errors
    /// [`Denial::AttemptExpired`] without that sign-up, [`Error::Invalid`] without address, [`Error::Limited`] beyond a
    /// limit.
    pub async fn sign_up_send_code(&self, caller: &Caller, id: Option<&SignUpId>) -> Result<Outcome<SignUpView>> {
        self.sign_up_send(caller, id, self.mailed_strategy(), None).await
    }

    /// The same for an app, which says whether a code or a link is wanted, and where the browser goes once the link was
    /// followed.
    ///
    /// # Errors
    /// As [`Self::sign_up_send_code`]; [`Error::Invalid`] for a way that is not offered.
    pub async fn sign_up_send(
        &self,
        caller: &Caller,
        id: Option<&SignUpId>,
        strategy: Strategy,
        return_to: Option<&ReturnTo>,
    ) -> Result<Outcome<SignUpView>> {
        let by = self.mailed_by(strategy, return_to)?;
        let Live { version, attempt, .. } = self.live_sign_up(caller).await?;
        if id.is_some_and(|id| *id != attempt.id) {
            return Err(Error::Denied(Denial::AttemptExpired));
        }
        let now = self.now();
        let to = attempt.state.fields.email.clone().ok_or(Error::field("email", "email_missing"))?;
        if attempt.is_proved() {
            return Err(Error::field("email", "email_already_verified"));
        }
        if attempt.state.code.as_ref().is_some_and(|code| now < code.sent.plus(RESEND_AFTER)) {
            return Ok(Outcome::plain(self.sign_up_view(&attempt)));
        }
        self.pass(caller, Action::Mail, self.mail_gate(caller, &to, false)).await?;
        let Sending { attempt, trail } = self.sign_up_sending(caller, attempt, &to, by).await?;
        let shown = self.sign_up_view(&attempt);
        match self.store().sign_up_advance(version, AnySignUp::Gathering(attempt), None, trail, now).await {
            Ok(()) => self.mail_waits(),
            // The same button, clicked twice: one code is on its way.
            Err(StoreError::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
        Ok(Outcome::plain(shown))
    }

    /// Proves the mailbox. A new address becomes an account where nothing else is missing; a taken one signs its owner
    /// in, and nothing else that was typed remains.
    ///
    /// # Errors
    /// [`Denial::CodeIncorrect`], [`Denial::CodeExpired`] after five tries or ten minutes, [`Error::Limited`] beyond a
    /// limit.
    pub async fn sign_up_code(
        &self,
        caller: &Caller,
        id: Option<&SignUpId>,
        typed: &str,
    ) -> Result<Outcome<SignUpView>> {
        let done = self.check_sign_up_code(caller, id, typed).await;
        self.or_repeat(caller, done).await
    }

    async fn check_sign_up_code(
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
        if live.attempt.is_proved() {
            return Err(Error::field("email", "email_already_verified"));
        }
        let expired = || Error::Denied(Denial::CodeExpired);
        let email = live.attempt.state.fields.email.clone().ok_or_else(expired)?;
        let sent = live.attempt.state.code.clone().ok_or_else(expired)?;
        let client = live.client.id.clone();
        // An owner's code signs the owner in, so it counts with those of the account's other ways.
        let owner = self.store().reader().user_by_email(email.canonical()).await?;
        let whose = Whose { who: email.canonical(), user: owner.as_ref().map(|user| &user.account.user), known: false };
        let tried = self.try_code(caller, &client, &sent.verification, Purpose::SignUp, whose).await?;
        let typed = code.hash(self.keyring(), &sent.verification);
        live.attempt = match live.attempt.prove(&typed, &tried.code_hash, self.now()) {
            Ok(proved) if tried.canonical == email.canonical() => proved,
            _ => {
                let detail = serde_json::json!({"strategy": "sign_up"});
                let event = self.event_of(caller, EventKind::SignInFailed, None, Some(&client), None, detail).await?;
                self.store().record(vec![event]).await?;
                self.proof_failed();
                return Err(Error::Denied(Denial::CodeIncorrect));
            }
        };
        self.sign_up_finish(caller, live, Some(Spent { id: sent.verification, link: false })).await
    }

    /// The code for an attempt, and the mail that carries it: to a stranger a welcome, to an owner a word that there is
    /// an account.
    pub(super) async fn sign_up_sending(
        &self,
        caller: &Caller,
        attempt: SignUp<Gathering>,
        to: &Email,
        by: MailedBy<'_>,
    ) -> Result<Sending> {
        let owner = self.store().reader().user_by_email(to.canonical()).await?;
        let made = self.make_sign_up_code(caller, &attempt, to, owner.as_ref(), by.return_to)?;
        let code = SentCode { verification: made.verification.id.clone(), sent: made.sent.sent, link: by.link };
        let detail = serde_json::json!({"purpose": Purpose::SignUp.as_str()});
        let client = Some(&attempt.client);
        let event = self.event_of(caller, EventKind::CodeSent, owner.as_ref(), client, None, detail).await?;
        let trail = Trail {
            verification: Some(made.verification),
            mail: vec![made.mail],
            events: vec![event],
            ..Trail::default()
        };
        Ok(Sending { attempt: attempt.send(code, self.now()).map_err(over)?, trail })
    }

    fn make_sign_up_code(
        &self,
        caller: &Caller,
        attempt: &SignUp<Gathering>,
        to: &Email,
        owner: Option<&UserRow>,
        return_to: Option<&ReturnTo>,
    ) -> Result<Made> {
        let asked = Asked {
            client: &attempt.client,
            purpose: Purpose::SignUp,
            to,
            email: owner.and_then(|u| u.email.as_ref()),
            user: owner.map(|u| &u.account.user),
            never_send: attempt.is_decoy(),
            attempt: Some(attempt.id.as_str()),
            return_to,
        };
        self.make_code(
            caller,
            &asked,
            match owner {
                Some(_) => |proof, expires, asked| Letter::SignUpExisting {
                    code: proof.code,
                    link: proof.link,
                    expires,
                    asked,
                },
                None => {
                    |proof, expires, asked| Letter::SignUpCode { code: proof.code, link: proof.link, expires, asked }
                }
            },
        )
    }
}
