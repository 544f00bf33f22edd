use crate::kit::*;
use std::time::Duration;

/// Runs the house beside the test until the lease is good.
pub async fn warm(house: &housekey::testkit::TestHouse) -> tokio::task::JoinHandle<()> {
    let running = house.housekey.clone();
    let task = tokio::spawn(async move { running.run(std::future::pending()).await });
    let clock = house.clock.clone();
    let valid = || house.housekey.store().lease().valid(housekey::Clock::monotonic(clock.as_ref()));
    tokio::time::timeout(Duration::from_secs(5), async {
        while !valid() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await
    .unwrap();
    task
}

async fn sec_40_a_warm_check_asks_no_database_and_a_change_is_seen_at_once() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let running = warm(&house).await;
    assert!(is_signed_in(&house, &mut ada).await);
    // The feed reads beside us: only a run without any statement is the cache's.
    let mut quiet = false;
    for _ in 0..50 {
        let before = house.spent().0.statements;
        assert!(is_signed_in(&house, &mut ada).await);
        quiet |= house.spent().0.statements == before;
    }
    assert!(quiet, "every check asked the database");
    let mut thief = ada.copy();
    thief.client =
        thief.client.map(|c| format!("{}{}", &c[..c.len() - 2], if c.ends_with("AA") { "BB" } else { "AA" }));
    assert!(!is_signed_in(&house, &mut thief).await, "a wrong secret met a warm entry");
    let mut other = house.browser(2);
    try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    assert!(is_signed_in(&house, &mut other).await);
    house.housekey.session_revoke_others(&other.caller()).await.unwrap();
    assert!(!is_signed_in(&house, &mut ada).await);
    running.abort();
}

async fn sec_44_sign_out_on_one_node_ends_the_session_on_the_other() {
    if ENGINE.get() == Engine::Sqlite {
        // One process a file: there is no second node.
        return;
    }
    let database = database().await;
    let here = housekey::testkit::TestHouse::over(database.open(), Default::default()).await.unwrap();
    let there = housekey::testkit::TestHouse::over(database.open(), Default::default()).await.unwrap();
    let mut ada = here.browser(1);
    sign_up(&here, &mut ada, ADA).await;
    let running = warm(&there).await;
    let mut thief = ada.copy();
    assert!(is_signed_in(&there, &mut thief).await);
    let out = here.housekey.sign_out(&ada.caller()).await.unwrap();
    ada.keep(out);
    let ended = tokio::time::timeout(Duration::from_secs(1), async {
        while is_signed_in(&there, &mut thief).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    ended.await.expect("the other node still let the session in after a second");
    running.abort();
}

async fn sec_40_without_the_lease_the_store_is_asked() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let running = warm(&house).await;
    assert!(is_signed_in(&house, &mut ada).await);
    running.abort();
    assert!(running.await.is_err());
    house.clock.advance(Duration::from_millis(1000));
    let before = house.spent().0.statements;
    assert!(is_signed_in(&house, &mut ada).await);
    assert!(house.spent().0.statements > before);
}

on_both!(
    sec_44_sign_out_on_one_node_ends_the_session_on_the_other,
    sec_40_a_warm_check_asks_no_database_and_a_change_is_seen_at_once,
    sec_40_without_the_lease_the_store_is_asked,
);
