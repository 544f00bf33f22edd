//! What differs with test keys: the development browser, and handshakes in the query.

use crate::kit::*;
use housekey_core::token::jwt::Category;
use housekey_guard::{Guard, GuardBuilder};
use serde_json::json;

const TEST_SECRET: &str = "sk_test_0123456789abcdefghij";

fn guard(house: &mut House) -> GuardBuilder {
    house.publishable_key = publishable("test", &house.host);
    Guard::builder(&house.publishable_key)
        .jwt_key(OURS.public_pem())
        .secret_key(TEST_SECRET)
        .clock(house.clock.clone())
        .app_origin("http://localhost:3000")
        .public("/")
}

fn with_browser(house: &House) -> String {
    format!("{}; __clerk_db_jwt=db-1", house.cookies())
}

#[tokio::test]
async fn a_development_browser_is_needed() {
    let mut house = House::start().await;
    let app = app(guard(&mut house));
    send(&app, page("/me").header("cookie", house.cookies())).await.refused(307, "dev-browser-missing");
    send(&app, call("/me").header("cookie", house.cookies())).await.refused(401, "dev-browser-missing");
    send(&app, page("/me").header("cookie", with_browser(&house))).await.is(200, "user_1");
    let bearer = call("/me").header("authorization", format!("Bearer {}", house.token()));
    send(&app, bearer).await.is(200, "user_1");
}

#[tokio::test]
async fn one_in_the_query_is_taken_along_and_out_of_the_way_back() {
    let mut house = House::start().await;
    let app = app(guard(&mut house));
    let answer = send(&app, page("/me?a=1&__clerk_db_jwt=db-2").header("cookie", with_browser(&house))).await;
    answer.refused(307, "dev-browser-sync");
    assert_eq!(answer.query("__clerk_db_jwt"), "db-2");
    assert_eq!(answer.query("redirect_url"), "http://localhost:3000/me?a=1");
    assert_eq!(answer.set_cookies(), ["__clerk_redirect_count=1; SameSite=Lax; HttpOnly; Max-Age=2"]);
}

#[tokio::test]
async fn a_handshake_in_the_query_is_taken_and_cleaned_away() {
    let mut house = House::start().await;
    let app = app(guard(&mut house));
    let list = vec![
        format!("__session={}; Path=/", house.token()),
        "__clerk_db_jwt=db-3; Path=/".to_owned(),
        "sid=evil".to_owned(),
    ];
    let signed = OURS.sign(Category::Session, &json!({ "handshake": list })).unwrap();
    let answer = send(&app, page(&format!("//me?a=1&__clerk_handshake={signed}&__clerk_help=x"))).await;
    assert_eq!(answer.status, 307);
    assert_eq!(answer.header("location"), "http://localhost:3000//me?a=1");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.set_cookies(), list[..2]);
    // One that is not believed ends here: another would end alike.
    let forged = THEIRS.sign(Category::Session, &json!({ "handshake": list })).unwrap();
    let answer = send(&app, page(&format!("/me?__clerk_handshake={forged}"))).await;
    answer.refused(401, "token-invalid-signature");
    assert!(answer.set_cookies().is_empty());
}

#[tokio::test]
async fn a_production_instance_takes_no_handshake_from_the_query() {
    let house = House::start().await;
    let app = app(house.by_server());
    let list = json!({ "handshake": [format!("__session={}", house.token())] });
    let signed = OURS.sign(Category::Session, &list).unwrap();
    house.played.nonces.lock().unwrap().insert("n-1".into(), vec![format!("__session={}", house.token())]);
    for query in
        [format!("__clerk_handshake={signed}"), "__clerk_handshake_nonce=n-1".into(), "__clerk_db_jwt=x".into()]
    {
        let answer = send(&app, page(&format!("/me?{query}"))).await;
        answer.refused(401, "session-token-and-uat-missing");
    }
    assert!(house.calls("").is_empty());
}
