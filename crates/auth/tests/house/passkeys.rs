//! Passkeys: added, signed in with, asked for as a second factor; and every way in which an answer may be wrong.

use crate::{
    authenticator::Authenticator,
    kit::*,
    not_me::token,
    second_factor::{enroll, fresh},
};
use housekey::{
    Error,
    core::sign_in::{SecondStrategy, Strategy},
    flows::{
        passkeys::PasskeyAdded,
        sign_in::{SignInStatus, SignInView},
    },
    testkit::{Browser, TestHouse},
};
use serde_json::{Value, json};
use std::time::Duration;

/// An authenticator that is at home here.
pub fn phone(house: &TestHouse) -> Authenticator {
    Authenticator::at(house.housekey.public_url())
}

/// Adds a passkey to the account of who is signed in there.
pub async fn add(house: &TestHouse, browser: &mut Browser, with: &mut Authenticator) -> Result<PasskeyAdded, Error> {
    let asked = house.housekey.passkey_add_begin(&browser.caller()).await?;
    house.housekey.passkey_add(&browser.caller(), None, "", &with.create(&asked.options)).await
}

async fn ada_with(house: &TestHouse, with: &mut Authenticator) -> Browser {
    let mut ada = house.browser(1);
    sign_up(house, &mut ada, ADA).await;
    add(house, &mut ada, with).await.unwrap();
    ada
}

async fn asked(house: &TestHouse, browser: &mut Browser) -> String {
    let begun = house.housekey.passkey_sign_in_begin(&browser.caller()).await.unwrap();
    browser.keep(begun).options
}

/// Signs in by what `with` answers to a new challenge.
pub async fn come(house: &TestHouse, browser: &mut Browser, with: &Authenticator) -> Result<SignInView, Error> {
    let options = asked(house, browser).await;
    let done = house.housekey.passkey_sign_in(&browser.caller(), &with.get(&options), false, None).await?;
    Ok(browser.keep(done))
}

async fn sec_22_that_a_passkey_is_asked_for_tells_nothing_of_who_has_one() {
    let house = house().await;
    let mut with = phone(&house);
    ada_with(&house, &mut with).await;
    let mut told = Vec::new();
    for (at, named) in [(5, Some(ADA)), (6, Some("nobody@example.com")), (7, None), (8, Some(ADA))] {
        let mut browser = house.browser(at);
        if let Some(named) = named {
            let started = house.housekey.sign_in_start(&browser.caller(), start_as(named)).await.unwrap();
            browser.keep(started);
        }
        let mut options: Value = serde_json::from_str(&asked(&house, &mut browser).await).unwrap();
        assert!(options.as_object_mut().unwrap().remove("challenge").is_some());
        assert_eq!(options["allowCredentials"], json!([]), "whoever holds one picks it");
        told.push(options);
    }
    assert!(told.iter().all(|options| *options == told[0]), "{told:?}");
}

async fn a_passkey_names_its_owner_and_is_both_factors() {
    let house = house().await;
    let mut phone = phone(&house);
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let begun = house.housekey.passkey_add_begin(&ada.caller()).await.unwrap();
    let options: serde_json::Value = serde_json::from_str(&begun.options).unwrap();
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!((&options["rp"]["id"], &options["user"]["name"]), (&"localhost".into(), &ADA.into()));
    let handle = options["user"]["id"].as_str().unwrap();
    assert!(handle.len() == 22 && !handle.contains("user"), "sixteen bytes that name nobody: {handle}");
    let made =
        house.housekey.passkey_add(&ada.caller(), None, "My phone", &phone.create(&begun.options)).await.unwrap();
    assert_eq!((made.passkey.name.as_str(), made.passkey.synced), ("My phone", true));
    house.deliver().await;
    let told = house.mail_to(ADA).await.unwrap();
    assert!(told.subject.as_str().contains("passkey was added"), "{}", told.subject.as_str());
    // Nobody names anybody: the answer does.
    let mut other = house.browser(2);
    let options = asked(&house, &mut other).await;
    let read: serde_json::Value = serde_json::from_str(&options).unwrap();
    assert_eq!((&read["allowCredentials"], &read["userVerification"]), (&serde_json::json!([]), &"required".into()));
    let done = house.housekey.passkey_sign_in(&other.caller(), &phone.get(&options), true, None).await.unwrap();
    let view = other.keep(done);
    assert_eq!(view.status, SignInStatus::Complete);
    assert_eq!((view.first, view.second), (Some(Strategy::Passkey), Some(SecondStrategy::Passkey)));
    assert_eq!((view.identifier.as_deref(), view.remember), (Some(ADA), true));
    let shown = house.housekey.factors(&other.caller()).await.unwrap();
    assert_eq!(shown.passkeys[0].last_used, Some(house.housekey.now()));
    assert!(shown.second_strategies.is_empty(), "a passkey alone makes nobody show two things");
}

async fn sec_66_one_lie_in_an_answer_and_it_opens_nothing() {
    let house = house_with(roomy()).await;
    let mut honest = phone(&house);
    let mut ada = ada_with(&house, &mut honest).await;
    let mut stranger = phone(&house);
    let mut eve = house.browser(3);
    sign_up(&house, &mut eve, "eve@example.com").await;
    add(&house, &mut eve, &mut stranger).await.unwrap();
    let lies: [(&str, Authenticator, &str); 14] = [
        ("type", Authenticator { kind: Some("webauthn.create"), ..honest.clone() }, "passkey_incorrect"),
        ("challenge", Authenticator { challenge: Some("AAAA".into()), ..honest.clone() }, "passkey_expired"),
        ("origin", Authenticator { origin: "http://localhost:9".into(), ..honest.clone() }, "passkey_incorrect"),
        ("scheme", Authenticator { origin: "https://localhost:4000".into(), ..honest.clone() }, "passkey_incorrect"),
        (
            "suffix",
            Authenticator { origin: "http://localhost.evil.example".into(), ..honest.clone() },
            "passkey_incorrect",
        ),
        ("frame", Authenticator { cross_origin: true, ..honest.clone() }, "passkey:passkey_malformed"),
        ("rp id", Authenticator { rp_id: "evil.example".into(), ..honest.clone() }, "passkey_incorrect"),
        ("presence", honest.clone().untouched(), "passkey_incorrect"),
        ("verification", honest.clone().unverified(), "passkey_incorrect"),
        ("backup", honest.clone().impossible_backup(), "passkey_incorrect"),
        ("signature", Authenticator { spoil: true, ..honest.clone() }, "passkey_incorrect"),
        ("no owner", Authenticator { handle: None, ..honest.clone() }, "passkey_incorrect"),
        ("owner", Authenticator { handle: stranger.handle.clone(), ..honest.clone() }, "passkey_incorrect"),
        ("id", Authenticator { id: stranger.id.clone(), ..honest.clone() }, "passkey_incorrect"),
    ];
    for (what, lie, refused) in lies {
        let mut thief = house.browser(7);
        assert_eq!(refusal(come(&house, &mut thief, &lie).await), refused, "{what}");
        assert!(!is_signed_in(&house, &mut thief).await, "{what}");
    }
    // An id that nobody has is told as a wrong answer is.
    let mut thief = house.browser(7);
    let unknown = Authenticator { id: vec![9; 32], ..honest.clone() };
    assert_eq!(refusal(come(&house, &mut thief, &unknown).await), "passkey_incorrect");
    for text in ["", "{}", "null", "{\"id\":1}"] {
        let done = house.housekey.passkey_sign_in(&thief.caller(), text, false, None).await;
        assert_eq!(refusal(done), "passkey:passkey_malformed", "{text}");
    }
    assert_eq!(come(&house, &mut house.browser(2), &honest).await.unwrap().status, SignInStatus::Complete);
    assert!(is_signed_in(&house, &mut ada).await);
}

async fn sec_66_one_lie_in_a_new_passkey_and_it_is_not_kept() {
    let house = house_with(roomy()).await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let honest = phone(&house);
    let lies: [(&str, Authenticator, &str); 9] = [
        ("type", Authenticator { kind: Some("webauthn.get"), ..honest.clone() }, "passkey_incorrect"),
        ("challenge", Authenticator { challenge: Some("AAAA".into()), ..honest.clone() }, "passkey_expired"),
        ("origin", Authenticator { origin: "http://localhost:9".into(), ..honest.clone() }, "passkey_incorrect"),
        ("frame", Authenticator { cross_origin: true, ..honest.clone() }, "passkey:passkey_malformed"),
        ("rp id", Authenticator { rp_id: "evil.example".into(), ..honest.clone() }, "passkey_incorrect"),
        ("verification", honest.clone().unverified(), "passkey_incorrect"),
        ("backup", honest.clone().impossible_backup(), "passkey_incorrect"),
        ("algorithm", Authenticator { algorithm: -8, ..honest.clone() }, "passkey_incorrect"),
        ("long id", Authenticator { id: vec![1; 1024], ..honest.clone() }, "passkey_incorrect"),
    ];
    for (what, mut lie, refused) in lies {
        assert_eq!(refusal(add(&house, &mut ada, &mut lie).await), refused, "{what}");
    }
    assert!(house.housekey.factors(&ada.caller()).await.unwrap().passkeys.is_empty());
    assert_eq!(refusal(house.housekey.passkey_add(&ada.caller(), None, "", "{}").await), "passkey:passkey_malformed");
}

async fn sec_65_a_challenge_is_answered_once_by_its_browser_for_its_purpose_in_its_time() {
    let house = house_with(roomy()).await;
    let mut phone = phone(&house);
    let mut ada = ada_with(&house, &mut phone).await;
    let sign_in = async |browser: &mut Browser, answer: &str| {
        let done = house.housekey.passkey_sign_in(&browser.caller(), answer, false, None).await;
        refusal(done.map(|done| browser.keep(done)))
    };
    let mut other = house.browser(2);
    let answer = phone.get(&asked(&house, &mut other).await);
    let mut thief = house.browser(3);
    asked(&house, &mut thief).await;
    assert_eq!(sign_in(&mut thief, &answer).await, "passkey_expired", "of another browser");
    assert_eq!(sign_in(&mut house.browser(4), &answer).await, "passkey_expired", "of no browser");
    assert_eq!(sign_in(&mut other, &answer).await, "ok");
    assert_eq!(sign_in(&mut other, &answer).await, "passkey_expired", "a second time");
    let old = phone.get(&asked(&house, &mut other).await);
    house.clock.advance(Duration::from_secs(300));
    assert_eq!(sign_in(&mut other, &old).await, "passkey_expired", "after five minutes");
    fresh(&house, &mut ada).await;
    let stepping = house.housekey.step_up_passkey_begin(&ada.caller()).await.unwrap();
    assert_eq!(sign_in(&mut ada, &phone.get(&stepping.options)).await, "passkey_expired", "for a step-up");
    let options = asked(&house, &mut ada).await;
    let stepped =
        house.housekey.step_up_second_factor(&ada.caller(), SecondStrategy::Passkey, &phone.get(&options)).await;
    assert_eq!(refusal(stepped), "passkey_expired", "for a sign-in");
    // A wrong answer uses its challenge up as well.
    let options = asked(&house, &mut other).await;
    let wrong = Authenticator { spoil: true, ..phone.clone() }.get(&options);
    assert_eq!(sign_in(&mut other, &wrong).await, "passkey_incorrect");
    assert_eq!(sign_in(&mut other, &phone.get(&options)).await, "passkey_expired");
}

async fn sec_65_of_twenty_who_come_with_one_answer_one_gets_in() {
    let house = house_with(roomy()).await;
    let mut phone = phone(&house);
    ada_with(&house, &mut phone).await;
    let mut other = house.browser(2);
    let answer = phone.get(&asked(&house, &mut other).await);
    let tries = (0..20).map(|n| {
        // Each a call of its own, so that none is the repeat of another.
        let caller = housekey::Caller { call: [n; 32], ..other.caller() };
        let (housekey, answer) = (house.housekey.clone(), answer.clone());
        tokio::spawn(async move { housekey.passkey_sign_in(&caller, &answer, false, None).await })
    });
    let mut through = 0;
    for tried in tries.collect::<Vec<_>>() {
        through += u32::from(tried.await.unwrap().is_ok());
    }
    assert_eq!(through, 1);
}

async fn sec_67_a_counter_that_goes_back_is_refused_and_told() {
    let house = house().await;
    let mut key = Authenticator::security_key(house.housekey.public_url());
    ada_with(&house, &mut key).await;
    let mut other = house.browser(2);
    for (counter, refused) in [(2, "ok"), (7, "ok"), (7, "passkey_incorrect"), (6, "passkey_incorrect"), (8, "ok")] {
        let key = Authenticator { counter, ..key.clone() };
        assert_eq!(refusal(come(&house, &mut other, &key).await), refused, "{counter}");
    }
    let back = Authenticator { counter: 0, ..key.clone() };
    assert_eq!(refusal(come(&house, &mut other, &back).await), "passkey_incorrect", "a key that counted still counts");
    house.deliver().await;
    let told = house.mail_to(ADA).await.unwrap();
    assert!(told.subject.as_str().contains("was refused"), "{}", told.subject.as_str());
}

async fn sec_68_one_authenticator_is_kept_once_whosever_it_is() {
    let house = house().await;
    let mut phone = phone(&house);
    let mut ada = ada_with(&house, &mut phone).await;
    let begun = house.housekey.passkey_add_begin(&ada.caller()).await.unwrap();
    let options: serde_json::Value = serde_json::from_str(&begun.options).unwrap();
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1, "browsers refuse it themselves");
    let answer = phone.clone().create(&begun.options);
    assert_eq!(refusal(house.housekey.passkey_add(&ada.caller(), None, "", &answer).await), "passkey_incorrect");
    let mut eve = house.browser(2);
    sign_up(&house, &mut eve, "eve@example.com").await;
    assert_eq!(refusal(add(&house, &mut eve, &mut phone.clone()).await), "passkey_incorrect");
}

async fn sec_68_passkeys_are_changed_behind_a_fresh_factor_by_their_owner_alone() {
    let house = house().await;
    let mut phone = phone(&house);
    let mut ada = ada_with(&house, &mut phone).await;
    let id = house.housekey.factors(&ada.caller()).await.unwrap().passkeys[0].id.clone();
    let mut eve = house.browser(2);
    sign_up(&house, &mut eve, "eve@example.com").await;
    assert_eq!(refusal(house.housekey.passkey_remove(&eve.caller(), &id).await), "not found");
    assert_eq!(refusal(house.housekey.passkey_rename(&eve.caller(), &id, "Mine").await), "not found");
    let begun = house.housekey.passkey_add_begin(&eve.caller()).await.unwrap();
    let theirs = Authenticator::at(house.housekey.public_url()).create(&begun.options);
    assert_eq!(refusal(house.housekey.passkey_add(&ada.caller(), None, "", &theirs).await), "passkey_expired");
    house.clock.advance(Duration::from_secs(301));
    assert_eq!(refusal(house.housekey.passkey_add_begin(&ada.caller()).await), "a fresh factor is needed");
    assert_eq!(refusal(house.housekey.passkey_remove(&ada.caller(), &id).await), "a fresh factor is needed");
    house.housekey.passkey_rename(&ada.caller(), &id, "  Old phone ").await.unwrap();
    assert_eq!(refusal(house.housekey.passkey_rename(&ada.caller(), &id, " ").await), "name:missing");
    let begun = house.housekey.step_up_passkey_begin(&ada.caller()).await.unwrap();
    let answer = phone.get(&begun.options);
    let done = house.housekey.step_up_second_factor(&ada.caller(), SecondStrategy::Passkey, &answer).await.unwrap();
    ada.keep(done);
    assert_eq!(house.housekey.factors(&ada.caller()).await.unwrap().passkeys[0].name, "Old phone");
    house.housekey.passkey_remove(&ada.caller(), &id).await.unwrap();
    assert_eq!(refusal(come(&house, &mut house.browser(3), &phone).await), "passkey_incorrect", "gone is gone");
}

async fn a_passkey_stands_in_for_an_app_after_the_password() {
    let house = house().await;
    let mut phone = phone(&house);
    let mut ada = ada_with(&house, &mut phone).await;
    enroll(&house, &mut ada).await;
    let mut other = house.browser(2);
    let view = try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.second_offered, [SecondStrategy::Totp, SecondStrategy::Passkey, SecondStrategy::BackupCode]);
    let begun = house.housekey.sign_in_second_passkey_begin(&other.caller()).await.unwrap();
    let options: serde_json::Value = serde_json::from_str(&begun.options).unwrap();
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
    let prove = async |browser: &mut Browser, answer: String| {
        let done = house.housekey.sign_in_second_factor(&browser.caller(), SecondStrategy::Passkey, &answer).await;
        done.map(|done| browser.keep(done))
    };
    let unverified = phone.clone().unverified().get(&begun.options);
    assert_eq!(refusal(prove(&mut other, unverified).await), "passkey_incorrect");
    let begun = house.housekey.sign_in_second_passkey_begin(&other.caller()).await.unwrap();
    // A security key that keeps nothing names nobody, which is enough where the account is known.
    let silent = Authenticator { handle: None, ..phone.clone() }.get(&begun.options);
    let view = prove(&mut other, silent).await.unwrap();
    assert_eq!((view.status, view.second), (SignInStatus::Complete, Some(SecondStrategy::Passkey)));
    // By itself it asks for nothing more.
    let view = come(&house, &mut house.browser(3), &phone).await.unwrap();
    assert_eq!(view.status, SignInStatus::Complete);
}

async fn sec_63_somebody_elses_passkey_is_no_second_factor() {
    let house = house().await;
    let (mut hers, mut theirs) = (phone(&house), phone(&house));
    let mut ada = ada_with(&house, &mut hers).await;
    enroll(&house, &mut ada).await;
    let mut eve = house.browser(2);
    sign_up(&house, &mut eve, "eve@example.com").await;
    add(&house, &mut eve, &mut theirs).await.unwrap();
    let mut thief = house.browser(3);
    try_password(&house, &mut thief, ADA, PASSWORD).await.unwrap();
    for lie in [theirs.clone(), Authenticator { handle: hers.handle.clone(), ..theirs.clone() }] {
        let begun = house.housekey.sign_in_second_passkey_begin(&thief.caller()).await.unwrap();
        let answer = lie.get(&begun.options);
        let done = house.housekey.sign_in_second_factor(&thief.caller(), SecondStrategy::Passkey, &answer).await;
        assert_eq!(refusal(done), "passkey_incorrect");
    }
    assert!(!is_signed_in(&house, &mut thief).await);
}

async fn a_passkey_is_asked_for_after_the_password_where_its_owner_wants_that() {
    let house = house().await;
    let mut phone = phone(&house);
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    assert_eq!(refusal(house.housekey.passkey_after(&ada.caller(), true).await), "passkey_after:passkey_missing");
    add(&house, &mut ada, &mut phone).await.unwrap();
    let codes = house.housekey.passkey_after(&ada.caller(), true).await.unwrap();
    assert_eq!(codes.len(), 10, "for the day the phone is gone");
    let mut other = house.browser(2);
    let view = try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.second_offered, [SecondStrategy::Passkey, SecondStrategy::BackupCode]);
    assert!(!is_signed_in(&house, &mut other).await);
    let done = house.housekey.sign_in_second_factor(&other.caller(), SecondStrategy::BackupCode, &codes[0]).await;
    let view = other.keep(done.unwrap());
    assert_eq!(view.status, SignInStatus::Complete);
    // Turning it off is as risky as taking a factor away.
    assert_eq!(refusal(house.housekey.passkey_after(&ada.caller(), false).await), "a fresh second factor is needed");
    house.housekey.passkey_after(&other.caller(), false).await.unwrap();
    let view = try_password(&house, &mut house.browser(3), ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::Complete);
    assert_eq!(house.housekey.factors(&other.caller()).await.unwrap().backup_codes, 0, "they stood in for it");
}

async fn the_last_passkey_takes_what_asked_for_it_along() {
    let house = house().await;
    let mut phone = phone(&house);
    let mut ada = ada_with(&house, &mut phone).await;
    house.housekey.passkey_after(&ada.caller(), true).await.unwrap();
    let begun = house.housekey.step_up_passkey_begin(&ada.caller()).await.unwrap();
    let answer = phone.get(&begun.options);
    let done = house.housekey.step_up_second_factor(&ada.caller(), SecondStrategy::Passkey, &answer).await.unwrap();
    ada.keep(done);
    let id = house.housekey.factors(&ada.caller()).await.unwrap().passkeys[0].id.clone();
    house.housekey.passkey_remove(&ada.caller(), &id).await.unwrap();
    let factors = house.housekey.factors(&ada.caller()).await.unwrap();
    assert_eq!((factors.passkey_after, factors.backup_codes), (false, 0));
    let view = try_password(&house, &mut house.browser(2), ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::Complete, "nobody is asked for what is not there");
}

async fn not_me_takes_a_new_passkey_away_and_leaves_an_old_one() {
    let house = house().await;
    let (mut old, mut new) = (phone(&house), phone(&house));
    let mut ada = ada_with(&house, &mut old).await;
    house.clock.advance(Duration::from_secs(73 * 3600));
    // A thief in a session of hers adds a passkey of their own, and she is told.
    try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap();
    add(&house, &mut ada, &mut new).await.unwrap();
    let token = token(&house).await;
    house.housekey.not_me(&house.browser(5).caller(), &token).await.unwrap();
    assert_eq!(refusal(come(&house, &mut house.browser(6), &new).await), "passkey_incorrect");
    assert_eq!(come(&house, &mut house.browser(7), &old).await.unwrap().status, SignInStatus::Complete);
}

async fn sec_11_a_passkey_works_while_the_password_is_closed() {
    let house = house_with(roomy()).await;
    let mut phone = phone(&house);
    ada_with(&house, &mut phone).await;
    for n in 0..100 {
        let mut thief = house.browser(10 + n % 50);
        assert!(try_password(&house, &mut thief, ADA, "wrong lantern tide").await.is_err());
    }
    let mut far = house.browser(200);
    assert_eq!(refusal(try_password(&house, &mut far, ADA, PASSWORD).await), "password_closed");
    assert_eq!(come(&house, &mut far, &phone).await.unwrap().status, SignInStatus::Complete);
    // The storm is over, and strangers are not challenged any more.
    house.clock.advance(Duration::from_secs(60));
    let open = try_password(&house, &mut house.browser(201), ADA, PASSWORD).await.unwrap();
    assert_eq!(open.status, SignInStatus::Complete, "the owner's own way opens the password again");
}

async fn passkeys_can_be_off() {
    let house = house_with(housekey::settings::Settings { passkeys: false, ..Default::default() }).await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    assert_eq!(refusal(house.housekey.passkey_sign_in_begin(&house.browser(2).caller()).await), "not found");
    assert_eq!(refusal(house.housekey.passkey_add_begin(&ada.caller()).await), "not found");
}

on_both! {
    a_passkey_names_its_owner_and_is_both_factors,
    sec_22_that_a_passkey_is_asked_for_tells_nothing_of_who_has_one,
    sec_66_one_lie_in_an_answer_and_it_opens_nothing,
    sec_66_one_lie_in_a_new_passkey_and_it_is_not_kept,
    sec_65_a_challenge_is_answered_once_by_its_browser_for_its_purpose_in_its_time,
    sec_65_of_twenty_who_come_with_one_answer_one_gets_in,
    sec_67_a_counter_that_goes_back_is_refused_and_told,
    sec_68_one_authenticator_is_kept_once_whosever_it_is,
    sec_68_passkeys_are_changed_behind_a_fresh_factor_by_their_owner_alone,
    a_passkey_stands_in_for_an_app_after_the_password,
    sec_63_somebody_elses_passkey_is_no_second_factor,
    a_passkey_is_asked_for_after_the_password_where_its_owner_wants_that,
    the_last_passkey_takes_what_asked_for_it_along,
    not_me_takes_a_new_passkey_away_and_leaves_an_old_one,
    sec_11_a_passkey_works_while_the_password_is_closed,
    passkeys_can_be_off,
}
