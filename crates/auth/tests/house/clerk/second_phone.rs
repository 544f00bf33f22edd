//! A code to a phone as second factor through Clerk's contract: the components' calls, and an app's backend.

use super::{
    app::*,
    backend::sdk::sdk_with,
    phones::{NUMBER, OTHER, phones},
};
use crate::{kit::*, web::Web};
use housekey::settings::Use;
use serde_json::json;
use std::time::Duration;

const CODE: (&str, &str) = ("strategy", "phone_code");

/// Somebody in an app who is asked for a code to a phone, the number's path, and the answer that chose it.
async fn chosen(web: &Web) -> (App, String, Told) {
    let app = web.signed_up_in_app(1, ADA).await;
    let at = proved(web, &app, NUMBER).await;
    let told = app.patch(&at, &[("reserved_for_second_factor", "true")]).await.ok();
    (app, at, told)
}

async fn proved(web: &Web, app: &App, number: &str) -> String {
    let added = app.post("/v1/me/phone_numbers", &[("phone_number", number)]).await.ok();
    let at = format!("/v1/me/phone_numbers/{}", added.id());
    app.post(&format!("{at}/prepare_verification"), &[CODE]).await.ok();
    let code = web.house.sms_code_to(number).await.unwrap();
    app.post(&format!("{at}/attempt_verification"), &[("code", &code)]).await.ok();
    at
}

async fn a_phone_is_chosen_and_signs_in_as_second_factor() {
    let web = clerk_with(phones(Use::Required, Use::Optional)).await;
    let told = web.app(7).get("/v1/environment").await.ok().json;
    let attribute = &told["user_settings"]["attributes"]["phone_number"];
    assert_eq!(
        (&attribute["used_for_second_factor"], &attribute["second_factors"]),
        (&json!(true), &json!(["phone_code"]))
    );
    let (app, at, told) = chosen(&web).await;
    assert_eq!(told.response()["backup_codes"].as_array().unwrap().len(), 10, "shown this once");
    assert_eq!(told.response()["reserved_for_second_factor"], true);
    let me = app.get("/v1/me").await.ok();
    let phone = &me.response()["phone_numbers"][0];
    assert_eq!((&phone["default_second_factor"], &phone["backup_codes"]), (&json!(true), &json!(null)));
    assert_eq!((&me.response()["two_factor_enabled"], &me.response()["totp_enabled"]), (&json!(true), &json!(false)));
    let other = web.app(2);
    let begun = other.sign_in(ADA, PASSWORD).await.ok();
    assert_eq!(begun.response()["status"], "needs_second_factor");
    assert_eq!(begun.response()["first_factor_verification"]["status"], "verified");
    assert_eq!(begun.response()["second_factor_verification"], json!(null));
    let factors = &begun.response()["supported_second_factors"];
    assert_eq!((&factors[0]["strategy"], &factors[0]["safe_identifier"]), (&json!("phone_code"), &json!("+49•••89")));
    assert_eq!((&factors[0]["default"], &factors[1]["strategy"]), (&json!(true), &json!("backup_code")));
    let id = factors[0]["phone_number_id"].as_str().unwrap();
    assert!(at.ends_with(id));
    let step = format!("/v1/client/sign_ins/{}", begun.id());
    let early = other.post(&format!("{step}/attempt_second_factor"), &[CODE, ("code", "123456")]).await;
    assert_eq!(early.refusal(), "400 verification_expired code");
    let unknown = other.post(&format!("{step}/prepare_second_factor"), &[CODE, ("phone_number_id", "idn_x")]).await;
    assert_eq!(unknown.status, 422, "{}", unknown.body);
    let totp = other.post(&format!("{step}/prepare_second_factor"), &[("strategy", "totp")]).await;
    assert_eq!(totp.status, 422, "{}", totp.body);
    let sent = other.post(&format!("{step}/prepare_second_factor"), &[CODE, ("phone_number_id", id)]).await.ok();
    assert_eq!(sent.response()["second_factor_verification"]["status"], "unverified");
    assert_eq!(sent.response()["first_factor_verification"]["strategy"], "password");
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let attempt = format!("{step}/attempt_second_factor");
    assert_eq!(other.post(&attempt, &[CODE, ("code", wrong)]).await.refusal(), "422 form_code_incorrect code");
    let done = other.post(&attempt, &[CODE, ("code", &code)]).await.ok();
    assert_eq!(done.response()["status"], "complete", "{}", done.body);
    assert_eq!(done.response()["second_factor_verification"]["strategy"], "phone_code");
    let eve = web.signed_up_in_app(5, "eve@example.com").await;
    assert_eq!(eve.patch(&at, &[("reserved_for_second_factor", "false")]).await.status, 404);
}

async fn a_code_to_it_makes_a_session_fresh_before_it_goes() {
    let web = clerk_with(phones(Use::Required, Use::Optional)).await;
    let (app, at, _) = chosen(&web).await;
    web.house.clock.advance(Duration::from_secs(700));
    for stale in [app.patch(&at, &[("reserved_for_second_factor", "false")]).await, app.delete(&at).await] {
        assert_eq!(stale.refusal(), "403 session_reverification_required");
    }
    let verify = format!("/v1/client/sessions/{}/verify", app.session().await);
    let begun = app.post(&verify, &[("level", "second_factor")]).await.ok();
    assert_eq!(begun.response()["status"], "needs_second_factor");
    assert_eq!(begun.response()["supported_second_factors"][0]["strategy"], "phone_code");
    let none = app.post(&format!("{verify}/prepare_second_factor"), &[("strategy", "totp")]).await;
    assert_eq!(none.status, 422, "{}", none.body);
    let sent = app.post(&format!("{verify}/prepare_second_factor"), &[CODE]).await.ok();
    assert_eq!(sent.response()["second_factor_verification"]["strategy"], "phone_code");
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    let done = app.post(&format!("{verify}/attempt_second_factor"), &[CODE, ("code", &code)]).await.ok();
    assert_eq!(done.response()["status"], "complete");
    let second = proved(&web, &app, OTHER).await;
    let early = app.patch(&second, &[("default_second_factor", "true")]).await;
    assert_eq!(early.status, 422, "{}", early.body);
    app.patch(&second, &[("reserved_for_second_factor", "true")]).await.ok();
    let first = app.patch(&second, &[("default_second_factor", "true")]).await.ok();
    assert_eq!(first.response()["default_second_factor"], true);
    assert_eq!(app.get(&at).await.ok().response()["default_second_factor"], false);
    let off = app.patch(&at, &[("reserved_for_second_factor", "false")]).await.ok();
    assert_eq!(off.response()["reserved_for_second_factor"], false);
    app.delete(&second).await.ok();
    assert_eq!(app.get("/v1/me").await.ok().response()["two_factor_enabled"], false);
}

async fn an_unproved_number_is_none() {
    let web = clerk_with(phones(Use::Required, Use::Optional)).await;
    let app = web.signed_up_in_app(1, ADA).await;
    let wanted = [("phone_number", NUMBER), ("reserved_for_second_factor", "true")];
    assert_eq!(app.post("/v1/me/phone_numbers", &wanted).await.status, 422);
    let added = app.post("/v1/me/phone_numbers", &wanted[..1]).await.ok();
    let at = format!("/v1/me/phone_numbers/{}", added.id());
    assert_eq!(app.patch(&at, &[("reserved_for_second_factor", "true")]).await.status, 422);
}

async fn a_backend_makes_a_number_a_second_factor_and_takes_it_back() {
    let sdk = sdk_with(phones(Use::Required, Use::Optional)).await;
    let form = json!({"email_address": [ADA], "phone_number": [NUMBER], "password": PASSWORD});
    let ada = sdk.post("/users", form).await.ok().json;
    let at = format!("/phone_numbers/{}", ada["phone_numbers"][0]["id"].as_str().unwrap());
    let told = sdk.patch(&at, json!({"reserved_for_second_factor": true})).await.ok().json;
    assert_eq!((&told["reserved_for_second_factor"], &told["default_second_factor"]), (&json!(true), &json!(true)));
    let notice = sdk.web.house.mail_to(ADA).await.unwrap();
    assert!(notice.text.contains("+49•••89"), "{}", notice.text);
    let app = sdk.web.app(1);
    assert_eq!(app.sign_in(ADA, PASSWORD).await.ok().response()["status"], "needs_second_factor");
    sdk.web.house.clock.advance(Duration::from_secs(1));
    // A number that is proved no more is no factor either.
    let more =
        json!({"user_id": ada["id"], "phone_number": OTHER, "verified": true, "reserved_for_second_factor": true});
    let other = sdk.post("/phone_numbers", more).await.ok().json;
    assert_eq!((&other["reserved_for_second_factor"], &other["default_second_factor"]), (&json!(true), &json!(false)));
    let second = format!("/phone_numbers/{}", other["id"].as_str().unwrap());
    let both = json!({"verified": false, "reserved_for_second_factor": true});
    assert_eq!(sdk.patch(&second, both).await.refusal(), "422 form_param_value_invalid reserved_for_second_factor");
    let unproved = sdk.patch(&second, json!({"verified": false})).await.ok().json;
    assert_eq!(unproved["reserved_for_second_factor"], false);
    let again = json!({"reserved_for_second_factor": true});
    assert_eq!(sdk.patch(&second, again).await.refusal(), "422 form_param_value_invalid reserved_for_second_factor");
    sdk.patch(&at, json!({"reserved_for_second_factor": false})).await.ok();
    assert_eq!(sdk.web.app(2).sign_in(ADA, PASSWORD).await.ok().response()["status"], "complete");
    // All of them go with what an operator takes away.
    sdk.patch(&at, json!({"reserved_for_second_factor": true})).await.ok();
    sdk.delete(&format!("/users/{}/mfa", ada["id"].as_str().unwrap())).await.ok();
    assert_eq!(sdk.web.app(3).sign_in(ADA, PASSWORD).await.ok().response()["status"], "complete");
}

on_both!(
    a_phone_is_chosen_and_signs_in_as_second_factor,
    a_code_to_it_makes_a_session_fresh_before_it_goes,
    an_unproved_number_is_none,
    a_backend_makes_a_number_a_second_factor_and_takes_it_back,
);
