//! The words of mail, from Fluent files.

use super::template::TemplateFault;
use fluent_templates::fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_templates::{FluentBundle, LanguageIdentifier};
use minijinja::{ErrorKind, State};

/// The file of the words, built in and in the operator's folder.
pub(super) const FILE: &str = "mail.ftl";

const BUILT_IN: &str = include_str!("../../locales/en/mail.ftl");

/// What a message may name. Template variables of these names are handed to every message.
const VARIABLES: [&str; 12] =
    ["app", "host", "code", "minutes", "added", "primary", "undo_until", "until", "endpoint", "left", "device", "when"];

/// All messages, ready to be written.
pub(super) struct Words(FluentBundle<FluentResource>);

impl Words {
    /// The built-in messages; those in `over` replace single ones.
    pub(super) fn load(over: Option<String>) -> Result<Self, Vec<TemplateFault>> {
        let mut bundle = FluentBundle::new_concurrent(vec![LanguageIdentifier::default(), english()]);
        // Isolation marks around every variable would be copied along with a code.
        bundle.set_use_isolating(false);
        let known = ids(BUILT_IN).map(|(_, id)| id.to_owned()).collect::<Vec<_>>();
        bundle.add_resource_overriding(resource(BUILT_IN.to_owned())?);
        if let Some(text) = over {
            let strangers: Vec<_> = ids(&text)
                .filter(|(_, id)| !known.iter().any(|known| known == id))
                .map(|(line, id)| TemplateFault::new(FILE, line, format!("no message is called `{id}`")))
                .collect();
            if !strangers.is_empty() {
                return Err(strangers);
            }
            bundle.add_resource_overriding(resource(text)?);
        }
        Ok(Self(bundle))
    }

    /// Writes one message.
    pub(super) fn write(&self, id: &str, args: &FluentArgs<'_>) -> Result<String, String> {
        let pattern = self
            .0
            .get_message(id)
            .and_then(|message| message.value())
            .ok_or_else(|| format!("no message is called `{id}`"))?;
        let mut errors = Vec::new();
        let text = self.0.format_pattern(pattern, Some(args), &mut errors);
        match errors.first() {
            None => Ok(text.into_owned()),
            Some(error) => Err(format!("message `{id}`: {error}")),
        }
    }

    /// The function `t` of templates: one message, filled in with the template's own variables.
    pub(super) fn in_template(&self, state: &State<'_, '_>, id: &str) -> Result<String, minijinja::Error> {
        let mut args = FluentArgs::new();
        for name in VARIABLES {
            let Some(value) = state.lookup(name) else {
                continue;
            };
            let value = match (value.as_i64(), value.as_str()) {
                (Some(number), _) => FluentValue::from(number),
                (None, Some(text)) => FluentValue::from(text.to_owned()),
                (None, None) => continue,
            };
            args.set(name.replace('_', "-"), value);
        }
        self.write(id, &args).map_err(|why| minijinja::Error::new(ErrorKind::InvalidOperation, why))
    }
}

fn english() -> LanguageIdentifier {
    "en".parse().unwrap_or_default()
}

fn resource(text: String) -> Result<FluentResource, Vec<TemplateFault>> {
    FluentResource::try_new(text).map_err(|(resource, errors)| {
        let text = resource.source();
        errors.iter().map(|e| TemplateFault::new(FILE, line(text, e.pos.start), e.kind.to_string())).collect()
    })
}

/// The line of a place in a text. What is missing at the end is missed on the last line that says something.
fn line(text: &str, at: usize) -> usize {
    let (head, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    let head = if rest.trim().is_empty() { head.trim_end() } else { head };
    head.matches('\n').count() + 1
}

/// The messages that a text defines, with their lines.
fn ids(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let (id, _) = line.split_once('=')?;
        let begins = id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-');
        begins.then(|| (index + 1, id.trim_end()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_follow_the_language() {
        let words = Words::load(None).unwrap();
        let life = |minutes: i64| {
            let mut args = FluentArgs::new();
            args.set("minutes", minutes);
            words.write("mail-code-life", &args).unwrap()
        };
        assert!(life(1).contains("one minute"));
        assert!(life(10).contains("10 minutes"));
    }

    #[test]
    fn an_override_replaces_one_message() {
        let words = Words::load(Some("mail-test-title = Hurrah\n".to_owned())).unwrap();
        assert_eq!(words.write("mail-test-title", &FluentArgs::new()).unwrap(), "Hurrah");
        assert!(words.write("mail-test-lead", &FluentArgs::new()).is_err(), "a variable is missing");
        assert!(words.write("mail-nothing", &FluentArgs::new()).is_err());
    }

    #[test]
    fn a_broken_override_is_refused_with_its_line() {
        let faults = Words::load(Some("mail-test-title = A\n\nmail-tset-title = B\n".to_owned())).err().unwrap();
        assert_eq!(faults.first().map(|f| f.line), Some(3));
        let faults = Words::load(Some("mail-test-title = A\nmail-test-lead = { $app\n".to_owned())).err().unwrap();
        assert_eq!(faults.first().map(|f| (f.file.as_str(), f.line)), Some((FILE, 2)));
    }
}
