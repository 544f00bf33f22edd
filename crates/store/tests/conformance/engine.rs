use crate::{accounts::signed_up, kit::*};
use housekey_store::{Store, StoreError};

#[tokio::test]
async fn migrating_twice_changes_nothing_and_the_status_says_all() {
    for base in bases().await {
        assert!(base.store.migrate(NOW).await.unwrap().applied.is_empty());
        let status = base.store.migration_status().await.unwrap();
        assert!(status.len() >= 2 && status.iter().all(|m| m.applied));
    }
}

#[tokio::test]
async fn a_full_disk_is_told_leaves_nothing_half_made_and_passes() {
    let base = sqlite().await;
    let path = base.path.clone().unwrap();
    signed_up(&base.store, "first@example.com").await;
    base.store.limit_pages_for_tests(0).await.unwrap();
    let mut failed = 0;
    for i in 0..400 {
        let (new, _) = client();
        let attempt = housekey_core::sign_in::SignIn::begin(
            housekey_core::ids::SignInId::new(NOW, chance()),
            new.id.clone(),
            false,
            None,
            NOW,
        )
        .identify(housekey_core::identifier::email::Email::parse(&format!("u{i}@example.com")).unwrap(), vec![]);
        let of = new.id.clone();
        let any = housekey_core::sign_in::AnySignIn::NeedsFirstFactor(attempt);
        let done = base.store.sign_in_begin(Some(new), any, Default::default(), NOW).await;
        if let Err(e) = done {
            assert!(matches!(e, StoreError::Unavailable { .. }), "{e:?}");
            assert!(base.store.reader().client(&of).await.unwrap().is_none(), "half made");
            failed += 1;
        }
    }
    assert!(failed > 0, "the limit was never met");
    base.store.limit_pages_for_tests(1_000_000).await.unwrap();
    signed_up(&base.store, "second@example.com").await;
    assert!(base.store.reader().user_by_email("first@example.com").await.unwrap().is_some());
    base.store.close().await;
    let again = Store::sqlite(path).unwrap();
    assert!(again.reader().user_by_email("second@example.com").await.unwrap().is_some());
}

#[tokio::test]
async fn a_house_that_gave_its_memory_back_reads_and_writes_as_before() {
    for base in bases().await {
        signed_up(&base.store, "before@example.com").await;
        base.store.rest();
        signed_up(&base.store, "after@example.com").await;
        for address in ["before@example.com", "after@example.com"] {
            assert!(base.store.reader().user_by_email(address).await.unwrap().is_some(), "{address}");
        }
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_unavailable_and_not_a_panic() {
    let store = Store::connect("postgres://nobody@127.0.0.1:1/none").unwrap();
    assert!(matches!(store.ready().await, Err(StoreError::Unavailable { maybe_applied: false })));
}
