//! What the file, the environment and the flags say, not yet judged by kind.

use std::{ops::Range, path::Path};

use housekey::settings::{Assignment, Fault, Given, Kind, Source, Wrong};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    catalogue::{KeyInfo, catalogue, find},
    suggest::nearest,
};

/// The words of all sources, and the faults that reading them showed.
#[derive(Default)]
pub struct Written {
    pub given: Vec<Assignment>,
    pub faults: Vec<Fault>,
    /// Where keys stand in the file, for the report.
    pub spans: Vec<(String, Range<usize>)>,
    /// Parts of the file that no report may show.
    pub hidden: Vec<Range<usize>>,
}

impl Written {
    /// Reads the file's text. `named` is how reports call it.
    pub fn file(&mut self, text: &str, named: &Path) {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let line = line_of(text, error.span().map_or(0, |span| span.start));
            let wrong =
                Wrong::new(format!("not TOML: {}", error.message()), "a line as `key = \"value\"` under a `[section]`");
            self.faults.push(Fault { key: "syntax".to_owned(), source: source(named, line), wrong });
        }
        // After a syntax error what was recovered would be guesses about guesses.
        if errors.is_empty() {
            for (section, value) in table.get_ref() {
                self.section(text, named, section, value);
            }
        }
    }

    /// Reads `HOUSEKEY__SECTION__KEY` variables.
    pub fn environment(&mut self, variables: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>) {
        for (variable, value) in variables {
            let Some(variable) = variable.to_str() else {
                continue;
            };
            let Some(rest) = variable.strip_prefix("HOUSEKEY__") else {
                continue;
            };
            let name = rest.to_lowercase().replacen("__", ".", 1);
            let source = Source::Environment(variable.to_owned());
            match (value.into_string(), resolve_name(&name)) {
                (Err(_), _) => {
                    let wrong = Wrong::new("not UTF-8", "text");
                    self.faults.push(Fault { key: name, source, wrong });
                }
                (Ok(text), Some(found)) => self.take(found, Given::Words(text), source, None),
                (Ok(_), None) => {
                    self.faults.push(unknown(&name, source, |known| find(known).map(|key| key.variable())))
                }
            }
        }
    }

    /// Takes a flag's value.
    pub fn flag(&mut self, key: &'static str, flag: &str, value: &str) {
        self.given.push(Assignment {
            key,
            given: Given::Words(value.to_owned()),
            source: Source::Flag(flag.to_owned()),
        });
    }

    fn section(
        &mut self,
        text: &str,
        named: &Path,
        section: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let Some(table) = value.get_ref().as_table() else {
            self.hidden.push(value.span());
            self.spans.push((section.get_ref().to_string(), section.span()));
            let source = source(named, line_of(text, section.span().start));
            self.faults.push(unknown(section.get_ref(), source, |known| Some(known.to_owned())));
            return;
        };
        for (key, value) in table {
            let name = format!("{}.{}", section.get_ref(), key.get_ref());
            let source = source(named, line_of(text, key.span().start));
            self.spans.push((name.clone(), key.span().start..first_line(text, value.span())));
            match resolve_name(&name) {
                Some(found) => {
                    if found.info.is_secret() {
                        self.hidden.push(value.span());
                    }
                    self.take(found, given(value.get_ref()), source, named.parent());
                }
                // A misspelt secret is a secret all the same.
                None => {
                    self.hidden.push(value.span());
                    self.faults.push(unknown(&name, source, |known| Some(known.to_owned())));
                }
            }
        }
    }

    fn take(&mut self, found: Found, given: Given, source: Source, folder: Option<&Path>) {
        let key = found.info.name;
        let given = match (found.twin || found.info.kind == Kind::Path, given) {
            (true, Given::Text(path)) => Given::Text(folder.unwrap_or(Path::new("")).join(path).display().to_string()),
            (_, given) => given,
        };
        if !found.twin {
            return self.given.push(Assignment { key, given, source });
        }
        let (Given::Text(path) | Given::Words(path)) = given else {
            let wrong = Wrong::new("of the wrong type", "a path");
            return self.faults.push(Fault { key: format!("{key}_file"), source, wrong });
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => self.given.push(Assignment { key, given: Given::Words(text.trim_end().to_owned()), source }),
            Err(why) => {
                let wrong =
                    Wrong::new(format!("unreadable: {path}: {why}"), "the path of a file that this user may read");
                self.faults.push(Fault { key: format!("{key}_file"), source, wrong });
            }
        }
    }
}

/// A key that a name means, either itself or as the file that holds it.
struct Found {
    info: KeyInfo,
    twin: bool,
}

fn resolve_name(name: &str) -> Option<Found> {
    if let Some(info) = find(name) {
        return Some(Found { info, twin: false });
    }
    let info = find(name.strip_suffix("_file")?)?;
    info.is_secret().then_some(Found { info, twin: true })
}

fn unknown(name: &str, source: Source, spell: impl Fn(&str) -> Option<String>) -> Fault {
    let known: Vec<&str> = catalogue().iter().map(|info| info.name).collect();
    let advice = nearest(name, &known)
        .and_then(spell)
        .unwrap_or_else(|| "one of the keys that `housekey config reference` lists".to_owned());
    Fault { key: name.to_owned(), source, wrong: Wrong::new("not a key", advice) }
}

fn given(value: &DeValue<'_>) -> Given {
    match value {
        DeValue::String(text) => Given::Text(text.to_string()),
        DeValue::Boolean(on) => Given::Switch(*on),
        DeValue::Integer(digits) => match i64::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(number) => Given::Count(number),
            Err(_) => Given::Other("a number that is too large"),
        },
        DeValue::Array(items) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .map_or(Given::Other("a list with something else than text"), Given::List),
        DeValue::Float(_) => Given::Other("a number with a fraction"),
        DeValue::Datetime(_) => Given::Other("a date"),
        DeValue::Table(_) => Given::Other("a table"),
    }
}

fn source(named: &Path, line: usize) -> Source {
    Source::File { path: named.display().to_string(), line }
}

/// The end of a value, or of its first line: a report quotes one line.
fn first_line(text: &str, value: Range<usize>) -> usize {
    let inside = text.get(value.clone()).unwrap_or_default();
    inside.find('\n').map_or(value.end, |at| value.start + at)
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}
