use crate::{accounts::signed_up, kit::*};
use housekey_core::event::EventKind;
use housekey_store::{StoreError, tell::End};

#[tokio::test]
async fn a_new_secret_is_taken_once_and_the_old_one_keeps_its_answer() {
    for base in bases().await {
        let store = base.store.clone();
        let signed = signed_up(&store, "ada@example.com").await;
        let before = store.reader().client(&signed.client).await.unwrap().unwrap();
        let session = store.reader().check(&signed.client).await.unwrap().unwrap().signed_in.unwrap().session;
        let done = at_once(16, |_| {
            let (store, session) = (store.clone(), session.clone());
            let rotation = rotation(&signed.client, before.version, None);
            let event = event(EventKind::SessionEnded, Some(&signed.user));
            async move { store.sign_out(session, End::Ended, rotation, event).await }
        })
        .await;
        assert_eq!(done.iter().filter(|d| d.is_ok()).count(), 1);
        assert!(done.iter().all(|d| matches!(d, Ok(()) | Err(StoreError::Conflict))));
        let after = store.reader().client(&signed.client).await.unwrap().unwrap();
        let old = after.old.unwrap();
        assert_eq!(old.hash.as_bytes(), before.secret_hash.as_bytes());
        assert_eq!((old.answer, old.call, old.until), (b"sealed".to_vec(), vec![7; 32], at(10)));
        assert!(after.active_session.is_none());
    }
}

#[tokio::test]
async fn sec_44_ending_a_session_is_seen_by_a_warm_cache_at_once() {
    for base in bases().await {
        let store = &base.store;
        let signed = signed_up(store, "ada@example.com").await;
        let stamp = store.generations().snapshot([signed.client.as_str(), signed.user.as_str()]);
        let revoked =
            store.revoke_session(&signed.user, &signed.session, event(EventKind::SessionRevoked, Some(&signed.user)));
        assert!(revoked.await.unwrap());
        assert!(!store.generations().still(&stamp));
        let again = event(EventKind::SessionRevoked, Some(&signed.user));
        assert!(!store.revoke_session(&signed.user, &signed.session, again).await.unwrap());
    }
}
