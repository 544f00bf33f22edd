use crate::kit::*;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use housekey_core::{
    secret::Secret,
    token::jwt::{Category, sign_shared},
};
use serde_json::json;

async fn with(app: &axum::Router, token: &str) -> Answer {
    send(app, call("/me").header("authorization", format!("Bearer {token}"))).await
}

#[tokio::test]
async fn a_good_bearer_is_let_in_by_pem_and_by_the_servers_keys() {
    let house = House::start().await;
    for guard in [house.by_pem(), house.by_server()] {
        let app = app(guard);
        with(&app, &house.token()).await.is(200, "user_1");
        with(&app, &house.token_with(|c| c.sid = "sess_2".into())).await.is(200, "user_1");
    }
}

#[tokio::test]
async fn sec_72_forged_and_foreign_tokens_are_refused() {
    let house = House::start().await;
    let unsigned = |header: serde_json::Value| {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(&header), part(&serde_json::to_value(house.claims()).unwrap()))
    };
    let pem = Secret::new(OURS.public_pem().to_owned());
    let jwk = OURS.jwk();
    let theirs = THEIRS.sign(Category::Session, &house.claims()).unwrap();
    let good = house.token();
    let mallory = house.token_with(|c| c.sub = "user_mallory".into());
    let (claims, signature) = (mallory.rsplit_once('.').unwrap().0, good.rsplit_once('.').unwrap().1);
    let forged_head = URL_SAFE_NO_PAD.encode(
        json!({ "alg": "RS256", "typ": "JWT", "kid": "ins_1", "cat": "cl_B7d4PD111AAA", "jku": "https://evil.example",
                "jwk": THEIRS.jwk() })
        .to_string(),
    );
    for (guard, unknown) in [(house.by_pem(), "token-invalid-signature"), (house.by_server(), "jwk-kid-mismatch")] {
        let app = app(guard);
        for (token, reason) in [
            (unsigned(json!({ "alg": "none", "typ": "JWT" })), "token-invalid"),
            (unsigned(json!({ "alg": "RS256", "typ": "JWT", "kid": "ins_1" })), "token-invalid-signature"),
            (sign_shared(&pem, &house.claims()).unwrap(), "token-type-mismatch"),
            (theirs.clone(), unknown),
            (format!("{forged_head}.{}", theirs.split_once('.').unwrap().1), "token-invalid-signature"),
            (OURS.sign(Category::Template, &house.claims()).unwrap(), "token-type-mismatch"),
            (OURS.sign(Category::Session, &json!({ "handshake": [], "exp": START + 60 })).unwrap(), "token-invalid"),
            (house.token_with(|c| c.iss = "https://evil.example".into()), "token-invalid-issuer"),
            (house.token_with(|c| c.iss = format!("https://{}", house.host)), "token-invalid-issuer"),
            (house.token_with(|c| c.azp = Some("https://evil.example".into())), "token-invalid-authorized-parties"),
            (house.token_with(|c| c.azp = None), "token-invalid-authorized-parties"),
            (house.token_with(|c| c.exp = START - 5), "session-token-expired"),
            (house.token_with(|c| c.nbf = START + 6), "session-token-nbf"),
            (house.token_with(|c| c.iat = START + 6), "session-token-iat-in-the-future"),
            (house.token_with(|c| c.sts = Some("pending".into())), "session-pending"),
            (format!("{claims}.{signature}"), "token-invalid-signature"),
            ("a.b.c".into(), "token-invalid"),
            ("x".repeat(5000), "token-invalid"),
        ] {
            let answer = with(&app, &token).await;
            answer.refused(401, reason);
            assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
            assert!(!answer.body.contains(&jwk["n"].as_str().unwrap()[..20]));
        }
    }
}

#[tokio::test]
async fn clocks_may_differ_a_little() {
    let house = House::start().await;
    let app = app(house.by_pem());
    with(&app, &house.token_with(|c| c.exp = START - 4)).await.is(200, "user_1");
    with(&app, &house.token_with(|c| (c.iat, c.nbf) = (START + 5, START + 5))).await.is(200, "user_1");
}

#[tokio::test]
async fn a_bearer_decides_alone() {
    let house = House::start().await;
    let app = app(house.by_server().sign_in_url("https://auth.example.com/sign-in"));
    // Good cookies do not make up for a bad bearer, and a page load is sent nowhere.
    let bad = page("/me").header("cookie", house.cookies()).header("authorization", "Bearer a.b.c");
    send(&app, bad).await.refused(401, "token-invalid");
    let expired = house.token_with(|c| c.exp = START - 60);
    let renewable = format!("{}; {}=r", house.cookies(), house.suffixed("__refresh"));
    let request = page("/me").header("cookie", renewable).header("authorization", format!("Bearer {expired}"));
    send(&app, request).await.refused(401, "session-token-expired");
    assert!(house.calls("refresh").is_empty());
    // Another scheme is none of ours, and two bearers are none.
    let basic = call("/me").header("cookie", house.cookies()).header("authorization", "Basic YTpi");
    send(&app, basic).await.is(200, "user_1");
    let bearer = format!("Bearer {}", house.token());
    let twice = call("/me").header("authorization", &bearer).header("authorization", &bearer);
    send(&app, twice).await.refused(401, "token-invalid");
}

#[tokio::test]
async fn a_pending_session_is_let_in_only_where_its_tasks_are() {
    let house = House::start().await;
    let pending = house.token_with(|c| c.sts = Some("pending".into()));
    with(&app(house.by_pem()), &pending).await.refused(401, "session-pending");
    with(&app(house.by_pem().allow_pending(true)), &pending).await.is(200, "user_1");
}

#[tokio::test]
async fn a_token_can_be_checked_without_a_request() {
    let house = House::start().await;
    let guard = house.by_pem().build().unwrap();
    let session = guard.verify(&house.token()).await.unwrap();
    assert_eq!((session.user_id(), session.session_id()), ("user_1", "sess_1"));
    assert_eq!((session.first_factor_age(), session.second_factor_age()), (Some(3), None));
    assert_eq!(format!("{session:?}"), "Session { user: \"user_1\", session: \"sess_1\" }");
    assert!(guard.verify("a.b.c").await.is_err());
}
