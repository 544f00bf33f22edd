//! A letter in the queue: sealed, so that neither the database nor a copy of it holds a code.

use super::letter::Letter;
use housekey_core::{
    entropy::Entropy,
    identifier::email::Email,
    ids::MailId,
    keyring::{Keyring, Place},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What a row of the queue says: a letter and who gets it. It is written out only when it leaves, so that the request
/// that queues it does the same small work for every letter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Posted {
    /// The only recipient.
    pub to: Email,
    /// What to write.
    pub letter: Letter,
}

/// Why a row of the queue cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostFault {
    /// No key of ours opens it, or it stands in another row than it was made for.
    #[error("the mail cannot be opened with the keys at hand")]
    Unsealable,
    /// It was opened, but this version does not understand it.
    #[error("the mail is written in a form that this version does not know")]
    Unknown,
    /// It cannot be written down.
    #[error("the mail cannot be written down")]
    Unwritable,
}

impl Posted {
    /// Addresses a letter.
    pub fn new(to: Email, letter: Letter) -> Self {
        Self { to, letter }
    }

    /// The bytes for the row of this id.
    ///
    /// # Errors
    /// `Unwritable`, which no letter of ours is.
    pub fn seal(&self, id: &MailId, keys: &Keyring, entropy: &dyn Entropy) -> Result<Vec<u8>, PostFault> {
        let plain = serde_json::to_vec(self).map(Zeroizing::new).map_err(|_| PostFault::Unwritable)?;
        Ok(keys.seal(place(id), &plain, entropy))
    }

    /// Reads the bytes of the row of this id.
    ///
    /// # Errors
    /// When they were sealed for another row or under a key we lack, or hold something else than a letter.
    pub fn open(id: &MailId, sealed: &[u8], keys: &Keyring) -> Result<Self, PostFault> {
        let plain = keys.open(place(id), sealed).map_err(|_| PostFault::Unsealable)?;
        serde_json::from_slice(plain.expose()).map_err(|_| PostFault::Unknown)
    }
}

fn place(id: &MailId) -> Place<'_> {
    Place { table: "housekey_mail", column: "sealed", row: id.as_str() }
}
