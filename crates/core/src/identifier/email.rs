//! E-mail addresses, parsed once: only the parsed form enters an envelope, a lookup or a limit (SEC-23).

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The longest address that SMTP carries (RFC 5321, 4.5.3.1.3).
const LONGEST: usize = 254;
/// The longest local part (RFC 5321, 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// An e-mail address that may stand in an envelope.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email {
    typed: String,
    canonical: String,
    at: usize,
}

/// Why a text is not an address that we accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailFault {
    /// Nothing was typed.
    #[error("the address is missing")]
    Missing,
    /// It is longer than mail carries.
    #[error("the address is too long")]
    TooLong,
    /// It has not the form `name@domain`.
    #[error("the address has not the form name@domain")]
    Malformed,
}

impl EmailFault {
    /// The stable name, which is the message's key too.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "email_missing",
            Self::TooLong => "email_too_long",
            Self::Malformed => "email_malformed",
        }
    }
}

impl Email {
    /// Reads an address: compatibility forms are folded first (NFKC), then everything odd is refused.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, EmailFault> {
        if text.len() > LONGEST * 4 {
            return Err(EmailFault::TooLong);
        }
        let typed: String = text.trim_matches([' ', '\t']).nfkc().collect();
        if typed.is_empty() {
            return Err(EmailFault::Missing);
        }
        if typed.len() > LONGEST {
            return Err(EmailFault::TooLong);
        }
        let (local, domain) = typed.split_once('@').ok_or(EmailFault::Malformed)?;
        if local.len() > LONGEST_LOCAL {
            return Err(EmailFault::TooLong);
        }
        let domain = read_domain(domain).ok_or(EmailFault::Malformed)?;
        let typed = format!("{local}@{domain}");
        if !local_fits(local) || !email_address::EmailAddress::is_valid(&typed) {
            return Err(EmailFault::Malformed);
        }
        let canonical = format!("{}@{domain}", local.to_lowercase());
        if typed.len() > LONGEST || canonical.len() > LONGEST {
            return Err(EmailFault::TooLong);
        }
        Ok(Self { at: local.len(), typed, canonical })
    }

    /// As typed, but for the domain, which is in its ASCII form.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// What the address is looked up and counted by.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The part before the `@`, as typed.
    pub fn local(&self) -> &str {
        self.typed.get(..self.at).unwrap_or_default()
    }

    /// The part after the `@`, in lower-case ASCII.
    pub fn domain(&self) -> &str {
        self.typed.get(self.at + 1..).unwrap_or_default()
    }

    /// Whether it is marked as nobody's mailbox, by the tag that Clerk's test mode knows.
    pub fn is_for_tests(&self) -> bool {
        self.local().to_lowercase().contains("+clerk_test")
    }

    /// Whether the part before the `@` has a tag: the same mailbox under one more name.
    pub fn is_subaddress(&self) -> bool {
        self.local().contains(['+', '=', '#'])
    }

    /// What may be shown and logged: `a•••@example.com`.
    pub fn masked(&self) -> String {
        let first = self.local().chars().next().map(String::from).unwrap_or_default();
        format!("{first}•••@{}", self.domain())
    }
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

impl TryFrom<String> for Email {
    type Error = EmailFault;
    fn try_from(text: String) -> Result<Self, EmailFault> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.typed
    }
}

fn local_fits(local: &str) -> bool {
    let odd = |c: char| c.is_control() || c.is_whitespace() || "\"(),:;<>[\\]@".contains(c);
    let invisible = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !local.is_empty() && !local.contains(|c| odd(c) || invisible(c))
}

/// The domain's A-labels in lower case, when it is a name of at least two labels and no address literal.
fn read_domain(domain: &str) -> Option<String> {
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '.' || !c.is_ascii();
    if domain.is_empty() || !domain.chars().all(plain) {
        return None;
    }
    let url::Host::Domain(name) = url::Host::parse(domain).ok()? else {
        return None;
    };
    let label = |l: &str| !l.is_empty() && l.len() <= 63 && !l.starts_with('-') && !l.ends_with('-');
    let last = name.rsplit('.').next().unwrap_or_default();
    let fits = name.contains('.') && name.split('.').all(label) && !last.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_23_one_canonical_form() {
        let a = Email::parse(" Ada.Lovelace@EXAMPLE.com").unwrap();
        assert_eq!(a.typed(), "Ada.Lovelace@example.com");
        assert_eq!(a.canonical(), "ada.lovelace@example.com");
        assert_eq!((a.local(), a.domain()), ("Ada.Lovelace", "example.com"));
        assert_eq!(a.masked(), "A•••@example.com");
        assert_eq!(Email::parse("ada\u{ff20}example.com").unwrap().canonical(), "ada@example.com");
        assert_eq!(Email::parse("ada@bücher.example").unwrap().domain(), "xn--bcher-kva.example");
    }

    #[test]
    fn sec_23_everything_odd_is_refused() {
        for bad in [
            "a",
            "@",
            "a@",
            "@b.c",
            "a@b",
            "a@b@c.d",
            "a@x.y,b@z.w",
            "\"a@x\"@y.z",
            "a b@x.y",
            "a@x.y\r\nBcc: b@z.w",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a(c)@x.y",
            "<a@x.y>",
            "a;b@x.y",
            "a@x..y",
            "a@-x.y",
            "a@x.y-",
            "a\0@x.y",
            "a\u{200b}@x.y",
            "a\u{202e}@x.y",
            "a@x_y.z/..",
            ".a@x.y",
            "a..b@x.y",
            "a.@x.y",
        ] {
            assert_eq!(Email::parse(bad), Err(EmailFault::Malformed), "{bad:?}");
        }
        assert_eq!(Email::parse("  "), Err(EmailFault::Missing));
        let long = format!("{}@example.com", "a".repeat(65));
        assert_eq!(Email::parse(&long), Err(EmailFault::TooLong));
        assert_eq!(Email::parse(&"a".repeat(5000)), Err(EmailFault::TooLong));
    }
}
