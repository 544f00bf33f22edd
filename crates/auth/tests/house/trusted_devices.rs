//! Devices that their owner trusts: no second factor is asked for there at sign-in, and everywhere else it is.

use crate::{
    kit::*,
    passkeys,
    second_factor::{Enrolled, enroll},
    web::{Jar, Web, web_with},
};
use housekey::{
    core::sign_in::{SecondStrategy, Strategy},
    flows::sign_in::SignInStatus,
    settings::Settings,
    testkit::{Browser, TestHouse},
};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Somebody with an app who trusts the browser that they are signed in on.
async fn trusting(house: &TestHouse, number: u8) -> (Browser, Enrolled) {
    let mut first = house.browser(1);
    sign_up(house, &mut first, ADA).await;
    let kept = enroll(house, &mut first).await;
    let mut ada = house.browser(number);
    trust(house, &mut ada, &kept).await;
    (ada, kept)
}

async fn trust(house: &TestHouse, browser: &mut Browser, kept: &Enrolled) {
    let view = try_password(house, browser, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::NeedsSecondFactor);
    let code = kept.code(house);
    let second = SecondStrategy::Totp;
    let done = house.housekey.sign_in_second_factor_trusting(&browser.caller(), second, &code).await.unwrap();
    browser.keep(done);
    house.clock.advance(Duration::from_secs(30));
}

/// Signs out and in again by password, and tells where that leads.
async fn again(house: &TestHouse, browser: &mut Browser) -> SignInStatus {
    let out = house.housekey.sign_out(&browser.caller()).await.unwrap();
    browser.keep(out);
    try_password(house, browser, ADA, PASSWORD).await.unwrap().status
}

async fn sec_64_a_trusted_device_is_asked_for_no_second_factor_for_thirty_days() {
    let house = house_with(roomy()).await;
    let (mut ada, kept) = trusting(&house, 2).await;
    assert_eq!(again(&house, &mut ada).await, SignInStatus::Complete);
    house.clock.advance(DAY * 29);
    let mut other = house.browser(3);
    let view = try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::NeedsSecondFactor, "another device is none of it");
    assert_eq!(again(&house, &mut ada).await, SignInStatus::Complete);
    house.clock.advance(DAY);
    assert_eq!(again(&house, &mut ada).await, SignInStatus::NeedsSecondFactor, "its use makes it no longer");
    let code = kept.code(&house);
    let done = house.housekey.sign_in_second_factor(&ada.caller(), SecondStrategy::Totp, &code).await.unwrap();
    ada.keep(done);
    assert_eq!(again(&house, &mut ada).await, SignInStatus::NeedsSecondFactor, "what was not ticked is not trusted");
}

async fn sec_64_it_stands_in_at_sign_in_alone_and_never_for_a_risky_change() {
    let house = house_with(roomy()).await;
    let (mut ada, _) = trusting(&house, 2).await;
    assert_eq!(again(&house, &mut ada).await, SignInStatus::Complete);
    let stale = "a fresh second factor is needed";
    assert_eq!(refusal(house.housekey.totp_remove_all(&ada.caller()).await), stale);
    assert_eq!(refusal(house.housekey.backup_codes_new(&ada.caller()).await), stale);
    assert_eq!(refusal(house.housekey.totp_begin(&ada.caller(), "").await), stale);
    let started = house.housekey.reset_start(&ada.caller(), start_as(ADA)).await.unwrap();
    ada.keep(started);
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.sign_in_code(&ada.caller(), &code).await.unwrap();
    ada.keep(done);
    let new = password("another lantern tide");
    let done = house.housekey.sign_in_new_password(&ada.caller(), new).await.unwrap();
    assert_eq!(ada.keep(done).status, SignInStatus::NeedsSecondFactor, "nor for a reset");
}

async fn sec_64_a_mailed_code_on_it_is_enough_as_well() {
    let house = house_with(roomy()).await;
    let (mut ada, _) = trusting(&house, 2).await;
    let out = house.housekey.sign_out(&ada.caller()).await.unwrap();
    ada.keep(out);
    let started = house.housekey.sign_in_start(&ada.caller(), start_as(ADA)).await.unwrap();
    ada.keep(started);
    let sent = house.housekey.sign_in_send_code(&ada.caller(), Strategy::EmailCode).await.unwrap();
    ada.keep(sent);
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.sign_in_code(&ada.caller(), &code).await.unwrap();
    assert_eq!(ada.keep(done).status, SignInStatus::Complete);
}

async fn sec_64_a_cookie_of_another_user_trusts_nobody() {
    let house = house_with(roomy()).await;
    let (ada, _) = trusting(&house, 2).await;
    let mut bob = house.browser(5);
    sign_up(&house, &mut bob, "bob@example.com").await;
    let kept = enroll(&house, &mut bob).await;
    let mut mixed = house.browser(6);
    mixed.device.clone_from(&ada.device);
    let started = house.housekey.sign_in_start(&mixed.caller(), start_as("bob@example.com")).await.unwrap();
    mixed.keep(started);
    let done = house.housekey.sign_in_password(&mixed.caller(), password(PASSWORD)).await.unwrap();
    assert_eq!(mixed.keep(done).status, SignInStatus::NeedsSecondFactor, "Ada's device is not Bob's");
    let code = kept.code(&house);
    let done = house.housekey.sign_in_second_factor(&mixed.caller(), SecondStrategy::Totp, &code).await.unwrap();
    mixed.keep(done);
    assert_eq!(again(&house, &mut mixed).await, SignInStatus::Complete, "and stays Ada's beside him");
}

async fn a_copied_cookie_works_until_it_is_revoked() {
    let house = house_with(roomy()).await;
    let (mut ada, _) = trusting(&house, 2).await;
    // Whoever takes the cookie has the device: that is why it is listed, hashed, and easy to end.
    let mut thief = house.browser(7);
    thief.device.clone_from(&ada.device);
    let view = try_password(&house, &mut thief, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::Complete);
    let listed = house.housekey.trusted_devices(&ada.caller()).await.unwrap();
    assert!(listed.len() == 1 && listed[0].current && listed[0].facts.address == "203.0.113.2");
    let mut bob = house.browser(8);
    sign_up(&house, &mut bob, "bob@example.com").await;
    let id = listed[0].id.clone();
    assert_eq!(refusal(house.housekey.trusted_device_revoke(&bob.caller(), Some(&id)).await), "not found");
    house.housekey.trusted_device_revoke(&ada.caller(), Some(&id)).await.unwrap();
    assert!(house.housekey.trusted_devices(&ada.caller()).await.unwrap().is_empty());
    for browser in [&mut thief, &mut ada] {
        assert_eq!(again(&house, browser).await, SignInStatus::NeedsSecondFactor);
    }
}

async fn sec_7_a_new_password_ends_trust_and_so_does_the_end_of_the_factor() {
    let house = house_with(roomy()).await;
    let (mut ada, kept) = trusting(&house, 2).await;
    let code = kept.code(&house);
    let done = house.housekey.step_up_second_factor(&ada.caller(), SecondStrategy::Totp, &code).await.unwrap();
    ada.keep(done);
    change(&house, &mut ada, PASSWORD, "marble canyon tide").await;
    assert!(house.housekey.trusted_devices(&ada.caller()).await.unwrap().is_empty());
    change(&house, &mut ada, "marble canyon tide", PASSWORD).await;
    assert_eq!(again(&house, &mut ada).await, SignInStatus::NeedsSecondFactor, "though the password is the old one");

    house.clock.advance(Duration::from_secs(30));
    trust(&house, &mut ada, &kept).await;
    house.housekey.totp_remove_all(&ada.caller()).await.unwrap();
    let kept = enroll(&house, &mut ada).await;
    assert_eq!(again(&house, &mut ada).await, SignInStatus::NeedsSecondFactor, "a new factor is trusted nowhere");

    trust(&house, &mut ada, &kept).await;
    try_password(&house, &mut house.browser(9), ADA, PASSWORD).await.unwrap();
    let code = kept.codes[0].clone();
    let mut other = house.browser(9);
    try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    let done = house.housekey.sign_in_second_factor(&other.caller(), SecondStrategy::BackupCode, &code).await.unwrap();
    other.keep(done);
    let text = house.mail_to(ADA).await.unwrap().text;
    let token = text.split("/not-me?token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    house.housekey.not_me(&house.browser(10).caller(), &token).await.unwrap();
    let rows = house.housekey.store().reader();
    let user = rows.user_by_email(ADA).await.unwrap().unwrap();
    assert!(rows.trusted_devices(&user.account.user, house.housekey.now()).await.unwrap().is_empty());
}

async fn sec_64_the_end_of_being_asked_for_a_passkey_ends_trust() {
    let house = house_with(roomy()).await;
    let mut phone = passkeys::phone(&house);
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    passkeys::add(&house, &mut ada, &mut phone).await.unwrap();
    house.housekey.passkey_after(&ada.caller(), true).await.unwrap();
    let mut other = house.browser(2);
    try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    let asked = house.housekey.sign_in_second_passkey_begin(&other.caller()).await.unwrap();
    let (second, answer) = (SecondStrategy::Passkey, phone.get(&asked.options));
    let done = house.housekey.sign_in_second_factor_trusting(&other.caller(), second, &answer).await.unwrap();
    other.keep(done);
    assert_eq!(again(&house, &mut other).await, SignInStatus::Complete);
    let asked = house.housekey.step_up_passkey_begin(&ada.caller()).await.unwrap();
    let answer = phone.get(&asked.options);
    let done = house.housekey.step_up_second_factor(&ada.caller(), second, &answer).await.unwrap();
    ada.keep(done);
    house.housekey.passkey_after(&ada.caller(), false).await.unwrap();
    house.housekey.passkey_after(&ada.caller(), true).await.unwrap();
    assert_eq!(again(&house, &mut other).await, SignInStatus::NeedsSecondFactor);
}

async fn change(house: &TestHouse, browser: &mut Browser, from: &str, to: &str) {
    let (from, to) = (Some(password(from)), password(to));
    let changed = house.housekey.password_change(&browser.caller(), from, to).await.unwrap();
    browser.keep(changed);
}

async fn where_the_instance_trusts_none_no_tick_counts() {
    let house = house_with(Settings { trusted_device_days: 0, ..roomy() }).await;
    let (mut ada, _) = trusting(&house, 2).await;
    assert_eq!(again(&house, &mut ada).await, SignInStatus::NeedsSecondFactor);
    assert!(house.housekey.trusted_devices(&ada.caller()).await.unwrap_err().to_string().contains("signed out"));
}

async fn sec_102_its_secret_does_not_lie_in_the_database() {
    let database = database().await;
    let house = TestHouse::over(database.open(), roomy()).await.unwrap();
    trusting(&house, 2).await;
    let rows = database.rows().await["housekey_trusted_device"].join("\n");
    assert!(rows.contains("tdv_") && !rows.contains("Firefox") && !rows.contains("203.0.113.2"), "{rows}");
}

async fn signed_in(web: &Web, jar: &Jar, kept: &Enrolled, trust: bool) {
    jar.form("/sign-in", &[("email", ADA)]).await;
    let next = jar.form("/sign-in/password", &[("password", PASSWORD)]).await;
    assert_eq!(next.to(), "/sign-in/second-factor", "{}", next.body);
    let code = kept.code(&web.house);
    let mut fields = vec![("way", "totp"), ("code", code.as_str())];
    if trust {
        fields.push(("trust", "yes"));
    }
    assert_eq!(jar.form("/sign-in/second-factor", &fields).await.to(), "/account");
}

async fn the_tick_and_its_end_on_the_pages() {
    let web = web_with(roomy()).await;
    let mut first = web.house.browser(1);
    sign_up(&web.house, &mut first, ADA).await;
    let kept = enroll(&web.house, &mut first).await;
    let jar = web.jar(2);
    signed_in(&web, &jar, &kept, true).await;
    let page = jar.get("/account/devices").await.body;
    assert!(page.contains("Trusted devices") && page.contains("Stop trusting"), "{page}");
    jar.form("/sign-out", &[]).await;
    jar.form("/sign-in", &[("email", ADA)]).await;
    assert_eq!(jar.form("/sign-in/password", &[("password", PASSWORD)]).await.to(), "/account");
    let ended = jar.form("/account/devices", &[("trusted", "all")]).await;
    assert_eq!(ended.to(), "/account/devices?done=trust-ended");
    assert!(!jar.get("/account/devices").await.body.contains("Trusted devices"));
    let unknown = jar.form("/account/devices", &[("trusted", "tdv_000000000000000000000000000")]).await;
    assert_eq!(unknown.status, 404);
}

on_both! {
    sec_64_a_trusted_device_is_asked_for_no_second_factor_for_thirty_days,
    sec_64_it_stands_in_at_sign_in_alone_and_never_for_a_risky_change,
    sec_64_a_mailed_code_on_it_is_enough_as_well,
    sec_64_a_cookie_of_another_user_trusts_nobody,
    a_copied_cookie_works_until_it_is_revoked,
    sec_7_a_new_password_ends_trust_and_so_does_the_end_of_the_factor,
    sec_64_the_end_of_being_asked_for_a_passkey_ends_trust,
    where_the_instance_trusts_none_no_tick_counts,
    sec_102_its_secret_does_not_lie_in_the_database,
    the_tick_and_its_end_on_the_pages,
}
