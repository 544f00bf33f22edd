//! Two-step verification on our own pages, without a script.

use crate::{
    kit::*,
    web::{Answer, Web, web},
};
use housekey::core::factor::totp::TotpSecret;
use http::StatusCode;
use std::time::Duration;

const STEP: Duration = Duration::from_secs(30);

fn secret_on(page: &Answer) -> TotpSecret {
    let (_, rest) =
        page.body.split_once("aria-labelledby=\"secret-label\">").unwrap_or_else(|| panic!("{}", page.body));
    TotpSecret::parse(rest.split('<').next().unwrap()).unwrap()
}

fn now(web: &Web, secret: &TotpSecret) -> String {
    secret.code_at(web.house.housekey.now()).expose().clone()
}

async fn a_person_turns_it_on_signs_in_with_it_and_turns_it_off() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    assert!(ada.get("/account/security").await.body.contains("Two-step verification"));
    assert_eq!(ada.get("/account/security/app").await.to(), "/account/security", "nothing waits yet");
    let begun = ada.form("/account/security/app", &[("name", "<b>Phone")]).await;
    assert_eq!(begun.to(), "/account/security/app");
    let page = ada.get("/account/security/app").await;
    assert!(page.body.contains("<svg class=\"qr\"") && page.body.contains("href=\"otpauth:"), "{}", page.body);
    assert_eq!(page.header("cache-control"), "no-store");
    let secret = secret_on(&page);
    let wrong = ada.form("/account/security/app/confirm", &[("code", "000000")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("That code is not correct") && wrong.body.contains("<svg class=\"qr\""));
    let codes = ada.form("/account/security/app/confirm", &[("code", &now(&web, &secret))]).await;
    assert_eq!(codes.status, StatusCode::OK);
    let listed: Vec<String> = codes
        .body
        .split("<li><code class=\"code\">")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect();
    assert_eq!(listed.len(), 10);
    let security = ada.get("/account/security").await;
    assert!(security.body.contains("&lt;b&gt;Phone") && !security.body.contains(&listed[0]), "codes are shown once");
    web.house.clock.advance(STEP);

    let other = web.jar(2);
    other.form("/sign-in", &[("email", ADA)]).await;
    let first = other.form("/sign-in/password", &[("password", PASSWORD)]).await;
    assert_eq!(first.to(), "/sign-in/second-factor");
    assert!(!other.is_signed_in().await);
    assert!(other.get("/sign-in/second-factor").await.body.contains("autocomplete=\"one-time-code\""));
    let wrong = other.form("/sign-in/second-factor", &[("way", "totp"), ("code", "000000")]).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.body.contains("was used already"));
    let backup = other.get("/sign-in/second-factor?way=backup_code").await;
    assert!(backup.body.contains("Backup code") && backup.body.contains("Use your authenticator app"));
    let done = other.form("/sign-in/second-factor", &[("way", "backup_code"), ("code", &listed[0])]).await;
    assert_eq!(done.to(), "/account");
    assert!(other.is_signed_in().await);
    let security = other.get("/account/security").await;
    assert!(security.body.contains("9 left"), "{}", security.body);
    let body = security.body.replace("&#x2f;", "/");
    let (_, rest) = body.split_once("/account/security/app/totp_").unwrap();
    let remove = format!("/account/security/app/totp_{}", rest.split('"').next().unwrap());

    web.house.clock.advance(Duration::from_secs(400));
    let stale = other.form(&remove, &[]).await;
    assert!(stale.to().starts_with("/step-up?return_to="), "{}", stale.to());
    let asked = other.get(stale.to()).await;
    assert!(asked.body.contains("authenticator app") && !asked.body.contains("current-password"), "{}", asked.body);
    let fields = [("way", "totp"), ("code", &*now(&web, &secret)), ("return_to", "/account/security")];
    assert_eq!(other.form("/step-up", &fields).await.to(), "/account/security");
    assert_eq!(other.form(&remove, &[]).await.to(), "/account/security?done=app-removed");
    assert!(ada.get("/account/security").await.body.contains("class=\"tag\">Off"));
}

async fn new_codes_are_shown_once_and_only_to_who_just_proved_a_second_factor() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    let without = ada.form("/account/security/backup-codes", &[]).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    ada.form("/account/security/app", &[("name", "")]).await;
    let secret = secret_on(&ada.get("/account/security/app").await);
    ada.form("/account/security/app/confirm", &[("code", &now(&web, &secret))]).await;
    let made = ada.form("/account/security/backup-codes", &[]).await;
    assert_eq!((made.status, made.body.matches("<li><code class=\"code\">").count()), (StatusCode::OK, 10));
    assert!(made.body.contains("href=\"data:text/plain;charset=utf-8,"), "to keep as a file");
    web.house.clock.advance(Duration::from_secs(400));
    assert!(ada.form("/account/security/backup-codes", &[]).await.to().starts_with("/step-up"));
}

async fn a_reset_ends_at_the_second_factor() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    ada.form("/account/security/app", &[("name", "")]).await;
    let secret = secret_on(&ada.get("/account/security/app").await);
    ada.form("/account/security/app/confirm", &[("code", &now(&web, &secret))]).await;
    web.house.clock.advance(Duration::from_secs(3600));
    let other = web.jar(2);
    other.form("/forgot-password", &[("email", ADA)]).await;
    let code = web.house.code_to(ADA).await.unwrap();
    assert_eq!(other.form("/sign-in/code", &[("code", &code)]).await.to(), "/sign-in/new-password");
    let renewed = other.form("/sign-in/new-password", &[("password", "another lantern tide")]).await;
    assert_eq!(renewed.to(), "/sign-in/second-factor");
    assert!(!other.is_signed_in().await && !ada.is_signed_in().await);
    let done = other.form("/sign-in/second-factor", &[("way", "totp"), ("code", &now(&web, &secret))]).await;
    assert_eq!(done.to(), "/account");
}

async fn a_sign_up_of_somebody_with_an_app_goes_to_their_second_factor() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    ada.form("/account/security/app", &[("name", "")]).await;
    let secret = secret_on(&ada.get("/account/security/app").await);
    ada.form("/account/security/app/confirm", &[("code", &now(&web, &secret))]).await;
    web.house.clock.advance(Duration::from_secs(3600));
    let other = web.jar(2);
    other.form("/sign-up", &[("email", ADA), ("password", "marble canyon whisper")]).await;
    let code = web.house.code_to(ADA).await.unwrap();
    assert_eq!(other.form("/sign-up/code", &[("code", &code)]).await.to(), "/sign-in/second-factor");
    let done = other.form("/sign-in/second-factor", &[("way", "totp"), ("code", &now(&web, &secret))]).await;
    assert_eq!(done.to(), "/account");
}

on_both! {
    a_person_turns_it_on_signs_in_with_it_and_turns_it_off,
    new_codes_are_shown_once_and_only_to_who_just_proved_a_second_factor,
    a_reset_ends_at_the_second_factor,
    a_sign_up_of_somebody_with_an_app_goes_to_their_second_factor,
}
