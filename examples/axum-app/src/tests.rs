//! The app as its people use it, and as somebody tries it who should not, over both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use crate::{notes::Notes, routes};
use axum::{
    Router,
    body::Body,
    http::{Method, Request, Response, StatusCode, header},
};
use housekey::{
    Store,
    settings::{Mount, Settings},
    testkit::TestHouse,
};
use http_body_util::BodyExt;
use sqlx::{Connection, PgConnection, PgPool, postgres::PgPoolOptions};
use std::{collections::BTreeMap, time::Duration};
use tower::ServiceExt;

const HOME: &str = "http://localhost:4000";
const PASSWORD: &str = "tidal lantern mosaic";

struct Site {
    house: TestHouse,
    app: Router,
}

/// A browser without scripts.
struct Person<'a> {
    site: &'a Site,
    cookies: BTreeMap<String, String>,
}

struct Answer {
    status: StatusCode,
    to: String,
    body: String,
}

impl Site {
    async fn over(store: Store, notes: Notes) -> Self {
        let settings = Settings { mount: Mount::parse("/auth").unwrap(), ..Settings::default() };
        let house = TestHouse::over(store, settings).await.unwrap();
        let app = routes::app(&house.housekey, notes);
        Self { house, app }
    }

    /// The mailed code. Where the jobs run beside the test, their worker may hold the letter for a moment.
    async fn code_to(&self, address: &str) -> String {
        for _ in 0..200 {
            if let Some(code) = self.house.code_to(address).await {
                return code;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no mail to {address}");
    }

    fn person(&self) -> Person<'_> {
        Person { site: self, cookies: BTreeMap::new() }
    }
}

impl Person<'_> {
    async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, "", &format!("{HOME}/")).await
    }

    /// Sends the form that stands at a path, with its token.
    async fn fill(&mut self, at: &str, to: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(at).await.body;
        let token = page.split("name=\"csrf\" value=\"").nth(1).unwrap_or_else(|| panic!("no form at {at}: {page}"));
        let mut all = vec![("csrf", token.split('"').next().unwrap())];
        all.extend(fields);
        self.post(at, to, &all).await
    }

    async fn post(&mut self, at: &str, to: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, to, &body, &format!("{HOME}{at}")).await
    }

    async fn send(&mut self, method: Method, path: &str, body: &str, from: &str) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let mut request = Request::builder()
            .method(&method)
            .uri(path.strip_prefix(HOME).unwrap_or(path))
            .header(header::HOST, "localhost:4000")
            .header(header::ACCEPT, "text/html,*/*")
            .header(header::REFERER, from)
            .header(header::COOKIE, cookies.join("; "));
        if method == Method::POST {
            let form = "application/x-www-form-urlencoded";
            request = request.header(header::ORIGIN, HOME).header(header::CONTENT_TYPE, form);
        }
        let response = self.site.app.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        for set in response.headers().get_all(header::SET_COOKIE) {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.into(), value.into());
        }
        Answer::of(response).await
    }

    async fn sign_up(&mut self, address: &str) {
        let start = "/auth/sign-up?return_to=/notes";
        let fields = [("email", address), ("password", PASSWORD), ("return_to", "/notes")];
        self.fill(start, "/auth/sign-up", &fields).await.leads_to("/auth/sign-up/code");
        let code = self.site.code_to(address).await;
        self.fill("/auth/sign-up/code", "/auth/sign-up/code", &[("code", &code)]).await.leads_to("/notes");
    }

    /// The API, which is no page.
    async fn api(&self) -> (StatusCode, serde_json::Value) {
        let cookies: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let request = Request::get("/api/me").header(header::ACCEPT, "application/json");
        let request = request.header(header::COOKIE, cookies.join("; ")).body(Body::empty()).unwrap();
        let answer = Answer::of(self.site.app.clone().oneshot(request).await.unwrap()).await;
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    }
}

impl Answer {
    #[track_caller]
    fn leads_to(&self, path: &str) {
        assert_eq!(self.to, path, "{} {}", self.status, self.body);
    }

    async fn of(response: Response<Body>) -> Self {
        let to = response.headers().get(header::LOCATION).map(|l| l.to_str().unwrap().to_owned()).unwrap_or_default();
        let (status, bytes) = (response.status(), response.into_body().collect().await.unwrap().to_bytes());
        Self { status, to, body: String::from_utf8(bytes.to_vec()).unwrap() }
    }
}

/// Everything that the app promises.
async fn walk(site: &Site) {
    let mut ada = site.person();
    assert!(ada.get("/").await.body.contains("/auth/sign-in?return_to=/notes"));
    ada.get("/notes").await.leads_to(&format!("{HOME}/auth/sign-in?return_to=%2Fnotes"));
    let (status, told) = ada.api().await;
    assert_eq!((status, &told["code"]), (StatusCode::UNAUTHORIZED, &"signed_out".into()));

    ada.sign_up("ada@example.com").await;
    assert!(ada.get("/").await.body.contains("Hello, ada@example.com."));
    let typed = "<script>alert('x')</script> & {body} \"tea\"";
    ada.fill("/notes", "/notes", &[("text", typed)]).await.leads_to("/notes");
    let page = ada.get("/notes").await.body;
    assert!(
        page.contains("<li>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; {body} &quot;tea&quot;</li>"),
        "{page}"
    );
    let (status, told) = ada.api().await;
    assert_eq!((status, &told["email"], &told["fresh"]), (StatusCode::OK, &"ada@example.com".into(), &true.into()));

    sec_51_only_own_forms_count(site, &mut ada).await;
    step_up_before_the_risky(site, &mut ada).await;

    ada.fill("/auth/sign-out", "/auth/sign-out", &[]).await.leads_to("/");
    assert!(ada.get("/notes").await.to.contains("/auth/sign-in"));
    assert_eq!(ada.api().await.0, StatusCode::UNAUTHORIZED);
}

async fn sec_51_only_own_forms_count(site: &Site, ada: &mut Person<'_>) {
    let mut eve = site.person();
    eve.sign_up("eve@example.com").await;
    assert!(!eve.get("/notes").await.body.contains("<li>"), "another's notes are unseen");
    let page = eve.get("/notes").await.body;
    let eves = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    for fields in
        [&[("text", "planted")][..], &[("text", "planted"), ("csrf", "guess")], &[("text", "planted"), ("csrf", eves)]]
    {
        let refused = ada.post("/notes", "/notes", fields).await;
        assert_eq!((refused.status, refused.to.as_str()), (StatusCode::FORBIDDEN, ""), "{fields:?}");
        assert!(refused.body.contains("form_forged"), "{}", refused.body);
    }
    assert!(!ada.get("/notes").await.body.contains("planted"));
}

async fn step_up_before_the_risky(site: &Site, ada: &mut Person<'_>) {
    assert_eq!(ada.get("/notes/delete").await.status, StatusCode::OK, "who has just signed up need not prove more");
    let open = ada.get("/notes/delete").await.body;
    let token = open.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    site.house.clock.advance(Duration::from_secs(6 * 60));
    let step_up = format!("{HOME}/auth/step-up?return_to=%2Fnotes%2Fdelete");
    ada.get("/notes/delete").await.leads_to(&step_up);
    let late = ada.post("/notes/delete", "/notes/delete", &[("csrf", &token)]).await;
    assert_eq!((late.status, late.to), (StatusCode::SEE_OTHER, step_up.clone()), "an open form is led there too");
    assert!(ada.get("/notes").await.body.contains("<li>"), "nothing was deleted");

    let fields = |password| [("way", "password"), ("password", password), ("return_to", "/notes/delete")];
    let wrong = ada.fill(&step_up, "/auth/step-up", &fields("wrong wrong wrong")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    ada.get("/notes/delete").await.leads_to(&step_up);
    ada.fill(&step_up, "/auth/step-up", &fields(PASSWORD)).await.leads_to("/notes/delete");
    ada.fill("/notes/delete", "/notes/delete", &[]).await.leads_to("/notes");
    assert!(!ada.get("/notes").await.body.contains("<li>"));
}

#[tokio::test]
async fn the_app_keeps_its_promises_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.db");
    let site = Site::over(Store::sqlite(&file).unwrap(), Notes::sqlite(&file).unwrap()).await;
    walk(&site).await;
}

#[tokio::test]
async fn the_app_keeps_its_promises_on_its_own_postgres_pool() {
    let Some(pool) = pool().await else { return };
    let site = Site::over(Store::postgres(pool.clone()), Notes::postgres(pool.clone()).await.unwrap()).await;
    walk(&site).await;
    // One database: the app's own query may ask for both.
    let query = "SELECT count(*) FROM housekey_user u LEFT JOIN note n ON n.owner = u.id WHERE n.id IS NULL";
    let without_notes: i64 = sqlx::query_scalar(query).fetch_one(&pool).await.unwrap();
    assert_eq!(without_notes, 2);
}

/// Even a pool of two connections, both of which the app may hold for a while, is shared without a standstill.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_pool_is_shared_while_the_jobs_run() {
    let Some(pool) = pool().await else { return };
    let site = Site::over(Store::postgres(pool.clone()), Notes::postgres(pool.clone()).await.unwrap()).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let auth = site.house.housekey.clone();
    let running = tokio::spawn(async move { auth.run(async { drop(stopped.await) }).await });
    let mut ada = site.person();
    ada.sign_up("ada@example.com").await;
    let held = pool.begin().await.unwrap();
    assert_eq!(ada.get("/notes").await.status, StatusCode::OK, "with one connection in the app's own transaction");
    drop(held);
    drop(stop);
    tokio::time::timeout(Duration::from_secs(10), running).await.expect("it ends when it is told to").unwrap();
}

/// A fresh database's pool, as an app makes one.
async fn pool() -> Option<PgPool> {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
    let Ok(admin) = std::env::var("HOUSEKEY_TEST_POSTGRES") else {
        assert!(std::env::var("CI").is_err(), "HOUSEKEY_TEST_POSTGRES must name a PostgreSQL server where CI is set");
        println!("skipped on PostgreSQL: HOUSEKEY_TEST_POSTGRES names no server");
        return None;
    };
    let n = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("hk_app_{}_{n}", std::process::id());
    let mut connection = PgConnection::connect(&admin).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(create).execute(&mut connection).await.unwrap();
    let mut own = url::Url::parse(&admin).unwrap();
    own.set_path(&name);
    Some(PgPoolOptions::new().max_connections(2).connect(own.as_str()).await.unwrap())
}
