//! Challenges of a provider on our pages: what counts, what does not, and what its silence changes (SEC-15).

use crate::{
    bots::{beyond, solved, work},
    kit::*,
    provider::{Fake, SECRET_KEY, SITE_KEY, Says},
    web::{Answer, Jar, Web, web, web_with},
};
use housekey::{
    core::{captcha::Provider, time::Time},
    settings::{BotSettings, ChallengedSignUps, KEYS, Settings, Value},
    testkit::TestHouse,
};
use http::StatusCode;
use serde_json::json;
use std::time::Duration;
use url::Url;

const NAMED: [(&str, &str); 2] = [("email", ADA), ("return_to", "")];
const HOST: &str = "localhost";

async fn turnstile() -> (Fake, Web) {
    let fake = Fake::listen().await;
    let web = web_with(fake.settings(Provider::Turnstile)).await;
    (fake, web)
}

impl Web {
    fn now(&self) -> Time {
        self.house.housekey.now()
    }
}

/// Names somebody with this token.
async fn with(jar: &Jar, token: &str) -> Answer {
    jar.form("/sign-in", &[NAMED.as_slice(), &[("captcha", token)]].concat()).await
}

/// Asks for an account with this token.
async fn sign_up_with(jar: &Jar, token: &str) -> Answer {
    let fields = [("email", ADA), ("password", PASSWORD), ("return_to", ""), ("captcha", token)];
    jar.form("/sign-up", &fields).await
}

fn is_asked(answer: &Answer) -> bool {
    answer.status == StatusCode::TOO_MANY_REQUESTS && answer.body.contains("data-captcha=\"turnstile\"")
}

async fn events(web: &Web) -> Vec<String> {
    let all = web.database.rows().await.remove("housekey_event").unwrap();
    all.into_iter().filter(|row| row.contains("captcha.unavailable")).collect()
}

async fn a_challenged_form_shows_the_providers_widget_and_reaches_it_alone() {
    let (fake, web) = turnstile().await;
    let jar = beyond(&web, 7).await;
    assert!(fake.asked().is_empty(), "nobody is looked up without need");
    let asked = jar.form("/sign-in", &NAMED).await;
    assert!(is_asked(&asked), "{}", asked.body);
    assert!(
        asked.body.contains(&format!("data-site-key=\"{SITE_KEY}\"")) && asked.body.contains("data-action=\"sign_in\"")
    );
    assert!(work(&asked).is_none() && !asked.body.contains("altcha") && !asked.body.contains(SECRET_KEY));
    assert!(asked.body.contains("takes JavaScript. Without it, try again in a minute"), "{}", asked.body);
    let quiet = web.jar(1).get("/sign-in").await;
    let wider = quiet
        .header("content-security-policy")
        .replace("script-src 'self';", "script-src 'self' https://challenges.cloudflare.com;");
    let exactly = format!("{wider}; frame-src https://challenges.cloudflare.com");
    assert_eq!(asked.header("content-security-policy"), exactly, "and other pages are as they were");
    fake.give("right", "sign_in", HOST, web.now());
    let on = with(&jar, "right").await;
    assert_eq!(on.to(), "/sign-in/password", "{}", on.body);
    let told = fake.asked().pop().unwrap();
    assert_eq!(told.keys().collect::<Vec<_>>(), ["response", "secret"], "nothing of the person");
    assert_eq!((told["secret"].as_str(), told["response"].as_str()), (SECRET_KEY, "right"));
}

async fn each_provider_is_reached_at_its_own_hosts() {
    for (provider, hosts) in
        [(Provider::HCaptcha, "https://*.hcaptcha.com"), (Provider::ReCaptcha, "https://www.gstatic.com/recaptcha/")]
    {
        let fake = Fake::listen().await;
        let web = web_with(fake.settings(provider)).await;
        let jar = beyond(&web, 7).await;
        let asked = jar.form("/sign-in", &NAMED).await;
        assert!(asked.body.contains(&format!("data-captcha=\"{}\"", provider.as_str())), "{}", asked.body);
        let policy = asked.header("content-security-policy");
        assert!(policy.contains(hosts) && !policy.contains("unsafe") && !policy.contains("cloudflare"), "{policy}");
        // They know no action.
        fake.give("right", "", HOST, web.now());
        assert_eq!(with(&jar, "right").await.to(), "/sign-in/password");
        let site = fake.asked().pop().unwrap().remove("sitekey");
        assert_eq!(site.is_some(), provider == Provider::HCaptcha, "of this site, and not of another of the account");
    }
}

async fn sec_15_a_token_counts_once() {
    let (fake, web) = turnstile().await;
    let jar = beyond(&web, 7).await;
    fake.give("right", "sign_in", HOST, web.now());
    assert_eq!(with(&jar, "right").await.to(), "/sign-in/password");
    let again = with(&jar, "right").await;
    assert!(is_asked(&again) && again.body.contains("The last check counts no more"), "{}", again.body);
    let other = beyond(&web, 8).await;
    assert!(is_asked(&with(&other, "right").await), "nor for somebody else");
}

async fn sec_12_of_twenty_who_show_one_token_one_passes() {
    let (fake, web) = turnstile().await;
    let jar = beyond(&web, 7).await;
    fake.give("right", "sign_in", HOST, web.now());
    let tries = (0..20).map(|_| {
        let jar = jar.copy();
        tokio::spawn(async move { with(&jar, "right").await.status })
    });
    let mut passed = 0;
    for told in tries.collect::<Vec<_>>() {
        passed += u32::from(told.await.unwrap() == StatusCode::SEE_OTHER);
    }
    assert_eq!(passed, 1);
}

async fn sec_15_a_token_of_something_else_counts_for_nothing() {
    let (fake, web) = turnstile().await;
    let jar = beyond(&web, 7).await;
    let now = web.now();
    fake.give("another-form", "sign_up", HOST, now);
    fake.give("no-action", "", HOST, now);
    fake.give("another-host", "sign_in", "evil.example", now);
    fake.give("a-host-beneath", "sign_in", "localhost.evil.example", now);
    fake.give("too-old", "sign_in", HOST, now.minus(Duration::from_secs(300)));
    fake.give("of-tomorrow", "sign_in", HOST, now.plus(Duration::from_secs(24 * 3600)));
    for token in ["another-form", "no-action", "another-host", "a-host-beneath", "too-old", "of-tomorrow", "invented"] {
        let told = with(&jar, token).await;
        assert!(is_asked(&told) && told.body.contains("The last check counts no more"), "{token}: {}", told.body);
    }
    assert_eq!(fake.asked().len(), 7);
    assert!(is_asked(&with(&jar, &"x".repeat(9_000)).await));
    assert!(is_asked(&with(&jar, "<script>alert(1)</script>").await));
    assert!(fake.asked().is_empty(), "nobody is asked about what cannot be a token");
    assert!(events(&web).await.is_empty(), "the provider answered");
}

async fn sec_10_the_provider_is_not_asked_for_those_who_are_refused_anyway() {
    let (fake, web) = turnstile().await;
    let jar = beyond(&web, 7).await;
    for _ in 20..200 {
        assert!(is_asked(&jar.form("/sign-in", &NAMED).await));
    }
    fake.give("right", "sign_in", HOST, web.now());
    let told = with(&jar, "right").await;
    assert!(told.status == StatusCode::TOO_MANY_REQUESTS && !is_asked(&told), "at ten times the figure nothing helps");
    assert!(fake.asked().is_empty());
}

async fn sec_15_while_the_provider_is_silent_sign_ins_are_asked_by_the_house() {
    let (fake, web) = turnstile().await;
    let garbage = [
        Says::This(500, "application/json", "{}".into()),
        Says::This(503, "text/html", "<h1>down</h1>".into()),
        Says::This(302, "text/plain", "elsewhere".into()),
        Says::This(404, "text/html", "<h1>none</h1>".into()),
        Says::This(200, "text/html", "<h1>a portal</h1>".into()),
        Says::This(200, "application/json", "{\"success\": \"yes\"}".into()),
        Says::This(
            200,
            "application/json",
            json!({ "success": true, "hostname": HOST, "action": "sign_in" }).to_string(),
        ),
        Says::This(200, "application/json", " ".repeat(20_000)),
        Says::This(
            200,
            "application/json",
            json!({ "success": false, "error-codes": ["invalid-input-secret"] }).to_string(),
        ),
        Says::This(200, "application/json", json!({ "success": false, "error-codes": ["internal-error"] }).to_string()),
    ];
    for (told, says) in garbage.into_iter().enumerate() {
        // A minute later, from another address.
        web.house.clock.advance(Duration::from_secs(61));
        let jar = beyond(&web, 100 + u8::try_from(told).unwrap()).await;
        fake.say(says);
        let asked = with(&jar, "whatever").await;
        assert!(work(&asked).is_some() && !is_asked(&asked), "{told}: {}", asked.body);
        let on = jar.form("/sign-in", &[NAMED.as_slice(), &[("altcha", &solved(&asked))]].concat()).await;
        assert_eq!(on.to(), "/sign-in/password", "{told}: {}", on.body);
        assert_eq!(events(&web).await.len(), told + 1);
    }
    let jar = beyond(&web, 7).await;
    fake.say(Says::WhatItKnows);
    fake.asked();
    fake.give("right", "sign_in", HOST, web.now());
    assert!(work(&with(&jar, "right").await).is_some(), "it is not asked again at once");
    assert!(fake.asked().is_empty());
    web.house.clock.advance(Duration::from_secs(30));
    let jar = beyond(&web, 8).await;
    assert!(is_asked(&jar.form("/sign-in", &NAMED).await), "and later it is its turn again");
    assert_eq!(with(&jar, "right").await.to(), "/sign-in/password");
}

async fn sec_15_while_the_provider_is_silent_no_challenged_sign_up_goes_through() {
    let fake = Fake::listen().await;
    let mut settings = fake.settings(Provider::Turnstile);
    settings.bots.sign_up = ChallengedSignUps::Always;
    let web = web_with(settings).await;
    let jar = web.jar(1);
    let shown = jar.get("/sign-up").await;
    assert!(shown.body.contains("data-action=\"sign_up\""), "{}", shown.body);
    fake.say(Says::Nothing);
    for _ in 0..2 {
        let told = sign_up_with(&jar, "whatever").await;
        assert_eq!((told.status, told.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "30"));
        assert!(told.body.contains("nobody new is let in. Try again in a minute."), "{}", told.body);
        assert!(told.body.contains(ADA) && !told.body.contains(PASSWORD) && work(&told).is_none(), "{}", told.body);
    }
    assert_eq!((fake.asked().len(), events(&web).await.len()), (1, 1), "who waited once need not wait again");
    assert!(events(&web).await[0].contains("timeout"), "{:?}", events(&web).await);
    assert!(web.house.code_to(ADA).await.is_none());
    web.house.clock.advance(Duration::from_secs(31));
    let told = sign_up_with(&jar, "whatever").await;
    assert_eq!((told.status, events(&web).await.len()), (StatusCode::SERVICE_UNAVAILABLE, 1), "once a minute is told");
    web.house.clock.advance(Duration::from_secs(31));
    fake.say(Says::WhatItKnows);
    fake.give("right", "sign_up", HOST, web.now());
    assert_eq!(sign_up_with(&jar, "right").await.to(), "/sign-up/code");
}

async fn where_the_house_poses_challenges_a_providers_token_is_nothing() {
    let web = web().await;
    let jar = beyond(&web, 7).await;
    let told = with(&jar, "whatever").await;
    assert!(work(&told).is_some() && told.status == StatusCode::TOO_MANY_REQUESTS, "{}", told.body);
    assert!(!told.header("content-security-policy").contains("https:"));
}

async fn what_is_missing_or_unsafe_stops_the_build() {
    let bots = BotSettings { captcha: Some(Provider::HCaptcha), ..BotSettings::default() };
    let told = TestHouse::over(database().await.open(), Settings { bots, ..Settings::default() }).await.err().unwrap();
    for key in ["bot_protection.captcha_site_key: missing", "bot_protection.captcha_secret_key: missing"] {
        assert!(told.to_string().contains(key), "{told}");
    }
    let mut settings = Fake::listen().await.settings(Provider::Turnstile);
    settings.bots.verify_url = Url::parse("https://10.0.0.7/siteverify").ok();
    let told = TestHouse::over(database().await.open(), settings).await.err().unwrap();
    assert!(told.to_string().contains("bot_protection.captcha_verify_url"), "{told}");
    let key = |name: &str| KEYS.iter().find(|key| key.name == name).unwrap();
    let url = key("bot_protection.captcha_verify_url");
    let given = |text: &str| (url.set)(&mut Settings::default(), Value::Text(text.to_owned()));
    assert!(given("http://proxy.example.com/siteverify").is_err(), "in the clear");
    assert!(given("https://proxy.example.com/siteverify").is_ok() && given("http://127.0.0.1:9/v").is_ok());
    let secret = key("bot_protection.captcha_secret_key");
    let mut settings = Settings::default();
    (secret.set)(&mut settings, Value::Text(SECRET_KEY.to_owned())).unwrap();
    assert!(matches!((secret.show)(&settings), Some(Value::Text(text)) if text == "hidden"));
}

on_both!(
    a_challenged_form_shows_the_providers_widget_and_reaches_it_alone,
    each_provider_is_reached_at_its_own_hosts,
    sec_15_a_token_counts_once,
    sec_12_of_twenty_who_show_one_token_one_passes,
    sec_15_a_token_of_something_else_counts_for_nothing,
    sec_10_the_provider_is_not_asked_for_those_who_are_refused_anyway,
    sec_15_while_the_provider_is_silent_sign_ins_are_asked_by_the_house,
    sec_15_while_the_provider_is_silent_no_challenged_sign_up_goes_through,
    where_the_house_poses_challenges_a_providers_token_is_nothing,
    what_is_missing_or_unsafe_stops_the_build,
);
