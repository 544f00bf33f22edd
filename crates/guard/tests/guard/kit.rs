//! A server that plays its part over a loopback port, an app behind a guard, and a clock to set.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{OriginalUri, Path, State},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use housekey_core::token::jwt::{Category, SigningKey};
use housekey_guard::{Clock, Fresh, Guard, GuardBuilder, Session, SessionClaims, Strict, Time};
use http::{HeaderMap, Method, Request, StatusCode, request::Builder};
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};
use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;
use tower::ServiceExt;

pub const APP: &str = "https://app.example.com";
pub const SECRET: &str = "sk_live_0123456789abcdefghij";
pub const START: i64 = 1_800_000_000;

/// The instance's key, and one of somebody else.
pub static OURS: LazyLock<SigningKey> = LazyLock::new(|| key("ins_1"));
pub static THEIRS: LazyLock<SigningKey> = LazyLock::new(|| key("ins_2"));

pub fn key(kid: &str) -> SigningKey {
    SigningKey::from_pkcs8(kid, SigningKey::generate().unwrap().expose()).unwrap()
}

/// What all tests of this run logged so far, at the loudest: one log, since a callsite has one interest for all threads.
static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let to = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || to.clone())
        .init();
    log
});

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub fn log() -> String {
    String::from_utf8(LOG.0.lock().unwrap().clone()).unwrap()
}

pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn seconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Time {
        Time::from_millis(self.seconds() * 1000)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.seconds().unsigned_abs())
    }
}

/// What came to the server.
#[derive(Clone)]
pub struct Call {
    pub method: Method,
    pub target: String,
    pub headers: HeaderMap,
    pub body: Value,
}

#[derive(Default)]
pub struct Played {
    pub keys: Mutex<Vec<Value>>,
    pub nonces: Mutex<HashMap<String, Vec<String>>>,
    pub renewed: Mutex<Option<Vec<String>>>,
    pub sessions: Mutex<HashMap<String, &'static str>>,
    pub away: AtomicBool,
    /// Answers by this redirect instead.
    pub moved: Mutex<Option<String>>,
    pub calls: Mutex<Vec<Call>>,
    pub called: Notify,
}

/// Server, clock and what a guard is told about them.
pub struct House {
    pub played: Arc<Played>,
    pub clock: Arc<TestClock>,
    pub host: String,
    pub publishable_key: String,
}

impl House {
    pub async fn start() -> Self {
        LazyLock::force(&LOG);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let played = Arc::new(Played::default());
        *played.keys.lock().unwrap() = vec![OURS.jwk().clone()];
        played.sessions.lock().unwrap().insert("sess_1".into(), "active");
        let router = Router::new()
            .route("/api/v1/jwks", get(keys))
            .route("/.well-known/jwks.json", get(keys))
            .route("/api/v1/clients/handshake_payload", get(handshake_payload))
            .route("/api/v1/sessions/{id}/refresh", post(refresh))
            .route("/api/v1/sessions/{id}", get(session))
            .layer(axum::middleware::from_fn_with_state(played.clone(), note))
            .with_state(played.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clock = Arc::new(TestClock(AtomicI64::new(START)));
        let publishable_key = publishable("live", &host);
        Self { played, clock, host, publishable_key }
    }

    /// By the PEM, with nothing to fetch.
    pub fn by_pem(&self) -> GuardBuilder {
        self.bare().jwt_key(OURS.public_pem())
    }

    /// With the server's keys and the secret.
    pub fn by_server(&self) -> GuardBuilder {
        self.bare().secret_key(SECRET)
    }

    fn bare(&self) -> GuardBuilder {
        Guard::builder(&self.publishable_key)
            .clock(self.clock.clone())
            .authorized_parties([APP])
            .app_origin(APP)
            .public("/")
            .public("/assets/{*rest}")
    }

    pub fn issuer(&self) -> String {
        format!("http://{}", self.host)
    }

    pub fn claims(&self) -> SessionClaims {
        let now = self.clock.seconds();
        SessionClaims {
            azp: Some(APP.into()),
            exp: now + 60,
            fva: Some([3, -1]),
            iat: now,
            iss: self.issuer(),
            jti: None,
            nbf: now - 10,
            sid: "sess_1".into(),
            sts: Some("active".into()),
            sub: "user_1".into(),
            v: Some(2),
            more: Map::new(),
        }
    }

    /// A good session token of this moment.
    pub fn token(&self) -> String {
        sign(&self.claims())
    }

    pub fn token_with(&self, change: impl FnOnce(&mut SessionClaims)) -> String {
        let mut claims = self.claims();
        change(&mut claims);
        sign(&claims)
    }

    /// The cookies of somebody who signed in a minute ago.
    pub fn cookies(&self) -> String {
        cookies(&self.token(), self.clock.seconds() - 60)
    }

    /// The plain name with this instance's suffix.
    pub fn suffixed(&self, name: &str) -> String {
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, self.publishable_key.as_bytes());
        format!("{name}_{}", &STANDARD.encode(digest)[..8].replace('+', "-").replace('/', "_"))
    }

    pub fn calls(&self, part: &str) -> Vec<Call> {
        self.played.calls.lock().unwrap().iter().filter(|call| call.target.contains(part)).cloned().collect()
    }

    pub fn set_away(&self, away: bool) {
        self.played.away.store(away, Ordering::SeqCst);
    }
}

pub fn sign(claims: &SessionClaims) -> String {
    OURS.sign(Category::Session, claims).unwrap()
}

pub fn cookies(token: &str, uat: i64) -> String {
    format!("__session={token}; __client_uat={uat}")
}

pub fn publishable(kind: &str, host: &str) -> String {
    format!("pk_{kind}_{}", STANDARD.encode(format!("{host}$")))
}

async fn note(
    State(played): State<Arc<Played>>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    played.calls.lock().unwrap().push(Call {
        method: parts.method.clone(),
        target: parts.uri.to_string(),
        headers: parts.headers.clone(),
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    });
    played.called.notify_one();
    if played.away.load(Ordering::SeqCst) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    if let Some(location) = played.moved.lock().unwrap().clone() {
        return (StatusCode::TEMPORARY_REDIRECT, [("location", location)]).into_response();
    }
    let secret = parts.headers.get("authorization").is_some_and(|v| v == &format!("Bearer {SECRET}"));
    if parts.uri.path().starts_with("/api/") && !secret {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    next.run(Request::from_parts(parts, axum::body::Body::from(bytes))).await
}

async fn keys(State(played): State<Arc<Played>>) -> Json<Value> {
    Json(json!({ "keys": *played.keys.lock().unwrap() }))
}

async fn handshake_payload(State(played): State<Arc<Played>>, OriginalUri(uri): OriginalUri) -> Response {
    let nonce = uri.query().unwrap().strip_prefix("nonce=").unwrap();
    match played.nonces.lock().unwrap().remove(nonce) {
        Some(directives) => Json(json!({ "nonce": nonce, "directives": directives })).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn refresh(State(played): State<Arc<Played>>) -> Response {
    match played.renewed.lock().unwrap().clone() {
        Some(cookies) => Json(json!({ "object": "cookies", "cookies": cookies })).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn session(State(played): State<Arc<Played>>, Path(id): Path<String>) -> Response {
    match played.sessions.lock().unwrap().get(&id) {
        Some(status) => {
            Json(json!({ "object": "session", "id": id, "user_id": "user_1", "status": status })).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// An app whose routes say who is signed in.
pub fn app(guard: GuardBuilder) -> Router {
    let guard = guard.build().unwrap_or_else(|error| panic!("{error}"));
    let who = |session: Option<Session>| async { session.map_or("nobody".into(), |s| s.user_id().to_owned()) };
    Router::new()
        .route("/", any(who))
        .route("/assets/{*rest}", any(|| async { "an asset" }))
        .route("/plain", any(|| async { "plain" }))
        .route("/me", any(|session: Session| async move { session.user_id().to_owned() }))
        .route("/fresh", any(|session: Fresh| async move { session.user_id().to_owned() }))
        .route("/strict", any(|session: Strict| async move { session.user_id().to_owned() }))
        .route("/{page}", any(|| async { "a page" }))
        .route("/{a}/{b}", any(|| async { "two" }))
        .nest("/nested", Router::new().route("/me", get(|| async { "nested" })))
        .fallback(|| async { "fallback" })
        .layer(guard.layer())
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    pub fn reason(&self) -> &str {
        self.header("x-clerk-auth-reason")
    }

    pub fn location(&self) -> url::Url {
        url::Url::parse(self.header("location")).unwrap_or_else(|_| panic!("{:?} {}", self.headers, self.body))
    }

    pub fn query(&self, name: &str) -> String {
        let found = self.location().query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        found.unwrap_or_default()
    }

    pub fn set_cookies(&self) -> Vec<String> {
        self.headers.get_all("set-cookie").iter().map(|v| v.to_str().unwrap().to_owned()).collect()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    #[track_caller]
    pub fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status.as_u16(), self.body.as_str()), (status, body), "{:?}", self.headers);
    }

    #[track_caller]
    pub fn refused(&self, status: u16, reason: &str) {
        assert_eq!((self.status.as_u16(), self.reason()), (status, reason), "{:?} {}", self.headers, self.body);
    }
}

pub async fn send(app: &Router, request: Builder) -> Answer {
    let response = app.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes: Bytes = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(bytes.to_vec()).unwrap() }
}

/// A call of a script.
pub fn call(path: &str) -> Builder {
    Request::get(path).header("host", "app.example.com").header("sec-fetch-dest", "empty")
}

/// A browser that loads a page.
pub fn page(path: &str) -> Builder {
    Request::get(path).header("host", "app.example.com").header("sec-fetch-dest", "document")
}
