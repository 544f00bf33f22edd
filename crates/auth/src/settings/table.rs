//! What the table of keys is made of, and how a kind reads what was given.

use std::{fmt, time::Duration};

use url::Url;

use super::{
    Given, Value, Wrong,
    given::{duration_text, parse_duration},
};

/// One key: everything that the parser, the reference and `config show` know of it.
pub struct Key<S: 'static> {
    /// Section and key, as `mail.from`.
    pub name: &'static str,
    /// What may be written.
    pub kind: Kind,
    /// Where it may be set.
    pub scope: Scope,
    /// What it does, in one or two sentences.
    pub doc: &'static str,
    /// What holds while nobody sets it and the default is not a plain value.
    pub unset: &'static str,
    /// A line of TOML's right-hand side.
    pub example: &'static str,
    /// Takes the value into the settings.
    pub set: fn(&mut S, Value) -> Result<(), Wrong>,
    /// The value as it may be shown: of a secret, that it is there.
    pub show: fn(&S) -> Option<Value>,
}

impl<S> Key<S> {
    /// Whether the value is a secret: it then has a `…_file` twin.
    pub fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret | Kind::SecretList)
    }

    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        format!("HOUSEKEY__{}", self.name.replace('.', "__").to_uppercase())
    }
}

/// Where a key may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In the file, the environment, a flag or the builder: needed before a
    /// database is open, or too dangerous to change from a browser.
    Boot,
    /// There, and by an administrator in the database.
    Policy,
}

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text of one line that is not empty.
    Text,
    /// Text that is never shown.
    Secret,
    /// Texts that are never shown.
    SecretList,
    /// A web address.
    Url,
    /// A path; in a file, relative to that file's folder.
    Path,
    /// `#rrggbb`.
    Colour,
    /// A mailbox with or without a name.
    Sender,
    /// True or false.
    Switch,
    /// A whole number within bounds.
    Count(u32, u32),
    /// A length of time within bounds, in seconds.
    Duration(u64, u64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of what the word says.
    List(&'static str),
}

impl Kind {
    /// Reads what was given, or says what to write.
    pub fn accept(self, given: Given) -> Result<Value, Wrong> {
        match (self, given) {
            (Self::Switch, Given::Switch(on)) => Ok(Value::Switch(on)),
            (Self::Switch, Given::Words(text)) => match text.trim() {
                "true" | "1" | "yes" | "on" => Ok(Value::Switch(true)),
                "false" | "0" | "no" | "off" => Ok(Value::Switch(false)),
                _ => Err(Wrong::new("neither true nor false", "true or false")),
            },
            (Self::Count(..), Given::Count(number)) => self.within(number),
            (Self::Count(..), Given::Words(text)) => match text.trim().parse() {
                Ok(number) => self.within(number),
                Err(_) => Err(self.misfit("text")),
            },
            (Self::Duration(low, high), Given::Text(text) | Given::Words(text)) => match parse_duration(&text) {
                Some(length) if (low..=high).contains(&length.as_secs()) => Ok(Value::Duration(length)),
                Some(_) => Err(Wrong::new("out of bounds", self.to_string())),
                None => Err(Wrong::new("not a length of time", self.to_string())),
            },
            (Self::Choice(words), Given::Text(text) | Given::Words(text)) => match words.contains(&text.trim()) {
                true => Ok(Value::Text(text.trim().to_owned())),
                false => Err(Wrong::new("not one of the choices", self.to_string())),
            },
            (Self::List(_) | Self::SecretList, Given::List(items)) => lines(items),
            (Self::List(_) | Self::SecretList, Given::Words(text)) => lines(
                text.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect(),
            ),
            (kind, Given::Text(text) | Given::Words(text)) if kind.is_textual() => line(text).map(Value::Text),
            (_, other) => Err(self.misfit(other.type_name())),
        }
    }

    fn is_textual(self) -> bool {
        matches!(self, Self::Text | Self::Secret | Self::Url | Self::Path | Self::Colour | Self::Sender)
    }

    fn within(self, number: i64) -> Result<Value, Wrong> {
        match (self, u32::try_from(number)) {
            (Self::Count(low, high), Ok(count)) if (low..=high).contains(&count) => Ok(Value::Count(count)),
            _ => Err(Wrong::new("out of bounds", self.to_string())),
        }
    }

    fn misfit(self, got: &str) -> Wrong {
        Wrong::new(format!("of the wrong type ({got})"), self.to_string())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Secret => f.write_str("secret text"),
            Self::SecretList => f.write_str("list of secret texts"),
            Self::Url => f.write_str("a web address"),
            Self::Path => f.write_str("a path"),
            Self::Colour => f.write_str("a colour as \"#rrggbb\""),
            Self::Sender => f.write_str("a mailbox as \"Name <address>\""),
            Self::Switch => f.write_str("true or false"),
            Self::Count(low, high) => write!(f, "a whole number from {low} to {high}"),
            Self::Duration(low, high) => {
                let text = |seconds: &u64| duration_text(Duration::from_secs(*seconds));
                write!(f, "a length of time from \"{}\" to \"{}\"", text(low), text(high))
            }
            Self::Choice(words) => {
                f.write_str("one of ")?;
                for (i, word) in words.iter().enumerate() {
                    write!(f, "{}\"{word}\"", if i == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Self::List(what) => write!(f, "a list of {what}"),
        }
    }
}

/// Parses a web address of ours: no user, query or fragment.
pub fn read_url(text: &str, example: &str) -> Result<Url, Wrong> {
    let url = Url::parse(text).map_err(|why| Wrong::new(format!("not a web address ({why})"), example))?;
    let bare =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    match url.has_host() && bare {
        true => Ok(url),
        false => Err(Wrong::new("more than scheme, host and port", example)),
    }
}

/// A connection address with its password replaced, fit to be shown. What does
/// not parse is hidden whole: the password could stand anywhere in it.
pub fn hide_password(text: &str) -> String {
    match Url::parse(text) {
        Ok(mut url) => {
            if url.password().is_some() && url.set_password(Some("hidden")).is_err() {
                return "hidden".to_owned();
            }
            // Parameters can carry `password=` as well.
            if url.query().is_some() {
                url.set_query(Some("hidden"));
            }
            url.to_string()
        }
        Err(_) => "hidden".to_owned(),
    }
}

fn line(text: String) -> Result<String, Wrong> {
    if text.trim().is_empty() {
        return Err(Wrong::new("empty", "a value, or leave the key out"));
    }
    if text.chars().any(char::is_control) {
        return Err(Wrong::new("more than one line, or holds a control character", "one line of text"));
    }
    Ok(text)
}

fn lines(items: Vec<String>) -> Result<Value, Wrong> {
    items.into_iter().map(line).collect::<Result<_, _>>().map(Value::List)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_by_the_kind_and_types_are_kept_apart() {
        let words = |kind: Kind, text: &str| kind.accept(Given::Words(text.to_owned())).ok();
        assert_eq!(words(Kind::Count(1, 50), " 7 "), Some(Value::Count(7)));
        assert_eq!(words(Kind::Count(1, 50), "51"), None);
        assert_eq!(words(Kind::Switch, "on"), Some(Value::Switch(true)));
        assert_eq!(words(Kind::List("x"), "a, b,"), Some(Value::List(vec!["a".into(), "b".into()])));
        assert!(Kind::Count(1, 50).accept(Given::Text("7".into())).is_err());
        assert!(Kind::Text.accept(Given::Count(7)).is_err());
        assert!(Kind::Text.accept(Given::Text("a\u{0}b".into())).is_err());
    }

    #[test]
    fn sec_122_a_shown_address_has_no_password() {
        assert_eq!(hide_password("postgres://u:p4ss@h/db"), "postgres://u:hidden@h/db");
        assert_eq!(hide_password("postgres://h/db?password=p4ss"), "postgres://h/db?hidden");
        assert_eq!(hide_password("p4ss word"), "hidden");
    }
}
