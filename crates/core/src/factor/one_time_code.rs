//! Mailed codes: six digits, hashed under a key and bound to their record (SEC-35).

use crate::{
    entropy::{self, Entropy},
    ids::VerificationId,
    keyring::{Keyring, Purpose},
    secret::Secret,
};
use std::time::Duration;

/// How many tries a code has.
pub const TRIES: u32 = 5;
/// How long a code lives (SEC-31).
pub const LIFE: Duration = Duration::from_secs(10 * 60);
const DIGITS: usize = 6;
const BOUND: u32 = 1_000_000;

/// Six digits that somebody reads in a mail and types.
pub struct OneTimeCode(Secret<String>);

/// What was typed is not six digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code has six digits")]
pub struct CodeFault;

impl OneTimeCode {
    /// A new code; every one is as likely as any other.
    pub fn new(entropy: &dyn Entropy) -> Self {
        loop {
            if let Some(code) = Self::of_bytes(&entropy::bytes::<4>(entropy)) {
                return code;
            }
        }
    }

    /// The code that goes with a mailed link. It is made of the link's secret, so that the page of whoever opens the link
    /// in another browser can show it while the database has its hash alone.
    pub fn of_link(keys: &Keyring, of: &VerificationId, secret: &Secret<[u8; 32]>) -> Self {
        let mut turn = 0_u8;
        loop {
            let made = keys.mac(Purpose::LinkCode, &[of.as_str().as_bytes(), secret.expose(), &[turn]]);
            if let Some(code) = made.chunks_exact(4).find_map(Self::of_bytes) {
                return code;
            }
            turn = turn.wrapping_add(1);
        }
    }

    /// The rest of the division would make small codes likelier.
    fn of_bytes(four: &[u8]) -> Option<Self> {
        let number = u32::from_be_bytes(four.try_into().ok()?);
        (number < u32::MAX - u32::MAX % BOUND).then(|| Self(Secret::new(format!("{:06}", number % BOUND))))
    }

    /// The code of addresses that are for tests: no secret, and only for instances that serve nobody but their developer.
    pub fn for_tests() -> Self {
        Self(Secret::new("424242".to_owned()))
    }

    /// Reads what was typed; spaces and dashes between the digits are how people copy them.
    ///
    /// # Errors
    /// When it is not six digits.
    pub fn parse(text: &str) -> Result<Self, CodeFault> {
        if text.len() > 64 {
            return Err(CodeFault);
        }
        let typed: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let fits = typed.len() == DIGITS && typed.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| Self(Secret::new(typed))).ok_or(CodeFault)
    }

    /// The digits, for the letter that carries them.
    pub fn digits(&self) -> &str {
        self.0.expose()
    }

    /// What the database keeps: of no use for any other record, and not to be guessed without the key.
    pub fn hash(&self, keys: &Keyring, of: &VerificationId) -> [u8; 32] {
        keys.mac(Purpose::CodeHash, &[of.as_str().as_bytes(), self.digits().as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{entropy::Seeded, keyring::MasterKey, time::Time};

    #[test]
    fn sec_35_codes_are_read_as_people_type_them_and_bound_to_their_record() {
        let chance = Seeded::new(5);
        let code = OneTimeCode::new(&chance);
        assert_eq!(code.digits().len(), 6);
        let (a, b) = code.digits().split_at(3);
        let typed = OneTimeCode::parse(&format!(" {a} {b}\u{a0}")).unwrap();
        let ring = Keyring::new(MasterKey::generate(&chance), vec![]);
        let id = || VerificationId::new(Time::from_millis(1_700_000_000_000), &chance);
        let (one, other) = (id(), id());
        assert_eq!(code.hash(&ring, &one), typed.hash(&ring, &one));
        assert_ne!(code.hash(&ring, &one), code.hash(&ring, &other));
        for bad in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert!(OneTimeCode::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sec_34_a_links_code_is_always_the_same_and_tells_nothing_of_another() {
        let chance = Seeded::new(5);
        let ring = Keyring::new(MasterKey::generate(&chance), vec![]);
        let id = VerificationId::new(Time::from_millis(1_700_000_000_000), &chance);
        let of = |byte: u8| OneTimeCode::of_link(&ring, &id, &Secret::new([byte; 32])).digits().to_owned();
        assert_eq!(of(1), of(1));
        assert!(of(1).len() == 6 && of(1) != of(2));
        let other = Keyring::new(MasterKey::generate(&chance), vec![]);
        let elsewhere = OneTimeCode::of_link(&other, &id, &Secret::new([1; 32]));
        assert_ne!(elsewhere.digits(), of(1), "not to be made without the key");
    }

    #[test]
    fn sec_35_codes_are_spread_evenly() {
        let chance = Seeded::new(6);
        let mut first = [0u32; 10];
        for _ in 0..10_000 {
            first[usize::from(OneTimeCode::new(&chance).digits().as_bytes()[0] - b'0')] += 1;
        }
        assert!(first.iter().all(|n| (880..1120).contains(n)), "{first:?}");
    }
}
