//! Unusual sign-ins: a right password on an unknown device, from far away or in the middle of an attack, is asked for more,
//! and the owner on a device that the account knows is not.

use crate::{
    clerk::app::{clerk_with, settings as in_clerk},
    kit::*,
    second_factor::enroll,
    web::web_with,
};
use housekey::{
    Builder, GeoipFile,
    core::{
        ids::UserId,
        risk::{Response, Rule, Thresholds},
        sign_in::{SecondStrategy, Strategy},
    },
    flows::sign_in::SignInStatus,
    settings::{ClientTrust, Gateway, RiskSettings, Settings, Use},
    testkit::{Browser, TestHouse},
};
use serde_json::{Value, json};
use std::{net::IpAddr, path::Path, time::Duration};

const HOUR: Duration = Duration::from_secs(3600);
const BERLIN: [u8; 4] = [192, 0, 2, 7];
const SYDNEY: [u8; 4] = [203, 0, 113, 7];

fn trusting(client_trust: ClientTrust) -> Settings {
    Settings { risk: RiskSettings { client_trust, ..RiskSettings::default() }, ..roomy() }
}

fn with_places(builder: Builder) -> Builder {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/places.mmdb");
    builder.places(GeoipFile::open(Path::new(file)).unwrap())
}

fn from(mut browser: Browser, address: [u8; 4]) -> Browser {
    browser.address = IpAddr::from(address);
    browser
}

fn at(house: &TestHouse, address: [u8; 4]) -> Browser {
    from(house.browser(1), address)
}

async fn owner(house: &TestHouse, address: [u8; 4]) -> (Browser, UserId) {
    let mut browser = at(house, address);
    let view = sign_up(house, &mut browser, ADA).await;
    (browser, view.done.unwrap().0)
}

/// What the audit trail says of the last event of this kind.
async fn detail(house: &TestHouse, user: &UserId, kind: &str) -> Value {
    let events = house.housekey.store().reader().events_of_user(user, None, 50).await.unwrap();
    let found = events.into_iter().find(|event| event.kind == kind);
    found.map_or(Value::Null, |event| serde_json::from_str(&event.detail).unwrap())
}

/// So many wrong passwords for names that nobody has.
async fn storm(house: &TestHouse, failures: usize) {
    for n in 0..failures {
        let mut thief = at(house, [198, 51, 100, u8::try_from(n % 250).unwrap()]);
        assert!(try_password(house, &mut thief, &format!("nobody{n}@example.com"), "a wrong password").await.is_err());
    }
}

async fn vouch(house: &TestHouse, browser: &mut Browser) -> String {
    let sent = house.housekey.sign_in_trust_send(&browser.caller(), Strategy::EmailCode).await.unwrap();
    let view = browser.keep(sent);
    assert_eq!(view.code.unwrap().1.to, "a•••@example.com");
    house.code_to(ADA).await.unwrap()
}

async fn in_peace_a_new_device_is_let_in_and_the_trail_says_what_was_weighed() {
    let house = house_with(roomy()).await;
    let (_, user) = owner(&house, BERLIN).await;
    let mut laptop = at(&house, SYDNEY);
    let view = try_password(&house, &mut laptop, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::Complete);
    let created = detail(&house, &user, "session.created").await;
    let rules = json!([{"rule": "new_device", "points": 20}, {"rule": "new_network", "points": 10}]);
    assert_eq!(created["risk"], json!({"score": 30, "rules": rules, "response": "allow"}));
    assert_eq!(detail(&house, &user, "sign_in.unusual").await, Value::Null);
}

async fn under_attack_a_new_device_is_vouched_for_by_the_mailbox_and_a_known_one_is_not_asked() {
    let house = house_with(roomy()).await;
    let (mut ada, user) = owner(&house, BERLIN).await;
    storm(&house, 110).await;
    let mut laptop = at(&house, SYDNEY);
    laptop.challenge = None;
    assert!(refusal(try_password(&house, &mut laptop, ADA, PASSWORD).await).contains("challenge"));
    // What cannot be challenged, as an app's components, goes on to the password.
    let view = without_challenge(&house, &mut laptop, PASSWORD).await.unwrap();
    assert_eq!((view.status, view.session), (SignInStatus::NeedsClientTrust, None));
    assert!(!is_signed_in(&house, &mut laptop).await);
    let weighed = detail(&house, &user, "sign_in.unusual").await;
    assert_eq!((&weighed["score"], &weighed["response"]), (&json!(50), &json!("second_factor")));
    assert_eq!(weighed["rules"][2]["rule"], "unrest");
    assert!(weighed["rules"][2]["figure"].as_i64().unwrap() >= 100);

    let code = vouch(&house, &mut laptop).await;
    let done = house.housekey.sign_in_trust_code(&laptop.caller(), &code).await.unwrap();
    let view = laptop.keep(done);
    assert_eq!((view.status, view.second), (SignInStatus::Complete, None), "a mailed code is no second factor");
    assert_eq!(detail(&house, &user, "session.created").await["client_trust"], "email_code");

    house.housekey.sign_out(&ada.caller()).await.map(|out| ada.keep(out)).unwrap();
    let view = try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::Complete, "the owner's own device");
    house.housekey.sign_out(&laptop.caller()).await.map(|out| laptop.keep(out)).unwrap();
    let view = try_password(&house, &mut laptop, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::Complete, "it is known from now on");
}

/// As a client of the Frontend API, which has no page for a challenge.
async fn what_strangers_tried_stands_while_the_owner_comes_and_goes_on_a_device_of_their_own() {
    let house = house_with(roomy()).await;
    let (mut ada, _) = owner(&house, BERLIN).await;
    let guess = async |text: &str, network: u8| {
        let mut stranger = at(&house, [203, 0, network, 7]);
        let done = try_password(&house, &mut stranger, ADA, text).await;
        (done.map(|view| view.status), stranger)
    };
    for n in 0..10 {
        assert!(guess("a wrong password", 113 + n).await.0.is_err());
    }
    let out = house.housekey.sign_out(&ada.caller()).await.unwrap();
    ada.keep(out);
    assert_eq!(try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap().status, SignInStatus::Complete);
    // Whoever knows the password is no nearer than before, and clears nothing by coming as far.
    for network in [150, 151] {
        assert_eq!(guess(PASSWORD, network).await.0.unwrap(), SignInStatus::NeedsClientTrust);
    }
    let (asked, mut new) = guess(PASSWORD, 152).await;
    assert_eq!(asked.unwrap(), SignInStatus::NeedsClientTrust);
    let code = vouch(&house, &mut new).await;
    let done = house.housekey.sign_in_trust_code(&new.caller(), &code).await.unwrap();
    assert_eq!(new.keep(done).status, SignInStatus::Complete);
    assert_eq!(guess(PASSWORD, 153).await.0.unwrap(), SignInStatus::Complete, "it was the owner");
}

async fn without_challenge(
    house: &TestHouse,
    browser: &mut Browser,
    text: &str,
) -> Result<housekey::flows::sign_in::SignInView, housekey::Error> {
    let started = house.housekey.sign_in_start(&browser.caller(), start_as(ADA)).await?;
    browser.keep(started);
    let mut caller = browser.caller();
    caller.door = housekey::Door::ClerkFrontend;
    let done = house.housekey.sign_in_password(&caller, password(text)).await?;
    Ok(browser.keep(done))
}

async fn sec_20_under_attack_strangers_are_challenged_whoever_they_name() {
    let house = house_with(roomy()).await;
    owner(&house, BERLIN).await;
    storm(&house, 110).await;
    let mut said = Vec::new();
    for (name, text) in [(ADA, PASSWORD), (ADA, "a wrong password"), ("nobody@example.com", "a wrong password")] {
        let mut stranger = at(&house, SYDNEY);
        said.push(refusal(try_password(&house, &mut stranger, name, text).await));
    }
    assert!(said[0].contains("challenge") && said.iter().all(|one| *one == said[0]), "{said:?}");
    house.clock.advance(Duration::from_secs(60));
    let mut stranger = at(&house, SYDNEY);
    assert_eq!(refusal(try_password(&house, &mut stranger, ADA, PASSWORD).await), "ok", "it is over by itself");
}

async fn a_new_device_is_always_vouched_for_where_the_operator_says_so() {
    let house = house_with(trusting(ClientTrust::NewDevices)).await;
    let (mut ada, _) = owner(&house, BERLIN).await;
    let mut laptop = at(&house, BERLIN);
    let view = try_password(&house, &mut laptop, ADA, PASSWORD).await.unwrap();
    assert_eq!((view.status, view.offered), (SignInStatus::NeedsClientTrust, vec![Strategy::EmailCode]));
    assert_eq!(view.vouching[0].to, "a•••@example.com");
    house.housekey.sign_out(&ada.caller()).await.map(|out| ada.keep(out)).unwrap();
    assert_eq!(try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap().status, SignInStatus::Complete);
    // Who comes by the mailbox has proved it already.
    let mut phone = at(&house, BERLIN);
    let started = house.housekey.sign_in_start(&phone.caller(), start_as(ADA)).await.unwrap();
    phone.keep(started);
    house.housekey.sign_in_send_code(&phone.caller(), Strategy::EmailCode).await.map(|out| phone.keep(out)).unwrap();
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.sign_in_code(&phone.caller(), &code).await.unwrap();
    assert_eq!(phone.keep(done).status, SignInStatus::Complete);
}

async fn who_has_a_second_factor_is_asked_for_that_and_for_nothing_else() {
    let house = house_with(trusting(ClientTrust::NewDevices)).await;
    let (mut ada, _) = owner(&house, BERLIN).await;
    let kept = enroll(&house, &mut ada).await;
    let mut laptop = at(&house, SYDNEY);
    let view = try_password(&house, &mut laptop, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::NeedsSecondFactor);
    assert_eq!(
        refusal(house.housekey.sign_in_trust_code(&laptop.caller(), "123456").await),
        "ok",
        "it changes nothing"
    );
    assert!(!is_signed_in(&house, &mut laptop).await);
    let code = kept.code(&house);
    let done = house.housekey.sign_in_second_factor(&laptop.caller(), SecondStrategy::Totp, &code).await.unwrap();
    assert_eq!(laptop.keep(done).status, SignInStatus::Complete);
}

async fn sec_10_who_knows_the_password_guesses_no_code() {
    let house =
        house_with(Settings { limits_multiplier: 1, limits_reason: None, ..trusting(ClientTrust::NewDevices) }).await;
    let (mut ada, user) = owner(&house, BERLIN).await;
    let mut thief = at(&house, SYDNEY);
    try_password(&house, &mut thief, ADA, PASSWORD).await.unwrap();
    assert_eq!(
        refusal(house.housekey.sign_in_trust_code(&thief.caller(), "000000").await),
        "code_expired",
        "none was sent"
    );
    let right = vouch(&house, &mut thief).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        assert_eq!(refusal(house.housekey.sign_in_trust_code(&thief.caller(), wrong).await), "code_incorrect");
    }
    assert_eq!(refusal(house.housekey.sign_in_trust_code(&thief.caller(), &right).await), "attempt_expired");
    assert!(!is_signed_in(&house, &mut thief).await);
    assert_eq!(detail(&house, &user, "second_factor.failed").await["strategy"], "client_trust");
    // The owner is not disturbed: neither on the known device, nor by way of the mailbox.
    house.housekey.sign_out(&ada.caller()).await.map(|out| ada.keep(out)).unwrap();
    assert_eq!(refusal(try_password(&house, &mut ada, ADA, PASSWORD).await), "ok");
}

async fn sec_30_codes_of_other_purposes_and_of_other_browsers_vouch_for_nothing() {
    let house = house_with(trusting(ClientTrust::NewDevices)).await;
    owner(&house, BERLIN).await;
    let mut other = at(&house, BERLIN);
    let started = house.housekey.sign_in_start(&other.caller(), start_as(ADA)).await.unwrap();
    other.keep(started);
    house.housekey.sign_in_send_code(&other.caller(), Strategy::EmailCode).await.map(|out| other.keep(out)).unwrap();
    let signs_in = house.code_to(ADA).await.unwrap();
    let mut thief = at(&house, SYDNEY);
    try_password(&house, &mut thief, ADA, PASSWORD).await.unwrap();
    let vouches = vouch(&house, &mut thief).await;
    assert_ne!(signs_in, vouches);
    assert_eq!(refusal(house.housekey.sign_in_trust_code(&thief.caller(), &signs_in).await), "code_incorrect");
    assert_eq!(refusal(house.housekey.sign_in_code(&other.caller(), &vouches).await), "code_incorrect");
    assert_eq!(refusal(house.housekey.sign_in_trust_code(&other.caller(), &vouches).await), "ok", "it changes nothing");
    assert!(!is_signed_in(&house, &mut other).await);
}

async fn sec_12_one_code_opens_one_session_whoever_calls_at_once() {
    let house = house_with(trusting(ClientTrust::NewDevices)).await;
    let (_, user) = owner(&house, BERLIN).await;
    let mut laptop = at(&house, SYDNEY);
    try_password(&house, &mut laptop, ADA, PASSWORD).await.unwrap();
    let code = vouch(&house, &mut laptop).await;
    let callers: Vec<_> = (0..8).map(|_| laptop.caller()).collect();
    let calls = callers.iter().map(|caller| house.housekey.sign_in_trust_code(caller, &code));
    let done = futures_util::future::join_all(calls).await;
    let opened = done.iter().filter(|one| matches!(one, Ok(out) if out.value.session.is_some())).count();
    assert!(opened <= 1, "{opened}");
    let sessions = house.housekey.store().reader().sessions_of_user(&user, house.housekey.now(), 10).await.unwrap();
    assert_eq!(sessions.len(), 2, "the owner's and this one");
}

async fn a_password_that_changed_meanwhile_vouches_for_nothing() {
    let house = house_with(trusting(ClientTrust::NewDevices)).await;
    let (mut ada, _) = owner(&house, BERLIN).await;
    let mut thief = at(&house, SYDNEY);
    try_password(&house, &mut thief, ADA, PASSWORD).await.unwrap();
    let code = vouch(&house, &mut thief).await;
    let changed = house
        .housekey
        .password_change(&ada.caller(), Some(password(PASSWORD)), password("copper meadow lantern"))
        .await
        .unwrap();
    ada.keep(changed);
    assert_eq!(refusal(house.housekey.sign_in_trust_code(&thief.caller(), &code).await), "attempt_expired");
}

async fn nobody_is_in_berlin_and_in_sydney_in_one_hour_not_even_with_the_owners_cookies() {
    let house = TestHouse::told(database().await.open(), roomy(), with_places).await.unwrap();
    let (mut ada, user) = owner(&house, BERLIN).await;
    house.clock.advance(HOUR);
    house.housekey.sign_out(&ada.caller()).await.map(|out| ada.keep(out)).unwrap();
    let mut thief = from(ada.copy(), SYDNEY);
    let view = try_password(&house, &mut thief, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.status, SignInStatus::NeedsClientTrust);
    let weighed = detail(&house, &user, "sign_in.unusual").await;
    assert_eq!(weighed["score"], 65);
    assert_eq!(weighed["rules"][1]["rule"], json!(Rule::ImpossibleTravel));
    assert!((15_000..17_000).contains(&weighed["rules"][1]["figure"].as_i64().unwrap()), "{weighed}");
    // At home nothing is asked, and a day later the journey is one that people make.
    let mut home = ada.copy();
    assert_eq!(try_password(&house, &mut home, ADA, PASSWORD).await.unwrap().status, SignInStatus::Complete);
    house.clock.advance(HOUR * 25);
    let mut later = from(house.browser(1), SYDNEY);
    later.device = home.device.clone();
    assert_eq!(try_password(&house, &mut later, ADA, PASSWORD).await.unwrap().status, SignInStatus::Complete);
}

async fn sec_64_a_trusted_device_that_cannot_be_where_it_is_is_asked_again() {
    let house = TestHouse::told(database().await.open(), roomy(), with_places).await.unwrap();
    let (mut first, _) = owner(&house, BERLIN).await;
    let kept = enroll(&house, &mut first).await;
    let mut ada = at(&house, BERLIN);
    try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap();
    let code = kept.code(&house);
    let totp = SecondStrategy::Totp;
    let done = house.housekey.sign_in_second_factor_trusting(&ada.caller(), totp, &code).await.unwrap();
    ada.keep(done);
    house.housekey.sign_out(&ada.caller()).await.map(|out| ada.keep(out)).unwrap();
    let mut thief = from(ada.copy(), SYDNEY);
    assert_eq!(try_password(&house, &mut thief, ADA, PASSWORD).await.unwrap().status, SignInStatus::NeedsSecondFactor);
    assert_eq!(try_password(&house, &mut ada, ADA, PASSWORD).await.unwrap().status, SignInStatus::Complete);
}

async fn at_the_worst_a_right_password_opens_nothing_and_its_owner_is_told_once_an_hour() {
    let mut settings = roomy();
    settings.risk.thresholds = Thresholds { refuse: 30, ..Thresholds::default() };
    let house = house_with(settings).await;
    let (mut ada, user) = owner(&house, BERLIN).await;
    for _ in 0..3 {
        let mut thief = at(&house, SYDNEY);
        assert_eq!(refusal(try_password(&house, &mut thief, ADA, PASSWORD).await), "sign_in_unusual");
        assert!(!is_signed_in(&house, &mut thief).await);
    }
    house.deliver().await;
    let told = |list: Vec<housekey::mail::OutgoingMail>| {
        list.iter().filter(|m| m.subject.as_str().contains("was refused")).count()
    };
    assert_eq!(told(house.caught.list()), 1);
    assert_eq!(detail(&house, &user, "sign_in.unusual").await["response"], "refuse");
    // By the mailbox the owner comes in from there as well, and by the password where they are known.
    let mut new = at(&house, SYDNEY);
    let started = house.housekey.sign_in_start(&new.caller(), start_as(ADA)).await.unwrap();
    new.keep(started);
    house.housekey.sign_in_send_code(&new.caller(), Strategy::EmailCode).await.map(|out| new.keep(out)).unwrap();
    let code = house.code_to(ADA).await.unwrap();
    let done = house.housekey.sign_in_code(&new.caller(), &code).await.unwrap();
    assert_eq!(new.keep(done).status, SignInStatus::Complete);
    house.housekey.sign_out(&ada.caller()).await.map(|out| ada.keep(out)).unwrap();
    assert_eq!(refusal(try_password(&house, &mut ada, ADA, PASSWORD).await), "ok");
    house.clock.advance(HOUR);
    let mut thief = at(&house, [198, 51, 100, 1]);
    assert_eq!(refusal(try_password(&house, &mut thief, ADA, PASSWORD).await), "sign_in_unusual");
    house.deliver().await;
    assert_eq!(told(house.caught.list()), 2);
}

async fn an_app_says_what_a_new_device_is_and_what_a_score_does() {
    let company = |builder: Builder| {
        builder.known_device(|_, attempt| attempt.known_device || attempt.address == IpAddr::from(BERLIN)).on_risk(
            |of, attempt| match of.email.as_deref() {
                Some(staff) if staff.ends_with("@staff.example") && attempt.assessment.score >= 20 => Response::Refuse,
                _ => attempt.response,
            },
        )
    };
    let house = TestHouse::told(database().await.open(), trusting(ClientTrust::NewDevices), company).await.unwrap();
    owner(&house, [198, 51, 100, 9]).await;
    let mut staff = at(&house, [198, 51, 100, 9]);
    sign_up(&house, &mut staff, "eve@staff.example").await;
    let mut office = at(&house, BERLIN);
    assert_eq!(try_password(&house, &mut office, ADA, PASSWORD).await.unwrap().status, SignInStatus::Complete);
    let mut away = at(&house, SYDNEY);
    assert_eq!(try_password(&house, &mut away, ADA, PASSWORD).await.unwrap().status, SignInStatus::NeedsClientTrust);
    let mut away = at(&house, SYDNEY);
    assert_eq!(refusal(try_password(&house, &mut away, "eve@staff.example", PASSWORD).await), "sign_in_unusual");
}

async fn a_phone_vouches_where_messages_go_to_it() {
    let mut settings = trusting(ClientTrust::NewDevices);
    settings.sms.gateway = Gateway::Development;
    settings.identifiers.phone = Use::Optional;
    let house = house_with(settings).await;
    let (mut ada, _) = owner(&house, BERLIN).await;
    let id = house.housekey.phone_add(&ada.caller(), "+491701234567", true).await.unwrap();
    let code = house.sms_code_to("+491701234567").await.unwrap();
    house.housekey.phone_verify(&ada.caller(), &id, &code).await.unwrap();
    let mut laptop = at(&house, SYDNEY);
    let view = try_password(&house, &mut laptop, ADA, PASSWORD).await.unwrap();
    assert_eq!(view.offered, [Strategy::EmailCode, Strategy::PhoneCode]);
    let sent = house.housekey.sign_in_trust_send(&laptop.caller(), Strategy::PhoneCode).await.unwrap();
    laptop.keep(sent);
    let code = house.sms_code_to("+491701234567").await.unwrap();
    let done = house.housekey.sign_in_trust_code(&laptop.caller(), &code).await.unwrap();
    assert_eq!(laptop.keep(done).status, SignInStatus::Complete);
}

async fn a_map_that_is_missing_stops_the_start() {
    let mut settings = Settings::default();
    settings.risk.geoip_file = Some("nowhere.mmdb".into());
    let why = TestHouse::over(database().await.open(), settings).await.err().unwrap().to_string();
    assert!(why.contains("risk.geoip_file") && why.contains("nowhere.mmdb"), "{why}");
}

async fn on_the_pages_the_code_is_sent_at_once_and_asked_for() {
    let web = web_with(trusting(ClientTrust::NewDevices)).await;
    web.signed_up(1, ADA).await;
    let jar = web.jar(2);
    jar.form("/sign-in", &[("email", ADA)]).await;
    assert_eq!(jar.form("/sign-in/password", &[("password", PASSWORD)]).await.to(), "/sign-in/device");
    let page = jar.get("/sign-in/device").await.body;
    assert!(page.contains("Confirm this device") && page.contains("a•••@example.com"), "{page}");
    assert_eq!(jar.get("/account").await.to(), "/sign-in?return_to=%2Faccount");
    let code = web.house.code_to(ADA).await.unwrap();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let again = jar.form("/sign-in/device", &[("code", wrong)]).await;
    assert!(again.status == 422 && again.body.contains("That code is not correct"), "{}", again.body);
    web.house.clock.advance(Duration::from_secs(31));
    assert_eq!(jar.form("/sign-in/device/send", &[("way", "email_code")]).await.to(), "/sign-in/device");
    let code = web.house.code_to(ADA).await.unwrap();
    assert_eq!(jar.form("/sign-in/device", &[("code", &code)]).await.to(), "/account");
    assert!(jar.is_signed_in().await);
}

async fn in_the_frontend_api_it_is_client_trust() {
    let web = clerk_with(Settings { risk: trusting(ClientTrust::NewDevices).risk, ..in_clerk() }).await;
    web.signed_up_in_app(1, ADA).await;
    let app = web.app(2);
    let first = app.sign_in(ADA, PASSWORD).await.ok();
    let shown = first.response().clone();
    assert_eq!((&shown["status"], &shown["client_trust_state"]), (&json!("needs_client_trust"), &json!("new")));
    assert_eq!(shown["first_factor_verification"]["status"], "verified");
    assert_eq!(shown["second_factor_verification"], Value::Null, "or the components would not ask for a code");
    let factor = &shown["supported_second_factors"][0];
    assert_eq!((&factor["strategy"], &factor["safe_identifier"]), (&json!("email_code"), &json!("a•••@example.com")));
    let base = format!("/v1/client/sign_ins/{}", shown["id"].as_str().unwrap());
    let (prepare, attempt) = (format!("{base}/prepare_second_factor"), format!("{base}/attempt_second_factor"));
    let early = app.post(&attempt, &[("strategy", "email_code"), ("code", "123456")]).await;
    assert_eq!(early.refusal(), "400 verification_expired code");
    let fields = [("strategy", "email_code"), ("email_address_id", factor["email_address_id"].as_str().unwrap())];
    let sent = app.post(&prepare, &fields).await.ok();
    assert_eq!(sent.response()["second_factor_verification"]["status"], "unverified");
    assert_eq!(
        app.post(&prepare, &[("strategy", "phone_code")]).await.refusal(),
        "422 strategy_for_user_invalid strategy"
    );
    assert_eq!(app.post(&attempt, &[("strategy", "totp"), ("code", "123456")]).await.status, 404);
    let code = web.house.code_to(ADA).await.unwrap();
    let done = app.post(&attempt, &[("strategy", "email_code"), ("code", &code)]).await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert!(done.response()["created_session_id"].as_str().unwrap().starts_with("sess_"));
}

on_both! {
    in_peace_a_new_device_is_let_in_and_the_trail_says_what_was_weighed,
    under_attack_a_new_device_is_vouched_for_by_the_mailbox_and_a_known_one_is_not_asked,
    what_strangers_tried_stands_while_the_owner_comes_and_goes_on_a_device_of_their_own,
    sec_20_under_attack_strangers_are_challenged_whoever_they_name,
    a_new_device_is_always_vouched_for_where_the_operator_says_so,
    who_has_a_second_factor_is_asked_for_that_and_for_nothing_else,
    sec_10_who_knows_the_password_guesses_no_code,
    sec_30_codes_of_other_purposes_and_of_other_browsers_vouch_for_nothing,
    sec_12_one_code_opens_one_session_whoever_calls_at_once,
    a_password_that_changed_meanwhile_vouches_for_nothing,
    nobody_is_in_berlin_and_in_sydney_in_one_hour_not_even_with_the_owners_cookies,
    sec_64_a_trusted_device_that_cannot_be_where_it_is_is_asked_again,
    at_the_worst_a_right_password_opens_nothing_and_its_owner_is_told_once_an_hour,
    an_app_says_what_a_new_device_is_and_what_a_score_does,
    a_phone_vouches_where_messages_go_to_it,
    a_map_that_is_missing_stops_the_start,
    on_the_pages_the_code_is_sent_at_once_and_asked_for,
    in_the_frontend_api_it_is_client_trust,
}
