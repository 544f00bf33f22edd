//! The pages' door without a socket between: requests as an attacker writes them, and cookies in plain sight.

use crate::kit::*;
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use housekey::{settings::Settings, testkit::TestHouse};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use std::{collections::BTreeMap, net::SocketAddr, sync::Mutex};
use tower::ServiceExt;
use url::form_urlencoded::Serializer;

pub const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub struct Web {
    pub house: TestHouse,
    pub database: Database,
    pub url: String,
    pub routes: Router,
}

/// A browser with its cookies.
pub struct Jar {
    pub cookies: Mutex<BTreeMap<String, String>>,
    /// Headers that go with everything.
    pub always: Vec<(&'static str, &'static str)>,
    routes: Router,
    url: String,
    peer: SocketAddr,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

pub async fn web() -> Web {
    web_with(Settings::default()).await
}

pub async fn web_with(settings: Settings) -> Web {
    let database = database().await;
    let house = TestHouse::over(database.open(), settings).await.unwrap();
    let url = house.housekey.public_url().origin().ascii_serialization();
    Web { routes: house.housekey.router(), database, url, house }
}

impl Web {
    /// A browser at this address of 203.0.113.0/24.
    pub fn jar(&self, at: u8) -> Jar {
        self.jar_of(&format!("203.0.113.{at}"))
    }

    pub fn jar_of(&self, peer: &str) -> Jar {
        let peer = SocketAddr::new(peer.parse().unwrap(), 50000);
        Jar { cookies: Mutex::default(), always: Vec::new(), routes: self.routes.clone(), url: self.url.clone(), peer }
    }

    /// A browser in which somebody has just signed up.
    pub async fn signed_up(&self, at: u8, address: &str) -> Jar {
        let jar = self.jar(at);
        let asked = jar.form("/sign-up", &[("email", address), ("password", PASSWORD), ("return_to", "")]).await;
        assert_eq!(asked.to(), "/sign-up/code", "{}", asked.body);
        let code = self.house.code_to(address).await.unwrap();
        assert_eq!(jar.form("/sign-up/code", &[("code", &code)]).await.to(), "/account");
        jar
    }

    pub fn commits(&self) -> u64 {
        self.house.spent().0.commits
    }
}

impl Jar {
    /// Another browser with the same cookies.
    pub fn copy(&self) -> Self {
        let cookies = Mutex::new(self.cookies.lock().unwrap().clone());
        Self {
            cookies,
            always: self.always.clone(),
            routes: self.routes.clone(),
            url: self.url.clone(),
            peer: self.peer,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    /// Fills in a form of ours and sends it.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token().await;
        self.post(path, &[&[("csrf", token.as_str())], fields].concat()).await
    }

    /// Sends fields as a page of ours would.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send("POST", path, &[FORM, ("origin", &self.url)], &body).await
    }

    /// A form's token for this browser.
    pub async fn token(&self) -> String {
        let page = self.get("/").await.body;
        page.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap().to_owned()
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send_bytes(method, path, headers, body.as_bytes().to_vec()).await
    }

    pub async fn send_bytes(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).extension(ConnectInfo(self.peer));
        let cookies: Vec<_> = self.cookies.lock().unwrap().iter().map(|(n, v)| format!("{n}={v}")).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        for (name, value) in self.always.iter().chain(headers) {
            request = request.header(*name, *value);
        }
        let answer = self.routes.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        for line in head.headers.get_all(header::SET_COOKIE) {
            let (pair, rest) = line.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if rest.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
        Answer { status: head.status, headers: head.headers, body }
    }

    pub async fn is_signed_in(&self) -> bool {
        self.get("/account").await.status == StatusCode::OK
    }
}

impl Answer {
    /// Where it leads, or nothing.
    pub fn to(&self) -> &str {
        self.header("location")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|v| v.to_str().unwrap()).unwrap_or_default()
    }
}
