//! Coming back without a second factor: the owner who lost it, and the thief who has the first one.

use crate::{
    kit::*,
    passkeys,
    second_factor::{Enrolled, enroll},
    web::{Web, web_with},
};
use housekey::{
    core::{
        ids::RecoveryId,
        sign_in::{SecondStrategy, Strategy},
    },
    flows::{recovery::RecoveryKept, sign_in::SignInStatus},
    settings::{RecoverySettings, Settings},
    testkit::{Browser, TestHouse},
};
use http::StatusCode;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
const SECOND: &str = "ada@second.example";

/// Somebody with two addresses and an app.
async fn ada(house: &TestHouse) -> (Browser, Enrolled) {
    let mut ada = house.browser(1);
    sign_up(house, &mut ada, ADA).await;
    let id = house.housekey.email_add(&ada.caller(), SECOND).await.unwrap();
    let code = house.code_to(SECOND).await.unwrap();
    house.housekey.email_verify(&ada.caller(), &id, &code).await.unwrap();
    house.housekey.email_add(&ada.caller(), "unproved@example.com").await.unwrap();
    let kept = enroll(house, &mut ada).await;
    (ada, kept)
}

/// A browser at the second step.
async fn at_second_step(house: &TestHouse, number: u8) -> Browser {
    let mut browser = house.browser(number);
    let view = try_password(house, &mut browser, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::NeedsSecondFactor);
    browser
}

/// Signs in by a mailed code, and tells where that leads.
async fn by_code(house: &TestHouse, browser: &mut Browser) -> SignInStatus {
    let started = house.housekey.sign_in_start(&browser.caller(), start_as(ADA)).await.unwrap();
    browser.keep(started);
    let sent = house.housekey.sign_in_send_code(&browser.caller(), Strategy::EmailCode).await.unwrap();
    browser.keep(sent);
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.sign_in_code(&browser.caller(), &code).await.unwrap();
    browser.keep(done).status
}

async fn cancel_link(house: &TestHouse, address: &str) -> String {
    let text = house.mail_to(address).await.unwrap().text;
    let (_, rest) = text.split_once("/recovery/cancel?token=").unwrap_or_else(|| panic!("{text}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

async fn live(house: &TestHouse) -> Vec<RecoveryKept> {
    house.housekey.recoveries(&house.housekey.console_steward()).await.unwrap()
}

async fn subjects_to(house: &TestHouse, address: &str) -> Vec<String> {
    house.deliver().await;
    let all = house.caught.outbox();
    all.iter().filter(|m| m.to.canonical() == address).map(|m| m.subject.as_str().to_owned()).collect()
}

async fn the_owner_waits_and_comes_back_by_the_mailbox() {
    let house = house_with(roomy()).await;
    let (mut signed_in, _) = ada(&house).await;
    let mut lost = at_second_step(&house, 2).await;
    let shown = house.housekey.recovery_shown(&lost.caller()).await.unwrap();
    assert!(shown.ends.is_none() && shown.wait == HOUR * 72);
    let ends = house.housekey.recovery_ask(&lost.caller()).await.unwrap();
    assert_eq!(ends, house.housekey.now().plus(HOUR * 72));
    for address in [ADA, SECOND] {
        let told = subjects_to(&house, address).await;
        assert_eq!(told.iter().filter(|s| s.contains("without the second step")).count(), 1, "{address}");
    }
    let strange = subjects_to(&house, "unproved@example.com").await;
    assert!(strange.iter().all(|s| !s.contains("second step")), "an unproved address is told nothing: {strange:?}");

    house.clock.advance(HOUR * 47);
    house.keep().await;
    assert!(!subjects_to(&house, ADA).await.iter().any(|s| s.contains("removed soon")));
    house.clock.advance(HOUR);
    house.keep().await;
    house.keep().await;
    for address in [ADA, SECOND] {
        let told = subjects_to(&house, address).await;
        assert_eq!(told.iter().filter(|s| s.contains("removed soon")).count(), 1, "{address}, once");
    }
    house.clock.advance(HOUR * 24 - Duration::from_secs(1));
    house.keep().await;
    at_second_step(&house, 3).await;
    house.clock.advance(Duration::from_secs(1));
    house.keep().await;
    assert!(live(&house).await.is_empty());
    assert!(!is_signed_in(&house, &mut signed_in).await, "all that was open ends");
    for address in [ADA, SECOND] {
        assert!(subjects_to(&house, address).await.iter().any(|s| s.contains("was removed")), "{address}");
    }
    // The password alone, which a thief may have, opens nothing.
    let mut back = house.browser(4);
    assert_eq!(refusal(try_password(&house, &mut back, ADA, PASSWORD).await), "password_compromised");
    let started = house.housekey.reset_start(&back.caller(), start_as(ADA)).await.unwrap();
    back.keep(started);
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.sign_in_code(&back.caller(), &code).await.unwrap();
    assert_eq!(back.keep(done).status, SignInStatus::NeedsNewPassword);
    let done = house.housekey.sign_in_new_password(&back.caller(), password("marble canyon tide")).await.unwrap();
    assert_eq!(back.keep(done).status, SignInStatus::Complete);
    assert!(house.housekey.factors(&back.caller()).await.unwrap().totps.is_empty());
}

async fn a_thief_with_the_password_is_stopped_from_any_mailbox() {
    let house = house_with(roomy()).await;
    let (_, kept) = ada(&house).await;
    for (number, mailbox) in [(2, ADA), (3, SECOND)] {
        let mut thief = at_second_step(&house, number).await;
        house.housekey.recovery_ask(&thief.caller()).await.unwrap();
        let token = cancel_link(&house, mailbox).await;
        assert_eq!(house.housekey.recovery_cancel_shown(&token).await.unwrap(), "a•••@example.com");
        assert_eq!(live(&house).await.len(), 1, "looking changes nothing");
        house.housekey.recovery_cancel(&house.browser(9).caller(), &token).await.unwrap();
        assert!(live(&house).await.is_empty());
        assert_eq!(refusal(house.housekey.recovery_cancel(&house.browser(9).caller(), &token).await), "link_expired");
    }
    house.clock.advance(HOUR * 80);
    house.keep().await;
    let mut owner = at_second_step(&house, 5).await;
    let code = kept.code(&house);
    let done = house.housekey.sign_in_second_factor(&owner.caller(), SecondStrategy::Totp, &code).await.unwrap();
    assert_eq!(owner.keep(done).status, SignInStatus::Complete, "nothing was removed");
}

async fn a_second_factor_says_no_whether_at_sign_in_or_in_a_session() {
    let house = house_with(roomy()).await;
    let (mut signed_in, kept) = ada(&house).await;
    let mut thief = at_second_step(&house, 2).await;
    house.housekey.recovery_ask(&thief.caller()).await.unwrap();
    let mut owner = at_second_step(&house, 3).await;
    let code = kept.code(&house);
    let done = house.housekey.sign_in_second_factor(&owner.caller(), SecondStrategy::Totp, &code).await.unwrap();
    owner.keep(done);
    assert!(live(&house).await.is_empty());
    assert!(subjects_to(&house, SECOND).await.iter().any(|s| s.contains("stays on")));
    let late = cancel_link_of(&house, "without the second step").await;
    assert_eq!(refusal(house.housekey.recovery_cancel_shown(&late).await), "link_expired", "there is nothing to stop");

    house.clock.advance(Duration::from_secs(30));
    house.housekey.recovery_ask(&thief.caller()).await.unwrap();
    let code = kept.code(&house);
    let done = house.housekey.step_up_second_factor(&signed_in.caller(), SecondStrategy::Totp, &code).await.unwrap();
    signed_in.keep(done);
    assert!(live(&house).await.is_empty());
}

async fn cancel_link_of(house: &TestHouse, subject: &str) -> String {
    house.deliver().await;
    let all = house.caught.outbox();
    let text = all.iter().find(|m| m.subject.as_str().contains(subject)).unwrap().text.clone();
    text.split("/recovery/cancel?token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

async fn there_is_one_request_an_account_and_few_a_day() {
    let house = house().await;
    let (_, _) = ada(&house).await;
    let mut one = at_second_step(&house, 2).await;
    let mut other = at_second_step(&house, 3).await;
    let ends = house.housekey.recovery_ask(&one.caller()).await.unwrap();
    house.clock.advance(Duration::from_secs(60));
    assert_eq!(house.housekey.recovery_ask(&other.caller()).await.unwrap(), ends, "asking again starts nothing anew");
    assert_eq!(house.housekey.recovery_shown(&other.caller()).await.unwrap().ends, Some(ends));
    for _ in 0..2 {
        let token = cancel_link(&house, SECOND).await;
        house.housekey.recovery_cancel(&house.browser(9).caller(), &token).await.unwrap();
        house.housekey.recovery_ask(&one.caller()).await.unwrap();
    }
    let token = cancel_link(&house, SECOND).await;
    house.housekey.recovery_cancel(&house.browser(9).caller(), &token).await.unwrap();
    assert_eq!(refusal(house.housekey.recovery_ask(&one.caller()).await), "limited");
}

async fn of_many_who_ask_at_once_one_does() {
    let house = house_with(roomy()).await;
    ada(&house).await;
    let mut callers = Vec::new();
    for number in 2..10 {
        callers.push(at_second_step(&house, number).await.caller());
    }
    let asks = callers.into_iter().map(|caller| {
        let housekey = house.housekey.clone();
        tokio::spawn(async move { housekey.recovery_ask(&caller).await })
    });
    for ask in asks.collect::<Vec<_>>() {
        ask.await.unwrap().unwrap();
    }
    assert_eq!(live(&house).await.len(), 1);
    let told = subjects_to(&house, SECOND).await;
    assert_eq!(told.iter().filter(|s| s.contains("without the second step")).count(), 1);
}

async fn of_an_end_by_its_owner_and_one_by_its_time_one_happens() {
    for _ in 0..6 {
        let house = house_with(roomy()).await;
        let (_, kept) = ada(&house).await;
        let mut thief = at_second_step(&house, 2).await;
        house.housekey.recovery_ask(&thief.caller()).await.unwrap();
        let token = cancel_link(&house, ADA).await;
        house.clock.advance(HOUR * 72);
        let (housekey, caller) = (house.housekey.clone(), house.browser(9).caller());
        let cancel = tokio::spawn(async move { housekey.recovery_cancel(&caller, &token).await });
        house.keep().await;
        let cancelled = cancel.await.unwrap();
        let mut after = house.browser(5);
        let started = house.housekey.sign_in_start(&after.caller(), start_as(ADA)).await.unwrap();
        after.keep(started);
        let by_password = house.housekey.sign_in_password(&after.caller(), password(PASSWORD)).await;
        match cancelled {
            Ok(()) => {
                assert_eq!(after.keep(by_password.unwrap()).status, SignInStatus::NeedsSecondFactor);
                let code = kept.code(&house);
                house.housekey.sign_in_second_factor(&after.caller(), SecondStrategy::Totp, &code).await.unwrap();
            }
            Err(_) => assert_eq!(refusal(by_password), "password_compromised"),
        }
    }
}

async fn sec_20_nobody_without_the_first_factor_learns_or_does_anything() {
    let house = house_with(roomy()).await;
    ada(&house).await;
    let mut nobody = house.browser(2);
    assert_eq!(refusal(house.housekey.recovery_shown(&nobody.caller()).await.map(drop)), "attempt_expired");
    for address in [ADA, "stranger@example.com"] {
        let started = house.housekey.sign_in_start(&nobody.caller(), start_as(address)).await.unwrap();
        nobody.keep(started);
        assert_eq!(refusal(house.housekey.recovery_ask(&nobody.caller()).await), "attempt_expired", "{address}");
    }
    let mut late = at_second_step(&house, 3).await;
    house.clock.advance(Duration::from_secs(301));
    assert_eq!(refusal(house.housekey.recovery_ask(&late.caller()).await), "attempt_expired");
    assert!(live(&house).await.is_empty());
    let off = RecoverySettings { allowed: false, ..RecoverySettings::default() };
    let strict = house_with(Settings { recovery: off, ..roomy() }).await;
    ada(&strict).await;
    let mut lost = at_second_step(&strict, 2).await;
    assert_eq!(refusal(strict.housekey.recovery_ask(&lost.caller()).await), "not found");
}

async fn an_operator_shortens_and_denies() {
    let house = house_with(roomy()).await;
    ada(&house).await;
    let by = house.housekey.console_steward();
    let mut lost = at_second_step(&house, 2).await;
    house.housekey.recovery_ask(&lost.caller()).await.unwrap();
    let request = live(&house).await.remove(0);
    assert_eq!(request.address.as_deref(), Some(ADA));
    house.housekey.recovery_deny(&by, &request.id).await.unwrap();
    assert_eq!(refusal(house.housekey.recovery_deny(&by, &request.id).await), "not found");
    assert!(subjects_to(&house, SECOND).await.iter().any(|s| s.contains("stays on")));
    house.housekey.recovery_ask(&lost.caller()).await.unwrap();
    let request = live(&house).await.remove(0);
    house.housekey.recovery_shorten(&by, &request.id, HOUR).await.unwrap();
    let later = house.housekey.recovery_shorten(&by, &request.id, HOUR * 2).await;
    assert_eq!(refusal(later), "conflict", "shorter, never longer");
    let token = cancel_link(&house, SECOND).await;
    assert!(house.housekey.recovery_cancel_shown(&token).await.is_ok(), "its owner may still say no");
    house.keep().await;
    assert_eq!(live(&house).await.len(), 1);
    house.clock.advance(HOUR);
    house.keep().await;
    assert!(live(&house).await.is_empty());
    assert_eq!(refusal(try_password(&house, &mut house.browser(5), ADA, PASSWORD).await), "password_compromised");
    let unknown = RecoveryId::try_from("rec_000000000000000000000000000").unwrap();
    assert_eq!(refusal(house.housekey.recovery_shorten(&by, &unknown, HOUR).await), "not found");
}

async fn the_pages_from_the_second_step_to_the_link_that_says_no() {
    let web: Web = web_with(roomy()).await;
    ada(&web.house).await;
    let lost = web.jar(2);
    lost.form("/sign-in", &[("email", ADA)]).await;
    assert_eq!(lost.form("/sign-in/password", &[("password", PASSWORD)]).await.to(), "/sign-in/second-factor");
    assert!(lost.get("/sign-in/second-factor").await.body.contains("I have none of these"));
    let page = lost.get("/sign-in/recovery").await.body;
    assert!(page.contains("72 hours") && page.contains("Ask for it"), "{page}");
    assert_eq!(lost.form("/sign-in/recovery", &[]).await.to(), "/sign-in/recovery");
    assert!(lost.get("/sign-in/recovery").await.body.contains("It is asked for"));
    let token = cancel_link(&web.house, SECOND).await;
    let before = web.database.rows().await;
    let mailbox = web.jar(3);
    assert_eq!(mailbox.get(&format!("/recovery/cancel?token={token}")).await.to(), "/recovery/cancel");
    let page = mailbox.get("/recovery/cancel").await;
    assert!(page.body.contains("a•••@example.com") && !page.body.contains(&token));
    assert_eq!(before["housekey_recovery"], web.database.rows().await["housekey_recovery"], "a scanner stops nothing");
    let done = mailbox.form("/recovery/cancel", &[]).await;
    assert!(done.status == StatusCode::OK && done.body.contains("Two-step verification stays on"), "{}", done.body);
    assert_eq!(mailbox.get("/recovery/cancel").await.status, StatusCode::NOT_FOUND);
    assert!(web.database.rows().await["housekey_recovery"].is_empty());
}

async fn this_was_not_me_freezes_what_is_risky_until_the_owner_is_back() {
    let house = house_with(roomy()).await;
    let mut first = house.browser(1);
    sign_up(&house, &mut first, ADA).await;
    try_password(&house, &mut house.browser(2), ADA, PASSWORD).await.unwrap();
    let text = house.mail_to(ADA).await.unwrap().text;
    let token = text.split("/not-me?token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    house.housekey.not_me(&house.browser(3).caller(), &token).await.unwrap();
    // Whoever reads the mailbox gets in by a code, and changes nothing that is risky.
    let mut thief = house.browser(4);
    assert_eq!(by_code(&house, &mut thief).await, SignInStatus::Complete);
    let frozen = "account_frozen";
    let new = || password("marble canyon tide");
    assert_eq!(refusal(house.housekey.email_add(&thief.caller(), "eve@example.com").await), frozen);
    assert_eq!(refusal(house.housekey.password_change(&thief.caller(), None, new()).await), frozen);
    assert_eq!(refusal(house.housekey.totp_begin(&thief.caller(), "").await), frozen);
    assert_eq!(refusal(house.housekey.passkey_add_begin(&thief.caller()).await), frozen);
    assert_eq!(refusal(house.housekey.account_delete(&thief.caller()).await), frozen);
    let mut owner = house.browser(5);
    let started = house.housekey.reset_start(&owner.caller(), start_as(ADA)).await.unwrap();
    owner.keep(started);
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.sign_in_code(&owner.caller(), &code).await.unwrap();
    owner.keep(done);
    let done = house.housekey.sign_in_new_password(&owner.caller(), new()).await.unwrap();
    owner.keep(done);
    house.housekey.email_add(&owner.caller(), "ada@new.example").await.unwrap();
    assert!(!is_signed_in(&house, &mut thief).await);
}

async fn this_was_not_me_says_no_to_a_recovery_too() {
    let house = house_with(roomy()).await;
    let (_, kept) = ada(&house).await;
    let mut thief = at_second_step(&house, 2).await;
    house.housekey.recovery_ask(&thief.caller()).await.unwrap();
    assert_eq!(live(&house).await.len(), 1);
    house.deliver().await;
    let added = house.caught.outbox().iter().find(|m| m.text.contains("/not-me?token=")).unwrap().text.clone();
    let token = added.split("/not-me?token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    house.housekey.not_me(&house.browser(3).caller(), &token).await.unwrap();
    assert!(live(&house).await.is_empty());
    house.clock.advance(HOUR * 80);
    house.keep().await;
    let mut owner = house.browser(5);
    assert_eq!(by_code(&house, &mut owner).await, SignInStatus::NeedsSecondFactor);
    let code = kept.code(&house);
    let done = house.housekey.sign_in_second_factor(&owner.caller(), SecondStrategy::Totp, &code).await.unwrap();
    assert_eq!(owner.keep(done).status, SignInStatus::Complete, "nothing was removed");
}

async fn a_freeze_ends_after_three_days() {
    let house = house_with(roomy()).await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    try_password(&house, &mut house.browser(2), ADA, PASSWORD).await.unwrap();
    let text = house.mail_to(ADA).await.unwrap().text;
    let token = text.split("/not-me?token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    house.housekey.not_me(&house.browser(3).caller(), &token).await.unwrap();
    house.clock.advance(HOUR * 72);
    let mut owner = house.browser(4);
    by_code(&house, &mut owner).await;
    house.housekey.email_add(&owner.caller(), "ada@new.example").await.unwrap();
}

async fn a_passkey_says_no_as_every_second_factor_does() {
    let house = house_with(roomy()).await;
    let (mut signed_in, _) = ada(&house).await;
    let mut phone = passkeys::phone(&house);
    passkeys::add(&house, &mut signed_in, &mut phone).await.unwrap();
    let mut thief = at_second_step(&house, 2).await;
    house.housekey.recovery_ask(&thief.caller()).await.unwrap();
    assert_eq!(live(&house).await.len(), 1);
    passkeys::come(&house, &mut house.browser(3), &phone).await.unwrap();
    assert!(live(&house).await.is_empty());
    let page = house.housekey.history(&signed_in.caller(), None, 5).await.unwrap();
    assert!(page.items.iter().any(|item| item.kind == "recovery.cancelled"), "and it is in the history");
}

async fn a_passkey_goes_with_the_rest_when_the_wait_is_over() {
    let house = house_with(roomy()).await;
    let mut phone = passkeys::phone(&house);
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    passkeys::add(&house, &mut ada, &mut phone).await.unwrap();
    house.housekey.passkey_after(&ada.caller(), true).await.unwrap();
    let mut lost = at_second_step(&house, 2).await;
    house.housekey.recovery_ask(&lost.caller()).await.unwrap();
    house.clock.advance(HOUR * 72);
    house.keep().await;
    assert!(live(&house).await.is_empty());
    let view = by_code(&house, &mut house.browser(3)).await;
    assert_eq!(view, SignInStatus::NeedsNewPassword, "the mailbox and a new password, and nothing more");
    assert_eq!(refusal(passkeys::come(&house, &mut house.browser(4), &phone).await), "passkey_incorrect");
}

on_both! {
    a_passkey_says_no_as_every_second_factor_does,
    a_passkey_goes_with_the_rest_when_the_wait_is_over,
    the_owner_waits_and_comes_back_by_the_mailbox,
    a_thief_with_the_password_is_stopped_from_any_mailbox,
    a_second_factor_says_no_whether_at_sign_in_or_in_a_session,
    there_is_one_request_an_account_and_few_a_day,
    of_many_who_ask_at_once_one_does,
    of_an_end_by_its_owner_and_one_by_its_time_one_happens,
    sec_20_nobody_without_the_first_factor_learns_or_does_anything,
    an_operator_shortens_and_denies,
    the_pages_from_the_second_step_to_the_link_that_says_no,
    this_was_not_me_freezes_what_is_risky_until_the_owner_is_back,
    this_was_not_me_says_no_to_a_recovery_too,
    a_freeze_ends_after_three_days,
}
