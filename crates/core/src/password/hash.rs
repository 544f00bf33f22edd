//! Hashes of passwords: Argon2id for ours, and what other systems left for verifying once (SEC-4, SEC-5).

use super::{Password, import};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use password_hash::{PasswordVerifier, phc};
use std::fmt;
use subtle::ConstantTimeEq;

const TAG: usize = 32;

/// What one hash costs (RFC 9106).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// The cost is below what ASVS 5.0, Appendix C allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Argon2id at this cost is too cheap: write at least 47104 KiB with 1 pass, 19456 with 2, 12288 with 3, 9216 with 4 or 7168 with 5"
)]
pub struct CostFault;

impl Argon2Cost {
    /// 19 MiB, two passes: about 30 ms of a small server's core.
    pub const DEFAULT: Self = Self { memory_kib: 19_456, passes: 2, lanes: 1 };

    /// So cheap that tests can hash by the thousand.
    #[cfg(any(test, feature = "testkit"))]
    pub const CHEAP: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };

    /// Whether an instance may use this cost.
    ///
    /// # Errors
    /// When it is below the table.
    pub fn accepted(self) -> Result<(), CostFault> {
        let least = match self.passes {
            0 => return Err(CostFault),
            1 => 47_104,
            2 => 19_456,
            3 => 12_288,
            4 => 9_216,
            _ => 7_168,
        };
        (self.memory_kib >= least && self.lanes >= 1).then_some(()).ok_or(CostFault)
    }

    fn params(self) -> Option<Params> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(TAG)).ok()
    }
}

/// A buffer for hashing, to be kept: filling fresh memory costs as much as the hash.
pub struct HashMemory(Vec<Block>);

impl HashMemory {
    /// A buffer for this cost.
    pub fn new(cost: Argon2Cost) -> Self {
        let mut memory = Self(Vec::new());
        memory.fit(cost.memory_kib);
        memory
    }

    fn fit(&mut self, memory_kib: u32) -> &mut [Block] {
        let blocks = memory_kib.max(8) as usize;
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::default());
        }
        self.0.get_mut(..blocks).unwrap_or_default()
    }
}

/// A stored hash, in the PHC or modular form.
#[derive(Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// What a row holds.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// For a row.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

/// What comparing found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another password, or a hash that cannot be read.
    No,
    /// The password.
    Yes {
        /// The hash is weaker than what is made today.
        outdated: bool,
    },
}

/// Hashes a new password.
pub fn hash(password: &Password, cost: Argon2Cost, salt: [u8; 16], memory: &mut HashMemory) -> PasswordHash {
    hash_bytes(password.bytes(), cost, salt, memory)
}

/// Compares a password with a stored hash. Whatever is wrong with the hash, the answer is no.
pub fn verify(stored: &PasswordHash, password: &Password, current: Argon2Cost, memory: &mut HashMemory) -> Verdict {
    let text = stored.0.as_str();
    if let Some(parsed) = Ours::parse(text) {
        return if parsed.matches(password.bytes(), memory) { parsed.right(current) } else { Verdict::No };
    }
    let matches = import::matches(text, password, memory).unwrap_or_else(|| phc_matches(text, password));
    if matches { Verdict::Yes { outdated: true } } else { Verdict::No }
}

/// A hash of nobody's password at this cost: comparing with it is the work that a real account costs (SEC-6).
pub fn decoy(cost: Argon2Cost) -> PasswordHash {
    let Argon2Cost { memory_kib, passes, lanes } = cost;
    let (salt, tag) = (STANDARD_NO_PAD.encode([0x5a; 16]), STANDARD_NO_PAD.encode([0; TAG]));
    PasswordHash(format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${tag}"))
}

/// Hashes what another system made of a password.
pub(super) fn hash_bytes(bytes: &[u8], cost: Argon2Cost, salt: [u8; 16], memory: &mut HashMemory) -> PasswordHash {
    // Params of an accepted cost, 16 bytes of salt and 32 of tag are within Argon2's bounds; if that ever failed, the
    // empty text matches no password.
    let Some(tag) = tag_of(bytes, cost, &salt, memory) else {
        return PasswordHash(String::new());
    };
    let Argon2Cost { memory_kib, passes, lanes } = cost;
    let (salt, tag) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(tag));
    PasswordHash(format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${tag}"))
}

/// Compares what another system made of a password.
pub(super) fn matches_bytes(text: &str, bytes: &[u8], memory: &mut HashMemory) -> bool {
    Ours::parse(text).is_some_and(|parsed| parsed.matches(bytes, memory))
}

/// The form that we write.
struct Ours {
    cost: Argon2Cost,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl Ours {
    fn parse(text: &str) -> Option<Self> {
        let hash = phc::PasswordHash::new(text).ok()?;
        if hash.algorithm.as_str() != "argon2id" || hash.version != Some(19) {
            return None;
        }
        let number = |name| hash.params.get_decimal(name);
        let cost = Argon2Cost { memory_kib: number("m")?, passes: number("t")?, lanes: number("p")? };
        let (salt, tag) = (hash.salt?, hash.hash?);
        // A row must not make one comparison cost the memory of hundreds.
        let bearable = cost.memory_kib <= 1 << 18 && cost.passes <= 32 && cost.lanes <= 16;
        (bearable && tag.as_bytes().len() == TAG).then(|| Self {
            cost,
            salt: salt.as_ref().to_vec(),
            tag: tag.as_bytes().to_vec(),
        })
    }

    fn matches(&self, bytes: &[u8], memory: &mut HashMemory) -> bool {
        tag_of(bytes, self.cost, &self.salt, memory).is_some_and(|tag| tag.as_slice().ct_eq(&self.tag).into())
    }

    fn right(&self, current: Argon2Cost) -> Verdict {
        let work = |c: Argon2Cost| u64::from(c.memory_kib) * u64::from(c.passes);
        Verdict::Yes { outdated: work(self.cost) < work(current) || self.salt.len() < 16 }
    }
}

fn tag_of(bytes: &[u8], cost: Argon2Cost, salt: &[u8], memory: &mut HashMemory) -> Option<[u8; TAG]> {
    let mut tag = [0u8; TAG];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.params()?);
    let memory = memory.fit(cost.memory_kib);
    argon2.hash_password_into_with_memory(bytes, salt, &mut tag, memory).is_ok().then_some(tag)
}

fn phc_matches(text: &str, password: &Password) -> bool {
    let Ok(hash) = phc::PasswordHash::new(text) else {
        return false;
    };
    match hash.algorithm.as_str() {
        "scrypt" => scrypt::Scrypt::default().verify_password(password.bytes(), &hash).is_ok(),
        "pbkdf2-sha256" | "pbkdf2-sha512" => pbkdf2::Pbkdf2::default().verify_password(password.bytes(), &hash).is_ok(),
        "argon2i" | "argon2d" => Argon2::default().verify_password(password.bytes(), &hash).is_ok(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: Argon2Cost = Argon2Cost::CHEAP;

    fn password(text: &str) -> Password {
        Password::parse(text.into()).unwrap()
    }

    #[test]
    fn sec_4_a_hash_matches_its_password_alone_and_tells_when_it_is_outdated() {
        let memory = &mut HashMemory::new(COST);
        let stored = hash(&password("right"), COST, [1; 16], memory);
        assert!(stored.expose().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        assert_eq!(verify(&stored, &password("right"), COST, memory), Verdict::Yes { outdated: false });
        assert_eq!(verify(&stored, &password("wrong"), COST, memory), Verdict::No);
        let better = Argon2Cost { passes: 2, ..COST };
        assert_eq!(verify(&stored, &password("right"), better, memory), Verdict::Yes { outdated: true });
        assert_eq!(verify(&decoy(COST), &password("right"), COST, memory), Verdict::No);
    }

    #[test]
    fn sec_4_cheap_costs_are_refused() {
        assert!(Argon2Cost::DEFAULT.accepted().is_ok());
        for (m, t) in [(19_455, 2), (47_103, 1), (19_456, 1), (7_167, 9), (1 << 20, 0)] {
            assert!(Argon2Cost { memory_kib: m, passes: t, lanes: 1 }.accepted().is_err(), "{m} {t}");
        }
    }

    #[test]
    fn sec_5_imported_hashes_match_and_are_outdated() {
        let memory = &mut HashMemory::new(COST);
        let imported = [
            bcrypt::hash("right", 4).unwrap(),
            // Both made by Python's hashlib.
            "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hsb3JpZGU$UO0wXq0AwZCxdc+9c0ZtH3xqK1B30UwE8nTQbbmfd7E".to_owned(),
            "$pbkdf2-sha256$i=4096,l=32$U29kaXVtQ2hsb3JpZGU$KU+UEklBWM42YD4elqfnzhcO+g6WMEuh4BlXVP/2bvc".to_owned(),
        ];
        for (stored, text) in imported.into_iter().zip(["right", "password", "password"]) {
            let stored = PasswordHash::from_stored(stored);
            assert_eq!(verify(&stored, &password(text), COST, memory), Verdict::Yes { outdated: true }, "{stored:?}");
            assert_eq!(verify(&stored, &password("wrong"), COST, memory), Verdict::No);
        }
    }

    #[test]
    fn sec_5_bcrypt_never_matches_beyond_72_bytes() {
        let memory = &mut HashMemory::new(COST);
        let stored = PasswordHash::from_stored(bcrypt::hash("a".repeat(72), 4).unwrap());
        assert_eq!(verify(&stored, &password(&"a".repeat(72)), COST, memory), Verdict::Yes { outdated: true });
        assert_eq!(verify(&stored, &password(&"a".repeat(73)), COST, memory), Verdict::No);
    }

    #[test]
    fn sec_5_a_malformed_hash_means_no() {
        let memory = &mut HashMemory::new(COST);
        for bad in [
            "",
            "$",
            "$argon2id$",
            "$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
            "$2b$99$x",
            "plain",
            "$scrypt$x",
            "$2b$10$é",
        ] {
            assert_eq!(
                verify(&PasswordHash::from_stored(bad.into()), &password("x"), COST, memory),
                Verdict::No,
                "{bad}"
            );
        }
    }
}
