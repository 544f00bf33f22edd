//! Mailed links: tied to the browser that asked, followed by a button, once, and for what they were sent for alone.

use crate::{
    kit::*,
    second_factor::enroll,
    web::{Web, web_with},
};
use housekey::{
    core::{policy::MailedProof, sign_in::Strategy},
    flows::{
        mailed_links::LinkStands,
        sign_in::{SignInStatus, SignInView},
    },
    settings::Settings,
    testkit::{Browser, TestHouse},
};
use http::StatusCode;
use std::time::Duration;

pub fn by(mailbox: MailedProof) -> Settings {
    Settings { mailbox, ..roomy() }
}

/// The token of the link in the newest letter to this address.
pub async fn link_to(house: &TestHouse, address: &str) -> String {
    let text = house.mail_to(address).await.unwrap().text;
    let (_, rest) = text.split_once("/link?token=").unwrap_or_else(|| panic!("{text}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

async fn ask(house: &TestHouse, browser: &mut Browser, address: &str) -> SignInView {
    let started = house.housekey.sign_in_start(&browser.caller(), start_as(address)).await.unwrap();
    browser.keep(started);
    let sent = house.housekey.sign_in_send_code(&browser.caller(), Strategy::EmailLink).await.unwrap();
    browser.keep(sent)
}

async fn code_elsewhere(house: &TestHouse, browser: &mut Browser, token: &str) -> String {
    match house.housekey.mailed_link_shown(&browser.caller(), token).await.unwrap().stands {
        LinkStands::Elsewhere(code) => code.expose().clone(),
        LinkStands::Here => panic!("it is the browser that asked"),
        LinkStands::Expired => panic!("it is too old"),
    }
}

async fn a_link_signs_in_on_the_browser_that_asked() {
    let house = house_with(by(MailedProof::Link)).await;
    sign_up_by_link(&house, &mut house.browser(1)).await;
    let mut ada = house.browser(2);
    let sent = ask(&house, &mut ada, ADA).await;
    assert_eq!(sent.code.unwrap().0, Strategy::EmailLink);
    assert!(house.code_to(ADA).await.is_none(), "a link alone is a way in here");
    let token = link_to(&house, ADA).await;
    let shown = house.housekey.mailed_link_shown(&ada.caller(), &token).await.unwrap();
    assert!(shown.to == "a•••@example.com" && matches!(shown.stands, LinkStands::Here));
    assert!(!is_signed_in(&house, &mut ada).await, "looking signs nobody in");
    let done = house.housekey.sign_in_follow(&ada.caller(), &token).await.unwrap();
    let view = ada.keep(done);
    assert_eq!((view.status, view.first), (SignInStatus::Complete, Some(Strategy::EmailLink)));
    assert!(is_signed_in(&house, &mut ada).await);
    let again = house.housekey.sign_in_follow(&ada.caller(), &token).await;
    assert_eq!(refusal(again), "link_expired", "once");
    assert_eq!(refusal(house.housekey.mailed_link_shown(&ada.caller(), &token).await.map(drop)), "link_expired");
}

async fn sign_up_by_link(house: &TestHouse, browser: &mut Browser) {
    let started = house.housekey.sign_up_start(&browser.caller(), sign_up_as(ADA)).await.unwrap();
    browser.keep(started);
    let token = link_to(house, ADA).await;
    let done = house.housekey.sign_up_follow(&browser.caller(), &token).await.unwrap();
    assert!(browser.keep(done).done.is_some());
    house.clock.advance(Duration::from_secs(60));
}

async fn sec_34_in_another_browser_it_shows_a_code_for_the_first_one() {
    let house = house_with(by(MailedProof::Link)).await;
    sign_up_by_link(&house, &mut house.browser(1)).await;
    let (mut ada, mut phone) = (house.browser(2), house.browser(3));
    ask(&house, &mut ada, ADA).await;
    let token = link_to(&house, ADA).await;
    // The other browser has a client and a live sign-in of its own, and is another one all the same.
    ask(&house, &mut phone, "bob@example.com").await;
    let code = code_elsewhere(&house, &mut phone, &token).await;
    assert_eq!(code, code_elsewhere(&house, &mut house.browser(4), &token).await, "the same, however often");
    let stolen = house.housekey.sign_in_follow(&phone.caller(), &token).await;
    assert_eq!(refusal(stolen), "link_expired");
    assert!(!is_signed_in(&house, &mut phone).await);
    assert_eq!(refusal(house.housekey.sign_in_code(&phone.caller(), &code).await), "code_incorrect");
    let done = house.housekey.sign_in_code(&ada.caller(), &code).await.unwrap();
    assert_eq!(ada.keep(done).status, SignInStatus::Complete);
    let again = house.housekey.sign_in_follow(&ada.caller(), &token).await;
    assert_eq!(refusal(again), "link_expired", "the code used the link up");
}

async fn where_both_are_on_one_mail_carries_both_and_either_works() {
    let house = house_with(by(MailedProof::Both)).await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    for (number, follow) in [(2, true), (3, false)] {
        let mut ada = house.browser(number);
        let started = house.housekey.sign_in_start(&ada.caller(), start_as(ADA)).await.unwrap();
        let offered = ada.keep(started).offered;
        assert!(offered.contains(&Strategy::EmailCode) && offered.contains(&Strategy::EmailLink));
        let sent = house.housekey.sign_in_send_code(&ada.caller(), Strategy::EmailCode).await.unwrap();
        ada.keep(sent);
        let (code, token) = (house.code_to(ADA).await.unwrap(), link_to(&house, ADA).await);
        assert_eq!(code_elsewhere(&house, &mut house.browser(9), &token).await, code, "one code, wherever it is read");
        let done = match follow {
            true => house.housekey.sign_in_follow(&ada.caller(), &token).await.unwrap(),
            false => house.housekey.sign_in_code(&ada.caller(), &code).await.unwrap(),
        };
        assert_eq!(ada.keep(done).status, SignInStatus::Complete);
    }
}

async fn where_only_codes_are_on_nothing_carries_a_link() {
    let house = house_with(by(MailedProof::Code)).await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    let mut ada = house.browser(2);
    let started = house.housekey.sign_in_start(&ada.caller(), start_as(ADA)).await.unwrap();
    ada.keep(started);
    let refused = house.housekey.sign_in_send_code(&ada.caller(), Strategy::EmailLink).await;
    assert_eq!(refusal(refused), "strategy:strategy_not_offered");
    let sent = house.housekey.sign_in_send_code(&ada.caller(), Strategy::EmailCode).await.unwrap();
    ada.keep(sent);
    assert!(!house.mail_to(ADA).await.unwrap().text.contains("http"));
}

async fn sec_31_a_newer_link_cancels_the_older_and_ten_minutes_end_it() {
    let house = house_with(by(MailedProof::Link)).await;
    sign_up_by_link(&house, &mut house.browser(1)).await;
    let mut ada = house.browser(2);
    ask(&house, &mut ada, ADA).await;
    let old = link_to(&house, ADA).await;
    house.clock.advance(Duration::from_secs(31));
    let sent = house.housekey.sign_in_send_code(&ada.caller(), Strategy::EmailLink).await.unwrap();
    ada.keep(sent);
    let new = link_to(&house, ADA).await;
    assert_ne!(old, new);
    assert_eq!(refusal(house.housekey.sign_in_follow(&ada.caller(), &old).await), "link_expired");
    house.clock.advance(Duration::from_secs(601));
    assert!(matches!(house.housekey.mailed_link_shown(&ada.caller(), &new).await.unwrap().stands, LinkStands::Expired));
    assert_eq!(refusal(house.housekey.sign_in_follow(&ada.caller(), &new).await), "link_expired");
    assert!(!is_signed_in(&house, &mut ada).await);
}

async fn sec_32_of_twenty_who_follow_at_once_one_gets_in() {
    let house = house_with(by(MailedProof::Link)).await;
    sign_up_by_link(&house, &mut house.browser(1)).await;
    let mut ada = house.browser(2);
    ask(&house, &mut ada, ADA).await;
    let token = link_to(&house, ADA).await;
    let clicks: Vec<_> = (0..20)
        .map(|_| {
            let (housekey, caller, token) = (house.housekey.clone(), ada.caller(), token.clone());
            tokio::spawn(async move { housekey.sign_in_follow(&caller, &token).await })
        })
        .collect();
    let mut opened = 0;
    for click in clicks {
        opened += usize::from(click.await.unwrap().is_ok_and(|done| done.value.session.is_some()));
    }
    assert_eq!(opened, 1);
}

async fn a_double_click_gets_the_answer_of_the_first() {
    let house = house_with(by(MailedProof::Link)).await;
    sign_up_by_link(&house, &mut house.browser(1)).await;
    let mut ada = house.browser(2);
    ask(&house, &mut ada, ADA).await;
    let token = link_to(&house, ADA).await;
    let (first, second) = (ada.caller(), ada.repeat());
    let one = house.housekey.sign_in_follow(&first, &token).await.unwrap();
    let other = house.housekey.sign_in_follow(&second, &token).await.unwrap();
    assert_eq!(one.value, other.value);
    ada.keep(other);
    assert!(is_signed_in(&house, &mut ada).await);
}

async fn sec_30_a_link_is_good_for_what_it_was_sent_for_alone() {
    let house = house_with(by(MailedProof::Both)).await;
    let mut signed_in = house.browser(1);
    sign_up(&house, &mut signed_in, ADA).await;
    let mut ada = house.browser(2);
    let started = house.housekey.reset_start(&ada.caller(), start_as(ADA)).await.unwrap();
    ada.keep(started);
    let reset = link_to(&house, ADA).await;
    assert_eq!(refusal(house.housekey.sign_up_follow(&ada.caller(), &reset).await), "link_expired");
    assert_eq!(refusal(house.housekey.not_me_shown(&reset).await), "link_expired");
    assert_eq!(refusal(house.housekey.email_undo_shown(&reset).await), "link_expired");
    assert_eq!(refusal(house.housekey.email_follow(&signed_in.caller(), &reset).await), "link_expired");
    let middle = reset.len() - 10;
    let other = if reset.as_bytes()[middle] == b'A' { "B" } else { "A" };
    let forged = format!("{}{other}{}", &reset[..middle], &reset[middle + 1..]);
    for bad in [forged.as_str(), "", "ver_1.a", &"a".repeat(5000)] {
        assert_eq!(refusal(house.housekey.sign_in_follow(&ada.caller(), bad).await), "link_expired", "{bad}");
    }
    let done = house.housekey.sign_in_follow(&ada.caller(), &reset).await.unwrap();
    assert_eq!(ada.keep(done).status, SignInStatus::NeedsNewPassword, "a link of a reset signs nobody in");
    let new = password("another lantern tide");
    let done = house.housekey.sign_in_new_password(&ada.caller(), new).await.unwrap();
    assert_eq!(ada.keep(done).status, SignInStatus::Complete);
}

async fn sec_38_a_link_is_a_first_factor_alone() {
    let house = house_with(by(MailedProof::Both)).await;
    let mut first = house.browser(1);
    sign_up(&house, &mut first, ADA).await;
    enroll(&house, &mut first).await;
    let mut ada = house.browser(2);
    ask(&house, &mut ada, ADA).await;
    let token = link_to(&house, ADA).await;
    let done = house.housekey.sign_in_follow(&ada.caller(), &token).await.unwrap();
    assert_eq!(ada.keep(done).status, SignInStatus::NeedsSecondFactor);
    assert!(!is_signed_in(&house, &mut ada).await);
}

async fn an_added_address_is_proved_by_its_link_for_its_owner_alone() {
    let house = house_with(by(MailedProof::Link)).await;
    let mut ada = house.browser(1);
    sign_up_by_link(&house, &mut ada).await;
    house.housekey.email_add(&ada.caller(), "ada@new.example").await.unwrap();
    let token = link_to(&house, "ada@new.example").await;
    let elsewhere = house.housekey.email_follow(&house.browser(2).caller(), &token).await;
    assert_eq!(refusal(elsewhere), "signed out");
    house.housekey.email_follow(&ada.caller(), &token).await.unwrap();
    let account = house.housekey.account(&ada.caller()).await.unwrap();
    assert!(account.emails.iter().all(|email| email.verified));
    assert_eq!(refusal(house.housekey.email_follow(&ada.caller(), &token).await), "link_expired");
}

async fn sec_20_a_stranger_who_asks_for_a_link_costs_the_same() {
    let house = house_with(by(MailedProof::Both)).await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    house.clock.advance(Duration::from_secs(3600));
    ask(&house, &mut house.browser(9), "warm@example.com").await;
    let mut costs = Vec::new();
    for (at, address) in [(10, ADA), (11, "nobody@example.com")] {
        let mut browser = house.browser(at);
        let before = house.spent();
        let view = ask(&house, &mut browser, address).await;
        let after = house.spent();
        let told = format!("{:?} {:?}", view.offered, view.code.map(|(by, sent)| (by, sent.expires)));
        costs.push((told, after.0.statements - before.0.statements, after.0.commits - before.0.commits));
    }
    assert_eq!(costs[0], costs[1]);
    house.deliver().await;
    assert!(house.caught.outbox().iter().all(|m| m.to.canonical() != "nobody@example.com"), "mail to a stranger");
}

async fn sec_102_neither_link_nor_code_lies_in_the_database() {
    let database = database().await;
    let house = TestHouse::over(database.open(), by(MailedProof::Both)).await.unwrap();
    sign_up(&house, &mut house.browser(1), ADA).await;
    let mut ada = house.browser(2);
    ask(&house, &mut ada, ADA).await;
    let (code, token) = (house.code_to(ADA).await.unwrap(), link_to(&house, ADA).await);
    let rows = database.rows().await["housekey_verification"].join("\n");
    assert!(!rows.contains(&code) && !rows.contains(token.split_once('.').unwrap().1));
}

async fn sec_33_a_scanner_uses_nothing_up_and_the_button_does() {
    let web: Web = web_with(by(MailedProof::Both)).await;
    web.signed_up(1, ADA).await;
    let ada = web.jar(2);
    ada.form("/sign-in", &[("email", ADA)]).await;
    assert!(ada.get("/sign-in/password").await.body.contains("E-mail me a code or a link"));
    let sent = ada.form("/sign-in/code/send", &[]).await;
    assert_eq!(sent.to(), "/sign-in/code");
    assert!(ada.get("/sign-in/code").await.body.contains("follow the link in this browser"));
    let token = link_to(&web.house, ADA).await;
    let before = web.database.rows().await;
    // A scanner follows the link and whatever it is led to, and presses what it finds without the page's own form.
    let scanner = web.jar(3);
    for _ in 0..3 {
        let followed = scanner.get(&format!("/link?token={token}")).await;
        assert_eq!(followed.to(), "/link", "the token leaves the address");
        let page = scanner.get("/link").await;
        assert!(page.status == StatusCode::OK && page.body.contains("Enter this code in your other browser"));
        assert!(!page.body.contains(&token));
        scanner.post("/link", &[("purpose", "sign_in")]).await;
    }
    assert_eq!(before["housekey_verification"], web.database.rows().await["housekey_verification"]);
    assert!(!scanner.is_signed_in().await);
    let pressed = scanner.form("/link", &[("purpose", "sign_in")]).await;
    assert_eq!(pressed.status, StatusCode::NOT_FOUND, "not even by the button");
    let page = ada.get(&format!("/link?token={token}")).await;
    assert_eq!(page.to(), "/link");
    let page = ada.get("/link").await;
    assert!(page.body.contains("Your link signs you in") && page.body.contains("a•••@example.com"), "{}", page.body);
    assert!(!ada.is_signed_in().await);
    let wrong = ada.form("/link", &[("purpose", "sign_up")]).await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND, "for what it was sent alone");
    assert_eq!(ada.form("/link", &[("purpose", "sign_in")]).await.to(), "/account");
    assert!(ada.is_signed_in().await);
    assert_eq!(ada.get("/link").await.status, StatusCode::NOT_FOUND, "the cookie is gone with it");
    assert_eq!(ada.get("/sign-in/code").await.to(), "/sign-in", "the page that waited finds out when it looks");
}

async fn a_forgotten_password_is_replaced_by_a_link() {
    let web = web_with(by(MailedProof::Link)).await;
    let jar = web.jar(1);
    let fields = [("email", ADA), ("password", PASSWORD), ("return_to", "")];
    assert_eq!(jar.form("/sign-up", &fields).await.to(), "/sign-up/code");
    let page = jar.get("/sign-up/code").await.body;
    assert!(page.contains("Look into your mailbox") && page.contains("A link was sent"), "{page}");
    let token = link_to(&web.house, ADA).await;
    jar.get(&format!("/link?token={token}")).await;
    assert_eq!(jar.form("/link", &[("purpose", "sign_up")]).await.to(), "/account");
    let other = web.jar(2);
    other.form("/forgot-password", &[("email", ADA)]).await;
    let token = link_to(&web.house, ADA).await;
    other.get(&format!("/link?token={token}")).await;
    assert!(other.get("/link").await.body.contains("choose a new password"));
    assert_eq!(other.form("/link", &[("purpose", "reset")]).await.to(), "/sign-in/new-password");
    assert_eq!(other.form("/sign-in/new-password", &[("password", "another lantern tide")]).await.to(), "/account");
    assert!(!jar.is_signed_in().await);
}

on_both! {
    a_link_signs_in_on_the_browser_that_asked,
    sec_34_in_another_browser_it_shows_a_code_for_the_first_one,
    where_both_are_on_one_mail_carries_both_and_either_works,
    where_only_codes_are_on_nothing_carries_a_link,
    sec_31_a_newer_link_cancels_the_older_and_ten_minutes_end_it,
    sec_32_of_twenty_who_follow_at_once_one_gets_in,
    a_double_click_gets_the_answer_of_the_first,
    sec_30_a_link_is_good_for_what_it_was_sent_for_alone,
    sec_38_a_link_is_a_first_factor_alone,
    an_added_address_is_proved_by_its_link_for_its_owner_alone,
    sec_20_a_stranger_who_asks_for_a_link_costs_the_same,
    sec_102_neither_link_nor_code_lies_in_the_database,
    sec_33_a_scanner_uses_nothing_up_and_the_button_does,
    a_forgotten_password_is_replaced_by_a_link,
}
