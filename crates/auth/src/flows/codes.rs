//! Mailed codes: made, hashed, queued with the change that asks for them, and judged.

use crate::{
    caller::Caller,
    error::{Denial, Error, Result},
    housekey::Housekey,
    mail::{Facts, Letter, MailedSecret, NewMailedCode},
    sms::{TextKind, Texted},
};
use housekey_core::{
    challenge::Action,
    factor::one_time_code::{self, OneTimeCode},
    identifier::{email::Email, phone::Phone},
    ids::{ClientId, EmailId, MailId, UserId, VerificationId},
    policy::MailedProof,
    redirect::ReturnTo,
    sign_in::Strategy,
    time::Time,
    token::opaque::OpaqueToken,
};
use housekey_store::{
    mail::{Channel, NewMail},
    users::UserRow,
    verifications::{NewMailedLink, NewVerification, Purpose, Tried, Try},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How soon another code may be asked for; before that the one on its way is told of again.
pub const RESEND_AFTER: Duration = Duration::from_secs(30);

/// A code on its way, as a door shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeSent {
    /// The mailbox or the number, masked: `a•••@example.com`.
    pub to: String,
    /// When it was sent.
    pub sent: Time,
    /// From when another may be asked for.
    pub resend_from: Time,
    /// When it dies.
    pub expires: Time,
}

/// What a code is sent for.
pub(crate) struct Asked<'a> {
    pub client: &'a ClientId,
    pub purpose: Purpose,
    pub to: &'a Email,
    pub email: Option<&'a EmailId>,
    pub user: Option<&'a UserId>,
    /// Nobody has that mailbox here: the row is queued for equal work, and never sent.
    pub never_send: bool,
    /// The attempt that it moves on, where there is one.
    pub attempt: Option<&'a str>,
    /// Where an app wants the browser once its link was followed.
    pub return_to: Option<&'a ReturnTo>,
}

/// What an app asks for where a code or a link would do, and where it wants the browser afterwards.
#[derive(Clone, Copy, Default)]
pub(crate) struct MailedBy<'a> {
    pub link: bool,
    pub return_to: Option<&'a ReturnTo>,
}

/// Whose code is typed.
pub(crate) struct Whose<'a> {
    /// The address, or what stands for it.
    pub who: &'a str,
    /// Who has it, where somebody does.
    pub user: Option<&'a UserId>,
    /// Whether that person is known on this device, or signed in.
    pub known: bool,
}

/// What a code is sent to a phone for.
pub(crate) struct SmsAsked<'a> {
    pub client: &'a ClientId,
    pub purpose: Purpose,
    pub to: &'a Phone,
    pub user: Option<&'a UserId>,
    pub kind: TextKind,
    /// Nobody has that number here: the row is queued for equal work, and never sent.
    pub never_send: bool,
}

/// A code made: its record and its mail.
pub(crate) struct Made {
    pub verification: NewVerification,
    pub mail: NewMail,
    pub sent: CodeSent,
}

impl Housekey {
    /// Makes what proves a mailbox, a code or a link or both, and the letter that carries it.
    pub(crate) fn make_code(
        &self,
        caller: &Caller,
        asked: &Asked<'_>,
        letter: fn(NewMailedCode, Time, Facts) -> Letter,
    ) -> Result<Made> {
        let now = self.now();
        let id = VerificationId::new(now, self.entropy());
        // Who confirms a risky change has a page open that asks for a code.
        let mailed = match asked.purpose {
            Purpose::StepUp | Purpose::ClientTrust => MailedProof::Code,
            _ => self.settings().mailbox,
        };
        let token = mailed.has_link().then(|| OpaqueToken::new(id.clone(), self.entropy()));
        let code = match &token {
            _ if self.is_for_tests(asked.to) => OneTimeCode::for_tests(),
            Some(token) => OneTimeCode::of_link(self.keyring(), &id, token.secret()),
            None => OneTimeCode::new(self.entropy()),
        };
        let expires = now.plus(one_time_code::LIFE);
        let facts = Facts::of(now, &caller.agent, caller.address);
        let proof = NewMailedCode {
            code: mailed.has_code().then(|| MailedSecret::new(code.digits().to_owned())),
            link: token.as_ref().map(|token| MailedSecret::new(token.reveal())),
        };
        let letter = letter(proof, expires, facts);
        let return_to = asked.return_to.map(serde_json::to_string).transpose();
        let return_to = return_to.map_err(|_| Error::Bug("where a link leads cannot be written"))?;

        let mail = self.post(asked.to, letter, expires, asked.never_send)?;
        let verification = NewVerification {
            code_hash: code.hash(self.keyring(), &id),
            id,
            client: asked.client.clone(),
            purpose: asked.purpose,
            user: asked.user.cloned(),
            email: asked.email.cloned(),
            canonical: asked.to.canonical().to_owned(),
            expires,
            link: token.map(|token| NewMailedLink {
                secret_hash: token.hash(),
                attempt: asked.attempt.map(str::to_owned),
                return_to,
            }),
        };
        Ok(Made { verification, mail, sent: code_sent(asked.to.masked(), now, expires) })
    }

    /// Makes a code and the message that carries it.
    pub(crate) fn make_sms_code(&self, asked: &SmsAsked<'_>) -> Result<Made> {
        let now = self.now();
        let id = VerificationId::new(now, self.entropy());
        let for_tests = self.is_number_for_tests(asked.to);
        let code = if for_tests { OneTimeCode::for_tests() } else { OneTimeCode::new(self.entropy()) };
        let expires = now.plus(one_time_code::LIFE);
        let carried = MailedSecret::new(code.digits().to_owned());
        let texted = Texted { to: asked.to.clone(), kind: asked.kind, code: carried };
        let mail_id = MailId::new(now, self.entropy());
        let sealed = texted.seal(&mail_id, self.keyring(), self.entropy());
        let mail = NewMail {
            channel: Channel::Sms,
            sealed: sealed.map_err(|_| Error::Bug("a message cannot be queued"))?,
            never_send: asked.never_send || for_tests,
            expires,
            told: Some((asked.kind.as_str(), asked.to.as_str().to_owned())),
            id: mail_id,
        };
        let verification = NewVerification {
            code_hash: code.hash(self.keyring(), &id),
            id,
            client: asked.client.clone(),
            purpose: asked.purpose,
            user: asked.user.cloned(),
            email: None,
            canonical: asked.to.as_str().to_owned(),
            expires,
            link: None,
        };
        Ok(Made { verification, mail, sent: code_sent(asked.to.masked(), now, expires) })
    }

    /// Whether a number is for tests, on an instance that has such: it gets no message and one code, always the same.
    pub(crate) fn is_number_for_tests(&self, to: &Phone) -> bool {
        to.is_for_tests() && self.settings().test_mode()
    }

    /// Whether messages go to a number at all. That is the instance's policy and tells nothing about accounts.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a country that is not listed, or where there are no phone numbers.
    pub(crate) fn sends_to(&self, to: &Phone, field: &'static str) -> Result<()> {
        if !self.settings().identifiers.phone.is_on() || self.0.world.sms.is_none() {
            return Err(Error::field(field, "phone_off"));
        }
        let listed = &self.settings().sms.countries;
        let home = to.country();
        let reached = listed.is_empty() || home.is_some_and(|country| listed.contains(&country));
        let fictional = to.is_for_tests() && !self.settings().test_mode();
        match (reached || self.is_number_for_tests(to)) && !fictional {
            true => Ok(()),
            false => Err(Error::field(field, "phone_country")),
        }
    }

    /// A phone number as typed, that messages go to.
    pub(crate) fn read_phone(&self, field: &'static str, typed: &str) -> Result<Phone> {
        let at_home = self.settings().sms.countries.first().copied();
        let phone = Phone::parse(typed, at_home).map_err(|fault| Error::field(field, fault.code()))?;
        self.sends_to(&phone, field)?;
        Ok(phone)
    }

    /// What an app asks for, if the instance offers it.
    ///
    /// # Errors
    /// [`Error::Invalid`] otherwise.
    pub(crate) fn mailed_by<'a>(&self, strategy: Strategy, return_to: Option<&'a ReturnTo>) -> Result<MailedBy<'a>> {
        let mailbox = self.settings().mailbox;
        match strategy {
            Strategy::EmailCode if mailbox.has_code() => Ok(MailedBy { link: false, return_to }),
            Strategy::EmailLink if mailbox.has_link() => Ok(MailedBy { link: true, return_to }),
            _ => Err(Error::field("strategy", "strategy_not_offered")),
        }
    }

    /// Counts a try and gives what to compare with.
    ///
    /// # Errors
    /// [`Error::Limited`] beyond a limit, [`Denial::CodeExpired`] when the code is dead.
    pub(crate) async fn try_code(
        &self,
        caller: &Caller,
        client: &ClientId,
        id: &VerificationId,
        purpose: Purpose,
        whose: Whose<'_>,
    ) -> Result<Tried> {
        let gate = self.code_gate(caller, whose.who, whose.user, whose.known);
        self.pass(caller, Action::Code, gate).await?;
        match self.store().try_code(id, client, purpose, self.now()).await? {
            Try::Counted(tried) => Ok(tried),
            Try::Dead => Err(Error::Denied(Denial::CodeExpired)),
        }
    }

    /// Reads a code as typed.
    pub(crate) fn read_code(typed: &str) -> Result<OneTimeCode> {
        OneTimeCode::parse(typed).map_err(|_| Error::field("code", "code_malformed"))
    }
}

/// A code on its way to a mailbox, masked, as it is shown.
pub(crate) fn code_sent(to: String, sent: Time, expires: Time) -> CodeSent {
    CodeSent { to, sent, resend_from: sent.plus(RESEND_AFTER), expires }
}

/// The mailbox of a user, parsed again from its row.
pub(crate) fn mailbox_of(user: &UserRow) -> Option<Email> {
    user.address.as_deref().and_then(|a| Email::parse(a).ok())
}
