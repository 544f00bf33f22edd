//! Digests that were never made for passwords: bare MD5 and SHA-256, LDAP's salted SHA-1 and Symfony's repeated
//! SHA-512. None of them costs a guesser much, however often it is repeated.

use super::{
    ImportFault,
    form::{Digest, Form, SALT, Scheme, base64, hex, number, within},
};
use crate::password::Password;
use ::base64::{Engine, engine::general_purpose::STANDARD};
use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512};
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

/// 32 hexadecimal digits.
pub(super) fn read_md5(text: &str) -> Result<Form, ImportFault> {
    Ok(Form::ending_in(text, text, within(16..=16, hex(text))?, Plain::Md5))
}

/// 64 hexadecimal digits.
pub(super) fn read_sha256(text: &str) -> Result<Form, ImportFault> {
    Ok(Form::ending_in(text, text, within(32..=32, hex(text))?, Plain::Sha256))
}

/// `{SSHA}` and base 64 of the digest with its salt behind it, as OpenLDAP writes it.
pub(super) fn read_ssha(text: &str) -> Result<Form, ImportFault> {
    use ImportFault::Malformed;
    let (scheme, written) = text.split_at_checked(6).ok_or(Malformed)?;
    let both = Zeroizing::new(base64(written).ok_or(Malformed)?);
    let (digest, salt) = both.split_at_checked(20).ok_or(Malformed)?;
    if !scheme.eq_ignore_ascii_case("{ssha}") || !SALT.contains(&salt.len()) {
        return Err(Malformed);
    }
    // One character may hold bits of both, so the blank is written anew.
    let blanked = format!("{scheme}{}", STANDARD.encode([&[0; 20], salt].concat()));
    let digest = Zeroizing::new(digest.to_vec());
    Ok(Form { scheme: Box::new(Plain::Ssha { salt: salt.to_vec() }), digest, blanked })
}

/// `sha512_symfony$iterations$salt$digest`: the salt is text, and may be empty as Symfony's may; the digest is base 64.
pub(super) fn read_symfony(text: &str) -> Result<Form, ImportFault> {
    use ImportFault::{Malformed, TooCostly};
    let parts: Vec<&str> = text.split('$').collect();
    let ["sha512_symfony", iterations, salt, written] = parts.as_slice() else {
        return Err(Malformed);
    };
    // Symfony refuses braces, which it puts around a salt.
    if salt.len() > LONGEST_SYMFONY_SALT || salt.contains(['{', '}']) {
        return Err(Malformed);
    }
    let digest = within(64..=64, base64(written))?;
    match number(iterations)? {
        0 => Err(Malformed),
        iterations @ 1..=MOST_ITERATIONS => {
            let scheme = Plain::Symfony { iterations, salt: (*salt).to_owned() };
            Ok(Form::ending_in(text, written, digest, scheme))
        }
        _ => Err(TooCostly),
    }
}

/// Each iteration reads password and salt again, so that the longest of both cost nine blocks and not one.
const MOST_ITERATIONS: u32 = 500_000;
const LONGEST_SYMFONY_SALT: usize = 255;

enum Plain {
    Md5,
    Sha256,
    Ssha { salt: Vec<u8> },
    Symfony { iterations: u32, salt: String },
}

impl Scheme for Plain {
    fn digest(&self, password: &Password) -> Option<Digest> {
        let password = password.bytes();
        let made = match self {
            Self::Md5 => Md5::digest(password).to_vec(),
            Self::Sha256 => sum(Context::new(&SHA256), &[password]),
            Self::Ssha { salt } => sum(Context::new(&SHA1_FOR_LEGACY_USE_ONLY), &[password, salt]),
            Self::Symfony { iterations, salt } => symfony(password, salt, *iterations),
        };
        Some(Zeroizing::new(made))
    }

    fn is_strong(&self) -> bool {
        false
    }
}

fn sum(mut context: Context, parts: &[&[u8]]) -> Vec<u8> {
    for part in parts {
        context.update(part);
    }
    context.finish().as_ref().to_vec()
}

fn symfony(password: &[u8], salt: &str, iterations: u32) -> Vec<u8> {
    let braced = if salt.is_empty() { String::new() } else { format!("{{{salt}}}") };
    let mut made = Vec::new();
    for _ in 0..iterations {
        made = sum(Context::new(&SHA512), &[&made, password, braced.as_bytes()]);
    }
    made
}
