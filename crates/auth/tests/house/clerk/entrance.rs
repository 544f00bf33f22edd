//! Who may come in from where: SEC-50 to 53 at this door, and apps without a browser.

use super::{app::*, sessions::read};
use crate::{kit::*, web::FORM};
use housekey::settings::{ClerkSettings, Settings};
use serde_json::{Value, json};

const EVIL: [&str; 6] = [
    "https://evil.example",
    "null",
    "http://localhost:3000.evil.example",
    "http://localhost:3001",
    "https://localhost:3000",
    "http://evil.example#http://localhost:3000",
];

async fn a_listed_origin_may_read_answers_with_its_cookies_and_no_other_may() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    for origin in [APP, web.url.as_str()] {
        let told = app.send("GET", "/v1/client", &[("origin", origin)], "").await.ok();
        assert_eq!(told.header("access-control-allow-origin"), origin);
        assert_eq!(told.header("access-control-allow-credentials"), "true");
        assert!(told.header("vary").contains("Origin"));
        let exposed = told.header("access-control-expose-headers").to_lowercase();
        assert!(exposed.contains("clerk-db-jwt") && !exposed.contains("authorization"), "{exposed}");
        assert_eq!(told.header("cache-control"), "no-store");
    }
    for origin in EVIL {
        for method in ["GET", "OPTIONS", "POST"] {
            let told = app.send(method, "/v1/client", &[FORM, ("origin", origin)], "").await;
            assert_eq!(told.refusal(), "400 origin_invalid", "{method} {origin}");
            let opened = told.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(opened, None, "{method} {origin}");
            assert!(!told.body.contains(ADA));
        }
    }
}

async fn sec_53_a_preflight_is_answered_for_listed_origins() {
    let web = clerk().await;
    let headers = [("origin", APP), ("access-control-request-method", "PATCH")];
    let told = web.app(1).send("OPTIONS", "/v1/me", &headers, "").await;
    assert_eq!(told.status, 204);
    assert_eq!(told.header("access-control-allow-origin"), APP);
    assert!(!told.header("access-control-allow-headers").to_lowercase().contains("authorization"));
}

async fn sec_50_what_changes_something_names_its_origin() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let before = web.database.rows().await;
    for path in ["/v1/client/sessions?_method=DELETE", "/v1/me?_method=DELETE", "/v1/client/sign_ins"] {
        for headers in [
            vec![FORM],
            vec![FORM, ("sec-fetch-site", "same-origin")],
            vec![FORM, ("referer", "http://localhost:3000/")],
            vec![("content-type", "text/plain")],
        ] {
            let told = app.send("POST", path, &headers, "").await;
            assert_eq!(told.refusal(), "400 origin_missing", "{path} {headers:?}");
        }
        for origin in EVIL {
            let told = app.send("POST", path, &[FORM, ("origin", origin)], "").await;
            assert_eq!(told.refusal(), "400 origin_invalid", "{path} {origin}");
        }
    }
    assert_eq!(before, web.database.rows().await);
}

async fn sec_50_another_site_reads_nothing_by_a_get_without_an_origin() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    for mode in ["no-cors", "cors", "same-origin"] {
        let headers = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", mode)];
        assert_eq!(app.send("GET", "/v1/client", &headers, "").await.refusal(), "400 origin_invalid", "{mode}");
    }
    // A page of the instance's own origin names none on a GET.
    let same = app.send("GET", "/v1/client", &[("sec-fetch-site", "same-origin")], "").await.ok();
    assert_eq!(same.response()["sessions"].as_array().unwrap().len(), 1);
}

async fn sec_51_forms_alone_are_taken() {
    let web = clerk().await;
    let app = web.app(1);
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x", "application/xml"] {
        let headers = [("content-type", kind), ("origin", APP)];
        let told = app.send("POST", "/v1/client/sign_ins", &headers, "{\"identifier\":\"ada@example.com\"}").await;
        assert_eq!(told.refusal(), "415 unsupported_content_type", "{kind}");
    }
    let none = app.send("POST", "/v1/client/sign_ins", &[("origin", APP)], "identifier=ada@example.com").await;
    assert_eq!(none.refusal(), "415 unsupported_content_type");
}

async fn sec_52_the_method_is_overridden_on_posts_alone() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let before = web.database.rows().await;
    for path in ["/v1/client", "/v1/me", "/v1/environment", "/v1/me/email_addresses"] {
        for over in ["_method=DELETE", "_method=POST", "_method=PUT"] {
            app.get(&format!("{path}?{over}")).await.ok();
            app.send("HEAD", &format!("{path}?{over}"), &[("origin", APP)], "").await;
        }
        let headers = [("origin", APP), ("x-http-method-override", "DELETE")];
        app.send("GET", path, &headers, "").await.ok();
    }
    assert_eq!(before, web.database.rows().await);
    let odd = app.post("/v1/client/sessions?_method=TRACE", &[]).await;
    assert_eq!(odd.refusal(), "405 method_invalid");
    let lower = app.post("/v1/client/sessions?_method=delete", &[]).await;
    assert_eq!(lower.refusal(), "405 method_invalid");
    assert_eq!(app.client().await["sessions"].as_array().unwrap().len(), 1);
}

async fn sec_43_a_tampered_or_foreign_credential_is_nobody() {
    let web = clerk().await;
    let ada = web.signed_up_in_app(1, ADA).await;
    let eve = web.signed_up_in_app(2, "eve@example.com").await;
    let cookie = |app: &App| {
        let cookies = app.jar.cookies.lock().unwrap();
        let (name, value) = cookies.iter().find(|(n, _)| n.starts_with("housekey_") && n.len() == 17).unwrap();
        (name.clone(), value.clone())
    };
    let ((name, hers), (_, own)) = (cookie(&ada), cookie(&eve));
    let (her_id, own_secret) = (hers.split_once('.').unwrap().0, own.split_once('.').unwrap().1);
    let flipped = format!("{}{}", &hers[..hers.len() - 2], if hers.ends_with("AA") { "BB" } else { "AA" });
    for forged in [format!("{her_id}.{own_secret}"), flipped, her_id.to_owned(), "x".into(), format!("native.{hers}")] {
        let thief = web.app(3);
        thief.jar.cookies.lock().unwrap().insert(name.clone(), forged.clone());
        let told = thief.get("/v1/client").await;
        assert!(!told.body.contains(ADA) && told.json["response"] == Value::Null, "{forged}: {}", told.body);
        assert_eq!(thief.get("/v1/me").await.refusal(), "401 authentication_invalid", "{forged}");
    }
    let twice = web.app(3);
    let both = format!("{name}={hers}; {name}={own}");
    let told = twice.send("GET", "/v1/client", &[("origin", APP), ("cookie", &both)], "").await.ok();
    assert_eq!(told.json["response"], Value::Null, "one of them was planted");
}

fn native() -> Settings {
    Settings { clerk: ClerkSettings { native_api: true, ..ClerkSettings::default() }, ..settings() }
}

impl App {
    /// What an app without a browser sends.
    async fn native(&self, method: &str, path: &str, token: &str, fields: &[(&str, &str)]) -> Told {
        let mut headers = vec![FORM];
        if !token.is_empty() {
            headers.push(("authorization", token));
        }
        let sign = if path.contains('?') { '&' } else { '?' };
        self.send(method, &format!("{path}{sign}_is_native=1"), &headers, &form(fields)).await
    }
}

async fn apps_without_a_browser_are_let_in_where_that_is_said() {
    let web = clerk().await;
    let told = web.app(1).native("POST", "/v1/client/sign_ins", "", &[("identifier", ADA)]).await;
    assert_eq!(told.refusal(), "400 native_api_disabled");
}

async fn an_app_without_a_browser_holds_its_clients_secret_itself() {
    let web = clerk_with(native()).await;
    web.signed_up_in_app(1, ADA).await;
    let phone = web.app(2);
    let fields = [("identifier", ADA), ("password", PASSWORD)];
    let done = phone.native("POST", "/v1/client/sign_ins", "", &fields).await.ok();
    assert_eq!((done.header("set-cookie"), done.response()["status"].as_str()), ("", Some("complete")));
    let token = done.header("authorization").to_owned();
    let client = phone.native("GET", "/v1/client", &token, &[]).await.ok();
    let session = client.response()["last_active_session_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/client/sessions/{session}/tokens");
    let made = phone.native("POST", &path, &format!("Bearer {token}"), &[]).await.ok();
    assert_eq!(read(&made).1.get("azp"), None, "no origin asked");
    let out = phone.native("POST", "/v1/client/sessions?_method=DELETE", &token, &[]).await.ok();
    assert_eq!(out.client()["sessions"], json!([]));
    assert_eq!(phone.native("POST", &path, &token, &[]).await.status, 401, "its secret is new");
}

/// One script injected into a listed app must not get at the long-lived credential.
async fn sec_native_never_beside_a_cookie_or_an_origin() {
    let web = clerk_with(native()).await;
    let app = web.signed_up_in_app(1, ADA).await;
    let page = app.post("/v1/client/sign_ins?_is_native=1", &[("identifier", ADA)]).await;
    assert_eq!(page.header("authorization"), "", "a page named its origin");
    let told = app.send("GET", "/v1/client?_is_native=1", &[], "").await;
    assert_eq!(told.header("authorization"), "", "a cookie came along");
    let told = app.send("POST", "/v1/client/sign_ins?_is_native=1", &[FORM], "identifier=a%40b.example").await;
    assert_eq!((told.refusal().as_str(), told.header("authorization")), ("400 origin_missing", ""));
    let cookie = {
        let cookies = app.jar.cookies.lock().unwrap();
        cookies.iter().find(|(n, _)| n.starts_with("housekey_") && n.len() == 17).unwrap().1.clone()
    };
    let thief = web.app(2);
    for taken in [cookie.clone(), format!("Bearer {cookie}")] {
        let told = thief.native("GET", "/v1/client", &taken, &[]).await;
        assert_eq!(told.json["response"], Value::Null, "a browser's secret is none of an app's");
    }
    let told = thief.native("GET", "/v1/client", &format!("native.{cookie}"), &[]).await;
    assert_eq!(told.json["response"], Value::Null, "nor in an app's form");
    let phone = web.app(3);
    let fields = [("identifier", ADA), ("password", PASSWORD)];
    let done = phone.native("POST", "/v1/client/sign_ins", "", &fields).await.ok();
    let held = done.header("authorization").strip_prefix("native.").unwrap().to_owned();
    let name = app.jar.cookies.lock().unwrap().iter().find(|(_, value)| **value == cookie).unwrap().0.clone();
    let told = thief.send("GET", "/v1/client", &[("origin", APP), ("cookie", &format!("{name}={held}"))], "").await;
    assert_eq!(told.json["response"], Value::Null, "and an app's secret is no cookie");
    let page =
        thief.send("GET", "/v1/client", &[("origin", APP), ("authorization", &format!("native.{cookie}"))], "").await;
    assert_eq!(page.json["response"], Value::Null, "a page's header counts for nothing");
}

on_both!(
    a_listed_origin_may_read_answers_with_its_cookies_and_no_other_may,
    sec_53_a_preflight_is_answered_for_listed_origins,
    sec_50_what_changes_something_names_its_origin,
    sec_50_another_site_reads_nothing_by_a_get_without_an_origin,
    sec_51_forms_alone_are_taken,
    sec_52_the_method_is_overridden_on_posts_alone,
    sec_43_a_tampered_or_foreign_credential_is_nobody,
    apps_without_a_browser_are_let_in_where_that_is_said,
    an_app_without_a_browser_holds_its_clients_secret_itself,
    sec_native_never_beside_a_cookie_or_an_origin,
);
