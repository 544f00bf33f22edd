use crate::kit::*;
use housekey::{
    Hasher,
    core::{
        password::{Argon2Cost, ImportFault},
        secret::Secret,
        sign_in::Strategy,
    },
    flows::sign_in::{SignInStatus, StartSignIn},
};
use std::time::Duration;

async fn a_password_signs_in_and_a_wrong_one_does_not() {
    let house = house().await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    let mut ada = house.browser(2);
    assert_eq!(
        refusal(try_password(&house, &mut ada, ADA, "wrong wrong wrong").await),
        "password_or_identifier_incorrect"
    );
    assert!(!is_signed_in(&house, &mut ada).await);
    let view = try_password(&house, &mut ada, "ADA@example.com", PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::Complete);
    assert!(is_signed_in(&house, &mut ada).await);
}

async fn sec_2_a_password_is_compared_composed_and_otherwise_to_the_letter() {
    let house = house().await;
    let mut ada = house.browser(1);
    let mut start = sign_up_as(ADA);
    start.password = password(" blaue brücke läuft ");
    let started = house.housekey.sign_up_start(&ada.caller(), start).await.unwrap();
    ada.keep(started);
    let code = house.code_to(ADA).await.unwrap();
    house.housekey.sign_up_code(&ada.caller(), None, &code).await.unwrap();
    let mut other = house.browser(2);
    for (typed, opens) in
        [(" blaue bru\u{308}cke la\u{308}uft ", true), ("blaue brücke läuft", false), (" Blaue brücke läuft ", false)]
    {
        assert_eq!(try_password(&house, &mut other, ADA, typed).await.is_ok(), opens, "{typed:?}");
    }
}

async fn a_mailed_code_signs_in_on_the_browser_that_asked_and_nowhere_else() {
    let house = house().await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    house.clock.advance(Duration::from_secs(3600));
    let (mut ada, mut eve) = (house.browser(2), house.browser(3));
    for browser in [&mut ada, &mut eve] {
        let started = house.housekey.sign_in_start(&browser.caller(), start_as(ADA)).await.unwrap();
        browser.keep(started);
    }
    let sent = house.housekey.sign_in_send_code(&ada.caller(), Strategy::EmailCode).await.unwrap();
    assert_eq!(ada.keep(sent).code.unwrap().1.to, "a•••@example.com");
    let code = house.code_to(ADA).await.unwrap();
    assert_eq!(refusal(house.housekey.sign_in_code(&eve.caller(), &code).await), "code_expired");
    let done = house.housekey.sign_in_code(&ada.caller(), &code).await.unwrap();
    assert_eq!(ada.keep(done).status, SignInStatus::Complete);
    assert_eq!(refusal(house.housekey.sign_in_code(&ada.caller(), &code).await), "attempt_expired");
}

async fn sec_36_a_reset_proves_the_mailbox_sets_the_password_and_ends_every_other_session() {
    let house = house().await;
    let mut old = house.browser(1);
    sign_up(&house, &mut old, ADA).await;
    house.clock.advance(Duration::from_secs(3600));
    let mut ada = house.browser(2);
    let started = house.housekey.reset_start(&ada.caller(), start_as(ADA)).await.unwrap();
    ada.keep(started);
    assert_eq!(
        refusal(house.housekey.sign_in_new_password(&ada.caller(), password("another lantern tide")).await),
        "ok"
    );
    assert!(!is_signed_in(&house, &mut ada).await, "the step before was skipped: nothing happened");
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.sign_in_code(&ada.caller(), &code).await.unwrap();
    assert_eq!(ada.keep(done).status, SignInStatus::NeedsNewPassword);
    assert!(!is_signed_in(&house, &mut ada).await, "the mailbox alone opens no session");
    assert!(is_signed_in(&house, &mut old).await);
    assert_eq!(
        refusal(house.housekey.sign_in_new_password(&ada.caller(), password("12345678")).await),
        "password:password_common"
    );
    let done = house.housekey.sign_in_new_password(&ada.caller(), password("another lantern tide")).await.unwrap();
    assert_eq!(ada.keep(done).status, SignInStatus::Complete);
    assert!(is_signed_in(&house, &mut ada).await && !is_signed_in(&house, &mut old).await);
    assert!(house.mail_to(ADA).await.unwrap().subject.as_str().to_lowercase().contains("password"));
    assert!(try_password(&house, &mut house.browser(3), ADA, PASSWORD).await.is_err());
    assert!(try_password(&house, &mut house.browser(3), ADA, "another lantern tide").await.is_ok());
}

async fn sec_36_five_minutes_after_the_code_the_reset_is_over() {
    let house = house().await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    house.clock.advance(Duration::from_secs(3600));
    let mut ada = house.browser(2);
    let started = house.housekey.reset_start(&ada.caller(), start_as(ADA)).await.unwrap();
    ada.keep(started);
    let code = house.code_to(ADA).await.unwrap();
    house.housekey.sign_in_code(&ada.caller(), &code).await.unwrap();
    house.clock.advance(Duration::from_secs(301));
    let done = house.housekey.sign_in_new_password(&ada.caller(), password("another lantern tide")).await;
    assert_eq!(refusal(done), "attempt_expired");
}

async fn sec_20_a_stranger_costs_the_same_and_is_told_the_same() {
    let house = house().await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    house.clock.advance(Duration::from_secs(3600));
    // The day's key for events is made once.
    let _ = try_password(&house, &mut house.browser(200), "warm@example.com", "wrong wrong wrong").await;
    let mut costs = Vec::new();
    for (at, address) in [(10, ADA), (11, "nobody@example.com")] {
        let mut browser = house.browser(at);
        let mut told = Vec::new();
        let mut cost = Vec::new();
        let mut last = house.spent();
        let mut step = |house: &housekey::testkit::TestHouse| {
            let now = house.spent();
            cost.push((now.0.statements - last.0.statements, now.0.commits - last.0.commits, now.1 - last.1));
            last = now;
        };
        let started = house.housekey.sign_in_start(&browser.caller(), start_as(address)).await.unwrap();
        let view = browser.keep(started);
        step(&house);
        told.push(format!("{:?} {:?}", view.status, view.offered));
        told.push(refusal(house.housekey.sign_in_password(&browser.caller(), password("wrong wrong wrong")).await));
        step(&house);
        let sent = house.housekey.sign_in_send_code(&browser.caller(), Strategy::EmailCode).await.unwrap();
        told.push(format!("{:?}", browser.keep(sent).code.map(|c| (c.0, c.1.sent, c.1.expires))));
        step(&house);
        told.push(refusal(house.housekey.sign_in_code(&browser.caller(), "000000").await));
        step(&house);
        let mut other = house.browser(at + 20);
        let reset = house.housekey.reset_start(&other.caller(), start_as(address)).await.unwrap();
        told.push(format!("{:?}", other.keep(reset).code.map(|c| (c.0, c.1.sent, c.1.expires))));
        step(&house);
        told.push(refusal(house.housekey.sign_in_code(&other.caller(), "000000").await));
        step(&house);
        costs.push((told, cost));
    }
    assert_eq!(costs[0], costs[1]);
    house.deliver().await;
    assert!(house.caught.outbox().iter().all(|m| m.to.canonical() != "nobody@example.com"), "mail to a stranger");
}

async fn sec_20_sign_up_costs_the_same_for_a_taken_address() {
    let house = house().await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    house.clock.advance(Duration::from_secs(3600));
    let _ = house.housekey.sign_up_start(&house.browser(9).caller(), sign_up_as("warm@example.com")).await.unwrap();
    let mut costs = Vec::new();
    for (at, address) in [(10, ADA), (11, "nobody@example.com")] {
        let before = house.spent();
        house.housekey.sign_up_start(&house.browser(at).caller(), sign_up_as(address)).await.unwrap();
        let after = house.spent();
        costs.push((after.0.statements - before.0.statements, after.0.commits - before.0.commits, after.1 - before.1));
    }
    assert_eq!(costs[0], costs[1]);
}

async fn sec_42_sessions_end_when_idle_or_old_and_remembered_ones_later() {
    let house = house().await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    let hour = Duration::from_secs(3600);
    for (remember, alive, dead) in [(false, 11, 13), (true, 13 * 24, 15 * 24)] {
        let mut ada = house.browser(2);
        let start = StartSignIn { remember, ..start_as(ADA) };
        let started = house.housekey.sign_in_start(&ada.caller(), start).await.unwrap();
        ada.keep(started);
        let done = house.housekey.sign_in_password(&ada.caller(), password(PASSWORD)).await.unwrap();
        ada.keep(done);
        house.clock.advance(hour * alive);
        assert!(is_signed_in(&house, &mut ada).await);
        house.clock.advance(hour * dead);
        assert!(!is_signed_in(&house, &mut ada).await);
    }
    let mut busy = house.browser(3);
    try_password(&house, &mut busy, ADA, PASSWORD).await.unwrap();
    for _ in 0..16 {
        house.clock.advance(hour * 10);
        assert!(is_signed_in(&house, &mut busy).await);
    }
    house.clock.advance(hour * 10);
    assert!(!is_signed_in(&house, &mut busy).await, "seven days are the end however busy");
}

async fn sec_4_a_weaker_hash_is_made_anew_at_the_next_sign_in() {
    let database = database().await;
    let store = || database.open();
    let cheap = housekey::testkit::TestHouse::over(store(), Default::default()).await.unwrap();
    sign_up(&cheap, &mut cheap.browser(1), ADA).await;
    let better = Argon2Cost { passes: 2, ..Argon2Cost::CHEAP };
    let raised = housekey::testkit::TestHouse::with(store(), Default::default(), better).await.unwrap();
    let hash = || async {
        let row = raised.housekey.store().reader().user_by_email(ADA).await.unwrap().unwrap();
        row.password.unwrap().expose().to_owned()
    };
    assert!(hash().await.contains("t=1"));
    try_password(&raised, &mut raised.browser(2), ADA, PASSWORD).await.unwrap();
    assert!(hash().await.contains("t=2"));
    try_password(&raised, &mut raised.browser(3), ADA, PASSWORD).await.unwrap();
}

async fn sec_5_an_imported_hash_signs_in_once_and_is_ours_from_then_on() {
    let database = database().await;
    let house = housekey::testkit::TestHouse::over(database.open(), roomy()).await.unwrap();
    sign_up(&house, &mut house.browser(1), ADA).await;
    let hasher = Hasher::new(Argon2Cost::CHEAP, 1);
    // All of "tidal lantern mosaic": MD5 by Python's hashlib, the portable hash by wordpress-hash-node, bcrypt by
    // Python's bcrypt.
    for (at, (name, digest, turns)) in [
        ("md5", "d8d503f6d0124ac9f4c7ef7ec99c4a18", 1),
        ("phpass", "$P$Bk6KHOpKFkVrPUTG7Rg5GZ4VRxLoOw0", 1),
        ("bcrypt", "$2b$10$abcdefghijklmnopqrstuuCiljBgNumxsiMtSG.ObjneEnTOmprCe", 0),
    ]
    .into_iter()
    .enumerate()
    {
        let before = hasher.count();
        let given = Secret::new(digest.to_owned());
        let stored = hasher.import(name, &given, [7; 16]).await.unwrap().unwrap();
        assert_eq!(hasher.count() - before, turns, "{name}");
        assert_eq!(turns == 1, !stored.expose().contains(digest), "{name}");
        let sql = format!("UPDATE housekey_password SET hash = '{}'", stored.expose());
        assert_eq!(database.tamper(&sql).await, 1);

        let hash = || async {
            let row = house.housekey.store().reader().user_by_email(ADA).await.unwrap().unwrap();
            row.password.unwrap().expose().to_owned()
        };
        let mut browser = house.browser(2 + u8::try_from(at).unwrap());
        assert_eq!(
            refusal(try_password(&house, &mut browser, ADA, "wrong wrong wrong").await),
            "password_or_identifier_incorrect"
        );
        assert_eq!(hash().await, stored.expose(), "{name}: a wrong password upgrades nothing");
        try_password(&house, &mut browser, ADA, PASSWORD).await.unwrap();
        let ours = hash().await;
        assert!(ours.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{name}");
        assert!(!ours.contains(name), "{name}");
        try_password(&house, &mut browser, ADA, PASSWORD).await.unwrap();
        assert_eq!(hash().await, ours, "{name}: once is enough");
    }
    let given = Secret::new("not a digest".to_owned());
    let refused = hasher.import("md5", &given, [7; 16]).await.unwrap();
    assert_eq!(refused.err(), Some(ImportFault::Malformed));
}

on_both!(
    a_password_signs_in_and_a_wrong_one_does_not,
    sec_2_a_password_is_compared_composed_and_otherwise_to_the_letter,
    a_mailed_code_signs_in_on_the_browser_that_asked_and_nowhere_else,
    sec_36_a_reset_proves_the_mailbox_sets_the_password_and_ends_every_other_session,
    sec_36_five_minutes_after_the_code_the_reset_is_over,
    sec_20_a_stranger_costs_the_same_and_is_told_the_same,
    sec_20_sign_up_costs_the_same_for_a_taken_address,
    sec_42_sessions_end_when_idle_or_old_and_remembered_ones_later,
    sec_4_a_weaker_hash_is_made_anew_at_the_next_sign_in,
    sec_5_an_imported_hash_signs_in_once_and_is_ours_from_then_on,
);
