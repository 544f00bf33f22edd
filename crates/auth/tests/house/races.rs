//! What many ask for in the same moment, on two nodes over one database.

use crate::kit::*;
use housekey::{
    Error, Outcome,
    core::sign_in::Strategy,
    settings::Settings,
    testkit::{Browser, TestHouse},
};
use std::time::Duration;

struct Nodes {
    database: Database,
    one: TestHouse,
    two: TestHouse,
}

async fn nodes(settings: fn() -> Settings) -> Nodes {
    let database = database().await;
    let one = TestHouse::over(database.open(), settings()).await.unwrap();
    let two = TestHouse::over(database.open(), settings()).await.unwrap();
    Nodes { database, one, two }
}

impl Nodes {
    fn of(&self, at: usize) -> housekey::Housekey {
        if at.is_multiple_of(2) { self.one.housekey.clone() } else { self.two.housekey.clone() }
    }

    async fn count(&self, table: &str) -> usize {
        self.database.rows().await[table].len()
    }
}

/// Runs all of them at once and gives what each came to.
async fn at_once<T: Send + 'static>(tries: impl Iterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let running: Vec<_> = tries.map(tokio::spawn).collect();
    let mut done = Vec::new();
    for one in running {
        done.push(one.await.unwrap());
    }
    done
}

/// How many were handed a credential.
fn opened<T>(done: &[Result<Outcome<T>, Error>]) -> usize {
    done.iter().filter(|d| d.as_ref().is_ok_and(|o| o.cookies.client.is_some())).count()
}

async fn code_for(house: &TestHouse, browser: &mut Browser) -> String {
    let started = house.housekey.sign_in_start(&browser.caller(), start_as(ADA)).await.unwrap();
    browser.keep(started);
    let sent = house.housekey.sign_in_send_code(&browser.caller(), Strategy::EmailCode).await.unwrap();
    browser.keep(sent);
    house.code_to(ADA).await.unwrap()
}

async fn sec_32_twenty_redemptions_of_a_sign_in_open_one_session() {
    let nodes = nodes(Settings::default).await;
    sign_up(&nodes.one, &mut nodes.one.browser(1), ADA).await;
    let mut ada = nodes.one.browser(2);
    let code = code_for(&nodes.one, &mut ada).await;
    let done = at_once((0..20).map(|at| {
        let (house, caller, code) = (nodes.of(at), ada.caller(), code.clone());
        async move { house.sign_in_code(&caller, &code).await }
    }))
    .await;
    assert_eq!(opened(&done), 1);
    assert_eq!(nodes.count("housekey_session").await, 2, "the sign-up's, and one more");
    assert!(nodes.database.rows().await["housekey_verification"].is_empty(), "the code is gone");
}

async fn sec_32_twenty_redemptions_of_a_sign_up_make_one_account() {
    let nodes = nodes(Settings::default).await;
    let mut ada = nodes.one.browser(1);
    let started = nodes.one.housekey.sign_up_start(&ada.caller(), sign_up_as(ADA)).await.unwrap();
    ada.keep(started);
    let code = nodes.one.code_to(ADA).await.unwrap();
    let done = at_once((0..20).map(|at| {
        let (house, caller, code) = (nodes.of(at), ada.caller(), code.clone());
        async move { house.sign_up_code(&caller, None, &code).await }
    }))
    .await;
    assert_eq!(opened(&done), 1);
    assert_eq!((nodes.count("housekey_user").await, nodes.count("housekey_session").await), (1, 1));
}

async fn sec_32_twenty_verifications_of_an_address_are_one() {
    let nodes = nodes(Settings::default).await;
    let mut ada = nodes.one.browser(1);
    sign_up(&nodes.one, &mut ada, ADA).await;
    let id = nodes.one.housekey.email_add(&ada.caller(), "ada@new.example").await.unwrap();
    let code = nodes.one.code_to("ada@new.example").await.unwrap();
    let verified = || async {
        nodes.database.rows().await["housekey_event"].iter().filter(|e| e.contains("email.verified")).count()
    };
    let before = verified().await;
    let done = at_once((0..20).map(|at| {
        let (house, caller, code, id) = (nodes.of(at), ada.caller(), code.clone(), id.clone());
        async move { house.email_verify(&caller, &id, &code).await }
    }))
    .await;
    assert_eq!(done.iter().filter(|d| d.is_ok()).count(), 1, "{done:?}");
    assert!(verified().await - before <= 1);
}

async fn sec_12_a_hundred_parallel_wrong_codes_are_five() {
    let nodes = nodes(Settings::default).await;
    sign_up(&nodes.one, &mut nodes.one.browser(1), ADA).await;
    for clock in [&nodes.one.clock, &nodes.two.clock] {
        clock.advance(Duration::from_secs(3600));
    }
    let mut ada = nodes.one.browser(2);
    let code = code_for(&nodes.one, &mut ada).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let told = at_once((0..100).map(|at| {
        let (house, mut caller) = (nodes.of(at), ada.caller());
        caller.address = [203, 0, 113, at as u8].into();
        async move { refusal(house.sign_in_code(&caller, wrong).await) }
    }))
    .await;
    assert_eq!(told.iter().filter(|t| *t == "code_incorrect").count(), 5, "{told:?}");
    assert!(told.iter().all(|t| ["code_incorrect", "code_expired", "limited"].contains(&t.as_str())), "{told:?}");
    nodes.one.clock.advance(Duration::from_secs(60));
    let late = refusal(nodes.one.housekey.sign_in_code(&ada.caller(), &code).await);
    assert!(["code_expired", "limited"].contains(&late.as_str()), "the right one opens nothing any more: {late}");
}

async fn sec_12_sixteen_sign_ups_of_one_address_make_one_account() {
    let nodes = nodes(roomy).await;
    let mut callers = Vec::new();
    for at in 0..16u8 {
        let mut browser = nodes.one.browser(at);
        let started = nodes.one.housekey.sign_up_start(&browser.caller(), sign_up_as(ADA)).await.unwrap();
        browser.keep(started);
        callers.push((browser.caller(), nodes.one.code_to(ADA).await.unwrap()));
    }
    let done = at_once(callers.into_iter().enumerate().map(|(at, (caller, code))| {
        let house = nodes.of(at);
        async move { house.sign_up_code(&caller, None, &code).await }
    }))
    .await;
    assert!(opened(&done) >= 1);
    assert_eq!(nodes.count("housekey_session").await, opened(&done), "a session for each that was let in, and no more");
    for table in ["housekey_user", "housekey_email", "housekey_password"] {
        assert_eq!(nodes.count(table).await, 1, "{table}");
    }
}

on_both!(
    sec_32_twenty_redemptions_of_a_sign_in_open_one_session,
    sec_32_twenty_redemptions_of_a_sign_up_make_one_account,
    sec_32_twenty_verifications_of_an_address_are_one,
    sec_12_a_hundred_parallel_wrong_codes_are_five,
    sec_12_sixteen_sign_ups_of_one_address_make_one_account,
);
