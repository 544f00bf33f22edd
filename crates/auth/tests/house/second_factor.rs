//! Second factors: enrolled, asked for after every first one, and never twice by the same code.

use crate::kit::*;
use housekey::{
    Error,
    core::{
        factor::totp::TotpSecret,
        sign_in::{SecondStrategy, Strategy},
    },
    flows::sign_in::{SignInStatus, SignInView},
    testkit::{Browser, TestHouse},
};
use std::time::Duration;

const STEP: Duration = Duration::from_secs(30);

/// Somebody with an authenticator app, and what they keep.
pub struct Enrolled {
    pub secret: TotpSecret,
    pub codes: Vec<String>,
}

impl Enrolled {
    /// What the app shows now.
    pub fn code(&self, house: &TestHouse) -> String {
        self.secret.code_at(house.housekey.now()).expose().clone()
    }
}

/// Adds an authenticator app to the account of who is signed in there.
pub async fn enroll(house: &TestHouse, browser: &mut Browser) -> Enrolled {
    let shown = house.housekey.totp_begin(&browser.caller(), "Phone").await.unwrap();
    let secret = TotpSecret::parse(shown.secret.expose()).unwrap();
    let code = secret.code_at(house.housekey.now()).expose().clone();
    let added = house.housekey.totp_confirm(&browser.caller(), &code).await.unwrap();
    house.clock.advance(STEP);
    Enrolled { secret, codes: added.codes }
}

async fn second(
    house: &TestHouse,
    browser: &mut Browser,
    strategy: SecondStrategy,
    typed: &str,
) -> Result<SignInView, Error> {
    let done = house.housekey.sign_in_second_factor(&browser.caller(), strategy, typed).await?;
    Ok(browser.keep(done))
}

async fn ada_with_an_app(house: &TestHouse) -> (Browser, Enrolled) {
    let mut ada = house.browser(1);
    sign_up(house, &mut ada, ADA).await;
    let kept = enroll(house, &mut ada).await;
    (ada, kept)
}

async fn an_app_is_added_by_its_first_code_and_its_owner_is_told() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let shown = house.housekey.totp_begin(&ada.caller(), " My phone ").await.unwrap();
    assert!(house.housekey.factors(&ada.caller()).await.unwrap().totps.is_empty(), "shown is not added");
    let mut other = house.browser(2);
    assert_eq!(
        try_password(&house, &mut other, ADA, PASSWORD).await.unwrap().status,
        SignInStatus::Complete,
        "what never gave a code asks nobody for one"
    );
    let secret = TotpSecret::parse(shown.secret.expose()).unwrap();
    assert!(shown.uri.expose().contains("ada%40example.com"), "an app shows whose code it is");
    assert_eq!(refusal(house.housekey.totp_confirm(&ada.caller(), "12345").await), "code:totp_malformed");
    assert_eq!(refusal(house.housekey.totp_confirm(&ada.caller(), "000000").await), "second_factor_incorrect");
    let code = secret.code_at(house.housekey.now()).expose().clone();
    let added = house.housekey.totp_confirm(&ada.caller(), &code).await.unwrap();
    assert_eq!(added.codes.len(), 10);
    let factors = house.housekey.factors(&ada.caller()).await.unwrap();
    assert_eq!((factors.totps[0].name.as_str(), factors.backup_codes), ("My phone", 10));
    house.deliver().await;
    let told = house.mail_to(ADA).await.unwrap();
    assert!(told.subject.as_str().contains("Two-step verification was set up"), "{}", told.subject.as_str());
}

async fn a_secret_that_was_shown_too_long_ago_is_added_no_more() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    assert_eq!(refusal(house.housekey.totp_confirm(&ada.caller(), "123456").await), "code:totp_shown_too_long");
    let shown = house.housekey.totp_begin(&ada.caller(), "").await.unwrap();
    house.clock.advance(Duration::from_secs(601));
    fresh(&house, &mut ada).await;
    let secret = TotpSecret::parse(shown.secret.expose()).unwrap();
    let code = secret.code_at(house.housekey.now()).expose().clone();
    assert_eq!(refusal(house.housekey.totp_confirm(&ada.caller(), &code).await), "code:totp_shown_too_long");
}

async fn sec_60_after_the_first_factor_there_is_no_session() {
    let house = house().await;
    let (_, kept) = ada_with_an_app(&house).await;
    let mut ada = house.browser(2);
    let view = try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::NeedsSecondFactor);
    assert_eq!(view.second_offered, [SecondStrategy::Totp, SecondStrategy::BackupCode]);
    assert!(view.user.is_none() && view.session.is_none());
    assert!(!is_signed_in(&house, &mut ada).await);
    assert_eq!(refusal(house.housekey.account(&ada.caller()).await), "signed out");
    assert_eq!(refusal(house.housekey.totp_begin(&ada.caller(), "").await), "signed out");
    let view = second(&house, &mut ada, SecondStrategy::Totp, &kept.code(&house)).await.unwrap();
    assert_eq!((view.status, view.second), (SignInStatus::Complete, Some(SecondStrategy::Totp)));
    assert!(is_signed_in(&house, &mut ada).await);
}

async fn sec_60_the_pending_sign_in_is_the_browsers_own_and_dies_after_five_minutes() {
    let house = house().await;
    let (_, kept) = ada_with_an_app(&house).await;
    let (mut ada, mut eve) = (house.browser(2), house.browser(3));
    try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap();
    try_password(&house, &mut eve, ADA, "wrong wrong wrong").await.unwrap_err();
    let stolen = second(&house, &mut eve, SecondStrategy::Totp, &kept.code(&house)).await;
    assert_eq!(stolen.unwrap().status, SignInStatus::NeedsFirstFactor, "a code without a first factor moves nothing");
    house.clock.advance(Duration::from_secs(301));
    let late = second(&house, &mut ada, SecondStrategy::Totp, &kept.code(&house)).await;
    assert_eq!(refusal(late), "attempt_expired");
}

async fn sec_63_every_first_factor_leads_to_the_second() {
    let house = house_with(roomy()).await;
    let (_, kept) = ada_with_an_app(&house).await;
    for (number, strategy) in [(2, Strategy::EmailCode), (3, Strategy::ResetPasswordEmailCode)] {
        let mut ada = house.browser(number);
        let started = house.housekey.sign_in_start(&ada.caller(), start_as(ADA)).await.unwrap();
        ada.keep(started);
        let sent = house.housekey.sign_in_send_code(&ada.caller(), strategy).await.unwrap();
        ada.keep(sent);
        let code = house.code_to(ADA).await.unwrap();
        let done = house.housekey.sign_in_code(&ada.caller(), &code).await.unwrap();
        let mut view = ada.keep(done);
        if strategy == Strategy::ResetPasswordEmailCode {
            assert_eq!(view.status, SignInStatus::NeedsNewPassword);
            let renewed =
                house.housekey.sign_in_new_password(&ada.caller(), password("another lantern tide")).await.unwrap();
            view = ada.keep(renewed);
        }
        assert_eq!(view.status, SignInStatus::NeedsSecondFactor, "{strategy:?}");
        assert!(!is_signed_in(&house, &mut ada).await);
        let view = second(&house, &mut ada, SecondStrategy::Totp, &kept.code(&house)).await.unwrap();
        assert_eq!(view.status, SignInStatus::Complete);
        house.clock.advance(STEP);
    }
}

async fn sec_36_a_reset_ends_every_session_before_the_second_factor_is_shown() {
    let house = house().await;
    let (mut old, _) = ada_with_an_app(&house).await;
    house.clock.advance(Duration::from_secs(3600));
    let mut ada = house.browser(2);
    let started = house.housekey.reset_start(&ada.caller(), start_as(ADA)).await.unwrap();
    ada.keep(started);
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.sign_in_code(&ada.caller(), &code).await.unwrap();
    ada.keep(done);
    let new = password("another lantern tide");
    let done = house.housekey.sign_in_new_password(&ada.caller(), new).await.unwrap();
    assert_eq!(ada.keep(done).status, SignInStatus::NeedsSecondFactor);
    assert!(!is_signed_in(&house, &mut old).await, "the old password's sessions ended with it");
    assert!(!is_signed_in(&house, &mut ada).await);
    let mut again = house.browser(3);
    let view = try_password(&house, &mut again, ADA, "another lantern tide").await.unwrap();
    assert_eq!(view.status, SignInStatus::NeedsSecondFactor, "the new password counts at once");
}

async fn a_sign_up_with_the_address_of_somebody_with_an_app_stands_at_their_second_factor() {
    let house = house().await;
    let (_, kept) = ada_with_an_app(&house).await;
    house.clock.advance(Duration::from_secs(3600));
    let mut ada = house.browser(2);
    let started = house.housekey.sign_up_start(&ada.caller(), sign_up_as(ADA)).await.unwrap();
    ada.keep(started);
    let code = house.code_to(ADA).await.unwrap();
    assert_eq!(refusal(house.housekey.sign_up_code(&ada.caller(), None, &code).await), "sign_in_continues");
    assert!(!is_signed_in(&house, &mut ada).await);
    assert!(house.housekey.sign_up_current(&ada.caller()).await.unwrap().is_none(), "the sign-up is over");
    let stands = house.housekey.sign_in_current(&ada.caller()).await.unwrap().unwrap();
    assert_eq!(stands.status, SignInStatus::NeedsSecondFactor);
    let view = second(&house, &mut ada, SecondStrategy::Totp, &kept.code(&house)).await.unwrap();
    assert_eq!(view.status, SignInStatus::Complete);
}

async fn sec_61_a_code_opens_one_sign_in_and_no_older_one_opens_any() {
    let house = house_with(roomy()).await;
    let (_, kept) = ada_with_an_app(&house).await;
    let (before, now) = (kept.code(&house), {
        house.clock.advance(STEP);
        kept.code(&house)
    });
    let mut ada = house.browser(2);
    try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap();
    assert_eq!(second(&house, &mut ada, SecondStrategy::Totp, &now).await.unwrap().status, SignInStatus::Complete);
    let mut eve = house.browser(3);
    try_password(&house, &mut eve, ADA, PASSWORD).await.unwrap();
    for used in [&now, &before] {
        assert_eq!(refusal(second(&house, &mut eve, SecondStrategy::Totp, used).await), "second_factor_incorrect");
    }
}

async fn sec_61_of_many_who_come_with_one_code_at_once_one_gets_in() {
    let house = house_with(roomy()).await;
    let (_, kept) = ada_with_an_app(&house).await;
    let code = kept.code(&house);
    let mut callers = Vec::new();
    for number in 2..18 {
        let mut browser = house.browser(number);
        let view = try_password(&house, &mut browser, ADA, PASSWORD).await.unwrap();
        assert_eq!(view.status, SignInStatus::NeedsSecondFactor);
        callers.push(browser.caller());
    }
    let tries = callers.into_iter().map(|caller| {
        let (housekey, code) = (house.housekey.clone(), code.clone());
        tokio::spawn(async move { housekey.sign_in_second_factor(&caller, SecondStrategy::Totp, &code).await })
    });
    let mut opened = 0;
    for tried in tries.collect::<Vec<_>>() {
        opened += usize::from(tried.await.unwrap().is_ok());
    }
    assert_eq!(opened, 1);
}

async fn sec_62_a_backup_code_opens_one_sign_in_and_its_use_is_mailed() {
    let house = house_with(roomy()).await;
    let (mut ada, kept) = ada_with_an_app(&house).await;
    let signed_out = house.housekey.sign_out(&ada.caller()).await.unwrap();
    ada.keep(signed_out);
    let code = kept.codes[3].to_uppercase();
    try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap();
    assert_eq!(
        refusal(second(&house, &mut ada, SecondStrategy::BackupCode, "0000-0000-0000-0000").await),
        "second_factor_incorrect"
    );
    let view = second(&house, &mut ada, SecondStrategy::BackupCode, &code).await.unwrap();
    assert_eq!((view.status, view.second), (SignInStatus::Complete, Some(SecondStrategy::BackupCode)));
    house.deliver().await;
    assert!(house.mail_to(ADA).await.unwrap().text.contains("9 are left"));
    let mut eve = house.browser(3);
    try_password(&house, &mut eve, ADA, PASSWORD).await.unwrap();
    assert_eq!(refusal(second(&house, &mut eve, SecondStrategy::BackupCode, &code).await), "second_factor_incorrect");
    assert_eq!(house.housekey.factors(&ada.caller()).await.unwrap().backup_codes, 9);
}

async fn sec_62_a_new_set_kills_the_old_one_and_none_lies_in_the_database() {
    let database = database().await;
    let house = TestHouse::over(database.open(), roomy()).await.unwrap();
    let (mut ada, kept) = ada_with_an_app(&house).await;
    let new = house.housekey.backup_codes_new(&ada.caller()).await.unwrap();
    assert_eq!(new.len(), 10);
    let mut other = house.browser(2);
    try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    assert_eq!(
        refusal(second(&house, &mut other, SecondStrategy::BackupCode, &kept.codes[0]).await),
        "second_factor_incorrect"
    );
    let everything = format!("{:?}", database.rows().await);
    for code in new.iter().chain(&kept.codes) {
        assert!(!everything.contains(&code.replace('-', "")) && !everything.contains(code.as_str()));
    }
    assert!(!everything.contains(kept.secret.base32().expose().as_str()));
    let hex: String = kept.secret.bytes().iter().map(|b| format!("{b:02x}")).collect();
    assert!(!everything.contains(&hex), "the secret of an app is sealed");
    let view = second(&house, &mut other, SecondStrategy::BackupCode, &new[9]).await.unwrap();
    assert_eq!(view.status, SignInStatus::Complete);
}

async fn sec_10_a_sign_in_is_dead_after_five_wrong_codes() {
    let house = house().await;
    let (_, kept) = ada_with_an_app(&house).await;
    let mut eve = house.browser(2);
    try_password(&house, &mut eve, ADA, PASSWORD).await.unwrap();
    for _ in 0..5 {
        assert_eq!(refusal(second(&house, &mut eve, SecondStrategy::Totp, "000000").await), "second_factor_incorrect");
    }
    let right = kept.code(&house);
    assert_eq!(refusal(second(&house, &mut eve, SecondStrategy::Totp, &right).await), "attempt_expired");
    assert!(!is_signed_in(&house, &mut eve).await);
}

async fn sec_12_of_parallel_guesses_no_more_than_five_are_judged() {
    let house = house_with(roomy()).await;
    let (_, kept) = ada_with_an_app(&house).await;
    let mut eve = house.browser(2);
    try_password(&house, &mut eve, ADA, PASSWORD).await.unwrap();
    let tries: Vec<_> = (0..100)
        .map(|_| {
            let (housekey, caller) = (house.housekey.clone(), eve.caller());
            tokio::spawn(async move { housekey.sign_in_second_factor(&caller, SecondStrategy::Totp, "000000").await })
        })
        .collect();
    let mut judged = 0;
    for tried in tries {
        judged += usize::from(refusal(tried.await.unwrap()) == "second_factor_incorrect");
    }
    assert_eq!(judged, 5);
    let right = kept.code(&house);
    assert_eq!(refusal(second(&house, &mut eve, SecondStrategy::Totp, &right).await), "attempt_expired");
}

async fn sec_11_whoever_knows_the_password_cannot_use_up_the_owners_tries() {
    let house = house().await;
    let (mut ada, kept) = ada_with_an_app(&house).await;
    let signed_out = house.housekey.sign_out(&ada.caller()).await.unwrap();
    ada.keep(signed_out);
    for number in [2, 3, 4] {
        let mut eve = house.browser(number);
        if try_password(&house, &mut eve, ADA, PASSWORD).await.is_err() {
            continue;
        }
        for _ in 0..5 {
            second(&house, &mut eve, SecondStrategy::Totp, "000000").await.unwrap_err();
        }
    }
    let mut eve = house.browser(5);
    try_password(&house, &mut eve, ADA, PASSWORD).await.unwrap();
    let limited = second(&house, &mut eve, SecondStrategy::Totp, "000000").await;
    assert_eq!(refusal(limited), "limited", "ten an hour from devices that the account does not know");
    let view = try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::NeedsSecondFactor);
    let view = second(&house, &mut ada, SecondStrategy::Totp, &kept.code(&house)).await.unwrap();
    assert_eq!(view.status, SignInStatus::Complete, "the owner's own device has tries of its own");
}

async fn sec_63_factors_change_only_after_a_second_factor_just_now() {
    let house = house_with(roomy()).await;
    let (mut ada, kept) = ada_with_an_app(&house).await;
    let id = house.housekey.factors(&ada.caller()).await.unwrap().totps[0].id.clone();
    house.clock.advance(Duration::from_secs(400));
    fresh(&house, &mut ada).await;
    let stale = "a fresh second factor is needed";
    assert_eq!(refusal(house.housekey.totp_remove(&ada.caller(), &id).await), stale, "a password is not enough");
    assert_eq!(refusal(house.housekey.totp_remove_all(&ada.caller()).await), stale);
    assert_eq!(refusal(house.housekey.totp_begin(&ada.caller(), "").await), stale);
    assert_eq!(refusal(house.housekey.totp_waiting(&ada.caller()).await), stale);
    assert_eq!(refusal(house.housekey.backup_codes_new(&ada.caller()).await), stale);
    let code = kept.code(&house);
    let done = house.housekey.step_up_second_factor(&ada.caller(), SecondStrategy::Totp, &code).await.unwrap();
    ada.keep(done);
    let again = house.housekey.step_up_second_factor(&ada.caller(), SecondStrategy::Totp, &code).await;
    assert_eq!(refusal(again), "second_factor_incorrect", "a step is used up here as well");
    house.housekey.totp_remove(&ada.caller(), &id).await.unwrap();
    let factors = house.housekey.factors(&ada.caller()).await.unwrap();
    assert!(factors.totps.is_empty() && factors.backup_codes == 0, "codes go with the last app");
    house.deliver().await;
    assert!(house.mail_to(ADA).await.unwrap().subject.as_str().contains("was removed"));
    let mut other = house.browser(2);
    let view = try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::Complete);
}

async fn an_account_may_have_several_apps_and_nobody_removes_another_ones() {
    let house = house_with(roomy()).await;
    let (mut ada, first) = ada_with_an_app(&house).await;
    let second_app = enroll(&house, &mut ada).await;
    assert!(second_app.codes.is_empty(), "the codes that there are stay");
    let mut bob = house.browser(9);
    sign_up(&house, &mut bob, "bob@example.com").await;
    let id = house.housekey.factors(&ada.caller()).await.unwrap().totps[0].id.clone();
    assert_eq!(refusal(house.housekey.totp_remove(&bob.caller(), &id).await), "not found");
    for (number, kept) in [(2, &first), (3, &second_app)] {
        let mut other = house.browser(number);
        try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
        let view = second(&house, &mut other, SecondStrategy::Totp, &kept.code(&house)).await.unwrap();
        assert_eq!(view.status, SignInStatus::Complete);
    }
    house.housekey.totp_remove(&ada.caller(), &id).await.unwrap();
    let factors = house.housekey.factors(&ada.caller()).await.unwrap();
    assert_eq!((factors.totps.len(), factors.backup_codes), (1, 10));
}

async fn what_changes_between_the_factors_voids_the_first_one() {
    let house = house_with(roomy()).await;
    let (mut ada, kept) = ada_with_an_app(&house).await;
    let mut other = house.browser(2);
    try_password(&house, &mut other, ADA, PASSWORD).await.unwrap();
    let changed = house.housekey.password_change(&ada.caller(), None, password("another lantern tide")).await.unwrap();
    ada.keep(changed);
    let late = second(&house, &mut other, SecondStrategy::Totp, &kept.code(&house)).await;
    assert_eq!(refusal(late), "attempt_expired");
}

async fn a_second_factor_costs_no_second_password_hash() {
    let house = house_with(roomy()).await;
    let (_, kept) = ada_with_an_app(&house).await;
    let mut ada = house.browser(2);
    try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap();
    let (_, before) = house.spent();
    second(&house, &mut ada, SecondStrategy::Totp, &kept.code(&house)).await.unwrap();
    assert_eq!(house.spent().1, before);
}

/// Shows the password again.
pub async fn fresh(house: &TestHouse, browser: &mut Browser) {
    let done = house.housekey.step_up_password(&browser.caller(), password(PASSWORD)).await.unwrap();
    browser.keep(done);
}

on_both! {
    an_app_is_added_by_its_first_code_and_its_owner_is_told,
    a_secret_that_was_shown_too_long_ago_is_added_no_more,
    sec_60_after_the_first_factor_there_is_no_session,
    sec_60_the_pending_sign_in_is_the_browsers_own_and_dies_after_five_minutes,
    sec_63_every_first_factor_leads_to_the_second,
    sec_36_a_reset_ends_every_session_before_the_second_factor_is_shown,
    a_sign_up_with_the_address_of_somebody_with_an_app_stands_at_their_second_factor,
    sec_61_a_code_opens_one_sign_in_and_no_older_one_opens_any,
    sec_61_of_many_who_come_with_one_code_at_once_one_gets_in,
    sec_62_a_backup_code_opens_one_sign_in_and_its_use_is_mailed,
    sec_62_a_new_set_kills_the_old_one_and_none_lies_in_the_database,
    sec_10_a_sign_in_is_dead_after_five_wrong_codes,
    sec_12_of_parallel_guesses_no_more_than_five_are_judged,
    sec_11_whoever_knows_the_password_cannot_use_up_the_owners_tries,
    sec_63_factors_change_only_after_a_second_factor_just_now,
    an_account_may_have_several_apps_and_nobody_removes_another_ones,
    what_changes_between_the_factors_voids_the_first_one,
    a_second_factor_costs_no_second_password_hash,
}
