//! What a flow refuses with. Each door turns it into its own words in one exhaustive `match`.

use crate::flows::challenge::ChallengeDue;
use housekey_store::StoreError;
use std::time::Duration;

/// A flow's refusal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The proof was wrong, or what was proved allows nothing. Says no more than that.
    #[error("denied: {}", .0.code())]
    Denied(Denial),
    /// Some fields are not acceptable; all of them are named.
    #[error("invalid: {0:?}")]
    Invalid(Vec<Fault>),
    /// Nobody is signed in, or the session has ended.
    #[error("signed out")]
    SignedOut,
    /// The operation needs a factor proved in the last five minutes (RFC 9470).
    #[error("a fresh factor is needed")]
    Stale,
    /// The operation needs a second factor proved in the last five minutes, since the account has one (SEC-63).
    #[error("a fresh second factor is needed")]
    StaleSecond,
    /// No such thing for this caller.
    #[error("not found")]
    NotFound,
    /// Something else changed it in the same moment; nothing was done.
    #[error("conflict")]
    Conflict,
    /// A limit is used up.
    #[error("limited")]
    Limited {
        /// When it works again.
        retry_after: Duration,
    },
    /// A challenge has to be solved first. [`crate::Housekey::pose_challenge`] makes it.
    #[error("a challenge is due")]
    Challenge(ChallengeDue),
    /// A challenge of a provider is due, which does not answer: nobody signs up who is due one.
    #[error("the provider of challenges does not answer")]
    CaptchaUnavailable {
        /// When it is asked again.
        retry_after: Duration,
    },
    /// The database or the hash pool is out of reach or full.
    #[error("unavailable")]
    Unavailable {
        /// The change may have happened although no answer came.
        maybe_applied: bool,
        /// When to try again.
        retry_after: Duration,
    },
    /// A fault of ours. The source was logged where it happened.
    #[error("bug: {0}")]
    Bug(&'static str),
}

/// The result of a flow.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a proof was refused, as far as the person may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Denial {
    /// E-mail address or password are wrong, whichever it is.
    PasswordOrIdentifierIncorrect,
    /// The code is wrong.
    CodeIncorrect,
    /// The code of an authenticator app or the backup code is wrong, or was used.
    SecondFactorIncorrect,
    /// The passkey is unknown here, or its answer is wrong.
    PasskeyIncorrect,
    /// The passkey answered too late, or its answer was used: it is asked again.
    PasskeyExpired,
    /// The code is too old, was used, or was tried too often: a new one is due.
    CodeExpired,
    /// The attempt is over or unknown: begin again.
    AttemptExpired,
    /// The password way is closed from here; a mailed code is open.
    PasswordClosed,
    /// The password is right, and the sign-in so unusual that it opens nothing here; a mailed code does.
    SignInUnusual,
    /// The account is banned, told only after a right proof.
    UserBanned,
    /// The password is right, and known to others: another one is set by way of the mailbox.
    PasswordCompromised,
    /// Its owner said that somebody else was at it: nothing risky is changed until they are back.
    Frozen,
    /// The last verified way in cannot be removed.
    LastWayIn,
    /// The link is unknown, used or too old.
    LinkExpired,
    /// The account is locked, told only after a right proof.
    UserLocked,
    /// The ticket is none.
    TicketInvalid,
    /// The ticket was used, revoked or is too old.
    TicketExpired,
    /// The address may not sign up here.
    NotAllowed,
    /// Only who is invited may sign up here.
    InvitationOnly,
    /// Only who is invited may sign up here; others may wait.
    Waitlist,
    /// The invited address has an account already.
    AccountExists,
    /// Somebody is signed in on this client, and one client holds one session.
    SessionExists,
    /// The account's owner may not delete it.
    DeletionOff,
    /// The phone that would set a new password is the account's second factor, and would be both.
    PhoneIsSecondFactor,
    /// The account is a guest's, which has no ways in and gets none but by a sign-up.
    Guest,
    /// The mailbox is proved and has an account already: the client's live sign-in waits for what else is due.
    SignInContinues,
}

impl Denial {
    /// The stable name, which is the message's key too.
    pub fn code(self) -> &'static str {
        match self {
            Self::PasswordOrIdentifierIncorrect => "password_or_identifier_incorrect",
            Self::CodeIncorrect => "code_incorrect",
            Self::SecondFactorIncorrect => "second_factor_incorrect",
            Self::PasskeyIncorrect => "passkey_incorrect",
            Self::PasskeyExpired => "passkey_expired",
            Self::CodeExpired => "code_expired",
            Self::AttemptExpired => "attempt_expired",
            Self::PasswordClosed => "password_closed",
            Self::SignInUnusual => "sign_in_unusual",
            Self::UserBanned => "user_banned",
            Self::PasswordCompromised => "password_compromised",
            Self::Frozen => "account_frozen",
            Self::LastWayIn => "last_way_in",
            Self::LinkExpired => "link_expired",
            Self::UserLocked => "user_locked",
            Self::TicketInvalid => "ticket_invalid",
            Self::TicketExpired => "ticket_expired",
            Self::NotAllowed => "not_allowed",
            Self::InvitationOnly => "invitation_only",
            Self::Waitlist => "waitlist",
            Self::AccountExists => "account_exists",
            Self::SessionExists => "session_exists",
            Self::DeletionOff => "deletion_off",
            Self::PhoneIsSecondFactor => "phone_is_second_factor",
            Self::Guest => "guest_account",
            Self::SignInContinues => "sign_in_continues",
        }
    }
}

/// One field that is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field's name in the flow: `email`, `password`, `first_name`…
    pub field: &'static str,
    /// The stable name of what is wrong, which is the message's key too.
    pub code: &'static str,
    /// Keys of further advice, as a password's suggestions.
    pub advice: Vec<&'static str>,
}

impl Fault {
    /// A fault without further advice.
    pub fn new(field: &'static str, code: &'static str) -> Self {
        Self { field, code, advice: Vec::new() }
    }
}

impl Error {
    /// One field's fault.
    pub fn field(field: &'static str, code: &'static str) -> Self {
        Self::Invalid(vec![Fault::new(field, code)])
    }
}

impl From<StoreError> for Error {
    fn from(fault: StoreError) -> Self {
        match fault {
            StoreError::Conflict | StoreError::Taken(_) => Self::Conflict,
            StoreError::Unavailable { maybe_applied } => {
                tracing::warn!(maybe_applied, "the database is out of reach");
                Self::Unavailable { maybe_applied, retry_after: Duration::from_secs(2) }
            }
            other => {
                tracing::error!(error = %other, "the store failed");
                Self::Bug("store")
            }
        }
    }
}
