//! Second factors, as the components and SDKs drive them.

use super::{app::*, backend::sdk::*, sessions::read, tickets::ticket_for};
use crate::{kit::*, web::Web};
use housekey::core::factor::totp::TotpSecret;
use serde_json::{Value, json};
use std::time::Duration;

const STEP: Duration = Duration::from_secs(30);
const ATTEMPTS: &str = "/v1/client/sign_ins";

fn code_of(web: &Web, secret: &str) -> String {
    TotpSecret::parse(secret).unwrap().code_at(web.house.housekey.now()).expose().clone()
}

/// Sets an authenticator app up; its secret and the backup codes.
async fn enroll(web: &Web, app: &App) -> (String, Vec<String>) {
    let made = app.post("/v1/me/totp", &[]).await.ok();
    let secret = made.response()["secret"].as_str().unwrap().to_owned();
    let code = code_of(web, &secret);
    let added = app.post("/v1/me/totp/attempt_verification", &[("code", &code)]).await.ok();
    web.house.clock.advance(STEP);
    let codes = added.response()["backup_codes"].as_array().unwrap();
    (secret, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

async fn an_app_is_set_up_and_shown_on_the_user() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let made = app.post("/v1/me/totp", &[]).await.ok();
    assert_eq!((&made.response()["verified"], &made.response()["object"]), (&json!(false), &json!("totp")));
    let uri = made.response()["uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/") && uri.contains("secret="), "{uri}");
    let user = &made.client()["sessions"][0]["user"];
    assert_eq!((&user["totp_enabled"], &user["two_factor_enabled"]), (&json!(false), &json!(false)));
    let attempt = "/v1/me/totp/attempt_verification";
    assert_eq!(app.post(attempt, &[("code", "000000")]).await.refusal(), "422 form_code_incorrect code");
    let code = code_of(&web, made.response()["secret"].as_str().unwrap());
    let added = app.post(attempt, &[("code", &code)]).await.ok();
    assert_eq!((&added.response()["verified"], &added.response()["secret"]), (&json!(true), &Value::Null));
    assert_eq!(added.response()["backup_codes"].as_array().unwrap().len(), 10);
    let user = &added.client()["sessions"][0]["user"];
    let shown = ["totp_enabled", "two_factor_enabled", "backup_code_enabled"].map(|name| user[name].clone());
    assert_eq!(shown, [json!(true), json!(true), json!(true)]);
    assert!(user["mfa_enabled_at"].is_i64());
    assert_eq!(app.post("/v1/me/totp", &[]).await.refusal(), "400 totp_already_enabled totp");
    let environment = app.get("/v1/environment").await.ok();
    let attributes = &environment.json["user_settings"]["attributes"];
    assert_eq!(attributes["authenticator_app"]["used_for_second_factor"], true);
    assert_eq!(attributes["backup_code"]["used_for_second_factor"], true);
}

async fn a_sign_in_goes_on_to_the_second_factor() {
    let web = clerk().await;
    let (secret, codes) = enroll(&web, &web.signed_up_in_app(1, ADA).await).await;
    let app = web.app(2);
    let first = app.sign_in(ADA, PASSWORD).await.ok();
    assert_eq!(first.response()["status"], "needs_second_factor");
    assert_eq!(first.response()["created_session_id"], Value::Null);
    let offered: Vec<_> = first.response()["supported_second_factors"].as_array().unwrap().iter().collect();
    assert_eq!((&offered[0]["strategy"], &offered[1]["strategy"]), (&json!("totp"), &json!("backup_code")));
    assert_eq!(first.client()["sessions"], json!([]), "nobody is signed in yet");
    assert_eq!(app.get("/v1/me").await.refusal(), "401 authentication_invalid");
    let attempt = format!("{ATTEMPTS}/{}/attempt_second_factor", first.id());
    for (fields, told) in [
        (vec![("strategy", "totp"), ("code", "000000")], "422 form_code_incorrect code"),
        (vec![("strategy", "totp"), ("code", "12")], "422 form_code_incorrect code"),
        (vec![("strategy", "phone_code"), ("code", "000000")], "422 strategy_for_user_invalid strategy"),
        (vec![("strategy", "totp")], "422 form_param_missing code"),
    ] {
        assert_eq!(app.post(&attempt, &fields).await.refusal(), told, "{fields:?}");
    }
    let prepare = format!("{ATTEMPTS}/{}/prepare_second_factor", first.id());
    let prepared = app.post(&prepare, &[("strategy", "phone_code")]).await;
    assert_eq!(prepared.refusal(), "422 strategy_for_user_invalid strategy");
    let code = code_of(&web, &secret);
    let done = app.post(&attempt, &[("strategy", "totp"), ("code", &code)]).await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert_eq!(done.response()["second_factor_verification"]["status"], "verified");
    let session = done.response()["created_session_id"].as_str().unwrap();
    let claims = read(&app.post(&format!("/v1/client/sessions/{session}/tokens"), &[]).await.ok()).1;
    assert_eq!(claims["fva"], json!([0, 0]), "backends see both factors");

    let other = web.app(3);
    let first = other.sign_in(ADA, PASSWORD).await.ok();
    let attempt = format!("{ATTEMPTS}/{}/attempt_second_factor", first.id());
    let replayed = other.post(&attempt, &[("strategy", "totp"), ("code", &code)]).await;
    assert_eq!(replayed.refusal(), "422 form_code_incorrect code");
    let done = other.post(&attempt, &[("strategy", "backup_code"), ("code", &codes[0])]).await.ok();
    assert_eq!(done.response()["status"], "complete");
}

async fn a_ticket_is_a_first_factor_only_and_is_used_up_by_it() {
    let web = clerk().await;
    let ada = web.signed_up_in_app(1, ADA).await;
    let (secret, _) = enroll(&web, &ada).await;
    let user = ada.client().await["sessions"][0]["user"]["id"].as_str().unwrap().to_owned();
    let ticket = ticket_for(&web, &user).await;
    let app = web.app(2);
    let first = app.post(ATTEMPTS, &[("strategy", "ticket"), ("ticket", &ticket)]).await.ok();
    assert_eq!(first.response()["status"], "needs_second_factor");
    let again = web.app(3).post(ATTEMPTS, &[("strategy", "ticket"), ("ticket", &ticket)]).await;
    assert_eq!(again.refusal(), "400 ticket_expired_code");
    let attempt = format!("{ATTEMPTS}/{}/attempt_second_factor", first.id());
    let done = app.post(&attempt, &[("strategy", "totp"), ("code", &code_of(&web, &secret))]).await.ok();
    assert_eq!(done.response()["status"], "complete");
}

async fn a_sign_up_with_the_address_of_somebody_with_an_app_goes_on_as_their_sign_in() {
    let web = clerk().await;
    enroll(&web, &web.signed_up_in_app(1, ADA).await).await;
    web.house.clock.advance(Duration::from_secs(3600));
    let app = web.app(2);
    let begun = app.post("/v1/client/sign_ups", &[("email_address", ADA), ("password", PASSWORD)]).await.ok();
    let at = format!("/v1/client/sign_ups/{}", begun.id());
    app.post(&format!("{at}/prepare_verification"), &[("strategy", "email_code")]).await.ok();
    let code = web.house.code_to(ADA).await.unwrap();
    let fields = [("strategy", "email_code"), ("code", code.as_str())];
    let told = app.post(&format!("{at}/attempt_verification"), &fields).await;
    assert_eq!(told.refusal(), "422 form_identifier_exists email_address");
    let client = app.client().await;
    assert_eq!(client["sign_in"]["status"], "needs_second_factor");
    assert_eq!(client["sessions"], json!([]));
}

async fn sec_63_a_change_of_factors_asks_for_the_second_one() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let (secret, _) = enroll(&web, &app).await;
    let session = app.session().await;
    web.house.clock.advance(Duration::from_secs(600));
    let at = format!("/v1/client/sessions/{session}/verify");
    let refused = app.delete("/v1/me/totp").await;
    assert_eq!(refused.refusal(), "403 session_reverification_required");
    assert_eq!(refused.json["errors"][0]["meta"]["reverification"]["level"], "second_factor");
    let begun = app.post(&at, &[("level", "second_factor")]).await.ok();
    assert_eq!(begun.response()["status"], "needs_second_factor");
    assert_eq!(begun.response()["supported_second_factors"][0]["strategy"], "totp");
    let first =
        app.post(&format!("{at}/attempt_first_factor"), &[("strategy", "password"), ("password", PASSWORD)]).await.ok();
    assert_eq!(first.response()["status"], "needs_second_factor", "a password is not enough");
    assert_eq!(app.delete("/v1/me/totp").await.refusal(), "403 session_reverification_required");
    let attempt = format!("{at}/attempt_second_factor");
    let wrong = app.post(&attempt, &[("strategy", "totp"), ("code", "000000")]).await;
    assert_eq!(wrong.refusal(), "422 form_code_incorrect code");
    let code = code_of(&web, &secret);
    let done = app.post(&attempt, &[("strategy", "totp"), ("code", &code)]).await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert_eq!(done.response()["session"]["factor_verification_age"], json!([0, 0]));
    let made = app.post("/v1/me/backup_codes/", &[]).await.ok();
    assert_eq!(made.response()["codes"].as_array().unwrap().len(), 10);
    let gone = app.delete("/v1/me/totp").await.ok();
    assert_eq!((&gone.response()["object"], &gone.response()["deleted"]), (&json!("totp"), &json!(true)));
    assert_eq!(gone.client()["sessions"][0]["user"]["two_factor_enabled"], false);
    assert_eq!(app.delete("/v1/me/totp").await.refusal(), "404 resource_not_found");
    assert_eq!(app.post("/v1/me/backup_codes", &[]).await.refusal(), "422 backup_codes_not_available backup_codes");
}

async fn a_backend_checks_a_code_once_and_takes_factors_away() {
    let sdk = sdk().await;
    let app = sdk.web.signed_up_in_app(1, ADA).await;
    let id = app.client().await["sessions"][0]["user"]["id"].as_str().unwrap().to_owned();
    let verify = format!("/users/{id}/verify_totp");
    assert_eq!(sdk.post(&verify, json!({"code": "000000"})).await.refusal(), "400 totp_not_enabled code");
    let (secret, codes) = enroll(&sdk.web, &app).await;
    let code = code_of(&sdk.web, &secret);
    let told = sdk.post(&verify, json!({"code": code})).await.ok();
    assert_eq!(told.json, json!({"verified": true, "code_type": "totp"}));
    for wrong in [code.as_str(), "000000", "nothing", ""] {
        let told = sdk.post(&verify, json!({"code": wrong})).await;
        assert!(told.refusal().starts_with("422 "), "{wrong}: {}", told.body);
    }
    let told = sdk.post(&verify, json!({"code": codes[0]})).await.ok();
    assert_eq!(told.json["code_type"], "backup_code");
    assert_eq!(sdk.post(&verify, json!({"code": codes[0]})).await.refusal(), "422 form_code_incorrect code");
    let user = || async { sdk.get(&format!("/users/{id}")).await.ok().json };
    assert_eq!(
        (&user().await["two_factor_enabled"], &user().await["backup_code_enabled"]),
        (&json!(true), &json!(true))
    );
    sdk.delete(&format!("/users/{id}/backup_code")).await.ok();
    assert_eq!((&user().await["totp_enabled"], &user().await["backup_code_enabled"]), (&json!(true), &json!(false)));
    let gone = sdk.delete(&format!("/users/{id}/mfa")).await.ok();
    assert_eq!(gone.json, json!({"user_id": id}));
    assert_eq!(user().await["two_factor_enabled"], false);
    assert_eq!(sdk.delete("/users/user_000000000000000000000000000/totp").await.refusal(), "404 resource_not_found");
    sdk.web.house.deliver().await;
    assert!(sdk.web.house.mail_to(ADA).await.unwrap().subject.as_str().contains("was removed"), "the owner is told");
}

async fn a_user_moves_in_with_the_app_that_they_had() {
    let sdk = sdk().await;
    let form = |secret: &str| json!({"email_address": [ADA], "password": PASSWORD, "totp_secret": secret});
    let bad = sdk.post("/users", form("not Base32!")).await;
    assert_eq!(bad.refusal(), "422 form_param_format_invalid totp_secret");
    let secret = "JBSWY3DPEHPK3PXP";
    let made = sdk.post("/users", form(secret)).await.ok();
    assert_eq!(made.json["totp_enabled"], true);
    let app = sdk.web.app(2);
    let first = app.sign_in(ADA, PASSWORD).await.ok();
    assert_eq!(first.response()["status"], "needs_second_factor");
    assert_eq!(first.response()["supported_second_factors"].as_array().unwrap().len(), 1, "no backup codes came along");
    let attempt = format!("{ATTEMPTS}/{}/attempt_second_factor", first.id());
    let done = app.post(&attempt, &[("strategy", "totp"), ("code", &code_of(&sdk.web, secret))]).await.ok();
    assert_eq!(done.response()["status"], "complete");
}

on_both! {
    a_user_moves_in_with_the_app_that_they_had,
    an_app_is_set_up_and_shown_on_the_user,
    a_sign_in_goes_on_to_the_second_factor,
    a_ticket_is_a_first_factor_only_and_is_used_up_by_it,
    a_sign_up_with_the_address_of_somebody_with_an_app_goes_on_as_their_sign_in,
    sec_63_a_change_of_factors_asks_for_the_second_one,
    a_backend_checks_a_code_once_and_takes_factors_away,
}
