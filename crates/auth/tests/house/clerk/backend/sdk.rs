//! An app's backend, as Clerk's SDK behaves in it. Every answer is held against the published file.

use super::super::{
    app::{Told, clerk_with, settings},
    published,
};
use crate::web::{Jar, Web};
use housekey::{core::token::secret_key::Environment, settings::Settings};
use serde_json::{Value, json};

/// A house and a backend that holds one of its secret keys.
pub struct Sdk {
    pub web: Web,
    pub key: String,
    pub jar: Jar,
}

pub async fn sdk() -> Sdk {
    sdk_with(settings()).await
}

pub async fn sdk_with(settings: Settings) -> Sdk {
    let web = clerk_with(settings).await;
    let key = new_key(&web, "default").await.1;
    let jar = web.jar(200);
    Sdk { web, key, jar }
}

/// The id and text of a new key.
pub async fn new_key(web: &Web, name: &str) -> (String, String) {
    let caller = web.house.browser(201).caller();
    let (id, key) = web.house.housekey.secret_key_new(&caller, name, Environment::Live).await.unwrap();
    (id.to_string(), key.reveal().to_owned())
}

impl Sdk {
    pub async fn get(&self, path: &str) -> Told {
        self.call("GET", path, Value::Null).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Told {
        self.call("POST", path, body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Told {
        self.call("PATCH", path, body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Told {
        self.call("PUT", path, body).await
    }

    pub async fn delete(&self, path: &str) -> Told {
        self.call("DELETE", path, Value::Null).await
    }

    pub async fn call(&self, method: &str, path: &str, body: Value) -> Told {
        let authorization = format!("Bearer {}", self.key);
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, &headers, body.into_bytes()).await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Told {
        let answer = self.jar.send_bytes(method, &format!("/api/v1{path}"), headers, body).await;
        let json: Value = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
        published::check_backend(method, path, answer.status, &json);
        Told { status: answer.status, headers: answer.headers, json, body: answer.body }
    }

    /// The id of a new user with this address and the usual password.
    pub async fn user(&self, address: &str) -> String {
        let form = json!({ "email_address": [address], "password": crate::kit::PASSWORD, "first_name": "Ada" });
        let made = self.post("/users", form).await.ok();
        made.json["id"].as_str().unwrap().to_owned()
    }
}

impl Told {
    pub fn text(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", self.body))
    }
}
