//! Sign-in as a state machine: a stage is a type that holds only that stage's data, and what was not begun
//! cannot be finished. Every transition consumes the attempt; the store makes it a compare-and-swap.

mod proof;
mod stored;

pub use proof::{FirstProof, SecondProof};
pub use stored::AnySignIn;

use crate::{
    identifier::{Identifier, email::Email},
    ids::{ClientId, EmailId, SignInId, UserId, VerificationId},
    redirect::ReturnTo,
    time::Time,
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
    /// A link mailed to the identifier, or the code that it shows where it is opened in another browser.
    EmailLink,
    /// A code mailed to the identifier, after which a new password is set.
    ResetPasswordEmailCode,
    /// A ticket that an operator's backend made for one user.
    Ticket,
    /// A passkey, which names its account itself (WebAuthn Level 3).
    Passkey,
    /// A code sent to the identifier, a phone.
    PhoneCode,
    /// A code sent to the identifier, a phone, after which a new password is set.
    ResetPasswordPhoneCode,
}

impl Strategy {
    /// Whether a new password is set after it.
    pub fn is_reset(self) -> bool {
        matches!(self, Self::ResetPasswordEmailCode | Self::ResetPasswordPhoneCode)
    }
}

/// A way to prove a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SecondStrategy {
    /// The code of an authenticator app (RFC 6238).
    Totp,
    /// One of the codes that were written down for the day the app is gone.
    BackupCode,
    /// A passkey or a security key, with its owner verified by it (WebAuthn Level 3).
    Passkey,
}

/// What an account has that proves a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Since when it has an authenticator app.
    pub totp_since: Option<Time>,
    /// How many backup codes are left.
    pub backup_codes: i64,
    /// How many passkeys it has.
    pub passkeys: i64,
    /// Since when its owner wants to be asked for a passkey after any other first factor.
    pub passkey_after_since: Option<Time>,
}

impl Held {
    /// Since when a second factor is due, if one is. A passkey alone asks for none: it is a way in beside the others
    /// until its owner says that it shall stand behind them.
    pub fn two_step_since(&self) -> Option<Time> {
        self.totp_since.or(self.passkey_after_since.filter(|_| self.passkeys > 0))
    }

    /// The ways of the account, where a second factor is due. Codes stand in for what is lost, and are nothing alone.
    pub fn second_strategies(&self) -> Vec<SecondStrategy> {
        if self.two_step_since().is_none() {
            return Vec::new();
        }
        [
            (self.totp_since.is_some(), SecondStrategy::Totp),
            (self.passkeys > 0, SecondStrategy::Passkey),
            (self.backup_codes > 0, SecondStrategy::BackupCode),
        ]
        .into_iter()
        .filter_map(|(has, way)| has.then_some(way))
        .collect()
    }
}

impl SecondStrategy {
    /// The name in events, and in the contracts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::BackupCode => "backup_code",
            Self::Passkey => "passkey",
        }
    }
}

/// Nothing is known yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedsIdentifier {}

/// Somebody was named. What is offered follows from the instance's policy, never from whether they exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedsFirstFactor {
    /// As typed.
    pub identifier: Identifier,
    /// The ways offered.
    pub offered: Vec<Strategy>,
}

/// The first factor holds, and the account has a second one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedsSecondFactor {
    /// As typed; none where a ticket named the account.
    pub identifier: Option<Identifier>,
    /// Whose.
    pub account: Account,
    /// How the first was proved.
    pub first: Strategy,
    /// When the first was proved.
    pub first_proved: Time,
    /// The ways that the account has.
    pub offered: Vec<SecondStrategy>,
}

/// The factors hold, and the device is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedsClientTrust {
    /// As typed.
    pub identifier: Identifier,
    /// Whose.
    pub account: Account,
    /// How the first was proved.
    pub first: Strategy,
}

/// The mailbox is proved, and a new password is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedsNewPassword {
    /// As typed; none where a ticket named the account.
    pub identifier: Option<Identifier>,
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
    /// When it was proved.
    pub first_proved: Time,
    /// How the second factor was proved, where one was due.
    pub second: Option<SecondStrategy>,
}

/// Where a first factor leads.
#[derive(Debug)]
pub enum After {
    /// The account has a second factor.
    Second(SignIn<NeedsSecondFactor>),
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
    pub fn identify(self, identifier: impl Into<Identifier>, offered: Vec<Strategy>) -> SignIn<NeedsFirstFactor> {
        let identifier = identifier.into();
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

    /// The first factor was proved, of an account that has the second factors `due`.
    ///
    /// # Errors
    /// When that way is not offered or the attempt is over.
    pub fn prove(self, proof: FirstProof, due: &[SecondStrategy], now: Time) -> Result<After, Refused> {
        self.may(proof.strategy, now)?;
        let identifier = self.state.identifier.clone();
        Ok(self.first_proved(Some(identifier), proof, due, now))
    }
}

impl<S> SignIn<S> {
    /// A reset sets a new password, and so does whoever comes to an account whose password is compromised.
    fn first_proved(
        self,
        identifier: Option<Identifier>,
        proof: FirstProof,
        due: &[SecondStrategy],
        now: Time,
    ) -> After {
        let FirstProof { account, strategy: first, renew } = proof;
        if renew || first.is_reset() {
            let state = NeedsNewPassword { identifier, account, first };
            return After::NewPassword(self.to(state, now.plus(AFTER_FIRST_FACTOR)));
        }
        self.first_holds(identifier, account, first, due, now)
    }

    /// A second factor that the account has is due whatever the first one was (SEC-63).
    fn first_holds(
        self,
        identifier: Option<Identifier>,
        account: Account,
        first: Strategy,
        due: &[SecondStrategy],
        now: Time,
    ) -> After {
        let expires = now.plus(AFTER_FIRST_FACTOR);
        if due.is_empty() {
            return After::Done(self.to(Complete { account, first, first_proved: now, second: None }, expires));
        }
        let offered = due.to_vec();
        After::Second(self.to(NeedsSecondFactor { identifier, account, first, first_proved: now, offered }, expires))
    }
}

impl SignIn<NeedsSecondFactor> {
    /// Whether this way may be tried now.
    ///
    /// # Errors
    /// When the account has not that way or the attempt is over.
    pub fn may(&self, strategy: SecondStrategy, now: Time) -> Result<(), Refused> {
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        if self.state.offered.contains(&strategy) { Ok(()) } else { Err(Refused::NotOffered) }
    }

    /// The second factor was proved.
    ///
    /// # Errors
    /// When the account has not that way, the proof is of another account, or the attempt is over.
    pub fn prove(self, proof: SecondProof, now: Time) -> Result<SignIn<Complete>, Refused> {
        self.may(proof.strategy, now)?;
        if proof.account != self.state.account {
            return Err(Refused::NotOffered);
        }
        let NeedsSecondFactor { account, first, first_proved, .. } = self.state.clone();
        let expires = self.expires;
        Ok(self.to(Complete { account, first, first_proved, second: Some(proof.strategy) }, expires))
    }
}

impl SignIn<NeedsNewPassword> {
    /// The new password is set in the same transaction; the account's version is then `version`. A reset proves the
    /// mailbox alone: a second factor is due as ever (SEC-36).
    ///
    /// # Errors
    /// When the attempt is over.
    pub fn renewed(self, version: i64, due: &[SecondStrategy], now: Time) -> Result<After, Refused> {
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        let NeedsNewPassword { identifier, account, first } = self.state.clone();
        Ok(self.first_holds(identifier, Account { user: account.user, version }, first, due, now))
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

/// The mailbox or phone of somebody who has an account already, proved in a sign-up: a first factor of a sign-in.
///
/// # Errors
/// When the attempt is over.
pub fn from_sign_up(
    begun: Begun,
    identifier: Identifier,
    proof: FirstProof,
    due: &[SecondStrategy],
    now: Time,
) -> Result<After, Refused> {
    let Begun { id, client, remember, return_to } = begun;
    let offered = vec![proof.strategy];
    SignIn::begin(id, client, remember, return_to, now).identify(identifier, offered).prove(proof, due, now)
}

/// A ticket names its user and is the first factor at once.
///
/// # Errors
/// When the proof is of something else.
pub fn from_ticket(begun: Begun, proof: FirstProof, due: &[SecondStrategy], now: Time) -> Result<After, Refused> {
    if proof.strategy != Strategy::Ticket {
        return Err(Refused::NotOffered);
    }
    let Begun { id, client, remember, return_to } = begun;
    Ok(SignIn::begin(id, client, remember, return_to, now).first_proved(None, proof, due, now))
}

/// A passkey names its user. With its owner verified by it, it is both factors in one (NIST SP 800-63B-4, 3.1.7), so
/// nothing more is due.
///
/// # Errors
/// When the proof is of something else.
pub fn from_passkey(begun: Begun, proof: FirstProof, now: Time) -> Result<SignIn<Complete>, Refused> {
    let FirstProof { account, strategy: first, .. } = proof;
    if first != Strategy::Passkey {
        return Err(Refused::NotOffered);
    }
    let Begun { id, client, remember, return_to } = begun;
    let done = Complete { account, first, first_proved: now, second: Some(SecondStrategy::Passkey) };
    Ok(SignIn::begin(id, client, remember, return_to, now).to(done, now.plus(AFTER_FIRST_FACTOR)))
}

/// What a mailed code was sent to, beside the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The address's row.
    pub email: EmailId,
    /// The address.
    pub address: Email,
}
