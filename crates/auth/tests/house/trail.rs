//! The audit trail's chain, and a change of the master key.

use crate::kit::*;
use housekey::{ChainFault, ChainReport, core::event_chain::ChainHead, testkit::TestHouse};
use std::time::Duration;

/// A house with a linked trail of some length.
async fn trail(database: &Database) -> (TestHouse, ChainReport) {
    let house = TestHouse::over(database.open(), Default::default()).await.unwrap();
    sign_up(&house, &mut house.browser(1), ADA).await;
    try_password(&house, &mut house.browser(2), ADA, PASSWORD).await.unwrap();
    house.keep().await;
    house.clock.advance(Duration::from_secs(120));
    let report = house.housekey.verify_events(None).await.unwrap();
    assert!(report.faults.is_empty() && report.links >= 4, "{report:?}");
    (house, report)
}

async fn faults(house: &TestHouse, kept: Option<ChainHead>) -> Vec<ChainFault> {
    house.housekey.verify_events(kept).await.unwrap().faults
}

async fn sec_123_an_untouched_trail_grows_from_the_head_that_was_kept() {
    let database = database().await;
    let (house, report) = trail(&database).await;
    try_password(&house, &mut house.browser(3), ADA, "not the password").await.unwrap_err();
    house.keep().await;
    let grown = house.housekey.verify_events(report.head).await.unwrap();
    assert!(grown.faults.is_empty() && grown.links > report.links, "{grown:?}");
    house.keep().await;
    assert_eq!(house.housekey.verify_events(None).await.unwrap().links, grown.links, "an event was linked twice");
}

async fn sec_123_a_changed_event_is_found() {
    let database = database().await;
    let (house, _) = trail(&database).await;
    let changed = "UPDATE housekey_event SET kind = 'user.updated' WHERE id = \
        (SELECT event_id FROM housekey_event_chain WHERE number = 2)";
    assert_eq!(database.tamper(changed).await, 1);
    assert!(matches!(faults(&house, None).await.as_slice(), [ChainFault::Changed { number: 2, .. }]));
}

async fn sec_123_a_removed_event_is_found_with_or_without_its_link() {
    let database = database().await;
    let (house, _) = trail(&database).await;
    let event = "(SELECT event_id FROM housekey_event_chain WHERE number = 2)";
    assert_eq!(database.tamper(&format!("DELETE FROM housekey_event WHERE id = {event}")).await, 1);
    assert!(matches!(faults(&house, None).await.as_slice(), [ChainFault::Removed { number: 2, .. }]));
    assert_eq!(database.tamper("DELETE FROM housekey_event_chain WHERE number = 2").await, 1);
    let found = faults(&house, None).await;
    assert!(matches!(found.as_slice(), [ChainFault::Gap { from: 2, to: 2 }, ChainFault::Changed { number: 3, .. }]));
}

async fn sec_123_an_event_that_was_put_in_is_found() {
    let database = database().await;
    let (house, _) = trail(&database).await;
    house.clock.advance(Duration::from_secs(3600));
    try_password(&house, &mut house.browser(3), ADA, PASSWORD).await.unwrap();
    house.keep().await;
    let put = "INSERT INTO housekey_event (id, at, kind, user_id, client_id, session_id, door, request_id, detail, facts, facts_key) \
        SELECT 'evt_forged', at, kind, user_id, client_id, session_id, door, request_id, detail, facts, facts_key \
        FROM housekey_event WHERE id = (SELECT event_id FROM housekey_event_chain WHERE number = 1)";
    assert_eq!(database.tamper(put).await, 1);
    house.keep().await;
    assert_eq!(faults(&house, None).await, [ChainFault::Unlinked { event: "evt_forged".into() }]);
}

async fn sec_123_a_cut_end_is_found_by_the_head_that_was_kept() {
    let database = database().await;
    let (house, report) = trail(&database).await;
    let head = report.head.unwrap();
    let last = format!("number = {}", head.number);
    let event = format!("(SELECT event_id FROM housekey_event_chain WHERE {last})");
    assert_eq!(database.tamper(&format!("DELETE FROM housekey_event WHERE id = {event}")).await, 1);
    assert_eq!(database.tamper(&format!("DELETE FROM housekey_event_chain WHERE {last}")).await, 1);
    assert!(faults(&house, None).await.is_empty(), "no chain tells that by itself");
    assert_eq!(faults(&house, Some(head)).await, [ChainFault::HeadLost { head }]);
}

async fn sec_123_two_nodes_that_link_at_once_make_one_chain() {
    if ENGINE.get() == Engine::Sqlite {
        // One process a file: there is no second node.
        return;
    }
    let database = database().await;
    let here = TestHouse::over(database.open(), Default::default()).await.unwrap();
    let there = TestHouse::over(database.open(), Default::default()).await.unwrap();
    for round in 0..5 {
        sign_up(&here, &mut here.browser(1), &format!("ada{round}@example.com")).await;
        tokio::join!(here.keep(), there.keep());
    }
    here.clock.advance(Duration::from_secs(120));
    let report = here.housekey.verify_events(None).await.unwrap();
    assert!(report.faults.is_empty(), "{report:?}");
    assert_eq!(report.head.unwrap().number as u64, report.links);
}

async fn sec_101_after_a_change_of_keys_the_old_one_is_needed_until_all_is_sealed_anew() {
    let database = database().await;
    let keyed = |current, old: &'static [u64]| TestHouse::keyed(database.open(), current, old);
    let before = keyed(0, &[]).await.unwrap();
    let mut ada = before.browser(1);
    sign_up(&before, &mut ada, ADA).await;
    before.keep().await;
    before.housekey.store().close().await;
    drop(before);

    let refused = keyed(1, &[]).await.err().unwrap().to_string();
    assert!(refused.contains("does not match"), "{refused}");
    let after = keyed(1, &[0]).await.unwrap();
    after.housekey.store().close().await;
    drop(after);
    let refused = keyed(1, &[]).await.err().unwrap().to_string();
    assert!(refused.contains("still sealed with the former key"), "{refused}");

    let after = keyed(1, &[0]).await.unwrap();
    // The first pass seals anew, the second finds nothing to do.
    after.keep().await;
    after.keep().await;
    after.housekey.store().close().await;
    drop(after);

    let house = keyed(1, &[]).await.unwrap();
    let token = ada.caller().client.unwrap();
    assert!(house.housekey.check_session(&token).await.unwrap().is_some(), "a session outlives its house's key");
    try_password(&house, &mut house.browser(2), ADA, PASSWORD).await.unwrap();
    house.keep().await;
    house.clock.advance(Duration::from_secs(120));
    let report = house.housekey.verify_events(None).await.unwrap();
    assert!(report.faults.is_empty() && report.links >= 4, "{report:?}");
}

on_both!(
    sec_123_an_untouched_trail_grows_from_the_head_that_was_kept,
    sec_123_a_changed_event_is_found,
    sec_123_a_removed_event_is_found_with_or_without_its_link,
    sec_123_an_event_that_was_put_in_is_found,
    sec_123_a_cut_end_is_found_by_the_head_that_was_kept,
    sec_123_two_nodes_that_link_at_once_make_one_chain,
    sec_101_after_a_change_of_keys_the_old_one_is_needed_until_all_is_sealed_anew,
);
