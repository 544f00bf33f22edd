//! What apps keep with their users: JSON objects, bounded, merged deeply (RFC 7396).

use crate::error::Fault;
use serde_json::{Map, Value};

/// The largest object, as text.
const MOST: usize = 8 * 1024;

/// Reads an object.
pub(crate) fn object(field: &'static str, text: &str) -> Result<Map<String, Value>, Fault> {
    if text.len() > MOST {
        return Err(Fault::new(field, "metadata_too_large"));
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) if !text.contains("\\u0000") => Ok(object),
        _ => Err(Fault::new(field, "metadata_not_an_object")),
    }
}

/// Lays a patch over an object: what is null goes, objects are merged, everything else is replaced.
pub(crate) fn merge(field: &'static str, old: &str, patch: Map<String, Value>) -> Result<String, Fault> {
    let mut whole = object(field, old).unwrap_or_default();
    lay(&mut whole, patch);
    let text = Value::Object(whole).to_string();
    if text.len() > MOST { Err(Fault::new(field, "metadata_too_large")) } else { Ok(text) }
}

fn lay(over: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (key, value) in patch {
        match (over.get_mut(&key), value) {
            (_, Value::Null) => {
                over.remove(&key);
            }
            (Some(Value::Object(inner)), Value::Object(patch)) => lay(inner, patch),
            (_, Value::Object(patch)) => {
                let mut inner = Map::new();
                lay(&mut inner, patch);
                over.insert(key, Value::Object(inner));
            }
            (_, value) => {
                over.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_merged_deeply_and_null_removes() {
        let patch = |text: &str| object("m", text).unwrap();
        let merged =
            merge("m", r#"{"a":{"b":1,"c":2},"d":[1]}"#, patch(r#"{"a":{"c":null,"e":3},"d":[2],"f":{"g":null}}"#));
        assert_eq!(merged.unwrap(), r#"{"a":{"b":1,"e":3},"d":[2],"f":{}}"#);
        for bad in ["", "[]", "1", "{", "null", r#"{"a":"\u0000"}"#] {
            assert_eq!(object("m", bad).unwrap_err().code, "metadata_not_an_object", "{bad}");
        }
        let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(MOST));
        assert_eq!(object("m", &large).unwrap_err().code, "metadata_too_large");
    }
}
