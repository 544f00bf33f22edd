//! What a backend sets for the whole instance: who may sign up, templates of tokens, and where tickets may lead.

use super::{
    super::app::settings,
    sdk::{sdk, sdk_with},
};
use crate::kit::*;
use housekey::settings::Settings;
use serde_json::json;

on_both!(
    who_is_on_the_blocklist_does_not_sign_up,
    where_an_allowlist_decides_nobody_else_signs_up,
    templates_of_tokens_are_kept,
    sec_101_a_template_s_key_is_sealed,
    redirect_urls_are_listed,
);

async fn who_is_on_the_blocklist_does_not_sign_up() {
    let sdk = sdk().await;
    let try_it = async |at: u8, address: &str| {
        let fields = [("email_address", address), ("password", PASSWORD)];
        sdk.web.app(at).post("/v1/client/sign_ups", &fields).await.refusal()
    };
    let listed = sdk.post("/blocklist_identifiers", json!({"identifier": "Eve@Example.com"})).await.ok();
    assert_eq!((listed.text("identifier"), listed.text("identifier_type")), ("eve@example.com", "email_address"));
    sdk.post("/blocklist_identifiers", json!({"identifier": "*@evil.example"})).await.ok();
    assert_eq!(try_it(1, "eve@example.com").await, "403 not_allowed_access email_address");
    assert_eq!(try_it(2, "anybody@evil.example").await, "403 not_allowed_access email_address");
    assert_eq!(try_it(3, "anybody@sub.evil.example").await, "200");
    let told = sdk.get("/blocklist_identifiers").await.ok().json;
    assert_eq!(told["total_count"], 2);
    let again = json!({"identifier": "eve@example.com"});
    assert_eq!(sdk.post("/blocklist_identifiers", again).await.refusal(), "422 form_identifier_exists identifier");
    let bad = json!({"identifier": "*@"});
    assert_eq!(sdk.post("/blocklist_identifiers", bad).await.refusal(), "422 form_param_format_invalid identifier");
    let at = format!("/blocklist_identifiers/{}", listed.text("id"));
    assert_eq!(sdk.delete(&at).await.ok().json["deleted"], true);
    assert_eq!(try_it(4, "eve@example.com").await, "200");
}

async fn where_an_allowlist_decides_nobody_else_signs_up() {
    let sdk = sdk_with(Settings { sign_up: restricted(), ..settings() }).await;
    let try_it = async |at: u8, address: &str| {
        let fields = [("email_address", address), ("password", PASSWORD)];
        sdk.web.app(at).post("/v1/client/sign_ups", &fields).await.refusal()
    };
    assert_eq!(try_it(1, "ada@example.com").await, "403 not_allowed_access email_address");
    let listed = sdk.post("/allowlist_identifiers", json!({"identifier": "*@example.com"})).await.ok();
    assert_eq!(try_it(2, "ada@example.com").await, "200");
    assert_eq!(try_it(3, "ada@example.org").await, "403 not_allowed_access email_address");
    assert_eq!(sdk.get("/allowlist_identifiers?paginated=true").await.ok().json["total_count"], 1);
    // The other list's ids are not this list's.
    let at = format!("/blocklist_identifiers/{}", listed.text("id"));
    assert_eq!(sdk.delete(&at).await.refusal(), "404 resource_not_found");
}

async fn templates_of_tokens_are_kept() {
    let sdk = sdk().await;
    let made = sdk.post("/jwt_templates", json!({"name": "db", "claims": {"role": "authenticated"}})).await.ok();
    assert_eq!((&made.json["lifetime"], &made.json["allowed_clock_skew"]), (&json!(60), &json!(5)));
    assert_eq!((&made.json["custom_signing_key"], made.text("signing_algorithm")), (&json!(false), "RS256"));
    let at = format!("/jwt_templates/{}", made.text("id"));
    let changed = json!({"name": "db2", "claims": {"role": "{{user.id}}"}, "lifetime": 600, "allowed_clock_skew": 0});
    assert_eq!(sdk.patch(&at, changed).await.ok().json["name"], "db2");
    assert_eq!(sdk.get(&at).await.ok().json["claims"], json!({"role": "{{user.id}}"}));
    for (form, refused) in [
        (json!({"claims": {}}), "422 form_param_missing name"),
        (json!({"name": "x"}), "422 form_param_missing claims"),
        (json!({"name": "a b", "claims": {}}), "422 form_param_format_invalid name"),
        (json!({"name": "db2", "claims": {}}), "422 duplicate_record name"),
        (json!({"name": "x", "claims": {"sid": "mine"}}), "422 form_param_value_invalid claims"),
        (json!({"name": "x", "claims": {"a": "{{server.secrets}}"}}), "422 form_param_value_invalid claims"),
        (json!({"name": "x", "claims": {}, "lifetime": 1}), "422 form_param_value_invalid lifetime"),
        (
            json!({"name": "x", "claims": {}, "signing_algorithm": "none"}),
            "422 form_param_format_invalid signing_algorithm",
        ),
        (json!({"name": "x", "claims": {}, "custom_signing_key": true}), "422 form_param_missing signing_key"),
        (
            json!({"name": "x", "claims": {}, "custom_signing_key": true, "signing_key": "short"}),
            "422 form_param_value_invalid signing_key",
        ),
    ] {
        assert_eq!(sdk.post("/jwt_templates", form.clone()).await.refusal(), refused, "{form}");
    }
    sdk.delete(&at).await.ok();
    assert_eq!(sdk.get("/jwt_templates").await.ok().json, json!([]));
}

async fn sec_101_a_template_s_key_is_sealed() {
    let sdk = sdk().await;
    let key = "a shared key of thirty-two bytes and more";
    let form = json!({"name": "hs", "claims": {}, "custom_signing_key": true, "signing_algorithm": "HS256", "signing_key": key});
    let made = sdk.post("/jwt_templates", form).await.ok();
    assert_eq!(made.text("signing_algorithm"), "HS256");
    assert!(!made.body.contains(key));
    for (table, rows) in sdk.web.database.rows().await {
        assert!(!rows.iter().any(|row| row.contains(key)), "{table}");
    }
}

async fn redirect_urls_are_listed() {
    let sdk = sdk().await;
    let made = sdk.post("/redirect_urls", json!({"url": "myapp://callback"})).await.ok();
    let at = format!("/redirect_urls/{}", made.text("id"));
    assert_eq!(sdk.get(&at).await.ok().json, made.json);
    let again = sdk.post("/redirect_urls", json!({"url": "myapp://callback"})).await.ok();
    assert_eq!(again.text("id"), made.text("id"), "once is enough");
    for bad in
        ["javascript:alert(1)", "data:text/html,x", "http://app.example.com/", "no address", "file:///etc/passwd"]
    {
        let told = sdk.post("/redirect_urls", json!({"url": bad})).await;
        assert_eq!(told.refusal(), "422 form_param_format_invalid url", "{bad}");
    }
    assert_eq!(sdk.delete(&at).await.ok().json["deleted"], true);
    assert_eq!(sdk.get("/redirect_urls").await.ok().json, json!([]));
}
