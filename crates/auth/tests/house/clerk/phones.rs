//! Phone numbers through Clerk's contract: the components' calls, and an app's backend.

use super::{app::*, backend::sdk::sdk_with};
use crate::{kit::*, web::Web};
use housekey::settings::{Gateway, Settings, Use};
use serde_json::json;
use std::time::Duration;

pub const NUMBER: &str = "+4915123456789";
pub const OTHER: &str = "+4915123456780";
const CODE: (&str, &str) = ("strategy", "phone_code");

pub fn phones(email: Use, phone: Use) -> Settings {
    let mut settings = settings();
    settings.identifiers.email = email;
    settings.identifiers.phone = phone;
    settings.sms.gateway = Gateway::Development;
    settings.sms.countries = vec!["DE".parse().unwrap()];
    settings
}

/// Signs up with a phone, as the components do.
async fn signed_up(web: &Web, at: u8) -> App {
    let app = web.app(at);
    let begun = app.post("/v1/client/sign_ups", &[("phone_number", NUMBER), ("password", PASSWORD)]).await.ok();
    assert_eq!(begun.response()["unverified_fields"], json!(["phone_number"]));
    let step = format!("/v1/client/sign_ups/{}", begun.id());
    let sent = app.post(&format!("{step}/prepare_verification"), &[CODE]).await.ok();
    assert_eq!(sent.response()["verifications"]["phone_number"]["status"], "unverified");
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    let done = app.post(&format!("{step}/attempt_verification"), &[CODE, ("code", &code)]).await.ok();
    assert_eq!(done.response()["status"], "complete", "{}", done.body);
    app
}

async fn the_environment_says_what_is_taken() {
    let told = clerk_with(phones(Use::Required, Use::Optional)).await.app(1).get("/v1/environment").await.ok().json;
    let attribute = &told["user_settings"]["attributes"]["phone_number"];
    assert_eq!((&attribute["enabled"], &attribute["required"]), (&json!(true), &json!(false)));
    assert_eq!(attribute["first_factors"], json!(["phone_code"]));
    assert_eq!(told["auth_config"]["phone_number"], "on");
    let off = clerk().await.app(1).get("/v1/environment").await.ok().json;
    assert_eq!(off["user_settings"]["attributes"]["phone_number"]["enabled"], false);
}

async fn a_phone_signs_up_in_and_resets() {
    let web = clerk_with(phones(Use::Optional, Use::Required)).await;
    let app = signed_up(&web, 1).await;
    let me = app.get("/v1/me").await.ok();
    assert_eq!(me.response()["phone_numbers"][0]["phone_number"], NUMBER);
    assert_eq!(me.response()["primary_phone_number_id"], me.response()["phone_numbers"][0]["id"]);
    let other = web.app(2);
    let begun = other.post("/v1/client/sign_ins", &[("identifier", NUMBER)]).await.ok();
    let factors = begun.response()["supported_first_factors"].as_array().unwrap().clone();
    let ways: Vec<&str> = factors.iter().map(|f| f["strategy"].as_str().unwrap()).collect();
    assert_eq!(ways, ["password", "phone_code", "reset_password_phone_code"]);
    assert_eq!(factors[1]["safe_identifier"], "+49•••89");
    assert!(factors[1]["phone_number_id"].as_str().unwrap().starts_with("idn_"));
    let step = format!("/v1/client/sign_ins/{}", begun.id());
    other.post(&format!("{step}/prepare_first_factor"), &[CODE]).await.ok();
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let attempt = format!("{step}/attempt_first_factor");
    assert_eq!(other.post(&attempt, &[CODE, ("code", wrong)]).await.refusal(), "422 form_code_incorrect code");
    let done = other.post(&attempt, &[CODE, ("code", &code)]).await.ok();
    assert_eq!(done.response()["status"], "complete", "{}", done.body);
    let lost = web.app(3);
    let reset = ("strategy", "reset_password_phone_code");
    let begun = lost.post("/v1/client/sign_ins", &[("identifier", NUMBER), reset]).await.ok();
    let step = format!("/v1/client/sign_ins/{}", begun.id());
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    let proved = lost.post(&format!("{step}/attempt_first_factor"), &[reset, ("code", &code)]).await.ok();
    assert_eq!(proved.response()["status"], "needs_new_password");
    let done = lost.post(&format!("{step}/reset_password"), &[("password", "another lantern tide")]).await.ok();
    assert_eq!(done.response()["status"], "complete");
}

async fn the_signed_in_user_adds_verifies_and_removes_numbers() {
    let web = clerk_with(phones(Use::Required, Use::Optional)).await;
    let app = web.signed_up_in_app(1, ADA).await;
    let refused = app.post("/v1/me/phone_numbers", &[("phone_number", "+12012345678")]).await;
    assert_eq!(refused.refusal(), "422 unsupported_country_code phone_number");
    let added = app.post("/v1/me/phone_numbers/", &[("phone_number", NUMBER)]).await.ok();
    let at = format!("/v1/me/phone_numbers/{}", added.id());
    assert_eq!(added.response()["verification"], json!(null), "or the components would not ask for a code");
    app.post(&format!("{at}/prepare_verification"), &[CODE]).await.ok();
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    let proved = app.post(&format!("{at}/attempt_verification"), &[("code", &code)]).await.ok();
    assert_eq!(proved.response()["verification"]["status"], "verified");
    assert_eq!(proved.client()["sessions"][0]["user"]["primary_phone_number_id"], proved.id());
    assert_eq!(app.get("/v1/me/phone_numbers").await.ok().json.as_array().unwrap().len(), 1);
    assert_eq!(app.get(&at).await.ok().response()["phone_number"], NUMBER);
    let eve = web.signed_up_in_app(2, "eve@example.com").await;
    assert_eq!(eve.get(&at).await.status, 404);
    assert_eq!(eve.delete(&at).await.status, 404);
    let again = eve.post("/v1/me/phone_numbers", &[("phone_number", NUMBER)]).await.ok();
    let hers = format!("/v1/me/phone_numbers/{}", again.id());
    eve.post(&format!("{hers}/prepare_verification"), &[CODE]).await.ok();
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    let taken = eve.post(&format!("{hers}/attempt_verification"), &[("code", &code)]).await;
    assert_eq!(taken.refusal(), "422 form_identifier_exists phone_number");
    app.delete(&at).await.ok();
    assert_eq!(app.get("/v1/me").await.ok().response()["phone_numbers"], json!([]));
}

async fn a_code_to_the_phone_makes_a_session_fresh() {
    let web = clerk_with(phones(Use::Optional, Use::Required)).await;
    let app = signed_up(&web, 1).await;
    web.house.clock.advance(Duration::from_secs(301));
    let stale = app.post("/v1/me/phone_numbers", &[("phone_number", OTHER)]).await;
    assert_eq!(stale.refusal(), "403 session_reverification_required");
    let verify = format!("/v1/client/sessions/{}/verify", app.session().await);
    let begun = app.post(&verify, &[("level", "first_factor")]).await.ok();
    let ways = begun.response()["supported_first_factors"].to_string();
    assert!(ways.contains("phone_code") && !ways.contains("email_code"), "{ways}");
    app.post(&format!("{verify}/prepare_first_factor"), &[CODE]).await.ok();
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    let done = app.post(&format!("{verify}/attempt_first_factor"), &[CODE, ("code", &code)]).await.ok();
    assert_eq!(done.response()["status"], "complete");
    app.post("/v1/me/phone_numbers", &[("phone_number", OTHER)]).await.ok();
}

async fn sec_20_a_strange_number_is_answered_as_a_known_one() {
    let web = clerk_with(phones(Use::Optional, Use::Required)).await;
    signed_up(&web, 1).await;
    let mut all = Vec::new();
    for (at, number) in [(2, NUMBER), (3, OTHER)] {
        let app = web.app(at);
        let begun = app.post("/v1/client/sign_ins", &[("identifier", number)]).await.ok();
        let step = format!("/v1/client/sign_ins/{}", begun.id());
        let mut told = vec![begun.response()["supported_first_factors"].as_array().unwrap().len().to_string()];
        let sent = app.post(&format!("{step}/prepare_first_factor"), &[CODE]).await.ok();
        told.push(sent.response()["first_factor_verification"].to_string());
        for fields in [[CODE, ("code", "000000")], [("strategy", "password"), ("password", "wrong wrong wrong")]] {
            told.push(app.post(&format!("{step}/attempt_first_factor"), &fields).await.refusal());
        }
        all.push(told);
    }
    assert_eq!(all[0], all[1]);
}

async fn a_backend_makes_finds_and_keeps_numbers() {
    let sdk = sdk_with(phones(Use::Optional, Use::Required)).await;
    let form = json!({"phone_number": [NUMBER, OTHER], "password": PASSWORD});
    let ada = sdk.post("/users", form).await.ok().json;
    let id = ada["id"].as_str().unwrap();
    assert_eq!(ada["phone_numbers"].as_array().unwrap().len(), 2);
    assert_eq!(ada["primary_phone_number_id"], ada["phone_numbers"][0]["id"]);
    let app = sdk.web.app(1);
    assert_eq!(app.sign_in(NUMBER, PASSWORD).await.ok().response()["status"], "complete");
    let taken = sdk.post("/users", json!({"phone_number": [OTHER], "password": PASSWORD})).await;
    assert_eq!(taken.refusal(), "422 form_identifier_exists phone_number");
    let malformed = sdk.post("/users", json!({"phone_number": ["+49 12"], "password": PASSWORD})).await;
    assert_eq!(malformed.refusal(), "422 form_param_format_invalid phone_number");
    for (query, count) in [
        ("phone_number=%2B4915123456780", 1),
        ("phone_number=%2B4915100000000", 0),
        ("phone_number_query=6789", 1),
        ("query=3456789", 1),
        ("phone_number_query=%25", 0),
    ] {
        let found = sdk.get(&format!("/users?{query}")).await.ok().json.as_array().unwrap().len();
        assert_eq!(found, count, "{query}");
    }
    let added = sdk.post("/phone_numbers", json!({"user_id": id, "phone_number": "+4915123456781"})).await.ok().json;
    let at = format!("/phone_numbers/{}", added["id"].as_str().unwrap());
    assert_eq!(added["verification"], json!(null));
    assert_eq!(sdk.patch(&at, json!({"primary": true})).await.refusal(), "422 form_param_value_invalid primary");
    let proved = sdk.patch(&at, json!({"verified": true, "primary": true})).await.ok().json;
    assert_eq!(proved["verification"]["status"], "verified");
    assert_eq!(sdk.get(&format!("/users/{id}")).await.ok().json["primary_phone_number_id"], added["id"]);
    assert_eq!(sdk.get(&at).await.ok().json["phone_number"], "+4915123456781");
    assert_eq!(sdk.delete(&at).await.ok().json["deleted"], true);
    assert_eq!(sdk.get(&at).await.status, 404);
    let user = sdk.get(&format!("/users/{id}")).await.ok().json;
    assert_eq!(user["primary_phone_number_id"], user["phone_numbers"][0]["id"], "the next one takes its place");
}

on_both!(
    the_environment_says_what_is_taken,
    a_phone_signs_up_in_and_resets,
    the_signed_in_user_adds_verifies_and_removes_numbers,
    a_code_to_the_phone_makes_a_session_fresh,
    sec_20_a_strange_number_is_answered_as_a_known_one,
    a_backend_makes_finds_and_keeps_numbers,
);
