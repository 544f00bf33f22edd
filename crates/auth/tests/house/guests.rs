//! Guests: who begins without a name, keeps the account by signing up, and has no other way to it.

use crate::{
    clerk::{
        app::{APP, clerk_with},
        backend::sdk::sdk_with,
        sessions::read,
    },
    kit::*,
    web::{Jar, Web, web_with},
    webhooks::told::listening,
};
use housekey::{
    Error,
    core::{ids::UserId, policy::SessionPolicy},
    settings::{GuestSettings, Settings, TwoStepSettings},
    testkit::{Browser, TestHouse},
};
use http::StatusCode;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

const ATTEMPTS: &str = "/v1/client/sign_ups";
const DAY: Duration = Duration::from_secs(86_400);

pub fn guests() -> Settings {
    let guests = GuestSettings { enabled: true, ..GuestSettings::default() };
    Settings { guests, app_origins: vec![APP.into()], ..roomy() }
}

/// A browser in which somebody goes on as a guest; and whose account it is.
async fn guest_of(house: &TestHouse, at: u8) -> (Browser, UserId) {
    let mut browser = house.browser(at);
    let done = house.housekey.guest_begin(&browser.caller(), None).await.unwrap();
    let (user, _) = browser.keep(done).done.unwrap();
    (browser, user)
}

/// The same on the pages.
async fn guest_on(web: &Web, at: u8) -> (Jar, String) {
    let jar = web.jar(at);
    let begun = jar.form("/guest", &[("return_to", "")]).await;
    assert_eq!(begun.to(), "/account", "{}", begun.body);
    let user = user_on(&jar).await;
    (jar, user)
}

/// Whose account page a browser shows.
async fn user_on(jar: &Jar) -> String {
    let page = jar.get("/account").await.body;
    let at = page.find("user_").unwrap_or_else(|| panic!("{page}"));
    page[at..].split(['<', '"']).next().unwrap().to_owned()
}

async fn sign_up_on(web: &Web, jar: &Jar, address: &str, return_to: &str) -> String {
    let asked = jar.form("/sign-up", &[("email", address), ("password", PASSWORD), ("return_to", return_to)]).await;
    assert_eq!(asked.to(), "/sign-up/code", "{}", asked.body);
    let code = web.house.code_to(address).await.unwrap();
    jar.form("/sign-up/code", &[("code", &code)]).await.to().to_owned()
}

async fn id_of(house: &TestHouse, browser: &mut Browser) -> UserId {
    house.housekey.account(&browser.caller()).await.unwrap().user
}

async fn count(web: &Web, table: &str) -> usize {
    web.database.rows().await[table].len()
}

async fn events(web: &Web, kind: &str) -> Vec<String> {
    let rows = web.database.rows().await["housekey_event"].clone();
    rows.into_iter().filter(|row| row.contains(kind)).collect()
}

async fn somebody_begins_as_a_guest_and_keeps_the_account_by_signing_up() {
    let web = web_with(guests()).await;
    let jar = web.jar(1);
    for page in ["/sign-in", "/sign-up"] {
        assert!(jar.get(page).await.body.contains("Continue as guest"), "{page}");
    }
    let begun = jar.form("/guest", &[("return_to", "/account?from=cart")]).await;
    assert_eq!(begun.to(), "/account?from=cart");
    let guest = user_on(&jar).await;
    let page = jar.get("/account").await.body;
    assert!(page.contains("You are here as a guest") && page.contains("signing out loses it"), "{page}");
    assert!(jar.get("/sign-out").await.body.contains("nothing leads back to what you did"));
    assert!(jar.get("/sign-up").await.body.contains("Keep what you have"));
    assert_eq!(sign_up_on(&web, &jar, ADA, "/account?from=checkout").await, "/account?from=checkout");
    assert_eq!(user_on(&jar).await, guest, "the account is the same");
    let page = jar.get("/account").await.body;
    assert!(page.contains(ADA) && !page.contains("as a guest"), "{page}");
    assert_eq!(count(&web, "housekey_user").await, 1);
    // From now on there is a way back.
    jar.form("/sign-out", &[]).await;
    let elsewhere = web.jar(2);
    elsewhere.form("/sign-in", &[("email", ADA), ("return_to", "")]).await;
    assert_eq!(elsewhere.form("/sign-in/password", &[("password", PASSWORD)]).await.to(), "/account");
    assert_eq!(user_on(&elsewhere).await, guest);
    assert_eq!(events(&web, "user.upgraded").await.len(), 1);
    assert!(elsewhere.get("/account/security/history").await.body.contains("kept what you did as a guest"));
}

async fn without_the_setting_there_are_none() {
    let web = clerk_with(Settings { guests: GuestSettings::default(), ..guests() }).await;
    let jar = web.jar(1);
    assert!(!jar.get("/sign-in").await.body.contains("guest") && !jar.get("/sign-up").await.body.contains("guest"));
    assert_eq!(jar.get("/guest").await.status, StatusCode::NOT_FOUND);
    assert_eq!(jar.form("/guest", &[("return_to", "")]).await.status, StatusCode::NOT_FOUND);
    let told = web.app(2).post(ATTEMPTS, &[("strategy", "anonymous")]).await;
    assert_eq!(told.refusal(), "422 strategy_for_user_invalid strategy");
    assert_eq!(count(&web, "housekey_user").await, 0);
}

async fn who_is_signed_in_is_made_no_guest() {
    let settings = Settings { sessions: SessionPolicy { multi_session: true, ..SessionPolicy::default() }, ..guests() };
    for settings in [guests(), settings] {
        let web = clerk_with(settings).await;
        let ada = web.signed_up(1, ADA).await;
        assert_eq!(ada.form("/guest", &[("return_to", "/account/devices")]).await.to(), "/account/devices");
        let app = web.signed_up_in_app(2, "bob@example.com").await;
        assert_eq!(app.post(ATTEMPTS, &[("strategy", "anonymous")]).await.refusal(), "400 session_exists");
        assert_eq!(count(&web, "housekey_user").await, 2);
        // Neither is a guest, once more.
        let (guest, user) = guest_on(&web, 3).await;
        assert_eq!(guest.form("/guest", &[("return_to", "")]).await.to(), "/account");
        assert_eq!((user_on(&guest).await, count(&web, "housekey_user").await), (user, 3));
    }
}

async fn a_double_click_makes_one_guest() {
    let house = house_with(guests()).await;
    let mut browser = house.browser(1);
    let begun = house.housekey.client_begin(&browser.caller()).await.unwrap();
    browser.keep(begun);
    let (one, two) = (browser.caller(), browser.repeat());
    let (one, two) = tokio::join!(house.housekey.guest_begin(&one, None), house.housekey.guest_begin(&two, None));
    assert_eq!(one.unwrap().value.done, two.unwrap().value.done);
}

async fn a_guest_has_no_way_in_and_gets_none_but_by_a_sign_up() {
    let house = house_with(guests()).await;
    let (mut guest, user) = guest_of(&house, 1).await;
    let flows = &house.housekey;
    for told in [
        refusal(flows.email_add(&guest.caller(), "guest@example.com").await),
        refusal(flows.phone_add(&guest.caller(), "+4915123456789", true).await),
        refusal(flows.account_set_username(&guest.caller(), "somebody").await),
        refusal(flows.totp_begin(&guest.caller(), "").await),
        refusal(flows.backup_codes_new(&guest.caller()).await),
        refusal(flows.passkey_add_begin(&guest.caller()).await),
        refusal(flows.password_change(&guest.caller(), None, password("another lantern tide")).await),
    ] {
        assert_eq!(told, "guest_account");
    }
    let told = flows.password_change(&guest.caller(), Some(password(PASSWORD)), password("another lantern tide")).await;
    assert_eq!(refusal(told), "password_or_identifier_incorrect");
    assert_eq!(
        refusal(flows.step_up_password(&guest.caller(), password(PASSWORD)).await),
        "password_or_identifier_incorrect"
    );
    assert_eq!(refusal(flows.step_up_send_code(&guest.caller()).await), "not found");
    assert!(!flows.account(&guest.caller()).await.unwrap().fresh, "nothing was ever proved");
    // What it may do is keep things.
    flows.account_merge_metadata(&guest.caller(), "{\"cart\":[7]}").await.unwrap();
    assert_eq!(flows.own_profile(&guest.caller()).await.unwrap().id, user);
}

async fn a_guests_account_has_one_page() {
    let web = web_with(guests()).await;
    let (jar, _) = guest_on(&web, 1).await;
    for path in ["emails", "security", "devices", "security/app", "security/history"] {
        assert_eq!(jar.get(&format!("/account/{path}")).await.to(), "/account", "{path}");
    }
    assert_eq!(jar.form("/account/emails", &[("email", ADA)]).await.to(), "/account");
    assert_eq!(jar.form("/account/username", &[("username", "somebody")]).await.to(), "/account");
    assert_eq!(jar.get("/step-up?return_to=%2Faccount").await.to(), "/sign-up?return_to=%2Faccount");
    assert!(jar.get("/").await.body.contains("Signed in as Guest"));
    assert_eq!(count(&web, "housekey_email").await, 0);
    assert_eq!(jar.form("/guest/delete", &[]).await.to(), "/");
    assert!(!jar.is_signed_in().await);
    assert_eq!((count(&web, "housekey_user").await, count(&web, "housekey_session").await), (0, 0));
    assert_eq!(events(&web, "user.deleted").await.len(), 1);
    let ada = web.signed_up(2, ADA).await;
    assert_eq!(ada.form("/guest/delete", &[]).await.status, StatusCode::NOT_FOUND, "it deletes guests alone");
    assert!(ada.is_signed_in().await);
}

async fn a_backend_gives_a_guest_no_way_in_either() {
    let sdk = sdk_with(guests()).await;
    let app = sdk.web.app(1);
    let begun = app.post(ATTEMPTS, &[("strategy", "anonymous")]).await.ok();
    let user = begun.response()["created_user_id"].as_str().unwrap();
    let shown = sdk.get(&format!("/users/{user}")).await.ok();
    assert_eq!(
        (&shown.json["email_addresses"], &shown.json["guest"]),
        (&json!([]), &Value::Null),
        "the schema is closed"
    );
    let at = format!("/users/{user}");
    sdk.patch(&at, json!({"external_id": "c-1", "first_name": "Guest"})).await.ok();
    sdk.patch(&format!("{at}/metadata"), json!({"public_metadata": {"cart": 3}})).await.ok();
    for told in [
        sdk.post("/email_addresses", json!({"user_id": user, "email_address": ADA, "verified": true})).await,
        sdk.post("/phone_numbers", json!({"user_id": user, "phone_number": "+4915123456789", "verified": true})).await,
        sdk.post("/sign_in_tokens", json!({"user_id": user})).await,
        sdk.patch(&at, json!({"password": "another lantern tide"})).await,
        sdk.patch(&at, json!({"username": "somebody"})).await,
    ] {
        assert_eq!(told.refusal(), "403 guest_account");
    }
    sdk.delete(&at).await.ok();
    assert_eq!(app.client().await["sessions"], json!([]));
}

async fn an_app_begins_with_a_guest_and_ends_with_an_account() {
    let web = clerk_with(guests()).await;
    let app = web.app(1);
    let begun = app.post(ATTEMPTS, &[("strategy", "anonymous")]).await.ok();
    let (up, client) = (begun.response(), begun.client());
    assert_eq!((&up["status"], &up["missing_fields"]), (&json!("complete"), &json!([])));
    assert_eq!(up["created_session_id"], client["last_active_session_id"]);
    let user = &client["sessions"][0]["user"];
    assert_eq!((&user["id"], &user["guest"]), (&up["created_user_id"], &json!(true)));
    assert_eq!(client["sessions"][0]["factor_verification_age"], json!([-1, -1]));
    let guest = user["id"].clone();
    let claims = read(&app.post(&format!("/v1/client/sessions/{}/tokens", app.session().await), &[]).await.ok()).1;
    assert_eq!((&claims["guest"], &claims["sub"], &claims["fva"]), (&json!(true), &guest, &json!([-1, -1])));
    app.patch("/v1/me/metadata", &[("unsafe_metadata", "{\"cart\":[7],\"seen\":1}")]).await.ok();
    // One session a client, and yet a guest may sign up.
    let fields = [("email_address", ADA), ("password", PASSWORD), ("unsafe_metadata", "{\"seen\":2}")];
    let begun = app.post(ATTEMPTS, &fields).await.ok();
    let done = web.finish(&app, &format!("{ATTEMPTS}/{}", begun.id()), ADA).await.ok();
    assert_eq!(done.response()["created_user_id"], guest);
    let client = done.client();
    let sessions = client["sessions"].as_array().unwrap();
    assert_eq!((sessions.len(), &client["last_active_session_id"]), (1, &done.response()["created_session_id"]));
    let user = &sessions[0]["user"];
    assert_eq!((&user["id"], &user["guest"]), (&guest, &Value::Null));
    assert_eq!(user["unsafe_metadata"], json!({"cart": [7], "seen": 2}), "what is given lies over what was kept");
    let claims = read(&app.post(&format!("/v1/client/sessions/{}/tokens", app.session().await), &[]).await.ok()).1;
    assert_eq!(claims["guest"], Value::Null);
}

async fn sec_43_the_guests_secret_and_sessions_end_with_the_guest() {
    let house = house_with(guests()).await;
    let (mut guest, user) = guest_of(&house, 1).await;
    let mut thief = guest.copy();
    assert!(is_signed_in(&house, &mut thief).await);
    let before = house.housekey.session_list(&guest.caller()).await.unwrap()[0].id.clone();
    sign_up(&house, &mut guest, ADA).await;
    assert_eq!(id_of(&house, &mut guest).await, user);
    assert!(!is_signed_in(&house, &mut thief).await, "what was stolen from the guest opens nothing");
    let after = house.housekey.session_list(&guest.caller()).await.unwrap();
    assert!(after.len() == 1 && after[0].id != before && house.housekey.account(&guest.caller()).await.unwrap().fresh);
}

async fn two_step_verification_is_asked_of_the_account_and_not_of_the_guest() {
    let two_step = TwoStepSettings { required: true, ..TwoStepSettings::default() };
    let house = house_with(Settings { two_step, ..guests() }).await;
    let (mut guest, _) = guest_of(&house, 1).await;
    assert!(is_signed_in(&house, &mut guest).await);
    sign_up(&house, &mut guest, ADA).await;
    assert!(!is_signed_in(&house, &mut guest).await, "a second factor is due first");
    assert!(house.housekey.pending_task(&guest.caller()).await.unwrap().is_some());
}

type Joined = Arc<Mutex<Vec<(UserId, UserId)>>>;

async fn telling(settings: Settings) -> (TestHouse, Joined) {
    let joined = Joined::default();
    let kept = joined.clone();
    let tell = move |guest: &UserId, user: &UserId| kept.lock().unwrap().push((guest.clone(), user.clone()));
    let house = TestHouse::told(database().await.open(), settings, |builder| builder.on_guest_joins(tell)).await;
    (house.unwrap(), joined)
}

async fn a_guest_who_has_an_account_already_joins_it_and_the_app_is_told() {
    let (house, joined) = telling(guests()).await;
    let mut ada = house.browser(1);
    sign_up(&house, &mut ada, ADA).await;
    let owner = id_of(&house, &mut ada).await;
    // By signing in.
    let (mut browser, first) = guest_of(&house, 2).await;
    try_password(&house, &mut browser, ADA, PASSWORD).await.unwrap();
    assert_eq!(id_of(&house, &mut browser).await, owner);
    // By a sign-up with the address of that account (SEC-21).
    let (mut browser, second) = guest_of(&house, 3).await;
    sign_up(&house, &mut browser, ADA).await;
    assert_eq!(id_of(&house, &mut browser).await, owner);
    assert_eq!(*joined.lock().unwrap(), [(first.clone(), owner.clone()), (second.clone(), owner.clone())]);
    // The guests are as they were, and nobody is signed in as them; whoever is no guest joins nothing.
    for guest in [first, second] {
        let profile = house.housekey.profile(&guest).await.unwrap().unwrap();
        assert!(profile.guest && profile.emails.is_empty() && profile.password_set.is_none());
    }
    try_password(&house, &mut house.browser(4), ADA, PASSWORD).await.unwrap();
    assert_eq!(joined.lock().unwrap().len(), 2);
}

async fn where_several_sessions_are_allowed_the_guests_one_stays() {
    let sessions = SessionPolicy { multi_session: true, ..SessionPolicy::default() };
    let web = clerk_with(Settings { sessions, ..guests() }).await;
    web.signed_up(1, ADA).await;
    let app = web.app(2);
    let begun = app.post(ATTEMPTS, &[("strategy", "anonymous")]).await.ok();
    let guest = begun.response()["created_user_id"].as_str().unwrap().to_owned();
    app.sign_in(ADA, PASSWORD).await.ok();
    let client = app.client().await;
    let users: Vec<_> = client["sessions"].as_array().unwrap().iter().map(|s| s["user"]["id"].clone()).collect();
    assert!(users.len() == 2 && users.contains(&json!(guest)));
    let told = events(&web, "guest.joined").await;
    assert!(told.len() == 1 && told[0].contains(&guest), "{told:?}");
    // A sign-up beside the account makes another one: the guest's session does not count any more.
    let done = web.sign_up_in(&app, "new@example.com").await.ok();
    assert_ne!(done.response()["created_user_id"], json!(guest));
}

async fn sec_21_a_guest_gets_the_same_answers_for_a_taken_and_a_free_address() {
    let web = web_with(guests()).await;
    web.signed_up(1, ADA).await;
    guest_on(&web, 9).await.0.form("/sign-up", &[("email", "warm@example.com"), ("password", PASSWORD)]).await;
    let mut told = Vec::new();
    for (at, email) in [(2, ADA), (3, "new@example.com")] {
        let (jar, _) = guest_on(&web, at).await;
        let token = jar.token().await;
        let before = web.house.spent();
        let fields = [("csrf", token.as_str()), ("email", email), ("password", PASSWORD), ("return_to", "")];
        let answer = jar.post("/sign-up", &fields).await;
        let after = web.house.spent();
        let spent = (after.0.statements - before.0.statements, after.0.commits - before.0.commits, after.1 - before.1);
        told.push((answer.status, answer.to().to_owned(), spent));
    }
    assert_eq!(told[0], told[1]);
}

async fn sec_10_guests_are_counted_with_sign_ups_and_challenged_as_they_are() {
    let web = web_with(Settings { limits_multiplier: 1, limits_reason: None, ..guests() }).await;
    let mut challenged = None;
    for n in 0..40 {
        let answer = web.jar(7).form("/guest", &[("return_to", "/account")]).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            challenged = Some((n, answer.body));
            break;
        }
    }
    let (n, page) = challenged.expect("nobody makes guests without end");
    assert!(n > 0 && page.contains("data-work") && page.contains("Continue as guest"), "{n}: {page}");
    assert_eq!(count(&web, "housekey_user").await, n);
    // A sign-up from there is as many.
    let fields = [("email", ADA), ("password", PASSWORD), ("return_to", "")];
    assert_eq!(web.jar(7).form("/sign-up", &fields).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(web.jar(8).form("/guest", &[("return_to", "")]).await.to(), "/account", "another address");
}

async fn sec_51_a_forged_form_makes_no_guest() {
    let web = web_with(guests()).await;
    let jar = web.jar(1);
    assert_eq!(jar.post("/guest", &[("csrf", "forged"), ("return_to", "")]).await.status, StatusCode::FORBIDDEN);
    let (guest, _) = guest_on(&web, 2).await;
    assert_eq!(guest.post("/guest/delete", &[("csrf", "forged")]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        jar.form("/guest", &[("return_to", "https://evil.example/")]).await.to(),
        "/account",
        "an open redirect"
    );
    assert_eq!(count(&web, "housekey_user").await, 2);
}

async fn guests_who_are_gone_are_deleted_and_the_app_is_told() {
    let sessions =
        SessionPolicy { remembered_idle: 60 * DAY, remembered_absolute: 90 * DAY, ..SessionPolicy::default() };
    let web = clerk_with(Settings { sessions, ..guests() }).await;
    let (receiver, _) = listening(&web, &["user.deleted"]).await;
    let gone = web.app(1);
    let begun = gone.post(ATTEMPTS, &[("strategy", "anonymous")]).await.ok();
    let gone_id = begun.response()["created_user_id"].as_str().unwrap().to_owned();
    let (out, out_id) = guest_on(&web, 2).await;
    let (kept, _) = guest_on(&web, 3).await;
    let (becomes, _) = guest_on(&web, 4).await;
    sign_up_on(&web, &becomes, ADA, "").await;
    web.house.clock.advance(20 * DAY);
    assert_eq!(kept.get("/").await.status, StatusCode::OK);
    assert_eq!(out.form("/sign-out", &[]).await.to(), "/");
    let users = async || count(&web, "housekey_user").await;
    web.house.sweep().await;
    assert_eq!(users().await, 4);
    web.house.clock.advance(10 * DAY + Duration::from_secs(1));
    web.house.sweep().await;
    assert_eq!(users().await, 3, "nobody saw it for thirty days");
    assert_eq!(gone.client().await["sessions"], json!([]));
    assert!(kept.get("/").await.body.contains("Signed in as Guest"));
    web.house.clock.advance(20 * DAY + Duration::from_secs(1));
    web.house.sweep().await;
    assert_eq!(users().await, 2, "the one that signed out");
    assert!(kept.is_signed_in().await, "it was seen meanwhile");
    web.house.tell().await;
    let told: BTreeSet<_> = receiver.got().iter().map(|got| got.data()["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, [gone_id, out_id].into());
}

async fn webhooks_tell_a_guest_and_what_becomes_of_it() {
    let web = clerk_with(guests()).await;
    let (receiver, _) = listening(&web, &["user.*", "session.*"]).await;
    let app = web.app(1);
    app.post(ATTEMPTS, &[("strategy", "anonymous")]).await.ok();
    web.sign_up_in(&app, ADA).await.ok();
    web.house.tell().await;
    let got = receiver.got();
    let kinds: Vec<_> = got.iter().map(|got| got.kind()).collect();
    assert_eq!(kinds, ["user.created", "session.created", "session.removed", "user.updated", "session.created"]);
    assert_eq!(got[0].data()["email_addresses"], json!([]));
    assert_eq!(
        (&got[3].data()["id"], &got[3].data()["email_addresses"][0]["email_address"]),
        (&got[0].data()["id"], &json!(ADA))
    );
}

/// A sign-up of a guest whose code is on its way.
async fn waiting(house: &TestHouse, at: u8, address: &str) -> (Browser, UserId, String) {
    let (mut browser, user) = guest_of(house, at).await;
    let started = house.housekey.sign_up_start(&browser.caller(), sign_up_as(address)).await.unwrap();
    browser.keep(started);
    (browser, user, house.code_to(address).await.unwrap())
}

async fn of_two_guests_who_take_one_address_one_gets_it() {
    let (house, joined) = telling(guests()).await;
    let (mut one, first, code) = waiting(&house, 1, ADA).await;
    let (mut two, second, other) = waiting(&house, 2, ADA).await;
    let (a, b) = (one.caller(), two.caller());
    let (a, b) =
        tokio::join!(house.housekey.sign_up_code(&a, None, &code), house.housekey.sign_up_code(&b, None, &other));
    one.keep(a.unwrap());
    two.keep(b.unwrap());
    let (a, b) = (id_of(&house, &mut one).await, id_of(&house, &mut two).await);
    assert!(a == b && (a == first || a == second), "one account, which is a guest's");
    let loser = if a == first { second } else { first };
    assert_eq!(*joined.lock().unwrap(), [(loser.clone(), a.clone())]);
    assert!(house.housekey.profile(&loser).await.unwrap().unwrap().guest);
    assert!(!house.housekey.profile(&a).await.unwrap().unwrap().guest);
}

async fn sec_32_twenty_upgrades_of_a_guest_are_one() {
    let house = house_with(guests()).await;
    let (mut browser, user, code) = waiting(&house, 1, ADA).await;
    let tries: Vec<_> = (0..20)
        .map(|_| {
            let (flows, caller, code) = (house.housekey.clone(), browser.caller(), code.clone());
            tokio::spawn(async move { flows.sign_up_code(&caller, None, &code).await })
        })
        .collect();
    let mut opened = Vec::new();
    for one in tries {
        if let Ok(outcome) = one.await.unwrap()
            && outcome.cookies.client.is_some()
        {
            opened.push(outcome);
        }
    }
    assert_eq!(opened.len(), 1);
    browser.keep(opened.remove(0));
    assert_eq!(id_of(&house, &mut browser).await, user);
    let profile = house.housekey.profile(&user).await.unwrap().unwrap();
    assert!(!profile.guest && profile.emails.len() == 1);
}

async fn of_an_upgrade_and_a_deletion_one_happens_whole() {
    let sdk = sdk_with(guests()).await;
    for round in 1..=6u8 {
        let address = format!("ada{round}@example.com");
        let (browser, user, code) = waiting(&sdk.web.house, round, &address).await;
        let caller = browser.repeat();
        let at = format!("/users/{user}");
        let (upgraded, deleted) =
            tokio::join!(sdk.web.house.housekey.sign_up_code(&caller, None, &code), sdk.delete(&at));
        let left = sdk.web.house.housekey.profile(&user).await.unwrap();
        assert_eq!((deleted.status, left.is_none()), (StatusCode::OK, true), "it is deleted, as a guest or after it");
        match upgraded {
            // Before the deletion as the guest, or behind it as somebody new.
            Ok(outcome) => assert!(outcome.value.done.is_some()),
            Err(error) => assert!(matches!(error, Error::Conflict), "{error:?}"),
        }
    }
    let rows = sdk.web.database.rows().await;
    assert_eq!(rows["housekey_email"].len(), rows["housekey_user"].len(), "nothing half-made");
    assert_eq!(rows["housekey_password"].len(), rows["housekey_user"].len());
}

async fn guests_of_an_instance_that_admits_none_any_more_are_led_on() {
    let web = web_with(guests()).await;
    let (jar, user) = guest_on(&web, 1).await;
    let closed = Settings { guests: GuestSettings::default(), ..guests() };
    let house = TestHouse::over(web.database.open(), closed).await.unwrap();
    let url = web.url.clone();
    let later = Web { routes: house.housekey.router(), database: Database(web.database.0.clone()), url, house };
    let again = later.jar(1);
    again.cookies.lock().unwrap().clone_from(&jar.cookies.lock().unwrap());
    sign_up_on(&later, &again, ADA, "").await;
    assert_eq!(user_on(&again).await, user);
}

#[tokio::test]
async fn an_app_inside_knows_a_guest() {
    use axum::{Router, routing::get};
    ENGINE
        .scope(Engine::Sqlite, async {
            let mut web = web_with(guests()).await;
            let who = get(async |user: housekey::User| if user.guest { "a guest" } else { "somebody" });
            web.routes = Router::new().route("/who", who).merge(web.routes).layer(web.house.housekey.layer());
            let (jar, _) = guest_on(&web, 1).await;
            assert_eq!(jar.get("/who").await.body, "a guest");
            sign_up_on(&web, &jar, ADA, "").await;
            assert_eq!(jar.get("/who").await.body, "somebody");
        })
        .await;
}

on_both!(
    somebody_begins_as_a_guest_and_keeps_the_account_by_signing_up,
    without_the_setting_there_are_none,
    who_is_signed_in_is_made_no_guest,
    a_double_click_makes_one_guest,
    a_guest_has_no_way_in_and_gets_none_but_by_a_sign_up,
    a_guests_account_has_one_page,
    a_backend_gives_a_guest_no_way_in_either,
    an_app_begins_with_a_guest_and_ends_with_an_account,
    sec_43_the_guests_secret_and_sessions_end_with_the_guest,
    two_step_verification_is_asked_of_the_account_and_not_of_the_guest,
    a_guest_who_has_an_account_already_joins_it_and_the_app_is_told,
    where_several_sessions_are_allowed_the_guests_one_stays,
    sec_21_a_guest_gets_the_same_answers_for_a_taken_and_a_free_address,
    sec_10_guests_are_counted_with_sign_ups_and_challenged_as_they_are,
    sec_51_a_forged_form_makes_no_guest,
    guests_who_are_gone_are_deleted_and_the_app_is_told,
    webhooks_tell_a_guest_and_what_becomes_of_it,
    of_two_guests_who_take_one_address_one_gets_it,
    sec_32_twenty_upgrades_of_a_guest_are_one,
    of_an_upgrade_and_a_deletion_one_happens_whole,
    guests_of_an_instance_that_admits_none_any_more_are_led_on,
);
