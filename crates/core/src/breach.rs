//! Passwords that became known elsewhere: a filter of their hashes that needs no network, and the answers of a service
//! that knows them.

mod filter;
mod list;
mod range;

pub use filter::{BreachFilter, FilterFault, Unbuilt};
pub use list::{NotAHash, key_of_line};
pub use range::Garbage;

use crate::{password::Password, secret::Secret};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// The SHA-1 of a password: what lists of breached passwords are made of, since anything slower could not be published.
/// Whoever has it can guess the password quickly, so no more than its first digits ever leave the process.
pub struct PasswordDigest(Secret<[u8; 20]>);

impl PasswordDigest {
    /// Of a password.
    pub fn of(password: &Password) -> Self {
        let mut bytes = [0; 20];
        for (to, from) in bytes.iter_mut().zip(digest(&SHA1_FOR_LEGACY_USE_ONLY, password.bytes()).as_ref()) {
            *to = *from;
        }
        Self(Secret::new(bytes))
    }

    /// What a filter knows it by: the first eight bytes.
    fn key(&self) -> u64 {
        key_of(self.0.expose())
    }
}

/// The first eight bytes as a number.
fn key_of(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
