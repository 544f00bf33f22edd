//! The secret key: what opens this door, how often, and what does not.

use super::sdk::{new_key, sdk};
use housekey::core::ids::SecretKeyId;
use http::StatusCode;
use serde_json::json;
use std::time::Duration;

on_both!(
    a_key_opens_and_tells_what_is_left_of_it,
    sec_104_what_is_no_live_key_opens_nothing,
    a_key_that_a_browser_sends_is_refused_and_noted,
    requests_beyond_the_quota_wait_for_the_next_window,
    what_is_not_built_says_so_behind_the_key_or_before_it,
    bodies_are_json_and_nothing_else,
);

async fn a_key_opens_and_tells_what_is_left_of_it() {
    let sdk = sdk().await;
    let told = sdk.get("/users/count").await.ok();
    assert_eq!(told.json, json!({ "object": "total_count", "total_count": 0 }));
    assert_eq!((told.header("x-ratelimit-limit"), told.header("x-ratelimit-remaining")), ("100", "99"));
    let reset: i64 = told.header("x-ratelimit-reset").parse().unwrap();
    let now = sdk.web.house.housekey.now().as_millis() / 1000;
    assert!((now..=now + 11).contains(&reset));
    // Several keys open at a time, and each has a quota of its own.
    let (_, other) = new_key(&sdk.web, "staging").await;
    let headers = [("authorization", &*format!("Bearer {other}"))];
    let told = sdk.send("GET", "/users/count", &headers, Vec::new()).await.ok();
    assert_eq!(told.header("x-ratelimit-remaining"), "99");
}

async fn sec_104_what_is_no_live_key_opens_nothing() {
    let sdk = sdk().await;
    let as_key = async |key: &str| {
        let header = format!("Bearer {key}");
        sdk.send("GET", "/users", &[("authorization", &header)], Vec::new()).await.refusal()
    };
    let mut tampered = sdk.key.clone();
    let last = tampered.pop().unwrap();
    tampered.push(if last == 'a' { 'b' } else { 'a' });
    let elsewhere = super::sdk::sdk().await.key;
    for key in ["", "sk_live_", "x", &tampered, &elsewhere, &sdk.key.to_uppercase(), &format!("{}x", sdk.key)] {
        assert_eq!(as_key(key).await, "401 clerk_key_invalid", "{key}");
    }
    assert_eq!(sdk.send("GET", "/users", &[], Vec::new()).await.refusal(), "401 authentication_invalid");
    let basic = [("authorization", &*format!("Basic {}", sdk.key))];
    assert_eq!(sdk.send("GET", "/users", &basic, Vec::new()).await.refusal(), "401 authentication_invalid");
    // A session is no key, and a cookie opens nothing here.
    let app = sdk.web.signed_up_in_app(7, "ada@example.com").await;
    let answer = app.jar.send("GET", "/api/v1/users", &[], "").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);

    let (id, key) = new_key(&sdk.web, "old").await;
    assert_eq!(as_key(&key).await, "200");
    let id = SecretKeyId::try_from(id.as_str()).unwrap();
    let caller = sdk.web.house.browser(202).caller();
    sdk.web.house.housekey.secret_key_revoke(&caller, &id).await.unwrap();
    assert_eq!(as_key(&key).await, "401 clerk_key_invalid", "a revoked key is dead at once, in memory too");
    let listed = sdk.web.house.housekey.secret_keys().await.unwrap();
    assert!(listed.iter().any(|k| k.id == id && k.revoked.is_some() && k.last_used.is_some()));
}

async fn a_key_that_a_browser_sends_is_refused_and_noted() {
    let sdk = sdk().await;
    let header = format!("Bearer {}", sdk.key);
    let headers = [("authorization", header.as_str()), ("origin", "http://localhost:3000")];
    let told = sdk.send("GET", "/users", &headers, Vec::new()).await;
    assert_eq!(told.refusal(), "403 secret_key_exposed");
    assert_eq!(told.header("access-control-allow-origin"), "", "no browser may read it either");
    let noted =
        sdk.web.database.rows().await["housekey_event"].iter().filter(|r| r.contains("secret_key.exposed")).count();
    assert_eq!(noted, 1);
    // A GET of a page's own origin names none, as behind an app's rewrite.
    let headers = [("authorization", header.as_str()), ("sec-fetch-site", "same-origin")];
    assert_eq!(sdk.send("GET", "/users", &headers, Vec::new()).await.refusal(), "403 secret_key_exposed");
    // A stranger's text is not worth an event.
    let headers = [("authorization", "Bearer sk_live_x"), ("origin", "http://localhost:3000")];
    assert_eq!(sdk.send("GET", "/users", &headers, Vec::new()).await.status, StatusCode::FORBIDDEN);
    let noted =
        sdk.web.database.rows().await["housekey_event"].iter().filter(|r| r.contains("secret_key.exposed")).count();
    assert_eq!(noted, 2);
}

async fn requests_beyond_the_quota_wait_for_the_next_window() {
    let sdk = sdk().await;
    for left in (0..100).rev() {
        let told = sdk.get("/jwt_templates").await.ok();
        assert_eq!(told.header("x-ratelimit-remaining"), left.to_string());
    }
    let told = sdk.get("/jwt_templates").await;
    assert_eq!(told.refusal(), "429 too_many_requests");
    assert_eq!(told.header("retry-after"), "10");
    sdk.web.house.clock.advance(Duration::from_secs(10));
    assert_eq!(sdk.get("/jwt_templates").await.status, StatusCode::OK);
}

async fn what_is_not_built_says_so_behind_the_key_or_before_it() {
    let sdk = sdk().await;
    assert_eq!(sdk.get("/organizations").await.refusal(), "501 operation_not_built");
    assert_eq!(sdk.get("/nothing/of/that/kind").await.refusal(), "404 resource_not_found");
}

async fn bodies_are_json_and_nothing_else() {
    let sdk = sdk().await;
    let header = format!("Bearer {}", sdk.key);
    let send = async |kind: &str, body: &str| {
        let headers = [("authorization", header.as_str()), ("content-type", kind)];
        sdk.send("POST", "/users", &headers, body.into()).await.refusal()
    };
    let form = "application/x-www-form-urlencoded";
    assert_eq!(send(form, "email_address=ada@example.com").await, "415 unsupported_content_type");
    assert_eq!(send("application/json", "{\"email_address\":").await, "400 request_body_invalid");
    assert_eq!(send("application/json", "[1]").await, "400 request_body_invalid");
    let deep = format!("{{\"public_metadata\":{}{}}}", "[".repeat(60), "]".repeat(60));
    assert_eq!(send("application/json", &deep).await, "400 request_body_invalid");
    let large = json!({ "first_name": "x".repeat(70_000) }).to_string();
    assert_eq!(send("application/json", &large).await, "413 request_body_too_large");
    let unknown = json!({ "email_address": ["ada@example.com"], "role": "admin" }).to_string();
    assert_eq!(send("application/json", &unknown).await, "422 form_param_unknown role");
    assert_eq!(sdk.get("/users/count").await.json["total_count"], 0);
}
