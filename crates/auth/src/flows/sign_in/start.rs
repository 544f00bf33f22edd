//! Naming somebody: the attempt begins, and with it the client where there is none yet.

use super::{SignInView, view};
use crate::{
    caller::{Caller, Outcome},
    error::{Error, Result},
    flows::{client::Presented, codes::Asked},
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{
    challenge::Action,
    event::EventKind,
    identifier::email::Email,
    ids::SignInId,
    redirect::ReturnTo,
    sign_in::{AnySignIn, NeedsFirstFactor, Prepared, SignIn, Strategy},
};
use housekey_store::{sign_ins::Trail, verifications::Purpose};

/// Who wants to sign in, and how.
#[derive(Clone, Debug, Default)]
pub struct StartSignIn {
    /// The e-mail address, as typed.
    pub identifier: String,
    /// Whether the session shall outlive the browser.
    pub remember: bool,
    /// Where to go afterwards, checked already.
    pub return_to: Option<ReturnTo>,
}

impl Housekey {
    /// Begins a sign-in. The answer is the same whether or not anybody has that address.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a malformed address, [`Error::Limited`] beyond the limits of the caller's address.
    pub async fn sign_in_start(&self, caller: &Caller, start: StartSignIn) -> Result<Outcome<SignInView>> {
        let identifier = read_identifier(&start.identifier)?;
        let presented = match self.present::<SignInView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => Some(checked),
            Presented::Nobody => None,
        };
        let gate = self.sign_in_gate(caller, self.is_familiar(caller));
        self.pass(caller, Action::SignIn, gate).await?;
        let working = self.working(caller, presented.as_deref());
        let attempt = self.begin(working.id.clone(), identifier, &start);
        let any = AnySignIn::NeedsFirstFactor(attempt);
        let shown = view(&any);
        self.store().sign_in_begin(working.new, any, Trail::default(), self.now()).await?;
        Ok(Outcome { value: shown, cookies: working.cookies })
    }

    /// Begins a reset: the attempt, and the code to its mailbox, in one step.
    ///
    /// # Errors
    /// As [`Housekey::sign_in_start`]; [`Error::Limited`] beyond the limits of that mailbox too.
    pub async fn reset_start(&self, caller: &Caller, start: StartSignIn) -> Result<Outcome<SignInView>> {
        let identifier = read_identifier(&start.identifier)?;
        let presented = match self.present::<SignInView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => Some(checked),
            Presented::Nobody => None,
        };
        let user = self.store().reader().user_by_email(identifier.canonical()).await?;
        let device = user.as_ref().and_then(|u| self.known_device(caller, &u.account.user, u.device_epoch));
        let gate = self.mail_gate(caller, &identifier, device.is_some());
        self.pass(caller, Action::Reset, gate).await?;
        let working = self.working(caller, presented.as_deref());
        let attempt = self.begin(working.id.clone(), identifier.clone(), &start);
        let asked = Asked {
            client: &working.id,
            purpose: Purpose::Reset,
            to: &identifier,
            email: user.as_ref().and_then(|u| u.email.as_ref()),
            user: user.as_ref().map(|u| &u.account.user),
            never_send: user.is_none(),
            attempt: Some(attempt.id.as_str()),
            return_to: None,
        };
        let made = self.make_code(caller, &asked, |proof, expires, asked| Letter::ResetCode {
            code: proof.code,
            link: proof.link,
            expires,
            asked,
        })?;
        let prepared = Prepared {
            strategy: Strategy::ResetPasswordEmailCode,
            verification: made.verification.id.clone(),
            sent: made.sent.sent,
            expires: made.sent.expires,
        };
        let attempt = attempt.prepare(prepared, self.now()).map_err(super::code::refused)?;
        let detail = serde_json::json!({"purpose": Purpose::Reset.as_str()});
        let event = self.event_of(caller, EventKind::CodeSent, user.as_ref(), Some(&working.id), None, detail).await?;
        let trail = Trail {
            verification: Some(made.verification),
            mail: vec![made.mail],
            events: vec![event],
            ..Trail::default()
        };
        let any = AnySignIn::NeedsFirstFactor(attempt);
        let shown = view(&any);
        self.store().sign_in_begin(working.new, any, trail, self.now()).await?;
        self.mail_waits();
        Ok(Outcome { value: shown, cookies: working.cookies })
    }

    fn begin(
        &self,
        client: housekey_core::ids::ClientId,
        identifier: Email,
        start: &StartSignIn,
    ) -> SignIn<NeedsFirstFactor> {
        let now = self.now();
        let id = SignInId::new(now, self.entropy());
        SignIn::begin(id, client, start.remember, start.return_to.clone(), now).identify(identifier, self.offered())
    }
}

fn read_identifier(typed: &str) -> Result<Email> {
    Email::parse(typed).map_err(|fault| Error::field("identifier", fault.code()))
}
