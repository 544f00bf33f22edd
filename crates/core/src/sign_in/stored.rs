//! An attempt as a row holds it.

use super::{NeedsClientTrust, NeedsFirstFactor, NeedsIdentifier, NeedsNewPassword, NeedsSecondFactor, SignIn};
use crate::{
    ids::{ClientId, SignInId},
    time::Time,
};
use serde::{Deserialize, Serialize};

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
