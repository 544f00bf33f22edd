//! Settings together with where each value came from.

use std::collections::BTreeMap;

use super::{Assignment, Fault, Given, KEYS, Key, Settings, Source, Value, resolve};

/// One consistent set of settings; a request holds one from beginning to end.
pub struct SettingsSnapshot {
    /// The values.
    pub settings: Settings,
    sources: BTreeMap<&'static str, Source>,
}

/// One key with its value and source, as `config show` and the console list it.
pub struct Entry {
    /// The key's full name.
    pub name: &'static str,
    /// The value as it may be shown; `None` where nothing is set.
    pub value: Option<Value>,
    /// Who set it.
    pub source: Source,
}

impl SettingsSnapshot {
    /// Reads every assignment and checks the whole; all faults at once.
    pub fn read(given: Vec<Assignment>) -> Result<Self, Vec<Fault>> {
        let resolved = resolve(KEYS, given);
        let mut faults = resolved.faults;
        let snapshot = Self { settings: resolved.settings, sources: resolved.sources };
        faults.extend(snapshot.faults());
        if faults.is_empty() { Ok(snapshot) } else { Err(faults) }
    }

    /// Joins values and sources that [`resolve`] made; ask [`Self::faults`] next.
    pub fn from_resolved(settings: Settings, sources: BTreeMap<&'static str, Source>) -> Self {
        Self { settings, sources }
    }

    /// Assignments for what the database keeps: JSON by key name. Names that this
    /// release does not know are left alone, since a newer node may have written them.
    pub fn from_database(rows: impl IntoIterator<Item = (String, serde_json::Value)>) -> Vec<Assignment> {
        rows.into_iter()
            .filter_map(|(name, json)| {
                let key = KEYS.iter().find(|key| key.name == name)?;
                Some(Assignment { key: key.name, given: Given::from_json(json), source: Source::Database })
            })
            .collect()
    }

    /// Everything about these values that must stop a start (see `check.rs`).
    pub fn faults(&self) -> Vec<Fault> {
        self.settings
            .faults()
            .into_iter()
            .map(|(key, wrong)| Fault { key: key.to_owned(), source: self.source(key), wrong })
            .collect()
    }

    /// Who set the key.
    pub fn source(&self, key: &str) -> Source {
        self.sources.get(key).cloned().unwrap_or(Source::Default)
    }

    /// Whether file, environment, flag or builder hold the key, so that an
    /// administrator's write is refused.
    pub fn is_pinned(&self, key: &str) -> bool {
        self.source(key).pins()
    }

    /// Every key in the table's order.
    pub fn entries(&self) -> Vec<Entry> {
        KEYS.iter()
            .map(|key| Entry { name: key.name, value: (key.show)(&self.settings), source: self.source(key.name) })
            .collect()
    }
}

impl From<Settings> for SettingsSnapshot {
    /// Settings made in code: what differs from the default is the builder's word.
    fn from(settings: Settings) -> Self {
        let plain = Settings::default();
        let differs = |key: &&Key<Settings>| (key.show)(&settings) != (key.show)(&plain);
        let sources = KEYS.iter().filter(differs).map(|key| (key.name, Source::Builder)).collect();
        Self { settings, sources }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(key: &'static str, text: &str) -> Assignment {
        Assignment {
            key,
            given: Given::Text(text.into()),
            source: Source::File { path: "housekey.toml".into(), line: 2 },
        }
    }

    #[test]
    fn the_stronger_source_wins_and_pins() {
        let environment = Assignment {
            key: "site.name",
            given: Given::Words("Env".into()),
            source: Source::Environment("HOUSEKEY__SITE__NAME".into()),
        };
        let mut given = SettingsSnapshot::from_database([
            ("site.name".to_owned(), "Database".into()),
            ("sessions.idle".to_owned(), "1h".into()),
            ("server.trusted_proxies".to_owned(), serde_json::json!(["0.0.0.0/0"])),
            ("not.known".to_owned(), 1.into()),
        ]);
        given.extend([environment, file("site.name", "File")]);
        let Ok(snapshot) = SettingsSnapshot::read(given) else { panic!("refused") };
        assert_eq!(snapshot.settings.name, "Env");
        assert!(snapshot.is_pinned("site.name"));
        assert_eq!(snapshot.source("sessions.idle"), Source::Database);
        assert!(!snapshot.is_pinned("sessions.idle"));
        assert!(snapshot.settings.trusted_proxies.is_empty(), "a boot key is never read from the database");
    }

    #[test]
    fn what_code_sets_is_the_builders() {
        let snapshot = SettingsSnapshot::from(Settings { name: "Acme".into(), ..Settings::default() });
        assert_eq!(snapshot.source("site.name"), Source::Builder);
        assert_eq!(snapshot.source("site.accent"), Source::Default);
    }
}
