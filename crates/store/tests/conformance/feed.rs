use crate::{accounts::signed_up, kit::*};
use housekey_core::event::EventKind;
use housekey_store::Store;
use sqlx::{Connection, PgConnection, Row};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

#[allow(clippy::disallowed_methods, reason = "the feed's lease is judged by a real clock")]
fn clock() -> Arc<dyn Fn() -> Duration + Send + Sync> {
    let start = Instant::now();
    Arc::new(move || start.elapsed())
}

async fn until(mut true_now: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(5), async {
        while !true_now() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.expect("nothing happened for five seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_44_another_node_hears_of_a_change() {
    let Some(base) = postgres().await else { return };
    let pool = sqlx::postgres::PgPoolOptions::new().connect_lazy_with(base.options.clone().unwrap());
    let other = Store::postgres(pool);
    let clock = clock();
    let (follower, ticks) = (other.clone(), clock.clone());
    let following = tokio::spawn(async move { follower.follow(ticks, std::future::pending()).await });
    until(|| other.lease().valid(clock())).await;
    let signed = signed_up(&base.store, "ada@example.com").await;
    let stamp = other.generations().snapshot([signed.user.as_str()]);
    base.store
        .revoke_session(&signed.user, &signed.session, event(EventKind::SessionRevoked, Some(&signed.user)))
        .await
        .unwrap();
    until(|| !other.generations().still(&stamp)).await;
    following.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_commits_late_is_heard_of_once_it_does() {
    let Some(base) = postgres().await else { return };
    let options = base.options.clone().unwrap();
    let clock = clock();
    let (follower, ticks) = (base.store.clone(), clock.clone());
    let mut late = PgConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("BEGIN").execute(&mut late).await.unwrap();
    let insert =
        "INSERT INTO housekey_outbox (tx, ids) VALUES (pg_current_xact_id()::text::bigint, 'user_late') RETURNING tx";
    let row = sqlx::query(insert).fetch_one(&mut late).await.unwrap();
    assert!(row.get::<i64, _>(0) > 0);
    let following = tokio::spawn(async move { follower.follow(ticks, std::future::pending()).await });
    until(|| base.store.lease().valid(clock())).await;
    // Others commit with higher numbers while it is open, and the feed moves past them.
    for i in 0..5 {
        let signed = signed_up(&base.store, &format!("u{i}@example.com")).await;
        assert!(!signed.user.as_str().is_empty());
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    let stamp = base.store.generations().snapshot(["user_late"]);
    sqlx::raw_sql("COMMIT").execute(&mut late).await.unwrap();
    until(|| !base.store.generations().still(&stamp)).await;
    following.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lease_lives_while_the_feed_is_followed_and_ends_after_it() {
    for base in bases().await {
        let clock = clock();
        assert!(!base.store.lease().valid(clock()));
        let (follower, ticks) = (base.store.clone(), clock.clone());
        let following = tokio::spawn(async move { follower.follow(ticks, std::future::pending()).await });
        until(|| base.store.lease().valid(clock())).await;
        following.abort();
        until(|| !base.store.lease().valid(clock())).await;
    }
}
