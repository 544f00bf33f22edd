//! SEC-10 at this door: guesses are counted, and whoever has used them up is told when it works again.

use super::{app::*, sign_ins::other};
use crate::{kit::*, web::Web};
use housekey::settings::Settings;
use http::StatusCode;
use serde_json::json;

/// The limits as they stand.
async fn strict() -> Web {
    clerk_with(Settings { app_origins: vec![APP.into()], ..Settings::default() }).await
}

fn limited(told: &Told) {
    assert_eq!(told.refusal(), "429 too_many_requests");
    let after: u64 = told.header("retry-after").parse().unwrap();
    assert!((1..=24 * 3600).contains(&after), "{after}");
    assert_eq!(told.header("access-control-allow-origin"), APP, "or the page cannot read it");
}

async fn sec_10_ten_wrong_passwords_close_an_account_to_strangers_alone() {
    let web = strict().await;
    let ada = web.signed_up_in_app(1, ADA).await;
    let eve = web.app(2);
    for n in 0..10 {
        let told = eve.sign_in(ADA, &format!("wrong wrong wrong {n}")).await;
        assert_eq!(told.refusal(), "422 form_password_or_identifier_incorrect password");
    }
    limited(&eve.sign_in(ADA, PASSWORD).await);
    limited(&web.app(3).sign_in(ADA, PASSWORD).await);
    ada.delete("/v1/client/sessions").await.ok();
    ada.sign_in(ADA, PASSWORD).await.ok();
}

async fn sec_10_an_account_that_is_none_closes_alike() {
    let web = strict().await;
    let eve = web.app(2);
    for n in 0..10 {
        let told = eve.sign_in("nobody@example.com", &format!("wrong wrong wrong {n}")).await;
        assert_eq!(told.refusal(), "422 form_password_or_identifier_incorrect password");
    }
    limited(&eve.sign_in("nobody@example.com", PASSWORD).await);
}

async fn sec_32_a_code_dies_after_five_wrong_tries() {
    let web = strict().await;
    web.signed_up_in_app(1, ADA).await;
    let app = web.app(2);
    let begun = app.post("/v1/client/sign_ins", &[("identifier", ADA), ("strategy", "email_code")]).await.ok();
    let at = format!("/v1/client/sign_ins/{}/attempt_first_factor", begun.id());
    let code = web.house.code_to(ADA).await.unwrap();
    for _ in 0..5 {
        let told = app.post(&at, &[("strategy", "email_code"), ("code", &other(&code))]).await;
        assert_eq!(told.refusal(), "422 form_code_incorrect code");
    }
    let right = app.post(&at, &[("strategy", "email_code"), ("code", &code)]).await;
    assert_eq!(right.refusal(), "400 verification_expired code");
    assert_eq!(app.client().await["sessions"], json!([]));
}

/// Whoever owns the address is signed in by a sign-up's code as well, so both are guesses at one account.
async fn sec_10_codes_of_sign_ups_and_sign_ins_are_counted_together() {
    let web = strict().await;
    web.signed_up_in_app(1, ADA).await;
    let (eve, mallory) = (web.app(2), web.app(3));
    let begun = eve.post("/v1/client/sign_ups", &[("email_address", ADA), ("password", PASSWORD)]).await.ok();
    let sign_up = format!("/v1/client/sign_ups/{}", begun.id());
    eve.post(&format!("{sign_up}/prepare_verification"), &[("strategy", "email_code")]).await.ok();
    let begun = mallory.post("/v1/client/sign_ins", &[("identifier", ADA), ("strategy", "email_code")]).await.ok();
    let sign_in = format!("/v1/client/sign_ins/{}/attempt_first_factor", begun.id());
    let guess = [("strategy", "email_code"), ("code", "000000")];
    let mut evaluated = 0;
    for _ in 0..8 {
        let told = eve.post(&format!("{sign_up}/attempt_verification"), &guess).await;
        evaluated += u8::from(told.status != StatusCode::TOO_MANY_REQUESTS);
        let told = mallory.post(&sign_in, &guess).await;
        evaluated += u8::from(told.status != StatusCode::TOO_MANY_REQUESTS);
    }
    // The first code of the sign-up itself is one of the ten.
    assert!((9..=10).contains(&evaluated), "{evaluated}");
}

async fn sec_10_sign_ups_and_mails_are_counted() {
    let web = strict().await;
    let app = web.app(1);
    let mut told = app.post("/v1/client/sign_ups", &[("email_address", "0@example.com")]).await;
    for n in 1..200 {
        if told.status == 429 {
            break;
        }
        told = app.post("/v1/client/sign_ups", &[("email_address", &format!("{n}@example.com"))]).await;
    }
    limited(&told);
    let mut told = web.app(2).post("/v1/client/sign_ins", &[("identifier", ADA), ("strategy", "email_code")]).await;
    for at in 3..40 {
        if told.status == 429 {
            break;
        }
        told = web.app(at).post("/v1/client/sign_ins", &[("identifier", ADA), ("strategy", "email_code")]).await;
    }
    limited(&told);
}

on_both!(
    sec_10_codes_of_sign_ups_and_sign_ins_are_counted_together,
    sec_10_ten_wrong_passwords_close_an_account_to_strangers_alone,
    sec_10_an_account_that_is_none_closes_alike,
    sec_32_a_code_dies_after_five_wrong_tries,
    sec_10_sign_ups_and_mails_are_counted,
);
