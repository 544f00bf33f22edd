//! An app in a browser, as Clerk's own script behaves in it: forms by GET and POST alone, from the app's origin. Every
//! answer is held against the published file.

use super::published;
use crate::{
    kit::*,
    web::{FORM, Jar, Web},
};
use housekey::{Contract, settings::Settings, testkit::TestHouse};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use url::form_urlencoded::Serializer;

/// The origin of a listed app.
pub const APP: &str = "http://localhost:3000";

pub fn settings() -> Settings {
    Settings { app_origins: vec![APP.into()], ..roomy() }
}

/// A house with both doors.
pub async fn clerk() -> Web {
    clerk_with(settings()).await
}

pub async fn clerk_with(settings: Settings) -> Web {
    let database = database().await;
    let contracts = [Contract::Pages, Contract::Clerk];
    let house = TestHouse::serving(database.open(), settings, &contracts).await.unwrap();
    let url = house.housekey.public_url().origin().ascii_serialization();
    Web { routes: house.housekey.router(), database, url, house }
}

/// A browser that shows the app.
pub struct App {
    pub jar: Jar,
}

/// An answer.
pub struct Told {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
    pub body: String,
}

impl Web {
    /// A browser at this address of 203.0.113.0/24.
    pub fn app(&self, at: u8) -> App {
        App { jar: self.jar(at) }
    }

    /// A browser in which somebody has just signed up through the app.
    pub async fn signed_up_in_app(&self, at: u8, address: &str) -> App {
        let app = self.app(at);
        let done = self.sign_up_in(&app, address).await;
        assert_eq!(done.response()["status"], "complete", "{}", done.body);
        app
    }

    /// The way of the components: all fields, a code, the code.
    pub async fn sign_up_in(&self, app: &App, address: &str) -> Told {
        let fields = [("email_address", address), ("password", PASSWORD), ("first_name", "Ada")];
        let begun = app.post("/v1/client/sign_ups", &fields).await.ok();
        self.finish(app, &format!("/v1/client/sign_ups/{}", begun.id()), address).await
    }

    /// Proves the mailbox of a sign-up.
    pub async fn finish(&self, app: &App, at: &str, address: &str) -> Told {
        app.post(&format!("{at}/prepare_verification"), &[("strategy", "email_code")]).await.ok();
        let code = self.house.code_to(address).await.unwrap();
        app.post(&format!("{at}/attempt_verification"), &[("strategy", "email_code"), ("code", &code)]).await
    }
}

impl App {
    pub async fn get(&self, path: &str) -> Told {
        self.send("GET", path, &[("origin", APP)], "").await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Told {
        self.send("POST", path, &[FORM, ("origin", APP)], &form(fields)).await
    }

    pub async fn patch(&self, path: &str, fields: &[(&str, &str)]) -> Told {
        self.post(&method(path, "PATCH"), fields).await
    }

    pub async fn put(&self, path: &str, fields: &[(&str, &str)]) -> Told {
        self.post(&method(path, "PUT"), fields).await
    }

    pub async fn delete(&self, path: &str) -> Told {
        self.post(&method(path, "DELETE"), &[]).await
    }

    /// Signs in by password, as the components do.
    pub async fn sign_in(&self, address: &str, password: &str) -> Told {
        let fields = [("identifier", address), ("password", password), ("strategy", "password")];
        self.post("/v1/client/sign_ins", &fields).await
    }

    /// The client as the browser sees it now.
    pub async fn client(&self) -> Value {
        self.get("/v1/client").await.ok().json["response"].clone()
    }

    /// The id of the session that counts.
    pub async fn session(&self) -> String {
        self.client().await["last_active_session_id"].as_str().unwrap().to_owned()
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Told {
        self.send_bytes(method, path, headers, body.as_bytes().to_vec()).await
    }

    pub async fn send_bytes(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Told {
        let answer = self.jar.send_bytes(method, path, headers, body).await;
        let json: Value = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
        let told = Told { status: answer.status, headers: answer.headers, json, body: answer.body };
        let mut meant = method.to_owned();
        if method == "POST"
            && let Some((_, over)) = path.split_once("_method=")
        {
            meant = over.split('&').next().unwrap().to_owned();
        }
        published::check_frontend(&meant, path, told.status, &told.json);
        told
    }
}

impl Told {
    /// The same, which must be good.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        self
    }

    pub fn response(&self) -> &Value {
        &self.json["response"]
    }

    pub fn client(&self) -> &Value {
        &self.json["client"]
    }

    pub fn id(&self) -> &str {
        self.response()["id"].as_str().unwrap_or_else(|| panic!("no id: {}", self.body))
    }

    /// Status, code and field of a refusal, as `422 form_code_incorrect code`.
    pub fn refusal(&self) -> String {
        let each = self.json["errors"].as_array().into_iter().flatten().map(|error| {
            let field = error["meta"]["param_name"].as_str().unwrap_or_default();
            format!(" {} {field}", error["code"].as_str().unwrap()).trim_end().to_owned()
        });
        format!("{}{}", self.status.as_u16(), each.collect::<Vec<_>>().join(","))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|v| v.to_str().unwrap()).unwrap_or_default()
    }
}

pub fn form(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn method(path: &str, method: &str) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}_method={method}")
}
