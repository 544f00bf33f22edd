//! An app's endpoint: it keeps what it was told and answers as it is bid. Every message is checked as the standard says,
//! by a computation of its own, and held against the published file.

use crate::clerk::published;
use aws_lc_rs::hmac;
use axum::{Router, body::Bytes, extract::State, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use tokio::sync::{Notify, watch};

#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    inner: Arc<Inner>,
}

struct Inner {
    got: Mutex<Vec<Got>>,
    answers: Mutex<VecDeque<u16>>,
    always: Mutex<u16>,
    arrived: Notify,
    held: watch::Sender<bool>,
}

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Got {
    pub id: String,
    pub seconds: i64,
    pub signatures: Vec<String>,
    pub raw: Vec<u8>,
    pub body: Value,
}

impl Receiver {
    pub async fn listen() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let inner = Arc::new(Inner {
            got: Mutex::default(),
            answers: Mutex::default(),
            always: Mutex::new(204),
            arrived: Notify::new(),
            held: watch::Sender::new(false),
        });
        let routes = Router::new().route("/hooks", post(take)).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, inner }
    }

    /// Answers these next, and then as before.
    pub fn answer(&self, statuses: &[u16]) {
        self.inner.answers.lock().unwrap().extend(statuses);
    }

    /// Answers this from now on.
    pub fn always(&self, status: u16) {
        *self.inner.always.lock().unwrap() = status;
    }

    /// Answers nothing while this is so.
    pub fn hold(&self, held: bool) {
        self.inner.held.send_replace(held);
    }

    pub fn got(&self) -> Vec<Got> {
        self.inner.got.lock().unwrap().clone()
    }

    pub fn kinds(&self) -> Vec<String> {
        self.got().iter().map(Got::kind).collect()
    }

    /// Waits until so many messages came.
    pub async fn wait_for(&self, many: usize) {
        loop {
            let arrived = self.inner.arrived.notified();
            if self.got().len() >= many {
                return;
            }
            arrived.await;
        }
    }
}

impl Got {
    pub fn kind(&self) -> String {
        self.body["type"].as_str().unwrap().to_owned()
    }

    pub fn data(&self) -> &Value {
        &self.body["data"]
    }

    pub fn is_signed_by(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let signed = [format!("{}.{}.", self.id, self.seconds).into_bytes(), self.raw.clone()].concat();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed);
        self.signatures.contains(&format!("v1,{}", STANDARD.encode(tag)))
    }
}

async fn take(State(inner): State<Arc<Inner>>, headers: HeaderMap, raw: Bytes) -> StatusCode {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(text("content-type"), "application/json");
    let body: Value = serde_json::from_slice(&raw).unwrap();
    let got = Got {
        id: text("svix-id"),
        seconds: text("svix-timestamp").parse().unwrap(),
        signatures: text("svix-signature").split(' ').map(str::to_owned).collect(),
        raw: raw.to_vec(),
        body,
    };
    published::check_webhook(&got.body);
    inner.got.lock().unwrap().push(got);
    inner.arrived.notify_waiters();
    inner.held.subscribe().wait_for(|held| !held).await.unwrap();
    let next = inner.answers.lock().unwrap().pop_front();
    StatusCode::from_u16(next.unwrap_or(*inner.always.lock().unwrap())).unwrap()
}
