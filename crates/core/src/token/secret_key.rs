//! Keys of apps: the publishable one names the instance, the secret one is its backend's credential. A secret key has a
//! prefix and a checksum, so that scanners find one that got into a repository, and know it from chance.

use super::opaque::TokenHash;
use crate::{
    entropy::{self, Entropy},
    secret::Secret,
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};

const LIVE: &str = "sk_live_";
const TEST: &str = "sk_test_";
/// 32 random bytes in base 62.
const BODY: usize = 43;
const CHECKSUM: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What SDKs take the instance for, by its keys' prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// `live`: production.
    Live,
    /// `test`: development.
    Test,
}

impl Environment {
    /// Of which kind a key's text says it is.
    pub fn of(secret_key: &str) -> Self {
        if secret_key.starts_with(TEST) { Self::Test } else { Self::Live }
    }
}

/// A secret key's text.
pub struct SecretKey(Secret<String>);

/// The text is no secret key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a secret key")]
pub struct NotAKey;

impl SecretKey {
    /// A new key: 256 random bits.
    pub fn new(environment: Environment, entropy: &dyn Entropy) -> Self {
        let body = base62(&entropy::bytes::<32>(entropy), BODY);
        let prefix = if environment == Environment::Live { LIVE } else { TEST };
        let checksum = checksum(&body);
        Self(Secret::new(format!("{prefix}{body}{checksum}")))
    }

    /// Reads a key.
    ///
    /// # Errors
    /// When prefix, length or checksum are wrong: no database need be asked.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        let rest = text.strip_prefix(LIVE).or_else(|| text.strip_prefix(TEST)).ok_or(NotAKey)?;
        let (body, sum) = rest.split_at_checked(BODY).ok_or(NotAKey)?;
        let plain = body.bytes().all(|b| b.is_ascii_alphanumeric());
        (plain && sum == checksum(body)).then(|| Self(Secret::new(text.to_owned()))).ok_or(NotAKey)
    }

    /// The text, for its owner alone.
    pub fn reveal(&self) -> &str {
        self.0.expose()
    }

    /// What the database keeps.
    pub fn hash(&self) -> TokenHash {
        let mut of_text = [0; 32];
        for (to, from) in of_text.iter_mut().zip(digest(&SHA256, self.0.expose().as_bytes()).as_ref()) {
            *to = *from;
        }
        TokenHash::of(&of_text)
    }

    /// The last four characters, by which its owner knows it again.
    pub fn hint(&self) -> String {
        let text = self.0.expose();
        text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned()
    }
}

/// The publishable key of an instance whose frontend is at `host` (with its port, where it has one).
pub fn publishable(environment: Environment, host: &str) -> String {
    let name = if environment == Environment::Live { "live" } else { "test" };
    format!("pk_{name}_{}", STANDARD.encode(format!("{host}$")))
}

fn checksum(body: &str) -> String {
    base62(digest(&SHA256, body.as_bytes()).as_ref(), BODY).chars().take(CHECKSUM).collect()
}

fn base62(bytes: &[u8], length: usize) -> String {
    let mut number = bytes.to_vec();
    let mut digits = vec![b'0'; length];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0u32;
        for byte in &mut number {
            let value = rest * 256 + u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            rest = value % 62;
        }
        *digit = DIGITS.get(rest as usize).copied().unwrap_or(b'0');
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Seeded;

    #[test]
    fn sec_104_a_key_is_known_by_prefix_and_checksum_and_by_its_hash() {
        let chance = Seeded::new(9);
        let (key, other) = (SecretKey::new(Environment::Live, &chance), SecretKey::new(Environment::Test, &chance));
        assert!(key.reveal().starts_with("sk_live_") && other.reveal().starts_with("sk_test_"));
        assert_eq!(key.reveal().len(), 8 + 43 + 6);
        let again = SecretKey::parse(key.reveal()).unwrap();
        assert_eq!(again.hash().as_bytes(), key.hash().as_bytes());
        assert_ne!(key.hash().as_bytes(), other.hash().as_bytes());
        let mut typo = key.reveal().to_owned();
        typo.replace_range(10..11, if typo.as_bytes()[10] == b'a' { "b" } else { "a" });
        for bad in ["", "sk_live_", &typo, &key.reveal()[1..], &format!("{}0", key.reveal()), "sk_live_ü"] {
            assert!(SecretKey::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_publishable_key_names_the_host() {
        assert_eq!(publishable(Environment::Live, "auth.example.com"), "pk_live_YXV0aC5leGFtcGxlLmNvbSQ=");
        assert!(publishable(Environment::Test, "127.0.0.1:4000").starts_with("pk_test_"));
    }
}
