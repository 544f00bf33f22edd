//! The house's own challenges in Clerk's components, as protect checks: what is due one is answered with a script and its
//! work, and goes on with the proof (SEC-15).

use super::app::{App, Told, clerk_with};
use crate::{
    bots::beyond,
    door_limits::production,
    kit::*,
    web::{FORM, Web},
};
use housekey::{
    core::challenge::solve,
    settings::{ChallengedSignUps, Settings},
};
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

const APP: &str = "https://app.example.com";
const SIGN_INS: &str = "/v1/client/sign_ins";
const SIGN_UPS: &str = "/v1/client/sign_ups";

async fn secure(change: impl FnOnce(&mut Settings)) -> Web {
    let mut settings = Settings { app_origins: vec![APP.into()], ..production() };
    change(&mut settings);
    clerk_with(settings).await
}

async fn post(app: &App, path: &str, fields: &[(&str, &str)]) -> Told {
    app.send("POST", path, &[FORM, ("origin", APP)], &super::app::form(fields)).await
}

async fn name(app: &App) -> Told {
    post(app, SIGN_INS, &[("identifier", ADA)]).await
}

/// Hands in what a component's script would: the proof, and the call that was held.
async fn hand_in(app: &App, at: &str, proof: &Value) -> Told {
    post(app, &format!("{at}/protect_check?_method=PATCH"), &[("proof_token", &proof.to_string())]).await
}

/// Does a script's work.
fn solved(told: &Told) -> Value {
    let check = &told.response()["protect_check"];
    assert_eq!(check["status"], "pending", "{}", told.body);
    let token: Value = serde_json::from_str(check["token"].as_str().unwrap()).unwrap();
    let proof = solve(&token["challenge"].to_string()).unwrap();
    let mut all = json!({ "proof": proof });
    if !token["held"].is_null() {
        all["held"] = token["held"].clone();
    }
    all
}

/// Runs the check of an answer.
async fn run(app: &App, path: &str, told: &Told) -> Told {
    hand_in(app, &format!("{path}/{}", told.id()), &solved(told)).await
}

fn is_gated(told: &Told) -> bool {
    told.status == StatusCode::OK && told.response()["status"] == "needs_protect_check"
}

/// An app in a browser whose address is due a challenge, and that named somebody all the same.
async fn named(web: &Web, at: u8) -> (App, String) {
    let app = App { jar: web.jar(at) };
    let told = name(&app).await;
    let on = run(&app, SIGN_INS, &told).await.ok();
    (app, format!("{SIGN_INS}/{}", on.id()))
}

async fn a_sign_in_goes_on_when_its_check_is_solved() {
    let web = secure(|_| {}).await;
    web.signed_up(1, ADA).await;
    web.house.clock.advance(Duration::from_secs(3600));
    beyond(&web, 7).await;
    let app = App { jar: web.jar(7) };
    let before = web.commits();
    let told = name(&app).await.ok();
    assert!(is_gated(&told), "{}", told.body);
    let script = told.response()["protect_check"]["sdk_url"].as_str().unwrap();
    assert!(script.starts_with("https://auth.example.com/static/protect-check-"), "{script}");
    assert!(told.header("set-cookie").is_empty() && web.commits() - before <= 1, "nothing is made but the count");
    let served = web.jar(1).get(script.trim_start_matches("https://auth.example.com")).await;
    assert_eq!(
        (served.header("access-control-allow-origin"), served.header("cross-origin-resource-policy")),
        ("*", "cross-origin")
    );
    let on = run(&app, SIGN_INS, &told).await.ok();
    assert_eq!(
        (on.response()["status"].as_str(), on.response()["identifier"].as_str()),
        (Some("needs_first_factor"), Some(ADA))
    );
    let at = format!("{SIGN_INS}/{}", on.id());
    let password = [("strategy", "password"), ("password", PASSWORD)];
    let gated = post(&app, &format!("{at}/attempt_first_factor"), &password).await.ok();
    assert!(is_gated(&gated), "each guess is due one: {}", gated.body);
    assert_eq!((gated.id(), gated.client()["sign_in"]["status"].as_str()), (on.id(), Some("needs_protect_check")));
    assert!(!gated.body.contains(PASSWORD));
    let on = run(&app, SIGN_INS, &gated).await.ok();
    assert_eq!(on.response()["status"], "needs_first_factor");
    assert!(on.response()["protect_check"].is_null());
    let done = post(&app, &format!("{at}/attempt_first_factor"), &password).await.ok();
    assert_eq!(done.response()["status"], "complete", "{}", done.body);
}

async fn sec_20_a_check_looks_the_same_for_somebody_who_has_no_account() {
    let web = secure(|_| {}).await;
    web.signed_up(1, ADA).await;
    web.house.clock.advance(Duration::from_secs(3600));
    beyond(&web, 7).await;
    let mut seen = Vec::new();
    for address in [ADA, "eve@example.com"] {
        let before = web.house.spent().0;
        let told = post(&App { jar: web.jar(7) }, SIGN_INS, &[("identifier", address)]).await.ok();
        let after = web.house.spent().0;
        let mut shape = told.response().clone();
        for key in ["id", "abandon_at", "protect_check"] {
            shape[key] = Value::Null;
        }
        seen.push((shape, after.statements - before.statements, after.commits - before.commits));
    }
    assert_eq!(seen[0], seen[1]);
}

async fn a_mailed_code_waits_for_its_check() {
    let web = secure(|_| {}).await;
    web.signed_up(1, ADA).await;
    web.house.clock.advance(Duration::from_secs(3600));
    for n in 0..20 {
        let jar = web.jar(7);
        let email = format!("m{n}@example.com");
        jar.form("/forgot-password", &[("email", &email)]).await;
    }
    let app = App { jar: web.jar(7) };
    let mut told = name(&app).await.ok();
    if is_gated(&told) {
        told = run(&app, SIGN_INS, &told).await.ok();
    }
    let at = format!("{SIGN_INS}/{}", told.id());
    let before = web.house.code_to(ADA).await;
    let prepare = format!("{at}/prepare_first_factor");
    let gated = post(&app, &prepare, &[("strategy", "email_code")]).await.ok();
    assert!(is_gated(&gated) && web.house.code_to(ADA).await == before, "{}", gated.body);
    run(&app, SIGN_INS, &gated).await.ok();
    post(&app, &prepare, &[("strategy", "email_code")]).await.ok();
    assert_ne!(web.house.code_to(ADA).await, before);
}

async fn a_sign_up_goes_on_when_its_check_is_solved_and_its_password_is_typed_anew() {
    let web = secure(|s| s.bots.sign_up = ChallengedSignUps::Always).await;
    let app = App { jar: web.jar(1) };
    let fields = [("email_address", ADA), ("password", PASSWORD), ("first_name", "Ada")];
    let hashes = web.house.spent().1;
    let told = post(&app, SIGN_UPS, &fields).await.ok();
    assert!(told.response()["missing_fields"].as_array().unwrap().contains(&json!("protect_check")), "{}", told.body);
    assert!(!told.body.contains(PASSWORD) && web.house.spent().1 == hashes && web.house.code_to(ADA).await.is_none());
    let on = run(&app, SIGN_UPS, &told).await.ok();
    assert_eq!(on.response()["missing_fields"], json!(["password"]), "{}", on.body);
    assert_eq!((&on.response()["email_address"], &on.response()["first_name"]), (&json!(ADA), &json!("Ada")));
    let at = format!("{SIGN_UPS}/{}", on.id());
    post(&app, &format!("{at}?_method=PATCH"), &[("password", PASSWORD)]).await.ok();
    post(&app, &format!("{at}/prepare_verification"), &[("strategy", "email_code")]).await.ok();
    let code = web.house.code_to(ADA).await.unwrap();
    let typed = [("strategy", "email_code"), ("code", code.as_str())];
    let done = post(&app, &format!("{at}/attempt_verification"), &typed).await.ok();
    assert_eq!(done.response()["status"], "complete", "{}", done.body);
}

async fn sec_15_no_call_passes_its_check_without_a_proof_of_its_own() {
    let web = secure(|_| {}).await;
    beyond(&web, 7).await;
    let app = App { jar: web.jar(7) };
    let told = name(&app).await.ok();
    for _ in 0..3 {
        assert!(is_gated(&name(&app).await), "who calls on is answered the same again");
    }
    let at = format!("{SIGN_INS}/{}", told.id());
    assert_eq!(
        post(&app, &format!("{at}/attempt_first_factor"), &[("strategy", "password"), ("password", PASSWORD)])
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    for garbage in ["", "x", "{}", "{\"proof\": 7}", "[]"] {
        let told = post(&app, &format!("{at}/protect_check?_method=PATCH"), &[("proof_token", garbage)]).await;
        assert_eq!(told.status, StatusCode::NOT_FOUND, "{garbage}");
    }
    let proof = solved(&told);
    let mut wrong = proof.clone();
    wrong["proof"] = json!("e30=");
    assert!(is_gated(&hand_in(&app, &at, &wrong).await));
    hand_in(&app, &at, &proof).await.ok();
    let again = hand_in(&app, &at, &proof).await;
    assert!(is_gated(&again), "replayed: {}", again.body);
    let mut unheld = solved(&again);
    unheld.as_object_mut().unwrap().remove("held");
    let old = solved(&again);
    web.house.clock.advance(Duration::from_secs(300));
    beyond(&web, 7).await;
    assert!(is_gated(&hand_in(&app, &at, &old).await), "too old");
    // A proof of a page's form is one, as long as it is for the same.
    let held = json!({ "identifier": ADA, "password": PASSWORD, "strategy": "password" });
    let mut more = solved(&name(&app).await);
    more["held"] = held;
    let told = hand_in(&app, &at, &more).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "no password is taken from what was held: {}", told.body);
}

async fn sec_15_a_proof_of_a_step_is_of_its_client_its_action_and_counts_once() {
    let web = secure(|_| {}).await;
    beyond(&web, 7).await;
    let (app, at) = named(&web, 7).await;
    let (other, elsewhere) = named(&web, 7).await;
    let password = [("strategy", "password"), ("password", "wrong wrong wrong")];
    let attempt = format!("{at}/attempt_first_factor");
    let gated = post(&app, &attempt, &password).await.ok();
    let proof = solved(&gated);
    // Handed in for another client it is that one's, and nobody else's.
    hand_in(&other, &elsewhere, &proof).await.ok();
    assert_eq!(hand_in(&app, &at, &proof).await.refusal(), "400 protect_check_already_resolved proof_token");
    assert!(is_gated(&post(&app, &attempt, &password).await));
    assert_eq!(hand_in(&app, &elsewhere, &solved(&gated)).await.status, StatusCode::NOT_FOUND, "nor for its attempt");
    // Of another action.
    let told = post(&app, SIGN_UPS, &[]).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    let gated = post(&app, &attempt, &password).await.ok();
    run(&app, SIGN_INS, &gated).await.ok();
    assert_eq!(post(&app, &attempt, &password).await.status, StatusCode::UNPROCESSABLE_ENTITY, "one guess");
    assert!(is_gated(&post(&app, &attempt, &password).await), "and no other");
    let gated = post(&app, &attempt, &password).await.ok();
    let late = solved(&gated);
    web.house.clock.advance(Duration::from_secs(300));
    let told = hand_in(&app, &at, &late).await;
    assert!(is_gated(&told), "too old, and asked anew: {}", told.body);
}

async fn sec_12_of_twenty_guesses_with_one_proof_one_is_judged() {
    let web = secure(|_| {}).await;
    beyond(&web, 7).await;
    let (app, at) = named(&web, 7).await;
    let attempt = format!("{at}/attempt_first_factor");
    let password = [("strategy", "password"), ("password", "wrong wrong wrong")];
    let gated = post(&app, &attempt, &password).await.ok();
    run(&app, SIGN_INS, &gated).await.ok();
    let tries = (0..20).map(|_| {
        let (app, attempt) = (App { jar: app.jar.copy() }, attempt.clone());
        tokio::spawn(async move { post(&app, &attempt, &password).await.status })
    });
    let mut judged = 0;
    for told in tries.collect::<Vec<_>>() {
        judged += u32::from(told.await.unwrap() == StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(judged, 1);
}

async fn who_runs_no_script_waits() {
    let web = secure(|s| s.clerk.native_api = true).await;
    beyond(&web, 7).await;
    let app = App { jar: web.jar(7) };
    let native = app.send("POST", &format!("{SIGN_INS}?_is_native=1"), &[FORM], "identifier=ada%40example.com").await;
    assert_eq!(native.refusal(), "429 too_many_requests");
}

async fn in_a_storm_a_stranger_s_password_waits_for_its_check_by_this_door_too() {
    let web = secure(|_| {}).await;
    for n in 0..110u8 {
        let mut thief = web.house.browser(n);
        assert!(
            try_password(&web.house, &mut thief, &format!("nobody{n}@example.com"), "a wrong password").await.is_err()
        );
    }
    let app = App { jar: web.jar(200) };
    let on = name(&app).await.ok();
    let attempt = format!("{SIGN_INS}/{}/attempt_first_factor", on.id());
    let guess = [("strategy", "password"), ("password", "a wrong password")];
    assert!(is_gated(&post(&app, &attempt, &guess).await), "a component solves it");
    let hashes = web.house.spent().1;
    let plain = app.send("POST", &attempt, &[FORM], &super::app::form(&guess)).await;
    assert_eq!(plain.refusal(), "400 origin_missing", "and a program without a page is not let past it");
    assert!(is_gated(&post(&app, &attempt, &guess).await), "nor is whoever calls on without a proof");
    assert_eq!(web.house.spent().1, hashes, "nothing was compared");
}

on_both!(
    in_a_storm_a_stranger_s_password_waits_for_its_check_by_this_door_too,
    a_sign_in_goes_on_when_its_check_is_solved,
    sec_20_a_check_looks_the_same_for_somebody_who_has_no_account,
    a_mailed_code_waits_for_its_check,
    a_sign_up_goes_on_when_its_check_is_solved_and_its_password_is_typed_anew,
    sec_15_no_call_passes_its_check_without_a_proof_of_its_own,
    sec_15_a_proof_of_a_step_is_of_its_client_its_action_and_counts_once,
    sec_12_of_twenty_guesses_with_one_proof_one_is_judged,
    who_runs_no_script_waits,
);
