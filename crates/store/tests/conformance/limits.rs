use crate::kit::*;
use housekey_core::limits::Limit;
use housekey_store::limits::{Spend, Spent};
use std::time::Duration;

fn bucket(name: u8, burst: u32) -> Spend {
    Spend { name: [name; 32], limit: Limit::new(burst, Duration::from_secs(60)) }
}

#[tokio::test]
async fn sec_12_two_hundred_at_once_never_pass_more_than_the_bucket_holds() {
    for base in bases().await {
        let store = base.store.clone();
        let done = at_once(200, |_| {
            let store = store.clone();
            async move { store.spend(vec![bucket(1, 10)], NOW).await.unwrap() }
        })
        .await;
        assert_eq!(done.iter().filter(|s| **s == Spent::Allowed).count(), 10);
        let refused = store.spend(vec![bucket(2, 10), bucket(1, 10)], NOW).await.unwrap();
        assert_eq!(refused, Spent::Refused { which: 1, retry_after: Duration::from_secs(6) });
        assert_eq!(store.spend(vec![bucket(1, 10)], at(6)).await.unwrap(), Spent::Allowed);
    }
}

#[tokio::test]
async fn sec_12_two_nodes_share_one_bucket() {
    let Some(base) = postgres().await else { return };
    let pool = sqlx::postgres::PgPoolOptions::new().connect_lazy_with(base.options.clone().unwrap());
    let nodes = [base.store.clone(), housekey_store::Store::postgres(pool)];
    let done = at_once(100, |i| {
        let store = nodes[i % 2].clone();
        async move { store.spend(vec![bucket(1, 5)], NOW).await.unwrap() }
    })
    .await;
    assert_eq!(done.iter().filter(|s| **s == Spent::Allowed).count(), 5);
}

#[tokio::test]
async fn sec_114_a_clock_that_goes_back_opens_nothing() {
    for base in bases().await {
        let store = &base.store;
        for _ in 0..3 {
            assert_eq!(store.spend(vec![bucket(1, 3)], at(60)).await.unwrap(), Spent::Allowed);
        }
        assert_ne!(store.spend(vec![bucket(1, 3)], NOW).await.unwrap(), Spent::Allowed);
        assert_ne!(store.spend(vec![bucket(1, 3)], at(60)).await.unwrap(), Spent::Allowed);
    }
}

#[tokio::test]
async fn what_was_right_is_given_back() {
    for base in bases().await {
        let store = &base.store;
        store.spend(vec![bucket(1, 1)], NOW).await.unwrap();
        store.refund(vec![bucket(1, 1)]).await.unwrap();
        assert_eq!(store.spend(vec![bucket(1, 1)], NOW).await.unwrap(), Spent::Allowed);
        store.sweep(at(10_000), std::time::Duration::from_secs(3600)).await.unwrap();
        assert_eq!(store.spend(vec![bucket(1, 1)], at(10_000)).await.unwrap(), Spent::Allowed);
    }
}
