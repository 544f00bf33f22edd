//! Both tables of keys as one list.

use housekey::settings::{KEYS, Key, Kind, Scope, Settings};

use super::keys::{SERVER_KEYS, ServerSettings};

/// A key of either table, without its setter.
#[derive(Clone, Copy)]
pub struct KeyInfo {
    pub name: &'static str,
    pub kind: Kind,
    pub scope: Scope,
    pub doc: &'static str,
    pub unset: &'static str,
    pub example: &'static str,
    /// The default as TOML, where it is a plain value.
    pub default: fn(&'static str) -> Option<String>,
}

impl KeyInfo {
    /// Whether the value must never be shown.
    pub fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret | Kind::SecretList)
    }

    /// The section before the dot.
    pub fn section(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(section, _)| section)
    }

    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        format!("HOUSEKEY__{}", self.name.replace('.', "__").to_uppercase())
    }
}

/// Every key, sections kept together, the process's keys first.
pub fn catalogue() -> Vec<KeyInfo> {
    let all: Vec<KeyInfo> = SERVER_KEYS.iter().map(server_info).chain(KEYS.iter().map(library_info)).collect();
    let mut sections: Vec<&str> = Vec::new();
    for info in &all {
        if !sections.contains(&info.section()) {
            sections.push(info.section());
        }
    }
    let of = |section: &str| all.iter().filter(move |info| info.section() == section).copied().collect::<Vec<_>>();
    sections.iter().flat_map(|section| of(section)).collect()
}

/// The key of that name.
pub fn find(name: &str) -> Option<KeyInfo> {
    SERVER_KEYS.iter().map(server_info).chain(KEYS.iter().map(library_info)).find(|info| info.name == name)
}

fn server_info(key: &Key<ServerSettings>) -> KeyInfo {
    info(key, |name| default_of(SERVER_KEYS, name))
}

fn library_info(key: &Key<Settings>) -> KeyInfo {
    info(key, |name| default_of(KEYS, name))
}

fn info<S>(key: &Key<S>, default: fn(&'static str) -> Option<String>) -> KeyInfo {
    KeyInfo {
        name: key.name,
        kind: key.kind,
        scope: key.scope,
        doc: key.doc,
        unset: key.unset,
        example: key.example,
        default,
    }
}

fn default_of<S: Default>(table: &'static [Key<S>], name: &str) -> Option<String> {
    let key = table.iter().find(|key| key.name == name)?;
    (key.show)(&S::default()).map(|value| value.to_string())
}
