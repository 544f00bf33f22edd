//! Values as they were written, and as a key's kind understands them.

use std::{fmt, time::Duration};

use super::Wrong;

/// A value as its source wrote it, before a key's kind has looked at it.
pub enum Given {
    /// A string of a format that has types (TOML, JSON).
    Text(String),
    /// A whole number.
    Count(i64),
    /// True or false.
    Switch(bool),
    /// A list of strings.
    List(Vec<String>),
    /// A variable or a flag: words whose type the key decides.
    Words(String),
    /// A type that no key takes, by name ("a table", "a float").
    Other(&'static str),
}

impl Given {
    /// Reads a value that the database keeps as JSON.
    pub fn from_json(json: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::String(text) => Self::Text(text),
            Json::Bool(on) => Self::Switch(on),
            Json::Number(number) => number.as_i64().map_or(Self::Other("a number with a fraction"), Self::Count),
            Json::Array(items) => items
                .into_iter()
                .map(|item| if let Json::String(text) = item { Some(text) } else { None })
                .collect::<Option<Vec<_>>>()
                .map_or(Self::Other("a list with something else than text"), Self::List),
            Json::Null => Self::Other("nothing"),
            Json::Object(_) => Self::Other("a table"),
        }
    }

    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Words(_) => "text",
            Self::Count(_) => "a whole number",
            Self::Switch(_) => "true or false",
            Self::List(_) => "a list",
            Self::Other(name) => name,
        }
    }
}

/// A value of the right type and inside its bounds; its `Display` is TOML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text; whoever shows it decides whether it may be shown.
    Text(String),
    /// A whole number.
    Count(u32),
    /// True or false.
    Switch(bool),
    /// A list of texts.
    List(Vec<String>),
    /// A length of time, written `12h`.
    Duration(Duration),
}

impl Value {
    /// The text inside.
    pub fn text(self) -> Result<String, Wrong> {
        if let Self::Text(text) = self { Ok(text) } else { Err(self.misfit("text")) }
    }

    /// The number inside.
    pub fn count(self) -> Result<u32, Wrong> {
        if let Self::Count(count) = self { Ok(count) } else { Err(self.misfit("a whole number")) }
    }

    /// The switch inside.
    pub fn switch(self) -> Result<bool, Wrong> {
        if let Self::Switch(on) = self { Ok(on) } else { Err(self.misfit("true or false")) }
    }

    /// The list inside.
    pub fn list(self) -> Result<Vec<String>, Wrong> {
        if let Self::List(items) = self { Ok(items) } else { Err(self.misfit("a list")) }
    }

    /// The length of time inside.
    pub fn duration(self) -> Result<Duration, Wrong> {
        if let Self::Duration(length) = self { Ok(length) } else { Err(self.misfit("a length of time")) }
    }

    /// The value as JSON, for output that programs read.
    pub fn json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Count(count) => (*count).into(),
            Self::Switch(on) => (*on).into(),
            Self::List(items) => items.as_slice().into(),
            Self::Duration(length) => duration_text(*length).into(),
        }
    }

    fn misfit(&self, wanted: &str) -> Wrong {
        Wrong::new(format!("is {self} and not {wanted}"), wanted)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => quoted(f, text),
            Self::Count(count) => write!(f, "{count}"),
            Self::Switch(on) => write!(f, "{on}"),
            Self::Duration(length) => write!(f, "\"{}\"", duration_text(*length)),
            Self::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { ", " })?;
                    quoted(f, item)?;
                }
                f.write_str("]")
            }
        }
    }
}

/// A TOML basic string; control characters never reach a terminal as they are.
fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            c if c.is_control() => write!(f, "\\u{:04X}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// The shortest form: `7d`, `12h`, `90s`.
pub fn duration_text(length: Duration) -> String {
    let seconds = length.as_secs();
    let (unit, size) =
        UNITS.into_iter().find(|(_, size)| seconds >= *size && seconds.is_multiple_of(*size)).unwrap_or(('s', 1));
    format!("{}{unit}", seconds / size)
}

pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit = text.chars().next_back()?;
    let (_, size) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let number: u64 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
    number.checked_mul(size).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_they_are_written() {
        for text in ["7d", "12h", "5m", "90s", "0s"] {
            assert_eq!(duration_text(parse_duration(text).unwrap()), text);
        }
        assert_eq!(parse_duration("48h"), parse_duration("2d"));
        for text in ["", "12", "h", "-1h", "1.5h", "1w", "99999999999999999999d", "18446744073709551615d"] {
            assert!(parse_duration(text).is_none(), "{text}");
        }
    }

    #[test]
    fn text_is_written_as_toml_without_control_characters() {
        assert_eq!(Value::Text("a\"b\\c\n\u{1b}".to_owned()).to_string(), r#""a\"b\\c\n\u001B""#);
    }
}
