//! phpass's portable hashes, `$P$` (or phpBB's `$H$`) with one character for the rounds, eight of salt, and the digest:
//! MD5 over and over. WordPress and phpBB stored these.
//!
//! Clerk publishes no form for `md5_phpass`. It is read as what systems did that had stored bare MD5 before: a portable
//! hash over the MD5 in lower-case hexadecimal. Drupal marks these with a leading `U`, which may stand there.

use super::{
    ImportFault,
    form::{Digest, Form, Scheme, to_hex},
};
use crate::password::Password;
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

pub(super) fn read(text: &str) -> Result<Form, ImportFault> {
    read_within(text, text, false)
}

pub(super) fn read_over_md5(text: &str) -> Result<Form, ImportFault> {
    read_within(text, text.strip_prefix('U').unwrap_or(text), true)
}

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The rounds' power of two. WordPress used 13 and phpBB 11; phpass itself reads none below 7.
const LEAST: usize = 7;
const MOST: usize = 18;

struct Phpass {
    rounds: u32,
    salt: [u8; 8],
    over_md5: bool,
}

fn read_within(text: &str, inner: &str, over_md5: bool) -> Result<Form, ImportFault> {
    use ImportFault::{Malformed, TooCostly};
    let body = inner.strip_prefix("$P$").or_else(|| inner.strip_prefix("$H$")).ok_or(Malformed)?;
    if body.len() != 31 || !body.bytes().all(|b| ALPHABET.contains(&b)) {
        return Err(Malformed);
    }
    let (rounds, rest) = body.split_at_checked(1).ok_or(Malformed)?;
    let (salt, written) = rest.split_at_checked(8).ok_or(Malformed)?;
    let power = ALPHABET.iter().position(|c| rounds.as_bytes() == [*c]).ok_or(Malformed)?;
    let salt = salt.as_bytes().try_into().map_err(|_| Malformed)?;
    match power {
        LEAST..=MOST => {
            let scheme = Phpass { rounds: 1 << power, salt, over_md5 };
            Ok(Form::ending_in(text, written, written.as_bytes().to_vec(), scheme))
        }
        0..LEAST => Err(Malformed),
        _ => Err(TooCostly),
    }
}

impl Scheme for Phpass {
    fn digest(&self, password: &Password) -> Option<Digest> {
        let given = if self.over_md5 {
            to_hex(Md5::digest(password.bytes()).as_slice())
        } else {
            Zeroizing::new(password.bytes().to_vec())
        };
        let mut made = Md5::new().chain_update(self.salt).chain_update(&given).finalize();
        for _ in 0..self.rounds {
            made = Md5::new().chain_update(made).chain_update(&given).finalize();
        }
        Some(encoded(&made))
    }

    fn is_strong(&self) -> bool {
        false
    }
}

/// Base 64 from the lowest bits up, which is phpass's own.
fn encoded(bytes: &[u8]) -> Digest {
    let character = |bits: usize| ALPHABET.get(bits & 63).copied().unwrap_or_default();
    let groups = bytes.chunks(3).flat_map(|group| {
        let bits = group.iter().rev().fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        (0..=group.len()).map(move |at| character(bits >> (6 * at)))
    });
    Zeroizing::new(groups.collect())
}
