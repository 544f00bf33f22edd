//! A message in the queue: sealed, so that neither the database nor a copy of it holds a code.

use crate::mail::{MailedSecret, PostFault};
use housekey_core::{
    entropy::Entropy,
    identifier::phone::Phone,
    ids::MailId,
    keyring::{Keyring, Place},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What a row of the queue says: a code and whose phone it goes to. No text that a person typed is in it: whoever gives
/// a stranger's number must not be able to write to them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Texted {
    /// The only recipient.
    pub to: Phone,
    /// What to write.
    pub kind: TextKind,
    /// Six digits.
    pub code: MailedSecret,
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextKind {
    /// A code to sign in or up with, or to confirm something.
    Code,
    /// A code to set a new password with.
    Reset,
    /// Somebody signs up with a number that has an account already; the code signs in to that.
    Existing,
}

impl TextKind {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Reset => "reset",
            Self::Existing => "existing",
        }
    }
}

impl Texted {
    /// The bytes for the row of this id.
    ///
    /// # Errors
    /// `Unwritable`, which no message of ours is.
    pub fn seal(&self, id: &MailId, keys: &Keyring, entropy: &dyn Entropy) -> Result<Vec<u8>, PostFault> {
        let plain = serde_json::to_vec(self).map(Zeroizing::new).map_err(|_| PostFault::Unwritable)?;
        Ok(keys.seal(place(id), &plain, entropy))
    }

    /// One message of every kind, with plausible content: words are tried with them at the start.
    pub(crate) fn samples() -> Vec<Self> {
        let to = Phone::try_from("+4915123456789".to_owned());
        let sample = |kind| {
            let code = MailedSecret::new("492817".to_owned());
            to.clone().ok().map(|to| Self { to, kind, code })
        };
        [TextKind::Code, TextKind::Reset, TextKind::Existing].into_iter().filter_map(sample).collect()
    }

    /// Reads the bytes of the row of this id.
    ///
    /// # Errors
    /// When they were sealed for another row or under a key we lack, or hold something else than a message.
    pub fn open(id: &MailId, sealed: &[u8], keys: &Keyring) -> Result<Self, PostFault> {
        let plain = keys.open(place(id), sealed).map_err(|_| PostFault::Unsealable)?;
        serde_json::from_slice(plain.expose()).map_err(|_| PostFault::Unknown)
    }
}

fn place(id: &MailId) -> Place<'_> {
    Place { table: "housekey_mail", column: "sealed", row: id.as_str() }
}
