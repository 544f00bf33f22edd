//! The words of pages, from a Fluent file.

use fluent_templates::fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_templates::{FluentBundle, LanguageIdentifier};
use minijinja::{Error, ErrorKind, value::Kwargs};

const ENGLISH: &str = include_str!("../../../locales/en/pages.ftl");

/// All messages, ready to be written.
pub(super) struct Words(FluentBundle<FluentResource>);

impl Words {
    /// The built-in English.
    pub(super) fn load() -> Result<Self, String> {
        let language: LanguageIdentifier = "en".parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        bundle.set_use_isolating(false);
        let resource =
            FluentResource::try_new(ENGLISH.to_owned()).map_err(|(_, errors)| format!("pages.ftl: {errors:?}"))?;
        bundle.add_resource(resource).map_err(|errors| format!("pages.ftl: {errors:?}"))?;
        Ok(Self(bundle))
    }

    /// The function `t` of templates.
    pub(super) fn in_template(&self, id: &str, kwargs: &Kwargs) -> Result<String, Error> {
        let mut args = FluentArgs::new();
        for name in kwargs.args() {
            let value: minijinja::Value = kwargs.get(name)?;
            let value = match value.as_i64() {
                Some(number) => FluentValue::from(number),
                None => FluentValue::from(value.to_string()),
            };
            args.set(name.to_owned(), value);
        }
        self.write(id, Some(&args))
            .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("no message is called {id}")))
    }

    /// One message with its arguments; a number chooses its plural.
    pub(super) fn with(&self, id: &str, pairs: &[(&str, &str)]) -> Option<String> {
        let mut args = FluentArgs::new();
        for (name, value) in pairs {
            let value = value.parse::<i64>().map_or_else(|_| FluentValue::from((*value).to_owned()), FluentValue::from);
            args.set((*name).to_owned(), value);
        }
        self.write(id, Some(&args))
    }

    fn write(&self, id: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let pattern = self.0.get_message(id)?.value()?;
        let mut errors = Vec::new();
        let text = self.0.format_pattern(pattern, args, &mut errors);
        errors.is_empty().then(|| text.into_owned())
    }
}
