//! Confirming who one is before a risky change: SEC-46 at this door.

use super::{app::*, sessions::read, sign_ins::other};
use crate::{kit::*, web::Web};
use serde_json::{Value, json};
use std::time::Duration;

const STALE: &str = "403 session_reverification_required";

/// Somebody whose factors are ten minutes old, and their session.
async fn stale(web: &Web) -> (App, String) {
    let app = web.signed_up_in_app(1, ADA).await;
    web.house.clock.advance(Duration::from_secs(600));
    let session = app.session().await;
    (app, session)
}

async fn sec_46_a_risky_change_asks_for_a_factor_and_then_passes() {
    let web = clerk().await;
    let (app, session) = stale(&web).await;
    let refused = app.post("/v1/me/email_addresses/", &[("email_address", "ada@new.example")]).await;
    assert_eq!(refused.refusal(), STALE);
    let wanted = &refused.json["errors"][0]["meta"]["reverification"];
    assert_eq!(wanted["level"], "first_factor", "{}", refused.body);
    let at = format!("/v1/client/sessions/{session}/verify");
    let begun = app.post(&at, &[("level", "first_factor")]).await.ok();
    assert_eq!(begun.response()["status"], "needs_first_factor");
    assert_eq!(begun.response()["first_factor_verification"], Value::Null);
    let factors = begun.response()["supported_first_factors"].as_array().unwrap();
    assert_eq!((&factors[0]["strategy"], &factors[1]["strategy"]), (&json!("password"), &json!("email_code")));
    let attempt = format!("{at}/attempt_first_factor");
    let wrong = app.post(&attempt, &[("strategy", "password"), ("password", "wrong wrong wrong")]).await;
    assert_eq!(wrong.refusal(), "422 form_password_incorrect password");
    assert_eq!(app.post("/v1/me/email_addresses/", &[("email_address", "ada@new.example")]).await.refusal(), STALE);
    let done = app.post(&attempt, &[("strategy", "password"), ("password", PASSWORD)]).await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert_eq!(done.response()["session"]["factor_verification_age"], json!([0, -1]));
    assert_eq!(done.response()["session"]["id"], session);
    let claims = read(&app.post(&format!("/v1/client/sessions/{session}/tokens"), &[]).await.ok()).1;
    assert_eq!(claims["fva"], json!([0, -1]), "backends see it at once");
    app.post("/v1/me/email_addresses/", &[("email_address", "ada@new.example")]).await.ok();
}

async fn sec_46_a_mailed_code_confirms_once() {
    let web = clerk().await;
    let (app, session) = stale(&web).await;
    let at = format!("/v1/client/sessions/{session}/verify");
    let begun = app.post(&at, &[]).await.ok();
    let id = begun.response()["supported_first_factors"][1]["email_address_id"].as_str().unwrap().to_owned();
    let fields = [("strategy", "email_code"), ("email_address_id", id.as_str())];
    let sent = app.post(&format!("{at}/prepare_first_factor"), &fields).await.ok();
    assert_eq!(sent.response()["first_factor_verification"]["strategy"], "email_code");
    let code = web.house.code_to(ADA).await.unwrap();
    let attempt = format!("{at}/attempt_first_factor");
    let wrong = app.post(&attempt, &[("strategy", "email_code"), ("code", &other(&code))]).await;
    assert_eq!(wrong.refusal(), "422 form_code_incorrect code");
    let done = app.post(&attempt, &[("strategy", "email_code"), ("code", &code)]).await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert_eq!(done.response()["first_factor_verification"]["strategy"], "email_code");
    web.house.clock.advance(Duration::from_secs(301));
    let replayed = app.post(&attempt, &[("strategy", "email_code"), ("code", &code)]).await;
    assert_eq!(replayed.refusal(), "400 verification_expired code");
}

async fn sec_46_what_is_not_offered_is_refused() {
    let web = clerk().await;
    let (app, session) = stale(&web).await;
    let at = format!("/v1/client/sessions/{session}/verify");
    for (step, fields, told) in [
        ("prepare_first_factor", vec![("strategy", "phone_code")], "422 strategy_for_user_invalid strategy"),
        ("prepare_first_factor", vec![], "422 form_param_missing strategy"),
        ("attempt_first_factor", vec![("strategy", "ticket")], "422 strategy_for_user_invalid strategy"),
        ("attempt_first_factor", vec![("strategy", "password")], "422 form_param_missing password"),
        ("attempt_first_factor", vec![("strategy", "email_code")], "422 form_param_missing code"),
        ("attempt_first_factor", vec![("strategy", "email_code"), ("code", "000000")], "400 verification_expired code"),
    ] {
        assert_eq!(app.post(&format!("{at}/{step}"), &fields).await.refusal(), told, "{step} {fields:?}");
    }
}

/// Everything that SEC-46 names asks for it, and changes nothing without.
async fn sec_46_every_risky_change_asks() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let added = app.post("/v1/me/email_addresses", &[("email_address", "ada@new.example")]).await.ok();
    let email = added.id().to_owned();
    web.house.clock.advance(Duration::from_secs(600));
    let before = web.database.rows().await;
    let primary = app.patch("/v1/me", &[("primary_email_address_id", &email)]).await;
    let password = app.post("/v1/me/change_password", &[("new_password", "marble canyon whisper")]).await;
    let added = app.post("/v1/me/email_addresses", &[("email_address", "ada@third.example")]).await;
    for (told, what) in [
        (primary, "primary address"),
        (password, "a new password without the present one"),
        (added, "another address"),
        (app.delete(&format!("/v1/me/email_addresses/{email}")).await, "an address less"),
        (app.post("/v1/me/remove_password", &[]).await, "no password"),
        (app.delete("/v1/me").await, "no account"),
    ] {
        assert_eq!(told.refusal(), STALE, "{what}");
    }
    assert_eq!(before, web.database.rows().await);
}

on_both!(
    sec_46_a_risky_change_asks_for_a_factor_and_then_passes,
    sec_46_a_mailed_code_confirms_once,
    sec_46_what_is_not_offered_is_refused,
    sec_46_every_risky_change_asks,
);
