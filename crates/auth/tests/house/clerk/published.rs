//! Answers held against Clerk's published files. They are not ours to hand on: `HOUSEKEY_CLERK_OPENAPI` names the folder
//! that holds them, and without it the tests look at behaviour alone and say so.

use http::StatusCode;
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, Once, OnceLock},
};

const FRONTEND: &str = "fapi-2026-05-12.yml";
const BACKEND: &str = "bapi-2026-05-12.yml";
const WEBHOOKS: &str = "webhooks-2025-04-15.yml";

/// Fails unless the answer has the form that is published for it: for its status where that is listed, and for a refusal
/// in any case.
pub fn check_frontend(method: &str, path: &str, status: StatusCode, body: &Value) {
    static FILE: OnceLock<Option<Published>> = OnceLock::new();
    if let Some(published) = FILE.get_or_init(|| Published::read(FRONTEND)) {
        let mut body = body.clone();
        for attempt in ["/response", "/client/sign_in", "/client/sign_up"] {
            if let Some(attempt) = body.pointer_mut(attempt) {
                without_check(attempt);
            }
        }
        published.check(method, path, status, &body);
    }
}

/// An attempt as published. The file knows the status of one that waits for a check, and the components read what the
/// check is; the file does not say that.
fn without_check(attempt: &mut Value) {
    let Some(check) = attempt.as_object_mut().and_then(|fields| fields.remove("protect_check")) else { return };
    let mut keys: Vec<&String> = check.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["sdk_url", "status", "token"]);
    let waits = attempt["status"] == "needs_protect_check"
        || attempt["missing_fields"].as_array().is_some_and(|missing| missing.contains(&json!("protect_check")));
    assert!(waits, "a check stands where one is waited for: {attempt}");
}

/// The same for the Backend API, whose paths are published without the mount that they stand under.
pub fn check_backend(method: &str, path: &str, status: StatusCode, body: &Value) {
    static FILE: OnceLock<Option<Published>> = OnceLock::new();
    if let Some(published) = FILE.get_or_init(|| Published::read(BACKEND)) {
        // A page's envelope is what SDKs read; published is what stands in it.
        let paged = path.contains("paginated=true") && status.is_success();
        if paged {
            assert!(body["total_count"].is_i64(), "{method} {path}: {body}");
        }
        published.check(method, path, status, if paged { &body["data"] } else { body });
    }
}

/// The same for what a webhook tells.
pub fn check_webhook(body: &Value) {
    static FILE: OnceLock<Option<Published>> = OnceLock::new();
    if let Some(published) = FILE.get_or_init(|| Published::read(WEBHOOKS)) {
        published.check_event(body);
    }
}

/// A published file.
pub struct Published {
    whole: Value,
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Published {
    pub fn read(name: &str) -> Option<Self> {
        let Some(folder) = std::env::var_os("HOUSEKEY_CLERK_OPENAPI") else {
            static TOLD: Once = Once::new();
            TOLD.call_once(|| {
                let test = std::thread::current().name().unwrap_or_default().to_owned();
                eprintln!("skipped in {test}: forms of answers, for HOUSEKEY_CLERK_OPENAPI names no folder");
            });
            return None;
        };
        let text = std::fs::read_to_string(PathBuf::from(folder).join(name)).unwrap();
        let mut whole: Value = serde_yaml_ng::from_str(&text).unwrap();
        to_json_schema(&mut whole);
        Some(Self { whole, compiled: Mutex::default() })
    }

    fn check(&self, method: &str, path: &str, status: StatusCode, body: &Value) {
        let path = path.split('?').next().unwrap();
        let Some(template) = self.template(path) else { return };
        let operation = &self.whole["paths"][&template][method.to_lowercase()];
        if operation.is_null() {
            return;
        }
        let listed = self.resolved(&operation["responses"][status.as_str()]);
        let schema = match &listed["content"]["application/json"]["schema"] {
            Value::Null if status.as_u16() >= 400 => json!({ "$ref": "#/components/schemas/ClerkErrors" }),
            Value::Null => {
                assert!(!listed.is_null(), "{method} {template} is not published to answer {status}");
                return;
            }
            schema => schema.clone(),
        };
        self.hold(&format!("{method} {template} {status}"), schema, body);
    }

    fn check_event(&self, body: &Value) {
        let named = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let kind = body["type"].as_str().unwrap();
        self.hold(kind, named("WebhookEventPayload"), body);
        let mut data = body["data"].clone();
        match kind.split('.').next().unwrap() {
            // Invitations have a published form, and no published event.
            "invitation" => self.hold(kind, named("Invitation"), &data),
            "webhook" => {}
            // A session is closed to other fields than its own, and has a user all the same.
            "session" => {
                self.hold(kind, named("User"), &data.as_object_mut().unwrap().remove("user").unwrap());
                self.hold(kind, named("Session"), &data);
            }
            _ => {
                let schema =
                    &self.whole["x-webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]["schema"];
                assert!(!schema.is_null(), "{kind} is not published");
                self.hold(kind, schema.clone(), body);
            }
        }
        let published = &self.whole["x-webhooks"][kind];
        assert!(!published.is_null() || kind.starts_with("invitation.") || kind == "webhook.test", "{kind}");
    }

    fn hold(&self, what: &str, schema: Value, body: &Value) {
        let wrong: Vec<String> = self
            .validator(schema)
            .iter_errors(body)
            .map(|e| format!("{}: {}", e.instance_path(), cut(&e.to_string())))
            .collect();
        let shown = serde_json::to_string_pretty(body).unwrap();
        assert!(wrong.is_empty(), "{what}:\n{}\n{shown}", wrong.join("\n"));
    }

    /// The published path of an address; a part in braces stands for anything.
    fn template(&self, path: &str) -> Option<String> {
        let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        let fits = |template: &&String| {
            let named: Vec<&str> = template.split('/').collect();
            named.len() == parts.len() && named.iter().zip(&parts).all(|(n, p)| n.starts_with('{') || n == p)
        };
        let paths = self.whole["paths"].as_object().unwrap();
        // What is written out is meant before what stands for anything.
        paths.keys().filter(fits).min_by_key(|template| template.matches('{').count()).cloned()
    }

    fn resolved(&self, value: &Value) -> Value {
        match value["$ref"].as_str() {
            Some(to) => self.whole.pointer(to.trim_start_matches('#')).unwrap().clone(),
            None => value.clone(),
        }
    }

    fn validator(&self, schema: Value) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().unwrap();
        let name = schema.to_string();
        let make = || {
            let whole = json!({ "allOf": [schema], "components": self.whole["components"] });
            Arc::new(jsonschema::options().with_draft(Draft::Draft202012).build(&whole).unwrap())
        };
        compiled.entry(name).or_insert_with(make).clone()
    }
}

/// What OpenAPI 3.0 says in words of its own, in those of JSON Schema. An example that is named like a keyword is none.
fn to_json_schema(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(to_json_schema),
        Value::Object(fields) => {
            fields.remove("example");
            fields.values_mut().for_each(to_json_schema);
            if fields.remove("nullable") == Some(Value::Bool(true)) {
                let rest = std::mem::replace(fields, Map::new());
                fields.insert("anyOf".into(), json!([{ "type": "null" }, rest]));
            }
        }
        _ => {}
    }
}

fn cut(text: &str) -> String {
    let end: String = text.chars().rev().take(160).collect::<Vec<_>>().into_iter().rev().collect();
    if text.chars().count() > 320 {
        format!("{}…{end}", text.chars().take(160).collect::<String>())
    } else {
        text.into()
    }
}
