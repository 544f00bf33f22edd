use crate::kit::*;
use housekey_core::token::jwt::Category;
use http::Request;
use serde_json::json;

fn half() -> String {
    "__client_uat=7".into()
}

/// What the server hands over after a handshake of somebody who is signed in.
fn directives(house: &House) -> Vec<String> {
    vec![
        format!("__session={}; Path=/; Secure; SameSite=Lax", house.token()),
        format!("{}={}; Path=/; Secure; SameSite=Lax", house.suffixed("__session"), house.token()),
        format!("__client_uat={}; Domain=example.com; Path=/", START - 60),
        format!("{}=r; Path=/; Secure; HttpOnly", house.suffixed("__refresh")),
        "__clerk_handshake_nonce=; Domain=example.com; Path=/; Max-Age=0".into(),
    ]
}

fn put(house: &House, nonce: &str, list: Vec<String>) {
    house.played.nonces.lock().unwrap().insert(nonce.into(), list);
}

#[tokio::test]
async fn a_page_load_with_doubtful_cookies_goes_to_the_frontend_and_back() {
    let house = House::start().await;
    let app = app(house.by_server());
    let token = house.token();
    let expired = house.token_with(|c| c.exp = START - 60);
    for (sent, reason) in [
        (half(), "client-uat-but-no-session-token"),
        (format!("__session={token}"), "session-token-but-no-client-uat"),
        (cookies(&token, START + 1), "session-token-iat-before-client-uat"),
        (cookies(&expired, 7), "session-token-expired-refresh-non-eligible-no-refresh-cookie"),
        (cookies(&house.token_with(|c| c.nbf = START + 60), 7), "session-token-nbf"),
        (cookies(&house.token_with(|c| c.iat = START + 60), 7), "session-token-iat-in-the-future"),
    ] {
        // Also on a public page, which may show who is signed in.
        for path in ["/me?a=1&b=2", "/"] {
            let answer = send(&app, page(path).header("cookie", &sent)).await;
            answer.refused(307, reason);
            assert_eq!(answer.header("x-clerk-auth-status"), "handshake");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.set_cookies(), ["__clerk_redirect_count=1; SameSite=Lax; HttpOnly; Max-Age=2; Secure"]);
            assert!(answer.header("location").starts_with(&format!("{}/v1/client/handshake?", house.issuer())));
            assert_eq!(answer.query("redirect_url"), format!("{APP}{path}"));
            assert_eq!(answer.query("__clerk_api_version"), "2026-05-12");
            assert_eq!(answer.query("suffixed_cookies"), "false");
            assert_eq!(answer.query("__clerk_hs_reason"), reason);
            assert_eq!(answer.query("format"), "nonce");
            assert_eq!(sent.contains("__session"), !answer.query("__session").is_empty());
        }
    }
    let suffixed = format!("{}=7", house.suffixed("__client_uat"));
    assert_eq!(send(&app, page("/me").header("cookie", suffixed)).await.query("suffixed_cookies"), "true");
    let nobody = send(&app, page("/me")).await;
    nobody.refused(401, "session-token-and-uat-missing");
}

#[tokio::test]
async fn only_a_page_load_by_get_is_sent_there() {
    let house = House::start().await;
    let app = app(house.by_server());
    let ask = |request: http::request::Builder| request.header("cookie", "__client_uat=7");
    for request in [
        ask(call("/me")),
        ask(Request::get("/me")),
        ask(Request::get("/me").header("accept", "application/json, text/html")),
        ask(Request::get("/me").header("accept", "text/html").header("sec-fetch-dest", "image")),
        ask(Request::post("/me").header("sec-fetch-dest", "document")),
        ask(Request::head("/me").header("sec-fetch-dest", "document")),
    ] {
        send(&app, request).await.refused(401, "client-uat-but-no-session-token");
    }
    for request in [
        ask(Request::get("/me").header("accept", "text/html,*/*;q=0.8")),
        ask(Request::get("/me").header("sec-fetch-dest", "iframe")),
    ] {
        assert_eq!(send(&app, request).await.status, 307);
    }
}

#[tokio::test]
async fn a_loop_of_redirects_stops() {
    let house = House::start().await;
    let app = app(house.by_server());
    for count in 0..3 {
        let request = page("/me").header("cookie", format!("{}; __clerk_redirect_count={count}", half()));
        let answer = send(&app, request).await;
        assert_eq!(answer.status, 307);
        assert!(answer.set_cookies()[0].starts_with(&format!("__clerk_redirect_count={}; ", count + 1)));
    }
    for stop in ["3", "4", "999999", "x", "0; __clerk_redirect_count=3"] {
        let request = page("/me").header("cookie", format!("{}; __clerk_redirect_count={stop}", half()));
        send(&app, request).await.refused(401, "client-uat-but-no-session-token");
    }
}

#[tokio::test]
async fn a_nonce_brings_the_cookies_once() {
    let house = House::start().await;
    let app = app(house.by_server());
    put(&house, "n-1", directives(&house));
    let back = || page("/me").header("cookie", "__client_uat=7; __clerk_handshake_nonce=n-1");
    let answer = send(&app, back()).await;
    answer.is(200, "user_1");
    assert_eq!(answer.set_cookies(), directives(&house));
    assert_eq!((answer.header("cache-control"), answer.header("vary")), ("no-store", "Cookie"));
    let asked = house.calls("handshake_payload");
    assert_eq!(asked[0].target, "/api/v1/clients/handshake_payload?nonce=n-1");
    assert!(!asked[0].headers.contains_key("cookie"));
    // A replay has nothing to bring: the request is judged by its cookies.
    let again = send(&app, back()).await;
    again.refused(307, "client-uat-but-no-session-token");
    assert_eq!(again.set_cookies().len(), 1);
    let beside = format!("{}; __clerk_handshake_nonce=n-1", house.cookies());
    send(&app, page("/me").header("cookie", beside)).await.is(200, "user_1");
}

#[tokio::test]
async fn a_handshake_of_somebody_who_is_signed_out_clears_the_cookies() {
    let house = House::start().await;
    let app = app(house.by_server().sign_in_url("https://auth.example.com/sign-in"));
    let cleared = || vec!["__session=; Path=/; Max-Age=0".to_owned(), "__client_uat=0; Path=/".to_owned()];
    put(&house, "n-1", cleared());
    let request = page("/me").header("cookie", format!("{}; __clerk_handshake_nonce=n-1", half()));
    let answer = send(&app, request).await;
    answer.refused(307, "session-token-missing");
    assert_eq!(answer.location().host_str(), Some("auth.example.com"));
    assert_eq!(answer.set_cookies(), cleared());
}

#[tokio::test]
async fn a_nonce_is_only_exchanged_for_a_get_and_if_it_may_be_one() {
    let house = House::start().await;
    let app = app(house.by_server());
    put(&house, "n-1", directives(&house));
    let own = Request::post("/me").header("sec-fetch-site", "same-origin");
    send(&app, own.header("cookie", "__clerk_handshake_nonce=n-1")).await.refused(401, "session-token-and-uat-missing");
    let socket = call("/me").header("upgrade", "websocket").header("cookie", "__clerk_handshake_nonce=n-1");
    send(&app, socket).await.refused(401, "session-token-and-uat-missing");
    for odd in ["../../sessions/sess_1", "a b", "a&format=x", &"a".repeat(600)] {
        let request = page("/me").header("cookie", format!("__clerk_handshake_nonce={odd}"));
        send(&app, request).await.refused(401, "session-token-and-uat-missing");
    }
    assert!(house.calls("").is_empty());
    let planted = "__clerk_handshake_nonce=n-1; __clerk_handshake_nonce=n-2";
    send(&app, page("/me").header("cookie", planted)).await.refused(401, "session-token-and-uat-missing");
    assert!(house.calls("").is_empty());
}

#[tokio::test]
async fn a_handshake_in_a_jwt_is_verified() {
    let house = House::start().await;
    let app = app(house.by_pem());
    let back = |token: &str| page("/me").header("cookie", format!("{}; __clerk_handshake={token}", half()));
    let claims = json!({ "handshake": directives(&house) });
    let signed = OURS.sign(Category::Session, &claims).unwrap();
    let answer = send(&app, back(&signed)).await;
    answer.is(200, "user_1");
    assert_eq!(answer.set_cookies(), directives(&house));

    let unsigned = format!("{}.", signed.rsplit_once('.').unwrap().0);
    let mut session = serde_json::to_value(house.claims()).unwrap();
    session["handshake"] = json!(directives(&house));
    for forged in [
        THEIRS.sign(Category::Session, &claims).unwrap(),
        OURS.sign(Category::Template, &claims).unwrap(),
        OURS.sign(Category::Session, &session).unwrap(),
        OURS.sign(Category::Session, &json!({ "handshake": directives(&house), "exp": START - 60 })).unwrap(),
        OURS.sign(Category::Session, &json!({ "handshake": directives(&house), "iss": "https://evil.example" }))
            .unwrap(),
        OURS.sign(Category::Session, &json!({ "handshake": "sid=evil" })).unwrap(),
        house.token(),
        unsigned,
        "a.b.c".into(),
    ] {
        let answer = send(&app, back(&forged)).await;
        answer.refused(307, "client-uat-but-no-session-token");
        assert_eq!(answer.set_cookies().len(), 1, "only the counter");
    }
}

#[tokio::test]
async fn directives_set_no_other_cookies_and_no_forged_session() {
    let house = House::start().await;
    let app = app(house.by_server());
    let mut list = directives(&house);
    list.push("sid=evil; Path=/".into());
    list.push("__Host-housekey=evil; Path=/; Secure".into());
    list.push("__client_uat=1\r\nSet-Cookie: sid=evil".into());
    list.push("__session_AAAAAAAA=evil".into());
    put(&house, "n-1", list);
    let back = |nonce: &str| page("/me").header("cookie", format!("{}; __clerk_handshake_nonce={nonce}", half()));
    let answer = send(&app, back("n-1")).await;
    answer.is(200, "user_1");
    assert_eq!(answer.set_cookies(), directives(&house));

    let theirs = THEIRS.sign(Category::Session, &house.claims()).unwrap();
    put(&house, "n-2", vec![format!("__session={theirs}; Path=/")]);
    let answer = send(&app, back("n-2")).await;
    answer.refused(307, "client-uat-but-no-session-token");
    assert_eq!(answer.set_cookies().len(), 1, "a session that is not believed is not handed on");
}

#[tokio::test]
async fn sec_54_the_way_back_is_the_apps_own_whatever_the_host_says() {
    let house = House::start().await;
    let ask = |host: &str| {
        let request = Request::get("/me").header("host", host).header("sec-fetch-dest", "document");
        let forwarded = request.header("x-forwarded-host", "evil.example").header("x-forwarded-proto", "http");
        forwarded.header("cookie", "__client_uat=7")
    };
    // A configured origin is the answer to any host.
    let configured = app(house.by_pem());
    for host in ["app.example.com", "evil.example", "app.example.com@evil.example", "evil.example/"] {
        assert_eq!(send(&configured, ask(host)).await.query("redirect_url"), format!("{APP}/me"));
    }
    // Else a host is one of those listed, or there is no redirect.
    let listed = || {
        housekey_guard::Guard::builder(&house.publishable_key)
            .jwt_key(OURS.public_pem())
            .clock(house.clock.clone())
            .authorized_parties([APP, "http://localhost:3000"])
    };
    let app = crate::kit::app(listed());
    assert_eq!(send(&app, ask("app.example.com")).await.query("redirect_url"), format!("{APP}/me"));
    assert_eq!(send(&app, ask("localhost:3000")).await.query("redirect_url"), "http://localhost:3000/me");
    for host in
        ["evil.example", "app.example.com:8443", "app.example.com.evil.example", "a@app.example.com", "localhost"]
    {
        send(&app, ask(host)).await.refused(401, "client-uat-but-no-session-token");
    }
    // What a proxy says counts only where one was declared, and must be listed as well.
    let trusting = crate::kit::app(listed().trust_forwarded(true));
    send(&trusting, ask("app.example.com")).await.refused(401, "client-uat-but-no-session-token");
    let behind = Request::get("/me")
        .header("host", "10.0.0.7:8080")
        .header("x-forwarded-host", "app.example.com, 10.0.0.1")
        .header("x-forwarded-proto", "https")
        .header("sec-fetch-dest", "document")
        .header("cookie", "__client_uat=7");
    assert_eq!(send(&trusting, behind).await.query("redirect_url"), format!("{APP}/me"));
}

#[tokio::test]
async fn sec_54_with_nothing_configured_a_host_must_be_a_neighbour_of_the_frontend() {
    let house = House::start().await;
    let guard = housekey_guard::Guard::builder(publishable("live", "auth.example.com"))
        .jwt_key(OURS.public_pem())
        .clock(house.clock.clone());
    let app = app(guard);
    let ask = |host: &str| {
        let request = Request::get("/me").header("host", host).header("sec-fetch-dest", "document");
        request.header("cookie", "__client_uat=7")
    };
    for (host, origin) in [
        ("app.example.com", "https://app.example.com"),
        ("example.com", "https://example.com"),
        ("localhost:3000", "http://localhost:3000"),
    ] {
        let answer = send(&app, ask(host)).await;
        assert_eq!(answer.query("redirect_url"), format!("{origin}/me"));
        assert!(answer.header("location").starts_with("https://auth.example.com/v1/client/handshake?"));
    }
    for host in ["evil.example", "evilexample.com", "app.example.com.evil.example", "127.0.0.1.evil.example"] {
        assert_eq!(send(&app, ask(host)).await.status, 401, "{host}");
    }
}

#[tokio::test]
async fn sec_56_nothing_in_the_address_breaks_out_of_it() {
    let house = House::start().await;
    let app = app(house.by_pem());
    for path in [
        "/me?x=%0d%0aSet-Cookie:%20sid=evil",
        "/%0d%0aLocation:%20https://evil.example",
        "//evil.example/x",
        "/\\evil.example",
        "/@evil.example",
        "/me?redirect_url=https://evil.example&format=token&x=a%26b#",
        "/me?x=%E2%80%A8&y='{}|^\\",
    ] {
        let answer = send(&app, page(path).header("cookie", half())).await;
        assert_eq!(answer.status, 307, "{path}");
        let back = url::Url::parse(&answer.query("redirect_url")).unwrap();
        assert_eq!(back.origin().ascii_serialization(), APP, "{path}");
        assert_eq!(answer.location().host_str(), Some("127.0.0.1"));
        assert_eq!(answer.location().query_pairs().filter(|(key, _)| key == "redirect_url").count(), 1);
        assert_eq!(answer.query("format"), "token", "without a secret key no nonce can be exchanged");
        assert_eq!(answer.set_cookies().len(), 1);
    }
    // An address that nobody would take is not sent.
    let long = format!("/me?{}", "a".repeat(9000));
    assert_eq!(send(&app, page(&long).header("cookie", half())).await.status, 401);
}
