//! Endpoints as their keepers see them.

use super::{receiver::Receiver, told::listening};
use crate::{kit::*, web::web_with};
use housekey::{
    flows::webhooks::Replay,
    settings::{ConfiguredEndpoint, Settings, WebhookSettings},
    testkit::TestHouse,
};
use housekey_core::{ids::EndpointId, secret::Secret, webhook::WebhookFilter};
use std::time::Duration;

on_both!(
    sec_120_a_new_secret_signs_beside_the_old_one_for_a_day,
    sec_121_an_endpoint_may_not_be_where_nobody_else_should_get,
    endpoints_of_the_configuration_follow_it,
    an_endpoint_is_tried_at_once,
    a_message_is_told_once_more,
    a_new_master_key_leaves_all_that_waits,
);

async fn sec_120_a_new_secret_signs_beside_the_old_one_for_a_day() {
    let web = web_with(roomy()).await;
    let (receiver, old) = listening(&web, &["user.created"]).await;
    let house = &web.house.housekey;
    let id = house.webhook_list().await.unwrap()[0].id.clone();
    let new = house.webhook_rotate(&web.house.browser(9).caller(), &id).await.unwrap().expose().clone();
    for (at, both) in [(1, true), (2, false)] {
        web.signed_up(at, &format!("user{at}@example.com")).await;
        web.house.tell().await;
        let got = receiver.got().pop().unwrap();
        assert_eq!((got.is_signed_by(&new), got.is_signed_by(&old)), (true, both));
        assert_eq!(got.signatures.len(), if both { 2 } else { 1 });
        web.house.clock.advance(Duration::from_secs(24 * 3600));
    }
}

async fn sec_121_an_endpoint_may_not_be_where_nobody_else_should_get() {
    let production = || Settings {
        public_url: Some("https://auth.example.com".parse().unwrap()),
        mail_from: housekey::settings::Sender::parse("a@example.com").ok(),
        smtp_url: Some(Secret::new("smtps://u:p@smtp.example.com".into())),
        ..roomy()
    };
    let house = house_with(production()).await;
    let caller = || house.browser(1).caller();
    for (url, why) in [
        ("https://127.0.0.1/hook", "url:address_refused"),
        ("https://0x7f.1/hook", "url:address_refused"),
        ("https://[::ffff:10.0.0.1]/hook", "url:address_refused"),
        ("https://169.254.169.254/latest", "url:address_refused"),
        ("http://app.example.com/hook", "url:address_scheme"),
        ("https://app.example.com:9000/hook", "url:address_scheme"),
        ("https://user:pass@app.example.com/hook", "url:address_malformed"),
        ("ftp://app.example.com/hook", "url:address_malformed"),
        ("app.example.com/hook", "url:address_malformed"),
    ] {
        assert_eq!(refusal(house.housekey.webhook_add(&caller(), url, &[], "").await), why, "{url}");
    }
    let made = house.housekey.webhook_add(&caller(), "https://app.example.com/hook", &["user.made".into()], "").await;
    assert_eq!(refusal(made), "event:event_unknown");
    assert_eq!(refusal(house.housekey.webhook_add(&caller(), "https://app.example.com/hook", &[], "").await), "ok");
    // With an exception a network is reached, by any port and scheme.
    let mut listed = production();
    listed.webhooks.allowed_networks = vec!["10.0.0.0/8".parse().unwrap()];
    let house = house_with(listed).await;
    let caller = || house.browser(1).caller();
    assert_eq!(refusal(house.housekey.webhook_add(&caller(), "http://10.1.2.3:9000/hook", &[], "").await), "ok");
    let other = house.housekey.webhook_add(&caller(), "https://192.168.0.1/hook", &[], "").await;
    assert_eq!(refusal(other), "url:address_refused");
}

fn configured(endpoints: &[(&str, &str, &str)]) -> Settings {
    let webhooks = WebhookSettings {
        endpoints: endpoints
            .iter()
            .map(|(url, events, _)| ConfiguredEndpoint {
                url: url.parse().unwrap(),
                events: WebhookFilter::parse(events.split(' ')).unwrap(),
            })
            .collect(),
        secrets: endpoints.iter().map(|(_, _, secret)| Secret::new((*secret).to_owned())).collect(),
        ..WebhookSettings::default()
    };
    Settings { webhooks, ..roomy() }
}

async fn endpoints_of_the_configuration_follow_it() {
    const ONE: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const TWO: &str = "whsec_S2VlcCBpdCBvdXQgb2YgeW91ciByZXBvc2l0b3J5Lg==";
    let database = database().await;
    let receiver = Receiver::listen().await;
    let start = |settings: Settings| async {
        let house = TestHouse::over(database.open(), settings).await.unwrap();
        house.housekey.run(std::future::ready(())).await;
        house
    };
    let house = start(configured(&[(&receiver.url, "user.created", ONE)])).await;
    let first = house.housekey.webhook_list().await.unwrap();
    assert_eq!((first.len(), first[0].source, first[0].events.join(" ")), (1, "config", "user.created".to_owned()));
    sign_up(&house, &mut house.browser(1), ADA).await;
    house.tell().await;
    assert!(receiver.got()[0].is_signed_by(ONE));
    let (caller, id) = (house.browser(9).caller(), first[0].id.clone());
    assert_eq!(refusal(house.housekey.webhook_remove(&caller, &id).await), "id:endpoint_of_config");
    assert_eq!(refusal(house.housekey.webhook_rotate(&caller, &id).await), "id:endpoint_of_config");

    // A second node means the same endpoint; another secret beside the old one is taken up.
    let both = format!("{TWO} {ONE}");
    let house = start(configured(&[(&receiver.url, "", &both)])).await;
    let again = house.housekey.webhook_list().await.unwrap();
    assert_eq!((again.len(), &again[0].id, again[0].events.len()), (1, &id, 0));
    sign_up(&house, &mut house.browser(2), "grace@example.com").await;
    house.tell().await;
    let got = receiver.got().pop().unwrap();
    assert!(got.is_signed_by(ONE) && got.is_signed_by(TWO));
    let written = || async { database.rows().await["housekey_event"].len() };
    let before = written().await;
    start(configured(&[(&receiver.url, "", &both)])).await;
    assert_eq!(written().await, before, "what is so already changes nothing");
    start(configured(&[])).await;
    assert!(house.housekey.webhook_list().await.unwrap().is_empty());
}

async fn an_endpoint_is_tried_at_once() {
    let web = web_with(roomy()).await;
    let (receiver, secret) = listening(&web, &["user.created"]).await;
    let (house, caller) = (&web.house.housekey, web.house.browser(9).caller());
    let id = house.webhook_list().await.unwrap()[0].id.clone();
    assert!(house.webhook_test(&caller, &id).await.unwrap().taken());
    let got = receiver.got().pop().unwrap();
    assert!(got.kind() == "webhook.test" && got.is_signed_by(&secret));
    receiver.answer(&[500]);
    let tried = house.webhook_test(&caller, &id).await.unwrap();
    assert_eq!((tried.taken(), tried.code().as_str()), (false, "http_500"));
    let nobody = EndpointId::new(house.now(), house.entropy());
    assert_eq!(refusal(house.webhook_test(&caller, &nobody).await), "not found");
}

async fn a_message_is_told_once_more() {
    let web = web_with(roomy()).await;
    let (receiver, _) = listening(&web, &["user.created"]).await;
    web.signed_up(1, ADA).await;
    web.house.tell().await;
    let house = &web.house.housekey;
    let id = house.webhook_list().await.unwrap()[0].id.clone();
    let message = receiver.got()[0].id.as_str().try_into().unwrap();
    assert_eq!(house.webhook_replay(&id, Replay::Message(message)).await.unwrap(), 1);
    web.house.tell().await;
    let got = receiver.got();
    assert_eq!((got.len(), &got[1].id, &got[1].raw), (2, &got[0].id, &got[0].raw));
    let unknown = housekey_core::ids::MessageId::new(house.now(), house.entropy());
    assert_eq!(refusal(house.webhook_replay(&id, Replay::Message(unknown)).await), "not found");
    house.webhook_disable(&web.house.browser(9).caller(), &id).await.unwrap();
    let since = house.webhook_replay(&id, Replay::Since(house.now())).await;
    assert_eq!(refusal(since), "id:endpoint_disabled");
}

async fn a_new_master_key_leaves_all_that_waits() {
    let database = database().await;
    let first = TestHouse::keyed(database.open(), 1, &[]).await.unwrap();
    let receiver = Receiver::listen().await;
    let caller = first.browser(9).caller();
    let (id, old) = first.housekey.webhook_add(&caller, &receiver.url, &[], "").await.unwrap();
    let new = first.housekey.webhook_rotate(&caller, &id).await.unwrap();
    sign_up(&first, &mut first.browser(1), ADA).await;
    let second = TestHouse::keyed(database.open(), 2, &[1]).await.unwrap();
    // The first pass seals anew, the second finds nothing to do and forgets the former key.
    second.keep().await;
    second.keep().await;
    let third = TestHouse::keyed(database.open(), 2, &[]).await.unwrap();
    third.tell().await;
    let got = receiver.got();
    assert!(got.len() >= 3, "{}", got.len());
    assert!(got.iter().all(|g| g.is_signed_by(old.expose()) && g.is_signed_by(new.expose())));
}
