//! Addresses of users, by the backend's word.

use super::sdk::sdk;
use crate::kit::*;
use http::StatusCode;
use serde_json::{Value, json};

on_both!(
    an_address_is_added_made_primary_and_removed,
    sec_25_an_address_that_is_not_proved_grants_nothing,
    the_last_proved_address_stays,
    all_addresses_are_replaced_by_one,
    the_former_primary_address_is_told_where_that_is_wanted,
);

async fn an_address_is_added_made_primary_and_removed() {
    let sdk = sdk().await;
    let user = sdk.user("ada@example.com").await;
    let form = json!({"user_id": user, "email_address": "new@example.com", "verified": true});
    let added = sdk.post("/email_addresses", form.clone()).await.ok();
    assert_eq!(added.json["verification"]["status"], "verified");
    let at = format!("/email_addresses/{}", added.text("id"));
    assert_eq!(sdk.get(&at).await.ok().json, added.json);
    assert_eq!(sdk.post("/email_addresses", form).await.refusal(), "422 form_identifier_exists email_address");
    sdk.patch(&at, json!({"primary": true})).await.ok();
    assert_eq!(sdk.get(&format!("/users/{user}")).await.json["primary_email_address_id"], added.text("id"));
    sdk.web.app(1).sign_in("new@example.com", PASSWORD).await.ok();
    // The primary one goes, and the other takes its place.
    let gone = sdk.delete(&at).await.ok().json;
    assert_eq!(gone, json!({"object": "email_address", "id": added.text("id"), "deleted": true}));
    let shown = sdk.get(&format!("/users/{user}")).await.json;
    assert_eq!(shown["primary_email_address_id"], shown["email_addresses"][0]["id"]);
    assert_eq!(sdk.get(&at).await.status, StatusCode::NOT_FOUND);
}

async fn sec_25_an_address_that_is_not_proved_grants_nothing() {
    let sdk = sdk().await;
    let user = sdk.user("ada@example.com").await;
    let form = json!({"user_id": user, "email_address": "new@example.com"});
    let added = sdk.post("/email_addresses", form).await.ok();
    assert_eq!(added.json["verification"], Value::Null);
    let at = format!("/email_addresses/{}", added.text("id"));
    let told = sdk.web.app(1).sign_in("new@example.com", PASSWORD).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(sdk.patch(&at, json!({"primary": true})).await.refusal(), "422 form_param_value_invalid primary");
    let form = json!({"user_id": user, "email_address": "third@example.com", "primary": true});
    assert_eq!(sdk.post("/email_addresses", form).await.refusal(), "422 form_param_value_invalid primary");
    // Somebody else proves it first.
    let other = sdk.user("new@example.com").await;
    assert_eq!(sdk.patch(&at, json!({"verified": true})).await.refusal(), "422 form_identifier_exists email_address");
    sdk.delete(&format!("/users/{other}")).await.ok();
    sdk.patch(&at, json!({"verified": true})).await.ok();
    sdk.web.app(2).sign_in("new@example.com", PASSWORD).await.ok();
}

async fn the_last_proved_address_stays() {
    let sdk = sdk().await;
    let user = sdk.user("ada@example.com").await;
    let id = sdk.get(&format!("/users/{user}")).await.text("primary_email_address_id").to_owned();
    let at = format!("/email_addresses/{id}");
    assert_eq!(sdk.delete(&at).await.refusal(), "403 last_identification_deletion_failed");
    assert_eq!(sdk.patch(&at, json!({"verified": false})).await.refusal(), "422 form_param_value_invalid verified");
}

async fn all_addresses_are_replaced_by_one() {
    let sdk = sdk().await;
    let user = sdk.user("ada@example.com").await;
    let more = json!({"user_id": user, "email_address": "more@example.com", "verified": true});
    sdk.post("/email_addresses", more).await.ok();
    let at = format!("/users/{user}/email_address");
    let put = sdk.put(&at, json!({"email_address": "only@example.com"})).await.ok();
    let shown = sdk.get(&format!("/users/{user}")).await.json;
    assert_eq!(shown["email_addresses"].as_array().unwrap().len(), 1);
    assert_eq!(shown["primary_email_address_id"], put.text("id"));
    sdk.user("more@example.com").await;
    assert_eq!(
        sdk.put(&at, json!({"email_address": "more@example.com"})).await.refusal(),
        "422 form_identifier_exists email_address"
    );
    assert_eq!(
        sdk.get(&format!("/users/{user}")).await.json["email_addresses"].as_array().unwrap().len(),
        1,
        "nothing is half done"
    );
    let told = sdk.put(&at, json!({"email_address": "x@example.com", "identification_status": "unverified"})).await;
    assert_eq!(told.refusal(), "422 form_param_value_invalid identification_status");
}

async fn the_former_primary_address_is_told_where_that_is_wanted() {
    let sdk = sdk().await;
    let user = sdk.user("ada@example.com").await;
    let form = json!({
        "user_id": user, "email_address": "new@example.com", "verified": true, "primary": true,
        "notify_primary_email_address_changed": true,
    });
    sdk.post("/email_addresses", form).await.ok();
    let mail = sdk.web.house.mail_to("ada@example.com").await.unwrap();
    assert!(mail.subject.as_str().contains("primary address"), "{}", mail.subject.as_str());
}
