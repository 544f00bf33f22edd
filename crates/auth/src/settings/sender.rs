//! Who mail is from.

use housekey_core::identifier::email::Email;

use super::Wrong;

/// A mailbox with the name that mail programs show.
#[derive(Clone, Debug)]
pub struct Sender {
    /// The name before the address.
    pub name: Option<String>,
    /// The address.
    pub email: Email,
}

impl Sender {
    /// Reads `ada@example.com` or `Ada at Example <ada@example.com>`.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let wrong = |why: &str| Wrong::new(why, "\"Acme <no-reply@acme.example>\"");
        let (name, address) = match text.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"'), address),
            None => ("", text.trim()),
        };
        if name.chars().any(char::is_control) {
            return Err(wrong("the name holds a control character"));
        }
        let email = Email::parse(address).map_err(|_| wrong("not an e-mail address"))?;
        Ok(Self { name: (!name.is_empty()).then(|| name.to_owned()), email })
    }

    /// As it is written in a configuration file.
    pub fn text(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} <{}>", self.email.typed()),
            None => self.email.typed().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_and_without_a_name() {
        assert_eq!(Sender::parse("a@example.com").unwrap().text(), "a@example.com");
        let named = Sender::parse("\"Acme Inc.\" <a@example.com>").unwrap();
        assert_eq!(named.name.as_deref(), Some("Acme Inc."));
        for text in ["", "Acme", "a@b@c", "Acme <a@example.com", "A\nB <a@example.com>", "a@example.com, b@example.com"]
        {
            assert!(Sender::parse(text).is_err(), "{text}");
        }
    }
}
