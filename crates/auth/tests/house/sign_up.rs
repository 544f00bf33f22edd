use crate::kit::*;
use housekey::flows::sign_up::StartSignUp;
use std::time::Duration;

async fn a_code_by_mail_makes_the_account_and_signs_in() {
    let house = house().await;
    let mut ada = house.browser(1);
    let before = ada.client.clone();
    sign_up(&house, &mut ada, "Ada@Example.com").await;
    assert!(before.is_none() && is_signed_in(&house, &mut ada).await);
    let account = house.housekey.account(&ada.caller()).await.unwrap();
    assert_eq!(account.first_name.as_deref(), Some("Ada"));
    assert_eq!(account.emails.len(), 1);
    assert!(account.emails[0].primary && account.emails[0].verified);
    assert_eq!(account.emails[0].address, "Ada@example.com");
}

async fn all_faults_of_all_fields_are_told_at_once() {
    let house = house().await;
    let start = StartSignUp {
        email: "a@x,b@y".into(),
        username: String::new(),
        phone: String::new(),
        password: password("short"),
        first_name: "a\u{202e}b".into(),
        last_name: String::new(),
        legal_accepted: false,
        return_to: None,
        hidden: String::new(),
        shown: String::new(),
    };
    let done = house.housekey.sign_up_start(&house.browser(1).caller(), start).await;
    assert_eq!(refusal(done), "email:email_malformed first_name:name_not_shown password:password_too_short");
}

async fn sec_21_a_taken_address_gets_the_normal_answer_and_its_owner_a_mail_that_signs_in() {
    let house = house().await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    let mut again = house.browser(2);
    let mut stranger = house.browser(3);
    let started = house.housekey.sign_up_start(&again.caller(), sign_up_as(ADA)).await.unwrap();
    let taken = again.keep(started);
    let started = house.housekey.sign_up_start(&stranger.caller(), sign_up_as("new@example.com")).await.unwrap();
    let free = stranger.keep(started);
    let (taken, free) = (taken.code.unwrap(), free.code.unwrap());
    assert_eq!((taken.sent, taken.expires), (free.sent, free.expires));
    let mail = house.mail_to(ADA).await.unwrap();
    assert!(mail.subject.as_str().to_lowercase().contains("already") || mail.text.contains("already"), "{}", mail.text);
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.sign_up_code(&again.caller(), None, &code).await.unwrap();
    assert!(again.keep(done).done.is_some());
    // The password that was typed into the sign-up opens nothing; the owner's still does.
    let account = house.housekey.account(&again.caller()).await.unwrap();
    assert_eq!(account.emails[0].address, ADA);
}

async fn sec_25_an_attacker_who_signs_up_first_with_a_victims_address_gets_nothing() {
    let house = house().await;
    let mut eve = house.browser(66);
    let started = house.housekey.sign_up_start(&eve.caller(), sign_up_as(ADA)).await.unwrap();
    eve.keep(started);
    let eves_code = house.code_to(ADA).await.unwrap();
    let mut ada = house.browser(1);
    let started = house.housekey.sign_up_start(&ada.caller(), sign_up_as(ADA)).await.unwrap();
    ada.keep(started);
    // Eve's code, typed by Ada in her own browser, proves nothing there.
    assert_eq!(refusal(house.housekey.sign_up_code(&ada.caller(), None, &eves_code).await), "code_incorrect");
    let code = house.code_to(ADA).await.unwrap();
    assert_eq!(refusal(house.housekey.sign_up_code(&eve.caller(), None, &code).await), "code_incorrect");
    let done = house.housekey.sign_up_code(&ada.caller(), None, &code).await.unwrap();
    ada.keep(done);
    assert!(is_signed_in(&house, &mut ada).await && !is_signed_in(&house, &mut eve).await);
}

async fn sec_31_35_a_code_dies_after_ten_minutes_or_five_tries() {
    let house = house().await;
    let mut ada = house.browser(1);
    let started = house.housekey.sign_up_start(&ada.caller(), sign_up_as(ADA)).await.unwrap();
    ada.keep(started);
    let code = house.code_to(ADA).await.unwrap();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        assert_eq!(refusal(house.housekey.sign_up_code(&ada.caller(), None, wrong).await), "code_incorrect");
    }
    assert_eq!(refusal(house.housekey.sign_up_code(&ada.caller(), None, &code).await), "code_expired");
    house.clock.advance(Duration::from_secs(60));
    house.housekey.sign_up_send_code(&ada.caller(), None).await.unwrap();
    let code = house.code_to(ADA).await.unwrap();
    house.clock.advance(Duration::from_secs(600));
    assert_eq!(refusal(house.housekey.sign_up_code(&ada.caller(), None, &code).await), "code_expired");
}

async fn of_two_sign_ups_of_one_address_one_makes_it_and_the_other_signs_in_as_it() {
    let house = house().await;
    let (mut one, mut two) = (house.browser(1), house.browser(2));
    let started = house.housekey.sign_up_start(&one.caller(), sign_up_as(ADA)).await.unwrap();
    one.keep(started);
    let first = house.code_to(ADA).await.unwrap();
    let started = house.housekey.sign_up_start(&two.caller(), sign_up_as(ADA)).await.unwrap();
    two.keep(started);
    let second = house.code_to(ADA).await.unwrap();
    let (a, b) = (one.caller(), two.caller());
    let (a, b) =
        tokio::join!(house.housekey.sign_up_code(&a, None, &first), house.housekey.sign_up_code(&b, None, &second));
    one.keep(a.unwrap());
    two.keep(b.unwrap());
    let (one, two) = (one.caller(), two.caller());
    let (one, two) = (house.housekey.account(&one).await.unwrap(), house.housekey.account(&two).await.unwrap());
    assert_eq!(one.user, two.user);
}

on_both!(
    a_code_by_mail_makes_the_account_and_signs_in,
    all_faults_of_all_fields_are_told_at_once,
    sec_21_a_taken_address_gets_the_normal_answer_and_its_owner_a_mail_that_signs_in,
    sec_25_an_attacker_who_signs_up_first_with_a_victims_address_gets_nothing,
    sec_31_35_a_code_dies_after_ten_minutes_or_five_tries,
    of_two_sign_ups_of_one_address_one_makes_it_and_the_other_signs_in_as_it,
);
