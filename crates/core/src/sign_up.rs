//! Sign-up as a state machine: what is typed is gathered in the attempt, and the account is made only when all that is
//! required is there and the address is proved. So an unproved address never has a row, and nobody can take an address
//! before its owner does (SEC-25).

use crate::{
    identifier::email::Email,
    ids::{ClientId, InvitationId, SignUpId, VerificationId},
    redirect::ReturnTo,
    time::Time,
    token::opaque::TokenHash,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a sign-up may take.
pub const LIFE: Duration = Duration::from_secs(60 * 60);

/// One attempt to sign up, of one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUp<S> {
    /// Its id.
    pub id: SignUpId,
    /// The client that it belongs to.
    pub client: ClientId,
    /// Rises with every stored step.
    pub version: i64,
    /// When it began.
    pub created: Time,
    /// When it ends by itself.
    pub expires: Time,
    /// Whether the session shall outlive the browser.
    pub remember: bool,
    /// Where the person wants to go afterwards.
    pub return_to: Option<ReturnTo>,
    /// What this stage knows.
    pub state: S,
}

/// What was typed so far, in whatever order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gathering {
    /// What the account will have.
    pub fields: Fields,
    /// The code that was sent, if one was.
    pub code: Option<SentCode>,
    /// The mailbox is proved. Only a right code or an invitation's ticket sets it.
    proved: bool,
    /// A program fell into a trap: it gets a code to type like everybody, but none is sent, and none is right.
    #[serde(default)]
    decoy: bool,
}

/// What a new account will have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields {
    /// The address, as typed.
    pub email: Option<Email>,
    /// The first name, if given.
    pub first_name: Option<String>,
    /// The last name, if given.
    pub last_name: Option<String>,
    /// The hash of its password, as a PHC string.
    pub password_hash: Option<String>,
    /// What the app keeps there and the person may change: a JSON object.
    pub unsafe_metadata: Option<String>,
    /// When the terms were accepted.
    pub legal_accepted: Option<Time>,
    /// The invitation that led here.
    pub invitation: Option<InvitationId>,
}

impl Fields {
    /// Whether an invitation to this very address led here.
    pub fn is_invited_as(&self, email: &Email) -> bool {
        self.invitation.is_some() && self.email.as_ref().is_some_and(|own| own.canonical() == email.canonical())
    }
}

/// A code on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCode {
    /// The record that holds its hash and its tries.
    pub verification: VerificationId,
    /// When it was sent; another may be asked for a little later.
    pub sent: Time,
    /// Whether a link was asked for; a code may go with it.
    #[serde(default)]
    pub link: bool,
}

/// What an instance asks of everybody who signs up, beside an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Required {
    /// A password.
    pub password: bool,
    /// That the terms are accepted.
    pub legal: bool,
}

/// A requirement that is not met yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// No address is given.
    EmailAddress,
    /// No password is given.
    Password,
    /// The terms are not accepted.
    LegalAccepted,
}

/// Everything is there and the address is proved. Only [`SignUp::finish`] makes it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ready {
    /// The proved address.
    pub email: Email,
    /// What else the account starts with.
    pub fields: Fields,
}

/// That an invitation's ticket was shown, which was mailed to that address.
#[derive(Clone, Debug)]
pub struct Invited {
    /// Which invitation.
    pub id: InvitationId,
    /// Whose mailbox it went to.
    pub email: Email,
}

/// Why a transition is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The attempt took too long.
    #[error("the attempt has expired")]
    Expired,
    /// The code is not the one that was sent.
    #[error("the code is wrong")]
    WrongCode,
    /// No address is given, so nothing can be sent to it.
    #[error("an address is missing")]
    NoAddress,
}

impl<S> SignUp<S> {
    /// Whether it ended by itself.
    pub fn is_expired(&self, now: Time) -> bool {
        now >= self.expires
    }
}

impl SignUp<Gathering> {
    /// A new attempt.
    pub fn begin(id: SignUpId, client: ClientId, remember: bool, return_to: Option<ReturnTo>, now: Time) -> Self {
        let state = Gathering::default();
        Self { id, client, version: 1, created: now, expires: now.plus(LIFE), remember, return_to, state }
    }

    /// Whether the mailbox is proved.
    pub fn is_proved(&self) -> bool {
        self.state.proved
    }

    /// Whether a program fell into a trap here.
    pub fn is_decoy(&self) -> bool {
        self.state.decoy
    }

    /// Leads nowhere from now on, for a program that fell into a trap.
    #[must_use]
    pub fn into_decoy(mut self) -> Self {
        self.state.decoy = true;
        self
    }

    /// Takes what was typed now over what was typed before. A proof and a code hold for the address they were made for.
    ///
    /// # Errors
    /// When the attempt is over.
    pub fn fill(mut self, typed: Fields, now: Time) -> Result<Self, Refused> {
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        let before = &mut self.state.fields;
        let address = |email: &Option<Email>| email.as_ref().map(|e| e.canonical().to_owned());
        if typed.email.is_some() && address(&typed.email) != address(&before.email) {
            self.state.proved = false;
            self.state.code = None;
            before.invitation = None;
        }
        before.email = typed.email.or(before.email.take());
        before.first_name = typed.first_name.or(before.first_name.take());
        before.last_name = typed.last_name.or(before.last_name.take());
        before.password_hash = typed.password_hash.or(before.password_hash.take());
        before.unsafe_metadata = typed.unsafe_metadata.or(before.unsafe_metadata.take());
        before.legal_accepted = before.legal_accepted.or(typed.legal_accepted);
        Ok(self)
    }

    /// An invitation's ticket gives the address and proves its mailbox.
    ///
    /// # Errors
    /// When the attempt is over.
    pub fn invite(mut self, invited: Invited, now: Time) -> Result<Self, Refused> {
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        self.state.fields.email = Some(invited.email);
        self.state.fields.invitation = Some(invited.id);
        self.state.proved = true;
        self.state.code = None;
        Ok(self)
    }

    /// A code was sent to the address.
    ///
    /// # Errors
    /// When the attempt is over or has no address.
    pub fn send(mut self, code: SentCode, now: Time) -> Result<Self, Refused> {
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        if self.state.fields.email.is_none() {
            return Err(Refused::NoAddress);
        }
        self.state.code = Some(code);
        Ok(self)
    }

    /// The code was typed; both hashes are compared in constant time.
    ///
    /// # Errors
    /// When the code is wrong or the attempt is over.
    pub fn prove(mut self, typed: &[u8; 32], stored: &[u8], now: Time) -> Result<Self, Refused> {
        use subtle::ConstantTimeEq;
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        if self.state.decoy || self.state.code.is_none() || !bool::from(typed.as_slice().ct_eq(stored)) {
            return Err(Refused::WrongCode);
        }
        self.state.proved = true;
        self.state.code = None;
        Ok(self)
    }

    /// The mailed link was followed in the browser that asked for it.
    ///
    /// # Errors
    /// When it is another one or the attempt is over.
    pub fn follow(mut self, shown: &[u8; 32], stored: &TokenHash, now: Time) -> Result<Self, Refused> {
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        if self.state.code.is_none() || !stored.matches(shown) {
            return Err(Refused::WrongCode);
        }
        self.state.proved = true;
        self.state.code = None;
        Ok(self)
    }

    /// What is still to be given.
    pub fn missing(&self, required: Required) -> Vec<Missing> {
        let fields = &self.state.fields;
        let wanted = [
            (fields.email.is_none(), Missing::EmailAddress),
            (required.password && fields.password_hash.is_none(), Missing::Password),
            (required.legal && fields.legal_accepted.is_none(), Missing::LegalAccepted),
        ];
        wanted.into_iter().filter_map(|(is_missing, what)| is_missing.then_some(what)).collect()
    }

    /// The account may be made, or the attempt goes on.
    pub fn finish(&self, required: Required) -> Option<SignUp<Ready>> {
        let email = self.state.fields.email.clone()?;
        (self.state.proved && !self.state.decoy && self.missing(required).is_empty()).then(|| SignUp {
            id: self.id.clone(),
            client: self.client.clone(),
            version: self.version,
            created: self.created,
            expires: self.expires,
            remember: self.remember,
            return_to: self.return_to.clone(),
            state: Ready { email, fields: self.state.fields.clone() },
        })
    }
}

/// A stored attempt, whatever its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AnySignUp {
    /// Something is still to be given or proved.
    Gathering(SignUp<Gathering>),
}

impl AnySignUp {
    /// The form of the stored body. Another one loads as expired.
    pub const FORM: i64 = 2;

    /// The kind's name in the row.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Gathering(_) => "gathering",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Seeded;

    const NOW: Time = Time::from_millis(1_795_000_000_000);
    const BOTH: Required = Required { password: true, legal: false };

    fn attempt() -> SignUp<Gathering> {
        let chance = Seeded::new(1);
        SignUp::begin(SignUpId::new(NOW, &chance), ClientId::new(NOW, &chance), false, None, NOW)
    }

    fn email(text: &str) -> Fields {
        Fields { email: Email::parse(text).ok(), ..Fields::default() }
    }

    fn code() -> SentCode {
        SentCode { verification: VerificationId::new(NOW, &Seeded::new(2)), sent: NOW, link: false }
    }

    #[test]
    fn fields_come_in_any_order_and_only_a_proved_address_makes_an_account() {
        let a = attempt();
        assert_eq!(a.missing(BOTH), [Missing::EmailAddress, Missing::Password]);
        assert_eq!(a.clone().send(code(), NOW), Err(Refused::NoAddress));
        let a = a.fill(email("ada@example.com"), NOW).unwrap().send(code(), NOW).unwrap();
        assert_eq!(a.clone().prove(&[1; 32], &[2; 32], NOW), Err(Refused::WrongCode));
        let a = a.prove(&[1; 32], &[1; 32], NOW).unwrap();
        assert!(a.is_proved() && a.finish(BOTH).is_none(), "a password is missing");
        let a = a.fill(Fields { password_hash: Some("hash".into()), ..Fields::default() }, NOW).unwrap();
        assert_eq!(a.finish(BOTH).unwrap().state.email.canonical(), "ada@example.com");
    }

    #[test]
    fn sec_25_a_proof_holds_for_its_address_alone() {
        let a = attempt().fill(email("eve@example.com"), NOW).unwrap().send(code(), NOW).unwrap();
        let a = a.prove(&[1; 32], &[1; 32], NOW).unwrap().fill(email("ada@example.com"), NOW).unwrap();
        assert!(!a.is_proved());
        let a = a.send(code(), NOW).unwrap().fill(email("bob@example.com"), NOW).unwrap();
        assert_eq!(a.prove(&[1; 32], &[1; 32], NOW), Err(Refused::WrongCode), "the code went to somebody else");
        let invited =
            Invited { id: InvitationId::new(NOW, &Seeded::new(3)), email: Email::parse("ada@example.com").unwrap() };
        let a = attempt().invite(invited, NOW).unwrap();
        assert!(a.is_proved());
        let a = a.fill(email("bob@example.com"), NOW).unwrap();
        assert!(!a.is_proved() && a.state.fields.invitation.is_none());
    }

    #[test]
    fn a_decoy_leads_nowhere() {
        let a = attempt().fill(email("bot@example.com"), NOW).unwrap().send(code(), NOW).unwrap().into_decoy();
        assert_eq!(a.clone().prove(&[1; 32], &[1; 32], NOW), Err(Refused::WrongCode));
        let typed = Fields { password_hash: Some("hash".into()), ..Fields::default() };
        assert!(a.fill(typed, NOW).unwrap().finish(BOTH).is_none());
    }

    #[test]
    fn an_attempt_ends_by_itself() {
        let late = NOW.plus(LIFE);
        let a = attempt().fill(email("ada@example.com"), NOW).unwrap().send(code(), NOW).unwrap();
        assert_eq!(a.clone().prove(&[1; 32], &[1; 32], late), Err(Refused::Expired));
        assert_eq!(a.fill(Fields::default(), late), Err(Refused::Expired));
    }
}
