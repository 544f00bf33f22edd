//! PBKDF2: `name$iterations$salt$digest`, in which salt and digest are written as the name says.

use super::{
    ImportFault,
    form::{DIGEST, Digest, Form, SALT, Scheme, base64, blank, hex, number, within},
};
use crate::password::Password;
use aws_lc_rs::pbkdf2::{self, Algorithm, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512};
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// The salt is hexadecimal when it can be read so, and text otherwise. The digest's length may follow it.
pub(super) fn read_sha1(text: &str) -> Result<Form, ImportFault> {
    let written = split(text, "pbkdf2_sha1")?;
    let salt = hex(written.salt).unwrap_or_else(|| literal(written.salt));
    form(text, &written, SHA1, Some(salt), hex(written.digest))
}

/// Salt and digest are base 64.
pub(super) fn read_sha256(text: &str) -> Result<Form, ImportFault> {
    let written = split(text, "pbkdf2_sha256")?;
    form(text, &written, SHA256, base64(written.salt), base64(written.digest))
}

/// As Django exports it: the salt is text and the digest base 64.
pub(super) fn read_sha256_django(text: &str) -> Result<Form, ImportFault> {
    let written = split(text, "pbkdf2_sha256")?;
    form(text, &written, SHA256, Some(literal(written.salt)), base64(written.digest))
}

/// The salt is text and the digest hexadecimal.
pub(super) fn read_sha512(text: &str) -> Result<Form, ImportFault> {
    let written = split(text, "pbkdf2_sha512")?;
    form(text, &written, SHA512, Some(literal(written.salt)), hex(written.digest))
}

/// Salt and digest are hexadecimal.
pub(super) fn read_sha512_hex(text: &str) -> Result<Form, ImportFault> {
    let written = split(text, "pbkdf2_sha512_hex")?;
    form(text, &written, SHA512, hex(written.salt), hex(written.digest))
}

const MOST_ITERATIONS: u32 = 2_000_000;
/// Iterations are done anew for each block of a long digest.
const MOST_WORK: u64 = 2 * MOST_ITERATIONS as u64;

#[derive(Clone, Copy)]
struct Function {
    algorithm: Algorithm,
    block: usize,
    strong: u32,
}

const SHA1: Function = Function { algorithm: PBKDF2_HMAC_SHA1, block: 20, strong: 1_300_000 };
const SHA256: Function = Function { algorithm: PBKDF2_HMAC_SHA256, block: 32, strong: 600_000 };
const SHA512: Function = Function { algorithm: PBKDF2_HMAC_SHA512, block: 64, strong: 210_000 };

struct Written<'a> {
    iterations: &'a str,
    salt: &'a str,
    digest: &'a str,
    length: Option<&'a str>,
}

struct Pbkdf2 {
    function: Function,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    size: usize,
}

fn split<'a>(text: &'a str, name: &str) -> Result<Written<'a>, ImportFault> {
    let parts: Vec<&str> = text.split('$').collect();
    match parts.as_slice() {
        [called, iterations, salt, digest] if *called == name => Ok(Written { iterations, salt, digest, length: None }),
        [called @ "pbkdf2_sha1", iterations, salt, digest, length] if *called == name => {
            Ok(Written { iterations, salt, digest, length: Some(length) })
        }
        _ => Err(ImportFault::Malformed),
    }
}

fn literal(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn form(
    text: &str,
    written: &Written<'_>,
    function: Function,
    salt: Option<Vec<u8>>,
    digest: Option<Vec<u8>>,
) -> Result<Form, ImportFault> {
    use ImportFault::{Malformed, TooCostly};
    let iterations = NonZeroU32::new(number(written.iterations)?).ok_or(Malformed)?;
    let (salt, digest) = (within(SALT, salt)?, Zeroizing::new(within(DIGEST, digest)?));
    let size = digest.len();
    let work = u64::from(iterations.get()) * size.div_ceil(function.block) as u64;
    if iterations.get() > MOST_ITERATIONS || work > MOST_WORK {
        return Err(TooCostly);
    }
    let before = text.split_inclusive('$').take(3);
    let mut blanked: String = before.chain([blank(written.digest).as_str()]).collect();
    if let Some(length) = written.length {
        if number(length)? as usize != size {
            return Err(Malformed);
        }
        blanked.extend(["$", length]);
    }
    Ok(Form { scheme: Box::new(Pbkdf2 { function, iterations, salt, size }), digest, blanked })
}

impl Scheme for Pbkdf2 {
    fn digest(&self, password: &Password) -> Option<Digest> {
        let mut digest = Zeroizing::new(vec![0; self.size]);
        pbkdf2::derive(self.function.algorithm, self.iterations, &self.salt, password.bytes(), &mut digest);
        Some(digest)
    }

    fn is_strong(&self) -> bool {
        self.iterations.get() >= self.function.strong
    }
}
