use crate::{
    accounts::{pending, signed_up},
    kit::*,
};
use housekey_core::{event::EventKind, ids::*, session::Status, time::Time, webhook::WebhookFilter};
use housekey_store::{
    Store, StoreError,
    tell::{Subject, Teller, Told},
    webhook_queue::{Due, Settled, Settlement},
    webhooks::{EndpointSource, NewEndpoint},
};
use std::{sync::Arc, time::Duration};

/// Writes what it is told about in the open.
struct Plain;

impl Teller for Plain {
    fn name(&self, at: Time) -> Result<MessageId, StoreError> {
        Ok(MessageId::new(at, chance()))
    }

    fn write(&self, _: &MessageId, told: Told<'_>) -> Result<Vec<u8>, StoreError> {
        let about = match &told.about {
            Subject::User(person) => person.user.first_name.clone().unwrap_or_default(),
            Subject::Gone(user) => user.to_string(),
            Subject::Session(row, end, _) => format!("{} {end:?}", row.session.id),
            Subject::Invitation(row) => row.address.clone(),
            Subject::Mail(mail, _) => mail.to.clone(),
        };
        Ok(format!("{} {about}", told.kind).into_bytes())
    }
}

async fn endpoint(store: &Store, events: &[&str]) -> EndpointId {
    store.tell_by(Arc::new(Plain));
    let id = EndpointId::new(NOW, chance());
    let new = NewEndpoint {
        id: id.clone(),
        url: "https://app.example.com/hooks".into(),
        description: String::new(),
        events: WebhookFilter::parse(events.iter().copied()).unwrap(),
        source: EndpointSource::Command,
        secret: vec![7; 40],
        old_secret: None,
    };
    store.endpoint_make(new, event(EventKind::WebhookMade, None)).await.unwrap();
    id
}

async fn claim(store: &Store, endpoint: &EndpointId, node: &str, now: Time, most: i64) -> Vec<Due> {
    turn(store, endpoint, node, vec![], now, most).await
}

async fn turn(
    store: &Store,
    endpoint: &EndpointId,
    node: &str,
    settled: Vec<Settled>,
    now: Time,
    most: i64,
) -> Vec<Due> {
    let lease = now.plus(Duration::from_secs(60));
    store.webhook_turn(endpoint, node, settled, (now, lease), most).await.unwrap()
}

fn texts(due: &[Due]) -> Vec<String> {
    due.iter().map(|d| String::from_utf8(d.sealed.clone()).unwrap()).collect()
}

fn settled(due: &Due, end: Settlement) -> Settled {
    Settled { number: due.number, status: Some(200), end }
}

#[tokio::test]
async fn what_happens_is_told_in_its_own_transaction_and_in_order_of_one_user() {
    for base in bases().await {
        let store = base.store.clone();
        let ep = endpoint(&store, &["user.*", "session.*"]).await;
        let ada = signed_up(&store, "ada@example.com").await;
        for name in ["Augusta", "Ada"] {
            let change = event(EventKind::UserUpdated, Some(&ada.user));
            store.set_name(&ada.user, Some(name.into()), None, change).await.unwrap();
        }
        // Nothing is told of what did not happen.
        let nobody = UserId::new(NOW, chance());
        let change = event(EventKind::UserUpdated, Some(&nobody));
        assert_eq!(store.set_name(&nobody, Some("X".into()), None, change).await, Err(StoreError::Conflict));

        let mut told = Vec::new();
        loop {
            let due = claim(&store, &ep, "one", NOW, 50).await;
            assert!(due.len() <= 1, "one after the other: {:?}", texts(&due));
            assert!(claim(&store, &ep, "two", NOW, 50).await.is_empty(), "the next waits for the one under way");
            let Some(first) = due.first() else { break };
            told.extend(texts(&due));
            turn(&store, &ep, "one", vec![settled(first, Settlement::Taken)], NOW, 0).await;
        }
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].starts_with("user.created"), "{told:?}");
        assert_eq!(told[1..], ["user.updated Augusta", "user.updated Ada"]);
        assert_eq!(store.reader().webhook_next_due(&ep).await.unwrap(), None);
        assert_eq!(store.reader().webhook_counts(&ep).await.unwrap().done, 3);
    }
}

#[tokio::test]
async fn each_delivery_is_claimed_once_by_however_many_nodes_and_again_when_one_died() {
    for base in bases().await {
        let store = base.store.clone();
        let ep = endpoint(&store, &["user.created"]).await;
        for n in 0..24 {
            signed_up(&store, &format!("user{n}@example.com")).await;
        }
        let claims = at_once(8, |i| {
            let (store, ep) = (store.clone(), ep.clone());
            async move { claim(&store, &ep, &format!("node{i}"), NOW, 10).await }
        })
        .await;
        let mut numbers: Vec<i64> = claims.iter().flatten().map(|d| d.number).collect();
        // Whoever came while all were being claimed takes what is left later.
        numbers.extend(claim(&store, &ep, "late", NOW, 50).await.iter().map(|d| d.number));
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!((all, numbers.len()), (24, 24), "each once");
        assert!(claim(&store, &ep, "other", at(59), 50).await.is_empty());
        let again = claim(&store, &ep, "other", at(60), 50).await;
        assert_eq!(again.len(), 24);
        assert!(again.iter().all(|d| d.tries == 2));
        // The node whose claim ran out may not put off what is another's by now; what was taken is taken.
        let late = vec![
            settled(&again[0], Settlement::Again(at(500), "http_500".into())),
            settled(&again[1], Settlement::Taken),
        ];
        turn(&store, &ep, "node0", late, at(61), 0).await;
        assert_eq!(store.reader().webhook_next_due(&ep).await.unwrap(), Some(at(120)));
        assert_eq!(store.reader().webhook_counts(&ep).await.unwrap().done, 1);
    }
}

#[tokio::test]
async fn failures_are_counted_until_something_is_taken_and_a_disabled_endpoint_gets_nothing() {
    for base in bases().await {
        let store = base.store.clone();
        let ep = endpoint(&store, &["user.created"]).await;
        for n in 0..3 {
            signed_up(&store, &format!("user{n}@example.com")).await;
        }
        let due = claim(&store, &ep, "one", NOW, 10).await;
        let put_off = due.iter().map(|d| settled(d, Settlement::Again(at(10), "http_503".into()))).collect();
        turn(&store, &ep, "one", put_off, at(1), 0).await;
        let row = store.reader().endpoint(&ep).await.unwrap().unwrap();
        assert_eq!((row.failures, row.failing_since), (3, Some(at(1))));
        let due = claim(&store, &ep, "one", at(10), 1).await;
        turn(&store, &ep, "one", vec![settled(&due[0], Settlement::Taken)], at(11), 0).await;
        let row = store.reader().endpoint(&ep).await.unwrap().unwrap();
        assert_eq!((row.failures, row.failing_since), (0, None));

        let disabled = event(EventKind::WebhookDisabled, None);
        assert!(store.endpoint_disable(&ep, "gone".into(), None, disabled.clone()).await.unwrap());
        assert!(!store.endpoint_disable(&ep, "gone".into(), None, disabled).await.unwrap(), "once");
        signed_up(&store, "late@example.com").await;
        assert!(claim(&store, &ep, "one", at(9_000), 10).await.is_empty());
        assert!(store.endpoint_enable(&ep, event(EventKind::WebhookChanged, None)).await.unwrap());
        assert!(claim(&store, &ep, "one", at(9_000), 10).await.is_empty(), "what was missed is missed");
        let filter = WebhookFilter::parse(["user.created"]).unwrap();
        let (mut from, mut told) = (Some((NOW, String::new())), 0);
        while let Some(since) = from {
            let (some, next) = store.webhook_replay_since(&ep, filter.clone(), since, 2, at(9_001)).await.unwrap();
            (from, told) = (next, told + some);
        }
        assert_eq!(told, 4, "until it is replayed");
        assert_eq!(claim(&store, &ep, "one", at(9_001), 10).await.len(), 4);
    }
}

#[tokio::test]
async fn a_person_who_is_erased_is_told_of_no_more_but_that() {
    for base in bases().await {
        let store = base.store.clone();
        let ep = endpoint(&store, &[]).await;
        let ada = signed_up(&store, "ada@example.com").await;
        store.delete_user(&ada.user, Some(event(EventKind::UserDeleted, Some(&ada.user)))).await.unwrap();
        let due = claim(&store, &ep, "one", NOW, 10).await;
        assert_eq!(texts(&due), [format!("user.deleted {}", ada.user)]);
        // What was told is kept for replays, and no longer than that.
        turn(&store, &ep, "one", vec![settled(&due[0], Settlement::Taken)], at(1), 0).await;
        store.sweep(at(50), Duration::from_secs(60)).await.unwrap();
        assert!(store.webhook_replay(&ep, &due[0].message, at(50)).await.unwrap());
        store.sweep(at(100), Duration::from_secs(60)).await.unwrap();
        assert_eq!(claim(&store, &ep, "one", at(100), 10).await.len(), 1, "what waits is kept");
        turn(&store, &ep, "one", vec![settled(&due[0], Settlement::Taken)], at(101), 0).await;
        store.sweep(at(102), Duration::from_secs(60)).await.unwrap();
        assert!(!store.webhook_replay(&ep, &due[0].message, at(103)).await.unwrap());
    }
}

#[tokio::test]
async fn ended_sessions_are_told_each_with_how_it_ended() {
    for base in bases().await {
        let store = base.store.clone();
        let ep = endpoint(&store, &["session.*"]).await;
        let ada = signed_up(&store, "ada@example.com").await;
        let mut revoked = event(EventKind::SessionRevoked, Some(&ada.user));
        revoked.session = Some(ada.session.clone());
        assert!(store.revoke_session(&ada.user, &ada.session, revoked.clone()).await.unwrap());
        assert!(!store.revoke_session(&ada.user, &ada.session, revoked).await.unwrap());
        let due = claim(&store, &ep, "one", NOW, 10).await;
        assert_eq!(texts(&due), [format!("session.revoked {} Revoked", ada.session)]);
    }
}

#[tokio::test]
async fn sec_60_a_session_with_an_open_task_is_not_told() {
    for base in bases().await {
        let store = base.store.clone();
        let ep = endpoint(&store, &["session.*"]).await;
        let mut new = pending(&store, "ada@example.com").await;
        new.session.session.status = Status::Pending;
        let session = new.session.session.id.clone();
        let mut opened = event(EventKind::SessionCreated, Some(&new.user.id));
        opened.session = Some(session.clone());
        new.trail.events.push(opened);
        store.sign_up_complete(new).await.unwrap();
        assert_eq!(texts(&claim(&store, &ep, "one", NOW, 10).await), Vec::<String>::new());
    }
}
