use crate::kit::*;
use housekey::Error;
use std::time::Duration;

const NEW: &str = "ada@new.example";

fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

async fn sec_46_risky_changes_need_a_fresh_factor() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    house.clock.advance(minutes(6));
    let stale = |done: Result<(), Error>| assert!(matches!(done, Err(Error::Stale)), "{done:?}");
    stale(house.housekey.email_add(&ada.caller(), NEW).await.map(drop));
    stale(house.housekey.password_change(&ada.caller(), None, password("another lantern tide")).await.map(drop));
    let id = house.housekey.account(&ada.caller()).await.unwrap().emails[0].id.clone();
    stale(house.housekey.email_remove(&ada.caller(), &id).await);
    let mut thief = ada.copy();
    let fresh = house.housekey.step_up_password(&ada.caller(), password(PASSWORD)).await.unwrap();
    ada.keep(fresh);
    assert!(!is_signed_in(&house, &mut thief).await, "the secret is new after a step-up");
    assert!(house.housekey.email_add(&ada.caller(), NEW).await.is_ok());
}

async fn sec_46_a_mailed_code_makes_fresh_and_a_wrong_password_does_not() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    house.clock.advance(minutes(60));
    let wrong = house.housekey.step_up_password(&ada.caller(), password("wrong wrong wrong")).await;
    assert_eq!(refusal(wrong), "password_or_identifier_incorrect");
    house.housekey.step_up_send_code(&ada.caller()).await.unwrap();
    let code = house.code_to(ADA).await.unwrap();
    let fresh = house.housekey.step_up_code(&ada.caller(), &code).await.unwrap();
    ada.keep(fresh);
    assert!(house.housekey.account(&ada.caller()).await.unwrap().fresh);
}

async fn sec_26_a_changed_primary_address_ends_other_sessions_and_can_be_undone_by_the_old_one() {
    let house = house().await;
    let (mut ada, mut other) = (house.browser(1), house.browser(2));
    sign_up(&house, &mut ada, ADA).await;
    try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    let id = house.housekey.email_add(&ada.caller(), NEW).await.unwrap();
    assert_eq!(refusal(house.housekey.email_make_primary(&ada.caller(), &id).await), "email:email_not_verified");
    assert!(
        try_password(&house, &mut house.browser(9), NEW, PASSWORD).await.is_err(),
        "an unproved address is no way in"
    );
    let code = house.code_to(NEW).await.unwrap();
    house.housekey.email_verify(&ada.caller(), &id, &code).await.unwrap();
    house.housekey.email_make_primary(&ada.caller(), &id).await.unwrap();
    assert!(is_signed_in(&house, &mut ada).await && !is_signed_in(&house, &mut other).await);

    let notice = house.mail_to(ADA).await.unwrap().text;
    let token = notice.split("token=").nth(1).unwrap().split_whitespace().next().unwrap();
    let token = token.trim_end_matches(['.', ')', '>']).to_owned();
    assert_eq!(house.housekey.email_undo_shown(&token).await.unwrap(), "a•••@example.com");
    assert!(is_signed_in(&house, &mut ada).await, "looking changes nothing");
    house.clock.advance(Duration::from_secs(71 * 3600));
    house.housekey.email_undo(&house.browser(3).caller(), &token).await.unwrap();
    assert!(!is_signed_in(&house, &mut ada).await);
    assert_eq!(refusal(house.housekey.email_undo(&house.browser(3).caller(), &token).await), "link_expired");
    assert!(try_password(&house, &mut house.browser(4), NEW, PASSWORD).await.is_err());
    assert!(
        try_password(&house, &mut house.browser(4), ADA, PASSWORD).await.is_err(),
        "the password may be the thief's"
    );
}

async fn sec_26_after_72_hours_the_undo_is_over() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let id = house.housekey.email_add(&ada.caller(), NEW).await.unwrap();
    let code = house.code_to(NEW).await.unwrap();
    house.housekey.email_verify(&ada.caller(), &id, &code).await.unwrap();
    house.housekey.email_make_primary(&ada.caller(), &id).await.unwrap();
    let notice = house.mail_to(ADA).await.unwrap().text;
    let token = notice.split("token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    house.clock.advance(Duration::from_secs(72 * 3600));
    assert_eq!(refusal(house.housekey.email_undo_shown(&token).await), "link_expired");
}

async fn sec_25_a_proved_address_of_somebody_else_cannot_be_taken() {
    let house = house().await;
    let (mut ada, mut eve) = (house.browser(1), house.browser(2));
    sign_up(&house, &mut ada, ADA).await;
    sign_up(&house, &mut eve, "eve@example.com").await;
    let id = house.housekey.email_add(&eve.caller(), ADA).await.unwrap();
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.email_verify(&eve.caller(), &id, &code).await;
    assert_eq!(refusal(done), "email:email_of_another_account");
    let foreign = house.housekey.account(&ada.caller()).await.unwrap().emails[0].id.clone();
    assert!(matches!(house.housekey.email_remove(&eve.caller(), &foreign).await, Err(Error::NotFound)));
    assert!(matches!(house.housekey.email_send_code(&eve.caller(), &foreign).await, Err(Error::NotFound)));
}

async fn the_last_way_in_cannot_be_removed() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let id = house.housekey.account(&ada.caller()).await.unwrap().emails[0].id.clone();
    assert_eq!(refusal(house.housekey.email_remove(&ada.caller(), &id).await), "last_way_in");
}

async fn sec_7_a_changed_password_ends_all_other_sessions_and_is_told() {
    let house = house().await;
    let (mut ada, mut other) = (house.browser(1), house.browser(2));
    sign_up(&house, &mut ada, ADA).await;
    try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    house.clock.advance(minutes(30));
    let caller = ada.caller();
    let wrong = password("wrong wrong wrong");
    let wrong = house.housekey.password_change(&caller, Some(wrong), password("another lantern tide")).await;
    assert_eq!(refusal(wrong), "password_or_identifier_incorrect");
    let mut thief = ada.copy();
    let done =
        house.housekey.password_change(&ada.caller(), Some(password(PASSWORD)), password("another lantern tide")).await;
    ada.keep(done.unwrap());
    assert!(is_signed_in(&house, &mut ada).await);
    assert!(!is_signed_in(&house, &mut other).await && !is_signed_in(&house, &mut thief).await);
    assert!(house.mail_to(ADA).await.unwrap().subject.as_str().to_lowercase().contains("password"));
    assert!(try_password(&house, &mut house.browser(3), ADA, "another lantern tide").await.is_ok());
}

async fn sec_45_sessions_are_listed_and_ended_by_their_owner_alone() {
    let house = house().await;
    let (mut ada, mut other, mut eve) = (house.browser(1), house.browser(2), house.browser(3));
    sign_up(&house, &mut ada, ADA).await;
    try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    sign_up(&house, &mut eve, "eve@example.com").await;
    let list = house.housekey.session_list(&ada.caller()).await.unwrap();
    assert_eq!(list.len(), 2);
    assert_eq!(list.iter().filter(|s| s.current).count(), 1);
    let theirs = list.iter().find(|s| !s.current).unwrap();
    assert_eq!(theirs.facts.address, "203.0.113.2");
    assert!(matches!(house.housekey.session_revoke(&eve.caller(), &theirs.id).await, Err(Error::NotFound)));
    house.housekey.session_revoke(&ada.caller(), &theirs.id).await.unwrap();
    assert!(!is_signed_in(&house, &mut other).await && is_signed_in(&house, &mut ada).await);
}

on_both!(
    sec_46_risky_changes_need_a_fresh_factor,
    sec_46_a_mailed_code_makes_fresh_and_a_wrong_password_does_not,
    sec_26_a_changed_primary_address_ends_other_sessions_and_can_be_undone_by_the_old_one,
    sec_26_after_72_hours_the_undo_is_over,
    sec_25_a_proved_address_of_somebody_else_cannot_be_taken,
    the_last_way_in_cannot_be_removed,
    sec_7_a_changed_password_ends_all_other_sessions_and_is_told,
    sec_45_sessions_are_listed_and_ended_by_their_owner_alone,
);
