//! Sign-in as a state machine: a stage is a type that holds only that stage's data, and what was not begun
//! cannot be finished. Every transition consumes the attempt; the store makes it a compare-and-swap.

use crate::{
    identifier::email::Email,
    ids::{ClientId, EmailId, SignInId, UserId, VerificationId},
    password::Verdict,
    redirect::ReturnTo,
    sign_up::{Gathering, SignUp},
    time::Time,
    token::opaque::TokenHash,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long an attempt may take to its first factor.
pub const TO_FIRST_FACTOR: Duration = Duration::from_secs(10 * 60);
/// How long it may take from there to the end (SEC-60).
pub const AFTER_FIRST_FACTOR: Duration = Duration::from_secs(5 * 60);

/// An account as a proof knows it: a proof made against an older version is void.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whose.
    pub user: UserId,
    /// Rises with every change of credential, factor, identifier or state.
    pub version: i64,
}

/// One attempt to sign in, of one client, in state `S`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn<S> {
    /// Its id.
    pub id: SignInId,
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
    /// The code that was sent, if one was.
    pub prepared: Option<Prepared>,
    /// What this stage knows.
    pub state: S,
}

/// A code that was sent and waits to be typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// What the code would prove.
    pub strategy: Strategy,
    /// The record that holds its hash and its tries.
    pub verification: VerificationId,
    /// When it was sent; another may be asked for a little later.
    pub sent: Time,
    /// When it dies.
    pub expires: Time,
}

/// A way to prove a first factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Strategy {
    /// The account's password.
    Password,
    /// A code mailed to the identifier.
    EmailCode,
    /// A code mailed to the identifier, after which a new password is set.
    ResetPasswordEmailCode,
    /// A ticket that an operator's backend made for one user.
    Ticket,
}

/// Nothing is known yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedsIdentifier {}

/// Somebody was named. What is offered follows from the instance's policy, never from whether they exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedsFirstFactor {
    /// As typed.
    pub identifier: Email,
    /// The ways offered.
    pub offered: Vec<Strategy>,
}

/// The first factor holds, and the account or the policy asks for a second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedsSecondFactor {
    /// As typed.
    pub identifier: Email,
    /// Whose.
    pub account: Account,
    /// How the first was proved.
    pub first: Strategy,
}

/// The factors hold, and the device is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedsClientTrust {
    /// As typed.
    pub identifier: Email,
    /// Whose.
    pub account: Account,
    /// How the first was proved.
    pub first: Strategy,
}

/// The mailbox is proved, and a new password is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedsNewPassword {
    /// As typed.
    pub identifier: Email,
    /// Whose.
    pub account: Account,
    /// How the first was proved.
    pub first: Strategy,
}

/// All that is due was proved. Only transitions make it; it is never stored before its session is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Complete {
    /// Whose, and at which version.
    pub account: Account,
    /// How the first factor was proved.
    pub first: Strategy,
}

/// That the first factor was proved. Only verification makes one.
#[derive(Debug)]
pub struct FirstProof {
    account: Account,
    strategy: Strategy,
}

impl FirstProof {
    /// A password that was compared with the account's hash.
    pub fn password(account: Account, verdict: &Verdict) -> Option<Self> {
        matches!(verdict, Verdict::Yes { .. }).then_some(Self { account, strategy: Strategy::Password })
    }

    /// A mailed code that was compared with its stored hash in constant time.
    pub fn mailbox(account: Account, strategy: Strategy, typed: &[u8; 32], stored: &[u8]) -> Option<Self> {
        use subtle::ConstantTimeEq;
        let is_code = matches!(strategy, Strategy::EmailCode | Strategy::ResetPasswordEmailCode);
        (is_code && bool::from(typed.as_slice().ct_eq(stored))).then_some(Self { account, strategy })
    }

    /// The mailbox behind a sign-up's address, which was proved there and belongs to an account.
    pub fn mailbox_of_sign_up(account: Account, attempt: &SignUp<Gathering>) -> Option<Self> {
        attempt.is_proved().then_some(Self { account, strategy: Strategy::EmailCode })
    }

    /// A ticket of a user that was shown and is used up with the sign-in.
    pub fn ticket(account: Account, shown: &[u8; 32], stored: &TokenHash) -> Option<Self> {
        stored.matches(shown).then_some(Self { account, strategy: Strategy::Ticket })
    }

    /// Whose factor was proved.
    pub fn account(&self) -> &Account {
        &self.account
    }
}

/// Where a first factor leads.
#[derive(Debug)]
pub enum After {
    /// A new password is due before anything else.
    NewPassword(SignIn<NeedsNewPassword>),
    /// Nothing more is due.
    Done(SignIn<Complete>),
}

/// Why a transition is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The attempt took too long.
    #[error("the attempt has expired")]
    Expired,
    /// This attempt does not offer that way.
    #[error("the strategy is not offered")]
    NotOffered,
}

impl<S> SignIn<S> {
    /// Whether it ended by itself.
    pub fn is_expired(&self, now: Time) -> bool {
        now >= self.expires
    }

    fn to<T>(self, state: T, expires: Time) -> SignIn<T> {
        SignIn {
            id: self.id,
            client: self.client,
            version: self.version,
            created: self.created,
            expires,
            remember: self.remember,
            return_to: self.return_to,
            prepared: None,
            state,
        }
    }
}

impl SignIn<NeedsIdentifier> {
    /// A new attempt.
    pub fn begin(id: SignInId, client: ClientId, remember: bool, return_to: Option<ReturnTo>, now: Time) -> Self {
        Self {
            id,
            client,
            version: 1,
            created: now,
            expires: now.plus(TO_FIRST_FACTOR),
            remember,
            return_to,
            prepared: None,
            state: NeedsIdentifier {},
        }
    }

    /// Somebody is named; what is offered comes from policy.
    pub fn identify(self, identifier: Email, offered: Vec<Strategy>) -> SignIn<NeedsFirstFactor> {
        let expires = self.expires;
        self.to(NeedsFirstFactor { identifier, offered }, expires)
    }
}

impl SignIn<NeedsFirstFactor> {
    /// A code was sent.
    ///
    /// # Errors
    /// When that way is not offered or the attempt is over.
    pub fn prepare(mut self, prepared: Prepared, now: Time) -> Result<Self, Refused> {
        self.may(prepared.strategy, now)?;
        self.prepared = Some(prepared);
        Ok(self)
    }

    /// Whether this way may be tried now.
    ///
    /// # Errors
    /// When that way is not offered or the attempt is over.
    pub fn may(&self, strategy: Strategy, now: Time) -> Result<(), Refused> {
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        if !self.state.offered.contains(&strategy) {
            return Err(Refused::NotOffered);
        }
        Ok(())
    }

    /// The first factor was proved.
    ///
    /// # Errors
    /// When that way is not offered or the attempt is over.
    pub fn prove(self, proof: FirstProof, now: Time) -> Result<After, Refused> {
        self.may(proof.strategy, now)?;
        let identifier = self.state.identifier.clone();
        let expires = now.plus(AFTER_FIRST_FACTOR);
        let FirstProof { account, strategy: first } = proof;
        Ok(if first == Strategy::ResetPasswordEmailCode {
            After::NewPassword(self.to(NeedsNewPassword { identifier, account, first }, expires))
        } else {
            After::Done(self.to(Complete { account, first }, expires))
        })
    }
}

impl SignIn<NeedsNewPassword> {
    /// The new password is set, in the same transaction that opens the session; the account's version is then `version`.
    ///
    /// # Errors
    /// When the attempt is over.
    pub fn renewed(self, version: i64, now: Time) -> Result<SignIn<Complete>, Refused> {
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        let account = Account { user: self.state.account.user.clone(), version };
        let (first, expires) = (self.state.first, self.expires);
        Ok(self.to(Complete { account, first }, expires))
    }
}

/// How an attempt begins.
pub struct Begun {
    /// Its id.
    pub id: SignInId,
    /// The client that it belongs to.
    pub client: ClientId,
    /// Whether the session shall outlive the browser.
    pub remember: bool,
    /// Where the person wants to go afterwards.
    pub return_to: Option<ReturnTo>,
}

/// The mailbox behind an address that already has an account, proved in a sign-up: a first factor of a sign-in.
///
/// # Errors
/// When the attempt is over.
pub fn from_sign_up(begun: Begun, identifier: Email, proof: FirstProof, now: Time) -> Result<After, Refused> {
    let Begun { id, client, remember, return_to } = begun;
    SignIn::begin(id, client, remember, return_to, now)
        .identify(identifier, vec![Strategy::EmailCode])
        .prove(proof, now)
}

/// A ticket names its user and is the first factor at once.
///
/// # Errors
/// When the proof is of something else.
pub fn from_ticket(begun: Begun, proof: FirstProof, now: Time) -> Result<After, Refused> {
    let FirstProof { account, strategy: first } = proof;
    if first != Strategy::Ticket {
        return Err(Refused::NotOffered);
    }
    let Begun { id, client, remember, return_to } = begun;
    let attempt = SignIn::begin(id, client, remember, return_to, now);
    Ok(After::Done(attempt.to(Complete { account, first }, now.plus(AFTER_FIRST_FACTOR))))
}

/// What a mailed code was sent to, beside the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The address's row.
    pub email: EmailId,
    /// The address.
    pub address: Email,
}

/// A stored attempt, whatever its state. An unknown kind or form loads as nothing, which callers take as expired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AnySignIn {
    /// Nobody is named.
    NeedsIdentifier(SignIn<NeedsIdentifier>),
    /// A first factor is due.
    NeedsFirstFactor(SignIn<NeedsFirstFactor>),
    /// A second factor is due.
    NeedsSecondFactor(SignIn<NeedsSecondFactor>),
    /// The device has to be vouched for.
    NeedsClientTrust(SignIn<NeedsClientTrust>),
    /// A new password is due.
    NeedsNewPassword(SignIn<NeedsNewPassword>),
}

impl AnySignIn {
    /// The form of the stored body. A newer one loads as expired.
    pub const FORM: i64 = 1;

    /// The kind's name in the row.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NeedsIdentifier(_) => "needs_identifier",
            Self::NeedsFirstFactor(_) => "needs_first_factor",
            Self::NeedsSecondFactor(_) => "needs_second_factor",
            Self::NeedsClientTrust(_) => "needs_client_trust",
            Self::NeedsNewPassword(_) => "needs_new_password",
        }
    }

    /// Its id.
    pub fn id(&self) -> &SignInId {
        match self {
            Self::NeedsIdentifier(a) => &a.id,
            Self::NeedsFirstFactor(a) => &a.id,
            Self::NeedsSecondFactor(a) => &a.id,
            Self::NeedsClientTrust(a) => &a.id,
            Self::NeedsNewPassword(a) => &a.id,
        }
    }

    /// The client that it belongs to.
    pub fn client(&self) -> &ClientId {
        match self {
            Self::NeedsIdentifier(a) => &a.client,
            Self::NeedsFirstFactor(a) => &a.client,
            Self::NeedsSecondFactor(a) => &a.client,
            Self::NeedsClientTrust(a) => &a.client,
            Self::NeedsNewPassword(a) => &a.client,
        }
    }

    /// When it ends by itself.
    pub fn expires(&self) -> Time {
        match self {
            Self::NeedsIdentifier(a) => a.expires,
            Self::NeedsFirstFactor(a) => a.expires,
            Self::NeedsSecondFactor(a) => a.expires,
            Self::NeedsClientTrust(a) => a.expires,
            Self::NeedsNewPassword(a) => a.expires,
        }
    }
}
