//! Usernames: ASCII alone, so that none looks like another; the case is kept for show and counts for nothing.

use serde::{Deserialize, Serialize};

/// The fewest characters.
pub const SHORTEST: usize = 4;
/// The most characters.
pub const LONGEST: usize = 64;

/// Names that would speak for whoever runs a service, or that software takes for something else.
const RESERVED: [&str; 46] = [
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "admins",
    "anonymous",
    "billing",
    "clerk",
    "contact",
    "everybody",
    "everyone",
    "guest",
    "helpdesk",
    "hostmaster",
    "housekey",
    "info",
    "login",
    "logout",
    "mail",
    "mailerdaemon",
    "moderator",
    "nobody",
    "noreply",
    "null",
    "official",
    "operator",
    "owner",
    "password",
    "postmaster",
    "privacy",
    "root",
    "security",
    "service",
    "settings",
    "signin",
    "signout",
    "signup",
    "staff",
    "superuser",
    "support",
    "system",
    "team",
    "undefined",
    "verified",
    "webmaster",
];

/// A name that a user chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username {
    typed: String,
    canonical: String,
}

/// Why a text is not a username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameFault {
    /// Nothing was typed.
    #[error("the username is missing")]
    Missing,
    /// Fewer than 4 characters, or more than 64.
    #[error("the username is too short or too long")]
    Length,
    /// Something else than letters, digits, `_` and `-`.
    #[error("the username holds characters that are not taken")]
    Character,
    /// No letter in it: it could be taken for a phone number.
    #[error("the username holds no letter")]
    NoLetter,
}

impl UsernameFault {
    /// The stable name, which is the message's key too.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "username_missing",
            Self::Length => "username_length",
            Self::Character => "username_character",
            Self::NoLetter => "username_no_letter",
        }
    }
}

impl Username {
    /// Reads a username.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, UsernameFault> {
        let typed = text.trim_matches([' ', '\t']);
        if typed.is_empty() {
            return Err(UsernameFault::Missing);
        }
        if !typed.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            return Err(UsernameFault::Character);
        }
        if !(SHORTEST..=LONGEST).contains(&typed.len()) {
            return Err(UsernameFault::Length);
        }
        if !typed.bytes().any(|b| b.is_ascii_alphabetic()) {
            return Err(UsernameFault::NoLetter);
        }
        Ok(Self { canonical: typed.to_ascii_lowercase(), typed: typed.to_owned() })
    }

    /// As typed.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// What it is looked up, compared and counted by.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Whether nobody gets it by asking: it would speak for whoever runs the service, also where digits stand in for
    /// letters.
    pub fn is_reserved(&self) -> bool {
        let plain = |one: char| -> String {
            let letters = self.canonical.chars().filter(|c| c.is_ascii_alphanumeric());
            let letter = |c| match c {
                '0' => 'o',
                '1' => one,
                '3' => 'e',
                '4' => 'a',
                '5' => 's',
                '7' => 't',
                other => other,
            };
            letters.map(letter).collect()
        };
        ['i', 'l'].into_iter().any(|one| RESERVED.contains(&plain(one).as_str()))
    }
}

impl TryFrom<String> for Username {
    type Error = UsernameFault;
    fn try_from(text: String) -> Result<Self, UsernameFault> {
        Self::parse(&text)
    }
}

impl From<Username> for String {
    fn from(name: Username) -> Self {
        name.typed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_is_kept_and_counts_for_nothing() {
        let ada = Username::parse(" Ada_Lovelace-1 ").unwrap();
        assert_eq!((ada.typed(), ada.canonical()), ("Ada_Lovelace-1", "ada_lovelace-1"));
        assert!(Username::parse(&"a".repeat(64)).is_ok());
    }

    #[test]
    fn nothing_that_looks_like_something_else_is_taken() {
        for (bad, why) in [
            ("", UsernameFault::Missing),
            ("ada", UsernameFault::Length),
            ("\u{430}da_l", UsernameFault::Character),
            ("ada\u{200b}love", UsernameFault::Character),
            ("ａｄａｌ", UsernameFault::Character),
            ("ada love", UsernameFault::Character),
            ("ada.love", UsernameFault::Character),
            ("ada@example.com", UsernameFault::Character),
            ("ada'; --", UsernameFault::Character),
            ("ada\r\nlove", UsernameFault::Character),
            ("0123456789", UsernameFault::NoLetter),
            ("____", UsernameFault::NoLetter),
        ] {
            assert_eq!(Username::parse(bad), Err(why), "{bad:?}");
        }
        assert_eq!(Username::parse(&"a".repeat(65)), Err(UsernameFault::Length));
    }

    #[test]
    fn nobody_speaks_for_the_house() {
        let reserved = |text: &str| Username::parse(text).unwrap().is_reserved();
        for name in ["Admin", "adm1n", "r00t", "no-reply", "Sign_In", "0ff1c1al", "b1ll1ng"] {
            assert!(reserved(name), "{name}");
        }
        for name in ["ada_lovelace", "administer", "rooted", "ad1n1"] {
            assert!(!reserved(name), "{name}");
        }
        assert!(RESERVED.is_sorted());
    }
}
