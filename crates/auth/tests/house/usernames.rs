//! Usernames: signing up and in by one, changing it, and what a stranger learns.

use crate::{
    kit::*,
    web::{Web, web_with},
};
use housekey::{
    Error,
    flows::sign_up::StartSignUp,
    settings::{Settings, SignUpMode, Use},
    testkit::{Browser, TestHouse},
};
use std::time::Duration;

const NAME: &str = "Ada_L";

fn named(email: Use, username: Use) -> Settings {
    let mut settings = roomy();
    settings.identifiers.email = email;
    settings.identifiers.username = username;
    settings
}

fn sign_up_named(address: &str, username: &str) -> StartSignUp {
    StartSignUp { username: username.into(), ..sign_up_as(address) }
}

async fn signed_up(house: &TestHouse, browser: &mut Browser, address: &str, username: &str) {
    let started = house.housekey.sign_up_start(&browser.caller(), sign_up_named(address, username)).await.unwrap();
    browser.keep(started);
    let code = house.code_to(address).await.unwrap();
    let done = house.housekey.sign_up_code(&browser.caller(), None, &code).await.unwrap();
    assert!(browser.keep(done).done.is_some());
}

async fn begun_at(house: &TestHouse, browser: &mut Browser, address: &str, username: &str) -> String {
    let done = house.housekey.sign_up_start(&browser.caller(), sign_up_named(address, username)).await;
    match done {
        Ok(outcome) => {
            browser.keep(outcome);
            "ok".into()
        }
        refused => refusal(refused),
    }
}

async fn one_field_takes_the_username_in_any_case_and_the_address() {
    let house = house_with(named(Use::Required, Use::Optional)).await;
    signed_up(&house, &mut house.browser(1), ADA, NAME).await;
    for (at, name) in [(2, NAME), (3, "ada_l"), (4, "ADA_L"), (5, ADA)] {
        assert!(
            try_password(&house, &mut house.browser(at), name, PASSWORD).await.unwrap().session.is_some(),
            "{name}"
        );
    }
    let account = try_password(&house, &mut house.browser(6), NAME, "wrong wrong wrong").await;
    assert_eq!(refusal(account), "password_or_identifier_incorrect");
}

async fn without_the_setting_a_username_names_nobody() {
    let house = house().await;
    let begun = house.housekey.sign_in_start(&house.browser(1).caller(), start_as(NAME)).await;
    assert_eq!(refusal(begun), "identifier:email_malformed");
    let begun = house.housekey.sign_up_start(&house.browser(1).caller(), sign_up_named(ADA, NAME)).await;
    assert_eq!(refusal(begun), "username:username_off");
}

async fn what_is_taken_reserved_or_misshapen_is_told_before_a_code_is_sent() {
    let house = house_with(named(Use::Required, Use::Required)).await;
    signed_up(&house, &mut house.browser(1), ADA, NAME).await;
    let outbox = house.caught.outbox().len();
    for (name, refused) in [
        ("ada_l", "username:username_taken"),
        ("ADA_L", "username:username_taken"),
        ("adm1n", "username:username_taken"),
        ("", "username:username_missing"),
        ("abc", "username:username_length"),
        ("\u{410}da_L", "username:username_character"),
        ("ada l", "username:username_character"),
        ("4915112345678", "username:username_no_letter"),
    ] {
        assert_eq!(begun_at(&house, &mut house.browser(2), "bob@example.com", name).await, refused, "{name}");
    }
    house.deliver().await;
    assert_eq!(house.caught.outbox().len(), outbox, "nothing was sent");
    let both = StartSignUp { email: "a@x,b@y".into(), ..sign_up_named(ADA, "x y") };
    let done = house.housekey.sign_up_start(&house.browser(3).caller(), both).await;
    assert_eq!(refusal(done), "email:email_malformed username:username_character", "all faults at once");
}

async fn of_two_who_want_one_name_at_once_one_gets_it() {
    let house = house_with(named(Use::Required, Use::Required)).await;
    let (mut one, mut two) = (house.browser(1), house.browser(2));
    assert_eq!(begun_at(&house, &mut one, "one@example.com", "wanted").await, "ok");
    assert_eq!(begun_at(&house, &mut two, "two@example.com", "Wanted").await, "ok");
    let (first, second) =
        (house.code_to("one@example.com").await.unwrap(), house.code_to("two@example.com").await.unwrap());
    let (a, b) = (one.caller(), two.caller());
    let (a, b) =
        tokio::join!(house.housekey.sign_up_code(&a, None, &first), house.housekey.sign_up_code(&b, None, &second));
    let mut told = [refusal(a), refusal(b)];
    told.sort();
    assert_eq!(told, ["ok", "username:username_taken"]);
}

async fn sec_20_a_strange_username_costs_and_tells_what_a_known_one_does() {
    let house = house_with(named(Use::Required, Use::Optional)).await;
    signed_up(&house, &mut house.browser(1), ADA, NAME).await;
    house.clock.advance(Duration::from_secs(3600));
    let _ = try_password(&house, &mut house.browser(200), "warm_up", "wrong wrong wrong").await;
    let mut all = Vec::new();
    for (at, name) in [(10, NAME), (11, "Eve_L")] {
        let mut browser = house.browser(at);
        let before = house.spent();
        let started = house.housekey.sign_in_start(&browser.caller(), start_as(name)).await.unwrap();
        let view = browser.keep(started);
        let mut told = vec![format!("{:?} {:?}", view.status, view.offered)];
        for _ in 0..11 {
            let done = house.housekey.sign_in_password(&browser.caller(), password("wrong wrong wrong")).await;
            told.push(refusal(done));
        }
        let strategy = housekey::core::sign_in::Strategy::EmailCode;
        told.push(refusal(house.housekey.sign_in_send_code(&browser.caller(), strategy).await));
        let after = house.spent();
        let cost = (after.0.statements - before.0.statements, after.0.commits - before.0.commits, after.1 - before.1);
        all.push((told, cost));
    }
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0].0.last().unwrap(), "strategy:strategy_not_offered", "no mailbox is touched by a username");
}

async fn a_username_is_changed_with_a_fresh_factor_and_its_owner_is_told() {
    let house = house_with(named(Use::Required, Use::Optional)).await;
    let mut ada = house.browser(1);
    signed_up(&house, &mut ada, ADA, NAME).await;
    signed_up(&house, &mut house.browser(2), "bob@example.com", "bobby").await;
    let set =
        async |ada: &mut Browser, name: &str| refusal(house.housekey.account_set_username(&ada.caller(), name).await);
    house.clock.advance(Duration::from_secs(301));
    assert!(matches!(house.housekey.account_set_username(&ada.caller(), "countess").await, Err(Error::Stale)));
    let fresh = house.housekey.step_up_password(&ada.caller(), password(PASSWORD)).await.unwrap();
    ada.keep(fresh);
    assert_eq!(set(&mut ada, "BOBBY").await, "username:username_taken");
    assert_eq!(set(&mut ada, "support").await, "username:username_taken");
    assert_eq!(set(&mut ada, "ADA_L").await, "ok", "one's own in another case");
    assert_eq!(set(&mut ada, "countess").await, "ok");
    let notice = house.mail_to(ADA).await.unwrap();
    assert!(notice.text.contains("username") && notice.text.contains("/not-me?token="), "{}", notice.text);
    assert!(try_password(&house, &mut house.browser(3), "countess", PASSWORD).await.is_ok());
    assert!(try_password(&house, &mut house.browser(3), NAME, PASSWORD).await.is_err(), "the former one is nobody");
    assert_eq!(set(&mut ada, "").await, "ok");
    assert_eq!(house.housekey.account(&ada.caller()).await.unwrap().username, None);
}

async fn a_username_alone_makes_an_account_that_gets_an_address_later() {
    let web = web_with(named(Use::Optional, Use::Required)).await;
    let ada = web.jar(1);
    let page = ada.get("/sign-up").await.body;
    assert!(page.contains("name=\"username\"") && page.contains("Not needed."), "{page}");
    let missing = ada.form("/sign-up", &[("email", ""), ("username", ""), ("password", PASSWORD)]).await;
    assert!(missing.body.contains("Choose a username."), "{}", missing.body);
    let done = ada.form("/sign-up", &[("email", ""), ("username", NAME), ("password", PASSWORD)]).await;
    assert_eq!(done.to(), "/account", "{}", done.body);
    let page = ada.get("/account").await.body;
    assert!(page.contains("value=\"Ada_L\"") && !page.contains("Primary e-mail"), "{page}");
    // Nothing else would name the account, and no mail can help it.
    let empty = ada.form("/account/username", &[("username", "")]).await;
    assert!(empty.body.contains("Choose a username."), "{}", empty.body);
    let step_up = ada.get("/step-up").await.body;
    assert!(step_up.contains(NAME) && !step_up.contains("E-mail me a code"), "{step_up}");
    proves_an_address(&web, &ada).await;
    let again = web.jar(2);
    assert_eq!(again.form("/sign-in", &[("email", "ADA_l")]).await.to(), "/sign-in/password");
    let page = again.get("/sign-in/password").await.body;
    assert!(page.contains("ADA_l") && !page.contains("E-mail me a code"), "{page}");
    assert_eq!(again.form("/sign-in/password", &[("password", PASSWORD)]).await.to(), "/account");
}

async fn proves_an_address(web: &Web, ada: &crate::web::Jar) {
    let id = crate::routes::added(ada, ADA).await;
    let code = web.house.code_to(ADA).await.unwrap();
    let done = ada.form(&format!("/account/emails/{id}/verify"), &[("code", &code)]).await;
    assert_eq!(done.to(), "/account/emails?done=email-verified");
    let page = ada.get("/account/emails").await.body;
    assert!(page.contains(">Primary</span>"), "the first proved address is where mail goes: {page}");
    let reset = web.jar(9);
    assert_eq!(reset.form("/forgot-password", &[("email", ADA)]).await.to(), "/sign-in/code");
}

async fn a_list_of_addresses_lets_nobody_by_without_one() {
    let mut settings = named(Use::Optional, Use::Required);
    settings.sign_up.mode = SignUpMode::Restricted;
    let house = house_with(settings).await;
    assert_eq!(begun_at(&house, &mut house.browser(1), "", "ada_lovelace").await, "email:email_missing");
    assert_eq!(begun_at(&house, &mut house.browser(1), ADA, "ada_lovelace").await, "not_allowed");
    for (mode, refused) in [(SignUpMode::InvitationOnly, "invitation_only"), (SignUpMode::Waitlist, "waitlist")] {
        let mut settings = named(Use::Optional, Use::Required);
        settings.sign_up.mode = mode;
        let house = house_with(settings).await;
        assert_eq!(begun_at(&house, &mut house.browser(1), "", "ada_lovelace").await, "email:email_missing");
        assert_eq!(begun_at(&house, &mut house.browser(1), ADA, "ada_lovelace").await, refused);
    }
}

async fn on_the_page_a_name_that_somebody_took_meanwhile_is_told() {
    let web = web_with(named(Use::Required, Use::Required)).await;
    let (one, two) = (web.jar(1), web.jar(2));
    for (jar, address) in [(&one, "one@example.com"), (&two, "two@example.com")] {
        let fields = [("email", address), ("username", "wanted"), ("password", PASSWORD)];
        assert_eq!(jar.form("/sign-up", &fields).await.to(), "/sign-up/code");
    }
    let code = web.house.code_to("one@example.com").await.unwrap();
    assert_eq!(one.form("/sign-up/code", &[("code", &code)]).await.to(), "/account");
    let code = web.house.code_to("two@example.com").await.unwrap();
    let told = two.form("/sign-up/code", &[("code", &code)]).await;
    assert!(told.body.contains("That username is taken"), "{}", told.body);
}

on_both!(
    one_field_takes_the_username_in_any_case_and_the_address,
    without_the_setting_a_username_names_nobody,
    what_is_taken_reserved_or_misshapen_is_told_before_a_code_is_sent,
    of_two_who_want_one_name_at_once_one_gets_it,
    sec_20_a_strange_username_costs_and_tells_what_a_known_one_does,
    a_username_is_changed_with_a_fresh_factor_and_its_owner_is_told,
    a_username_alone_makes_an_account_that_gets_an_address_later,
    a_list_of_addresses_lets_nobody_by_without_one,
    on_the_page_a_name_that_somebody_took_meanwhile_is_told,
);
