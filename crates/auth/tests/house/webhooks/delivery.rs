//! What becomes of a message.

use super::{receiver::Receiver, told::listening};
use crate::{
    kit::*,
    web::{Web, web_with},
};
use housekey::testkit::TestHouse;
use housekey_core::time::Time;
use std::{collections::BTreeMap, time::Duration};

on_both!(
    what_is_not_taken_is_tried_again_with_the_same_id_and_holds_back_that_user_alone,
    sec_120_after_eight_tries_in_a_day_the_endpoint_is_switched_off_with_a_notice,
    an_endpoint_that_says_gone_is_told_nothing_more,
    two_nodes_tell_each_message_once,
    what_a_dead_node_had_claimed_is_told_by_another,
    a_slow_endpoint_holds_back_no_other,
    a_redirect_is_not_followed,
);

const MINUTE: Duration = Duration::from_secs(60);

async fn only_endpoint(web: &Web) -> housekey::flows::webhooks::EndpointView {
    web.house.housekey.webhook_list().await.unwrap().pop().unwrap()
}

async fn what_is_not_taken_is_tried_again_with_the_same_id_and_holds_back_that_user_alone() {
    let web = web_with(roomy()).await;
    let (receiver, _) = listening(&web, &["user.*"]).await;
    let ada = web.signed_up(1, ADA).await;
    receiver.answer(&[500]);
    web.house.tell().await;
    assert_eq!(receiver.kinds(), ["user.created"]);
    ada.form("/account", &[("first_name", "Augusta"), ("last_name", "")]).await;
    web.signed_up(2, "grace@example.com").await;
    web.house.tell().await;
    assert_eq!(
        receiver.kinds(),
        ["user.created", "user.created"],
        "Grace's goes, and Ada's waits for the one before it"
    );
    let first = receiver.got()[0].clone();
    assert_ne!(receiver.got()[1].id, first.id);
    assert_eq!(only_endpoint(&web).await.deliveries.waiting, 2);
    web.house.clock.advance(Duration::from_secs(11));
    web.house.tell().await;
    let got = receiver.got();
    assert_eq!(receiver.kinds(), ["user.created", "user.created", "user.created", "user.updated"]);
    assert_eq!((&got[2].id, &got[2].raw), (&first.id, &first.raw), "the same message");
    assert!(got[2].seconds > first.seconds, "signed anew");
    assert_eq!(got[3].data()["first_name"], "Augusta");
    assert_eq!(only_endpoint(&web).await.failing_since, None);
}

async fn sec_120_after_eight_tries_in_a_day_the_endpoint_is_switched_off_with_a_notice() {
    let mut settings = roomy();
    settings.webhooks.notice_to = Some(housekey_core::identifier::email::Email::parse("ops@example.com").unwrap());
    let web = web_with(settings).await;
    let (receiver, _) = listening(&web, &["user.created"]).await;
    receiver.always(503);
    web.signed_up(1, ADA).await;
    let began = web.house.housekey.now();
    let mut at: Vec<Duration> = Vec::new();
    // A minute at a time for twenty-five hours.
    for _ in 0..25 * 60 {
        let before = receiver.got().len();
        web.house.tell().await;
        if receiver.got().len() > before {
            at.push(web.house.housekey.now().since(began));
        }
        let endpoint = only_endpoint(&web).await;
        if !endpoint.enabled {
            break;
        }
        web.house.clock.advance(MINUTE);
    }
    assert_eq!(at.len(), 8, "{at:?}");
    assert!(at[7] > 17 * 60 * MINUTE && at[7] <= 24 * 60 * MINUTE, "{at:?}");
    assert_eq!(receiver.got().iter().map(|g| &g.id).collect::<std::collections::BTreeSet<_>>().len(), 1);
    let endpoint = only_endpoint(&web).await;
    assert_eq!((endpoint.enabled, endpoint.reason.as_deref()), (false, Some("not_answering")));
    let trail = web.database.rows().await["housekey_event"].join("\n");
    assert!(trail.contains("webhook.disabled") && trail.contains(endpoint.id.as_str()), "the trail says so");
    let notice = web.house.mail_to("ops@example.com").await.unwrap();
    assert!(notice.text.contains(endpoint.id.as_str()) && notice.text.contains("127.0.0.1"), "{}", notice.text);
    // Mended: it is told what it missed, and what happens from now on.
    web.signed_up(2, "grace@example.com").await;
    web.house.tell().await;
    assert_eq!(receiver.got().len(), 8, "it is told nothing");
    receiver.always(200);
    let (house, caller) = (&web.house.housekey, web.house.browser(9).caller());
    house.webhook_enable(&caller, &endpoint.id).await.unwrap();
    let replayed = house.webhook_replay(&endpoint.id, housekey::flows::webhooks::Replay::Since(began)).await.unwrap();
    web.house.tell().await;
    assert_eq!((replayed, receiver.got().len()), (2, 10));
}

async fn an_endpoint_that_says_gone_is_told_nothing_more() {
    let web = web_with(roomy()).await;
    let (receiver, _) = listening(&web, &["user.created"]).await;
    receiver.always(410);
    web.signed_up(1, ADA).await;
    web.house.tell().await;
    let endpoint = only_endpoint(&web).await;
    assert_eq!((endpoint.enabled, endpoint.reason.as_deref()), (false, Some("gone")));
    web.house.clock.advance(60 * MINUTE);
    web.house.tell().await;
    assert_eq!(receiver.got().len(), 1);
}

async fn two_nodes_tell_each_message_once() {
    let web = web_with(roomy()).await;
    let other = TestHouse::over(web.database.open(), roomy()).await.unwrap();
    let (receiver, _) = listening(&web, &["user.*", "session.*"]).await;
    for n in 0..12 {
        web.signed_up(n, &format!("user{n}@example.com")).await;
    }
    tokio::join!(web.house.tell(), other.tell());
    // Whoever found all claimed left early; what was written since is anybody's.
    web.house.tell().await;
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let mut order: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for got in receiver.got() {
        *times.entry(got.id.clone()).or_default() += 1;
        let user = if got.kind() == "user.created" { &got.data()["id"] } else { &got.data()["user_id"] };
        order.entry(user.as_str().unwrap().to_owned()).or_default().push(got.kind());
    }
    assert_eq!(times.len(), 24);
    assert!(times.values().all(|n| *n == 1), "{times:?}");
    assert!(order.values().all(|kinds| *kinds == ["user.created", "session.created"]), "{order:?}");
}

async fn what_a_dead_node_had_claimed_is_told_by_another() {
    let web = web_with(roomy()).await;
    let (receiver, secret) = listening(&web, &["user.created"]).await;
    web.signed_up(1, ADA).await;
    let endpoint = only_endpoint(&web).await.id;
    let now = web.house.housekey.now();
    let lease = now.plus(MINUTE);
    let claimed = web.database.open().webhook_turn(&endpoint, "dead", vec![], (now, lease), 10).await.unwrap();
    assert_eq!(claimed.len(), 1);
    web.house.tell().await;
    assert!(receiver.got().is_empty(), "it may still be alive");
    web.house.clock.advance(MINUTE);
    web.house.tell().await;
    let got = receiver.got();
    assert_eq!((got.len(), got[0].id.as_str()), (1, claimed[0].message.as_str()));
    assert!(got[0].is_signed_by(&secret));
    assert_eq!(Time::from_millis(got[0].body["timestamp"].as_i64().unwrap()), now, "when it happened");
}

async fn a_slow_endpoint_holds_back_no_other() {
    let web = web_with(roomy()).await;
    let (slow, _) = listening(&web, &["user.created"]).await;
    let (fast, _) = listening(&web, &["user.created"]).await;
    slow.hold(true);
    // More than one lane has room for.
    for n in 0..40 {
        web.signed_up(n, &format!("user{n}@example.com")).await;
    }
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let house = web.house.housekey.clone();
    let running = tokio::spawn(async move {
        house
            .run(async {
                drop(stopped.await);
            })
            .await;
    });
    fast.wait_for(40).await;
    assert!(slow.got().len() <= 32, "{}", slow.got().len());
    slow.wait_for(1).await;
    slow.hold(false);
    drop(stop);
    running.await.unwrap();
    // What was under way is written down before the end.
    let done: Vec<i64> = web.house.housekey.webhook_list().await.unwrap().iter().map(|e| e.deliveries.done).collect();
    assert_eq!(done, [i64::try_from(slow.got().len()).unwrap(), 40]);
}

async fn a_redirect_is_not_followed() {
    let web = web_with(roomy()).await;
    let elsewhere = Receiver::listen().await;
    let (receiver, _) = listening(&web, &["user.created"]).await;
    receiver.answer(&[307]);
    web.signed_up(1, ADA).await;
    web.house.tell().await;
    assert_eq!((receiver.got().len(), elsewhere.got().len()), (1, 0));
    assert_eq!(only_endpoint(&web).await.deliveries.waiting, 1);
}
