//! Sessions and their tokens.

use super::app::*;
use crate::{cache::warm, kit::*};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use housekey::settings::Settings;
use serde_json::{Value, json};
use std::time::Duration;

async fn a_token_says_who_is_signed_in_for_a_minute() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let session = app.session().await;
    let path = format!("/v1/client/sessions/{session}/tokens");
    let told = app.post(&path, &[]).await.ok();
    assert_eq!(told.json["object"], "token", "bare, without the client beside it");
    let (head, claims) = read(&told);
    assert_eq!((head["alg"].as_str(), head["cat"].as_str()), (Some("RS256"), Some("cl_B7d4PD111AAA")));
    let keys = app.get("/.well-known/jwks.json").await.ok();
    assert_eq!(keys.json["keys"][0]["kid"], head["kid"]);
    assert_eq!(claims["azp"], APP);
    assert_eq!(claims["sid"], session);
    assert_eq!(claims["iss"], app.get("/.well-known/openid-configuration").await.ok().json["issuer"]);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    assert_eq!((&claims["fva"], &claims["sts"], &claims["v"]), (&json!([0, -1]), &json!("active"), &json!(2)));
    web.house.clock.advance(Duration::from_secs(45));
    let later = read(&app.post(&path, &[]).await.ok()).1;
    assert_ne!(later["jti"], claims["jti"]);
    let old = app.post(&format!("{path}?__clerk_api_version=2021-02-05"), &[]).await.ok();
    assert_eq!(read(&old).1.get("fva"), None, "old apps read the first form");
}

async fn sec_27_a_kept_token_is_handed_out_again_until_its_session_ends() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let other = web.app(2);
    other.sign_in(ADA, PASSWORD).await.ok();
    let running = warm(&web.house).await;
    let path = format!("/v1/client/sessions/{}/tokens", app.session().await);
    let first = app.post(&path, &[]).await.ok().json;
    assert_eq!(app.post(&path, &[]).await.ok().json, first, "it still lives long enough");
    other.post("/v1/me/change_password", &[("new_password", "marble canyon whisper")]).await.ok();
    assert_eq!(app.post(&path, &[]).await.refusal(), "401 authentication_invalid");
    assert_eq!(app.client().await["sessions"], json!([]));
    running.abort();
}

async fn a_token_is_for_the_origin_that_asked() {
    let web =
        clerk_with(Settings { app_origins: vec![APP.into(), "http://localhost:5000".into()], ..settings() }).await;
    let app = web.signed_up_in_app(1, ADA).await;
    let path = format!("/v1/client/sessions/{}/tokens", app.session().await);
    let first = read(&app.post(&path, &[]).await.ok()).1;
    let headers = [crate::web::FORM, ("origin", "http://localhost:5000")];
    let second = read(&app.send("POST", &path, &headers, "").await.ok()).1;
    assert_eq!((&first["azp"], &second["azp"]), (&json!(APP), &json!("http://localhost:5000")));
}

async fn sec_27_an_ended_session_mints_nothing_and_is_gone_from_its_client() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let other = web.app(2);
    other.sign_in(ADA, PASSWORD).await.ok();
    let ended = other.session().await;
    let path = format!("/v1/client/sessions/{ended}/tokens");
    other.post(&path, &[]).await.ok();
    let revoked = app.post(&format!("/v1/me/sessions/{ended}/revoke"), &[]).await.ok();
    assert_eq!(revoked.response()["status"], "revoked");
    assert_eq!(other.post(&path, &[]).await.refusal(), "401 authentication_invalid");
    assert_eq!(other.client().await["sessions"], json!([]));
    assert_eq!(other.get("/v1/me").await.refusal(), "401 authentication_invalid");
    let twice = app.post(&format!("/v1/me/sessions/{ended}/revoke"), &[]).await;
    assert_eq!(twice.refusal(), "404 resource_not_found");
    app.get("/v1/me").await.ok();
}

/// SEC-112: what is another client's is not there.
async fn sec_112_a_session_of_another_client_is_not_there() {
    let web = clerk().await;
    let ada = web.signed_up_in_app(1, ADA).await;
    let eve = web.signed_up_in_app(2, "eve@example.com").await;
    let (hers, own) = (ada.session().await, eve.session().await);
    for caller in [&eve, &web.app(3)] {
        let at = format!("/v1/client/sessions/{hers}");
        let mut told = vec![caller.get(&at).await];
        for step in ["touch", "end", "remove", "verify"] {
            told.push(caller.post(&format!("{at}/{step}"), &[]).await);
        }
        let fields = [("strategy", "password"), ("password", PASSWORD)];
        told.push(caller.post(&format!("{at}/verify/prepare_first_factor"), &[("strategy", "email_code")]).await);
        told.push(caller.post(&format!("{at}/verify/attempt_first_factor"), &fields).await);
        for told in &told {
            assert_eq!(told.refusal(), "404 resource_not_found");
        }
        // Here the browser is to look at its client anew, which only this status makes it do.
        assert_eq!(caller.post(&format!("{at}/tokens"), &[]).await.refusal(), "401 authentication_invalid");
    }
    assert_eq!(eve.post(&format!("/v1/me/sessions/{hers}/revoke"), &[]).await.refusal(), "404 resource_not_found");
    let borrowed = eve.get(&format!("/v1/me?_clerk_session_id={hers}")).await;
    assert_eq!(borrowed.refusal(), "401 authentication_invalid");
    eve.get(&format!("/v1/me?_clerk_session_id={own}")).await.ok();
    assert_eq!(ada.session().await, hers, "nothing happened to it");
}

async fn where_a_client_holds_several_sessions_one_of_them_counts() {
    let mut several = settings();
    several.sessions.multi_session = true;
    let web = clerk_with(several).await;
    web.signed_up_in_app(9, "eve@example.com").await;
    let app = web.signed_up_in_app(1, ADA).await;
    let ada = app.session().await;
    app.sign_in("eve@example.com", PASSWORD).await.ok();
    let eve = app.session().await;
    assert_ne!(eve, ada);
    assert_eq!(app.client().await["sessions"].as_array().unwrap().len(), 2);
    let touched = app.post(&format!("/v1/client/sessions/{ada}/touch"), &[("intent", "select_session")]).await.ok();
    assert_eq!(touched.client()["last_active_session_id"], json!(ada));
    let me = async |session: &str| {
        let path = format!("/v1/me?_clerk_session_id={session}");
        app.get(&path).await.ok().response()["email_addresses"][0]["email_address"].clone()
    };
    assert_eq!((me(&ada).await, me(&eve).await), (json!(ADA), json!("eve@example.com")));
    for session in [&ada, &eve] {
        let claims = read(&app.post(&format!("/v1/client/sessions/{session}/tokens"), &[]).await.ok()).1;
        assert_eq!(claims["sid"], json!(session));
    }
    let left = app.post(&format!("/v1/client/sessions/{ada}/remove"), &[]).await.ok();
    assert_eq!(left.client()["last_active_session_id"], json!(eve));
    assert!(left.header("set-cookie").contains("housekey"), "the client's secret is new");
    let none = app.post(&format!("/v1/client/sessions/{eve}/end"), &[]).await.ok();
    assert_eq!((none.response()["status"].as_str(), &none.client()["sessions"]), (Some("ended"), &json!([])));
    app.sign_in(ADA, PASSWORD).await.ok();
    app.sign_in("eve@example.com", PASSWORD).await.ok();
    assert_eq!(app.delete("/v1/client/sessions").await.ok().client()["sessions"], json!([]));
}

async fn everywhere_somebody_is_signed_in_is_listed() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let mut fox = web.app(2);
    fox.jar.always = vec![("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")];
    fox.sign_in(ADA, PASSWORD).await.ok();
    let listed = app.get("/v1/me/sessions/active").await.ok();
    let listed = listed.json.as_array().unwrap();
    assert_eq!(listed.len(), 2, "bare, without the client beside it");
    let from: Vec<_> = listed.iter().map(|s| s["latest_activity"]["ip_address"].as_str().unwrap()).collect();
    assert!(from.contains(&"203.0.113.1") && from.contains(&"203.0.113.2"), "{from:?}");
    let on = listed.iter().find(|s| s["latest_activity"]["browser_name"].is_string()).unwrap();
    assert_eq!(on["latest_activity"]["browser_name"], "Firefox");
    assert_eq!(on["latest_activity"]["device_type"], "Linux");
    assert_eq!(app.get("/v1/me/sessions").await.ok().json.as_array().unwrap().len(), 2);
}

async fn a_session_that_nobody_uses_ends_by_itself() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let session = app.session().await;
    web.house.clock.advance(Duration::from_secs(400 * 24 * 3600));
    assert_eq!(app.get("/v1/client").await.ok().json["response"]["sessions"].as_array().map_or(0, Vec::len), 0);
    let told = app.post(&format!("/v1/client/sessions/{session}/tokens"), &[]).await;
    assert_eq!(told.refusal(), "401 authentication_invalid");
}

async fn the_pages_and_the_app_share_their_client() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    assert!(app.jar.is_signed_in().await, "signed in by the app, and on the pages too");
    app.jar.form("/sign-out", &[]).await;
    assert_eq!(app.client().await["sessions"], json!([]));
    let begun = app.jar.form("/sign-in", &[("email", ADA), ("return_to", "")]).await;
    assert_eq!(begun.to(), "/sign-in/password");
    assert_eq!(app.jar.form("/sign-in/password", &[("password", PASSWORD)]).await.to(), "/account");
    assert_eq!(app.client().await["sessions"][0]["user"]["email_addresses"][0]["email_address"], ADA);
    app.delete("/v1/client/sessions").await.ok();
    assert!(!app.jar.is_signed_in().await);
}

async fn an_unknown_template_makes_no_token() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let path = format!("/v1/client/sessions/{}/tokens/nothing", app.session().await);
    assert_eq!(app.post(&path, &[]).await.refusal(), "404 resource_not_found");
}

/// A token's head and claims.
pub fn read(told: &Told) -> (Value, Value) {
    let jwt = told.json["jwt"].as_str().unwrap_or_else(|| panic!("no token: {}", told.body));
    (part(jwt, 0), claims(jwt))
}

/// What a token says.
pub fn claims(jwt: &str) -> Value {
    part(jwt, 1)
}

fn part(jwt: &str, n: usize) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(jwt.split('.').nth(n).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

on_both!(
    a_token_says_who_is_signed_in_for_a_minute,
    sec_27_a_kept_token_is_handed_out_again_until_its_session_ends,
    a_token_is_for_the_origin_that_asked,
    sec_27_an_ended_session_mints_nothing_and_is_gone_from_its_client,
    sec_112_a_session_of_another_client_is_not_there,
    where_a_client_holds_several_sessions_one_of_them_counts,
    everywhere_somebody_is_signed_in_is_listed,
    a_session_that_nobody_uses_ends_by_itself,
    the_pages_and_the_app_share_their_client,
    an_unknown_template_makes_no_token,
);
