//! What a sign-up is made of: what is typed, what is sent, and what is asked for.

use crate::{
    identifier::{email::Email, phone::Phone, username::Username},
    ids::{InvitationId, VerificationId},
    time::Time,
};
use serde::{Deserialize, Serialize};

/// What a new account will have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields {
    /// The address, as typed.
    pub email: Option<Email>,
    /// The username, if one was chosen.
    pub username: Option<Username>,
    /// The phone number, if one was given.
    pub phone: Option<Phone>,
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

/// What an instance asks of everybody who signs up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Required {
    /// An address, whose mailbox is proved.
    pub email: bool,
    /// A username.
    pub username: bool,
    /// A phone number, which is proved.
    pub phone: bool,
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
    /// No username is chosen.
    Username,
    /// No phone number is given.
    PhoneNumber,
    /// No password is given.
    Password,
    /// The terms are not accepted.
    LegalAccepted,
}

/// That an invitation's ticket was shown, which was mailed to that address.
#[derive(Clone, Debug)]
pub struct Invited {
    /// Which invitation.
    pub id: InvitationId,
    /// Whose mailbox it went to.
    pub email: Email,
}
