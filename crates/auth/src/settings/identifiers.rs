//! What accounts are named by.

use housekey_core::identifier::{Accepts, phone::Country};

/// Which identifiers an account may have, and which it must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentifierSettings {
    /// E-mail addresses; never off.
    pub email: Use,
    /// Usernames.
    pub username: Use,
    /// Phone numbers.
    pub phone: Use,
}

/// Whether something is taken at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Use {
    /// Nobody has one.
    #[default]
    Off,
    /// Whoever wants one.
    Optional,
    /// Everybody who signs up.
    Required,
}

impl Default for IdentifierSettings {
    fn default() -> Self {
        Self { email: Use::Required, username: Use::Off, phone: Use::Off }
    }
}

impl IdentifierSettings {
    /// What is taken at sign-in beside e-mail addresses, where numbers may be written as in that country.
    pub fn accepts(&self, at_home: Option<Country>) -> Accepts {
        Accepts { username: self.username.is_on(), phone: self.phone.is_on(), at_home }
    }
}

impl Use {
    /// The words of the settings.
    pub const WORDS: [&'static str; 3] = ["off", "optional", "required"];

    /// Whether it is taken.
    pub fn is_on(self) -> bool {
        self != Self::Off
    }

    /// The word of the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }

    /// The use of that word.
    pub fn of(word: &str) -> Self {
        match word {
            "optional" => Self::Optional,
            "required" => Self::Required,
            _ => Self::Off,
        }
    }

    /// The same as Clerk's contract has it.
    pub fn published(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Optional => "on",
            Self::Required => "required",
        }
    }
}
