//! Who may not sign up yet leaves an address, and nobody learns who did.

use crate::{
    clerk::app::{APP, clerk_with},
    kit::*,
    web::{Jar, Web},
};
use housekey::settings::{Settings, SignUpMode, SignUpPolicy};
use http::StatusCode;
use std::time::Duration;

fn waiting() -> Settings {
    let sign_up = SignUpPolicy { mode: SignUpMode::Waitlist, block_disposable: true, ..SignUpPolicy::default() };
    Settings { app_origins: vec![APP.into()], sign_up, ..Settings::default() }
}

async fn join(jar: &Jar, email: &str) -> (StatusCode, String) {
    let answer = jar.form("/waitlist", &[("email", email), ("website", ""), ("shown", "")]).await;
    (answer.status, answer.body.replace(email, "ADDRESS"))
}

async fn entries(web: &Web) -> usize {
    web.database.rows().await["housekey_waitlist"].len()
}

async fn people_wait_on_the_page_and_in_an_app() {
    let web = clerk_with(waiting()).await;
    let jar = web.jar(1);
    assert_eq!(jar.get("/sign-up").await.to(), "/waitlist");
    let told = jar.form("/sign-up", &[("email", ADA), ("password", PASSWORD), ("return_to", "")]).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.body.contains("Leave your address on the waitlist."), "{}", told.body);
    assert!(jar.get("/waitlist").await.body.contains("Join the waitlist"));
    let (status, body) = join(&jar, ADA).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("We send an invitation to ADDRESS"), "{body}");
    let mail = web.house.mail_to(ADA).await.unwrap();
    assert!(mail.text.contains("on the waitlist") && !mail.text.contains("http"), "{}", mail.text);
    let app = web.app(2);
    let told = app.post("/v1/client/sign_ups", &[("email_address", "new@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(told.refusal(), "403 sign_up_restricted_waitlist");
    let first = app.post("/v1/waitlist", &[("email_address", "new@example.com")]).await.ok().json["id"].clone();
    assert_eq!(app.post("/v1/waitlist", &[("email_address", "NEW@example.com")]).await.ok().json["id"], first);
    assert_eq!(entries(&web).await, 2);
    let settings = app.get("/v1/environment").await.json;
    assert_eq!(settings["user_settings"]["sign_up"]["mode"], "waitlist");
    assert!(settings["display_config"]["waitlist_url"].as_str().unwrap().ends_with("/waitlist"));
}

async fn sec_20_nobody_learns_who_waits_or_has_an_account() {
    let open = Settings { sign_up: SignUpPolicy::default(), ..waiting() };
    let before = clerk_with(open).await;
    before.signed_up(1, ADA).await;
    let contracts = [housekey::Contract::Pages];
    let house = housekey::testkit::TestHouse::serving(before.database.open(), waiting(), &contracts).await.unwrap();
    let url = house.housekey.public_url().origin().ascii_serialization();
    let web = Web { routes: house.housekey.router(), database: Database(before.database.0.clone()), url, house };
    join(&web.jar(9), "warm@example.com").await;
    let mut told = Vec::new();
    for (at, email) in [(2, "waits@example.com"), (3, "waits@example.com"), (4, ADA), (5, "fresh@example.com")] {
        let jar = web.jar(at);
        let token = jar.token().await;
        let before = web.house.spent();
        let fields = [("csrf", token.as_str()), ("email", email), ("website", ""), ("shown", "")];
        let answer = jar.post("/waitlist", &fields).await;
        let after = web.house.spent();
        let spent = (after.0.statements - before.0.statements, after.0.commits - before.0.commits);
        told.push((answer.status, answer.body.len() - email.len(), spent));
    }
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
}

async fn a_waitlist_is_no_way_to_flood_or_to_mail_strangers() {
    let web = clerk_with(waiting()).await;
    let spam = web.jar(1).form("/waitlist", &[("email", ADA), ("website", "x"), ("shown", "")]).await;
    assert_eq!(spam.status, StatusCode::OK, "a program gets the usual answer");
    assert!(web.house.mail_to(ADA).await.is_none() && entries(&web).await == 0);
    let told = web.jar(1).form("/waitlist", &[("email", "x@mailinator.com")]).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut statuses = Vec::new();
    for n in 0..5 {
        statuses.push(join(&web.jar(2), &format!("u{n}@example.com")).await.0);
    }
    assert_eq!(statuses[..5], [StatusCode::OK; 5]);
    let (status, body) = join(&web.jar(2), ADA).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(body.contains("data-work"), "a challenge stands in the form: {body}");
    web.house.clock.advance(Duration::from_secs(3600));
    let mut mails = 0;
    for at in 10..16 {
        mails += u32::from(join(&web.jar(at), ADA).await.0 == StatusCode::OK);
    }
    assert_eq!(mails, 3, "one mailbox is not filled, from wherever it is asked for");
}

on_both!(
    people_wait_on_the_page_and_in_an_app,
    sec_20_nobody_learns_who_waits_or_has_an_account,
    a_waitlist_is_no_way_to_flood_or_to_mail_strangers,
);
