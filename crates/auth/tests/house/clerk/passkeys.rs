//! Passkeys, as the components drive them.

use super::{app::*, backend::sdk::*, sessions::claims};
use crate::{authenticator::Authenticator, kit::*};
use serde_json::{Value, json};
use std::time::Duration;

/// A phone on the app's own page.
fn phone(options: &Value) -> Authenticator {
    let rp_id = options["rp"]["id"].as_str().unwrap().to_owned();
    Authenticator { rp_id, ..Authenticator::at(&url::Url::parse(APP).unwrap()) }
}

fn options(resource: &Value) -> String {
    resource["nonce"].as_str().unwrap_or_else(|| panic!("{resource}")).to_owned()
}

/// Adds a passkey on the app's page; the passkey's id.
async fn add(app: &App) -> (Authenticator, String) {
    let made = app.post("/v1/me/passkeys", &[]).await.ok();
    let id = made.id().to_owned();
    assert_eq!(made.response()["verification"]["status"], "unverified");
    let nonce = options(&made.response()["verification"]);
    let mut phone = phone(&serde_json::from_str(&nonce).unwrap());
    let answer = phone.create(&nonce);
    let at = format!("/v1/me/passkeys/{id}/attempt_verification");
    let form = [("strategy", "passkey"), ("public_key_credential", answer.as_str())];
    let done = app.post(&at, &form).await.ok();
    assert_eq!(done.response()["verification"]["status"], "verified");
    assert_eq!(done.client()["sessions"][0]["user"]["passkeys"][0]["id"], json!(id));
    (phone, id)
}

async fn a_passkey_is_added_named_signs_in_and_is_removed() {
    let sdk = sdk().await;
    let app = sdk.web.signed_up_in_app(1, ADA).await;
    let (phone, id) = add(&app).await;
    let at = format!("/v1/me/passkeys/{id}");
    let named = app.patch(&at, &[("name", "My phone")]).await.ok();
    assert_eq!((&named.response()["name"], &named.response()["id"]), (&json!("My phone"), &json!(id)));
    assert_eq!(app.get(&at).await.ok().response()["name"], "My phone");

    let other = sdk.web.app(2);
    let begun = other.post("/v1/client/sign_ins", &[("strategy", "passkey")]).await.ok();
    assert_eq!(
        (&begun.response()["status"], &begun.response()["identifier"]),
        (&json!("needs_first_factor"), &Value::Null)
    );
    let verification = &begun.response()["first_factor_verification"];
    let attempt = format!("/v1/client/sign_ins/{}/attempt_first_factor", begun.id());
    let answer = phone.get(&options(verification));
    let form = [("strategy", "passkey"), ("public_key_credential", answer.as_str())];
    let done = other.post(&attempt, &form).await.ok();
    assert_eq!((&done.response()["status"], &done.response()["identifier"]), (&json!("complete"), &json!(ADA)));
    let session = done.response()["created_session_id"].as_str().unwrap();
    let token = other.post(&format!("/v1/client/sessions/{session}/tokens"), &[]).await.ok();
    let told = claims(token.json["jwt"].as_str().unwrap());
    assert_eq!(told["fva"], json!([0, 0]), "both factors in one");

    let gone = other.delete(&at).await.ok();
    assert_eq!((&gone.response()["object"], &gone.response()["deleted"]), (&json!("passkey"), &json!(true)));
    assert_eq!(other.get(&at).await.refusal(), "404 resource_not_found");
}

async fn what_is_no_passkey_of_this_instance_is_refused() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let (phone, _) = add(&app).await;
    let other = web.app(2);
    let begun = other.post("/v1/client/sign_ins", &[("strategy", "passkey")]).await.ok();
    let attempt = format!("/v1/client/sign_ins/{}/attempt_first_factor", begun.id());
    let nonce = options(&begun.response()["first_factor_verification"]);
    let send = async |answer: &str| {
        other.post(&attempt, &[("strategy", "passkey"), ("public_key_credential", answer)]).await.refusal()
    };
    assert_eq!(send("{}").await, "422 form_param_format_invalid public_key_credential");
    assert_eq!(send("").await, "422 form_param_missing public_key_credential");
    let elsewhere = Authenticator { origin: "https://evil.example.com".into(), ..phone.clone() };
    assert_eq!(send(&elsewhere.get(&nonce)).await, "422 passkey_not_registered public_key_credential");
    assert_eq!(send(&phone.get(&nonce)).await, "400 verification_expired public_key_credential", "asked once");
    assert_eq!(other.client().await["sessions"], json!([]));
}

async fn a_passkey_is_a_fresh_factor() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let (phone, id) = add(&app).await;
    let session = app.session().await;
    web.house.clock.advance(Duration::from_secs(600));
    let at = format!("/v1/me/passkeys/{id}");
    assert_eq!(app.delete(&at).await.refusal(), "403 session_reverification_required");
    let verify = format!("/v1/client/sessions/{session}/verify");
    let begun = app.post(&verify, &[("level", "first_factor")]).await.ok();
    let offered = begun.response()["supported_first_factors"].as_array().unwrap();
    assert!(offered.iter().any(|factor| factor["strategy"] == "passkey"), "{offered:?}");
    let asked = app.post(&format!("{verify}/prepare_first_factor"), &[("strategy", "passkey")]).await.ok();
    let answer = phone.get(&options(&asked.response()["first_factor_verification"]));
    let form = [("strategy", "passkey"), ("public_key_credential", answer.as_str())];
    let done = app.post(&format!("{verify}/attempt_first_factor"), &form).await.ok();
    assert_eq!(done.response()["status"], "complete");
    app.delete(&at).await.ok();
}

async fn a_backend_sees_passkeys_and_takes_them_away() {
    let sdk = sdk().await;
    let app = sdk.web.signed_up_in_app(1, ADA).await;
    let (_, id) = add(&app).await;
    let user = app.client().await["sessions"][0]["user"]["id"].as_str().unwrap().to_owned();
    let shown = sdk.get(&format!("/users/{user}")).await.ok();
    assert_eq!(shown.json["passkeys"][0]["id"], json!(id));
    let listed = sdk.get("/users").await.ok();
    assert_eq!(listed.json[0]["passkeys"][0]["id"], json!(id));
    let gone = sdk.delete(&format!("/users/{user}/passkeys/{id}")).await.ok();
    assert_eq!((&gone.json["id"], &gone.json["deleted"]), (&json!(id), &json!(true)));
    assert_eq!(sdk.delete(&format!("/users/{user}/passkeys/{id}")).await.refusal(), "404 resource_not_found");
    assert_eq!(sdk.get(&format!("/users/{user}")).await.ok().json["passkeys"], json!([]));
}

on_both! {
    a_passkey_is_added_named_signs_in_and_is_removed,
    what_is_no_passkey_of_this_instance_is_refused,
    a_passkey_is_a_fresh_factor,
    a_backend_sees_passkeys_and_takes_them_away,
}
