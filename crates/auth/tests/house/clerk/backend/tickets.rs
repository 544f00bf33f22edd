//! Tickets that sign one user in, and tokens for an app's own tests.

use super::sdk::sdk;
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    a_ticket_signs_its_user_in_once,
    a_ticket_that_is_revoked_or_too_old_opens_nothing,
    testing_tokens_are_made_where_test_mode_is_on,
);

async fn a_ticket_signs_its_user_in_once() {
    let sdk = sdk().await;
    let user = sdk.user("ada@example.com").await;
    let made = sdk.post("/sign_in_tokens", json!({"user_id": user, "expires_in_seconds": 600})).await.ok();
    assert_eq!((made.text("status"), made.text("user_id")), ("pending", user.as_str()));
    let ticket = made.text("token");
    assert!(made.text("url").starts_with(&format!("{}/v1/tickets/accept?ticket=", sdk.web.url)));
    let rows = sdk.web.database.rows().await;
    assert!(!rows["housekey_sign_in_token"][0].contains(ticket), "the database keeps a hash");
    let (app, other) = (sdk.web.app(1), sdk.web.app(2));
    let done = app.post("/v1/client/sign_ins", &[("strategy", "ticket"), ("ticket", ticket)]).await.ok();
    assert_eq!(done.response()["status"], "complete");
    let told = other.post("/v1/client/sign_ins", &[("strategy", "ticket"), ("ticket", ticket)]).await;
    assert_eq!(told.refusal(), "400 ticket_expired_code");
    let at = format!("/sign_in_tokens/{}/revoke", made.text("id"));
    assert_eq!(sdk.post(&at, Value::Null).await.refusal(), "400 sign_in_token_cannot_be_revoked sign_in_token_id");
}

async fn a_ticket_that_is_revoked_or_too_old_opens_nothing() {
    let sdk = sdk().await;
    let user = sdk.user("ada@example.com").await;
    let make = async || sdk.post("/sign_in_tokens", json!({"user_id": user, "expires_in_seconds": 600})).await.ok();
    let try_it = async |at: u8, ticket: &str| {
        sdk.web.app(at).post("/v1/client/sign_ins", &[("strategy", "ticket"), ("ticket", ticket)]).await.refusal()
    };
    let (first, second) = (make().await, make().await);
    let told = sdk.post(&format!("/sign_in_tokens/{}/revoke", first.text("id")), Value::Null).await.ok();
    assert_eq!(told.text("status"), "revoked");
    assert!(told.json.get("token").is_none(), "a ticket is shown to whoever made it, once");
    assert_eq!(try_it(1, first.text("token")).await, "400 ticket_expired_code");
    sdk.web.house.clock.advance(Duration::from_secs(601));
    assert_eq!(try_it(2, second.text("token")).await, "400 ticket_expired_code");
    let third = make().await;
    sdk.post(&format!("/users/{user}/ban"), Value::Null).await.ok();
    assert_eq!(try_it(3, third.text("token")).await, "403 user_banned");
    let bad = json!({"user_id": user, "expires_in_seconds": 0});
    assert_eq!(sdk.post("/sign_in_tokens", bad).await.refusal(), "422 form_param_value_invalid expires_in_seconds");
    let nobody = json!({"user_id": "user_2abc"});
    assert_eq!(sdk.post("/sign_in_tokens", nobody).await.status, StatusCode::NOT_FOUND);
}

async fn testing_tokens_are_made_where_test_mode_is_on() {
    let sdk = sdk().await;
    let told = sdk.post("/testing_tokens", Value::Null).await.ok().json;
    let now = sdk.web.house.housekey.now().as_millis() / 1000;
    assert_eq!(told["expires_at"].as_i64().unwrap(), now + 3600);
    let token = told["token"].as_str().unwrap();
    // It passes for a person, and is nobody's session.
    assert_eq!(sdk.post("/clients/verify", json!({"token": token})).await.refusal(), "401 authentication_invalid");
}
