//! A JSON body, field by field: what is unknown is refused by its name, and so is what has another type.

use super::super::errors::Refusal;
use bytes::Bytes;
use housekey_core::{password::Password, time::Time};
use http::StatusCode;
use serde_json::{Map, Value};

/// How deep a body may go.
const DEEPEST: usize = 32;

/// The fields of one object.
#[derive(Debug, Default)]
pub(super) struct Body(Map<String, Value>);

/// A fault of a body, before it is answered.
pub(super) type Fault = Refusal;

impl Body {
    /// Reads one object; no body at all is an empty one.
    pub(super) fn parse(bytes: &Bytes) -> Result<Value, Fault> {
        if bytes.is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        match serde_json::from_slice::<Value>(bytes) {
            Ok(value) if depth(&value) <= DEEPEST => Ok(value),
            _ => Err(Refusal::one(
                StatusCode::BAD_REQUEST,
                "request_body_invalid",
                "The body is no JSON that can be read.",
            )),
        }
    }

    /// The object in a value.
    pub(super) fn of(value: Value) -> Result<Self, Fault> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(Refusal::one(StatusCode::BAD_REQUEST, "request_body_invalid", "The body must be a JSON object.")),
        }
    }

    /// Refuses every field that is not `known`. Those of parts that are not built may be there as long as they ask for
    /// nothing.
    pub(super) fn only(&self, known: &[&str], unbuilt: &[&str]) -> Result<(), Fault> {
        let asks = |value: &Value| match value {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Number(number) => number.as_f64() != Some(0.0),
            _ => true,
        };
        let bad = self.0.iter().find(|(name, value)| {
            let name = name.as_str();
            !known.contains(&name) && (!unbuilt.contains(&name) || asks(value))
        });
        match bad {
            None => Ok(()),
            Some((name, _)) => {
                let name: String = name.chars().take(60).collect();
                let message = format!("{name} is not a valid parameter for this request.");
                Err(Refusal::param(StatusCode::UNPROCESSABLE_ENTITY, "form_param_unknown", &message, &name))
            }
        }
    }

    /// A text; null is absent.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Fault> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.contains('\0') => Ok(Some(text)),
            Some(_) => Err(wrong(name, "must be a string")),
        }
    }

    /// A text of which null says that it is to go.
    pub(super) fn nullable(&self, name: &str) -> Result<Option<String>, Fault> {
        match self.0.get(name) {
            Some(Value::Null) => Ok(Some(String::new())),
            _ => Ok(self.text(name)?.map(str::to_owned)),
        }
    }

    /// A text that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Fault> {
        match self.text(name)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(missing(name)),
        }
    }

    /// A yes or no; null is absent.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(yes)) => Ok(Some(*yes)),
            Some(_) => Err(wrong(name, "must be a boolean")),
        }
    }

    /// A whole number; null is absent.
    pub(super) fn int(&self, name: &str) -> Result<Option<i64>, Fault> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| wrong(name, "must be an integer")),
        }
    }

    /// Texts; null is none.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, Fault> {
        let not = || wrong(name, "must be an array of strings");
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(not)).collect()
            }
            Some(_) => Err(not()),
        }
    }

    /// An object as text, which may also be sent as text; null is absent.
    pub(super) fn object(&self, name: &str) -> Result<Option<String>, Fault> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value @ Value::Object(_)) => Ok(Some(value.to_string())),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong(name, "must be an object")),
        }
    }

    /// A moment by RFC 3339; null is absent.
    pub(super) fn moment(&self, name: &str) -> Result<Option<Time>, Fault> {
        let Some(text) = self.text(name)?.filter(|text| !text.is_empty()) else { return Ok(None) };
        let parsed: Option<jiff::Timestamp> = text.parse().ok();
        match parsed.map(|at| at.as_millisecond()).filter(|millis| *millis >= 0) {
            Some(millis) => Ok(Some(Time::from_millis(millis))),
            None => Err(wrong(name, "must be a date and time in RFC 3339 format")),
        }
    }

    /// A password, which is taken out of the body.
    pub(super) fn password(&mut self, name: &str) -> Result<Option<Password>, Fault> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Password::parse(text).map(Some).map_err(|_| {
                let message = "Passwords have at most 256 characters.";
                Refusal::param(StatusCode::UNPROCESSABLE_ENTITY, "form_password_length_too_long", message, name)
            }),
            Some(_) => Err(wrong(name, "must be a string")),
        }
    }
}

pub(super) fn missing(name: &str) -> Fault {
    let message = format!("{name} must be included.");
    Refusal::param(StatusCode::UNPROCESSABLE_ENTITY, "form_param_missing", &message, name)
}

pub(super) fn wrong(name: &str, how: &str) -> Fault {
    let message = format!("{name} {how}.");
    Refusal::param(StatusCode::UNPROCESSABLE_ENTITY, "form_param_format_invalid", &message, name)
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or_default(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn body(value: Value) -> Body {
        Body::of(value).unwrap()
    }

    fn code(fault: Fault) -> (u16, &'static str, Value) {
        (fault.status.as_u16(), fault.errors[0].code, fault.errors[0].meta["param_name"].clone())
    }

    #[test]
    fn sec_111_a_field_that_is_not_known_is_refused_by_its_name() {
        let sent = body(json!({"first_name": "A", "role": "admin"}));
        let fault = sent.only(&["first_name"], &[]).err().unwrap();
        assert_eq!(code(fault), (422, "form_param_unknown", json!("role")));
        assert!(sent.only(&["first_name", "role"], &[]).is_ok());
    }

    #[test]
    fn parts_that_are_not_built_may_be_named_as_long_as_they_ask_for_nothing() {
        let quiet = body(json!({"username": null, "phone_number": [], "totp_secret": "", "limit": 0, "flag": false}));
        let unbuilt = ["username", "phone_number", "totp_secret", "limit", "flag"];
        assert!(quiet.only(&[], &unbuilt).is_ok());
        let asks = body(json!({"phone_number": ["+15555550100"]}));
        assert_eq!(code(asks.only(&[], &unbuilt).err().unwrap()).1, "form_param_unknown");
    }

    #[test]
    fn another_type_is_refused_by_its_field() {
        let sent = body(json!({"a": 1, "b": "x", "c": [1], "d": "not a date", "e": "a\u{0}b"}));
        for fault in [
            sent.text("a").err().unwrap(),
            sent.flag("b").err().unwrap(),
            sent.int("b").err().unwrap(),
            sent.texts("c").err().unwrap(),
            sent.moment("d").err().unwrap(),
            sent.text("e").err().unwrap(),
            sent.object("a").err().unwrap(),
        ] {
            assert_eq!(code(fault).1, "form_param_format_invalid");
        }
        assert_eq!(code(sent.required("z").err().unwrap()), (422, "form_param_missing", json!("z")));
    }

    #[test]
    fn sec_110_a_body_that_goes_too_deep_is_refused() {
        let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
        assert!(Body::parse(&Bytes::from(deep)).is_err());
        assert!(Body::parse(&Bytes::from_static(b"{\"a\":")).is_err());
        assert_eq!(Body::parse(&Bytes::new()).ok(), Some(json!({})));
    }
}
