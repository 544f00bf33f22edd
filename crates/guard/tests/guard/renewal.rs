use crate::kit::*;
use http::Request;
use serde_json::json;

/// An expired token beside what renews it.
fn expired(house: &House) -> String {
    let token = house.token_with(|c| c.exp = START - 60);
    format!("{}; {}=refresh-1", cookies(&token, 7), house.suffixed("__refresh"))
}

fn renew_with(house: &House, list: Vec<String>) {
    *house.played.renewed.lock().unwrap() = Some(list);
}

#[tokio::test]
async fn an_expired_token_is_renewed_on_a_get() {
    let house = House::start().await;
    let app = app(house.by_server());
    let fresh = format!("__session={}; Path=/; Secure; SameSite=Lax", house.token());
    renew_with(&house, vec![fresh.clone(), "sid=evil".into()]);
    for request in [page("/me"), call("/me")] {
        let request = request
            .header("cookie", expired(&house))
            .header("user-agent", "Browser/1")
            .header("accept-language", "de")
            .header("x-api-key", "canary");
        let answer = send(&app, request).await;
        answer.is(200, "user_1");
        assert_eq!(answer.set_cookies(), std::slice::from_ref(&fresh));
        assert_eq!((answer.header("cache-control"), answer.header("vary")), ("no-store", "Cookie"));
    }
    let asked = &house.calls("refresh")[0];
    assert_eq!(asked.method, "POST");
    assert_eq!(asked.target, "/api/v1/sessions/sess_1/refresh?suffixed_cookies=false");
    assert!(!asked.headers.contains_key("cookie"));
    let token = house.token_with(|c| c.exp = START - 60);
    let expected = json!({
        "format": "cookie", "expired_token": token, "refresh_token": "refresh-1", "request_origin": APP,
        "request_headers": { "user-agent": ["Browser/1"], "accept-language": ["de"] },
    });
    assert_eq!(asked.body, expected, "neither cookies nor any other credential");
}

#[tokio::test]
async fn what_fails_falls_back_to_the_handshake() {
    let house = House::start().await;
    let app = app(house.by_server());
    let other =
        |change: fn(&mut housekey_guard::SessionClaims)| vec![format!("__session={}", house.token_with(change))];
    let refused = "session-token-expired-refresh-unexpected-bapi-error";
    let invalid = "session-token-expired-refresh-invalid-session-token";
    send(&app, page("/me").header("cookie", expired(&house))).await.refused(307, refused);
    send(&app, call("/me").header("cookie", expired(&house))).await.refused(401, refused);
    for list in [
        vec![],
        vec!["__session=nonsense".into()],
        other(|c| c.exp = START - 60),
        other(|c| c.iss = "https://evil.example".into()),
        other(|c| c.sid = "sess_other".into()),
        other(|c| c.sub = "user_other".into()),
    ] {
        renew_with(&house, list);
        let answer = send(&app, page("/me").header("cookie", expired(&house))).await;
        answer.refused(307, invalid);
        assert_eq!(answer.set_cookies().len(), 1, "only the counter");
    }
    house.set_away(true);
    send(&app, page("/me").header("cookie", expired(&house))).await.refused(307, refused);
}

#[tokio::test]
async fn only_what_is_expired_and_ours_is_renewed_and_only_on_a_get() {
    let house = House::start().await;
    let app = app(house.by_server());
    renew_with(&house, vec![format!("__session={}", house.token())]);
    let refresh = format!("{}=refresh-1", house.suffixed("__refresh"));
    let post = Request::post("/me").header("sec-fetch-site", "same-origin").header("cookie", expired(&house));
    send(&app, post).await.refused(401, "session-token-expired-refresh-non-eligible-non-get");
    let foreign = THEIRS
        .sign(housekey_core::token::jwt::Category::Session, &{
            let mut claims = house.claims();
            claims.exp = START - 60;
            claims
        })
        .unwrap();
    for (token, reason) in [
        (foreign, "jwk-kid-mismatch"),
        (house.token_with(|c| (c.exp, c.azp) = (START - 60, Some("https://evil.example".into()))), {
            "token-invalid-authorized-parties"
        }),
        (house.token_with(|c| (c.exp, c.iss) = (START - 60, "https://evil.example".into())), "token-invalid-issuer"),
    ] {
        // Under the suffixed name too, where a foreign issuer is looked at.
        let uat = house.suffixed("__client_uat");
        let session = house.suffixed("__session");
        let sent = format!("{session}={token}; {uat}=7; {refresh}");
        send(&app, page("/me").header("cookie", sent)).await.refused(401, reason);
    }
    let odd = house.token_with(|c| (c.exp, c.sid) = (START - 60, "../jwks?".into()));
    let sent = format!("{}; {refresh}", cookies(&odd, 7));
    send(&app, page("/me").header("cookie", sent))
        .await
        .refused(307, "session-token-expired-refresh-invalid-session-token");
    assert!(house.calls("refresh").is_empty());
    // What is public and no page can do without.
    send(&app, call("/assets/a.css").header("cookie", expired(&house))).await.is(200, "an asset");
    assert!(house.calls("refresh").is_empty());
    send(&app, page("/").header("cookie", expired(&house))).await.is(200, "user_1");
}

#[tokio::test]
async fn without_a_secret_there_is_only_the_handshake() {
    let house = House::start().await;
    let app = app(house.by_pem());
    let reason = "session-token-expired-refresh-missing-api-client";
    send(&app, page("/me").header("cookie", expired(&house))).await.refused(307, reason);
    assert!(house.calls("").is_empty());
}
