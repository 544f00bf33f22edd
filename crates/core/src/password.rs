//! Passwords: how one is read, what a new one must be, and how hashes are made and compared.

mod hash;
mod import;
mod rule;

pub use hash::{Argon2Cost, CostFault, HashMemory, PasswordHash, Verdict, decoy, hash, verify};
pub use import::{ImportFault, Imported, Weak, import, wrap};
pub use rule::{Assessment, PasswordFault, PasswordRule};

use crate::secret::Secret;
use unicode_normalization::UnicodeNormalization;

const LONGEST_POINTS: usize = 256;
const LONGEST_BYTES: usize = 1024;

/// A password as it was typed, composed (NFC, RFC 8265) and otherwise untouched.
pub struct Password(Secret<String>);

/// The password is longer than is ever hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password has at most 256 characters")]
pub struct PasswordTooLong;

impl Password {
    /// Takes a typed password in.
    ///
    /// # Errors
    /// When it is longer than 256 code points or 1,024 bytes, before any hashing (SEC-1).
    pub fn parse(typed: String) -> Result<Self, PasswordTooLong> {
        let typed = Secret::new(typed);
        if typed.expose().len() > LONGEST_BYTES {
            return Err(PasswordTooLong);
        }
        let composed: String = typed.expose().nfc().collect();
        let fits = composed.len() <= LONGEST_BYTES && composed.chars().count() <= LONGEST_POINTS;
        let composed = Secret::new(composed);
        fits.then_some(Self(composed)).ok_or(PasswordTooLong)
    }

    /// The bytes that are hashed.
    pub fn bytes(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }

    pub(crate) fn text(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_1_and_2_long_ones_are_refused_and_nothing_is_trimmed() {
        assert!(Password::parse("ä".repeat(256)).is_ok());
        assert!(Password::parse("a".repeat(257)).is_err());
        assert!(Password::parse("a".repeat(1 << 20)).is_err());
        assert_eq!(Password::parse(" p ".into()).unwrap().bytes(), b" p ");
        let composed = Password::parse("caf\u{e9}".into()).unwrap();
        assert_eq!(composed.bytes(), Password::parse("cafe\u{301}".into()).unwrap().bytes());
    }
}
