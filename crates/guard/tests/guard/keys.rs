use crate::kit::*;
use axum::Router;
use housekey_core::token::jwt::Category;
use housekey_guard::{Answer as Sent, Transport};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::Semaphore;

async fn with(app: &Router, token: &str) -> Answer {
    send(app, call("/me").header("authorization", format!("Bearer {token}"))).await
}

#[tokio::test]
async fn keys_are_fetched_once_with_the_secret_and_without_from_the_public_list() {
    let house = House::start().await;
    let app = app(house.by_server());
    assert!(house.calls("").is_empty(), "making a guard asks nobody");
    for _ in 0..5 {
        with(&app, &house.token()).await.is(200, "user_1");
    }
    let asked = house.calls("");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].target, "/api/v1/jwks");
    assert_eq!(asked[0].headers["clerk-api-version"], "2026-05-12");
    let public = housekey_guard::Guard::builder(&house.publishable_key).clock(house.clock.clone());
    with(&crate::kit::app(public), &house.token()).await.is(200, "user_1");
    let asked = house.calls("/.well-known/jwks.json");
    assert_eq!(asked.len(), 1);
    assert!(!asked[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_stampede_of_unknown_keys_is_one_fetch_a_minute() {
    let house = House::start().await;
    let app = app(house.by_server());
    let made_up = THEIRS.sign(Category::Session, &house.claims()).unwrap();
    let all = (0..100).map(|_| {
        let (app, token) = (app.clone(), made_up.clone());
        tokio::spawn(async move { with(&app, &token).await.reason().to_owned() })
    });
    for one in all.collect::<Vec<_>>() {
        assert_eq!(one.await.unwrap(), "jwk-kid-mismatch");
    }
    assert_eq!(house.calls("jwks").len(), 1);
    house.clock.forward(59);
    with(&app, &made_up).await.refused(401, "jwk-kid-mismatch");
    with(&app, &house.token()).await.is(200, "user_1");
    assert_eq!(house.calls("jwks").len(), 1);
    house.clock.forward(1);
    with(&app, &made_up).await;
    assert_eq!(house.calls("jwks").len(), 2);
}

#[tokio::test]
async fn a_new_key_is_found_and_an_old_one_goes() {
    let house = House::start().await;
    let app = app(house.by_server());
    with(&app, &house.token()).await.is(200, "user_1");
    *house.played.keys.lock().unwrap() = vec![THEIRS.jwk().clone()];
    house.clock.forward(61);
    let rotated = THEIRS.sign(Category::Session, &house.claims()).unwrap();
    with(&app, &rotated).await.is(200, "user_1");
    house.clock.forward(61);
    with(&app, &house.token()).await.refused(401, "jwk-kid-mismatch");
}

#[tokio::test]
async fn a_list_of_an_hour_is_renewed_beside_the_request() {
    let house = House::start().await;
    let app = app(house.by_server());
    with(&app, &house.token()).await.is(200, "user_1");
    house.played.called.notified().await;
    *house.played.keys.lock().unwrap() = vec![OURS.jwk().clone(), THEIRS.jwk().clone()];
    house.clock.forward(3600);
    with(&app, &house.token()).await.is(200, "user_1");
    house.played.called.notified().await;
    assert_eq!(house.calls("jwks").len(), 2);
    // The list came beside the request, so the new key needs no fetch of its own.
    let rotated = THEIRS.sign(Category::Session, &house.claims()).unwrap();
    with(&app, &rotated).await.is(200, "user_1");
    assert_eq!(house.calls("jwks").len(), 2);
}

#[tokio::test]
async fn sec_47_while_the_server_is_away_known_keys_go_on_and_without_any_nobody_is_let_in() {
    let house = House::start().await;
    let app = app(house.by_server());
    house.set_away(true);
    let refused = with(&app, &house.token()).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (503, &"unavailable".into()));
    assert_eq!(refused.header("retry-after"), "2");
    // A public route goes on, but does not say that nobody is signed in.
    let bearer = || format!("Bearer {}", house.token());
    assert_eq!(send(&app, call("/assets/a.css").header("authorization", bearer())).await.status, 200);
    assert_eq!(send(&app, call("/").header("authorization", bearer())).await.status, 503);
    assert_eq!(house.calls("jwks").len(), 1, "not asked again at once");
    house.set_away(false);
    house.clock.forward(2);
    with(&app, &house.token()).await.is(200, "user_1");

    house.set_away(true);
    for _ in 0..3 {
        house.clock.forward(5000);
        with(&app, &house.token()).await.is(200, "user_1");
    }
    let unknown = THEIRS.sign(Category::Session, &house.claims()).unwrap();
    house.clock.forward(61);
    assert_eq!(with(&app, &unknown).await.status, 503, "whether it is a new key cannot be told");
    with(&app, &house.token()).await.is(200, "user_1");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_503() {
    let house = House::start().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let app = app(house.by_server().api_url(format!("http://{closed}/api")));
    assert_eq!(with(&app, &house.token()).await.status, 503);
}

#[tokio::test]
async fn sec_121_no_redirect_is_followed_and_no_endless_answer_read() {
    let (house, other) = (House::start().await, House::start().await);
    let app = app(house.by_server());
    *house.played.moved.lock().unwrap() = Some(format!("http://{}/api/v1/jwks", other.host));
    assert_eq!(with(&app, &house.token()).await.status, 503);
    assert_eq!((house.calls("jwks").len(), other.calls("").len()), (1, 0), "the secret stays");
    *house.played.moved.lock().unwrap() = None;
    let mut large = OURS.jwk().clone();
    large["x"] = "a".repeat(70_000).into();
    *house.played.keys.lock().unwrap() = vec![large];
    house.clock.forward(2);
    assert_eq!(with(&app, &house.token()).await.status, 503);
    assert_eq!(house.calls("jwks").len(), 2);
}

#[tokio::test]
async fn a_list_without_a_fitting_key_leaves_the_last_good_ones() {
    let house = House::start().await;
    let app = app(house.by_server());
    with(&app, &house.token()).await.is(200, "user_1");
    let mut encrypting = THEIRS.jwk().clone();
    encrypting["use"] = "enc".into();
    let secret = serde_json::json!({ "kty": "oct", "kid": "ins_2", "k": "c2VjcmV0", "alg": "HS256" });
    *house.played.keys.lock().unwrap() = vec![encrypting, secret];
    house.clock.forward(61);
    let theirs = THEIRS.sign(Category::Session, &house.claims()).unwrap();
    assert_eq!(with(&app, &theirs).await.status, 503);
    with(&app, &house.token()).await.is(200, "user_1");
}

/// A way to the server on which answers wait for a permit.
struct Slow {
    sent: AtomicUsize,
    permits: Semaphore,
}

impl Transport for Slow {
    fn send(&self, request: http::Request<Vec<u8>>) -> Sent<'_> {
        Box::pin(async move {
            assert_eq!(request.uri().path(), "/api/v1/jwks");
            self.sent.fetch_add(1, Ordering::SeqCst);
            self.permits.acquire().await.unwrap().forget();
            Ok(http::Response::new(serde_json::json!({ "keys": [OURS.jwk()] }).to_string().into_bytes()))
        })
    }
}

#[tokio::test]
async fn callers_that_hang_up_cut_no_fetch_and_bring_on_no_other() {
    let house = House::start().await;
    let slow = Arc::new(Slow { sent: AtomicUsize::new(0), permits: Semaphore::new(0) });
    let app = app(house.by_server().transport(slow.clone()));
    for _ in 0..10 {
        let (app, token) = (app.clone(), house.token());
        let caller = tokio::spawn(async move { with(&app, &token).await.status });
        while slow.sent.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        caller.abort();
    }
    slow.permits.add_permits(1);
    with(&app, &house.token()).await.is(200, "user_1");
    assert_eq!(slow.sent.load(Ordering::SeqCst), 1);
}
