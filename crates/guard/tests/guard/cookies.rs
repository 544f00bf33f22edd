//! The table of decisions for cookies of a production instance.

use crate::kit::*;

#[tokio::test]
async fn good_cookies_are_let_in_plain_and_suffixed() {
    let house = House::start().await;
    let app = app(house.by_pem());
    let answer = send(&app, call("/me").header("cookie", house.cookies())).await;
    answer.is(200, "user_1");
    assert_eq!(answer.header("vary"), "Cookie");
    let (session, uat) = (house.suffixed("__session"), house.suffixed("__client_uat"));
    let suffixed = format!("{session}={}; {uat}={}", house.token(), START - 60);
    send(&app, call("/me").header("cookie", suffixed)).await.is(200, "user_1");
}

#[tokio::test]
async fn a_script_without_a_good_cookie_is_refused_with_the_reason() {
    let house = House::start().await;
    let app = app(house.by_pem());
    let token = house.token();
    let expired = house.token_with(|c| c.exp = START - 60);
    for (sent, reason) in [
        (String::new(), "session-token-and-uat-missing"),
        ("__client_uat=0".into(), "session-token-and-uat-missing"),
        ("__client_uat=7".into(), "client-uat-but-no-session-token"),
        (format!("__session={token}"), "session-token-but-no-client-uat"),
        (format!("__session={token}; __client_uat=0"), "session-token-but-no-client-uat"),
        (cookies(&token, START + 1), "session-token-iat-before-client-uat"),
        (cookies(&expired, 7), "session-token-expired-refresh-non-eligible-no-refresh-cookie"),
        (cookies(&house.token_with(|c| c.nbf = START + 60), 7), "session-token-nbf"),
        (cookies(&house.token_with(|c| c.iat = START + 60), 7), "session-token-iat-in-the-future"),
        (cookies("nonsense", 7), "token-invalid"),
        (cookies(&house.token_with(|c| c.azp = None), 7), "token-invalid-authorized-parties"),
    ] {
        let answer = send(&app, call("/me").header("cookie", &sent)).await;
        answer.refused(401, reason);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("vary"), "Cookie");
        assert_eq!(answer.json()["code"], "signed_out");
        assert!(answer.set_cookies().is_empty());
    }
}

#[tokio::test]
async fn sec_43_planted_cookies_sign_nobody_in() {
    let house = House::start().await;
    let app = app(house.by_pem());
    let mallory = house.token_with(|c| c.sub = "user_mallory".into());
    // A second cookie of the name, from a neighbouring host or another path: neither of the two counts.
    let twice = format!("{}; __session={mallory}", house.cookies());
    send(&app, call("/me").header("cookie", twice)).await.refused(401, "client-uat-but-no-session-token");
    let split = call("/me").header("cookie", house.cookies()).header("cookie", format!("__session={mallory}"));
    send(&app, split).await.refused(401, "client-uat-but-no-session-token");
    // The suffixed ones stand when only the plain name was doubled.
    let (session, uat) = (house.suffixed("__session"), house.suffixed("__client_uat"));
    let own = format!("{session}={}; {uat}={}", house.token(), START - 60);
    let doubled = format!("{own}; __session={mallory}; __session={mallory}");
    send(&app, call("/me").header("cookie", doubled)).await.is(200, "user_1");
    // A cookie of another instance on this domain is passed over.
    let foreign = house.token_with(|c| c.iss = "https://clerk.other.example".into());
    send(&app, call("/me").header("cookie", format!("{own}; __session={foreign}"))).await.is(200, "user_1");
    // Another app's page asked for this one: a neighbour planted its own user.
    let neighbour = house.token_with(|c| c.azp = Some("https://evil.example.com".into()));
    let planted = cookies(&neighbour, START - 60);
    send(&app, page("/me").header("cookie", planted)).await.refused(401, "token-invalid-authorized-parties");
}

#[tokio::test]
async fn only_those_who_ask_make_a_public_answer_depend_on_the_cookie() {
    let house = House::start().await;
    let app = app(house.by_pem());
    let home = send(&app, call("/").header("cookie", house.cookies())).await;
    home.is(200, "user_1");
    assert_eq!(home.header("vary"), "Cookie");
    let nobody = send(&app, call("/")).await;
    nobody.is(200, "nobody");
    assert_eq!(nobody.header("vary"), "Cookie");
    let asset = send(&app, call("/assets/a.css").header("cookie", house.cookies())).await;
    asset.is(200, "an asset");
    assert_eq!(asset.header("vary"), "");
}
