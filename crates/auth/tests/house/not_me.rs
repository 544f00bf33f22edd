//! Notices, and the link in them for whoever did not do what they tell.

use crate::{
    kit::*,
    second_factor::enroll,
    web::{Web, web},
};
use housekey::{
    core::sign_in::{SecondStrategy, Strategy},
    flows::sign_in::SignInStatus,
    testkit::TestHouse,
};
use http::StatusCode;
use std::time::Duration;

/// The token of the link in the newest letter.
pub async fn token(house: &TestHouse) -> String {
    house.deliver().await;
    let text = house.mail_to(ADA).await.unwrap().text;
    let (_, rest) = text.split_once("/not-me?token=").unwrap_or_else(|| panic!("{text}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

async fn sec_123_a_sign_in_on_a_new_device_is_told_and_on_a_known_one_is_not() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let signed_out = house.housekey.sign_out(&ada.caller()).await.unwrap();
    ada.keep(signed_out);
    try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap();
    house.deliver().await;
    assert!(!house.mail_to(ADA).await.unwrap().subject.as_str().contains("new device"), "her own");
    try_password(&house, &mut house.browser(2), ADA, PASSWORD).await.unwrap();
    house.deliver().await;
    let told = house.mail_to(ADA).await.unwrap();
    assert!(told.subject.as_str().contains("new device") && told.text.contains("/not-me?token="), "{}", told.text);
}

async fn this_was_not_me_ends_all_that_somebody_else_may_have_begun() {
    let house = house().await;
    let (mut ada, mut eve) = (house.browser(1), house.browser(2));
    sign_up(&house, &mut ada, ADA).await;
    try_password(&house, &mut eve, ADA, PASSWORD).await.unwrap();
    let token = token(&house).await;
    assert_eq!(house.housekey.not_me_shown(&token).await.unwrap(), "a•••@example.com");
    assert!(is_signed_in(&house, &mut eve).await, "looking changes nothing");
    house.housekey.not_me(&house.browser(3).caller(), &token).await.unwrap();
    assert!(!is_signed_in(&house, &mut eve).await && !is_signed_in(&house, &mut ada).await);
    let again = house.housekey.not_me(&house.browser(3).caller(), &token).await;
    assert_eq!(refusal(again), "link_expired", "once");
    assert_eq!(
        refusal(try_password(&house, &mut eve, ADA, PASSWORD).await),
        "password_or_identifier_incorrect",
        "the password works no more"
    );
    let started = house.housekey.reset_start(&ada.caller(), start_as(ADA)).await.unwrap();
    ada.keep(started);
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.sign_in_code(&ada.caller(), &code).await.unwrap();
    assert_eq!(ada.keep(done).status, SignInStatus::NeedsNewPassword, "the way back is the mailbox");
}

async fn sec_63_the_link_takes_no_second_factor_away() {
    let house = house_with(roomy()).await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let kept = enroll(&house, &mut ada).await;
    let token = token(&house).await;
    house.housekey.not_me(&house.browser(3).caller(), &token).await.unwrap();
    let mut back = house.browser(4);
    let started = house.housekey.sign_in_start(&back.caller(), start_as(ADA)).await.unwrap();
    back.keep(started);
    let sent = house.housekey.sign_in_send_code(&back.caller(), Strategy::EmailCode).await.unwrap();
    back.keep(sent);
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.sign_in_code(&back.caller(), &code).await.unwrap();
    assert_eq!(back.keep(done).status, SignInStatus::NeedsSecondFactor, "whoever reads the mailbox has one factor");
    let code = kept.code(&house);
    let done = house.housekey.sign_in_second_factor(&back.caller(), SecondStrategy::Totp, &code).await.unwrap();
    assert_eq!(back.keep(done).status, SignInStatus::Complete);
}

async fn sec_26_neither_a_thiefs_new_password_nor_a_thiefs_link_takes_the_owners_undo_away() {
    let house = house_with(roomy()).await;
    let mut thief = house.browser(1);
    sign_up(&house, &mut thief, ADA).await;
    let id = house.housekey.email_add(&thief.caller(), "eve@example.com").await.unwrap();
    let code = house.code_to("eve@example.com").await.unwrap();
    house.housekey.email_verify(&thief.caller(), &id, &code).await.unwrap();
    house.housekey.email_make_primary(&thief.caller(), &id).await.unwrap();
    house.deliver().await;
    let text = house.mail_to(ADA).await.unwrap().text;
    let undo = text.split("/undo?token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();

    let new = password("another lantern tide");
    let changed = house.housekey.password_change(&thief.caller(), None, new).await.unwrap();
    thief.keep(changed);
    house.deliver().await;
    let told = house.mail_to("eve@example.com").await.unwrap().text;
    let own = told.split("/not-me?token=").nth(1).unwrap().split_whitespace().next().unwrap();
    house.housekey.not_me(&thief.caller(), own).await.unwrap();

    house.housekey.email_undo(&house.browser(3).caller(), &undo).await.unwrap();
    let mut owner = house.browser(4);
    let started = house.housekey.reset_start(&owner.caller(), start_as(ADA)).await.unwrap();
    owner.keep(started);
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.sign_in_code(&owner.caller(), &code).await.unwrap();
    assert_eq!(owner.keep(done).status, SignInStatus::NeedsNewPassword, "the mailbox is the owner's again");
}

async fn the_link_is_good_for_three_days_and_for_nothing_else() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    try_password(&house, &mut house.browser(2), ADA, PASSWORD).await.unwrap();
    let token = token(&house).await;
    assert_eq!(refusal(house.housekey.email_undo_shown(&token).await), "link_expired", "of another purpose");
    let middle = token.len() - 10;
    let other = if token.as_bytes()[middle] == b'A' { "B" } else { "A" };
    let forged = format!("{}{other}{}", &token[..middle], &token[middle + 1..]);
    for bad in [forged.as_str(), "", "lnk_1.a", &"a".repeat(5000)] {
        assert_eq!(refusal(house.housekey.not_me(&house.browser(3).caller(), bad).await), "link_expired");
    }
    house.clock.advance(Duration::from_secs(72 * 3600 + 1));
    assert_eq!(refusal(house.housekey.not_me_shown(&token).await), "link_expired");
    assert!(try_password(&house, &mut ada, ADA, PASSWORD).await.is_ok(), "nothing happened");
}

async fn of_many_clicks_at_once_one_secures_the_account() {
    let house = house_with(roomy()).await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    try_password(&house, &mut house.browser(2), ADA, PASSWORD).await.unwrap();
    let token = token(&house).await;
    let clicks = (0..16).map(|n| {
        let (housekey, caller, token) = (house.housekey.clone(), house.browser(10 + n).caller(), token.clone());
        tokio::spawn(async move { housekey.not_me(&caller, &token).await })
    });
    let mut secured = 0;
    for click in clicks.collect::<Vec<_>>() {
        secured += usize::from(click.await.unwrap().is_ok());
    }
    assert_eq!(secured, 1);
}

async fn sec_33_following_the_link_changes_nothing_and_the_button_does() {
    let web: Web = web().await;
    let ada = web.signed_up(1, ADA).await;
    let eve = web.jar(2);
    eve.form("/sign-in", &[("email", ADA)]).await;
    eve.form("/sign-in/password", &[("password", PASSWORD)]).await;
    let token = token(&web.house).await;
    let mailbox = web.jar(3);
    let followed = mailbox.get(&format!("/not-me?token={token}")).await;
    assert_eq!(followed.to(), "/not-me", "the token leaves the address");
    let page = mailbox.get("/not-me").await;
    assert!(page.body.contains("a•••@example.com") && !page.body.contains(&token));
    assert!(eve.is_signed_in().await);
    let done = mailbox.form("/not-me", &[]).await;
    assert!(done.status == StatusCode::OK && done.body.contains("Your account is secured"), "{}", done.body);
    assert!(!eve.is_signed_in().await && !ada.is_signed_in().await);
    assert_eq!(mailbox.get("/not-me").await.status, StatusCode::NOT_FOUND);
}

on_both! {
    sec_123_a_sign_in_on_a_new_device_is_told_and_on_a_known_one_is_not,
    this_was_not_me_ends_all_that_somebody_else_may_have_begun,
    sec_63_the_link_takes_no_second_factor_away,
    sec_26_neither_a_thiefs_new_password_nor_a_thiefs_link_takes_the_owners_undo_away,
    the_link_is_good_for_three_days_and_for_nothing_else,
    of_many_clicks_at_once_one_secures_the_account,
    sec_33_following_the_link_changes_nothing_and_the_button_does,
}
