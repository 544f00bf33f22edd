//! Challenges of Turnstile in Clerk's components: a call that is due one is refused with `requires_captcha`, the script
//! shows the widget, hands the token to `/v1/client/verify`, and repeats the call (SEC-15).

use super::app::{APP, App, Told, clerk_with};
use crate::{
    bots::beyond,
    kit::*,
    provider::{Fake, SITE_KEY, Says},
    web::{FORM, Web},
};
use housekey::{
    core::{captcha::Provider, time::Time},
    settings::{ChallengedSignUps, Settings},
};
use http::StatusCode;
use serde_json::json;
use std::time::Duration;

const SIGN_INS: &str = "/v1/client/sign_ins";
const SIGN_UPS: &str = "/v1/client/sign_ups";
/// The host of the app's pages.
const HOST: &str = "localhost";

async fn with(provider: Provider, change: impl FnOnce(&mut Settings)) -> (Fake, Web) {
    let fake = Fake::listen().await;
    let mut settings = Settings { app_origins: vec![APP.into()], ..fake.settings(provider) };
    change(&mut settings);
    (fake, clerk_with(settings).await)
}

async fn turnstile() -> (Fake, Web) {
    with(Provider::Turnstile, |_| {}).await
}

fn now(web: &Web) -> Time {
    web.house.housekey.now()
}

async fn name(app: &App) -> Told {
    app.post(SIGN_INS, &[("identifier", ADA)]).await
}

/// Shows a token of the components' widget.
async fn verify(app: &App, token: &str) -> Told {
    let fields = [("captcha_token", token), ("captcha_widget_type", "smart"), ("captcha_action", "verify")];
    app.post("/v1/client/verify", &fields).await
}

/// An app in a browser that has a pass.
async fn passed(fake: &Fake, web: &Web, at: u8, token: &str) -> App {
    let app = web.app(at);
    fake.give(token, "verify", HOST, now(web));
    verify(&app, token).await.ok();
    app
}

const ASKED: &str = "401 requires_captcha";

async fn components_are_told_of_turnstile_and_of_no_other() {
    let (_, web) = turnstile().await;
    let told = web.app(1).get("/v1/environment").await.ok().json;
    let display = &told["display_config"];
    for key in ["captcha_public_key", "captcha_public_key_invisible"] {
        assert_eq!(display[key], SITE_KEY);
    }
    assert_eq!([&display["captcha_provider"], &display["captcha_widget_type"]], ["turnstile", "smart"]);
    assert_eq!(told["user_settings"]["sign_up"]["captcha_enabled"], true);
    let (_, web) = with(Provider::HCaptcha, |_| {}).await;
    let told = web.app(1).get("/v1/environment").await.ok().json;
    assert_eq!(told["user_settings"]["sign_up"]["captcha_enabled"], false);
    assert!(told["display_config"]["captcha_public_key"].is_null());
}

async fn a_call_that_is_due_a_challenge_goes_on_when_the_widget_is_answered() {
    let (fake, web) = turnstile().await;
    beyond(&web, 7).await;
    let app = web.app(7);
    assert_eq!(name(&app).await.refusal(), ASKED);
    fake.give("right", "verify", HOST, now(&web));
    let told = verify(&app, "right").await.ok();
    assert_eq!(told.response()["object"], "client", "{}", told.body);
    assert_eq!(told.response()["id"], told.client()["id"]);
    let begun = name(&app).await.ok();
    assert_eq!(begun.response()["status"], "needs_first_factor");
    assert_eq!(name(&app).await.refusal(), ASKED, "a pass is for one call");
    assert_eq!(fake.asked().len(), 1);
}

async fn one_answer_is_enough_for_a_call_of_two_steps() {
    let (fake, web) = turnstile().await;
    web.signed_up_in_app(1, ADA).await;
    web.house.clock.advance(Duration::from_secs(3600));
    beyond(&web, 7).await;
    let app = passed(&fake, &web, 7, "right").await;
    let told = app.sign_in(ADA, PASSWORD).await.ok();
    assert_eq!(told.response()["status"], "complete", "{}", told.body);
    let other = passed(&fake, &web, 7, "another").await;
    assert_eq!(other.sign_in(ADA, "wrong wrong wrong").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let again = other.sign_in(ADA, PASSWORD).await;
    assert_eq!(again.refusal(), ASKED, "and each guess takes one");
}

async fn sign_ups_bring_their_token_along() {
    let (fake, web) = with(Provider::Turnstile, |s| s.bots.sign_up = ChallengedSignUps::Always).await;
    let app = web.app(1);
    let fields = [("email_address", ADA), ("password", PASSWORD)];
    assert_eq!(app.post(SIGN_UPS, &fields).await.refusal(), ASKED);
    assert_eq!(
        app.post(SIGN_UPS, &[fields.as_slice(), &[("captcha_error", "300010")]].concat()).await.refusal(),
        ASKED
    );
    fake.give("of-a-sign-in", "verify", HOST, now(&web));
    fake.give("right", "signup", HOST, now(&web));
    let with = |token| [fields.as_slice(), &[("captcha_token", token), ("captcha_widget_type", "smart")]].concat();
    assert_eq!(app.post(SIGN_UPS, &with("of-a-sign-in")).await.refusal(), ASKED);
    let begun = app.post(SIGN_UPS, &with("right")).await.ok();
    assert_eq!(begun.response()["status"], "missing_requirements");
    assert_eq!(app.post(SIGN_UPS, &with("right")).await.refusal(), ASKED, "once");
    assert_eq!(web.finish(&app, &format!("{SIGN_UPS}/{}", begun.id()), ADA).await.response()["status"], "complete");
}

async fn sec_15_what_is_not_right_makes_no_pass() {
    let (fake, web) = turnstile().await;
    beyond(&web, 7).await;
    let app = web.app(7);
    for fields in [vec![], vec![("captcha_error", "300010"), ("captcha_action", "verify")]] {
        let told = app.post("/v1/client/verify", &fields).await;
        assert_eq!(told.refusal(), "400 captcha_missing_token captcha_token");
    }
    assert!(fake.asked().is_empty());
    fake.give("of-a-page", "sign_in", HOST, now(&web));
    fake.give("of-another-site", "verify", "evil.example", now(&web));
    fake.give("old", "verify", HOST, now(&web).minus(Duration::from_secs(300)));
    for token in ["of-a-page", "of-another-site", "old", "invented"] {
        assert_eq!(verify(&app, token).await.refusal(), "400 captcha_invalid captcha_token", "{token}");
        assert_eq!(name(&app).await.refusal(), ASKED, "{token}");
    }
    fake.give("right", "verify", HOST, now(&web));
    verify(&app, "right").await.ok();
    for other in [app, web.app(8)] {
        assert_eq!(verify(&other, "right").await.refusal(), "400 captcha_invalid captcha_token", "replayed");
    }
}

async fn sec_15_a_pass_is_of_one_client_and_for_five_minutes() {
    let (fake, web) = turnstile().await;
    beyond(&web, 7).await;
    let app = passed(&fake, &web, 7, "right").await;
    // Who knows the client's id and not its secret is not the client.
    let other = web.app(7);
    let told = other.get("/v1/client").await;
    assert_eq!(told.status, StatusCode::OK);
    let client = app.client().await["id"].as_str().unwrap().to_owned();
    let cookie = app.jar.cookies.lock().unwrap().iter().find(|(_, v)| v.starts_with(&client)).unwrap().0.clone();
    let forged = format!("{client}.{}", "A".repeat(43));
    other.jar.cookies.lock().unwrap().insert(cookie, forged);
    assert_ne!(name(&other).await.status, StatusCode::OK);
    assert_eq!(name(&web.app(7)).await.refusal(), ASKED);
    // Nor does a page of ours take it.
    let page = app.jar.form("/sign-in", &[("email", ADA), ("return_to", "")]).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    web.house.clock.advance(Duration::from_secs(300));
    beyond(&web, 7).await;
    assert_eq!(name(&app).await.refusal(), ASKED, "too-old");
}

async fn sec_12_of_twenty_calls_with_one_pass_one_goes_through() {
    let (fake, web) = turnstile().await;
    beyond(&web, 7).await;
    let app = passed(&fake, &web, 7, "right").await;
    let tries = (0..20).map(|_| {
        let app = App { jar: app.jar.copy() };
        tokio::spawn(async move { name(&app).await.status })
    });
    let mut passed = 0;
    for told in tries.collect::<Vec<_>>() {
        passed += u32::from(told.await.unwrap() == StatusCode::OK);
    }
    assert_eq!(passed, 1);
}

async fn sec_12_of_twenty_who_show_one_token_one_gets_a_pass() {
    let (fake, web) = turnstile().await;
    fake.give("right", "verify", HOST, now(&web));
    let tries = (0..20).map(|_| {
        let app = web.app(7);
        tokio::spawn(async move { verify(&app, "right").await.status })
    });
    let mut passed = 0;
    for told in tries.collect::<Vec<_>>() {
        passed += u32::from(told.await.unwrap() == StatusCode::OK);
    }
    assert_eq!(passed, 1);
}

async fn sec_10_nobody_has_tokens_looked_up_without_end() {
    let (fake, web) = turnstile().await;
    let app = web.app(7);
    for _ in 0..200 {
        assert_eq!(verify(&app, "invented").await.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(verify(&app, "invented").await.refusal(), "429 too_many_requests");
    assert_eq!(fake.asked().len(), 200);
}

async fn who_has_no_widget_waits() {
    let (fake, web) = with(Provider::Turnstile, |s| s.clerk.native_api = true).await;
    beyond(&web, 7).await;
    let app = web.app(7);
    let native = format!("{SIGN_INS}?_is_native=1");
    fake.give("right", "verify", HOST, now(&web));
    let told = app.send("POST", &native, &[FORM], "identifier=ada%40example.com&captcha_token=right").await;
    assert_eq!(told.refusal(), "429 too_many_requests");
    assert!((1..=3).contains(&told.header("retry-after").parse::<u64>().unwrap()));
    assert!(fake.asked().is_empty());
    let (_, web) = with(Provider::ReCaptcha, |_| {}).await;
    beyond(&web, 7).await;
    assert_eq!(name(&web.app(7)).await.refusal(), "429 too_many_requests");
    let told = web.app(7).post("/v1/client/verify", &[("captcha_token", "right")]).await.ok();
    assert!(told.response().is_null(), "nothing is posed to components");
}

async fn sec_15_while_turnstile_is_silent_components_wait_and_sign_ups_are_closed() {
    let (fake, web) = turnstile().await;
    beyond(&web, 7).await;
    let app = web.app(7);
    fake.say(Says::This(500, "text/html", "<h1>down</h1>".into()));
    let told = verify(&app, "whatever").await;
    assert_eq!((told.refusal().as_str(), told.header("retry-after")), ("503 captcha_unavailable", "30"));
    assert_eq!(name(&app).await.refusal(), "429 too_many_requests", "not a widget that nobody can judge");
    let strangers = (0..6).map(|n| format!("u{n}@example.com"));
    let mut last = String::new();
    for address in strangers {
        last = app.post(SIGN_UPS, &[("email_address", &address)]).await.refusal();
    }
    assert_eq!(last, "503 captcha_unavailable");
    web.house.clock.advance(Duration::from_secs(61));
    fake.say(Says::WhatItKnows);
    beyond(&web, 7).await;
    assert_eq!(name(&app).await.refusal(), ASKED);
    assert_eq!(json!(fake.asked().len()), 1);
}

on_both!(
    components_are_told_of_turnstile_and_of_no_other,
    a_call_that_is_due_a_challenge_goes_on_when_the_widget_is_answered,
    one_answer_is_enough_for_a_call_of_two_steps,
    sign_ups_bring_their_token_along,
    sec_15_what_is_not_right_makes_no_pass,
    sec_15_a_pass_is_of_one_client_and_for_five_minutes,
    sec_12_of_twenty_calls_with_one_pass_one_goes_through,
    sec_12_of_twenty_who_show_one_token_one_gets_a_pass,
    sec_10_nobody_has_tokens_looked_up_without_end,
    who_has_no_widget_waits,
    sec_15_while_turnstile_is_silent_components_wait_and_sign_ups_are_closed,
);
