//! Naming somebody: the attempt begins, and with it the client where there is none yet.

use super::{
    SignInView,
    code::{Sending, SignInAsked},
    view,
};
use crate::{
    caller::{Caller, Outcome},
    error::{Error, Result},
    flows::client::Presented,
    housekey::Housekey,
};
use housekey_core::{
    challenge::Action,
    event::EventKind,
    identifier::{Identifier, email::Email},
    ids::SignInId,
    redirect::ReturnTo,
    sign_in::{AnySignIn, NeedsFirstFactor, Prepared, SignIn, Strategy},
};
use housekey_store::sign_ins::Trail;

/// Who wants to sign in, and how.
#[derive(Clone, Debug, Default)]
pub struct StartSignIn {
    /// The e-mail address or what else the instance takes, as typed.
    pub identifier: String,
    /// Whether the session shall outlive the browser.
    pub remember: bool,
    /// Where to go afterwards, checked already.
    pub return_to: Option<ReturnTo>,
}

impl Housekey {
    /// Begins a sign-in. The answer is the same whether or not anybody has that name.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a malformed address or username, [`Error::Limited`] beyond the limits of the caller's address.
    pub async fn sign_in_start(&self, caller: &Caller, start: StartSignIn) -> Result<Outcome<SignInView>> {
        let identifier = self.read_identifier(&start.identifier)?;
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
    /// As [`Housekey::sign_in_start`]; [`Error::Limited`] beyond the limits of that mailbox or phone too.
    pub async fn reset_start(&self, caller: &Caller, start: StartSignIn) -> Result<Outcome<SignInView>> {
        let identifier = self.read_reachable(&start.identifier)?;
        let presented = match self.present::<SignInView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => Some(checked),
            Presented::Nobody => None,
        };
        let strategy = match &identifier {
            Identifier::Phone(_) => Strategy::ResetPasswordPhoneCode,
            _ => Strategy::ResetPasswordEmailCode,
        };
        let working = self.working(caller, presented.as_deref());
        let attempt = self.begin(working.id.clone(), identifier, &start);
        let asked = SignInAsked {
            client: &working.id,
            named: &attempt.state.identifier,
            strategy,
            attempt: &attempt.id,
            return_to: None,
            action: Action::Reset,
        };
        let Sending { made, user } = self.sign_in_sending(caller, &asked).await?;
        let prepared = Prepared {
            strategy,
            verification: made.verification.id.clone(),
            sent: made.sent.sent,
            expires: made.sent.expires,
            to: None,
        };
        let attempt = attempt.prepare(prepared, self.now()).map_err(super::code::refused)?;
        let detail = serde_json::json!({"purpose": made.verification.purpose.as_str()});
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
        identifier: Identifier,
        start: &StartSignIn,
    ) -> SignIn<NeedsFirstFactor> {
        let now = self.now();
        let id = SignInId::new(now, self.entropy());
        let offered = self.offered(&identifier);
        SignIn::begin(id, client, start.remember, start.return_to.clone(), now).identify(identifier, offered)
    }

    /// Whoever was named by something that a code can be sent to.
    fn read_reachable(&self, typed: &str) -> Result<Identifier> {
        match self.settings().identifiers.phone.is_on() {
            true => match self.read_identifier(typed)? {
                Identifier::Username(_) => Err(Error::field("identifier", "email_malformed")),
                reachable => Ok(reachable),
            },
            false => Ok(Email::parse(typed).map_err(|fault| Error::field("identifier", fault.code()))?.into()),
        }
    }

    /// Whoever was named, in whatever way the instance takes.
    pub(crate) fn read_identifier(&self, typed: &str) -> Result<Identifier> {
        let accepts = self.settings().identifiers.accepts(self.settings().sms.countries.first().copied());
        let read = Identifier::parse(typed, accepts).map_err(|fault| Error::field("identifier", fault.code()))?;
        if let Identifier::Phone(phone) = &read {
            self.sends_to(phone, "identifier")?;
        }
        Ok(read)
    }
}
