//! Names of people: any script, but nothing that hides or turns text around (SEC-58).

use unicode_normalization::UnicodeNormalization;

const LONGEST: usize = 100;

/// A person's first or last name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonName(String);

/// Why a text is not a name that we show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing was typed.
    #[error("the name is missing")]
    Missing,
    /// More than 100 code points.
    #[error("the name is too long")]
    TooLong,
    /// Control characters, or ones that turn text around.
    #[error("the name holds characters that cannot be shown")]
    NotShown,
}

impl NameFault {
    /// The stable name, which is the message's key too.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "name_missing",
            Self::TooLong => "name_too_long",
            Self::NotShown => "name_not_shown",
        }
    }
}

impl PersonName {
    /// Reads a name, trimmed and composed (NFC).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NameFault> {
        if text.len() > LONGEST * 16 {
            return Err(NameFault::TooLong);
        }
        let name: String = text.trim().nfc().collect();
        if name.is_empty() {
            return Err(NameFault::Missing);
        }
        if name.chars().count() > LONGEST {
            return Err(NameFault::TooLong);
        }
        let turns = |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if name.contains(|c: char| c.is_control() || turns(c)) {
            return Err(NameFault::NotShown);
        }
        Ok(Self(name))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_58_names_hide_nothing() {
        assert_eq!(PersonName::parse("  Łukasz O’Neil ").unwrap().as_str(), "Łukasz O’Neil");
        assert_eq!(PersonName::parse(" "), Err(NameFault::Missing));
        assert_eq!(PersonName::parse(&"ä".repeat(101)), Err(NameFault::TooLong));
        for bad in ["a\u{202e}b", "a\nb", "a\0b", "\u{2066}x"] {
            assert_eq!(PersonName::parse(bad), Err(NameFault::NotShown));
        }
    }
}
