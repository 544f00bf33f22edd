//! Sessions and clients as an app's backend sees them.

use super::{
    super::app::APP,
    sdk::{Sdk, sdk},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    sessions_are_listed_by_user_and_client,
    sec_44_a_session_that_is_revoked_is_over_for_its_browser_at_once,
    tokens_are_made_for_a_session_plain_and_by_template,
    a_session_is_refreshed_with_its_secret_alone,
    a_client_is_known_by_its_session_s_token,
    the_keys_are_published,
);

/// Somebody who is signed in: the app in a browser, and the session.
async fn signed_in(sdk: &Sdk) -> (super::super::app::App, String) {
    let app = sdk.web.signed_up_in_app(1, "ada@example.com").await;
    let session = app.session().await;
    (app, session)
}

fn claims(jwt: &str) -> Value {
    let part = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn sessions_are_listed_by_user_and_client() {
    let sdk = sdk().await;
    let (app, session) = signed_in(&sdk).await;
    let shown = sdk.get(&format!("/sessions/{session}")).await.ok();
    assert_eq!((shown.text("id"), shown.text("status")), (session.as_str(), "active"));
    let (user, client) = (shown.text("user_id").to_owned(), shown.text("client_id").to_owned());
    assert_eq!(app.client().await["id"], client.as_str());
    for query in [format!("user_id={user}"), format!("client_id={client}"), format!("user_id={user}&status=active")] {
        let told = sdk.get(&format!("/sessions?{query}")).await.ok().json;
        assert_eq!(told[0]["id"], session.as_str(), "{query}");
        assert_eq!(told.as_array().unwrap().len(), 1);
    }
    let told = sdk.get(&format!("/sessions?user_id={user}&status=revoked")).await.ok().json;
    assert_eq!(told, json!([]), "what has ended has no row");
    let told = sdk.get("/sessions?user_id=user_2abc").await.ok().json;
    assert_eq!(told, json!([]));
    assert_eq!(sdk.get("/sessions?status=odd").await.refusal(), "422 form_param_format_invalid status");
    let shown = sdk.get(&format!("/clients/{client}")).await.ok().json;
    assert_eq!((&shown["session_ids"][0], &shown["last_active_session_id"]), (&json!(session), &json!(session)));
}

async fn sec_44_a_session_that_is_revoked_is_over_for_its_browser_at_once() {
    let sdk = sdk().await;
    let (app, session) = signed_in(&sdk).await;
    let told = sdk.post(&format!("/sessions/{session}/revoke"), Value::Null).await.ok();
    assert_eq!(told.text("status"), "revoked");
    assert_eq!(app.post(&format!("/v1/client/sessions/{session}/tokens"), &[]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.client().await["sessions"], json!([]));
    assert_eq!(sdk.post(&format!("/sessions/{session}/revoke"), Value::Null).await.status, StatusCode::NOT_FOUND);
    assert_eq!(sdk.post(&format!("/sessions/{session}/tokens"), Value::Null).await.status, StatusCode::NOT_FOUND);
}

async fn tokens_are_made_for_a_session_plain_and_by_template() {
    let sdk = sdk().await;
    let (_, session) = signed_in(&sdk).await;
    let at = format!("/sessions/{session}/tokens");
    let told = sdk.post(&at, Value::Null).await.ok();
    let said = claims(told.text("jwt"));
    assert_eq!((&said["sid"], &said["v"]), (&json!(session), &json!(2)));
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 60);
    let said = claims(sdk.post(&at, json!({"expires_in_seconds": 600})).await.ok().text("jwt"));
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 600);
    assert_eq!(
        sdk.post(&at, json!({"expires_in_seconds": 5})).await.refusal(),
        "422 form_param_value_invalid expires_in_seconds"
    );

    let template = json!({"name": "db", "claims": {"aud": "db", "mail": "{{user.primary_email_address}}", "note": "{{user.private_metadata}}"}, "lifetime": 90});
    sdk.post("/jwt_templates", template).await.ok();
    let said = claims(sdk.post(&format!("{at}/db"), Value::Null).await.ok().text("jwt"));
    assert_eq!((&said["aud"], &said["mail"]), (&json!("db"), &json!("ada@example.com")));
    assert_eq!(said["note"], Value::Null, "what the app keeps for itself is in no token");
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 90);
    assert_eq!(sdk.post(&format!("{at}/other"), Value::Null).await.status, StatusCode::NOT_FOUND);
}

/// The value of a cookie that a handshake leaves for the app.
fn cookie<'a>(directives: &'a [Value], name: &str) -> &'a str {
    let all = directives.iter().map(|d| d.as_str().unwrap());
    let found = all.filter_map(|d| d.split(';').next().unwrap().split_once('=')).find(|(n, _)| n.starts_with(name));
    found.unwrap().1
}

async fn a_session_is_refreshed_with_its_secret_alone() {
    let sdk = sdk().await;
    let (app, session) = signed_in(&sdk).await;
    let back = app.get(&format!("/v1/client/handshake?redirect_url={APP}/&format=nonce")).await;
    let nonce = back.header("set-cookie").split(';').next().unwrap().split_once('=').unwrap().1.to_owned();
    let take = format!("/clients/handshake_payload?nonce={nonce}");
    let directives = sdk.get(&take).await.ok().json["directives"].as_array().unwrap().clone();
    assert_eq!(sdk.get(&take).await.refusal(), "404 resource_not_found", "a nonce is taken once");
    let (jwt, secret) = (cookie(&directives, "__session"), cookie(&directives, "__refresh_"));

    sdk.web.house.clock.advance(Duration::from_secs(300));
    let at = format!("/sessions/{session}/refresh");
    let form = |token: &str, secret: &str, origin: &str| {
        json!({
            "expired_token": token, "refresh_token": secret, "request_origin": origin,
            "request_headers": {"user-agent": ["x"]}, "format": "cookie",
        })
    };
    let told = sdk.post(&at, form(jwt, secret, APP)).await.ok().json;
    let cookies = told["cookies"].as_array().unwrap();
    assert_eq!(claims(cookie(cookies, "__session"))["sid"], session.as_str());
    let plain = json!({"expired_token": jwt, "refresh_token": secret, "request_origin": APP});
    assert_eq!(sdk.post(&at, plain).await.ok().json["object"], "token");

    let mut forged = secret.to_owned();
    forged.replace_range(0..1, if secret.starts_with('A') { "B" } else { "A" });
    let mut tampered = jwt.to_owned();
    tampered.truncate(jwt.len() - 4);
    for bad in [
        form(jwt, &forged, APP),
        form(&tampered, secret, APP),
        form("x.y.z", secret, APP),
        form(jwt, secret, "http://evil.example"),
    ] {
        assert_eq!(sdk.post(&at, bad).await.refusal(), "401 authentication_invalid");
    }
    sdk.post(&format!("/sessions/{session}/revoke"), Value::Null).await.ok();
    assert_eq!(
        sdk.post(&at, form(jwt, secret, APP)).await.status,
        StatusCode::UNAUTHORIZED,
        "an ended session stays so"
    );
}

async fn a_client_is_known_by_its_session_s_token() {
    let sdk = sdk().await;
    let (app, session) = signed_in(&sdk).await;
    let jwt = app.post(&format!("/v1/client/sessions/{session}/tokens"), &[]).await.ok().json["jwt"]
        .as_str()
        .unwrap()
        .to_owned();
    let told = sdk.post("/clients/verify", json!({"token": jwt})).await.ok().json;
    assert_eq!(told["session_ids"], json!([session]));
    assert_eq!(sdk.post("/clients/verify", json!({"token": "x"})).await.refusal(), "401 authentication_invalid");
    assert_eq!(sdk.post("/clients/verify", json!({})).await.refusal(), "422 form_param_missing token");
    sdk.web.house.clock.advance(Duration::from_secs(90));
    assert_eq!(sdk.post("/clients/verify", json!({"token": jwt})).await.status, StatusCode::UNAUTHORIZED);
}

async fn the_keys_are_published() {
    let sdk = sdk().await;
    let told = sdk.send("GET", "/jwks", &[], Vec::new()).await.ok().json;
    let key = &told["keys"][0];
    assert_eq!((&key["kty"], &key["alg"], &key["use"]), (&json!("RSA"), &json!("RS256"), &json!("sig")));
    assert!(key["kid"].as_str().unwrap().starts_with("ins_"));
    assert!(key.get("d").is_none(), "public keys alone");
}
