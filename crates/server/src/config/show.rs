//! The values in force and who set each.

use housekey::settings::Value;

use super::{Config, catalogue::catalogue, keys::SERVER_KEYS};

/// What `config show` prints; a running server sends the same.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Shown {
    pub file: String,
    pub values: Vec<ShownValue>,
}

/// One key as it may be shown.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct ShownValue {
    pub key: String,
    /// As JSON; nothing where nothing is set.
    pub value: Option<serde_json::Value>,
    /// As TOML.
    pub text: Option<String>,
    pub source: String,
}

impl Shown {
    /// Lists every key; secrets were hidden where the table shows them.
    pub fn of(config: &Config) -> Self {
        let entries = config.settings.entries();
        let values = catalogue()
            .iter()
            .map(|info| {
                let value: Option<Value> = match SERVER_KEYS.iter().find(|key| key.name == info.name) {
                    Some(key) => (key.show)(&config.server),
                    None => entries.iter().find(|entry| entry.name == info.name).and_then(|entry| entry.value.clone()),
                };
                ShownValue {
                    key: info.name.to_owned(),
                    text: value.as_ref().map(ToString::to_string),
                    value: value.as_ref().map(Value::json),
                    source: config.source(info.name).to_string(),
                }
            })
            .collect();
        Self { file: config.file_name(), values }
    }

    /// As TOML with the sources in comments, so that it can be pasted.
    pub fn toml(&self) -> String {
        let mut out = format!("# Configuration file: {}\n", self.file);
        let mut section = "";
        for ShownValue { key, text, source, .. } in &self.values {
            let (in_section, name) = key.split_once('.').unwrap_or(("", key));
            if in_section != section {
                section = in_section;
                out.push_str(&format!("\n[{section}]\n"));
            }
            let line = match text {
                Some(text) => format!("{name} = {text}"),
                None => format!("# {name} is not set"),
            };
            out.push_str(&format!("{line:<50} # {source}\n"));
        }
        out
    }
}
