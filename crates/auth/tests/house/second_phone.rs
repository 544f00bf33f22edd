//! A code to a phone as second factor: chosen by its owner, asked for after other first factors, and never both at once.

use crate::{
    kit::*,
    phones::{NUMBER, OTHER, proved, settings, strict},
    second_factor::{enroll, fresh},
    web::web_with,
};
use housekey::{
    Error,
    core::{
        ids::PhoneId,
        sign_in::{SecondStrategy, Strategy},
    },
    flows::sign_in::{SignInStatus, SignInView},
    settings::{Gateway, Use},
    testkit::{Browser, TestHouse},
};
use std::time::Duration;

const BY_PHONE: SecondStrategy = SecondStrategy::PhoneCode;

async fn house() -> TestHouse {
    house_with(settings(Use::Required, Use::Optional)).await
}

/// Somebody who is asked for a code to a phone, and the backup codes.
async fn ada_with_second_phone(house: &TestHouse) -> (Browser, PhoneId, Vec<String>) {
    let mut ada = house.browser(1);
    sign_up(house, &mut ada, ADA).await;
    let id = proved(house, &mut ada, NUMBER).await;
    let codes = house.housekey.phone_second(&ada.caller(), &id, true).await.unwrap();
    (ada, id, codes)
}

async fn by_password(house: &TestHouse, at: u8) -> Browser {
    let mut browser = house.browser(at);
    let view = try_password(house, &mut browser, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::NeedsSecondFactor);
    browser
}

/// Has a code sent, and reads it.
async fn texted(house: &TestHouse, browser: &mut Browser, number: &str) -> String {
    let sent = house.housekey.sign_in_second_send(&browser.caller(), None).await.unwrap();
    browser.keep(sent);
    house.sms_code_to(number).await.unwrap()
}

async fn second(house: &TestHouse, browser: &mut Browser, typed: &str) -> Result<SignInView, Error> {
    let done = house.housekey.sign_in_second_factor(&browser.caller(), BY_PHONE, typed).await?;
    Ok(browser.keep(done))
}

async fn strong(house: &TestHouse, browser: &mut Browser, number: &str) {
    house.housekey.step_up_second_send(&browser.caller(), None).await.unwrap();
    let code = house.sms_code_to(number).await.unwrap();
    let done = house.housekey.step_up_second_factor(&browser.caller(), BY_PHONE, &code).await.unwrap();
    browser.keep(done);
}

fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

async fn a_phone_is_chosen_and_its_code_asked_for_after_the_password() {
    let house = house().await;
    let (mut ada, id, codes) = ada_with_second_phone(&house).await;
    assert_eq!(codes.len(), 10, "the first second factor comes with backup codes");
    let notice = house.mail_to(ADA).await.unwrap();
    assert!(notice.text.contains("+49•••89") && notice.text.contains("/not-me?token="), "{}", notice.text);
    let phones = house.housekey.phones(&ada.caller()).await.unwrap();
    assert!(phones[0].second && phones[0].second_default);
    let mut other = by_password(&house, 2).await;
    let view = house.housekey.sign_in_current(&other.caller()).await.unwrap().unwrap();
    assert_eq!(view.second_offered, [BY_PHONE, SecondStrategy::BackupCode]);
    assert_eq!((view.second_phones.len(), view.second_phones[0].id == id), (1, true));
    assert_eq!((view.second_phones[0].to.as_str(), view.code.is_none()), ("+49•••89", true), "nothing was sent yet");
    assert_eq!(refusal(second(&house, &mut other, "123456").await), "code_expired");
    let code = texted(&house, &mut other, NUMBER).await;
    let twice = house.housekey.sign_in_second_send(&other.caller(), None).await.unwrap();
    assert_eq!(other.keep(twice).code.unwrap().1.to, "+49•••89");
    house.deliver().await;
    assert_eq!(house.texted.list().len(), 2, "the one that proved the number, and one code");
    assert_eq!(refusal(second(&house, &mut other, wrong(&code)).await), "code_incorrect");
    let done = second(&house, &mut other, &code).await.unwrap();
    assert_eq!((done.status, done.second), (SignInStatus::Complete, Some(BY_PHONE)));
    assert!(is_signed_in(&house, &mut other).await);
    let mut third = by_password(&house, 3).await;
    let by_code = SecondStrategy::BackupCode;
    let done = house.housekey.sign_in_second_factor(&third.caller(), by_code, &codes[0]).await.unwrap();
    third.keep(done);
    assert!(is_signed_in(&house, &mut third).await);
}

async fn sec_63_one_phone_is_never_both_factors() {
    let house = house().await;
    let (_, _, codes) = ada_with_second_phone(&house).await;
    // As first factor it leaves the other ways only.
    let mut thief = house.browser(7);
    let started = house.housekey.sign_in_start(&thief.caller(), start_as(NUMBER)).await.unwrap();
    thief.keep(started);
    let sent = house.housekey.sign_in_send_code(&thief.caller(), Strategy::PhoneCode).await.unwrap();
    thief.keep(sent);
    let code = house.sms_code_to(NUMBER).await.unwrap();
    let done = house.housekey.sign_in_code(&thief.caller(), &code).await.unwrap();
    let view = thief.keep(done);
    assert_eq!((view.status, view.second_offered), (SignInStatus::NeedsSecondFactor, vec![SecondStrategy::BackupCode]));
    let send = house.housekey.sign_in_second_send(&thief.caller(), None).await;
    assert_eq!(refusal(send), "strategy:strategy_not_offered");
    assert_eq!(refusal(second(&house, &mut thief, &code).await), "strategy:strategy_not_offered");
    // A new password by it and then its code would be the phone alone as well.
    let mut thief = house.browser(8);
    let started = house.housekey.reset_start(&thief.caller(), start_as(NUMBER)).await.unwrap();
    thief.keep(started);
    let code = house.sms_code_to(NUMBER).await.unwrap();
    assert_eq!(refusal(house.housekey.sign_in_code(&thief.caller(), &code).await), "phone_is_second_factor");
    // With the last backup code gone nothing is offered, and nothing is let through.
    for used in &codes {
        let mut ada = by_password(&house, 1).await;
        let by_code = SecondStrategy::BackupCode;
        let done = house.housekey.sign_in_second_factor(&ada.caller(), by_code, used).await.unwrap();
        ada.keep(done);
    }
    let mut thief = house.browser(9);
    let started = house.housekey.sign_in_start(&thief.caller(), start_as(NUMBER)).await.unwrap();
    thief.keep(started);
    let sent = house.housekey.sign_in_send_code(&thief.caller(), Strategy::PhoneCode).await.unwrap();
    thief.keep(sent);
    let code = house.sms_code_to(NUMBER).await.unwrap();
    let done = house.housekey.sign_in_code(&thief.caller(), &code).await.unwrap();
    let view = thief.keep(done);
    assert_eq!((view.status, view.second_offered), (SignInStatus::NeedsSecondFactor, vec![]));
    assert!(!is_signed_in(&house, &mut thief).await);
}

async fn sec_64_a_trusted_device_lets_no_second_phone_reset_the_password() {
    let house = house().await;
    let (mut ada, ..) = ada_with_second_phone(&house).await;
    let out = house.housekey.sign_out(&ada.caller()).await.unwrap();
    ada.keep(out);
    try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap();
    let code = texted(&house, &mut ada, NUMBER).await;
    let done = house.housekey.sign_in_second_factor_trusting(&ada.caller(), BY_PHONE, &code).await.unwrap();
    ada.keep(done);
    let out = house.housekey.sign_out(&ada.caller()).await.unwrap();
    ada.keep(out);
    let started = house.housekey.reset_start(&ada.caller(), start_as(NUMBER)).await.unwrap();
    ada.keep(started);
    let code = house.sms_code_to(NUMBER).await.unwrap();
    assert_eq!(refusal(house.housekey.sign_in_code(&ada.caller(), &code).await), "phone_is_second_factor");
    let view = try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::Complete, "it is trusted at sign-in as ever");
}

async fn a_reset_by_the_mailbox_asks_for_the_phone_as_ever() {
    let house = house().await;
    ada_with_second_phone(&house).await;
    let mut other = house.browser(2);
    let started = house.housekey.reset_start(&other.caller(), start_as(ADA)).await.unwrap();
    other.keep(started);
    let code = house.code_to(ADA).await.unwrap();
    let proved = house.housekey.sign_in_code(&other.caller(), &code).await.unwrap();
    assert_eq!(other.keep(proved).status, SignInStatus::NeedsNewPassword);
    let renewed = house.housekey.sign_in_new_password(&other.caller(), password("another lantern tide")).await.unwrap();
    assert_eq!(other.keep(renewed).status, SignInStatus::NeedsSecondFactor);
    let code = texted(&house, &mut other, NUMBER).await;
    assert_eq!(second(&house, &mut other, &code).await.unwrap().status, SignInStatus::Complete);
}

async fn a_code_is_good_for_the_sign_in_of_its_own_browser_alone() {
    let house = house().await;
    let (mut ada, ..) = ada_with_second_phone(&house).await;
    let mut first = by_password(&house, 2).await;
    let code = texted(&house, &mut first, NUMBER).await;
    let mut other = by_password(&house, 3).await;
    assert_eq!(refusal(second(&house, &mut other, &code).await), "code_expired", "of another browser");
    let step_up = house.housekey.step_up_second_factor(&ada.caller(), BY_PHONE, &code).await;
    assert_eq!(refusal(step_up), "code_expired", "of another purpose");
    house.housekey.step_up_second_send(&ada.caller(), None).await.unwrap();
    let own = house.sms_code_to(NUMBER).await.unwrap();
    assert!(own == code || refusal(second(&house, &mut first, &own).await) == "code_incorrect");
    second(&house, &mut first, &code).await.unwrap();
    let out = house.housekey.sign_out(&first.caller()).await.unwrap();
    first.keep(out);
    try_password(&house, &mut first, ADA, PASSWORD).await.unwrap();
    assert_eq!(refusal(second(&house, &mut first, &code).await), "code_expired", "used");
    let done = house.housekey.step_up_second_factor(&ada.caller(), BY_PHONE, &own).await.unwrap();
    ada.keep(done);
}

async fn sec_12_of_parallel_guesses_exactly_five_are_evaluated() {
    let house = house().await;
    ada_with_second_phone(&house).await;
    let mut thief = by_password(&house, 9).await;
    let code = texted(&house, &mut thief, NUMBER).await;
    let guesses = (0..60).map(|_| {
        let (caller, housekey, guess) = (thief.caller(), house.housekey.clone(), wrong(&code));
        tokio::spawn(async move { refusal(housekey.sign_in_second_factor(&caller, BY_PHONE, guess).await) })
    });
    let mut told = Vec::new();
    for guess in guesses.collect::<Vec<_>>() {
        told.push(guess.await.unwrap());
    }
    let count = |what: &str| told.iter().filter(|t| *t == what).count();
    assert_eq!((count("code_incorrect"), count("attempt_expired")), (5, 55), "{told:?}");
    assert_eq!(refusal(second(&house, &mut thief, &code).await), "attempt_expired", "dead");
}

async fn a_phone_goes_after_its_own_code_and_the_backup_codes_with_it() {
    let house = house().await;
    let (mut ada, id, codes) = ada_with_second_phone(&house).await;
    fresh(&house, &mut ada).await;
    let off = house.housekey.phone_second(&ada.caller(), &id, false).await;
    assert!(matches!(off, Err(Error::StaleSecond)), "{off:?}");
    let removed = house.housekey.phone_remove(&ada.caller(), &id).await;
    assert!(matches!(removed, Err(Error::StaleSecond)), "{removed:?}");
    strong(&house, &mut ada, NUMBER).await;
    house.housekey.phone_second(&ada.caller(), &id, false).await.unwrap();
    let notice = house.mail_to(ADA).await.unwrap();
    assert!(notice.text.contains("no longer"), "{}", notice.text);
    assert_eq!(house.housekey.factors(&ada.caller()).await.unwrap().backup_codes, 0);
    let mut other = house.browser(2);
    assert_eq!(
        try_password(&house, &mut other, ADA, PASSWORD).await.unwrap().status,
        SignInStatus::Complete,
        "nothing more is asked for"
    );
    let again = house.housekey.phone_second(&ada.caller(), &id, true).await.unwrap();
    assert!(again.len() == 10 && again != codes);
    strong(&house, &mut ada, NUMBER).await;
    house.housekey.step_up_second_send(&ada.caller(), None).await.unwrap();
    house.housekey.phone_remove(&ada.caller(), &id).await.unwrap();
    assert!(house.housekey.factors(&ada.caller()).await.unwrap().second_strategies.is_empty());
    let code = house.sms_code_to(NUMBER).await.unwrap();
    let late = house.housekey.step_up_second_factor(&ada.caller(), BY_PHONE, &code).await;
    assert_eq!(refusal(late), "code_expired", "its phone is none any more");
}

async fn a_sign_in_that_waits_is_void_once_the_phone_is_taken_away() {
    let house = house().await;
    let (mut ada, id, _) = ada_with_second_phone(&house).await;
    let mut other = by_password(&house, 2).await;
    let code = texted(&house, &mut other, NUMBER).await;
    strong(&house, &mut ada, NUMBER).await;
    house.housekey.phone_second(&ada.caller(), &id, false).await.unwrap();
    assert_eq!(refusal(second(&house, &mut other, &code).await), "attempt_expired");
}

async fn only_a_proved_number_of_ones_own_is_chosen() {
    let house = house().await;
    let (mut ada, id, _) = ada_with_second_phone(&house).await;
    let mut eve = house.browser(5);
    sign_up(&house, &mut eve, "eve@example.com").await;
    for done in [
        house.housekey.phone_second(&eve.caller(), &id, true).await.map(drop),
        house.housekey.phone_second(&eve.caller(), &id, false).await.map(drop),
        house.housekey.phone_second_default(&eve.caller(), &id).await,
    ] {
        assert!(matches!(done, Err(Error::NotFound)), "{done:?}");
    }
    let unproved = house.housekey.phone_add(&eve.caller(), OTHER, false).await.unwrap();
    let done = house.housekey.phone_second(&eve.caller(), &unproved, true).await;
    assert_eq!(refusal(done), "phone:phone_not_verified");
    let done = house.housekey.phone_second_default(&eve.caller(), &unproved).await;
    assert_eq!(refusal(done), "phone:phone_not_second_factor");
    let send = house.housekey.step_up_second_send(&eve.caller(), Some(&id)).await;
    assert_eq!(refusal(send), "strategy:strategy_not_offered", "no message to somebody else's phone");
    strong(&house, &mut ada, NUMBER).await;
    let mut other = by_password(&house, 2).await;
    let sent = house.housekey.sign_in_second_send(&other.caller(), Some(&unproved)).await;
    assert_eq!(refusal(sent), "strategy:strategy_not_offered");
    assert!(!is_signed_in(&house, &mut other).await);
}

async fn of_several_phones_one_is_asked_for_first_and_the_others_on_wish() {
    let house = house().await;
    let (mut ada, first, _) = ada_with_second_phone(&house).await;
    strong(&house, &mut ada, NUMBER).await;
    let second = proved(&house, &mut ada, OTHER).await;
    assert!(house.housekey.phone_second(&ada.caller(), &second, true).await.unwrap().is_empty(), "no new codes");
    let mut other = by_password(&house, 2).await;
    let sent = house.housekey.sign_in_second_send(&other.caller(), None).await.unwrap();
    assert_eq!(other.keep(sent).code.unwrap().1.to, "+49•••89");
    let sent = house.housekey.sign_in_second_send(&other.caller(), Some(&second)).await.unwrap();
    assert_eq!(other.keep(sent).code.unwrap().1.to, "+49•••80", "at once, as it is another phone");
    let code = house.sms_code_to(OTHER).await.unwrap();
    self::second(&house, &mut other, &code).await.unwrap();
    house.housekey.phone_second_default(&ada.caller(), &second).await.unwrap();
    let mut third = by_password(&house, 3).await;
    let sent = house.housekey.sign_in_second_send(&third.caller(), None).await.unwrap();
    assert_eq!(third.keep(sent).code.unwrap().1.to, "+49•••80");
    let phones = house.housekey.phones(&ada.caller()).await.unwrap();
    let flags: Vec<_> = phones.iter().map(|p| (p.id == first, p.second, p.second_default)).collect();
    assert_eq!(flags, [(true, true, false), (false, true, true)]);
}

async fn beside_an_app_the_app_is_asked_for_first() {
    let house = house().await;
    let (mut ada, ..) = ada_with_second_phone(&house).await;
    strong(&house, &mut ada, NUMBER).await;
    let kept = enroll(&house, &mut ada).await;
    assert!(kept.codes.is_empty(), "there are some");
    let mut other = by_password(&house, 2).await;
    let view = house.housekey.sign_in_current(&other.caller()).await.unwrap().unwrap();
    assert_eq!(view.second_offered, [SecondStrategy::Totp, BY_PHONE, SecondStrategy::BackupCode]);
}

async fn sec_11_whoever_knows_the_password_cannot_use_up_the_owners_messages() {
    let house = house_with(strict(Use::Required, Use::Optional)).await;
    let (mut ada, ..) = ada_with_second_phone(&house).await;
    house.clock.advance(Duration::from_secs(24 * 3600));
    let mut told = Vec::new();
    for at in 10..15 {
        let mut thief = by_password(&house, at).await;
        told.push(house.housekey.sign_in_second_send(&thief.caller(), None).await.is_ok());
    }
    assert_eq!(told, [true, true, true, false, false], "three in a quarter of an hour");
    let out = house.housekey.sign_out(&ada.caller()).await.unwrap();
    ada.keep(out);
    try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap();
    let code = texted(&house, &mut ada, NUMBER).await;
    second(&house, &mut ada, &code).await.unwrap();
}

async fn messages_that_were_turned_off_later_let_nobody_through() {
    let base = database().await;
    let house = TestHouse::over(base.open(), settings(Use::Required, Use::Optional)).await.unwrap();
    let (_, _, codes) = ada_with_second_phone(&house).await;
    let mut off = settings(Use::Required, Use::Off);
    off.sms.gateway = Gateway::Off;
    let house = TestHouse::over(base.open(), off).await.unwrap();
    let mut other = by_password(&house, 2).await;
    assert_eq!(refusal(house.housekey.sign_in_second_send(&other.caller(), None).await), "strategy:phone_off");
    let by_code = SecondStrategy::BackupCode;
    let done = house.housekey.sign_in_second_factor(&other.caller(), by_code, &codes[0]).await.unwrap();
    other.keep(done);
    assert!(is_signed_in(&house, &mut other).await);
}

async fn where_they_are_not_taken_nobody_chooses_one_and_who_has_one_is_asked_still() {
    let base = database().await;
    let house = TestHouse::over(base.open(), settings(Use::Required, Use::Optional)).await.unwrap();
    ada_with_second_phone(&house).await;
    let mut without = settings(Use::Required, Use::Optional);
    without.two_step.phone_codes = false;
    let house = TestHouse::over(base.open(), without).await.unwrap();
    let mut eve = house.browser(5);
    sign_up(&house, &mut eve, "eve@example.com").await;
    let id = proved(&house, &mut eve, OTHER).await;
    let done = house.housekey.phone_second(&eve.caller(), &id, true).await;
    assert_eq!(refusal(done), "phone:second_phone_off");
    let mut ada = by_password(&house, 2).await;
    let code = texted(&house, &mut ada, NUMBER).await;
    second(&house, &mut ada, &code).await.unwrap();
}

async fn the_pages_choose_a_phone_and_ask_for_its_code() {
    let web = web_with(settings(Use::Required, Use::Optional)).await;
    let ada = web.signed_up(1, ADA).await;
    let page = ada.get("/account/security").await.body;
    assert!(page.contains("Add a phone number"), "where there is none yet: {page}");
    let added = ada.form("/account/phones", &[("phone", NUMBER)]).await;
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    ada.form(added.to(), &[("code", &code)]).await;
    let id = added.to().split('/').nth(3).unwrap().to_owned();
    let choose = format!("/account/security/phones/{id}");
    let page = ada.get("/account/security").await.body;
    assert!(page.contains(&id) && page.contains(&format!("Ask for a code to {NUMBER}")), "{page}");
    let shown = ada.form(&choose, &[("wanted", "yes")]).await;
    assert_eq!(shown.body.matches("<code class=\"code\">").count(), 10, "{}", shown.body);
    let page = ada.get("/account/security").await.body;
    assert!(page.contains(&format!("Codes to {NUMBER}")) && page.contains(">On</span>"), "{page}");
    assert!(ada.get("/account/phones").await.body.contains("Two-step verification</span>"));
    let other = web.jar(2);
    other.form("/sign-in", &[("email", ADA)]).await;
    assert_eq!(other.form("/sign-in/password", &[("password", PASSWORD)]).await.to(), "/sign-in/second-factor");
    let page = other.get("/sign-in/second-factor").await.body;
    assert!(page.contains("We sent a code by text message to +49•••89"), "at once: {page}");
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    let again = other.form("/sign-in/second-factor", &[("way", "phone_code"), ("code", wrong(&code))]).await.body;
    assert!(again.contains("value=\"phone_code\"") && again.contains("aria-invalid"), "{again}");
    web.house.clock.advance(Duration::from_secs(31));
    let sent = other.form("/sign-in/second-factor/send", &[("phone", &id)]).await;
    assert_eq!(sent.to(), "/sign-in/second-factor?way=phone_code");
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    let done = other.form("/sign-in/second-factor", &[("way", "phone_code"), ("code", &code), ("trust", "yes")]).await;
    assert_eq!(done.to(), "/account", "{}", done.body);
    web.house.clock.advance(Duration::from_secs(700));
    let step_up = ada.form(&choose, &[("wanted", "no")]).await.to().to_owned();
    let page = ada.get(&step_up).await.body;
    assert!(page.contains("value=\"second_text\"") && page.contains("+49•••89"), "{page}");
    let asked = ada.form("/step-up", &[("way", "second_text"), ("phone", &id), ("return_to", "")]).await.body;
    assert!(asked.contains("value=\"phone_code\""), "{asked}");
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    let wrong = ada.form("/step-up", &[("way", "phone_code"), ("code", wrong(&code)), ("return_to", "")]).await.body;
    assert!(wrong.contains("value=\"phone_code\"") && wrong.contains("aria-invalid"), "{wrong}");
    let fresh = ada.form("/step-up", &[("way", "phone_code"), ("code", &code), ("return_to", "")]).await;
    assert_eq!(fresh.to(), "/account", "{}", fresh.body);
    assert_eq!(ada.form(&choose, &[("wanted", "no")]).await.to(), "/account/security?done=second-phone-off");
    // By the phone as first factor there is only what is left.
    ada.form(&choose, &[("wanted", "yes")]).await;
    let by_phone = web.jar(3);
    by_phone.form("/sign-in", &[("email", NUMBER)]).await;
    by_phone.form("/sign-in/code/send", &[]).await;
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    assert_eq!(by_phone.form("/sign-in/code", &[("code", &code)]).await.to(), "/sign-in/second-factor");
    let page = by_phone.get("/sign-in/second-factor").await.body;
    assert!(page.contains("backup codes that you kept") && !page.contains("way=phone_code"), "{page}");
    let lost = web.jar(4);
    lost.form("/forgot-password", &[("email", NUMBER)]).await;
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    let refused = lost.form("/sign-in/code", &[("code", &code)]).await.body;
    assert!(refused.contains("cannot set a new password as well"), "{refused}");
}

on_both!(
    a_phone_is_chosen_and_its_code_asked_for_after_the_password,
    sec_63_one_phone_is_never_both_factors,
    sec_64_a_trusted_device_lets_no_second_phone_reset_the_password,
    a_reset_by_the_mailbox_asks_for_the_phone_as_ever,
    a_code_is_good_for_the_sign_in_of_its_own_browser_alone,
    sec_12_of_parallel_guesses_exactly_five_are_evaluated,
    a_phone_goes_after_its_own_code_and_the_backup_codes_with_it,
    a_sign_in_that_waits_is_void_once_the_phone_is_taken_away,
    only_a_proved_number_of_ones_own_is_chosen,
    of_several_phones_one_is_asked_for_first_and_the_others_on_wish,
    beside_an_app_the_app_is_asked_for_first,
    sec_11_whoever_knows_the_password_cannot_use_up_the_owners_messages,
    messages_that_were_turned_off_later_let_nobody_through,
    where_they_are_not_taken_nobody_chooses_one_and_who_has_one_is_asked_still,
    the_pages_choose_a_phone_and_ask_for_its_code,
);
