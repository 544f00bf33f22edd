//! Challenges at the flows' own door: when they are asked for, and what counts as an answer.

use crate::kit::*;
use housekey::{
    Error,
    core::{
        challenge::{Action, Level, solve},
        sign_in::Strategy,
    },
    flows::challenge::ChallengeDue,
    settings::{BotSettings, ChallengedSignUps, Settings},
    testkit::{Browser, TestHouse},
};
use std::{collections::BTreeSet, net::IpAddr, time::Duration};

const WRONG: &str = "wrong wrong wrong";
const STRANGER: &str = "nobody@example.com";

/// The challenge that was answered.
fn due<T>(done: Result<T, Error>) -> ChallengeDue {
    match done {
        Err(Error::Challenge(due)) => due,
        other => panic!("{}", refusal(other)),
    }
}

fn solved(house: &TestHouse, due: ChallengeDue) -> Option<String> {
    solve(&house.housekey.pose_challenge(due).unwrap())
}

async fn name(house: &TestHouse, browser: &mut Browser, address: &str) -> Result<(), Error> {
    let started = house.housekey.sign_in_start(&browser.caller(), start_as(address)).await?;
    browser.keep(started);
    Ok(())
}

/// A browser whose address has used up its twenty steps a minute.
async fn beyond(house: &TestHouse, at: u8) -> Browser {
    for n in 0..20 {
        name(house, &mut house.browser(at), &format!("u{n}@example.com")).await.unwrap();
    }
    house.browser(at)
}

async fn sec_10_an_address_is_challenged_beyond_its_figure_and_refused_at_ten_times() {
    let house = house().await;
    let mut browser = beyond(&house, 7).await;
    let asked = due(name(&house, &mut browser, ADA).await);
    assert_eq!((asked.action, asked.level, asked.shown_in_vain), (Action::SignIn, Level::Light, false));
    assert!(asked.retry_after > Duration::ZERO && asked.retry_after <= Duration::from_secs(3));
    let mut levels = BTreeSet::new();
    for n in 21..200 {
        browser.challenge = None;
        let asked = due(name(&house, &mut browser, ADA).await);
        levels.insert(asked.level);
        if n % 20 == 19 {
            browser.challenge = solved(&house, asked);
        }
    }
    assert_eq!(levels, [Level::Light, Level::Medium, Level::Heavy].into(), "the further beyond, the more work");
    browser.challenge = solved(&house, ChallengeDue { level: Level::Heavy, ..asked });
    assert_eq!(refusal(name(&house, &mut browser, ADA).await), "limited", "at ten times the figure nothing helps");
    assert_eq!(refusal(name(&house, &mut house.browser(8), ADA).await), "ok", "another address has its own");
    house.clock.advance(Duration::from_secs(60));
    browser.challenge = None;
    assert_eq!(refusal(name(&house, &mut browser, ADA).await), "ok", "and it passes by waiting");
}

async fn sec_15_a_solution_counts_once_for_its_action_and_until_it_is_too_old() {
    let house = house().await;
    let mut browser = beyond(&house, 7).await;
    let asked = due(name(&house, &mut browser, ADA).await);
    browser.challenge = solved(&house, asked);
    assert_eq!(refusal(name(&house, &mut browser, ADA).await), "ok");
    let again = due(name(&house, &mut browser, ADA).await);
    assert!(again.shown_in_vain, "replayed");
    for other in [Action::SignUp, Action::Reset, Action::Code, Action::Mail, Action::Waitlist] {
        browser.challenge = solved(&house, ChallengeDue { action: other, level: Level::Heavy, ..asked });
        assert!(due(name(&house, &mut browser, ADA).await).shown_in_vain, "{other:?}");
    }
    browser.challenge = Some("e30=".into());
    assert!(due(name(&house, &mut browser, ADA).await).shown_in_vain, "garbage");
    let old = solved(&house, ChallengeDue { level: Level::Heavy, ..asked });
    house.clock.advance(Duration::from_secs(300));
    let mut late = beyond(&house, 7).await;
    late.challenge = old;
    assert!(due(name(&house, &mut late, ADA).await).shown_in_vain, "too old");
}

async fn sec_15_another_hosts_solution_counts_for_nothing() {
    let url = |host: &str| Settings { public_url: format!("http://{host}").parse().ok(), ..Settings::default() };
    let database = database().await;
    // One database and one key, under two names.
    let one = TestHouse::over(database.open(), url("localhost:4000")).await.unwrap();
    let other = TestHouse::over(database.open(), url("127.0.0.1:4000")).await.unwrap();
    let mut browser = beyond(&one, 7).await;
    let asked = due(name(&one, &mut browser, ADA).await);
    browser.challenge = solved(&other, asked);
    assert!(due(name(&one, &mut browser, ADA).await).shown_in_vain);
    browser.challenge = solved(&one, asked);
    assert_eq!(refusal(name(&one, &mut browser, ADA).await), "ok");
}

async fn sec_12_of_a_hundred_who_show_one_solution_one_passes() {
    let house = house().await;
    let mut browser = beyond(&house, 7).await;
    let asked = due(name(&house, &mut browser, ADA).await);
    let shown = solved(&house, ChallengeDue { level: Level::Heavy, ..asked });
    let tries = (0..100).map(|_| {
        let mut browser = house.browser(7);
        browser.challenge.clone_from(&shown);
        let (caller, house) = (browser.caller(), house.housekey.clone());
        tokio::spawn(async move { refusal(house.sign_in_start(&caller, start_as(ADA)).await) })
    });
    let mut passed = 0;
    for told in tries.collect::<Vec<_>>() {
        passed += u32::from(told.await.unwrap() == "ok");
    }
    assert_eq!(passed, 1);
}

async fn sec_11_an_aimed_lockout_costs_the_owner_a_challenge_at_the_most() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let out = house.housekey.sign_out(&ada.caller()).await.unwrap();
    ada.keep(out);
    for address in [ADA, STRANGER] {
        let (mut wrong, mut asked) = (0, 0);
        for at in 0..50 {
            match try_password(&house, &mut house.browser(100 + at), address, WRONG).await {
                Err(Error::Denied(_)) => wrong += 1,
                Err(Error::Challenge(_)) => asked += 1,
                other => panic!("{}", refusal(other)),
            }
        }
        assert_eq!((wrong, asked), (10, 40), "{address}");
    }
    assert!(try_password(&house, &mut ada, ADA, PASSWORD).await.is_ok(), "the owner on a known device, at once");
    let mut new = house.browser(99);
    let asked = due(try_password(&house, &mut new, ADA, PASSWORD).await);
    new.challenge = solved(&house, asked);
    assert!(try_password(&house, &mut new, ADA, PASSWORD).await.is_ok(), "and on a new one after a challenge");
    let mut code = house.browser(98);
    name(&house, &mut code, ADA).await.unwrap();
    assert!(
        house.housekey.sign_in_send_code(&code.caller(), Strategy::EmailCode).await.is_ok(),
        "the mailed code is open"
    );
}

async fn sec_11_with_challenges_too_a_hundred_failures_close_the_password() {
    let house = house().await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let out = house.housekey.sign_out(&ada.caller()).await.unwrap();
    ada.keep(out);
    let mut wrong = 0;
    for at in 0..200u8 {
        let mut eve = house.browser(at);
        eve.address = IpAddr::from([198, 51, 100, at]);
        name(&house, &mut eve, ADA).await.unwrap();
        loop {
            match house.housekey.sign_in_password(&eve.caller(), password(WRONG)).await {
                Err(Error::Challenge(asked)) => eve.challenge = solved(&house, asked),
                Err(Error::Denied(why)) if why.code() == "password_closed" => break,
                Err(Error::Denied(_)) => {
                    wrong += 1;
                    break;
                }
                // The hundred of this quarter of an hour are used up as well.
                Err(Error::Limited { .. }) => break,
                other => panic!("{}", refusal(other)),
            }
        }
    }
    assert_eq!(wrong, 100, "and no guess more, whatever an attacker computes");
    assert!(try_password(&house, &mut ada, ADA, PASSWORD).await.is_ok(), "the owner on a known device");
}

async fn sec_11_whoever_was_signed_in_here_before_is_not_asked_for_the_neighbours() {
    let house = house().await;
    let mut ada = house.browser(7);
    sign_up(&house, &mut ada, ADA).await;
    let out = house.housekey.sign_out(&ada.caller()).await.unwrap();
    ada.keep(out);
    house.clock.advance(Duration::from_secs(60));
    due(name(&house, &mut beyond(&house, 7).await, ADA).await);
    assert!(try_password(&house, &mut ada, ADA, PASSWORD).await.is_ok());
    // The cookie spares the naming of somebody else as well, but no guess.
    let mut other = ada.copy();
    let out = house.housekey.sign_out(&other.caller()).await.unwrap();
    other.keep(out);
    let asked = due(try_password(&house, &mut other, STRANGER, WRONG).await);
    assert_eq!(asked.action, Action::SignIn);
}

async fn every_sign_up_is_asked_where_the_operator_wants_it() {
    let bots = BotSettings { sign_up: ChallengedSignUps::Always, ..BotSettings::default() };
    let house = house_with(Settings { bots, ..Settings::default() }).await;
    let at_once = house.housekey.challenge_at_once(Action::SignUp).unwrap();
    assert_eq!(house.housekey.challenge_at_once(Action::SignIn), None);
    let mut browser = house.browser(1);
    let asked = due(house.housekey.sign_up_start(&browser.caller(), sign_up_as(ADA)).await);
    assert_eq!((asked.action, asked.retry_after), (Action::SignUp, Duration::ZERO));
    browser.challenge = solved(&house, at_once);
    sign_up(&house, &mut browser, ADA).await;
    let again = house.housekey.sign_up_start(&house.browser(2).caller(), sign_up_as(STRANGER)).await;
    assert!(!due(again).shown_in_vain);
}

async fn failures_of_the_whole_instance_make_challenges_harder() {
    let mut settings = Settings::default();
    settings.risk.thresholds.challenge = 0;
    let house = house_with(settings).await;
    let mut browser = beyond(&house, 7).await;
    assert_eq!(due(name(&house, &mut browser, ADA).await).level, Level::Light);
    for at in 0..60u8 {
        let mut eve = house.browser(at);
        eve.address = IpAddr::from([198, 51, 100, at]);
        for n in 0..5 {
            let told = try_password(&house, &mut eve, &format!("v{at}-{n}@example.com"), WRONG).await;
            assert_eq!(refusal(told), "password_or_identifier_incorrect");
        }
    }
    assert_eq!(due(name(&house, &mut browser, ADA).await).level, Level::Medium);
    house.clock.advance(Duration::from_secs(120));
    assert_eq!(due(name(&house, &mut beyond(&house, 7).await, ADA).await).level, Level::Light, "it goes by itself");
}

on_both!(
    sec_10_an_address_is_challenged_beyond_its_figure_and_refused_at_ten_times,
    sec_15_a_solution_counts_once_for_its_action_and_until_it_is_too_old,
    sec_15_another_hosts_solution_counts_for_nothing,
    sec_12_of_a_hundred_who_show_one_solution_one_passes,
    sec_11_an_aimed_lockout_costs_the_owner_a_challenge_at_the_most,
    sec_11_with_challenges_too_a_hundred_failures_close_the_password,
    sec_11_whoever_was_signed_in_here_before_is_not_asked_for_the_neighbours,
    every_sign_up_is_asked_where_the_operator_wants_it,
    failures_of_the_whole_instance_make_challenges_harder,
);
