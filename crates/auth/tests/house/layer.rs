//! The extractors in an app's own routes: who is let in, who is led where, and what a program is told.

use crate::kit::*;
use axum::{
    Router,
    body::Body,
    routing::{get, post},
};
use housekey::{
    CsrfToken, Fresh, Session, User,
    settings::{Mount, Settings},
    testkit::{Browser, TestHouse},
};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use std::time::Duration;
use tower::ServiceExt;

const SITE: &str = "http://localhost:4000";
const HTML: (&str, &str) = ("accept", "text/html,*/*;q=0.8");

struct App {
    house: TestHouse,
    routes: Router,
}

async fn app() -> App {
    let house = house_with(Settings { mount: Mount::parse("/auth").unwrap(), ..Settings::default() }).await;
    let routes = Router::new()
        .route("/who", get(async |user: Option<User>| user.and_then(|u| u.email).unwrap_or_default()))
        .route("/in", get(async |_: Session| "in").post(async |_: Session| "done"))
        .route("/fresh", get(async |_: Fresh| "in").post(async |_: Fresh| "done"))
        .route("/form", post(async |csrf: CsrfToken, body: String| csrf.check(&body).map(|()| "done")))
        .route("/token", get(async |csrf: CsrfToken| csrf.text()))
        .merge(house.housekey.router())
        .layer(house.housekey.layer());
    App { house, routes }
}

impl App {
    async fn send(&self, method: &str, path: &str, who: Option<&Browser>, headers: &[(&str, &str)]) -> Response<Body> {
        self.send_with(method, path, who, headers, String::new()).await
    }

    async fn send_with(
        &self,
        method: &str,
        path: &str,
        who: Option<&Browser>,
        headers: &[(&str, &str)],
        body: String,
    ) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(secret) = who.and_then(|b| b.client.as_ref()) {
            let instance = self.house.housekey.instance().as_str();
            let name = format!("housekey_{}", &instance[instance.len() - 8..]);
            request = request.header(header::COOKIE, format!("{name}={secret}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.routes.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
    }

    async fn signed_in(&self, address: &str) -> Browser {
        let mut browser = self.house.browser(1);
        sign_up(&self.house, &mut browser, address).await;
        browser
    }
}

fn to(answer: &Response<Body>) -> &str {
    answer.headers().get(header::LOCATION).map(|l| l.to_str().unwrap()).unwrap_or_default()
}

async fn text(answer: Response<Body>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

async fn code(answer: Response<Body>) -> String {
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    let told: serde_json::Value = serde_json::from_str(&text(answer).await).unwrap();
    assert!(told["title"].as_str().is_some_and(|m| !m.is_empty()));
    told["code"].as_str().unwrap().to_owned()
}

async fn a_browser_is_led_and_a_program_is_told() {
    let app = app().await;
    assert_eq!(text(app.send("GET", "/who", None, &[]).await).await, "");
    let led = app.send("GET", "/in?page=2&q=a%20b", None, &[HTML]).await;
    assert_eq!(led.status(), StatusCode::SEE_OTHER);
    assert_eq!(to(&led), format!("{SITE}/auth/sign-in?return_to=%2Fin%3Fpage%3D2%26q%3Da%2520b"));
    let told = app.send("GET", "/in", None, &[("accept", "application/json")]).await;
    assert_eq!(told.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(told.headers()[header::WWW_AUTHENTICATE], "Housekey");
    assert_eq!(code(told).await, "signed_out");

    let ada = app.signed_in(ADA).await;
    assert_eq!(text(app.send("GET", "/who", Some(&ada), &[]).await).await, ADA);
    assert_eq!(text(app.send("GET", "/fresh", Some(&ada), &[]).await).await, "in");
    app.house.clock.advance(Duration::from_secs(5 * 60 + 1));
    assert_eq!(text(app.send("GET", "/in", Some(&ada), &[]).await).await, "in");
    let told = app.send("GET", "/fresh", Some(&ada), &[]).await;
    assert_eq!(told.status(), StatusCode::UNAUTHORIZED);
    assert!(told.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().contains("insufficient_user_authentication"));
    assert_eq!(code(told).await, "stale");
}

async fn who_sent_a_form_comes_back_to_where_it_stands_and_never_elsewhere() {
    let app = app().await;
    let ada = app.signed_in(ADA).await;
    app.house.clock.advance(Duration::from_secs(5 * 60 + 1));
    let step_up = |back: &str| format!("{SITE}/auth/step-up?return_to={back}");
    for (referer, back) in [
        ("http://localhost:4000/notes/7?edit=1#x", "%2Fnotes%2F7%3Fedit%3D1"),
        ("http://localhost:4001/notes", "%2F"),
        ("https://evil.example/notes", "%2F"),
        ("http://localhost:4000@evil.example/", "%2F"),
        ("nonsense", "%2F"),
    ] {
        let led = app.send("POST", "/fresh", Some(&ada), &[HTML, ("origin", SITE), ("referer", referer)]).await;
        assert_eq!((led.status(), to(&led)), (StatusCode::SEE_OTHER, step_up(back).as_str()), "{referer}");
    }
    let script = app.send("POST", "/fresh", Some(&ada), &[("accept", "*/*"), ("origin", SITE)]).await;
    assert_eq!(code(script).await, "stale");
}

async fn sec_50_51_what_another_site_sends_is_refused_in_the_app_too() {
    let app = app().await;
    let (ada, eve) = (app.signed_in(ADA).await, app.signed_in("eve@example.com").await);
    for headers in [&[][..], &[("origin", "https://evil.example")], &[("sec-fetch-site", "same-site")], &[HTML]] {
        let refused = app.send("POST", "/in", Some(&ada), headers).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{headers:?}");
        assert_eq!(code(refused).await, "cross_site");
    }
    let own = [("origin", SITE)];
    assert_eq!(text(app.send("POST", "/in", Some(&ada), &own).await).await, "done");
    let adas = text(app.send("GET", "/token", Some(&ada), &[]).await).await;
    let eves = text(app.send("GET", "/token", Some(&eve), &[]).await).await;
    for token in [String::new(), "guess".into(), eves] {
        let refused = app.send_with("POST", "/form", Some(&ada), &own, token).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert_eq!(code(refused).await, "form_forged");
    }
    assert_eq!(text(app.send_with("POST", "/form", Some(&ada), &own, adas).await).await, "done");
}

async fn inside_an_app_the_start_is_the_apps() {
    let app = app().await;
    let house = &app.house.housekey;
    assert_eq!(app.send("GET", "/auth", None, &[HTML]).await.status(), StatusCode::OK);
    assert_eq!(house.link_to("/", &[]), format!("{SITE}/auth"));
    let page = text(app.send("GET", "/auth/sign-in", None, &[HTML]).await).await.replace("&#x2f;", "/");
    assert!(page.contains("<a class=\"brand\" href=\"/\">"), "{page}");
    assert_eq!(app.send("GET", "/nothing", None, &[HTML]).await.status(), StatusCode::NOT_FOUND);
    let link = house.dev_mail_link().unwrap();
    assert_eq!(to(&app.send("GET", link.strip_prefix(SITE).unwrap(), None, &[HTML]).await), "/auth/dev/mail");
}

on_both!(
    a_browser_is_led_and_a_program_is_told,
    who_sent_a_form_comes_back_to_where_it_stands_and_never_elsewhere,
    sec_50_51_what_another_site_sends_is_refused_in_the_app_too,
    inside_an_app_the_start_is_the_apps,
);
