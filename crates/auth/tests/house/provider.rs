//! A provider of challenges on this machine: it knows what its tokens are worth, or answers as a broken one does.

use axum::{Router, extract::State, response::IntoResponse};
use housekey::{
    core::{captcha::Provider, secret::Secret, time::Time},
    settings::{BotSettings, Settings},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};
use url::{Url, form_urlencoded};

pub const SITE_KEY: &str = "0x4AAAAAAA-site";
pub const SECRET_KEY: &str = "0x4AAAAAAA-secret";

/// How it answers, whatever it is asked.
#[derive(Clone)]
pub enum Says {
    /// What it knows of the token.
    WhatItKnows,
    /// This status, kind and body.
    This(u16, &'static str, String),
    /// Nothing at all.
    Nothing,
}

/// The provider, and what it was asked: the fields of each form.
#[derive(Clone)]
pub struct Fake {
    pub url: Url,
    says: Arc<Mutex<Says>>,
    known: Arc<Mutex<HashMap<String, Value>>>,
    asked: Arc<Mutex<Vec<BTreeMap<String, String>>>>,
}

impl Fake {
    pub async fn listen() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/siteverify", listener.local_addr().unwrap())).unwrap();
        let fake =
            Self { url, says: Arc::new(Mutex::new(Says::WhatItKnows)), known: Arc::default(), asked: Arc::default() };
        let routes = Router::new().fallback(answer).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        fake
    }

    pub fn settings(&self, captcha: Provider) -> Settings {
        let bots = BotSettings {
            captcha: Some(captcha),
            site_key: Some(SITE_KEY.into()),
            secret_key: Some(Secret::new(SECRET_KEY.into())),
            verify_url: Some(self.url.clone()),
            ..BotSettings::default()
        };
        Settings { bots, ..Settings::default() }
    }

    /// From now on it knows this token, as one that was asked for under this name on a page of this host, at this time.
    pub fn give(&self, token: &str, action: &str, host: &str, made: Time) {
        let made = jiff::Timestamp::from_millisecond(made.as_millis()).unwrap().to_string();
        let worth = json!({
            "success": true, "challenge_ts": made, "hostname": host, "action": action, "cdata": "", "error-codes": [],
        });
        self.known.lock().unwrap().insert(token.to_owned(), worth);
    }

    pub fn say(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    /// What it was asked since the last time.
    pub fn asked(&self) -> Vec<BTreeMap<String, String>> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

async fn answer(State(fake): State<Fake>, headers: HeaderMap, body: String) -> impl IntoResponse {
    assert_eq!(headers[header::CONTENT_TYPE], "application/x-www-form-urlencoded");
    let form: BTreeMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    fake.asked.lock().unwrap().push(form.clone());
    let says = fake.says.lock().unwrap().clone();
    let (status, kind, body) = match says {
        Says::This(status, kind, body) => (status, kind, body),
        Says::Nothing => std::future::pending().await,
        Says::WhatItKnows => {
            let unknown = json!({ "success": false, "error-codes": ["invalid-input-response"] });
            let worth = fake.known.lock().unwrap().get(&form["response"]).cloned().unwrap_or(unknown);
            (200, "application/json", worth.to_string())
        }
    };
    (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, kind)], body)
}
