//! Backup codes: ten, each for one sign-in after an authenticator app was lost (SEC-62). Two leading characters say
//! which record a code belongs to, so that a try costs one hash; seventy random bits follow.

use crate::{
    entropy::{self, Entropy},
    password::Password,
    secret::Secret,
};
use std::collections::BTreeSet;

/// How many there are in a set.
pub const SET: usize = 10;
const SELECTOR: usize = 2;
const LENGTH: usize = 16;
const GROUP: usize = 4;
/// Crockford's: no letter that is read as another.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// One code.
pub struct BackupCode(Secret<String>);

/// What was typed is no backup code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a backup code has sixteen letters and digits")]
pub struct BackupCodeFault;

impl BackupCode {
    /// A new set, with a leading pair for each that no other of it has.
    pub fn set(entropy: &dyn Entropy) -> Vec<Self> {
        let mut pairs = BTreeSet::new();
        let mut codes = Vec::with_capacity(SET);
        while codes.len() < SET {
            let code = Self::draw(entropy);
            if pairs.insert(code.selector().to_owned()) {
                codes.push(code);
            }
        }
        codes
    }

    /// Reads what was typed: in any case, with or without dashes and spaces, with the letters that are read as digits.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, BackupCodeFault> {
        if text.len() > 64 {
            return Err(BackupCodeFault);
        }
        let typed: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| match c.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            })
            .collect();
        let fits = typed.len() == LENGTH && typed.bytes().all(|b| LETTERS.contains(&b));
        fits.then(|| Self(Secret::new(typed))).ok_or(BackupCodeFault)
    }

    /// The two characters by which its record is found.
    pub fn selector(&self) -> &str {
        self.0.expose().get(..SELECTOR).unwrap_or_default()
    }

    /// As it is shown, once.
    pub fn shown(&self) -> String {
        let letters: Vec<char> = self.0.expose().chars().collect();
        letters.chunks(GROUP).map(String::from_iter).collect::<Vec<_>>().join("-")
    }

    /// The whole of it, to be hashed and compared as passwords are.
    pub fn as_password(&self) -> Option<Password> {
        Password::parse(self.0.expose().clone()).ok()
    }

    fn draw(entropy: &dyn Entropy) -> Self {
        // 256 is a multiple of 32: each letter is as likely as any other.
        let letter = |byte: u8| LETTERS.get(usize::from(byte) % LETTERS.len()).copied().map_or('0', char::from);
        Self(Secret::new(entropy::bytes::<LENGTH>(entropy).map(letter).iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Seeded;

    #[test]
    fn sec_62_a_set_has_ten_codes_that_are_found_by_their_first_two_characters() {
        for seed in 0..200 {
            let set = BackupCode::set(&Seeded::new(seed));
            let pairs: BTreeSet<_> = set.iter().map(|c| c.selector().to_owned()).collect();
            assert_eq!((set.len(), pairs.len()), (SET, SET));
        }
        let random = LENGTH - SELECTOR;
        assert!(random * 5 >= 60, "bits of each, beyond the pair");
    }

    #[test]
    fn a_code_is_read_as_people_copy_it() {
        let code = BackupCode::parse("0123-4567-89ab-cdef").unwrap();
        assert_eq!(code.shown(), "0123-4567-89ab-cdef");
        let same = BackupCode::parse(" OI23 4567 89AB CDEF ").unwrap();
        assert_eq!(same.as_password().unwrap().bytes(), code.as_password().unwrap().bytes());
        for bad in ["", "0123-4567-89ab-cde", "0123-4567-89ab-cdeff", "0123-4567-89ab-cdeu", "０123456789abcdef"] {
            assert!(BackupCode::parse(bad).is_err(), "{bad}");
        }
    }
}
