//! A mail that is ready to leave, and the trait of what takes it away.

use super::caught::Caught;
use futures_util::future::BoxFuture;
use housekey_core::{identifier::email::Email, ids::MailId, time::Time};
use std::fmt;

/// A finished mail: one recipient, one sender, a subject, and the same content as text and as HTML.
#[derive(Clone)]
pub struct OutgoingMail {
    /// When what it is about was asked for.
    pub at: Time,
    /// Its row in the queue; also its Message-ID, so that a mail that leaves twice is shown once.
    pub id: MailId,
    /// The only recipient, of header and envelope alike.
    pub to: Email,
    /// Who it is from.
    pub from: Mailbox,
    /// The subject line.
    pub subject: HeaderText,
    /// The content for readers without HTML.
    pub text: String,
    /// The content as one HTML document without anything from a network.
    pub html: String,
}

/// Takes a mail to its reader's server.
pub trait Mailer: Send + Sync {
    /// Delivers one mail, or says whether trying again can help. Must end in well under two minutes: the queue
    /// gives a mail that is silent for longer to another node.
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> BoxFuture<'a, Result<(), MailFault>>;

    /// The mail that was kept instead of sent, where that is what this mailer does.
    fn caught(&self) -> Option<&Caught> {
        None
    }
}

/// Why a mail was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct MailFault {
    /// No later try can succeed.
    pub permanent: bool,
    /// The reason in words, without addresses and content, fit for a log.
    pub why: String,
}

impl MailFault {
    /// A fault that may pass.
    pub fn passing(why: impl Into<String>) -> Self {
        Self { permanent: false, why: why.into() }
    }

    /// A fault that stays.
    pub fn permanent(why: impl Into<String>) -> Self {
        Self { permanent: true, why: why.into() }
    }
}

/// The longest header text in bytes.
const LONGEST: usize = 250;

/// Text for a mail header. It has no control characters, so it cannot begin another header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeaderText(String);

/// Why a text may not stand in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// It holds a line break, a null or another control character.
    #[error("it holds a control character")]
    Control,
    /// It is longer than 250 bytes.
    #[error("it is longer than 250 bytes")]
    TooLong,
    /// Nothing is in it.
    #[error("it is empty")]
    Empty,
}

impl HeaderText {
    /// Reads a text for a header.
    ///
    /// # Errors
    /// When it is empty, too long, or holds a control character or a character that turns reading direction.
    pub fn parse(text: &str) -> Result<Self, HeaderFault> {
        let text = text.trim_matches(' ');
        match text {
            "" => Err(HeaderFault::Empty),
            long if long.len() > LONGEST => Err(HeaderFault::TooLong),
            bad if bad.chars().any(unfit) => Err(HeaderFault::Control),
            good => Ok(Self(good.to_owned())),
        }
    }

    /// Makes a header of any text: what is unfit becomes a space, what is too long is cut, and where nothing is left
    /// it says `fallback`.
    pub fn made_from(text: &str, fallback: &'static str) -> Self {
        let mut fit: String = text.chars().map(|c| if unfit(c) { ' ' } else { c }).collect();
        fit.truncate(fit.floor_char_boundary(LONGEST));
        Self::parse(&fit).unwrap_or_else(|_| Self(fallback.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// Line and paragraph separators and direction overrides are no ASCII controls, but forge what a reader sees.
fn unfit(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl fmt::Display for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A sender: an address and the name that mail programs show before it.
#[derive(Clone, Debug)]
pub struct Mailbox {
    name: Option<HeaderText>,
    email: Email,
}

impl Mailbox {
    /// Puts name and address together.
    ///
    /// # Errors
    /// When the name cannot stand in a header.
    pub fn new(name: Option<&str>, email: Email) -> Result<Self, HeaderFault> {
        Ok(Self { name: name.map(HeaderText::parse).transpose()?, email })
    }

    pub(super) fn named(name: HeaderText, email: Email) -> Self {
        Self { name: Some(name), email }
    }

    /// The name, if there is one.
    pub fn name(&self) -> Option<&HeaderText> {
        self.name.as_ref()
    }

    /// The address.
    pub fn email(&self) -> &Email {
        &self.email
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.email.typed()),
            None => f.write_str(self.email.typed()),
        }
    }
}

// The content holds codes and links: a log line of a mail must not show them.
impl fmt::Debug for OutgoingMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMail").field("id", &self.id).field("to", &self.to.masked()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_24_no_text_begins_another_header() {
        for text in
            ["a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\0b", "a\u{2028}b", "a\u{202e}b", "a\u{7f}", "a\u{85}b"]
        {
            assert_eq!(HeaderText::parse(text), Err(HeaderFault::Control), "{text:?}");
        }
        assert_eq!(HeaderText::parse("  "), Err(HeaderFault::Empty));
        assert_eq!(HeaderText::parse(&"a".repeat(251)), Err(HeaderFault::TooLong));
        assert_eq!(HeaderText::parse(" Ärzte & Söhne ").unwrap().as_str(), "Ärzte & Söhne");
    }

    #[test]
    fn any_text_can_be_made_fit() {
        assert_eq!(HeaderText::made_from("a\r\nb", "x").as_str(), "a  b");
        assert_eq!(HeaderText::made_from("\n\n", "x").as_str(), "x");
        assert!(HeaderText::made_from(&"é".repeat(500), "x").as_str().len() <= 250);
    }

    #[test]
    fn a_name_with_a_line_break_is_no_sender() {
        let email = Email::parse("a@example.com").unwrap();
        assert!(Mailbox::new(Some("Acme\r\nX: y"), email.clone()).is_err());
        assert_eq!(Mailbox::new(Some("Acme"), email).unwrap().to_string(), "Acme <a@example.com>");
    }
}
