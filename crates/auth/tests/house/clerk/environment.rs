//! What anybody may know of the instance.

use super::app::*;
use crate::{kit::*, web::Web};
use housekey::settings::Settings;
use serde_json::{Value, json};
use url::Url;

async fn the_components_are_told_what_is_offered() {
    let web = clerk().await;
    let app = web.app(1);
    let told = app.get("/v1/environment").await.ok().json;
    assert_eq!(told["user_settings"]["sign_up"]["mode"], "public", "or sign-up is disabled");
    for name in ["email_address", "password", "first_name", "last_name"] {
        assert_eq!(told["user_settings"]["attributes"][name]["enabled"], true, "{name}");
    }
    assert_eq!(told["auth_config"]["single_session_mode"], true);
    assert_eq!(told["auth_config"]["reverification"], true);
    assert_eq!(told["auth_config"]["test_mode"], true, "development");
    assert_eq!(app.patch("/v1/environment", &[]).await.ok().json, told, "as an app with test keys asks");
}

async fn settings_show_in_it() {
    let mut other = Settings { name: "Acme".into(), legal_consent: true, sign_up: restricted(), ..settings() };
    other.sessions.multi_session = true;
    other.clerk.test_mode = Some(false);
    other.clerk.sign_in_url = Some(Url::parse("http://localhost:3000/enter").unwrap());
    other.clerk.terms_url = Some(Url::parse("http://localhost:3000/terms").unwrap());
    let web = clerk_with(other).await;
    let told = web.app(1).get("/v1/environment").await.ok().json;
    assert_eq!(told["display_config"]["application_name"], "Acme");
    assert_eq!(told["display_config"]["sign_in_url"], "http://localhost:3000/enter");
    assert_eq!(told["display_config"]["terms_url"], "http://localhost:3000/terms");
    assert_eq!(told["auth_config"]["single_session_mode"], false);
    assert_eq!(told["auth_config"]["test_mode"], false);
    assert_eq!(told["user_settings"]["sign_up"]["legal_consent_enabled"], true);
    assert_eq!(told["user_settings"]["restrictions"]["allowlist"]["enabled"], true);
}

async fn what_programs_ask_of_an_issuer_is_there() {
    let web = clerk().await;
    let app = web.app(1);
    assert_eq!(app.get("/v1/health").await.ok().json, json!({"status": "healthy"}));
    let keys = app.get("/.well-known/jwks.json").await.ok();
    let key = &keys.json["keys"][0];
    assert_eq!(
        (&key["kty"], &key["alg"], &key["use"], &key["e"]),
        (&json!("RSA"), &json!("RS256"), &json!("sig"), &json!("AQAB"))
    );
    assert_eq!(key.get("d"), None, "the public half");
    let issuer = app.get("/.well-known/openid-configuration").await.ok().json;
    assert_eq!(issuer["jwks_uri"], format!("{}/.well-known/jwks.json", issuer["issuer"].as_str().unwrap()));
}

async fn what_is_not_built_says_so() {
    let web = clerk().await;
    let app = web.app(1);
    for (method, path) in [
        ("GET", "/v1/me/organization_memberships"),
        ("POST", "/v1/me/external_accounts"),
        ("POST", "/v1/organizations"),
    ] {
        let told = if method == "GET" { app.get(path).await } else { app.post(path, &[]).await };
        assert_eq!(told.refusal(), "501 operation_not_built", "{path}");
    }
    assert_eq!(app.get("/v1/nothing").await.refusal(), "404 resource_not_found");
}

async fn a_captcha_asks_for_nothing() {
    let web = clerk().await;
    let told = web.app(1).post("/v1/client/verify", &[]).await.ok();
    assert_eq!(told.response(), &Value::Null);
}

/// An app forwards the door's paths under one of its own.
async fn an_app_may_forward_under_a_path_of_its_own() {
    let mut other = settings();
    other.clerk.proxy_urls = vec![Url::parse("http://localhost:3000/auth/clerk").unwrap()];
    let web = clerk_with(other).await;
    for base in ["/__clerk", "/auth/clerk"] {
        let app = web.app(1);
        app.get(&format!("{base}/v1/environment")).await.ok();
        let begun = app.post(&format!("{base}/v1/client/sign_ins"), &[("identifier", ADA)]).await.ok();
        app.get(&format!("{base}/v1/client/sign_ins/{}", begun.id())).await.ok();
    }
}

async fn in_development_a_browser_gets_a_name_that_grants_nothing() {
    let web: Web = clerk().await;
    let app = web.app(1);
    let told = app.post("/v1/dev_browser", &[]).await.ok();
    assert!(told.json["id"].as_str().unwrap().starts_with("dvb_"), "{}", told.body);
    assert_eq!(app.get("/v1/client").await.ok().json["response"], Value::Null);
}

on_both!(
    the_components_are_told_what_is_offered,
    settings_show_in_it,
    what_programs_ask_of_an_issuer_is_there,
    what_is_not_built_says_so,
    a_captcha_asks_for_nothing,
    an_app_may_forward_under_a_path_of_its_own,
    in_development_a_browser_gets_a_name_that_grants_nothing,
);
