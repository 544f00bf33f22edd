//! Signing in, as the components drive it.

use super::{app::*, backend::sdk::sdk_with};
use crate::kit::*;
use housekey::settings::{ClerkSettings, Enumeration, Settings};
use serde_json::{Value, json};
use std::time::Duration;

const ATTEMPTS: &str = "/v1/client/sign_ins";

async fn a_password_signs_in_step_by_step() {
    let web = clerk().await;
    web.signed_up_in_app(1, ADA).await;
    let app = web.app(2);
    let begun = app.post(ATTEMPTS, &[("identifier", ADA)]).await.ok();
    assert_eq!(begun.response()["status"], "needs_first_factor");
    assert_eq!(begun.response()["first_factor_verification"], Value::Null, "nothing was sent");
    assert_eq!(begun.client()["sign_in"]["id"], begun.response()["id"], "the components live from the client");
    let strategies: Vec<_> =
        begun.response()["supported_first_factors"].as_array().unwrap().iter().map(|f| f["strategy"].clone()).collect();
    assert_eq!(strategies, ["password", "email_code", "reset_password_email_code"], "a reset in front would be taken");
    let at = format!("{ATTEMPTS}/{}", begun.id());
    let shown = app.get(&at).await.ok();
    assert_eq!(shown.response(), begun.response());
    let fields = [("strategy", "password"), ("password", PASSWORD)];
    let done = app.post(&format!("{at}/attempt_first_factor"), &fields).await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert_eq!(done.response()["first_factor_verification"]["status"], "verified");
    assert_eq!(done.response()["created_session_id"], done.client()["last_active_session_id"]);
    let session = &done.client()["sessions"][0];
    assert_eq!(session["id"], done.response()["created_session_id"]);
    assert!(session["last_active_token"]["jwt"].is_string(), "a token at once, or each page costs a call for one");
    assert_eq!(session["user"]["last_sign_in_at"], session["created_at"]);
}

async fn a_password_signs_in_with_the_first_call() {
    let web = clerk().await;
    web.signed_up_in_app(1, ADA).await;
    for fields in [vec![("strategy", "password")], vec![]] {
        let app = web.app(2);
        let fields = [vec![("identifier", ADA), ("password", PASSWORD), ("locale", "de")], fields].concat();
        let done = app.post(ATTEMPTS, &fields).await.ok();
        assert_eq!(done.response()["status"], "complete");
        assert_eq!(app.client().await["sessions"][0]["status"], "active");
    }
}

async fn a_mailed_code_signs_in_once() {
    let web = clerk().await;
    web.signed_up_in_app(1, ADA).await;
    let app = web.app(2);
    let begun = app.post(ATTEMPTS, &[("identifier", ADA)]).await.ok();
    let mailed = begun.response()["supported_first_factors"][1].clone();
    assert_eq!(mailed["safe_identifier"], "a•••@example.com");
    let id = mailed["email_address_id"].as_str().unwrap();
    let at = format!("{ATTEMPTS}/{}", begun.id());
    let ask = [("strategy", "email_code"), ("email_address_id", id)];
    let sent = app.post(&format!("{at}/prepare_first_factor"), &ask).await.ok();
    assert_eq!(sent.response()["first_factor_verification"]["strategy"], "email_code");
    assert_eq!(sent.response()["first_factor_verification"]["status"], "unverified");
    let code = web.house.code_to(ADA).await.unwrap();
    let attempt = format!("{at}/attempt_first_factor");
    let wrong = app.post(&attempt, &[("strategy", "email_code"), ("code", &other(&code))]).await;
    assert_eq!(wrong.refusal(), "422 form_code_incorrect code");
    let odd = app.post(&attempt, &[("strategy", "email_code"), ("code", "12345")]).await;
    assert_eq!(odd.refusal(), "422 form_code_incorrect code");
    let thief = web.app(3);
    thief.post(ATTEMPTS, &[("identifier", ADA)]).await.ok();
    let stolen = thief.post(&attempt, &[("strategy", "email_code"), ("code", &code)]).await;
    assert_ne!(stolen.status, 200, "another browser's attempt: {}", stolen.body);
    assert_eq!(thief.client().await["sessions"], json!([]));
    let done = app.post(&attempt, &[("strategy", "email_code"), ("code", &code)]).await.ok();
    assert_eq!(done.response()["status"], "complete");
    app.delete("/v1/client/sessions").await.ok();
    let replayed = app.post(&attempt, &[("strategy", "email_code"), ("code", &code)]).await;
    assert_eq!(replayed.refusal(), "404 resource_not_found");
    let again = app.post(ATTEMPTS, &[("identifier", ADA)]).await.ok();
    let at = format!("{ATTEMPTS}/{}/attempt_first_factor", again.id());
    let replayed = app.post(&at, &[("strategy", "email_code"), ("code", &code)]).await;
    assert_eq!(replayed.refusal(), "400 verification_expired code");
    assert_eq!(app.client().await["sessions"], json!([]));
}

async fn a_code_that_is_on_its_way_is_not_sent_again_at_once() {
    let web = clerk().await;
    web.signed_up_in_app(1, ADA).await;
    let app = web.app(2);
    let fields = [("identifier", ADA), ("strategy", "email_code")];
    let begun = app.post(ATTEMPTS, &fields).await.ok();
    assert_eq!(begun.response()["first_factor_verification"]["strategy"], "email_code", "sent with the first call");
    let count = async || {
        web.house.deliver().await;
        web.house.caught.list().len()
    };
    let before = count().await;
    let prepare = format!("{ATTEMPTS}/{}/prepare_first_factor", begun.id());
    app.post(&prepare, &[("strategy", "email_code")]).await.ok();
    assert_eq!(count().await, before);
    web.house.clock.advance(Duration::from_secs(31));
    app.post(&prepare, &[("strategy", "email_code")]).await.ok();
    assert_eq!(count().await, before + 1);
}

async fn a_forgotten_password_is_replaced_by_way_of_the_mailbox() {
    let web = clerk().await;
    let before = web.signed_up_in_app(1, ADA).await;
    let app = web.app(2);
    let fields = [("identifier", ADA), ("strategy", "reset_password_email_code")];
    let begun = app.post(ATTEMPTS, &fields).await.ok();
    let at = format!("{ATTEMPTS}/{}", begun.id());
    let early = app.post(&format!("{at}/reset_password"), &[("password", "marble canyon whisper")]).await;
    assert_eq!(early.refusal(), "404 resource_not_found", "the mailbox is not proved");
    let code = web.house.code_to(ADA).await.unwrap();
    let attempt = format!("{at}/attempt_first_factor");
    let other_way = app.post(&attempt, &[("strategy", "email_code"), ("code", &code)]).await;
    assert_eq!(other_way.refusal(), "400 verification_expired code", "a code of a reset signs nobody in");
    let fields = [("strategy", "reset_password_email_code"), ("code", code.as_str())];
    let proved = app.post(&attempt, &fields).await.ok();
    assert_eq!(proved.response()["status"], "needs_new_password");
    assert_eq!(proved.client()["sessions"], json!([]));
    let weak = app.post(&format!("{at}/reset_password"), &[("password", "ada")]).await;
    assert_eq!(weak.refusal(), "422 form_password_length_too_short password");
    let done = app.post(&format!("{at}/reset_password"), &[("password", "marble canyon whisper")]).await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert_eq!(before.client().await["sessions"], json!([]), "all other sessions are over");
    assert_eq!(web.app(3).sign_in(ADA, PASSWORD).await.refusal(), "422 form_password_or_identifier_incorrect password");
    web.app(4).sign_in(ADA, "marble canyon whisper").await.ok();
}

async fn what_is_not_offered_or_missing_is_named() {
    let web = clerk().await;
    let app = web.app(1);
    for (fields, told) in [
        (vec![], "422 form_param_missing identifier"),
        (vec![("identifier", "")], "422 form_param_missing identifier"),
        (vec![("identifier", "no address")], "422 form_param_format_invalid identifier"),
        (vec![("identifier", ADA), ("strategy", "phone_code")], "422 strategy_for_user_invalid strategy"),
        (vec![("identifier", ADA), ("strategy", "password")], "422 form_param_missing password"),
        (vec![("strategy", "ticket")], "422 form_param_missing ticket"),
        (vec![("transfer", "true")], "404 resource_not_found"),
    ] {
        assert_eq!(app.post(ATTEMPTS, &fields).await.refusal(), told, "{fields:?}");
    }
    let begun = app.post(ATTEMPTS, &[("identifier", ADA)]).await.ok();
    let at = format!("{ATTEMPTS}/{}", begun.id());
    for (step, fields, told) in [
        ("prepare_first_factor", vec![], "422 form_param_missing strategy"),
        ("prepare_first_factor", vec![("strategy", "email_link")], "422 strategy_for_user_invalid strategy"),
        ("prepare_first_factor", vec![("strategy", "password")], "422 strategy_for_user_invalid strategy"),
        ("attempt_first_factor", vec![("strategy", "password")], "422 form_param_missing password"),
        ("attempt_first_factor", vec![("strategy", "email_code")], "422 form_param_missing code"),
        ("attempt_first_factor", vec![("strategy", "ticket")], "422 strategy_for_user_invalid strategy"),
        ("reset_password", vec![], "422 form_param_missing password"),
    ] {
        assert_eq!(app.post(&format!("{at}/{step}"), &fields).await.refusal(), told, "{step} {fields:?}");
    }
}

async fn an_attempt_is_its_browsers_own_and_ends() {
    let web = clerk().await;
    web.signed_up_in_app(1, ADA).await;
    let app = web.app(2);
    let begun = app.post(ATTEMPTS, &[("identifier", ADA)]).await.ok();
    let at = format!("{ATTEMPTS}/{}", begun.id());
    let fields = [("strategy", "password"), ("password", PASSWORD), ("code", "123456")];
    for stranger in [web.app(3), web.app(4)] {
        assert_eq!(stranger.get(&at).await.refusal(), "404 resource_not_found");
        for step in ["prepare_first_factor", "attempt_first_factor", "reset_password"] {
            let told = stranger.post(&format!("{at}/{step}"), &fields).await;
            assert_ne!(told.status, 200, "{step}: {}", told.body);
        }
        stranger.put("/v1/client", &[]).await.ok();
    }
    assert_eq!(app.get(&format!("{ATTEMPTS}/sia_nothing")).await.refusal(), "404 resource_not_found");
    web.house.clock.advance(Duration::from_secs(3601));
    assert_eq!(app.get(&at).await.refusal(), "404 resource_not_found");
    assert_eq!(app.client().await["sign_in"], Value::Null);
    let late = app.post(&format!("{at}/attempt_first_factor"), &fields).await;
    assert_eq!(late.refusal(), "404 resource_not_found");
}

async fn a_call_for_an_attempt_that_is_over_is_none_of_the_live_ones() {
    let web = clerk().await;
    web.signed_up_in_app(1, ADA).await;
    let app = web.app(2);
    let over = app.post("/v1/client/sign_ins", &[("identifier", "nobody@example.com")]).await.ok().id().to_owned();
    app.post("/v1/client/sign_ins", &[("identifier", ADA)]).await.ok();
    let fields = [("strategy", "password"), ("password", PASSWORD)];
    let told = app.post(&format!("/v1/client/sign_ins/{over}/attempt_first_factor"), &fields).await;
    assert_eq!(told.status, 404, "{}", told.body);
    assert_eq!(app.client().await["sessions"], json!([]));
}

async fn where_a_client_holds_one_session_a_second_sign_in_is_refused() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    assert_eq!(app.sign_in(ADA, PASSWORD).await.refusal(), "400 session_exists");
    assert_eq!(app.post("/v1/client/sign_ups", &[("email_address", ADA)]).await.refusal(), "400 session_exists");
}

async fn a_ban_shows_after_the_right_proof_alone() {
    let web = clerk().await;
    web.signed_up_in_app(1, ADA).await;
    web.database.run("UPDATE housekey_user SET state = 'banned'").await;
    let wrong = web.app(2).sign_in(ADA, "wrong wrong wrong").await;
    assert_eq!(wrong.refusal(), "422 form_password_or_identifier_incorrect password");
    assert_eq!(web.app(2).sign_in(ADA, PASSWORD).await.refusal(), "403 user_banned");
}

async fn an_instance_that_tells_of_accounts_says_who_is_unknown() {
    let clerk = ClerkSettings { enumeration: Enumeration::Off, ..ClerkSettings::default() };
    let web = clerk_with(Settings { clerk, ..settings() }).await;
    web.signed_up_in_app(1, ADA).await;
    let app = web.app(2);
    app.post(ATTEMPTS, &[("identifier", ADA)]).await.ok();
    let unknown = app.post(ATTEMPTS, &[("identifier", "nobody@example.com")]).await;
    assert_eq!(unknown.refusal(), "422 form_identifier_not_found identifier");
    assert_eq!(app.sign_in(ADA, "wrong wrong wrong").await.refusal(), "422 form_password_incorrect password");
    let taken = app.post("/v1/client/sign_ups", &[("email_address", ADA)]).await;
    assert_eq!(taken.refusal(), "422 form_identifier_exists email_address");
}

/// A code that is wrong for sure.
pub fn other(code: &str) -> String {
    let first = if code.starts_with('0') { '1' } else { '0' };
    format!("{first}{}", &code[1..])
}

async fn sec_6_an_unknown_user_one_without_a_password_and_a_wrong_password_cost_one_hash() {
    let sdk = sdk_with(settings()).await;
    let with = json!({"email_address": [ADA], "password": PASSWORD});
    let without = json!({"email_address": ["bob@example.com"], "skip_password_requirement": true});
    for form in [with, without] {
        sdk.post("/users", form).await.ok();
    }
    for (at, name) in [(1, ADA), (2, "bob@example.com"), (3, "nobody@example.com")] {
        let app = sdk.web.app(at);
        let before = sdk.web.house.spent().1;
        let told = app.sign_in(name, "wrong wrong wrong").await;
        assert_eq!(told.refusal(), "422 form_password_or_identifier_incorrect password", "{name}");
        assert_eq!(sdk.web.house.spent().1 - before, 1, "{name}");
    }
}

on_both!(
    sec_6_an_unknown_user_one_without_a_password_and_a_wrong_password_cost_one_hash,
    a_password_signs_in_step_by_step,
    a_password_signs_in_with_the_first_call,
    a_mailed_code_signs_in_once,
    a_code_that_is_on_its_way_is_not_sent_again_at_once,
    a_forgotten_password_is_replaced_by_way_of_the_mailbox,
    what_is_not_offered_or_missing_is_named,
    an_attempt_is_its_browsers_own_and_ends,
    a_call_for_an_attempt_that_is_over_is_none_of_the_live_ones,
    where_a_client_holds_one_session_a_second_sign_in_is_refused,
    a_ban_shows_after_the_right_proof_alone,
    an_instance_that_tells_of_accounts_says_who_is_unknown,
);
