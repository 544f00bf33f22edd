//! Passwords that became known to others, and those that too many guesses closed.

use crate::{breach::filter_settings, clerk::backend::sdk::sdk, kit::*};
use housekey::{core::sign_in::Strategy, flows::sign_in::SignInStatus, testkit::TestHouse};
use serde_json::json;
use std::time::Duration;

async fn a_compromised_password_opens_nothing_and_the_mailbox_sets_another() {
    let house = house_with(roomy()).await;
    let mut signed_in = house.browser(1);
    let view = sign_up(&house, &mut signed_in, ADA).await;
    let (user, _) = view.done.unwrap();
    let by = house.housekey.console_steward();
    house.housekey.user_password_compromise(&by, &user, true, false).await.unwrap();
    assert!(house.mail_to(ADA).await.unwrap().subject.as_str().contains("Set a new"));
    assert!(is_signed_in(&house, &mut signed_in).await, "who is signed in stays so, unless that is wanted");
    let stepped = house.housekey.step_up_password(&signed_in.caller(), password(PASSWORD)).await;
    assert_eq!(refusal(stepped), "password_compromised", "what others know makes nothing fresh");
    let mut ada = house.browser(2);
    assert_eq!(
        refusal(try_password(&house, &mut ada, ADA, "wrong wrong wrong").await),
        "password_or_identifier_incorrect",
        "told after the right one alone"
    );
    assert_eq!(refusal(try_password(&house, &mut ada, ADA, PASSWORD).await), "password_compromised");
    assert!(!is_signed_in(&house, &mut ada).await);
    // A code by mail is no way around a new password either.
    let sent = house.housekey.sign_in_send_code(&ada.caller(), Strategy::EmailCode).await.unwrap();
    ada.keep(sent);
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.sign_in_code(&ada.caller(), &code).await.unwrap();
    assert_eq!(ada.keep(done).status, SignInStatus::NeedsNewPassword);
    let done = house.housekey.sign_in_new_password(&ada.caller(), password("marble canyon tide")).await.unwrap();
    assert_eq!(ada.keep(done).status, SignInStatus::Complete);
    let again = try_password(&house, &mut house.browser(3), ADA, "marble canyon tide").await.unwrap();
    assert_eq!(again.status, SignInStatus::Complete, "the new one is good");
}

async fn an_app_marks_a_password_and_takes_that_back() {
    let sdk = sdk().await;
    let web = &sdk.web;
    let app = web.signed_up_in_app(1, ADA).await;
    let user = app.client().await["sessions"][0]["user"]["id"].as_str().unwrap().to_owned();
    let at = format!("/users/{user}/password");
    sdk.post(&format!("{at}/set_compromised"), json!({ "revoke_all_sessions": true })).await.ok();
    assert_eq!(app.client().await["sessions"], json!([]));
    let told = web.app(2).sign_in(ADA, PASSWORD).await;
    assert_eq!(told.refusal(), "422 form_password_compromised password");
    sdk.post(&format!("{at}/unset_compromised"), json!({})).await.ok();
    web.app(3).sign_in(ADA, PASSWORD).await.ok();
    let unknown = "/users/user_000000000000000000000000000/password/set_compromised";
    assert_eq!(sdk.post(unknown, json!({})).await.refusal(), "404 resource_not_found");
    let odd = sdk.post(&format!("{at}/set_compromised"), json!({ "reason": "x" })).await;
    assert_eq!(odd.refusal(), "422 form_param_unknown reason");
}

async fn a_user_moves_in_with_a_password_that_is_known_to_others() {
    let sdk = sdk().await;
    let made = json!({ "email_address": [ADA], "password": PASSWORD, "password_compromised": true });
    sdk.post("/users", made).await.ok();
    let told = sdk.web.app(2).sign_in(ADA, PASSWORD).await;
    assert_eq!(told.refusal(), "422 form_password_compromised password");
    let app = sdk.web.app(3);
    let fields = [("identifier", ADA), ("strategy", "reset_password_email_code")];
    let begun = app.post("/v1/client/sign_ins", &fields).await.ok();
    let at = format!("/v1/client/sign_ins/{}", begun.id());
    let code = sdk.web.house.code_to(ADA).await.unwrap();
    let fields = [("strategy", "reset_password_email_code"), ("code", code.as_str())];
    app.post(&format!("{at}/attempt_first_factor"), &fields).await.ok();
    let done = app.post(&format!("{at}/reset_password"), &[("password", "marble canyon whisper")]).await.ok();
    assert_eq!(done.response()["status"], "complete");
}

async fn where_sign_ins_are_looked_up_a_breached_password_is_marked() {
    let database = database().await;
    let before = TestHouse::over(database.open(), roomy()).await.unwrap();
    sign_up(&before, &mut before.browser(1), ADA).await;
    let house = TestHouse::over(database.open(), filter_settings(&[PASSWORD], true)).await.unwrap();
    let mut ada = house.browser(2);
    assert_eq!(refusal(try_password(&house, &mut ada, ADA, PASSWORD).await), "password_compromised");
    assert!(house.mail_to(ADA).await.unwrap().subject.as_str().contains("Set a new"));
    let off = TestHouse::over(database.open(), roomy()).await.unwrap();
    assert_eq!(
        refusal(try_password(&off, &mut off.browser(3), ADA, PASSWORD).await),
        "password_compromised",
        "it was marked, and stays so without the filter"
    );
}

async fn sec_11_a_closed_password_is_told_once_and_a_mailed_code_opens_it() {
    let house = house_with(roomy()).await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    let closed = "Many wrong passwords";
    let told = async |address: &str| {
        house.deliver().await;
        let of = |m: &&housekey::mail::OutgoingMail| m.to.canonical() == address && m.subject.as_str().contains(closed);
        house.caught.outbox().iter().filter(of).count()
    };
    let mut thief = house.browser(2);
    for address in [ADA, "nobody@example.com"] {
        let started = house.housekey.sign_in_start(&thief.caller(), start_as(address)).await.unwrap();
        thief.keep(started);
        for n in 0..105 {
            let refused = house.housekey.sign_in_password(&thief.caller(), password("wrong wrong wrong")).await;
            let expected = if n < 100 { "password_or_identifier_incorrect" } else { "password_closed" };
            assert_eq!(refusal(refused), expected, "{address} {n}");
            house.clock.advance(Duration::from_secs(2));
        }
    }
    assert_eq!((told(ADA).await, told("nobody@example.com").await), (1, 0));
    let mut ada = house.browser(3);
    assert_eq!(refusal(try_password(&house, &mut ada, ADA, PASSWORD).await), "password_closed");
    let sent = house.housekey.sign_in_send_code(&ada.caller(), Strategy::EmailCode).await.unwrap();
    ada.keep(sent);
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.sign_in_code(&ada.caller(), &code).await.unwrap();
    ada.keep(done);
    let other = try_password(&house, &mut house.browser(4), ADA, PASSWORD).await.unwrap();
    assert_eq!(other.status, SignInStatus::Complete, "open again, on every device");
}

async fn sec_12_of_many_last_failures_at_once_one_is_told() {
    let house = house_with(roomy()).await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    let mut thief = house.browser(2);
    let started = house.housekey.sign_in_start(&thief.caller(), start_as(ADA)).await.unwrap();
    thief.keep(started);
    for _ in 0..96 {
        let _ = house.housekey.sign_in_password(&thief.caller(), password("wrong wrong wrong")).await;
        house.clock.advance(Duration::from_secs(2));
    }
    let tries: Vec<_> = (0..12)
        .map(|_| {
            let (housekey, caller) = (house.housekey.clone(), thief.caller());
            tokio::spawn(async move { housekey.sign_in_password(&caller, password("wrong wrong wrong")).await })
        })
        .collect();
    for tried in tries {
        assert!(tried.await.unwrap().is_err());
    }
    house.deliver().await;
    let outbox = house.caught.outbox();
    assert_eq!(outbox.iter().filter(|m| m.subject.as_str().contains("Many wrong passwords")).count(), 1);
}

on_both! {
    a_compromised_password_opens_nothing_and_the_mailbox_sets_another,
    an_app_marks_a_password_and_takes_that_back,
    a_user_moves_in_with_a_password_that_is_known_to_others,
    where_sign_ins_are_looked_up_a_breached_password_is_marked,
    sec_11_a_closed_password_is_told_once_and_a_mailed_code_opens_it,
    sec_12_of_many_last_failures_at_once_one_is_told,
}
