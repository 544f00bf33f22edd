//! How the product presents itself.

use super::super::{Colour, Key, Kind, Scope, Settings, Value, Wrong};

pub(super) const NAME: Key<Settings> = Key {
    name: "site.name",
    kind: Kind::Text,
    scope: Scope::Policy,
    doc: "What your product is called, on pages and in mail.",
    unset: "",
    example: "\"Acme\"",
    set: |s, v| {
        s.name = product_name(v.text()?)?;
        Ok(())
    },
    show: |s| Some(Value::Text(s.name.clone())),
};

pub(super) const LOGO: Key<Settings> = Key {
    name: "site.logo",
    kind: Kind::Path,
    scope: Scope::Boot,
    doc: "A picture (SVG, PNG, WebP) that stands above the forms.",
    unset: "the name is shown",
    example: "\"logo.svg\"",
    set: |s, v| {
        s.logo = Some(v.text()?.into());
        Ok(())
    },
    show: |s| s.logo.as_ref().map(|path| Value::Text(path.display().to_string())),
};

pub(super) const ACCENT: Key<Settings> = Key {
    name: "site.accent",
    kind: Kind::Colour,
    scope: Scope::Policy,
    doc: "The colour of buttons, links and focus. Text on it turns dark or light by itself.",
    unset: "",
    example: "\"#0a7d4f\"",
    set: |s, v| {
        s.accent = Colour::parse(&v.text()?).ok_or_else(|| Wrong::new("not a colour", "\"#0a7d4f\""))?;
        Ok(())
    },
    show: |s| Some(Value::Text(s.accent.to_string())),
};

pub(super) const TEMPLATES: Key<Settings> = Key {
    name: "site.templates",
    kind: Kind::Path,
    scope: Scope::Boot,
    doc: "A folder whose files replace the built-in page and mail templates one by one, by the same name.",
    unset: "the built-in templates",
    example: "\"templates\"",
    set: |s, v| {
        s.templates = Some(v.text()?.into());
        Ok(())
    },
    show: |s| s.templates.as_ref().map(|path| Value::Text(path.display().to_string())),
};

/// The name stands in mail headers and page titles: short, and nothing in it may
/// turn the reading direction of what follows (SEC-58).
fn product_name(text: String) -> Result<String, Wrong> {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.chars().count() > 100 || text.chars().any(turns) {
        return Err(Wrong::new("longer than 100 characters, or turns the reading direction", "\"Acme\""));
    }
    Ok(text)
}
