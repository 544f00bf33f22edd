use crate::kit::*;
use serde_json::json;

#[tokio::test]
async fn sec_46_what_is_risky_needs_a_fresh_factor() {
    let house = House::start().await;
    let app = app(house.by_pem());
    let with = |fva: Option<[i64; 2]>| {
        let token = house.token_with(|c| c.fva = fva);
        call("/fresh").header("authorization", format!("Bearer {token}"))
    };
    for good in [[0, -1], [9, 0], [9, -1]] {
        send(&app, with(Some(good))).await.is(200, "user_1");
    }
    for stale in [Some([10, -1]), Some([10, 0]), Some([-1, 0]), Some([-5, 0]), None] {
        let answer = send(&app, with(stale)).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (403, "application/json"));
        assert_eq!(answer.header("cache-control"), "no-store");
        let expected = json!({ "clerk_error": { "type": "forbidden", "reason": "reverification-error", "metadata": {
            "reverification": { "level": "first_factor", "afterMinutes": 10 } } } });
        assert_eq!(answer.json(), expected);
    }
    let strict = crate::kit::app(house.by_pem().fresh_within(2));
    let answer = send(&strict, with(Some([2, -1]))).await;
    assert_eq!(answer.json()["clerk_error"]["metadata"]["reverification"]["afterMinutes"], 2);
    send(&strict, with(Some([1, -1]))).await.is(200, "user_1");
    send(&app, call("/fresh")).await.refused(401, "session-token-and-uat-missing");
}

#[tokio::test]
async fn sec_46_nobody_does_what_is_risky_in_the_users_place() {
    let house = House::start().await;
    let app = app(house.by_pem());
    let token = house.token_with(|c| {
        c.more.insert("act".into(), json!({ "sub": "admin_1" }));
    });
    let ask = |path: &str| call(path).header("authorization", format!("Bearer {token}"));
    send(&app, ask("/me")).await.is(200, "user_1");
    let answer = send(&app, ask("/fresh")).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (403, &"impersonated".into()));
}
