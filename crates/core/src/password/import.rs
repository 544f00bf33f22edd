//! Hashes that other systems made of passwords, taken in under the names that Clerk gave their forms (SEC-5).
//!
//! A hash that costs at least what ASVS 5.0, Appendix C allows is kept as it came. A cheaper one would be guessed as
//! soon as a row was read, so it is never stored: Argon2id is computed over it, and the row holds that, with all of
//! the form but the digest itself. Either is replaced by a hash of ours at the next sign-in, and so are those that
//! cost more than ours: what a sign-in costs is this instance's to say.
//!
//! A stored form is read by the parser that took it in, so that no row costs more than an import may.

mod argon2;
mod bcrypt;
mod form;
mod pbkdf2;
mod phpass;
mod plain;
mod scrypt;

use super::{
    Password,
    hash::{self, Argon2Cost, HashMemory, PasswordHash},
};
use form::{Digest, Form};
use subtle::ConstantTimeEq;

/// What precedes a form that is kept as it came, and what stands between our hash and the form beneath it.
const KEPT: &str = "$kept$";
const OVER: &str = "$over$";

/// No form is longer: two numbers, and a salt and a digest of up to 1,023 bytes in hexadecimal.
const LONGEST: usize = 4_200;

/// A hash that was read.
pub enum Imported {
    /// It may be stored as it is.
    Strong(PasswordHash),
    /// It may be stored only beneath one of ours: see [`wrap`].
    Weak(Weak),
}

/// A hash that is too cheap to be stored.
pub struct Weak {
    digest: Digest,
    /// The hasher's name, and the form with its digest blanked.
    form: String,
}

/// Why a hash is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportFault {
    /// Nothing is known by this name.
    #[error("no hasher has this name")]
    UnknownHasher,
    /// The digest does not have the hasher's form.
    #[error("the digest does not have the form of its hasher")]
    Malformed,
    /// Every sign-in would cost so much that a few of them would be a denial of service.
    #[error("the hash costs more time or memory to compare than is allowed")]
    TooCostly,
}

/// Reads a hash that another system made.
///
/// # Errors
/// When the name is unknown, the digest has not its form, or comparing would cost too much.
pub fn import(hasher: &str, digest: &str) -> Result<Imported, ImportFault> {
    let form = read(hasher, digest)?;
    Ok(if form.scheme.is_strong() {
        Imported::Strong(PasswordHash::from_stored(format!("{KEPT}{hasher}${digest}")))
    } else {
        Imported::Weak(Weak { digest: form.digest, form: format!("{hasher}${}", form.blanked) })
    })
}

/// Computes Argon2id over a digest that is too weak to be stored bare.
pub fn wrap(weak: &Weak, cost: Argon2Cost, salt: [u8; 16], memory: &mut HashMemory) -> PasswordHash {
    let outer = hash::hash_bytes(&weak.digest, cost, salt, memory);
    PasswordHash::from_stored(format!("{}{OVER}{}", outer.expose(), weak.form))
}

/// Whether a stored import is of this password; `None` when the text is no import.
pub(super) fn matches(stored: &str, password: &Password, memory: &mut HashMemory) -> Option<bool> {
    if stored.starts_with("$2") {
        return Some(kept_matches("bcrypt", stored, password));
    }
    if let Some(kept) = stored.strip_prefix(KEPT) {
        return Some(kept.split_once('$').is_some_and(|(hasher, digest)| kept_matches(hasher, digest, password)));
    }
    let (outer, form) = stored.split_once(OVER)?;
    Some(over_matches(outer, form, password, memory).unwrap_or(false))
}

fn kept_matches(hasher: &str, digest: &str, password: &Password) -> bool {
    read(hasher, digest).is_ok_and(|form| {
        let made = form.scheme.digest(password);
        made.is_some_and(|made| made.as_slice().ct_eq(&form.digest).into())
    })
}

fn over_matches(outer: &str, form: &str, password: &Password, memory: &mut HashMemory) -> Option<bool> {
    let (hasher, blanked) = form.split_once('$')?;
    let made = read(hasher, blanked).ok()?.scheme.digest(password);
    // A password that the inner hash cannot take costs the outer one all the same, as a wrong one does (SEC-6).
    let same = hash::matches_bytes(outer, made.as_ref().map_or(&[], |made| made.as_slice()), memory);
    Some(same && made.is_some())
}

fn read(hasher: &str, digest: &str) -> Result<Form, ImportFault> {
    let read: fn(&str) -> Result<Form, ImportFault> = match hasher {
        "argon2i" => argon2::read_i,
        "argon2id" => argon2::read_id,
        "bcrypt" => bcrypt::read,
        "bcrypt_sha256_django" => bcrypt::read_django,
        "ldap_ssha" => plain::read_ssha,
        "md5" => plain::read_md5,
        "md5_phpass" => phpass::read_over_md5,
        "pbkdf2_sha1" => pbkdf2::read_sha1,
        "pbkdf2_sha256" => pbkdf2::read_sha256,
        "pbkdf2_sha256_django" => pbkdf2::read_sha256_django,
        "pbkdf2_sha512" => pbkdf2::read_sha512,
        "pbkdf2_sha512_hex" => pbkdf2::read_sha512_hex,
        "phpass" => phpass::read,
        "scrypt_firebase" => scrypt::read_firebase,
        "scrypt_werkzeug" => scrypt::read_werkzeug,
        "sha256" => plain::read_sha256,
        "sha512_symfony" => plain::read_symfony,
        _ => return Err(ImportFault::UnknownHasher),
    };
    if digest.len() > LONGEST {
        return Err(ImportFault::Malformed);
    }
    read(digest)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
