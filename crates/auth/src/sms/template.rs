//! The body of a request to a gateway, from an operator's template. Each value is written in the body's own form, so
//! that no number and no text can end its place and begin another.

use crate::settings::BodyForm;
use minijinja::{Environment, Output, State, UndefinedBehavior, Value, context};

/// Why a body cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BodyFault(String);

const NAME: &str = "body";

/// A body with places for the number, the text and the message's id.
pub(super) struct Body {
    templates: Environment<'static>,
    form: BodyForm,
}

impl Body {
    pub(super) fn new(source: &str, form: BodyForm) -> Result<Self, BodyFault> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        // Filters could undo what the form asks for.
        templates.remove_filter("safe");
        match form {
            BodyForm::Json => templates.set_formatter(as_json),
            BodyForm::Form => templates.set_formatter(as_form),
        }
        let fault = |error: minijinja::Error| BodyFault(error.to_string());
        templates.add_template_owned(NAME, source.to_owned()).map_err(fault)?;
        let body = Self { templates, form };
        body.write("+4915123456789", "A \"text\" & more\nof it", "mail_sample")?;
        Ok(body)
    }

    pub(super) fn write(&self, to: &str, text: &str, id: &str) -> Result<String, BodyFault> {
        let fault = |error: minijinja::Error| BodyFault(error.to_string());
        let template = self.templates.get_template(NAME).map_err(fault)?;
        let body = template.render(context! { to, text, id }).map_err(fault)?;
        match self.form {
            BodyForm::Json => match serde_json::from_str::<serde_json::Value>(&body) {
                Ok(_) => Ok(body),
                Err(why) => Err(BodyFault(format!("the body is no JSON: {why}"))),
            },
            BodyForm::Form => Ok(body),
        }
    }
}

fn as_json(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    let text = serde_json::to_string(value).map_err(wrong)?;
    out.write_str(&text).map_err(wrong)
}

fn as_form(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    let text: String = url::form_urlencoded::byte_serialize(value.to_string().as_bytes()).collect();
    out.write_str(&text).map_err(wrong)
}

fn wrong(error: impl std::fmt::Display) -> minijinja::Error {
    minijinja::Error::new(minijinja::ErrorKind::BadSerialization, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_leaves_its_place() {
        let body = Body::new(r#"{"to": {{ to }}, "message": {"text": {{ text }}}}"#, BodyForm::Json).unwrap();
        let hostile = "\", \"to\": \"+1900\", \"x\": \"\\\n{{ id }}</script>";
        let written = body.write("+49\"}", hostile, "mail_1").unwrap();
        let read: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!((&read["to"], &read["message"]["text"]), (&"+49\"}".into(), &hostile.into()));
        let body = Body::new("to={{ to }}&text={{ text }}&ref={{ id }}", BodyForm::Form).unwrap();
        let written = body.write("+49", "a&to=+1900\r\n=%", "mail_1").unwrap();
        let read: Vec<(String, String)> = url::form_urlencoded::parse(written.as_bytes()).into_owned().collect();
        assert_eq!(read.len(), 3);
        assert_eq!((read[0].1.as_str(), read[1].1.as_str()), ("+49", "a&to=+1900\r\n=%"));
        // What asks for the raw text is refused at the start, or writes what it would anyway.
        assert!(Body::new(r#"{"text": {{ text|safe }}}"#, BodyForm::Json).is_err());
    }

    #[test]
    fn a_template_that_cannot_serve_is_refused_at_the_start() {
        for (source, form) in [
            (r#"{"to": "{{ to }}"}"#, BodyForm::Json),
            (r#"{"to": {{ too }}}"#, BodyForm::Json),
            (r#"{"to": {{ to }"#, BodyForm::Json),
            ("", BodyForm::Json),
            ("to={{ nobody }}", BodyForm::Form),
        ] {
            assert!(Body::new(source, form).is_err(), "{source}");
        }
    }
}
