//! Sign-up as a state machine: what is typed waits in the attempt, and the account is made only when the address is
//! proved. So an unproved address never has a row, and nobody can take an address before its owner does (SEC-25).

use crate::{
    identifier::email::Email,
    ids::{ClientId, SignUpId, VerificationId},
    redirect::ReturnTo,
    time::Time,
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
    /// Where the person wants to go afterwards.
    pub return_to: Option<ReturnTo>,
    /// What this stage knows.
    pub state: S,
}

/// Everything was typed; the address has to be proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedsVerification {
    /// The address, as typed.
    pub email: Email,
    /// The first name, if given.
    pub first_name: Option<String>,
    /// The last name, if given.
    pub last_name: Option<String>,
    /// The hash of the password that the account will have, as a PHC string.
    pub password_hash: String,
    /// The record that holds the code's hash and its tries.
    pub verification: VerificationId,
    /// When the code was sent; another may be asked for a little later.
    pub sent: Time,
}

/// The address is proved. Only [`SignUp::prove`] makes it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Proved {
    /// What the account starts with.
    pub with: NeedsVerification,
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
}

impl SignUp<NeedsVerification> {
    /// A new attempt, with the code on its way.
    pub fn begin(
        id: SignUpId,
        client: ClientId,
        return_to: Option<ReturnTo>,
        state: NeedsVerification,
        now: Time,
    ) -> Self {
        Self { id, client, version: 1, created: now, expires: now.plus(LIFE), return_to, state }
    }

    /// Whether it ended by itself.
    pub fn is_expired(&self, now: Time) -> bool {
        now >= self.expires
    }

    /// Another code was sent.
    ///
    /// # Errors
    /// When the attempt is over.
    pub fn resend(mut self, verification: VerificationId, now: Time) -> Result<Self, Refused> {
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        self.state.verification = verification;
        self.state.sent = now;
        Ok(self)
    }

    /// The code was typed; both hashes are compared in constant time.
    ///
    /// # Errors
    /// When the code is wrong or the attempt is over.
    pub fn prove(self, typed: &[u8; 32], stored: &[u8], now: Time) -> Result<SignUp<Proved>, Refused> {
        use subtle::ConstantTimeEq;
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        if !bool::from(typed.as_slice().ct_eq(stored)) {
            return Err(Refused::WrongCode);
        }
        Ok(SignUp {
            id: self.id,
            client: self.client,
            version: self.version,
            created: self.created,
            expires: self.expires,
            return_to: self.return_to,
            state: Proved { with: self.state },
        })
    }
}

/// A stored attempt, whatever its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AnySignUp {
    /// The address has to be proved.
    NeedsVerification(SignUp<NeedsVerification>),
}

impl AnySignUp {
    /// The form of the stored body. A newer one loads as expired.
    pub const FORM: i64 = 1;

    /// The kind's name in the row.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NeedsVerification(_) => "needs_verification",
        }
    }
}
