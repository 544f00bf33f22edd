//! What people read of their account: what happened, and what to do next; and what support finds by an id.

use crate::{
    kit::*,
    second_factor::enroll,
    web::{Web, web, web_with},
};
use housekey::{core::ids::EventId, flows::history::Advice};
use std::time::Duration;

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

async fn the_history_tells_what_when_and_with_what_newest_first() {
    let house = house_with(roomy()).await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let mut bob = house.browser(9);
    sign_up(&house, &mut bob, "bob@example.com").await;
    house.clock.advance(Duration::from_secs(60));
    try_password(&house, &mut house.browser(2), ADA, "wrong wrong wrong").await.unwrap_err();
    house.clock.advance(Duration::from_secs(60));
    let page = house.housekey.history(&ada.caller(), None, 2).await.unwrap();
    let kinds: Vec<_> = page.items.iter().map(|item| item.kind).collect();
    assert_eq!(kinds[0], "sign_in.failed");
    assert_eq!(page.items[0].facts.address, "203.0.113.2");
    assert!(page.items[0].facts.agent.contains("Firefox") && page.items[0].by_person);
    let mut all = kinds;
    let mut next = page.next;
    while let Some(before) = next {
        let before = EventId::try_from(before.as_str()).unwrap();
        let page = house.housekey.history(&ada.caller(), Some(&before), 1).await.unwrap();
        all.extend(page.items.iter().map(|item| item.kind));
        next = page.next;
    }
    all[1..].sort_unstable();
    assert_eq!(all, ["sign_in.failed", "session.created", "user.created"], "whole, in pages, without another's");
    let foreign = house.housekey.history(&bob.caller(), None, 1).await.unwrap().items.remove(0).id;
    let foreign = EventId::try_from(foreign.as_str()).unwrap();
    let page = house.housekey.history(&ada.caller(), Some(&foreign), 10).await.unwrap();
    assert_eq!(page.items.len(), 3, "another's event is no place to go on from");
    let nobody = house.housekey.history(&house.browser(7).caller(), None, 1).await;
    assert_eq!(refusal(nobody.map(drop)), "signed out");
}

async fn the_checkup_says_what_to_do_next() {
    let house = house_with(roomy()).await;
    let mut ada = house.browser(1);
    let (user, _) = sign_up(&house, &mut ada, ADA).await.done.unwrap();
    assert_eq!(house.housekey.checkup(&ada.caller()).await.unwrap(), [Advice::NoSecondFactor]);
    house.housekey.email_add(&ada.caller(), "ada@new.example").await.unwrap();
    let kept = enroll(&house, &mut ada).await;
    for code in &kept.codes[..8] {
        let way = housekey::core::sign_in::SecondStrategy::BackupCode;
        let done = house.housekey.step_up_second_factor(&ada.caller(), way, code).await.unwrap();
        ada.keep(done);
    }
    let by = house.housekey.console_steward();
    house.housekey.user_password_compromise(&by, &user, true, false).await.unwrap();
    let advice = house.housekey.checkup(&ada.caller()).await.unwrap();
    let unverified = Advice::UnverifiedAddress("ada@new.example".into());
    assert_eq!(advice, [Advice::PasswordCompromised, Advice::FewBackupCodes(2), unverified]);
}

async fn a_session_that_nobody_used_for_a_week_is_told() {
    let house = house_with(roomy()).await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    let mut other = house.browser(2);
    let start = housekey::flows::sign_in::StartSignIn { remember: true, ..start_as(ADA) };
    let started = house.housekey.sign_in_start(&other.caller(), start).await.unwrap();
    other.keep(started);
    let done = house.housekey.sign_in_password(&other.caller(), password(PASSWORD)).await.unwrap();
    other.keep(done);
    house.clock.advance(WEEK);
    let mut ada = house.browser(3);
    try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap();
    let advice = house.housekey.checkup(&ada.caller()).await.unwrap();
    assert_eq!(advice, [Advice::NoSecondFactor, Advice::OldSessions(1)]);
}

async fn the_page_shows_both_and_leads_to_the_rest() {
    let web: Web = web_with(roomy()).await;
    let ada = web.signed_up(1, ADA).await;
    let page = ada.get("/account/security").await.body;
    assert!(page.contains("Security check-up") && page.contains("Turn on two-step verification"), "{page}");
    assert!(page.contains("Your account was made") && page.contains("security&#x2f;history"), "{page}");
    for _ in 0..12 {
        web.house.clock.advance(Duration::from_secs(60));
        ada.form("/sign-out", &[]).await;
        web.house.clock.advance(Duration::from_secs(60));
        ada.form("/sign-in", &[("email", ADA)]).await;
        ada.form("/sign-in/password", &[("password", PASSWORD)]).await;
    }
    let first = ada.get("/account/security/history").await.body;
    assert_eq!(first.matches("<strong>Signed ").count(), 20);
    let older = first.split("history?before=").nth(1).unwrap().split('"').next().unwrap();
    let second = ada.get(&format!("/account/security/history?before={older}")).await.body;
    assert!(second.contains("Your account was made") && !second.contains("history?before="), "{second}");
    for bad in ["", "nothing", "evt_000000000000000000000000000", "%00"] {
        assert_eq!(ada.get(&format!("/account/security/history?before={bad}")).await.status, 200, "{bad}");
    }
}

async fn support_finds_what_a_person_was_refused_by_the_id_on_the_page() {
    let web = web().await;
    web.signed_up(1, ADA).await;
    let by = web.house.housekey.console_steward();
    for (number, address) in [(2, ADA), (3, "nobody@example.com")] {
        let jar = web.jar(number);
        jar.form("/sign-in", &[("email", address)]).await;
        let refused = jar.form("/sign-in/password", &[("password", "wrong wrong wrong")]).await;
        let request = refused.body.split("req_").nth(1).map(|rest| format!("req_{}", &rest[..27]));
        let request = request.unwrap_or_else(|| panic!("{}", refused.body));
        web.house.clock.advance(Duration::from_secs(3600));
        let found = web.house.housekey.events_show(&by, &request).await.unwrap();
        assert_eq!(found.len(), 1);
        let strategy = found[0].detail["strategy"].as_str();
        assert_eq!((found[0].kind.as_str(), strategy), ("sign_in.failed", Some("password")));
        assert_eq!(found[0].facts.as_ref().unwrap().address, format!("203.0.113.{number}"));
        assert_eq!(found[0].user.is_some(), address == ADA);
        let again = web.house.housekey.events_show(&by, &found[0].id).await.unwrap();
        assert_eq!(again[0].request, request);
    }
    let none = web.house.housekey.events_show(&by, "req_000000000000000000000000000").await;
    assert_eq!(refusal(none.map(drop)), "not found");
    assert_eq!(refusal(web.house.housekey.events_show(&by, "nothing").await.map(drop)), "id:id_malformed");
}

on_both! {
    the_history_tells_what_when_and_with_what_newest_first,
    the_checkup_says_what_to_do_next,
    a_session_that_nobody_used_for_a_week_is_told,
    the_page_shows_both_and_leads_to_the_rest,
    support_finds_what_a_person_was_refused_by_the_id_on_the_page,
}
