//! Sign-in as a state machine: a stage is a type that holds only that stage's data, and what was not begun
//! cannot be finished. Every transition consumes the attempt; the store makes it a compare-and-swap.

mod proof;
mod stored;
mod transitions;

pub use proof::{FirstProof, SecondProof};
pub use stored::AnySignIn;
pub use transitions::{Begun, from_passkey, from_sign_up, from_ticket};

use crate::{
    identifier::{Identifier, email::Email},
    ids::{ClientId, EmailId, PhoneId, SignInId, UserId, VerificationId},
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
    /// Where it went, masked, where that is not what was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
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

    /// Whether it proves a phone.
    pub fn is_by_phone(self) -> bool {
        matches!(self, Self::PhoneCode | Self::ResetPasswordPhoneCode)
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
    /// A code sent to a phone that its owner chose for it.
    PhoneCode,
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
    /// Since when a code to a phone of its owner's choice is asked for.
    pub phone_since: Option<Time>,
}

impl Held {
    /// Since when a second factor is due, if one is. A passkey alone asks for none: it is a way in beside the others
    /// until its owner says that it shall stand behind them.
    pub fn two_step_since(&self) -> Option<Time> {
        self.totp_since.or(self.passkey_after_since.filter(|_| self.passkeys > 0)).or(self.phone_since)
    }

    /// The ways of the account, where a second factor is due. Codes stand in for what is lost, and are nothing alone.
    pub fn second_strategies(&self) -> Vec<SecondStrategy> {
        if self.two_step_since().is_none() {
            return Vec::new();
        }
        [
            (self.totp_since.is_some(), SecondStrategy::Totp),
            (self.passkeys > 0, SecondStrategy::Passkey),
            (self.phone_since.is_some(), SecondStrategy::PhoneCode),
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
            Self::PhoneCode => "phone_code",
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
    /// The phones that a code can go to, the one that is asked for first before the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<SecondPhone>,
}

/// A phone whose code is a second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondPhone {
    /// Its row.
    pub id: PhoneId,
    /// The number, masked.
    pub to: String,
}

/// The password holds, the account has no second factor, and the device has to be vouched for by the account's mailbox or
/// phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedsClientTrust {
    /// As typed.
    pub identifier: Identifier,
    /// Whose.
    pub account: Account,
    /// How the first was proved.
    pub first: Strategy,
    /// When the first was proved.
    pub first_proved: Time,
    /// The ways that the account has.
    pub offered: Vec<Vouching>,
}

/// A way to vouch for a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vouching {
    /// By a code to the account's mailbox or to its phone.
    pub way: Strategy,
    /// That mailbox or phone, masked.
    pub to: String,
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
    /// What would set a new password is the account's second factor.
    #[error("the phone is the second factor")]
    IsSecondFactor,
}

/// What a mailed code was sent to, beside the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The address's row.
    pub email: EmailId,
    /// The address.
    pub address: Email,
}
