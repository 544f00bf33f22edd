//! What people call themselves by, parsed and normalised once.

pub mod email;
pub mod name;
pub mod phone;
pub mod username;

use email::{Email, EmailFault};
use phone::{Country, Phone, PhoneFault};
use serde::{Deserialize, Serialize};
use username::{Username, UsernameFault};

/// What an account is named by at sign-in. The forms exclude each other, so that one canonical text names one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Identifier {
    /// An e-mail address.
    Email(Email),
    /// A username.
    Username(Username),
    /// A phone number.
    Phone(Phone),
}

/// What an instance takes at sign-in beside e-mail addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepts {
    /// Usernames.
    pub username: bool,
    /// Phone numbers.
    pub phone: bool,
    /// The country whose own way of writing numbers is known.
    pub at_home: Option<Country>,
}

/// Why a text names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierFault {
    /// As an e-mail address.
    #[error(transparent)]
    Email(#[from] EmailFault),
    /// As a username.
    #[error(transparent)]
    Username(#[from] UsernameFault),
    /// As a phone number.
    #[error(transparent)]
    Phone(#[from] PhoneFault),
}

impl IdentifierFault {
    /// The stable name, which is the message's key too.
    pub fn code(self) -> &'static str {
        match self {
            Self::Email(fault) => fault.code(),
            Self::Username(fault) => fault.code(),
            Self::Phone(fault) => fault.code(),
        }
    }
}

impl Identifier {
    /// Reads whatever of what is taken was typed into the one field.
    ///
    /// # Errors
    /// What is wrong with it, as the kind that it was most likely meant to be.
    pub fn parse(text: &str, accepts: Accepts) -> Result<Self, IdentifierFault> {
        let trimmed = text.trim();
        let number = !trimmed.bytes().any(|b| b.is_ascii_alphabetic() || b == b'_');
        if trimmed.is_empty() || text.contains(['@', '\u{ff20}', '\u{fe6b}']) {
            Ok(Self::Email(Email::parse(text)?))
        } else if accepts.phone && number {
            Ok(Self::Phone(Phone::parse(text, accepts.at_home)?))
        } else if accepts.username {
            Ok(Self::Username(Username::parse(text)?))
        } else {
            Ok(Self::Email(Email::parse(text)?))
        }
    }

    /// As typed.
    pub fn typed(&self) -> &str {
        match self {
            Self::Email(email) => email.typed(),
            Self::Username(name) => name.typed(),
            Self::Phone(phone) => phone.as_str(),
        }
    }

    /// What it is looked up and counted by.
    pub fn canonical(&self) -> &str {
        match self {
            Self::Email(email) => email.canonical(),
            Self::Username(name) => name.canonical(),
            Self::Phone(phone) => phone.as_str(),
        }
    }

    /// The e-mail address, if it is one.
    pub fn email(&self) -> Option<&Email> {
        match self {
            Self::Email(email) => Some(email),
            Self::Username(_) | Self::Phone(_) => None,
        }
    }

    /// What may be shown and logged.
    pub fn masked(&self) -> String {
        match self {
            Self::Email(email) => email.masked(),
            Self::Username(name) => name.typed().to_owned(),
            Self::Phone(phone) => phone.masked(),
        }
    }
}

impl TryFrom<String> for Identifier {
    type Error = IdentifierFault;
    fn try_from(text: String) -> Result<Self, IdentifierFault> {
        match text.starts_with('+') && !text.contains('@') {
            true => Ok(Self::Phone(Phone::try_from(text)?)),
            false => Self::parse(&text, Accepts { username: true, ..Accepts::default() }),
        }
    }
}

impl From<Identifier> for String {
    fn from(identifier: Identifier) -> Self {
        identifier.typed().to_owned()
    }
}

impl From<Phone> for Identifier {
    fn from(phone: Phone) -> Self {
        Self::Phone(phone)
    }
}

impl From<Email> for Identifier {
    fn from(email: Email) -> Self {
        Self::Email(email)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_field_takes_what_the_instance_takes() {
        let all = Accepts { username: true, phone: true, at_home: "DE".parse().ok() };
        assert!(matches!(Identifier::parse("0151 23456789", all), Ok(Identifier::Phone(_))));
        assert!(matches!(Identifier::parse("Ada@example.com", all), Ok(Identifier::Email(_))));
        assert!(matches!(Identifier::parse("Ada_L", all), Ok(Identifier::Username(_))));
        let refused = |text, accepts| Identifier::parse(text, accepts).unwrap_err().code();
        assert_eq!(refused("Ada_L", Accepts::default()), "email_malformed");
        assert_eq!(refused("", all), "email_missing");
        assert_eq!(refused("ada@", all), "email_malformed");
        assert_eq!(refused("ada.l", all), "username_character");
        assert_eq!(refused("+49 12", all), "phone_malformed");
        assert_eq!(refused("0151 23456789", Accepts { phone: false, ..all }), "username_character");
    }

    #[test]
    fn a_stored_one_is_read_as_what_it_was() {
        let all = Accepts { username: true, phone: true, at_home: None };
        for text in ["Ada@example.com", "Ada_L", "+4915123456789", "+1a@example.com"] {
            let one = Identifier::parse(text, all).unwrap();
            let again: Identifier = serde_json::from_str(&serde_json::to_string(&one).unwrap()).unwrap();
            assert_eq!(again, one);
        }
    }
}
