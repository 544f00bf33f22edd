//! New passwords that became known elsewhere: what is refused, what the service learns, and what its silence changes.

use crate::{
    clerk::{
        app::settings,
        backend::sdk::{Sdk, sdk_with},
    },
    kit::*,
    web::web_with,
};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use axum::{Router, extract::State};
use housekey::{
    Error,
    settings::{BreachSettings, Settings},
    testkit::{Browser, TestHouse},
};
use housekey_core::breach::{BreachFilter, key_of_line};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::json;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use url::Url;

on_both!(
    sec_3_the_filter_refuses_a_breached_password_wherever_a_new_one_is_set,
    sec_3_both_doors_say_why,
    sec_3_a_backend_may_give_a_breached_one_only_unchecked,
    a_breached_password_that_is_set_still_signs_in,
    a_filter_that_is_not_whole_stops_the_build,
    a_service_that_may_not_be_asked_stops_the_build,
    sec_3_the_service_refuses_and_learns_five_digits,
    sec_3_rows_of_padding_refuse_nobody,
    a_service_that_does_not_say_stops_nobody_and_the_trail_tells_it,
    sec_20_a_known_address_asks_the_service_as_a_strange_one_does,
    sec_10_who_is_limited_or_refused_anyway_makes_nobody_ask,
);

const BREACHED: &str = "another lantern tide";
const GOOD: &str = "seven copper herons";

/// The SHA-1 in hexadecimal digits, as lists have it.
fn digits(text: &str) -> String {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
}

/// A file with the filter of these passwords.
fn filter_of(passwords: &[&str]) -> PathBuf {
    let keys = passwords.iter().map(|text| key_of_line(digits(text).as_bytes()).unwrap().unwrap()).collect();
    let path = Box::leak(Box::new(tempfile::tempdir().unwrap())).path().join("breached.filter");
    std::fs::write(&path, BreachFilter::build(keys).unwrap().bytes()).unwrap();
    path
}

fn with_filter(passwords: &[&str]) -> Settings {
    filter_settings(passwords, false)
}

pub fn filter_settings(passwords: &[&str], at_sign_in: bool) -> Settings {
    Settings { breach: BreachSettings { filter: Some(filter_of(passwords)), api: None, at_sign_in }, ..roomy() }
}

/// What the service does when it is asked.
#[derive(Clone)]
enum Says {
    Rows(String),
    Status(u16),
    Nothing,
}

/// A service, and what it was asked: method, path with query, headers.
#[derive(Clone)]
struct Service {
    url: Url,
    says: Arc<Mutex<Says>>,
    asked: Arc<Mutex<Vec<(Method, Uri, HeaderMap)>>>,
}

impl Service {
    async fn listen(says: Says) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let service = Self { url, says: Arc::new(Mutex::new(says)), asked: Arc::default() };
        let routes = Router::new().fallback(answer).with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        service
    }

    fn say(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn settings(&self) -> Settings {
        Settings { breach: BreachSettings { filter: None, api: Some(self.url.clone()), at_sign_in: false }, ..roomy() }
    }
}

async fn answer(
    State(service): State<Service>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, String) {
    assert_eq!(body, "", "nothing but the path says what is asked for");
    service.asked.lock().unwrap().push((method, uri, headers));
    let says = service.says.lock().unwrap().clone();
    match says {
        Says::Rows(rows) => (StatusCode::OK, rows),
        Says::Status(status) => (StatusCode::from_u16(status).unwrap(), "no".into()),
        Says::Nothing => std::future::pending().await,
    }
}

/// An answer that has this password so many times, among others.
fn rows(text: &str, seen: u32) -> Says {
    let other = "0018A45C4D1DEF81644B54AB7F969B88D65";
    Says::Rows(format!("{other}:1\r\n{}:{seen}\r\n{}:0\r\n", &digits(text)[5..], &digits("padding")[5..]))
}

async fn try_sign_up(house: &TestHouse, browser: &mut Browser, address: &str, text: &str) -> String {
    let start = housekey::flows::sign_up::StartSignUp { password: password(text), ..sign_up_as(address) };
    refusal(house.housekey.sign_up_start(&browser.caller(), start).await)
}

async fn failures(database: &Database) -> Vec<String> {
    let all = database.rows().await.remove("housekey_event").unwrap();
    all.into_iter().filter(|row| row.contains("breach_check.failed")).collect()
}

async fn sec_3_the_filter_refuses_a_breached_password_wherever_a_new_one_is_set() {
    let house = house_with(with_filter(&[BREACHED])).await;
    let mut ada = house.browser(1);
    assert_eq!(try_sign_up(&house, &mut ada, ADA, BREACHED).await, "password:password_breached");
    sign_up(&house, &mut ada, ADA).await;
    let change = |new| (Some(password(PASSWORD)), password(new));
    let (present, new) = change(BREACHED);
    let refused = house.housekey.password_change(&ada.caller(), present, new).await;
    assert_eq!(refusal(refused), "password:password_breached");
    let (present, new) = change(GOOD);
    let done = house.housekey.password_change(&ada.caller(), present, new).await;
    ada.keep(done.unwrap());
    let mut other = house.browser(2);
    let started = house.housekey.reset_start(&other.caller(), start_as(ADA)).await.unwrap();
    other.keep(started);
    let code = house.code_to(ADA).await.unwrap();
    let proved = house.housekey.sign_in_code(&other.caller(), &code).await.unwrap();
    other.keep(proved);
    let refused = house.housekey.sign_in_new_password(&other.caller(), password(BREACHED)).await;
    assert_eq!(refusal(refused), "password:password_breached");
    let done = house.housekey.sign_in_new_password(&other.caller(), password(PASSWORD)).await.unwrap();
    other.keep(done);
    assert!(is_signed_in(&house, &mut other).await, "the reset goes on with another password");
    let told = house.housekey.password_strength(&ada.caller(), &password(BREACHED), &[]).await.unwrap();
    assert_eq!(told.fault.unwrap().code(), "password_breached", "it is told while one types");
}

async fn sec_3_both_doors_say_why() {
    let web = web_with(with_filter(&[BREACHED])).await;
    let fields = [("email", ADA), ("password", BREACHED), ("return_to", "")];
    let page = web.jar(1).form("/sign-up", &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("known from a breach"), "{}", page.body);
    let breach = BreachSettings { filter: Some(filter_of(&[BREACHED])), api: None, at_sign_in: false };
    let web = crate::clerk::app::clerk_with(Settings { breach, ..settings() }).await;
    let app = web.app(1);
    let told = app.post("/v1/client/sign_ups", &[("email_address", ADA), ("password", BREACHED)]).await;
    assert_eq!(told.refusal(), "422 form_password_pwned password");
    let environment = app.get("/v1/environment").await.ok().json;
    assert_eq!(environment["user_settings"]["password_settings"]["disable_hibp"], false);
}

async fn sec_3_a_backend_may_give_a_breached_one_only_unchecked() {
    let service = Service::listen(rows(BREACHED, 3)).await;
    let checks = [
        BreachSettings { filter: Some(filter_of(&[BREACHED])), api: None, at_sign_in: false },
        BreachSettings { filter: None, api: Some(service.url.clone()), at_sign_in: false },
    ];
    for breach in checks {
        let sdk: Sdk = sdk_with(Settings { breach, ..settings() }).await;
        let form = json!({ "email_address": ["bea@example.com"], "password": BREACHED });
        assert_eq!(sdk.post("/users", form).await.refusal(), "422 form_password_pwned password");
        let ada = sdk.user(ADA).await;
        let (at, form) = (format!("/users/{ada}"), json!({ "password": BREACHED }));
        assert_eq!(sdk.patch(&at, form).await.refusal(), "422 form_password_pwned password");
        let asked = service.asked();
        sdk.patch(&at, json!({ "password": BREACHED, "skip_password_checks": true })).await.ok();
        assert_eq!(service.asked(), asked, "what is not checked is told nobody");
        assert_eq!(sdk.web.app(1).sign_in(ADA, BREACHED).await.ok().response()["status"], "complete");
    }
}

async fn a_breached_password_that_is_set_still_signs_in() {
    let database = database().await;
    let before = TestHouse::over(database.open(), roomy()).await.unwrap();
    sign_up(&before, &mut before.browser(1), ADA).await;
    let after = TestHouse::over(database.open(), with_filter(&[PASSWORD])).await.unwrap();
    let mut ada = after.browser(2);
    try_password(&after, &mut ada, ADA, PASSWORD).await.unwrap();
    assert!(is_signed_in(&after, &mut ada).await);
}

async fn a_filter_that_is_not_whole_stops_the_build() {
    let path = filter_of(&[BREACHED]);
    let whole = std::fs::read(&path).unwrap();
    let mut altered = whole.clone();
    *altered.last_mut().unwrap() ^= 1;
    let mut other = whole.clone();
    other[8] = 9;
    let settings =
        || Settings { breach: BreachSettings { filter: Some(path.clone()), api: None, at_sign_in: false }, ..roomy() };
    for (content, word) in [
        (Some(&whole[..whole.len() - 1]), "cut"),
        (Some(&altered[..]), "altered"),
        (Some(&other[..]), "form 9"),
        (Some(&b"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:1\n"[..]), "not a filter"),
        (None, "No such file"),
    ] {
        match content {
            Some(content) => std::fs::write(&path, content).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let told = TestHouse::over(database().await.open(), settings()).await.err().unwrap().to_string();
        assert!(told.contains("passwords.breach_filter") && told.contains(word), "{told}");
        assert!(told.contains("housekey breach build") && told.contains(&path.display().to_string()), "{told}");
    }
}

async fn a_service_that_may_not_be_asked_stops_the_build() {
    for address in ["http://8.8.8.8/", "https://10.0.0.1/"] {
        let breach = BreachSettings { filter: None, api: Url::parse(address).ok(), at_sign_in: false };
        let told = TestHouse::over(database().await.open(), Settings { breach, ..roomy() }).await.err().unwrap();
        assert!(told.to_string().contains("passwords.breach_api"), "{told}");
    }
}

async fn sec_3_the_service_refuses_and_learns_five_digits() {
    let service = Service::listen(rows(BREACHED, 42)).await;
    let house = house_with(service.settings()).await;
    let mut ada = house.browser(1);
    assert_eq!(try_sign_up(&house, &mut ada, ADA, BREACHED).await, "password:password_breached");
    sign_up(&house, &mut ada, ADA).await;
    let change = house.housekey.password_change(&ada.caller(), Some(password(PASSWORD)), password(BREACHED)).await;
    assert_eq!(refusal(change), "password:password_breached");
    let asked = service.asked.lock().unwrap().clone();
    let wanted = [BREACHED, PASSWORD, BREACHED].map(|text| format!("/range/{}", &digits(text)[..5]));
    assert_eq!(asked.iter().map(|(_, uri, _)| uri.to_string()).collect::<Vec<_>>(), wanted);
    for (method, _, headers) in asked {
        assert_eq!((method, &headers["add-padding"]), (Method::GET, &"true".parse().unwrap()));
        let names: Vec<&str> = headers.keys().map(http::HeaderName::as_str).collect();
        assert!(names.iter().all(|name| ["add-padding", "accept", "host", "user-agent"].contains(name)), "{names:?}");
        for text in [BREACHED, PASSWORD] {
            let whole = format!("{headers:?}").to_uppercase();
            assert!(!whole.contains(&digits(text)[5..]) && !whole.contains(&text.to_uppercase()));
        }
    }
}

async fn sec_3_rows_of_padding_refuse_nobody() {
    let service = Service::listen(rows(BREACHED, 0)).await;
    let database = database().await;
    let house = TestHouse::over(database.open(), service.settings()).await.unwrap();
    assert_eq!(try_sign_up(&house, &mut house.browser(1), ADA, BREACHED).await, "ok");
    assert_eq!((service.asked(), failures(&database).await.len()), (1, 0));
}

async fn a_service_that_does_not_say_stops_nobody_and_the_trail_tells_it() {
    let service = Service::listen(Says::Nothing).await;
    let database = database().await;
    let house = TestHouse::over(database.open(), service.settings()).await.unwrap();
    let cut = format!("{}:7\r\n{}", &digits("padding")[5..], &digits(BREACHED)[5..20]);
    let endless = format!("{}:7\r\n", &digits("padding")[5..]).repeat(10_000);
    for (n, (says, why)) in [
        (Says::Nothing, "timeout"),
        (Says::Status(429), "status"),
        (Says::Status(503), "status"),
        (Says::Status(302), "status"),
        (Says::Rows("<html>".into()), "garbage"),
        (Says::Rows(String::new()), "garbage"),
        (Says::Rows(cut), "garbage"),
        (Says::Rows(endless), "garbage"),
    ]
    .into_iter()
    .enumerate()
    {
        service.say(says);
        let done = try_sign_up(&house, &mut house.browser(1), &format!("ada{n}@example.com"), BREACHED).await;
        assert_eq!(done, "ok", "{why}");
        let told = failures(&database).await;
        assert_eq!(told.len(), n + 1, "{why}");
        let all = told.join("\n");
        assert!(all.contains(why), "{why}: {all}");
        assert!(!all.contains(&digits(BREACHED)[..5]) && !all.contains("example.com"), "{all}");
    }
    let gone = Service { url: Url::parse("http://127.0.0.1:1/").unwrap(), ..service };
    let house = TestHouse::over(database.open(), gone.settings()).await.unwrap();
    assert_eq!(try_sign_up(&house, &mut house.browser(1), ADA, BREACHED).await, "ok");
    assert!(failures(&database).await.iter().any(|row| row.contains("unreachable")));
}

async fn sec_20_a_known_address_asks_the_service_as_a_strange_one_does() {
    let service = Service::listen(rows("other", 1)).await;
    let house = house_with(service.settings()).await;
    sign_up(&house, &mut house.browser(1), ADA).await;
    for says in [rows("other", 1), Says::Status(503)] {
        service.say(says);
        // The day's key is made once.
        try_sign_up(&house, &mut house.browser(2), "first@example.com", GOOD).await;
        let mut costs = Vec::new();
        for address in [ADA, "stranger@example.com"] {
            let ((counters, hashes), asked) = (house.spent(), service.asked());
            assert_eq!(try_sign_up(&house, &mut house.browser(3), address, GOOD).await, "ok");
            let ((after, more), also) = (house.spent(), service.asked());
            costs.push((after.commits - counters.commits, more - hashes, also - asked));
        }
        assert_eq!(costs[0], costs[1]);
        assert_eq!(costs[0].2, 1);
    }
}

async fn sec_10_who_is_limited_or_refused_anyway_makes_nobody_ask() {
    let service = Service::listen(rows("other", 1)).await;
    let breach =
        BreachSettings { filter: Some(filter_of(&[BREACHED])), api: Some(service.url.clone()), at_sign_in: false };
    let house = house_with(Settings { breach, ..Settings::default() }).await;
    let mut eve = house.browser(1);
    for refused in ["12345678", BREACHED] {
        assert!(try_sign_up(&house, &mut eve, ADA, refused).await.starts_with("password:"));
    }
    assert!(try_sign_up(&house, &mut eve, "no address", GOOD).await.starts_with("email:"));
    assert_eq!(service.asked(), 0);
    let mut passed = 0;
    let limited = loop {
        let start = sign_up_as(&format!("eve{passed}@example.com"));
        match house.housekey.sign_up_start(&eve.caller(), start).await {
            Ok(_) => passed += 1,
            Err(error) => break error,
        }
        assert!(passed < 500);
    };
    assert!(matches!(limited, Error::Challenge(_)), "{limited}");
    house.clock.advance(Duration::from_millis(1));
    drop(try_sign_up(&house, &mut eve, "eve@example.com", GOOD).await);
    assert_eq!(service.asked(), passed);
}
