//! What a browser is sent through: the handshake of an app's backend, and the way home.

use super::{app::*, sessions};
use crate::{door_limits::production, kit::*};
use housekey::settings::Settings;
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

const HANDSHAKE: &str = "/v1/client/handshake";

impl App {
    /// Sends the browser somewhere, as a link does: without an origin.
    async fn visit(&self, path: &str) -> Told {
        self.send("GET", path, &[("sec-fetch-mode", "navigate"), ("sec-fetch-site", "cross-site")], "").await
    }
}

fn asked(extra: &str) -> String {
    format!("{HANDSHAKE}?redirect_url=http%3A%2F%2Flocalhost%3A3000%2Fhome%3Fa%3Db&suffixed_cookies=true{extra}")
}

/// A cookie that an answer sets, with its attributes.
fn set<'a>(told: &'a Told, name: &str) -> Option<&'a str> {
    let lines = told.headers.get_all("set-cookie").iter().map(|v| v.to_str().unwrap());
    lines.into_iter().find(|line| line.starts_with(&format!("{name}=")))
}

fn value(cookie: &str) -> &str {
    cookie.split_once('=').unwrap().1.split(';').next().unwrap()
}

async fn a_backend_learns_who_is_signed_in_by_a_nonce_that_works_once() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let session = app.session().await;
    let told = app.visit(&asked("&format=nonce")).await;
    assert_eq!(told.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(told.header("location"), "http://localhost:3000/home?a=b");
    assert_eq!(told.header("cache-control"), "no-store");
    let cookie = set(&told, "__clerk_handshake_nonce").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Domain"), "{cookie}");
    let directives = web.house.housekey.handshake_take(value(cookie)).await.unwrap();
    let of = |name: &str| directives.iter().filter(|d| d.starts_with(name)).count();
    assert_eq!((of("__session="), of("__session_"), of("__client_uat"), of("__refresh_")), (1, 1, 2, 1));
    let taken = directives.iter().find(|d| d.starts_with("__clerk_handshake_nonce=;")).unwrap();
    assert!(taken.contains("Max-Age=0"), "or the next page within its life finds an empty nonce: {taken}");
    let refresh = directives.iter().find(|d| d.starts_with("__refresh_")).unwrap();
    assert!(refresh.contains("HttpOnly"), "no script reads what renews");
    let jwt = directives.iter().find(|d| d.starts_with("__session=")).unwrap();
    let claims = sessions::claims(value(jwt));
    assert_eq!((&claims["sid"], &claims["azp"]), (&json!(session), &json!(APP)));
    let uat: i64 = value(directives.iter().find(|d| d.starts_with("__client_uat=")).unwrap()).parse().unwrap();
    assert!(claims["iat"].as_i64().unwrap() >= uat, "or backends begin again");
    let replayed = web.house.housekey.handshake_take(value(cookie)).await;
    assert_eq!(refusal(replayed), "not found");
}

async fn on_a_domain_of_its_own_the_answers_cookie_goes_by_the_domain_it_came_with() {
    let app_origins = vec!["https://app.example.com".into(), "https://app.example.org".into()];
    let web = clerk_with(Settings { app_origins, ..production() }).await;
    for (to, domain) in [("https://app.example.com/", Some("Domain=example.com")), ("https://app.example.org/", None)] {
        let to: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
        let told = web.app(1).visit(&format!("{HANDSHAKE}?redirect_url={to}&format=nonce")).await;
        let cookie = set(&told, "__clerk_handshake_nonce").unwrap();
        let directives = web.house.housekey.handshake_take(value(cookie)).await.unwrap();
        let taken = directives.iter().find(|d| d.starts_with("__clerk_handshake_nonce=;")).unwrap();
        for line in [cookie, taken.as_str()] {
            let named = line.split("; ").find(|part| part.starts_with("Domain="));
            assert_eq!((named, line.contains("Secure")), (domain, true), "{line}");
        }
    }
}

async fn sec_44_a_nonce_brings_nothing_of_a_session_that_has_ended() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let told = app.visit(&asked("&format=nonce")).await;
    app.delete("/v1/client/sessions").await.ok();
    let late = web.house.housekey.handshake_take(value(set(&told, "__clerk_handshake_nonce").unwrap())).await;
    assert_eq!(refusal(late), "not found");
}

async fn sec_10_handshakes_of_nobody_are_counted() {
    let web = clerk_with(Settings { app_origins: vec![APP.into()], ..Settings::default() }).await;
    let ada = web.signed_up_in_app(1, ADA).await;
    let (mut told, mut handed) = (web.app(1).visit(&asked("&format=nonce")).await, 0);
    while told.status == StatusCode::TEMPORARY_REDIRECT {
        handed += 1;
        assert!(handed < 1000, "without end");
        told = web.app(1).visit(&asked("&format=nonce")).await;
    }
    assert_eq!(told.refusal(), "429 too_many_requests");
    let signed_in = ada.visit(&asked("&format=nonce")).await;
    assert_eq!(signed_in.status, StatusCode::TEMPORARY_REDIRECT, "whoever is signed in goes on, from the same address");
}

async fn a_nonce_dies_after_a_minute() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let told = app.visit(&asked("&format=nonce")).await;
    web.house.clock.advance(Duration::from_secs(61));
    let late = web.house.housekey.handshake_take(value(set(&told, "__clerk_handshake_nonce").unwrap())).await;
    assert_eq!(refusal(late), "not found");
    assert_eq!(refusal(web.house.housekey.handshake_take("guess").await), "not found");
}

async fn nobody_signed_in_is_told_too() {
    let web = clerk().await;
    let signed_out = web.signed_up_in_app(1, ADA).await;
    signed_out.delete("/v1/client/sessions").await.ok();
    for app in [web.app(2), signed_out] {
        let told = app.visit(&asked("&format=nonce")).await;
        let nonce = value(set(&told, "__clerk_handshake_nonce").unwrap()).to_owned();
        let directives = web.house.housekey.handshake_take(&nonce).await.unwrap();
        let uat = directives.iter().filter(|d| d.starts_with("__client_uat")).map(|d| value(d));
        assert!(uat.eq(["0", "0"]), "{directives:?}");
        let cleared = directives.iter().filter(|d| d.starts_with("__session") || d.starts_with("__refresh"));
        assert!(cleared.clone().count() == 3 && cleared.into_iter().all(|d| d.contains("Max-Age=0")), "{directives:?}");
    }
}

async fn without_a_nonce_the_answer_is_a_signed_token() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let told = app.visit(&asked("")).await;
    let claims = sessions::claims(value(set(&told, "__clerk_handshake").unwrap()));
    let lines = claims["handshake"].as_array().unwrap();
    assert!(lines.len() >= 6, "{claims}");
    assert!(lines.iter().any(|line| line.as_str().unwrap().starts_with("__clerk_handshake=; ")), "{claims}");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
}

async fn with_test_keys_it_travels_in_the_address() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let told = app.visit(&asked("&__clerk_db_jwt=dvb_x")).await;
    assert!(told.header("location").starts_with("http://localhost:3000/home?a=b&__clerk_handshake=ey"));
}

async fn in_production_nothing_travels_in_the_address_whatever_is_asked() {
    let settings = Settings { app_origins: vec!["https://app.example.com".into()], ..production() };
    let web = clerk_with(settings).await;
    let asked = format!("{HANDSHAKE}?redirect_url=https%3A%2F%2Fapp.example.com%2F&__clerk_db_jwt=dvb_x");
    for format in ["", "&format=nonce"] {
        let told = web.app(1).visit(&format!("{asked}{format}")).await;
        assert_eq!(told.header("location"), "https://app.example.com/", "{}", told.body);
        let cookie = set(&told, "__clerk_handshake").or(set(&told, "__clerk_handshake_nonce")).unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("Secure") && cookie.contains("Domain=example.com"));
    }
}

async fn a_session_that_ended_is_not_handed_over() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let copy = App { jar: app.jar.copy() };
    let session = app.session().await;
    let told = app.visit(&asked("")).await;
    let claims = sessions::claims(value(set(&told, "__clerk_handshake").unwrap()));
    let lines: Vec<String> = serde_json::from_value(claims["handshake"].clone()).unwrap();
    let of = |name: &str| value(lines.iter().find(|l| l.starts_with(name)).unwrap()).to_owned();
    let (jwt, refresh) = (of("__session="), of("__refresh_"));
    let id = session.as_str().try_into().unwrap();
    let house = &web.house.housekey;
    assert!(house.session_refresh(&id, &jwt, &refresh, APP).await.is_ok());
    let elsewhere = house.session_refresh(&id, &jwt, &refresh, "https://evil.example").await;
    assert_eq!(refusal(elsewhere), "signed out", "the secret is the app's that got it");
    assert_eq!(refusal(house.session_refresh(&id, &jwt, "guess", APP).await), "signed out");
    app.delete("/v1/client/sessions").await.ok();
    assert_eq!(refusal(house.session_refresh(&id, &jwt, &refresh, APP).await), "signed out");
    let told = copy.visit(&asked("")).await;
    if told.status == StatusCode::TEMPORARY_REDIRECT {
        let claims = sessions::claims(value(set(&told, "__clerk_handshake").unwrap()));
        assert!(!claims.to_string().contains("__session=ey"), "{claims}");
    }
}

async fn sec_54_nobody_is_sent_to_another_site() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    for evil in [
        "",
        "https://evil.example/",
        "http://localhost:3000.evil.example/",
        "http://localhost:3000@evil.example/",
        "http://localhost:3001/",
        "https://localhost:3000/",
        "//evil.example/",
        "/%5cevil.example",
        "javascript:alert(1)",
        "data:text/html,x",
    ] {
        let evil: String = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect();
        for path in [HANDSHAKE, "/v1/client/touch"] {
            let told = app.visit(&format!("{path}?redirect_url={evil}&format=nonce")).await;
            assert_eq!(told.refusal(), "422 redirect_url_mismatch", "{path} {evil}");
            assert_eq!((told.header("location"), set(&told, "__clerk_handshake_nonce")), ("", None));
        }
    }
    let told = app.visit("/v1/redirect?redirect_url=https%3A%2F%2Fevil.example").await;
    assert_eq!(told.header("location"), "");
    assert_eq!(
        app.visit("/v1/redirect?redirect_url=http%3A%2F%2Flocalhost%3A3000%2Fx").await.header("location"),
        "http://localhost:3000/x"
    );
}

async fn touching_gives_the_cookie_a_longer_life_and_the_same_secret() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let before = app.jar.cookies.lock().unwrap().clone();
    let told = app.visit("/v1/client/touch?redirect_url=http%3A%2F%2Flocalhost%3A3000%2F").await;
    assert_eq!((told.status.as_u16(), told.header("location")), (307, "http://localhost:3000/"));
    assert!(told.header("set-cookie").contains("Max-Age="), "{}", told.header("set-cookie"));
    assert_eq!(*app.jar.cookies.lock().unwrap(), before);
    let nobody = web.app(2).visit("/v1/client/touch?redirect_url=http%3A%2F%2Flocalhost%3A3000%2F").await;
    assert_eq!((nobody.status.as_u16(), nobody.header("set-cookie")), (307, ""));
}

async fn signing_in_and_out_is_told_to_backends_by_a_cookie() {
    let web = clerk().await;
    let app = web.app(1);
    let done = web.sign_up_in(&app, ADA).await.ok();
    let cookie = set(&done, "__client_uat").unwrap();
    assert!(!cookie.contains("HttpOnly") && value(cookie).parse::<i64>().unwrap() > 0, "{cookie}");
    assert_eq!(
        done.headers.get_all("set-cookie").iter().filter(|v| v.to_str().unwrap().starts_with("__client_uat_")).count(),
        1
    );
    let out = app.delete("/v1/client/sessions").await.ok();
    assert_eq!(value(set(&out, "__client_uat").unwrap()), "0");
    let told: Value = app.client().await;
    assert_eq!(told["sessions"], json!([]));
}

on_both!(
    a_backend_learns_who_is_signed_in_by_a_nonce_that_works_once,
    on_a_domain_of_its_own_the_answers_cookie_goes_by_the_domain_it_came_with,
    sec_44_a_nonce_brings_nothing_of_a_session_that_has_ended,
    sec_10_handshakes_of_nobody_are_counted,
    a_nonce_dies_after_a_minute,
    nobody_signed_in_is_told_too,
    without_a_nonce_the_answer_is_a_signed_token,
    with_test_keys_it_travels_in_the_address,
    in_production_nothing_travels_in_the_address_whatever_is_asked,
    a_session_that_ended_is_not_handed_over,
    sec_54_nobody_is_sent_to_another_site,
    touching_gives_the_cookie_a_longer_life_and_the_same_secret,
    signing_in_and_out_is_told_to_backends_by_a_cookie,
);
