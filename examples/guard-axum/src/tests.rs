//! The service with real tokens of a real house: who is let in, and who is told why not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use crate::routes;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use housekey::{
    Clock as _, Contract, Store,
    core::token::secret_key::{Environment, publishable},
    settings::Settings,
    testkit::{SetClock, TestHouse},
};
use housekey_guard::{Clock, Guard, Time};
use http_body_util::BodyExt;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tower::ServiceExt;

const APP: &str = "http://localhost:3000";

/// The guard's clock is the house's.
struct SameClock(Arc<SetClock>);

impl Clock for SameClock {
    fn now(&self) -> Time {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }
}

struct World {
    house: TestHouse,
    issuer: Router,
    app: Router,
    _folder: tempfile::TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn reason(&self) -> &str {
        self.headers.get("x-clerk-auth-reason").map(|reason| reason.to_str().unwrap()).unwrap_or_default()
    }
}

/// What a browser holds after signing up.
struct Ada {
    token: String,
    uat: String,
    session: String,
    /// Those of the house.
    cookies: String,
}

async fn send(to: &Router, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost:3000");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = to.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

fn in_one_line(jar: &BTreeMap<String, String>) -> String {
    jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::sqlite(folder.path().join("house.db")).unwrap();
        let settings = Settings { app_origins: vec![APP.into()], ..Settings::default() };
        let house = TestHouse::serving(store, settings, &[Contract::Clerk]).await.unwrap();
        let pem = house.housekey.signing().await.unwrap().active().public_pem().to_owned();
        let guard = routes::open(Guard::builder(publishable(Environment::Live, house.housekey.clerk_host())))
            .jwt_key(pem)
            .authorized_parties([APP])
            .app_origin(APP)
            .clock(Arc::new(SameClock(house.clock.clone())))
            .build()
            .unwrap();
        Self { issuer: house.housekey.router(), app: routes::app(&guard), house, _folder: folder }
    }

    /// Signs up as a page of the app does.
    async fn ada(&self) -> Ada {
        let mut jar = BTreeMap::new();
        let mut told = Value::Null;
        let mut at = "/v1/client/sign_ups".to_owned();
        for step in ["", "/prepare_verification", "/attempt_verification"] {
            let code = self.house.code_to("ada@example.com").await.unwrap_or_default();
            let fields: &[(&str, &str)] = match step {
                "" => &[("email_address", "ada@example.com"), ("password", "tidal lantern mosaic")],
                _ => &[("strategy", "email_code"), ("code", &code)],
            };
            let cookies = in_one_line(&jar);
            let form = serde_urlencoded::to_string(fields).unwrap();
            let headers =
                [("origin", APP), ("cookie", &cookies), ("content-type", "application/x-www-form-urlencoded")];
            let answer = send(&self.issuer, "POST", &format!("{at}{step}"), &headers, &form).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            for set in answer.headers.get_all("set-cookie") {
                let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
                jar.insert(name.to_owned(), value.to_owned());
            }
            told = serde_json::from_str(&answer.body).unwrap();
            at = format!("/v1/client/sign_ups/{}", told["response"]["id"].as_str().unwrap());
        }
        let session = &told["client"]["sessions"][0];
        let token = session["last_active_token"]["jwt"].as_str().unwrap().to_owned();
        let session = session["id"].as_str().unwrap().to_owned();
        let (uat, cookies) = (jar["__client_uat"].clone(), in_one_line(&jar));
        Ada { token, uat, session, cookies }
    }

    /// Another token for the same session, as a page asks for one every minute.
    async fn renew(&self, ada: &mut Ada) {
        let path = format!("/v1/client/sessions/{}/tokens", ada.session);
        let headers = [("origin", APP), ("cookie", ada.cookies.as_str())];
        let answer = send(&self.issuer, "POST", &path, &headers, "").await;
        let told: Value = serde_json::from_str(&answer.body).unwrap();
        ada.token = told["jwt"].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned();
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        send(&self.app, "GET", path, headers, "").await
    }
}

impl Ada {
    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn cookie(&self) -> String {
        format!("__session={}; __client_uat={}", self.token, self.uat)
    }

    /// The token with something changed in what it claims.
    fn forged(&self, change: impl FnOnce(&mut Value)) -> String {
        let parts: Vec<&str> = self.token.split('.').collect();
        let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        change(&mut claims);
        format!("Bearer {}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims.to_string()), parts[2])
    }
}

#[tokio::test]
async fn what_is_public_needs_nobody_and_greets_whoever_is_there() {
    let world = World::new().await;
    assert_eq!(world.get("/healthz", &[]).await.body, "ok\n");
    assert_eq!(world.get("/", &[]).await.body, "Sign in first.\n");
    let ada = world.ada().await;
    let answer = world.get("/", &[("cookie", &ada.cookie())]).await;
    assert!(answer.body.starts_with("Hello, user_"), "{}", answer.body);
}

#[tokio::test]
async fn the_api_serves_by_bearer_and_by_cookie() {
    let world = World::new().await;
    let ada = world.ada().await;
    for headers in [[("authorization", ada.bearer())], [("cookie", ada.cookie())]] {
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = world.get("/api/me", &headers).await;
        assert_eq!(answer.status, 200, "{}", answer.reason());
        let me: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(
            me["user"].as_str().unwrap().starts_with("user_") && me["session"].as_str().unwrap().starts_with("sess_")
        );
    }
}

#[tokio::test]
async fn whoever_is_refused_is_told_why() {
    let world = World::new().await;
    let ada = world.ada().await;
    let nobody = world.get("/api/me", &[]).await;
    assert_eq!((nobody.status.as_u16(), nobody.reason()), (401, "session-token-and-uat-missing"));
    assert_eq!(world.get("/api/of/tomorrow", &[]).await.status, 401, "a path that nobody listed is protected");
    for (token, reason) in [
        ("Bearer nonsense".to_owned(), "token-invalid"),
        (ada.forged(|claims| claims["sub"] = "user_eve".into()), "token-invalid-signature"),
        (ada.forged(|claims| claims["exp"] = 9_999_999_999_u64.into()), "token-invalid-signature"),
    ] {
        let answer = world.get("/api/me", &[("authorization", &token)]).await;
        assert_eq!((answer.status.as_u16(), answer.reason()), (401, reason), "{token}");
    }
    world.house.clock.advance(Duration::from_secs(70));
    let late = world.get("/api/me", &[("authorization", &ada.bearer())]).await;
    assert_eq!((late.status.as_u16(), late.reason()), (401, "session-token-expired"));
}

#[tokio::test]
async fn tokens_for_another_app_are_not_for_this_one() {
    let world = World::new().await;
    let ada = world.ada().await;
    let pem = world.house.housekey.signing().await.unwrap().active().public_pem().to_owned();
    let other = routes::open(Guard::builder(publishable(Environment::Live, world.house.housekey.clerk_host())))
        .jwt_key(pem)
        .authorized_parties(["http://localhost:3999"])
        .clock(Arc::new(SameClock(world.house.clock.clone())))
        .build()
        .unwrap();
    let answer = send(&routes::app(&other), "GET", "/api/me", &[("authorization", &ada.bearer())], "").await;
    assert_eq!((answer.status.as_u16(), answer.reason()), (401, "token-invalid-authorized-parties"));
}

#[tokio::test]
async fn sec_50_a_cookie_changes_nothing_from_another_site() {
    let world = World::new().await;
    let ada = world.ada().await;
    let cookie = ada.cookie();
    let post = async |headers: &[(&str, &str)]| send(&world.app, "POST", "/api/me", headers, "").await.status;
    assert_eq!(post(&[("cookie", &cookie), ("origin", APP)]).await, 200);
    assert_eq!(post(&[("cookie", &cookie), ("origin", "http://evil.example")]).await, 403);
    assert_eq!(post(&[("authorization", &ada.bearer())]).await, 200, "no browser sends a bearer by itself");
}

#[tokio::test]
async fn what_cannot_be_undone_asks_for_a_proof_of_just_now() {
    let world = World::new().await;
    let mut ada = world.ada().await;
    let close = async |bearer: &str| send(&world.app, "POST", "/api/close", &[("authorization", bearer)], "").await;
    assert_eq!(close(&ada.bearer()).await.status, 200);
    world.house.clock.advance(Duration::from_secs(11 * 60));
    world.renew(&mut ada).await;
    assert_eq!(world.get("/api/me", &[("authorization", &ada.bearer())]).await.status, 200);
    let answer = close(&ada.bearer()).await;
    // By this answer Clerk's components ask for a factor, and repeat the call.
    assert!(answer.status == 403 && answer.body.contains("reverification-error"), "{}", answer.body);
    let forged = close(&ada.forged(|claims| claims["fva"] = serde_json::json!([0, -1]))).await;
    assert_eq!((forged.status.as_u16(), forged.reason()), (401, "token-invalid-signature"));
}
