//! Sign-up as a state machine: what is typed is gathered in the attempt, and the account is made only when all that is
//! required is there and the address is proved. So an unproved address never has a row, and nobody can take an address
//! before its owner does (SEC-25).

mod parts;

pub use parts::{Fields, Invited, Missing, Required, SentCode};

use crate::{
    identifier::{email::Email, phone::Phone},
    ids::{ClientId, SignUpId},
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
    /// The code that was sent to the phone, if one was.
    pub phone_code: Option<SentCode>,
    /// The phone is proved. Only a right code sets it.
    #[serde(default)]
    phone_proved: bool,
}

/// Everything is there, and the address that was given is proved. Only [`SignUp::finish`] makes it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ready {
    /// The proved address, where one was given.
    pub email: Option<Email>,
    /// The proved number, where one was given.
    pub phone: Option<Phone>,
    /// What else the account starts with.
    pub fields: Fields,
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
    #[error("an address or a number is missing")]
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

    /// Whether the phone is proved.
    pub fn is_phone_proved(&self) -> bool {
        self.state.phone_proved
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
        if typed.phone.is_some() && typed.phone != before.phone {
            self.state.phone_proved = false;
            self.state.phone_code = None;
        }
        before.phone = typed.phone.or(before.phone.take());
        before.username = typed.username.or(before.username.take());
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

    /// A code was sent to the phone.
    ///
    /// # Errors
    /// When the attempt is over or has no number.
    pub fn send_to_phone(mut self, code: SentCode, now: Time) -> Result<Self, Refused> {
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        if self.state.fields.phone.is_none() {
            return Err(Refused::NoAddress);
        }
        self.state.phone_code = Some(code);
        Ok(self)
    }

    /// The phone's code was typed; both hashes are compared in constant time.
    ///
    /// # Errors
    /// When the code is wrong or the attempt is over.
    pub fn prove_phone(mut self, typed: &[u8; 32], stored: &[u8], now: Time) -> Result<Self, Refused> {
        use subtle::ConstantTimeEq;
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        if self.state.decoy || self.state.phone_code.is_none() || !bool::from(typed.as_slice().ct_eq(stored)) {
            return Err(Refused::WrongCode);
        }
        self.state.phone_proved = true;
        self.state.phone_code = None;
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
        // An account that nothing names could never be signed in to.
        let nameless = fields.username.is_none() && fields.phone.is_none();
        let wanted = [
            (fields.email.is_none() && (required.email || nameless), Missing::EmailAddress),
            (required.username && fields.username.is_none(), Missing::Username),
            (required.phone && fields.phone.is_none(), Missing::PhoneNumber),
            (required.password && fields.password_hash.is_none(), Missing::Password),
            (required.legal && fields.legal_accepted.is_none(), Missing::LegalAccepted),
        ];
        wanted.into_iter().filter_map(|(is_missing, what)| is_missing.then_some(what)).collect()
    }

    /// The account may be made, or the attempt goes on.
    pub fn finish(&self, required: Required) -> Option<SignUp<Ready>> {
        let email = self.state.fields.email.clone();
        let phone = self.state.fields.phone.clone();
        let proved = (email.is_none() || self.state.proved) && (phone.is_none() || self.state.phone_proved);
        (proved && !self.state.decoy && self.missing(required).is_empty()).then(|| SignUp {
            id: self.id.clone(),
            client: self.client.clone(),
            version: self.version,
            created: self.created,
            expires: self.expires,
            remember: self.remember,
            return_to: self.return_to.clone(),
            state: Ready { email, phone, fields: self.state.fields.clone() },
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
    pub const FORM: i64 = 3;

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
    use crate::{
        entropy::Seeded,
        identifier::username::Username,
        ids::{InvitationId, VerificationId},
    };

    const NOW: Time = Time::from_millis(1_795_000_000_000);
    const BOTH: Required = Required { email: true, username: false, phone: false, password: true, legal: false };

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
        assert_eq!(a.finish(BOTH).unwrap().state.email.unwrap().canonical(), "ada@example.com");
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
        // Neither by a phone, nor where nothing has to be proved.
        let phone = Fields { phone: Phone::try_from("+4915123456789".to_owned()).ok(), ..Fields::default() };
        let a = attempt().fill(phone, NOW).unwrap().send_to_phone(code(), NOW).unwrap().into_decoy();
        assert_eq!(a.prove_phone(&[1; 32], &[1; 32], NOW), Err(Refused::WrongCode));
        let named = Required { email: false, username: true, password: false, ..BOTH };
        let name = Fields { username: Username::parse("ada_l").ok(), ..Fields::default() };
        let a = attempt().fill(name, NOW).unwrap();
        assert!(a.clone().finish(named).is_some() && a.into_decoy().finish(named).is_none());
    }

    #[test]
    fn a_username_alone_makes_an_account_where_no_address_is_asked_for() {
        let named = Required { email: false, username: true, ..BOTH };
        let name = Fields { username: Username::parse("ada_l").ok(), ..Fields::default() };
        let a = attempt().fill(Fields { password_hash: Some("hash".into()), ..name }, NOW).unwrap();
        assert_eq!(a.missing(BOTH), [Missing::EmailAddress]);
        assert!(a.finish(named).unwrap().state.email.is_none());
        let a = a.fill(email("ada@example.com"), NOW).unwrap();
        assert!(a.finish(named).is_none(), "an address that was given has to be proved");
        let nameless = Required { username: false, ..named };
        assert_eq!(attempt().missing(nameless), [Missing::EmailAddress, Missing::Password]);
    }

    #[test]
    fn sec_25_a_phone_and_a_mailbox_are_proved_apart_and_each_for_itself() {
        let phone = |text: &str| Fields { phone: Phone::try_from(text.to_owned()).ok(), ..Fields::default() };
        let both = Required { phone: true, password: false, ..BOTH };
        let a = attempt().fill(email("ada@example.com"), NOW).unwrap();
        assert_eq!(a.missing(both), [Missing::PhoneNumber]);
        assert_eq!(a.clone().send_to_phone(code(), NOW), Err(Refused::NoAddress));
        let a = a.fill(phone("+4915123456789"), NOW).unwrap().send_to_phone(code(), NOW).unwrap();
        assert_eq!(a.clone().prove(&[1; 32], &[1; 32], NOW), Err(Refused::WrongCode), "the code went to the phone");
        let a = a.prove_phone(&[1; 32], &[1; 32], NOW).unwrap();
        assert!(a.is_phone_proved() && a.finish(both).is_none(), "the mailbox is not proved");
        let a = a.send(code(), NOW).unwrap().prove(&[1; 32], &[1; 32], NOW).unwrap();
        assert_eq!(a.finish(both).unwrap().state.phone.unwrap().as_str(), "+4915123456789");
        let a = a.fill(phone("+4915123456780"), NOW).unwrap();
        assert!(!a.is_phone_proved() && a.is_proved() && a.finish(both).is_none());
    }

    #[test]
    fn an_attempt_ends_by_itself() {
        let late = NOW.plus(LIFE);
        let a = attempt().fill(email("ada@example.com"), NOW).unwrap().send(code(), NOW).unwrap();
        assert_eq!(a.clone().prove(&[1; 32], &[1; 32], late), Err(Refused::Expired));
        assert_eq!(a.fill(Fields::default(), late), Err(Refused::Expired));
    }
}
