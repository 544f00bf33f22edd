use crate::kit::*;
use housekey::{Error, core::sign_in::Strategy, settings::Settings, testkit::TestHouse};
use std::time::Duration;

const WRONG: &str = "wrong wrong wrong";

async fn sec_11_an_attacker_cannot_lock_the_owner_out_of_a_known_device() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let out = house.housekey.sign_out(&ada.caller()).await.unwrap();
    ada.keep(out);
    let mut let_through = 0;
    for at in 0..50 {
        match try_password(&house, &mut house.browser(100 + at), ADA, WRONG).await {
            Err(Error::Denied(_)) => let_through += 1,
            Err(Error::Challenge(due)) => assert!(due.retry_after > Duration::ZERO),
            other => panic!("{:?}", other.map(|v| v.status)),
        }
    }
    assert_eq!(let_through, 10);
    assert!(try_password(&house, &mut house.browser(99), ADA, PASSWORD).await.is_err(), "the password is closed there");
    assert!(try_password(&house, &mut ada, ADA, PASSWORD).await.is_ok(), "the owner, on a known device");
    let mut new = house.browser(98);
    let started = house.housekey.sign_in_start(&new.caller(), start_as(ADA)).await.unwrap();
    new.keep(started);
    house.clock.advance(Duration::from_secs(1));
    assert!(
        house.housekey.sign_in_send_code(&new.caller(), Strategy::EmailCode).await.is_ok(),
        "the mailed code is open"
    );
}

async fn sec_10_a_strangers_bucket_empties_alike() {
    let house = house().await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    for address in [ADA, "nobody@example.com"] {
        let mut told = Vec::new();
        for at in 0..12 {
            told.push(refusal(try_password(&house, &mut house.browser(100 + at), address, WRONG).await));
        }
        assert_eq!(told.iter().filter(|t| *t == "password_or_identifier_incorrect").count(), 10, "{address}");
        assert!(told[10..].iter().all(|t| t == "a challenge is due"), "{address}");
    }
}

/// Two hundred browsers guess at once, spread over the nodes; how many of the guesses were compared with the password.
async fn guessed_at_once(nodes: &[TestHouse]) -> usize {
    let mut guesses = Vec::new();
    for (at, house) in (0..200u8).zip(nodes.iter().cycle()) {
        let mut browser = house.browser(at);
        let started = house.housekey.sign_in_start(&browser.caller(), start_as(ADA)).await.unwrap();
        browser.keep(started);
        guesses.push((house.housekey.clone(), browser.caller()));
    }
    let before: u64 = nodes.iter().map(|house| house.spent().1).sum();
    let tries = guesses.into_iter().map(|(house, caller)| {
        tokio::spawn(async move { refusal(house.sign_in_password(&caller, password(WRONG)).await) })
    });
    let mut wrong = 0;
    for told in tries.collect::<Vec<_>>() {
        wrong += usize::from(told.await.unwrap() == "password_or_identifier_incorrect");
    }
    let after: u64 = nodes.iter().map(|house| house.spent().1).sum();
    assert_eq!(after - before, wrong as u64, "no hash was computed beyond the bucket");
    wrong
}

async fn sec_12_two_hundred_parallel_guesses_are_ten() {
    let house = house().await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    assert_eq!(guessed_at_once(&[house]).await, 10);
}

async fn sec_12_over_two_nodes_they_are_ten_as_well() {
    if ENGINE.get() == Engine::Sqlite {
        // One process a file: there is no second node.
        return;
    }
    let base = database().await;
    let node = async || TestHouse::over(base.open(), Settings::default()).await.unwrap();
    let nodes = [node().await, node().await];
    sign_up(&nodes[0], &mut nodes[0].browser(1), ADA).await;
    assert_eq!(guessed_at_once(&nodes).await, 10);
}

async fn sec_11_after_a_hundred_failures_in_a_row_the_owner_must_come_another_way() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let mut failures = 0;
    while failures < 100 {
        match try_password(&house, &mut house.browser(50), ADA, WRONG).await {
            Err(Error::Denied(_)) => failures += 1,
            Err(Error::Challenge(due)) => house.clock.advance(due.retry_after),
            other => panic!("{:?}", other.map(|v| v.status)),
        }
    }
    house.clock.advance(Duration::from_secs(3600));
    let mut new = house.browser(51);
    assert_eq!(refusal(try_password(&house, &mut new, ADA, PASSWORD).await), "password_closed");
    let sent = house.housekey.sign_in_send_code(&new.caller(), Strategy::EmailCode).await.unwrap();
    new.keep(sent);
    let code = house.code_to(ADA).await.unwrap();
    house.housekey.sign_in_code(&new.caller(), &code).await.unwrap();
    assert!(try_password(&house, &mut house.browser(52), ADA, PASSWORD).await.is_ok(), "forgiven");
}

async fn sec_10_a_mailbox_gets_three_mails_in_a_quarter_and_one_network_three_a_day() {
    let house = house().await;
    let mut told = Vec::new();
    for at in 0..4 {
        let started = house.housekey.reset_start(&house.browser(at).caller(), start_as(ADA)).await;
        told.push(refusal(started));
    }
    assert_eq!(told, ["ok", "ok", "ok", "limited"]);
    house.clock.advance(Duration::from_secs(901));
    let mut one_network = 0;
    for _ in 0..10 {
        house.clock.advance(Duration::from_secs(901));
        one_network +=
            u32::from(house.housekey.reset_start(&house.browser(9).caller(), start_as("b@example.com")).await.is_ok());
    }
    assert_eq!(one_network, 3);
}

async fn sec_10_one_address_signs_up_five_times_an_hour() {
    let house = house().await;
    let mut done = 0;
    for i in 0..60 {
        let start = sign_up_as(&format!("u{i}@example.com"));
        done += u32::from(house.housekey.sign_up_start(&house.browser(7).caller(), start).await.is_ok());
    }
    assert_eq!(done, 5);
}

on_both!(
    sec_11_an_attacker_cannot_lock_the_owner_out_of_a_known_device,
    sec_10_a_strangers_bucket_empties_alike,
    sec_12_two_hundred_parallel_guesses_are_ten,
    sec_12_over_two_nodes_they_are_ten_as_well,
    sec_11_after_a_hundred_failures_in_a_row_the_owner_must_come_another_way,
    sec_10_a_mailbox_gets_three_mails_in_a_quarter_and_one_network_three_a_day,
    sec_10_one_address_signs_up_five_times_an_hour,
);
