//! Keys: one master key, from which every other is derived, and the sealing of what must be read back (SEC-101).
//!
//! A sealed box says which key sealed it, so that a key can be replaced while its boxes are still about; and it opens
//! only in the row and column that it was sealed for.

use crate::{
    entropy::{self, Entropy},
    secret::Secret,
};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
    hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::collections::HashMap;

const PREFIX: &str = "hk1_";
/// The form of a sealed box: one byte of form, eight of the key's id, the nonce, the box.
const FORM: u8 = 1;
const KEY_ID: usize = 8;

/// The one secret that an operator keeps: 256 bits.
pub struct MasterKey(Secret<[u8; 32]>);

/// Why a text does not serve as key (SEC-103).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// It does not begin with `hk1_`.
    #[error("it does not begin with hk1_")]
    NotAKey,
    /// It is not 32 bytes long.
    #[error("it does not hold 32 bytes")]
    WrongLength,
    /// It was typed by hand or copied from an example.
    #[error("it is a placeholder, not random bytes")]
    Placeholder,
}

impl MasterKey {
    /// A new key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(entropy::bytes(entropy)))
    }

    /// Reads a key's text.
    ///
    /// # Errors
    /// When it is none, too short, or clearly not random.
    pub fn parse(text: &str) -> Result<Self, KeyFault> {
        let body = text.strip_prefix(PREFIX).ok_or(KeyFault::NotAKey)?;
        let mut bytes = [0u8; 32];
        match URL_SAFE_NO_PAD.decode_slice(body, &mut bytes) {
            Ok(32) => {}
            _ => return Err(KeyFault::WrongLength),
        }
        let kinds = bytes.iter().collect::<std::collections::HashSet<_>>().len();
        let letters = body.bytes().collect::<std::collections::HashSet<_>>().len();
        // 32 random bytes hold fewer than 16 different values once in 10^13 keys.
        if kinds < 16 || letters < 12 {
            return Err(KeyFault::Placeholder);
        }
        Ok(Self(Secret::new(bytes)))
    }

    /// The key's text, for the file or variable that keeps it.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0.expose()))
    }

    /// The key's name: derived, and of no use to a thief.
    pub fn id(&self) -> String {
        name_of(self.id_bytes())
    }

    /// What the database keeps to know the key again.
    pub fn check_value(&self) -> [u8; 32] {
        self.derive("check")
    }

    fn id_bytes(&self) -> [u8; KEY_ID] {
        let mut id = [0; KEY_ID];
        for (to, from) in id.iter_mut().zip(self.derive("id")) {
            *to = from;
        }
        id
    }

    fn derive(&self, purpose: &str) -> [u8; 32] {
        struct Long;
        impl KeyType for Long {
            fn len(&self) -> usize {
                32
            }
        }
        let prk = Salt::new(HKDF_SHA256, b"housekey/1").extract(self.0.expose());
        let info = [purpose.as_bytes()];
        let mut out = [0u8; 32];
        // HKDF fails only for outputs beyond 255 blocks.
        let filled = prk.expand(&info, Long).and_then(|okm| okm.fill(&mut out));
        debug_assert!(filled.is_ok());
        out
    }
}

/// What a derived key is for. One purpose's values say nothing about another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Names of limit buckets.
    LimitKey,
    /// CSRF tokens of forms.
    FormToken,
    /// Hashes of mailed codes.
    CodeHash,
    /// Codes that go with mailed links.
    LinkCode,
    /// The digest by which a repeated call is known.
    CallDigest,
    /// Ids of things that do not exist, stable for each name.
    FakeId,
    /// Challenges, and when a form was shown.
    Challenge,
}

impl Purpose {
    const ALL: [Self; 7] = [
        Self::LimitKey,
        Self::FormToken,
        Self::CodeHash,
        Self::LinkCode,
        Self::CallDigest,
        Self::FakeId,
        Self::Challenge,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::LimitKey => "mac/limit",
            Self::FormToken => "mac/form",
            Self::CodeHash => "mac/code",
            Self::LinkCode => "mac/link",
            Self::CallDigest => "mac/call",
            Self::FakeId => "mac/fake",
            Self::Challenge => "mac/challenge",
        }
    }
}

/// Where a sealed box stands. It opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's id.
    pub row: &'a str,
}

/// The box cannot be opened here with the keys at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value cannot be opened")]
pub struct Unsealable;

/// The current master key's derivations, and those of former keys whose boxes are still about.
pub struct Keyring {
    id: String,
    current: [u8; KEY_ID],
    macs: HashMap<Purpose, hmac::Key>,
    boxes: HashMap<[u8; KEY_ID], LessSafeKey>,
}

impl Keyring {
    /// Derives all keys once.
    pub fn new(current: MasterKey, old: Vec<MasterKey>) -> Self {
        let macs = Purpose::ALL
            .into_iter()
            .map(|p| (p, hmac::Key::new(hmac::HMAC_SHA256, &current.derive(p.name()))))
            .collect();
        let boxes =
            old.iter().chain([&current]).filter_map(|key| Some((key.id_bytes(), aead(&key.derive("seal"))?))).collect();
        Self { id: current.id(), current: current.id_bytes(), macs, boxes }
    }

    /// The id of the key that seals new rows.
    pub fn current_id(&self) -> &str {
        &self.id
    }

    /// The ids of former keys whose boxes can be opened.
    pub fn former_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.boxes.keys().filter(|id| **id != self.current).map(|id| name_of(*id)).collect();
        ids.sort();
        ids
    }

    /// A keyed hash over the parts, each with its length, so that no two lists of parts look alike.
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        self.macs.get(&purpose).map_or([0; 32], |key| mac_of(key, parts))
    }

    /// Seals a value for one place.
    pub fn seal(&self, place: Place<'_>, plain: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let mut out = vec![FORM];
        out.extend_from_slice(&self.current);
        match self.boxes.get(&self.current) {
            Some(key) => close(key, place, plain, entropy, out),
            None => Vec::new(),
        }
    }

    /// Opens a value in its place.
    ///
    /// # Errors
    /// When it was sealed for another place, under a key we lack, or was changed.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Secret<Vec<u8>>, Unsealable> {
        let (id, rest) = split(sealed).ok_or(Unsealable)?;
        open(self.boxes.get(&id).ok_or(Unsealable)?, place, rest)
    }

    /// Whether a box was sealed with a former key, and should be sealed anew.
    pub fn is_outdated(&self, sealed: &[u8]) -> bool {
        split(sealed).is_none_or(|(id, _)| id != self.current)
    }
}

/// A keyed hash over parts, each with its length.
pub(crate) fn mac_of(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(context.sign().as_ref()) {
        *to = *from;
    }
    out
}

fn name_of(id: [u8; KEY_ID]) -> String {
    let hex: String = id.iter().map(|b| format!("{b:02x}")).collect();
    format!("key_{hex}")
}

/// Seals a value under a key of its own, as a user's.
pub fn seal_under(key: &Secret<[u8; 32]>, place: Place<'_>, plain: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
    aead(key.expose()).map_or_else(Vec::new, |key| close(&key, place, plain, entropy, Vec::new()))
}

/// Opens such a value.
///
/// # Errors
/// As [`Keyring::open`].
pub fn open_under(key: &Secret<[u8; 32]>, place: Place<'_>, sealed: &[u8]) -> Result<Secret<Vec<u8>>, Unsealable> {
    open(&aead(key.expose()).ok_or(Unsealable)?, place, sealed)
}

fn aead(key: &[u8; 32]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new)
}

fn split(sealed: &[u8]) -> Option<([u8; KEY_ID], &[u8])> {
    let (form, rest) = sealed.split_first()?;
    let (id, rest) = rest.split_first_chunk::<KEY_ID>()?;
    (*form == FORM).then_some((*id, rest))
}

fn close(key: &LessSafeKey, place: Place<'_>, plain: &[u8], entropy: &dyn Entropy, mut out: Vec<u8>) -> Vec<u8> {
    let nonce = entropy::bytes::<NONCE_LEN>(entropy);
    let mut body = plain.to_vec();
    // GCM fails only beyond 64 GiB.
    let sealed = key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound(place)), &mut body);
    if sealed.is_err() {
        return Vec::new();
    }
    out.extend_from_slice(&nonce);
    out.append(&mut body);
    out
}

fn open(key: &LessSafeKey, place: Place<'_>, sealed: &[u8]) -> Result<Secret<Vec<u8>>, Unsealable> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Unsealable)?;
    let mut body = body.to_vec();
    let length = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(bound(place)), &mut body)
        .map_err(|_| Unsealable)?
        .len();
    body.truncate(length);
    Ok(Secret::new(body))
}

fn bound(place: Place<'_>) -> Vec<u8> {
    let mut aad = Vec::new();
    for part in [place.table, place.column, place.row] {
        aad.extend_from_slice(&(part.len() as u64).to_be_bytes());
        aad.extend_from_slice(part.as_bytes());
    }
    aad
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Seeded;

    const HERE: Place<'static> = Place { table: "t", column: "c", row: "r" };

    #[test]
    fn sec_101_a_box_opens_only_in_its_place_and_unchanged() {
        let chance = Seeded::new(3);
        let ring = Keyring::new(MasterKey::generate(&chance), vec![]);
        let sealed = ring.seal(HERE, b"seed", &chance);
        assert_eq!(ring.open(HERE, &sealed).unwrap().expose(), b"seed");
        for place in
            [Place { row: "s", ..HERE }, Place { column: "d", ..HERE }, Place { table: "tc", column: "", ..HERE }]
        {
            assert!(ring.open(place, &sealed).is_err());
        }
        for i in 0..sealed.len() {
            let mut broken = sealed.clone();
            broken[i] ^= 1;
            assert!(ring.open(HERE, &broken).is_err(), "byte {i}");
            assert!(ring.open(HERE, &sealed[..i]).is_err(), "cut at {i}");
        }
    }

    #[test]
    fn sec_101_a_former_key_still_opens_and_asks_to_be_replaced() {
        let chance = Seeded::new(4);
        let (old, new) = (MasterKey::generate(&chance), MasterKey::generate(&chance));
        let text = old.reveal();
        let sealed = Keyring::new(old, vec![]).seal(HERE, b"x", &chance);
        let ring = Keyring::new(new, vec![MasterKey::parse(&text).unwrap()]);
        assert_eq!(ring.open(HERE, &sealed).unwrap().expose(), b"x");
        assert!(ring.is_outdated(&sealed));
        assert_eq!(ring.former_ids().len(), 1);
        assert!(!ring.is_outdated(&ring.seal(HERE, b"x", &chance)));
        assert!(Keyring::new(MasterKey::generate(&chance), vec![]).open(HERE, &sealed).is_err());
    }

    #[test]
    fn sec_103_unfit_keys_are_refused_each_with_its_reason() {
        assert_eq!(MasterKey::parse("changeme").err(), Some(KeyFault::NotAKey));
        assert_eq!(MasterKey::parse("hk1_c2hvcnQ").err(), Some(KeyFault::WrongLength));
        let same = format!("hk1_{}", URL_SAFE_NO_PAD.encode([7u8; 32]));
        assert_eq!(MasterKey::parse(&same).err(), Some(KeyFault::Placeholder));
        let key = MasterKey::generate(&Seeded::new(1));
        assert_eq!(MasterKey::parse(&key.reveal()).unwrap().id(), key.id());
    }

    #[test]
    fn parts_of_a_mac_do_not_run_together() {
        let ring = Keyring::new(MasterKey::generate(&Seeded::new(1)), vec![]);
        let mac = |parts: &[&[u8]]| ring.mac(Purpose::LimitKey, parts);
        assert_ne!(mac(&[b"ab", b"c"]), mac(&[b"a", b"bc"]));
        assert_ne!(mac(&[b"a"]), ring.mac(Purpose::CodeHash, &[b"a"]));
    }
}
