//! Guests: one becomes an account whole or not at all, and one that is gone is deleted whole or not at all.

use crate::{accounts::*, kit::*};
use housekey_core::{event::EventKind, ids::*, policy::SessionPolicy, session::Session, sign_in::Account, time::Time};
use housekey_store::{
    Store, StoreError,
    guests::{Guest, NewGuest},
    sessions::{Room, SessionRow},
    sign_ins::Trail,
    sign_ups::NewAccount,
    tell::End,
    users::NewUser,
};
use std::time::Duration;

const KEPT_FOR: Duration = Duration::from_secs(3600);

/// A guest on a client, with a sign-up under way that makes it an account of this address.
async fn guest(store: &Store, address: &str) -> (NewAccount, Session) {
    let mut new = pending(store, address).await;
    let client = new.rotation.client.clone();
    let user = UserId::new(NOW, chance());
    let id = SessionId::new(NOW, chance());
    let session = Session::guest((user.clone(), id.clone()), client.clone(), &SessionPolicy::default(), NOW);
    let begun = NewGuest {
        user: NewUser {
            id: user.clone(),
            first_name: None,
            last_name: None,
            email: None,
            username: None,
            phone: None,
            password: None,
            public_metadata: "{}".into(),
            unsafe_metadata: "{}".into(),
            legal_accepted: None,
            event_key: vec![1],
            handle: housekey_core::entropy::bytes(chance()),
            guest_since: Some(NOW),
        },
        session: SessionRow { session: session.clone(), facts: vec![1] },
        room: Room { per_user: 50, several_on_client: false },
        rotation: rotation(&client, 1, Some(id)),
        trail: Trail { events: vec![event(EventKind::UserCreated, Some(&user))], ..Trail::default() },
    };
    store.guest_begin(begun).await.unwrap();
    new.user.id = user.clone();
    new.session.session.user = user.clone();
    new.rotation.version = 2;
    new.trail.events = vec![event(EventKind::UserUpgraded, Some(&user))];
    new.guest = Some(Guest {
        account: Account { user, version: 1 },
        public_metadata: "{}".into(),
        unsafe_metadata: "{}".into(),
    });
    (new, session)
}

async fn is_guest(store: &Store, user: &UserId) -> Option<bool> {
    store.reader().user(user).await.unwrap().map(|user| user.guest_since.is_some())
}

async fn delete(store: &Store, user: &UserId, before: Time) -> Result<(), StoreError> {
    store.delete_gone(user, before, event(EventKind::UserDeleted, Some(user))).await
}

#[tokio::test]
async fn a_guest_becomes_an_account_with_its_id_and_its_other_sessions_end() {
    for base in bases().await {
        let store = &base.store;
        let (new, before) = guest(store, "Ada@example.com").await;
        assert_eq!(is_guest(store, &before.user).await, Some(true));
        let opened = new.session.session.id.clone();
        store.sign_up_complete(new).await.unwrap();
        let user = store.reader().user_by_email("ada@example.com").await.unwrap().unwrap();
        assert_eq!((&user.account.user, user.account.version), (&before.user, 2));
        assert!(user.guest_since.is_none() && user.password.is_some() && user.primary_email.is_some());
        assert_eq!(user.first_name.as_deref(), Some("Ada"));
        let sessions = store.reader().sessions_of_user(&before.user, NOW, 50).await.unwrap();
        assert_eq!(sessions.into_iter().map(|row| row.session.id).collect::<Vec<_>>(), [opened]);
    }
}

#[tokio::test]
async fn what_changed_meanwhile_leaves_the_guest_as_it_is() {
    for base in bases().await {
        let store = &base.store;
        let (mut new, before) = guest(store, "ada@example.com").await;
        let user = before.user.clone();
        new.guest.as_mut().unwrap().unsafe_metadata = "{\"cart\":1}".into();
        let conflict = store.sign_up_complete(new).await;
        assert!(matches!(conflict, Err(StoreError::Conflict)), "what the app kept there was another: {conflict:?}");
        let (new, _) = guest(store, "bob@example.com").await;
        let taken = new.user.id.clone();
        signed_up(store, "bob@example.com").await;
        let late = store.sign_up_complete(new).await;
        assert!(matches!(late, Err(StoreError::Taken(_))), "{late:?}");
        for guest in [user, taken] {
            let row = store.reader().user(&guest).await.unwrap().unwrap();
            assert!(row.guest_since.is_some() && row.password.is_none() && row.account.version == 1);
            assert!(store.reader().emails_of_user(&guest).await.unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn of_an_upgrade_and_a_deletion_one_happens() {
    for base in bases().await {
        for round in 0..8 {
            let store = base.store.clone();
            let address = format!("ada{round}@example.com");
            let (new, before) = guest(&store, &address).await;
            let user = before.user;
            let (upgraded, deleted) = tokio::join!(store.sign_up_complete(new), delete(&store, &user, at(60)));
            assert_ne!(upgraded.is_ok(), deleted.is_ok(), "{upgraded:?} {deleted:?}");
            let left = store.reader().user_by_email(&address).await.unwrap();
            assert_eq!(left.is_some(), upgraded.is_ok());
            assert_eq!(is_guest(&store, &user).await, upgraded.is_ok().then_some(false));
        }
    }
}

#[tokio::test]
async fn a_guest_is_gone_when_its_session_ended_or_was_last_seen_long_ago() {
    for base in bases().await {
        let store = &base.store;
        let (_, seen) = guest(store, "seen@example.com").await;
        let (_, idle) = guest(store, "idle@example.com").await;
        let (out, ended) = guest(store, "ended@example.com").await;
        let account = signed_up(store, "ada@example.com").await;
        store.sessions_seen(vec![(seen.id.clone(), at(500))]).await.unwrap();
        let mut event = event(EventKind::SessionEnded, Some(&ended.user));
        event.at = at(400);
        let off = rotation(&out.rotation.client, 2, None);
        store.sign_out(ended.clone(), End::Ended, off, event).await.unwrap();
        let gone = async |before: u64| {
            let mut gone = store.reader().guests_gone(at(before), 10).await.unwrap();
            gone.sort();
            gone
        };
        let sorted = |mut all: Vec<UserId>| {
            all.sort();
            all
        };
        assert_eq!(gone(0).await, []);
        assert_eq!(gone(400).await, sorted(vec![idle.user.clone()]));
        assert_eq!(gone(401).await, sorted(vec![idle.user.clone(), ended.user.clone()]));
        assert!(matches!(delete(store, &seen.user, at(500)).await, Err(StoreError::Conflict)));
        delete(store, &idle.user, at(400)).await.unwrap();
        assert_eq!(is_guest(store, &idle.user).await, None);
        // Its session's row goes with its time, and when it was last seen stays.
        store.sweep(seen.expires.plus(Duration::from_secs(1)), KEPT_FOR).await.unwrap();
        assert!(store.reader().sessions_of_user(&seen.user, NOW, 10).await.unwrap().is_empty());
        assert_eq!(gone(500).await, sorted(vec![ended.user.clone()]));
        assert_eq!(gone(501).await, sorted(vec![seen.user.clone(), ended.user.clone()]));
        assert!(matches!(delete(store, &account.user, at(9999)).await, Err(StoreError::Conflict)), "no guest");
    }
}
