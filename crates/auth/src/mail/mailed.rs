//! What a letter carries to prove a mailbox, on its way there and inside.

use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// What proves a mailbox: a code to type, a link to follow, or either.
#[derive(Clone, Copy, Debug)]
pub struct MailedCode<'a> {
    /// Six digits.
    pub code: Option<&'a MailedSecret>,
    /// The token of the page that the link leads to.
    pub link: Option<&'a MailedSecret>,
}

/// The same on its way into a letter.
pub struct NewMailedCode {
    /// Six digits.
    pub code: Option<MailedSecret>,
    /// The token of the page that the link leads to.
    pub link: Option<MailedSecret>,
}

/// A code or token on its way into a letter. It can be written out, since its reader needs it, but only into the
/// sealed queue and into the letter; logs show dots.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MailedSecret(#[serde(with = "zeroizing")] Zeroizing<String>);

impl MailedSecret {
    /// Takes the code's digits or the token's text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MailedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailedSecret(••••)")
    }
}

mod zeroizing {
    use serde::{Deserialize, Deserializer, Serializer};
    use zeroize::Zeroizing;

    pub(super) fn serialize<S: Serializer>(text: &Zeroizing<String>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Zeroizing<String>, D::Error> {
        String::deserialize(from).map(Zeroizing::new)
    }
}
