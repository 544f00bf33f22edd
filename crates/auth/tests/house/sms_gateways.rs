//! Gateways of others: what they are told, and what becomes of a message when they time out, refuse or answer garbage.

use crate::kit::*;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use housekey::{
    BuildError,
    core::secret::Secret,
    settings::{BodyForm, Gateway, Settings, SmsSettings, Use},
    testkit::TestHouse,
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use url::Url;

const NUMBER: &str = "+4915123456789";

/// A gateway that writes down what it is told, and answers as it is told to; then 201 and a message.
#[derive(Clone, Default)]
struct Other {
    told: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    answers: Arc<Mutex<VecDeque<(u16, &'static str)>>>,
}

impl Other {
    async fn start(&self) -> Url {
        async fn take(State(other): State<Other>, headers: HeaderMap, body: Bytes) -> (StatusCode, &'static str) {
            other.told.lock().unwrap().push((headers, String::from_utf8(body.to_vec()).unwrap()));
            let (status, text) = other.answers.lock().unwrap().pop_front().unwrap_or((201, "{\"sid\": \"SM1\"}"));
            (StatusCode::from_u16(status).unwrap(), text)
        }
        let routes = Router::new()
            .route("/send", post(take))
            .route("/2010-04-01/Accounts/AC123/Messages.json", post(take))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        url
    }

    fn told(&self) -> Vec<(HeaderMap, String)> {
        self.told.lock().unwrap().clone()
    }
}

fn settings(sms: SmsSettings) -> Settings {
    let mut settings = roomy();
    settings.identifiers.phone = Use::Optional;
    settings.sms = SmsSettings { countries: vec!["DE".parse().unwrap()], ..sms };
    settings.webhooks.allowed_networks = vec!["127.0.0.0/8".parse().unwrap()];
    settings
}

async fn http(sms: SmsSettings) -> (TestHouse, Other) {
    let other = Other::default();
    let url = other.start().await.join("send").unwrap();
    let settings = settings(SmsSettings { gateway: Gateway::Http, url: Some(url), ..sms });
    (TestHouse::over_gateway(database().await.open(), settings).await.unwrap(), other)
}

async fn twilio() -> (TestHouse, Other) {
    let other = Other::default();
    let sms = SmsSettings {
        gateway: Gateway::Twilio,
        url: Some(other.start().await),
        account: Some("AC123".into()),
        token: Some(Secret::new("s3cret".into())),
        from: Some("+4915100000000".into()),
        ..SmsSettings::default()
    };
    (TestHouse::over_gateway(database().await.open(), settings(sms)).await.unwrap(), other)
}

/// Asks for a code to the number of somebody who has an account.
async fn asked(house: &TestHouse) {
    let mut ada = house.browser(1);
    sign_up(house, &mut ada, ADA).await;
    house.housekey.phone_add(&ada.caller(), NUMBER, true).await.unwrap();
}

async fn an_own_gateway_is_told_in_its_form_with_its_headers() {
    let sms = SmsSettings {
        headers: vec![Secret::new("Authorization: Bearer k3y".into())],
        body: Some(r#"{"recipients": [{{ to }}], "content": {{ text }}, "reference": {{ id }}}"#.into()),
        ..SmsSettings::default()
    };
    let (house, other) = http(sms).await;
    asked(&house).await;
    house.deliver().await;
    let told = other.told();
    assert_eq!(told.len(), 1);
    let (headers, body) = &told[0];
    assert_eq!(headers["authorization"], "Bearer k3y");
    assert_eq!(headers["content-type"], "application/json");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["recipients"][0], NUMBER);
    let text = body["content"].as_str().unwrap();
    let code = text.rsplit_once('#').unwrap().1;
    assert!(text.starts_with(code) && text.ends_with(&format!("\n\n@localhost #{code}")), "{text}");
    assert!(text.chars().count() <= 160, "one message: {text}");
    assert_eq!(headers["idempotency-key"].to_str().unwrap(), body["reference"]);
}

async fn a_form_is_percent_encoded() {
    let (house, other) = http(SmsSettings { form: BodyForm::Form, ..SmsSettings::default() }).await;
    asked(&house).await;
    house.deliver().await;
    let (headers, body) = other.told().remove(0);
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!((pairs.len(), pairs[0].1.as_str()), (2, NUMBER), "{body}");
}

async fn twilio_is_told_by_its_contract() {
    let (house, other) = twilio().await;
    asked(&house).await;
    house.deliver().await;
    let (headers, body) = other.told().remove(0);
    assert_eq!(headers["authorization"], "Basic QUMxMjM6czNjcmV0");
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["To", "From", "Body"]);
    assert_eq!((pairs[0].1.as_str(), pairs[1].1.as_str()), (NUMBER, "+4915100000000"));
}

async fn what_may_pass_is_tried_again_and_what_cannot_is_not() {
    for (answers, tries) in [
        (vec![(500, ""), (503, "busy"), (429, "")], 4),
        (vec![(200, "<html>welcome</html>")], 2),
        (vec![(401, "{\"code\": 20003}")], 2),
        (vec![(302, "")], 2),
        (vec![(400, "{\"code\": 21211}")], 1),
        (vec![(422, "no")], 1),
    ] {
        let (house, other) = twilio().await;
        *other.answers.lock().unwrap() = answers.clone().into();
        asked(&house).await;
        for _ in 0..8 {
            house.deliver().await;
            house.clock.advance(Duration::from_secs(80));
        }
        assert_eq!(other.told().len(), tries, "{answers:?}");
        let texts: Vec<String> = other.told().into_iter().map(|(_, body)| body).collect();
        assert!(texts.windows(2).all(|pair| pair[0] == pair[1]), "one and the same message");
    }
}

async fn a_gateway_that_is_gone_costs_nobody_their_account() {
    let sms = SmsSettings { url: Some(Url::parse("http://127.0.0.1:9/").unwrap()), ..SmsSettings::default() };
    let settings = settings(SmsSettings { gateway: Gateway::Http, ..sms });
    let house = TestHouse::over_gateway(database().await.open(), settings).await.unwrap();
    asked(&house).await;
    house.deliver().await;
    assert!(try_password(&house, &mut house.browser(2), ADA, PASSWORD).await.is_ok());
}

async fn faults(sms: SmsSettings) -> String {
    let mut settings = Settings { sms, ..settings(SmsSettings::default()) };
    settings.webhooks.allowed_networks.clear();
    match TestHouse::over_gateway(database().await.open(), settings).await {
        Ok(_) => "ok".into(),
        Err(error) => error.downcast::<BuildError>().map(|e| e.to_string()).unwrap(),
    }
}

async fn a_gateway_that_cannot_serve_stops_the_start() {
    let countries = || vec!["DE".parse().unwrap()];
    let url = |text| Some(Url::parse(text).unwrap());
    let http = |at, body: Option<&str>| SmsSettings {
        gateway: Gateway::Http,
        url: at,
        body: body.map(str::to_owned),
        countries: countries(),
        ..SmsSettings::default()
    };
    for (sms, told) in [
        (SmsSettings::default(), "nobody takes messages to phones"),
        (http(None, None), "sms.url: missing"),
        (http(url("http://sms.example.com/"), None), "sms.url: https on port 443"),
        (http(url("http://169.254.169.254/latest/"), None), "sms.url: "),
        (http(url("https://sms.example.com/"), Some(r#"{"to": "{{ to }}"}"#)), "sms.body: the body is no JSON"),
        (http(url("https://sms.example.com/"), Some("{{ nobody }}")), "sms.body: "),
        (SmsSettings { countries: vec![], ..http(url("https://sms.example.com/"), None) }, "sms.countries: missing"),
        (
            SmsSettings { gateway: Gateway::Twilio, countries: countries(), ..SmsSettings::default() },
            "sms.account: missing",
        ),
    ] {
        let fault = faults(sms).await;
        assert!(fault.contains(told), "{told}: {fault}");
    }
}

on_both!(
    an_own_gateway_is_told_in_its_form_with_its_headers,
    a_form_is_percent_encoded,
    twilio_is_told_by_its_contract,
    what_may_pass_is_tried_again_and_what_cannot_is_not,
    a_gateway_that_is_gone_costs_nobody_their_account,
    a_gateway_that_cannot_serve_stops_the_start,
);
