//! The signed-in user's addresses.

use super::{app::*, sign_ins::other};
use crate::kit::*;
use serde_json::{Value, json};

const ALL: &str = "/v1/me/email_addresses";
const NEW: &str = "ada@new.example";

async fn an_address_is_added_proved_made_primary_and_removed() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let first = app.get(ALL).await.ok().json[0].clone();
    // The components ask with a slash at the end.
    let added = app.post("/v1/me/email_addresses/", &[("email_address", NEW)]).await.ok();
    assert_eq!((&added.response()["email_address"], &added.response()["verification"]), (&json!(NEW), &Value::Null));
    let at = format!("{ALL}/{}", added.id());
    let early = app.patch("/v1/me", &[("primary_email_address_id", added.id())]).await;
    assert_eq!(early.status, 422, "{}", early.body);
    let sent = app.post(&format!("{at}/prepare_verification"), &[("strategy", "email_code")]).await.ok();
    assert_eq!(sent.response()["verification"]["status"], "unverified");
    let code = web.house.code_to(NEW).await.unwrap();
    let attempt = format!("{at}/attempt_verification");
    assert_eq!(app.post(&attempt, &[("code", &other(&code))]).await.refusal(), "422 form_code_incorrect code");
    let proved = app.post(&attempt, &[("code", &code)]).await.ok();
    assert_eq!(proved.response()["verification"]["status"], "verified");
    let me = app.patch("/v1/me", &[("primary_email_address_id", added.id())]).await.ok();
    assert_eq!(me.response()["primary_email_address_id"], added.response()["id"]);
    let gone = app.delete(&format!("{ALL}/{}", first["id"].as_str().unwrap())).await.ok();
    assert_eq!(gone.response()["deleted"], true);
    let left = app.get(ALL).await.ok().json;
    assert_eq!((left.as_array().unwrap().len(), &left[0]["email_address"]), (1, &json!(NEW)));
    assert_eq!(app.delete(&at).await.refusal(), "403 last_identification_deletion_failed");
}

async fn what_cannot_be_is_told_under_its_field() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    for (typed, told) in [
        ("", "422 form_param_missing email_address"),
        ("ada", "422 form_param_format_invalid email_address"),
        (ADA, "422 form_identifier_exists email_address"),
    ] {
        assert_eq!(app.post(ALL, &[("email_address", typed)]).await.refusal(), told, "{typed}");
    }
    let added = app.post(ALL, &[("email_address", NEW)]).await.ok();
    let at = format!("{ALL}/{}", added.id());
    let step = format!("{at}/prepare_verification");
    assert_eq!(
        app.post(&step, &[("strategy", "email_link")]).await.refusal(),
        "422 strategy_for_user_invalid strategy"
    );
    assert_eq!(app.post(&step, &[]).await.refusal(), "422 form_param_missing strategy");
    let step = format!("{at}/attempt_verification");
    assert_eq!(app.post(&step, &[]).await.refusal(), "422 form_param_missing code");
    assert_eq!(app.post(&step, &[("code", "000000")]).await.refusal(), "400 verification_expired code");
}

/// SEC-25: whose address it is shows in the mailbox alone.
async fn sec_25_an_address_of_another_account_looks_like_any_until_its_code_is_typed() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    web.signed_up_in_app(2, "eve@example.com").await;
    let added = app.post(ALL, &[("email_address", "eve@example.com")]).await.ok();
    let at = format!("{ALL}/{}", added.id());
    app.post(&format!("{at}/prepare_verification"), &[("strategy", "email_code")]).await.ok();
    let code = web.house.code_to("eve@example.com").await.unwrap();
    let told = app.post(&format!("{at}/attempt_verification"), &[("code", &code)]).await;
    assert_eq!(told.refusal(), "422 form_identifier_exists email_address");
}

async fn sec_112_an_address_of_somebody_else_is_not_there() {
    let web = clerk().await;
    let ada = web.signed_up_in_app(1, ADA).await;
    let eve = web.signed_up_in_app(2, "eve@example.com").await;
    let added = ada.post(ALL, &[("email_address", NEW)]).await.ok();
    let at = format!("{ALL}/{}", added.id());
    ada.post(&format!("{at}/prepare_verification"), &[("strategy", "email_code")]).await.ok();
    let code = web.house.code_to(NEW).await.unwrap();
    for told in [
        eve.get(&at).await,
        eve.delete(&at).await,
        eve.post(&format!("{at}/prepare_verification"), &[("strategy", "email_code")]).await,
        eve.post(&format!("{at}/attempt_verification"), &[("code", &code)]).await,
        eve.patch("/v1/me", &[("primary_email_address_id", added.id())]).await,
    ] {
        assert_eq!(told.refusal(), "404 resource_not_found");
    }
    ada.post(&format!("{at}/attempt_verification"), &[("code", &code)]).await.ok();
}

on_both!(
    an_address_is_added_proved_made_primary_and_removed,
    what_cannot_be_is_told_under_its_field,
    sec_25_an_address_of_another_account_looks_like_any_until_its_code_is_typed,
    sec_112_an_address_of_somebody_else_is_not_there,
);
