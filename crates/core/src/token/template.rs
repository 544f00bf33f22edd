//! Templates of token claims: a JSON object in which `{{user.first_name}}` and its like stand for what is known of the
//! user. A text that is one shortcode becomes the value itself, whatever its type; in a longer text it becomes words.

use serde_json::{Map, Value};

/// Claims that every token has by itself; a template may not set them.
pub const RESERVED: [&str; 7] = ["azp", "exp", "iat", "iss", "jti", "nbf", "sid"];

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// It is no JSON object.
    #[error("the claims must be a JSON object")]
    NotAnObject,
    /// It sets a claim that is not the operator's.
    #[error("the claim {0} is set by the token itself")]
    Reserved(String),
    /// It stands for nothing that is known.
    #[error("{{{{{0}}}}} stands for nothing")]
    Unknown(String),
}

/// Reads a template, and refuses what could never be rendered.
///
/// # Errors
/// The first fault.
pub fn parse(text: &str) -> Result<Map<String, Value>, TemplateFault> {
    let Ok(Value::Object(claims)) = serde_json::from_str(text) else {
        return Err(TemplateFault::NotAnObject);
    };
    if let Some(name) = claims.keys().find(|name| RESERVED.contains(&name.as_str())) {
        return Err(TemplateFault::Reserved(name.clone()));
    }
    claims.values().try_for_each(check)?;
    Ok(claims)
}

/// The claims for somebody, of whom `know` gives the parts: `user.public_metadata` and what is inside it.
pub fn render(claims: &Map<String, Value>, know: &dyn Fn(&str) -> Option<Value>) -> Map<String, Value> {
    claims.iter().map(|(name, value)| (name.clone(), fill(value, know))).collect()
}

const ROOTS: [&str; 4] = ["user.", "session.", "org.", "org_membership."];

fn check(value: &Value) -> Result<(), TemplateFault> {
    match value {
        Value::String(text) => shortcodes(text).try_for_each(|(_, code)| {
            let alternatives = code.split("||").map(str::trim);
            let known = |part: &str| literal(part).is_some() || ROOTS.iter().any(|root| part.starts_with(root));
            let unknown = alternatives.into_iter().find(|part| !known(part));
            unknown.map_or(Ok(()), |part| Err(TemplateFault::Unknown(part.to_owned())))
        }),
        Value::Array(items) => items.iter().try_for_each(check),
        Value::Object(inner) => inner.values().try_for_each(check),
        _ => Ok(()),
    }
}

fn fill(value: &Value, know: &dyn Fn(&str) -> Option<Value>) -> Value {
    match value {
        Value::String(text) => fill_text(text, know),
        Value::Array(items) => items.iter().map(|item| fill(item, know)).collect(),
        Value::Object(inner) => Value::Object(render(inner, know)),
        other => other.clone(),
    }
}

fn fill_text(text: &str, know: &dyn Fn(&str) -> Option<Value>) -> Value {
    let mut found = shortcodes(text);
    match (found.next(), found.next()) {
        (None, _) => Value::String(text.to_owned()),
        (Some((before, code)), None) if before.trim().is_empty() && found.rest.trim().is_empty() => look_up(code, know),
        _ => {
            // What was put in is never looked at again.
            let (mut found, mut out) = (shortcodes(text), String::new());
            for (before, code) in found.by_ref() {
                out.push_str(before);
                out.push_str(&words(&look_up(code, know)));
            }
            out.push_str(found.rest);
            Value::String(out)
        }
    }
}

/// The first alternative that is something.
fn look_up(code: &str, know: &dyn Fn(&str) -> Option<Value>) -> Value {
    let value = |part: &str| literal(part).or_else(|| know(part)).filter(|value| !value.is_null());
    code.split("||").map(str::trim).find_map(value).unwrap_or(Value::Null)
}

fn literal(part: &str) -> Option<Value> {
    let inner = part.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    inner.map(|text| Value::String(text.to_owned()))
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Each shortcode with what stands before it.
fn shortcodes(text: &str) -> Shortcodes<'_> {
    Shortcodes { rest: text }
}

struct Shortcodes<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Shortcodes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (before, from) = self.rest.split_once("{{")?;
        let (code, rest) = from.split_once("}}")?;
        self.rest = rest;
        Some((before, code.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn know(part: &str) -> Option<Value> {
        match part {
            "user.id" => Some(json!("user_1")),
            "user.first_name" => Some(json!("Ada")),
            "user.last_name" => Some(Value::Null),
            "user.public_metadata" => Some(json!({"plan": "pro", "seats": 3})),
            "user.public_metadata.seats" => Some(json!(3)),
            _ => None,
        }
    }

    #[test]
    fn shortcodes_become_values_and_words() {
        let text = r#"{"id":"{{user.id}}","name":"{{ user.first_name }} {{user.last_name || 'Lovelace'}}!",
            "meta":"{{user.public_metadata}}","seats":"{{user.public_metadata.seats}}","none":"{{user.last_name}}",
            "list":["{{user.id}}",1,{"deep":"n={{user.public_metadata.seats}}"}],"plain":"{user.id}"}"#;
        let claims = render(&parse(text).unwrap(), &know);
        assert_eq!(
            Value::Object(claims),
            json!({"id":"user_1","name":"Ada Lovelace!","meta":{"plan":"pro","seats":3},"seats":3,"none":null,
                "list":["user_1",1,{"deep":"n=3"}],"plain":"{user.id}"})
        );
    }

    #[test]
    fn what_stands_for_nothing_or_is_not_the_operators_is_refused() {
        assert_eq!(parse("[]"), Err(TemplateFault::NotAnObject));
        assert_eq!(parse(r#"{"iss":"me"}"#), Err(TemplateFault::Reserved("iss".into())));
        assert_eq!(parse(r#"{"a":["{{secret}}"]}"#), Err(TemplateFault::Unknown("secret".into())));
        assert!(parse(r#"{"a":"{{user.id"}"#).is_ok(), "half a shortcode is text");
    }

    #[test]
    fn a_value_is_never_read_as_a_template_again() {
        let evil = |part: &str| match part {
            "user.first_name" => Some(json!("{{user.last_name}}")),
            "user.last_name" => Some(json!("secret")),
            _ => None,
        };
        let claims = parse(r#"{"a":"x {{user.first_name}} {{user.last_name}} {{"}"#).unwrap();
        assert_eq!(render(&claims, &evil)["a"], json!("x {{user.last_name}} secret {{"));
    }
}
