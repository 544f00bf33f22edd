//! Phone numbers: added, proved, signed in and up with, and what an attacker tries with them.

use crate::{kit::*, web::web_with};
use housekey::{
    Error,
    core::{ids::PhoneId, sign_in::Strategy},
    flows::sign_up::StartSignUp,
    settings::{Gateway, Settings, Use},
    testkit::{Browser, TestHouse},
};
use std::time::Duration;

pub const NUMBER: &str = "+4915123456789";
pub const OTHER: &str = "+4915123456780";

pub fn settings(email: Use, phone: Use) -> Settings {
    let mut settings = roomy();
    settings.identifiers.email = email;
    settings.identifiers.phone = phone;
    settings.sms.gateway = Gateway::Development;
    settings.sms.countries = vec!["DE".parse().unwrap(), "AT".parse().unwrap()];
    settings
}

pub fn strict(email: Use, phone: Use) -> Settings {
    Settings { limits_multiplier: 1, ..settings(email, phone) }
}

async fn house() -> TestHouse {
    house_with(settings(Use::Required, Use::Optional)).await
}

/// Adds and proves a number.
pub async fn proved(house: &TestHouse, ada: &mut Browser, number: &str) -> PhoneId {
    let id = house.housekey.phone_add(&ada.caller(), number, true).await.unwrap();
    let code = house.sms_code_to(number).await.unwrap();
    house.housekey.phone_verify(&ada.caller(), &id, &code).await.unwrap();
    id
}

async fn ada_with_phone(house: &TestHouse) -> Browser {
    let mut ada = house.browser(1);
    sign_up(house, &mut ada, ADA).await;
    proved(house, &mut ada, NUMBER).await;
    ada
}

fn with_phone(address: &str, phone: &str) -> StartSignUp {
    StartSignUp { phone: phone.into(), ..sign_up_as(address) }
}

async fn by_code(house: &TestHouse, browser: &mut Browser, number: &str, strategy: Strategy) -> String {
    let started = house.housekey.sign_in_start(&browser.caller(), start_as(number)).await.unwrap();
    browser.keep(started);
    let sent = house.housekey.sign_in_send_code(&browser.caller(), strategy).await.unwrap();
    assert_eq!(browser.keep(sent).code.unwrap().1.to, "+49•••89");
    house.sms_code_to("+4915123456789").await.unwrap()
}

async fn a_number_is_proved_and_then_signs_in_by_password_and_by_code() {
    let house = house().await;
    let mut ada = ada_with_phone(&house).await;
    let phones = house.housekey.phones(&ada.caller()).await.unwrap();
    assert!(phones.len() == 1 && phones[0].verified && phones[0].primary);
    let notice = house.mail_to(ADA).await.unwrap();
    assert!(notice.text.contains("+49•••89") && notice.text.contains("/not-me?token="), "{}", notice.text);
    assert!(try_password(&house, &mut house.browser(2), "0151 23456789", PASSWORD).await.is_ok(), "as at home");
    let mut other = house.browser(3);
    let code = by_code(&house, &mut other, "+49 (0) 151 23456789", Strategy::PhoneCode).await;
    let done = house.housekey.sign_in_code(&other.caller(), &code).await.unwrap();
    assert!(other.keep(done).session.is_some());
    assert_eq!(refusal(house.housekey.sign_in_code(&other.caller(), &code).await), "attempt_expired", "once");
}

async fn a_forgotten_password_is_reset_by_phone() {
    let house = house().await;
    let mut ada = ada_with_phone(&house).await;
    let mut other = house.browser(2);
    let started = house.housekey.reset_start(&other.caller(), start_as(NUMBER)).await.unwrap();
    other.keep(started);
    let code = house.sms_code_to(NUMBER).await.unwrap();
    let text = house.text_to(NUMBER).await.unwrap();
    assert!(text.contains("new Housekey password"), "{text}");
    let proved = house.housekey.sign_in_code(&other.caller(), &code).await.unwrap();
    other.keep(proved);
    let done = house.housekey.sign_in_new_password(&other.caller(), password("another lantern tide")).await.unwrap();
    assert!(other.keep(done).session.is_some());
    assert!(!is_signed_in(&house, &mut ada).await, "all other sessions end");
    assert!(try_password(&house, &mut house.browser(3), ADA, PASSWORD).await.is_err());
}

async fn a_phone_alone_makes_an_account_and_confirms_before_risky_changes() {
    let house = house_with(settings(Use::Optional, Use::Required)).await;
    let mut ada = house.browser(1);
    let missing = house.housekey.sign_up_start(&ada.caller(), with_phone("", "")).await;
    assert_eq!(refusal(missing), "phone:phone_missing");
    let started = house.housekey.sign_up_start(&ada.caller(), with_phone("", NUMBER)).await.unwrap();
    let view = ada.keep(started);
    assert_eq!((view.phone.as_deref(), view.phone_code.unwrap().to.as_str()), (Some(NUMBER), "+49•••89"));
    let code = house.sms_code_to(NUMBER).await.unwrap();
    let done = house.housekey.sign_up_sms_code(&ada.caller(), None, &code).await.unwrap();
    assert!(ada.keep(done).done.is_some());
    let id = house.housekey.phones(&ada.caller()).await.unwrap()[0].id.clone();
    assert_eq!(refusal(house.housekey.phone_remove(&ada.caller(), &id).await), "last_way_in");
    house.clock.advance(Duration::from_secs(301));
    assert!(matches!(house.housekey.phone_add(&ada.caller(), OTHER, true).await, Err(Error::Stale)));
    house.housekey.step_up_send_sms(&ada.caller()).await.unwrap();
    let code = house.sms_code_to(NUMBER).await.unwrap();
    let fresh = house.housekey.step_up_sms_code(&ada.caller(), &code).await.unwrap();
    ada.keep(fresh);
    proved(&house, &mut ada, OTHER).await;
    house.housekey.phone_remove(&ada.caller(), &id).await.unwrap();
    let left = house.housekey.phones(&ada.caller()).await.unwrap();
    assert!(left.len() == 1 && left[0].primary, "the next one takes its place");
    assert!(
        try_password(&house, &mut house.browser(3), NUMBER, PASSWORD).await.is_err(),
        "the removed one is nobody's"
    );
}

async fn sec_21_a_taken_number_gets_the_normal_answer_and_its_owner_a_code_that_signs_in() {
    let house = house_with(settings(Use::Optional, Use::Required)).await;
    let mut ada = house.browser(1);
    let started = house.housekey.sign_up_start(&ada.caller(), with_phone("", NUMBER)).await.unwrap();
    ada.keep(started);
    let code = house.sms_code_to(NUMBER).await.unwrap();
    let done = house.housekey.sign_up_sms_code(&ada.caller(), None, &code).await.unwrap();
    let first = ada.keep(done).done.unwrap().0;
    let mut again = house.browser(2);
    let start = StartSignUp { password: password("another lantern tide"), ..with_phone("", NUMBER) };
    let started = house.housekey.sign_up_start(&again.caller(), start).await.unwrap();
    again.keep(started);
    let text = house.text_to(NUMBER).await.unwrap();
    assert!(text.contains("already"), "{text}");
    let code = house.sms_code_to(NUMBER).await.unwrap();
    let done = house.housekey.sign_up_sms_code(&again.caller(), None, &code).await.unwrap();
    assert_eq!(again.keep(done).done.unwrap().0, first);
    assert!(try_password(&house, &mut house.browser(3), NUMBER, "another lantern tide").await.is_err(), "thrown away");
}

async fn sec_25_an_unproved_number_grants_nothing_and_its_owner_takes_it() {
    let house = house().await;
    let (mut eve, mut ada) = (house.browser(66), house.browser(1));
    sign_up(&house, &mut eve, "eve@example.com").await;
    sign_up(&house, &mut ada, ADA).await;
    let hers = house.housekey.phone_add(&eve.caller(), NUMBER, true).await.unwrap();
    let eves_code = house.sms_code_to(NUMBER).await.unwrap();
    assert!(try_password(&house, &mut house.browser(2), NUMBER, PASSWORD).await.is_err(), "it is no way in");
    let id = house.housekey.phone_add(&ada.caller(), NUMBER, true).await.unwrap();
    assert_eq!(refusal(house.housekey.phone_verify(&ada.caller(), &id, &eves_code).await), "code_incorrect");
    let code = house.sms_code_to(NUMBER).await.unwrap();
    assert_eq!(refusal(house.housekey.phone_verify(&eve.caller(), &hers, &code).await), "code_incorrect");
    assert!(matches!(house.housekey.phone_verify(&eve.caller(), &id, &code).await, Err(Error::NotFound)));
    house.housekey.phone_verify(&ada.caller(), &id, &code).await.unwrap();
    // Eve reads the phone's screen once: the number is Ada's all the same.
    let told = house.housekey.phone_verify(&eve.caller(), &hers, &eves_code).await;
    assert_eq!(refusal(told), "phone:phone_of_another_account");
}

async fn sec_20_a_strange_number_costs_and_tells_what_a_known_one_does() {
    let house = house().await;
    ada_with_phone(&house).await;
    house.clock.advance(Duration::from_secs(3600));
    let _ = try_password(&house, &mut house.browser(200), "warm@example.com", "wrong wrong wrong").await;
    let mut all = Vec::new();
    for (at, number) in [(10, NUMBER), (11, OTHER)] {
        let mut browser = house.browser(at);
        let (mut told, before) = (Vec::new(), house.spent());
        let started = house.housekey.sign_in_start(&browser.caller(), start_as(number)).await.unwrap();
        let view = browser.keep(started);
        told.push(format!("{:?} {:?}", view.status, view.offered));
        told.push(refusal(house.housekey.sign_in_password(&browser.caller(), password("wrong wrong wrong")).await));
        let sent = house.housekey.sign_in_send_code(&browser.caller(), Strategy::PhoneCode).await.unwrap();
        told.push(format!("{:?}", browser.keep(sent).code.map(|c| (c.0, c.1.sent, c.1.expires))));
        told.push(refusal(house.housekey.sign_in_code(&browser.caller(), "000000").await));
        let mut other = house.browser(at + 20);
        let reset = house.housekey.reset_start(&other.caller(), start_as(number)).await.unwrap();
        told.push(format!("{:?}", other.keep(reset).code.map(|c| (c.0, c.1.sent, c.1.expires))));
        told.push(refusal(house.housekey.sign_in_code(&other.caller(), "000000").await));
        let after = house.spent();
        let cost = (after.0.statements - before.0.statements, after.0.commits - before.0.commits, after.1 - before.1);
        all.push((told, cost));
    }
    assert_eq!(all[0], all[1]);
    house.deliver().await;
    assert!(house.texted.list().iter().all(|sms| sms.to.as_str() != OTHER), "a message to a stranger");
}

async fn sec_12_of_parallel_guesses_exactly_five_are_evaluated() {
    let house = house().await;
    ada_with_phone(&house).await;
    let mut thief = house.browser(9);
    let code = by_code(&house, &mut thief, NUMBER, Strategy::PhoneCode).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let guesses = (0..60).map(|_| {
        let caller = thief.caller();
        let housekey = house.housekey.clone();
        tokio::spawn(async move { refusal(housekey.sign_in_code(&caller, wrong).await) })
    });
    let mut told = Vec::new();
    for guess in guesses.collect::<Vec<_>>() {
        told.push(guess.await.unwrap());
    }
    let count = |what: &str| told.iter().filter(|t| *t == what).count();
    assert_eq!((count("code_incorrect"), count("code_expired")), (5, 55), "{told:?}");
    assert_eq!(refusal(house.housekey.sign_in_code(&thief.caller(), &code).await), "code_expired", "dead");
}

async fn a_flood_of_numbers_is_stopped_by_network_by_range_and_for_the_whole_instance() {
    let number = |n: usize| format!("+49151234{:05}", 10_000 + n);
    let start = async |house: &TestHouse, at: u8, number: &str| {
        house.housekey.sign_up_start(&house.browser(at).caller(), with_phone("", number)).await
    };
    let mut settings = strict(Use::Optional, Use::Required);
    settings.sms.per_day = 25;
    let house = house_with(settings).await;
    let mut sent = 0;
    // From one network: ten an hour, whatever the numbers, and whether or not somebody has them.
    for n in 0..12 {
        match house.housekey.reset_start(&house.browser(1).caller(), start_as(&number(n * 1000))).await {
            Ok(_) => sent += 1,
            Err(error) => assert!(matches!(error, Error::Limited { .. }), "{error:?}"),
        }
    }
    assert_eq!(sent, 10);
    // From everywhere: what the instance sends in a day, and no more.
    for n in 0..40_u8 {
        sent += usize::from(start(&house, 100 + n, &number(usize::from(n) * 1000 + 500)).await.is_ok());
    }
    assert_eq!(sent, 25);
    house.deliver().await;
    assert_eq!(house.texted.list().len(), 15, "nobody has the first ten");
    // One range of a thousand numbers beside each other: twenty an hour.
    let house = house_with(strict(Use::Optional, Use::Required)).await;
    let mut sent = 0;
    for n in 0..30_u8 {
        sent += usize::from(start(&house, 100 + n, &number(usize::from(n))).await.is_ok());
    }
    assert_eq!(sent, 20);
}

async fn one_phone_is_not_flooded_and_its_owner_is_not_kept_out() {
    let house = house_with(strict(Use::Required, Use::Optional)).await;
    let mut ada = ada_with_phone(&house).await;
    house.clock.advance(Duration::from_secs(24 * 3600));
    let mut told = Vec::new();
    for at in 10..16 {
        let mut eve = house.browser(at);
        let started = house.housekey.sign_in_start(&eve.caller(), start_as(NUMBER)).await.unwrap();
        eve.keep(started);
        told.push(house.housekey.sign_in_send_code(&eve.caller(), Strategy::PhoneCode).await.is_ok());
    }
    assert_eq!(told, [true, true, true, false, false, false], "three in a quarter of an hour");
    let started = house.housekey.sign_in_start(&ada.caller(), start_as(NUMBER)).await.unwrap();
    ada.keep(started);
    assert!(house.housekey.sign_in_send_code(&ada.caller(), Strategy::PhoneCode).await.is_ok(), "on her own device");
}

async fn countries_that_are_not_listed_are_refused_before_anything_is_sent() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    for (typed, refused) in [
        ("+1 201 234 5678", "phone:phone_country"),
        ("+882 13 123456", "phone:phone_country"),
        ("+49 900 1234567", "phone:phone_kind"),
        ("+49 12", "phone:phone_malformed"),
        ("+4915123456789, +4915123456780", "phone:phone_malformed"),
        ("", "phone:phone_missing"),
    ] {
        let told = refusal(house.housekey.phone_add(&ada.caller(), typed, true).await);
        assert!(told == refused || (typed.starts_with("+882") && told == "phone:phone_malformed"), "{typed}: {told}");
    }
    let start = house.housekey.sign_in_start(&house.browser(2).caller(), start_as("+12012345678")).await;
    assert_eq!(refusal(start), "identifier:phone_country");
    house.deliver().await;
    assert!(house.texted.list().is_empty());
}

async fn test_numbers_get_nothing_and_take_one_code() {
    let house = house_with(settings(Use::Optional, Use::Required)).await;
    let mut test = house.browser(1);
    let started = house.housekey.sign_up_start(&test.caller(), with_phone("", "+1 (555) 555-0100")).await.unwrap();
    test.keep(started);
    let done = house.housekey.sign_up_sms_code(&test.caller(), None, "424242").await.unwrap();
    assert!(test.keep(done).done.is_some());
    house.deliver().await;
    assert!(house.texted.list().is_empty());
    let mut off = settings(Use::Optional, Use::Required);
    off.clerk.test_mode = Some(false);
    let house = house_with(off).await;
    let start = house.housekey.sign_up_start(&house.browser(1).caller(), with_phone("", "+15555550100")).await;
    assert_eq!(refusal(start), "phone:phone_country");
}

async fn the_pages_lead_through_both_codes_and_the_numbers_of_an_account() {
    let web = web_with(settings(Use::Required, Use::Required)).await;
    let ada = web.jar(1);
    let fields = [("email", ADA), ("phone", "0151 23456789"), ("password", PASSWORD)];
    assert_eq!(ada.form("/sign-up", &fields).await.to(), "/sign-up/code");
    assert!(ada.get("/sign-up/code").await.body.contains("a•••@example.com"));
    let code = web.house.code_to(ADA).await.unwrap();
    assert_eq!(ada.form("/sign-up/code", &[("code", &code)]).await.to(), "/sign-up/code", "the phone is next");
    assert!(ada.get("/sign-up/code").await.body.contains("+49•••89"));
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    assert_eq!(ada.form("/sign-up/code", &[("code", &code)]).await.to(), "/account");
    let page = ada.get("/account/phones").await.body;
    assert!(page.contains(NUMBER) && page.contains(">Primary</span>"), "{page}");
    let added = ada.form("/account/phones", &[("phone", OTHER)]).await;
    assert!(added.to().ends_with("/verify"), "{}", added.body);
    assert!(ada.get(added.to()).await.body.contains("+49•••80"));
    let code = web.house.sms_code_to(OTHER).await.unwrap();
    assert_eq!(ada.form(added.to(), &[("code", &code)]).await.to(), "/account/phones?done=phone-verified");
    let at = added.to().trim_end_matches("/verify").to_owned();
    assert_eq!(ada.form(&format!("{at}/primary"), &[]).await.to(), "/account/phones?done=phone-primary");
    assert_eq!(ada.form(&format!("{at}/remove"), &[]).await.to(), "/account/phones?done=phone-removed");
    web.house.clock.advance(Duration::from_secs(301));
    let step_up = ada.form("/account/phones", &[("phone", OTHER)]).await.to().to_owned();
    assert!(ada.get(&step_up).await.body.contains("Text me a code"));
    let asked = ada.form("/step-up", &[("way", "text"), ("return_to", "")]).await.body;
    assert!(asked.contains("+49•••89") && asked.contains("value=\"text_code\""), "{asked}");
    let wrong = ada.form("/step-up", &[("way", "text_code"), ("code", "00000"), ("return_to", "")]).await.body;
    assert!(wrong.contains("6 digits") && wrong.contains("value=\"text_code\""), "{wrong}");
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    let fresh = ada.form("/step-up", &[("way", "text_code"), ("code", &code), ("return_to", "")]).await;
    assert_eq!(fresh.to(), "/account", "{}", fresh.body);
    let other = web.jar(2);
    assert!(other.get("/sign-in").await.body.contains("E-mail address or phone number"));
    assert_eq!(other.form("/sign-in", &[("email", NUMBER)]).await.to(), "/sign-in/password");
    assert!(other.get("/sign-in/password").await.body.contains("Text me a code"));
    assert_eq!(other.form("/sign-in/code/send", &[]).await.to(), "/sign-in/code");
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    assert_eq!(other.form("/sign-in/code", &[("code", &code)]).await.to(), "/account");
    let lost = web.jar(3);
    assert_eq!(lost.form("/forgot-password", &[("email", NUMBER)]).await.to(), "/sign-in/code");
    let code = web.house.sms_code_to(NUMBER).await.unwrap();
    assert_eq!(lost.form("/sign-in/code", &[("code", &code)]).await.to(), "/sign-in/new-password");
}

on_both!(
    a_number_is_proved_and_then_signs_in_by_password_and_by_code,
    a_forgotten_password_is_reset_by_phone,
    a_phone_alone_makes_an_account_and_confirms_before_risky_changes,
    sec_21_a_taken_number_gets_the_normal_answer_and_its_owner_a_code_that_signs_in,
    sec_25_an_unproved_number_grants_nothing_and_its_owner_takes_it,
    sec_20_a_strange_number_costs_and_tells_what_a_known_one_does,
    sec_12_of_parallel_guesses_exactly_five_are_evaluated,
    a_flood_of_numbers_is_stopped_by_network_by_range_and_for_the_whole_instance,
    one_phone_is_not_flooded_and_its_owner_is_not_kept_out,
    countries_that_are_not_listed_are_refused_before_anything_is_sent,
    test_numbers_get_nothing_and_take_one_code,
    the_pages_lead_through_both_codes_and_the_numbers_of_an_account,
);
