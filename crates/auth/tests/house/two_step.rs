//! A second factor as a rule: whoever must have one is signed in when it is set up, and not before.

use crate::{
    authenticator::Authenticator,
    clerk::app::{App, clerk_with, settings as in_clerk},
    kit::*,
    passkeys::add,
    phones::{self, NUMBER},
    routes::{For, ROUTES, fields, filled},
    second_factor::enroll,
    web::{web, web_with},
};
use housekey::{
    core::{session::Task, sign_in::SecondStrategy},
    flows::sign_in::SignInStatus,
    settings::{Settings, TwoStepSettings, Use},
    testkit::TestHouse,
};
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

fn required(grace: Duration) -> Settings {
    Settings { two_step: TwoStepSettings { required: true, grace, ..TwoStepSettings::default() }, ..roomy() }
}

async fn sec_63_whoever_must_have_one_sets_it_up_in_the_middle_of_the_sign_in() {
    let house = house_with(required(Duration::ZERO)).await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    assert!(!is_signed_in(&house, &mut ada).await, "an account, and nobody signed in");
    assert_eq!(house.housekey.pending_task(&ada.caller()).await.unwrap(), Some(Task::SetUpTwoStep));
    assert!(ada.device.is_none(), "nobody completed a sign-in here");
    assert_eq!(refusal(house.housekey.account(&ada.caller()).await), "signed out");
    assert_eq!(refusal(house.housekey.email_add(&ada.caller(), "ada@new.example").await), "signed out");
    assert_eq!(refusal(house.housekey.backup_codes_new(&ada.caller()).await), "signed out");
    assert_eq!(refusal(house.housekey.step_up_password(&ada.caller(), password(PASSWORD)).await), "signed out");
    let kept = enroll(&house, &mut ada).await;
    assert!(is_signed_in(&house, &mut ada).await, "the first code signs in");
    assert_eq!(kept.codes.len(), 10);
    // From then on it is asked for as anybody's.
    let mut other = house.browser(2);
    let view = try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::NeedsSecondFactor);
    let done = house.housekey.sign_in_second_factor(&other.caller(), SecondStrategy::Totp, &kept.code(&house)).await;
    other.keep(done.unwrap());
    assert!(is_signed_in(&house, &mut other).await && other.device.is_some());
}

async fn it_is_set_up_by_a_passkey_too() {
    let house = house_with(required(Duration::ZERO)).await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let mut phone = Authenticator::at(house.housekey.public_url());
    let added = add(&house, &mut ada, &mut phone).await.unwrap();
    assert!(is_signed_in(&house, &mut ada).await && added.codes.len() == 10);
    let mut other = house.browser(2);
    let view = try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.second_offered, [SecondStrategy::Passkey, SecondStrategy::BackupCode]);
    house.housekey.passkey_after(&ada.caller(), false).await.unwrap();
    let view = try_password(&house, &mut house.browser(3), ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::NeedsSecondFactor, "it is asked for by the rule, wished or not");
}

async fn sec_60_what_the_owner_sets_up_signs_in_nobody_who_waits_elsewhere() {
    for by_a_passkey in [false, true] {
        let house = house_with(required(Duration::ZERO)).await;
        let (mut ada, mut thief) = (house.browser(1), house.browser(2));
        sign_up(&house, &mut ada, ADA).await;
        // A thief with the password waits at the same task.
        try_password(&house, &mut thief, ADA, PASSWORD).await.unwrap();
        assert!(house.housekey.pending_task(&thief.caller()).await.unwrap().is_some());
        if by_a_passkey {
            let mut phone = Authenticator::at(house.housekey.public_url());
            add(&house, &mut ada, &mut phone).await.unwrap();
        } else {
            enroll(&house, &mut ada).await;
        }
        assert!(is_signed_in(&house, &mut ada).await);
        assert!(!is_signed_in(&house, &mut thief).await, "by a passkey: {by_a_passkey}");
        assert_eq!(house.housekey.pending_task(&thief.caller()).await.unwrap(), None, "and waits no more");
        assert_eq!(refusal(house.housekey.totp_begin(&thief.caller(), "").await), "signed out");
    }
}

async fn a_sign_in_that_waits_can_be_left_and_ends_by_itself() {
    let house = house_with(required(Duration::ZERO)).await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let left = house.housekey.sign_out(&ada.caller()).await.unwrap();
    ada.keep(left);
    assert_eq!(house.housekey.pending_task(&ada.caller()).await.unwrap(), None);
    let view = try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::Complete);
    assert!(!is_signed_in(&house, &mut ada).await);
    house.clock.advance(Duration::from_secs(301));
    assert_eq!(refusal(house.housekey.totp_begin(&ada.caller(), "").await), "a fresh factor is needed");
}

async fn it_is_set_up_by_a_phone_too() {
    let settings = || {
        let phones = phones::settings(Use::Required, Use::Optional);
        Settings { two_step: required(Duration::ZERO).two_step, ..phones }
    };
    let web = web_with(settings()).await;
    let ada = web.signed_up(1, ADA).await;
    assert!(ada.get("/sign-in/set-up").await.body.contains("Add a phone number"));
    let added = ada.form("/account/phones", &[("phone", NUMBER)]).await.to().to_owned();
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    assert_eq!(ada.form(&added, &[("code", &code)]).await.to(), "/sign-in/set-up");
    let page = ada.get("/sign-in/set-up").await.body;
    assert!(page.contains(&format!("Ask for a code to {NUMBER}")), "{page}");
    assert!(!ada.is_signed_in().await, "not before it is chosen");
    let id = added.split('/').nth(3).unwrap();
    let shown = ada.form(&format!("/account/security/phones/{id}"), &[("wanted", "yes")]).await.body;
    assert_eq!(shown.matches("<code class=\"code\">").count(), 10, "{shown}");
    assert!(ada.is_signed_in().await);
    // No code to it was shown in this session, so the next risky change asks for one.
    let removed = ada.form(&format!("/account/security/phones/{id}"), &[("wanted", "no")]).await;
    assert!(removed.to().starts_with("/step-up"), "{}", removed.to());

    let web = clerk_with(Settings { clerk: in_clerk().clerk, app_origins: in_clerk().app_origins, ..settings() }).await;
    let app: App = web.app(1);
    web.sign_up_in(&app, ADA).await;
    let added = app.post("/v1/me/phone_numbers", &[("phone_number", NUMBER)]).await.ok();
    let at = format!("/v1/me/phone_numbers/{}", added.id());
    app.post(&format!("{at}/prepare_verification"), &[("strategy", "phone_code")]).await.ok();
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    let proved = app.post(&format!("{at}/attempt_verification"), &[("code", &code)]).await.ok();
    assert_eq!(proved.client()["sessions"][0]["status"], "pending");
    let chosen = app.patch(&at, &[("reserved_for_second_factor", "true")]).await.ok();
    assert_eq!(chosen.client()["sessions"][0]["status"], "active");
    assert_eq!(chosen.response()["backup_codes"].as_array().unwrap().len(), 10);
    app.get("/v1/me").await.ok();
}

async fn time_is_given_once() {
    let house = house_with(required(DAY * 7)).await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    assert!(is_signed_in(&house, &mut ada).await);
    let due = house.housekey.factors(&ada.caller()).await.unwrap().two_step_due.unwrap();
    assert_eq!(due, house.housekey.now().plus(DAY * 7));
    house.clock.advance(DAY * 6);
    let mut other = house.browser(2);
    try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    assert!(is_signed_in(&house, &mut other).await);
    assert_eq!(house.housekey.factors(&other.caller()).await.unwrap().two_step_due, Some(due), "no more than once");
    house.clock.advance(DAY);
    let mut late = house.browser(3);
    try_password(&house, &mut late, ADA, PASSWORD).await.unwrap();
    assert!(!is_signed_in(&house, &mut late).await);
    assert!(house.housekey.pending_task(&late.caller()).await.unwrap().is_some());
}

async fn a_hook_says_of_whom_it_is_required() {
    let tell = |builder: housekey::Builder| {
        builder.second_factor_required(|of| of.email.as_deref().is_some_and(|e| e.ends_with("@staff.example")))
    };
    let house = TestHouse::told(database().await.open(), roomy(), tell).await.unwrap();
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    assert!(is_signed_in(&house, &mut ada).await);
    let mut eve = house.browser(2);
    sign_up(&house, &mut eve, "eve@staff.example").await;
    assert!(!is_signed_in(&house, &mut eve).await);
}

async fn who_has_a_passkey_is_asked_for_it() {
    let database = database().await;
    let before = TestHouse::over(database.open(), roomy()).await.unwrap();
    let mut ada = before.browser(1);
    sign_up(&before, &mut ada, ADA).await;
    let mut phone = Authenticator::at(before.housekey.public_url());
    add(&before, &mut ada, &mut phone).await.unwrap();
    // The rule comes later.
    let house = TestHouse::over(database.open(), required(Duration::ZERO)).await.unwrap();
    let mut other = house.browser(2);
    let view = try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    assert_eq!((view.status, view.second_offered), (SignInStatus::NeedsSecondFactor, vec![SecondStrategy::Passkey]));
    let begun = house.housekey.sign_in_second_passkey_begin(&other.caller()).await.unwrap();
    let answer = phone.get(&begun.options);
    let done = house.housekey.sign_in_second_factor(&other.caller(), SecondStrategy::Passkey, &answer).await.unwrap();
    other.keep(done);
    assert!(is_signed_in(&house, &mut other).await);
}

async fn sec_60_a_session_that_waits_is_signed_out_on_every_page_but_those_of_its_task() {
    let web = web_with(required(Duration::ZERO)).await;
    let ada = web.signed_up(1, ADA).await;
    assert_eq!(ada.get("/sign-in").await.to(), "/sign-in/set-up");
    let page = ada.get("/sign-in/set-up").await;
    assert!(page.body.contains("Set up two-step verification"), "{}", page.body);
    let of_the_task = |path: &str| {
        let ways = ["app", "app/confirm", "passkeys", "passkeys/options", "passkeys/after"];
        ways.iter().any(|way| path == format!("/account/security/{way}"))
    };
    let id = "idn_000000000000000000000000000";
    for (path, methods, _) in ROUTES.iter().filter(|(path, _, of)| *of == For::Owner && !of_the_task(path)) {
        let at = filled(path, id);
        for method in methods.split(' ').filter(|_| *path != "/sign-out") {
            let answer = match method {
                "GET" => ada.get(&at).await,
                _ => ada.form(&at, &fields(path)).await,
            };
            assert!(answer.to().starts_with("/sign-in"), "{method} {path}: {} {}", answer.status, answer.to());
        }
    }
    assert_eq!(ada.form("/account/security/app", &[("name", "")]).await.to(), "/account/security/app");
    assert_eq!(ada.form("/sign-out", &[]).await.to(), "/");
    assert_eq!(ada.get("/sign-in").await.to(), "", "and signed out is signed out");
}

async fn sec_60_apps_see_what_is_due_and_a_token_that_says_so() {
    let settings = Settings { two_step: required(Duration::ZERO).two_step, ..in_clerk() };
    let web = clerk_with(settings).await;
    let app: App = web.app(1);
    web.sign_up_in(&app, ADA).await;
    let session = app.client().await["sessions"][0].clone();
    assert_eq!((&session["status"], &session["tasks"]), (&json!("pending"), &json!([{"key": "setup-mfa"}])));
    let id = session["id"].as_str().unwrap();
    let token = app.post(&format!("/v1/client/sessions/{id}/tokens"), &[]).await.ok();
    let claims = crate::clerk::claims(token.json["jwt"].as_str().unwrap());
    assert_eq!(claims["sts"], "pending");
    for path in ["/v1/me", "/v1/me/sessions", "/v1/me/email_addresses"] {
        assert_eq!(app.get(path).await.status, 401, "{path}");
    }
    assert_eq!(app.post("/v1/me/change_password", &[("new_password", "marble canyon whisper")]).await.status, 401);
    let made = app.post("/v1/me/totp", &[]).await.ok();
    let secret = made.response()["secret"].as_str().unwrap();
    let secret = housekey::core::factor::totp::TotpSecret::parse(secret).unwrap();
    let code = secret.code_at(web.house.housekey.now()).expose().clone();
    let added = app.post("/v1/me/totp/attempt_verification", &[("code", &code)]).await.ok();
    assert_eq!(added.client()["sessions"][0]["status"], "active");
    let token = app.post(&format!("/v1/client/sessions/{id}/tokens"), &[]).await.ok();
    assert_eq!(crate::clerk::claims(token.json["jwt"].as_str().unwrap())["sts"], "active");
    app.get("/v1/me").await.ok();
}

async fn nobody_is_asked_where_no_rule_is() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    assert_eq!(ada.get("/sign-in/set-up").await.to(), "/sign-in");
    assert_eq!(ada.get("/account").await.status, 200);
}

on_both! {
    sec_63_whoever_must_have_one_sets_it_up_in_the_middle_of_the_sign_in,
    it_is_set_up_by_a_passkey_too,
    it_is_set_up_by_a_phone_too,
    sec_60_what_the_owner_sets_up_signs_in_nobody_who_waits_elsewhere,
    a_sign_in_that_waits_can_be_left_and_ends_by_itself,
    time_is_given_once,
    a_hook_says_of_whom_it_is_required,
    who_has_a_passkey_is_asked_for_it,
    sec_60_a_session_that_waits_is_signed_out_on_every_page_but_those_of_its_task,
    sec_60_apps_see_what_is_due_and_a_token_that_says_so,
    nobody_is_asked_where_no_rule_is,
}
