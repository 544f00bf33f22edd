use crate::kit::*;
use housekey::Error;
use std::time::Duration;

async fn sec_43_the_secret_is_new_after_sign_in_and_the_old_one_is_dead() {
    let house = house().await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    let mut ada = house.browser(2);
    let started = house.housekey.sign_in_start(&ada.caller(), start_as(ADA)).await.unwrap();
    ada.keep(started);
    let mut thief = ada.copy();
    let done = house.housekey.sign_in_password(&ada.caller(), password(PASSWORD)).await.unwrap();
    ada.keep(done);
    assert!(is_signed_in(&house, &mut ada).await);
    assert!(!is_signed_in(&house, &mut thief).await, "a fixed secret was taken on");
    // In its ten seconds another call with it is refused outright; after them it is as if no cookie had come.
    thief.caller();
    let other = house.housekey.sign_in_start(&thief.caller(), start_as(ADA)).await;
    assert!(matches!(other, Err(Error::SignedOut)));
    house.clock.advance(Duration::from_secs(11));
    let started = house.housekey.sign_in_start(&thief.caller(), start_as(ADA)).await.unwrap();
    thief.keep(started);
    assert_ne!(thief.client.as_ref().unwrap().split('.').next(), ada.client.as_ref().unwrap().split('.').next());
}

async fn sec_43_a_double_click_gets_one_answer_twice() {
    let house = house().await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    let mut ada = house.browser(2);
    let started = house.housekey.sign_in_start(&ada.caller(), start_as(ADA)).await.unwrap();
    ada.keep(started);
    let (first, second) = (ada.caller(), ada.repeat());
    let one = house.housekey.sign_in_password(&first, password(PASSWORD)).await.unwrap();
    let two = house.housekey.sign_in_password(&second, password(PASSWORD)).await.unwrap();
    assert_eq!(one.value, two.value);
    let reveal = |o: &housekey::Outcome<_>| o.cookies.client.as_ref().unwrap().token.reveal();
    assert_eq!(reveal(&one), reveal(&two));
    let late = ada.repeat();
    house.clock.advance(Duration::from_secs(11));
    assert_eq!(refusal(house.housekey.sign_in_password(&late, password(PASSWORD)).await), "attempt_expired");
}

async fn sec_43_two_clicks_in_the_same_moment_get_one_session() {
    let house = house().await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    let mut ada = house.browser(2);
    let started = house.housekey.sign_in_start(&ada.caller(), start_as(ADA)).await.unwrap();
    ada.keep(started);
    let (first, second) = (ada.caller(), ada.repeat());
    let (one, two) = tokio::join!(
        house.housekey.sign_in_password(&first, password(PASSWORD)),
        house.housekey.sign_in_password(&second, password(PASSWORD))
    );
    assert_eq!(one.unwrap().value, two.unwrap().value);
    let mut viewer = house.browser(3);
    try_password(&house, &mut viewer, ADA, PASSWORD).await.unwrap();
    assert_eq!(house.housekey.session_list(&viewer.caller()).await.unwrap().len(), 3);
}

async fn sec_44_sign_out_ends_the_session_and_the_copied_cookie() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let mut thief = ada.copy();
    let (first, second) = (ada.caller(), ada.repeat());
    let out = house.housekey.sign_out(&first).await.unwrap();
    house.housekey.sign_out(&second).await.unwrap();
    ada.keep(out);
    assert!(!is_signed_in(&house, &mut ada).await && !is_signed_in(&house, &mut thief).await);
    assert!(ada.device.is_some(), "the device stays known");
    house.housekey.sign_out(&ada.caller()).await.unwrap();
}

on_both!(
    sec_43_the_secret_is_new_after_sign_in_and_the_old_one_is_dead,
    sec_43_a_double_click_gets_one_answer_twice,
    sec_43_two_clicks_in_the_same_moment_get_one_session,
    sec_44_sign_out_ends_the_session_and_the_copied_cookie,
);
