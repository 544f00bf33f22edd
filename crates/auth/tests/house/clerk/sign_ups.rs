//! Signing up, as the components drive it.

use super::{app::*, sign_ins::other};
use crate::kit::*;
use housekey::settings::Settings;
use serde_json::{Value, json};
use std::time::Duration;

const ATTEMPTS: &str = "/v1/client/sign_ups";

async fn everything_at_once_and_the_code_make_an_account() {
    let web = clerk().await;
    let app = web.app(1);
    let fields = [
        ("email_address", ADA),
        ("password", PASSWORD),
        ("first_name", ""),
        ("last_name", "Lovelace"),
        ("locale", "en-GB"),
        ("timezone", "Europe/London"),
        ("unsafe_metadata", "{\"plan\":\"free\"}"),
    ];
    let begun = app.post(ATTEMPTS, &fields).await.ok();
    let up = begun.response();
    assert_eq!(up["status"], "missing_requirements");
    assert_eq!((&up["missing_fields"], &up["unverified_fields"]), (&json!([]), &json!(["email_address"])));
    assert_eq!(up["verifications"]["email_address"], Value::Null, "or no code would be asked for");
    assert_eq!((&up["first_name"], &up["last_name"]), (&Value::Null, &json!("Lovelace")), "empty is absent");
    assert_eq!(begun.client()["sign_up"], *up, "the components live from the client");
    let at = format!("{ATTEMPTS}/{}", begun.id());
    let sent = app.post(&format!("{at}/prepare_verification"), &[("strategy", "email_code")]).await.ok();
    assert_eq!(sent.response()["verifications"]["email_address"]["strategy"], "email_code");
    assert_eq!(sent.response()["verifications"]["email_address"]["next_action"], "needs_attempt");
    assert_eq!(app.get(&at).await.ok().response(), sent.response());
    let code = web.house.code_to(ADA).await.unwrap();
    let attempt = format!("{at}/attempt_verification");
    let wrong = app.post(&attempt, &[("strategy", "email_code"), ("code", &other(&code))]).await;
    assert_eq!(wrong.refusal(), "422 form_code_incorrect code");
    let done = app.post(&attempt, &[("strategy", "email_code"), ("code", &code)]).await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert_eq!(done.response()["created_session_id"], done.client()["sessions"][0]["id"]);
    let user = &done.client()["sessions"][0]["user"];
    assert_eq!(done.response()["created_user_id"], user["id"]);
    assert_eq!(user["unsafe_metadata"], json!({"plan": "free"}));
    assert_eq!(user["email_addresses"][0]["verification"]["status"], "verified");
    assert_eq!(user["primary_email_address_id"], user["email_addresses"][0]["id"]);
    let replayed = web.app(2).post(&attempt, &[("strategy", "email_code"), ("code", &code)]).await;
    assert_eq!(replayed.refusal(), "404 resource_not_found");
}

async fn fields_come_in_any_order_and_the_last_one_makes_the_account() {
    let web = clerk().await;
    let app = web.app(1);
    let begun = app.post(ATTEMPTS, &[]).await.ok();
    assert_eq!(begun.response()["missing_fields"], json!(["email_address", "password"]));
    let at = format!("{ATTEMPTS}/{}", begun.id());
    let early = app.post(&format!("{at}/prepare_verification"), &[("strategy", "email_code")]).await;
    assert_eq!(early.refusal(), "422 form_param_missing email_address");
    let named = app.patch(&at, &[("email_address", ADA)]).await.ok();
    assert_eq!(named.response()["missing_fields"], json!(["password"]));
    app.post(&format!("{at}/prepare_verification"), &[("strategy", "email_code")]).await.ok();
    let code = web.house.code_to(ADA).await.unwrap();
    let fields = [("strategy", "email_code"), ("code", code.as_str())];
    let proved = app.post(&format!("{at}/attempt_verification"), &fields).await.ok();
    assert_eq!(proved.response()["status"], "missing_requirements");
    assert_eq!(proved.response()["unverified_fields"], json!([]));
    assert_eq!(proved.response()["verifications"]["email_address"]["status"], "verified");
    let twice = app.post(&format!("{at}/attempt_verification"), &fields).await;
    assert_eq!(twice.refusal(), "422 verification_already_verified email_address");
    let done = app.patch(&at, &[("password", PASSWORD), ("first_name", "Ada")]).await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert_eq!(done.client()["sessions"][0]["user"]["first_name"], "Ada");
}

async fn another_address_needs_another_code() {
    let web = clerk().await;
    let app = web.app(1);
    let begun = app.post(ATTEMPTS, &[("email_address", ADA), ("password", PASSWORD)]).await.ok();
    let at = format!("{ATTEMPTS}/{}", begun.id());
    app.post(&format!("{at}/prepare_verification"), &[("strategy", "email_code")]).await.ok();
    let code = web.house.code_to(ADA).await.unwrap();
    let moved = app.patch(&at, &[("email_address", "eve@example.com")]).await.ok();
    assert_eq!(moved.response()["verifications"]["email_address"], Value::Null);
    let fields = [("strategy", "email_code"), ("code", code.as_str())];
    let old = app.post(&format!("{at}/attempt_verification"), &fields).await;
    assert_eq!(old.refusal(), "400 verification_expired code");
}

async fn every_fault_is_told_under_its_field() {
    let web = clerk().await;
    let app = web.app(1);
    for (fields, told) in [
        (vec![("email_address", "ada")], "422 form_param_format_invalid email_address"),
        (vec![("password", "short")], "422 form_password_length_too_short password"),
        (vec![("password", "password1234")], "422 form_password_not_strong_enough password"),
        (vec![("unsafe_metadata", "[]")], "422 form_param_value_invalid unsafe_metadata"),
        (
            vec![("email_address", "ada"), ("password", "short")],
            "422 form_param_format_invalid email_address, form_password_length_too_short password",
        ),
        (vec![("transfer", "true")], "404 resource_not_found"),
    ] {
        assert_eq!(app.post(ATTEMPTS, &fields).await.refusal(), told, "{fields:?}");
    }
    let weak = app.post(ATTEMPTS, &[("password", "password1234")]).await;
    assert!(weak.json["errors"][0]["meta"]["zxcvbn"]["suggestions"].is_array(), "{}", weak.body);
    let long = "x".repeat(300);
    assert_eq!(
        app.post(ATTEMPTS, &[("password", &long)]).await.refusal(),
        "422 form_password_length_too_long password"
    );
    let begun = app.post(ATTEMPTS, &[("email_address", ADA)]).await.ok();
    let at = format!("{ATTEMPTS}/{}/prepare_verification", begun.id());
    assert_eq!(app.post(&at, &[]).await.refusal(), "422 form_param_missing strategy");
    assert_eq!(app.post(&at, &[("strategy", "email_link")]).await.refusal(), "422 strategy_for_user_invalid strategy");
}

async fn an_attempt_is_its_browsers_own_and_ends() {
    let web = clerk().await;
    let app = web.app(1);
    let begun = app.post(ATTEMPTS, &[("email_address", ADA), ("password", PASSWORD)]).await.ok();
    let at = format!("{ATTEMPTS}/{}", begun.id());
    let eve = web.app(2);
    eve.post(ATTEMPTS, &[("email_address", "eve@example.com")]).await.ok();
    for stranger in [web.app(3), eve] {
        let fields = [("strategy", "email_code"), ("code", "123456")];
        assert_eq!(stranger.get(&at).await.refusal(), "404 resource_not_found");
        assert_eq!(stranger.patch(&at, &[("first_name", "Eve")]).await.refusal(), "404 resource_not_found");
        for step in ["prepare_verification", "attempt_verification"] {
            assert_eq!(stranger.post(&format!("{at}/{step}"), &fields).await.refusal(), "404 resource_not_found");
        }
    }
    web.house.clock.advance(Duration::from_secs(25 * 3600));
    assert_eq!(app.get(&at).await.refusal(), "404 resource_not_found");
    assert_eq!(app.client().await["sign_up"], Value::Null);
}

/// SEC-21: who has an account learns of it in the mailbox, and nobody else does.
async fn sec_21_a_taken_address_signs_its_owner_in_and_nothing_else_remains() {
    let web = clerk().await;
    web.signed_up_in_app(1, ADA).await;
    let app = web.app(2);
    let fields = [("email_address", ADA), ("password", "another lantern tide"), ("first_name", "Eve")];
    let begun = app.post(ATTEMPTS, &fields).await.ok();
    let at = format!("{ATTEMPTS}/{}", begun.id());
    app.post(&format!("{at}/prepare_verification"), &[("strategy", "email_code")]).await.ok();
    let mail = web.house.mail_to(ADA).await.unwrap().text;
    assert!(mail.contains("already have an account"), "{mail}");
    let code = web.house.code_to(ADA).await.unwrap();
    let fields = [("strategy", "email_code"), ("code", code.as_str())];
    let done = app.post(&format!("{at}/attempt_verification"), &fields).await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert_eq!(done.client()["sessions"][0]["user"]["first_name"], "Ada");
    web.app(3).sign_in(ADA, PASSWORD).await.ok();
    assert_ne!(web.app(4).sign_in(ADA, "another lantern tide").await.status, 200);
}

async fn where_addresses_are_listed_others_may_not_sign_up() {
    let web = clerk_with(Settings { sign_up: restricted(), ..settings() }).await;
    let told = web.app(1).post(ATTEMPTS, &[("email_address", ADA), ("password", PASSWORD)]).await;
    assert_eq!(told.refusal(), "403 not_allowed_access email_address");
}

async fn where_terms_are_asked_for_they_are_missing_until_accepted() {
    let web = clerk_with(Settings { legal_consent: true, ..settings() }).await;
    let app = web.app(1);
    let begun = app.post(ATTEMPTS, &[("email_address", ADA), ("password", PASSWORD)]).await.ok();
    assert_eq!(begun.response()["missing_fields"], json!(["legal_accepted"]));
    let at = format!("{ATTEMPTS}/{}", begun.id());
    app.patch(&at, &[("legal_accepted", "true")]).await.ok();
    let done = web.finish(&app, &at, ADA).await.ok();
    assert!(done.response()["legal_accepted_at"].is_i64());
    assert!(done.client()["sessions"][0]["user"]["legal_accepted_at"].is_i64());
}

on_both!(
    everything_at_once_and_the_code_make_an_account,
    fields_come_in_any_order_and_the_last_one_makes_the_account,
    another_address_needs_another_code,
    every_fault_is_told_under_its_field,
    an_attempt_is_its_browsers_own_and_ends,
    sec_21_a_taken_address_signs_its_owner_in_and_nothing_else_remains,
    where_addresses_are_listed_others_may_not_sign_up,
    where_terms_are_asked_for_they_are_missing_until_accepted,
);
