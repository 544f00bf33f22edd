//! bcrypt: `$2b$12$` with salt and digest. Django's variant, `bcrypt_sha256$$2b$12$…`, hashes the SHA-256 of a password.

use super::{
    ImportFault,
    form::{Digest, Form, Scheme, bcrypt_base64, number, to_hex, within},
};
use crate::password::Password;
use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

pub(super) fn read(text: &str) -> Result<Form, ImportFault> {
    read_within(text, text, false)
}

pub(super) fn read_django(text: &str) -> Result<Form, ImportFault> {
    let inner = text.strip_prefix("bcrypt_sha256$").ok_or(ImportFault::Malformed)?;
    read_within(text, inner, true)
}

/// About a second of a small server's core.
const MOST: u32 = 14;
const STRONG: u32 = 10;
/// bcrypt reads so many bytes and ignores the rest, so that a longer password would match its own beginning.
const LONGEST: usize = 72;

struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    prehashed: bool,
}

fn read_within(text: &str, inner: &str, prehashed: bool) -> Result<Form, ImportFault> {
    use ImportFault::{Malformed, TooCostly};
    let parts: Vec<&str> = inner.split('$').collect();
    // 2x is what PHP called hashes of its faulty years, which are right for ASCII and match nothing else here.
    let ["", "2a" | "2b" | "2x" | "2y", cost, rest] = parts.as_slice() else {
        return Err(Malformed);
    };
    let (salt, written) = rest.split_at_checked(22).ok_or(Malformed)?;
    let salt = within(16..=16, bcrypt_base64(salt))?.try_into().map_err(|_| Malformed)?;
    let digest = within(23..=23, bcrypt_base64(written))?;
    let cost = (cost.len() == 2).then(|| number(cost)).ok_or(Malformed)??;
    match cost {
        0..4 => Err(Malformed),
        4..=MOST => Ok(Form::ending_in(text, written, digest, Bcrypt { cost, salt, prehashed })),
        _ => Err(TooCostly),
    }
}

impl Scheme for Bcrypt {
    fn digest(&self, password: &Password) -> Option<Digest> {
        let given = if self.prehashed {
            to_hex(digest(&SHA256, password.bytes()).as_ref())
        } else {
            Zeroizing::new(password.bytes().to_vec())
        };
        let made = Zeroizing::new(::bcrypt::hash_with_salt_bytes(given.as_slice(), self.cost, self.salt).ok()?);
        let written = std::str::from_utf8(made.get(29..)?).ok()?;
        // bcrypt ends a password at its first NUL and begins it anew, so that "a" and "a\0a" were one password. What
        // cannot match is computed before it is refused, so that it takes as long as what does not.
        let whole = given.len() <= LONGEST && !given.contains(&0);
        whole.then(|| bcrypt_base64(written)).flatten().map(Zeroizing::new)
    }

    fn is_strong(&self) -> bool {
        self.cost >= STRONG
    }
}
