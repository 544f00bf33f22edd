use crate::kit::*;
use http::{Method, Request};

#[tokio::test]
async fn sec_50_a_cookie_changes_something_only_from_the_apps_own_pages() {
    let house = House::start().await;
    let app = app(house.by_pem());
    let cases: &[(&[(&str, &str)], bool)] = &[
        (&[("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "none")], false),
        (&[("sec-fetch-site", "same-site"), ("origin", APP)], false),
        (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], false),
        (&[("origin", APP)], true),
        (&[("origin", "https://evil.example")], false),
        (&[("origin", "https://app.example.com.evil.example")], false),
        (&[("origin", "http://app.example.com")], false),
        (&[("origin", "null")], false),
        (&[("origin", APP), ("origin", "https://evil.example")], false),
        (&[("referer", "https://app.example.com/form?x")], true),
        (&[("referer", "https://evil.example/https://app.example.com")], false),
        (&[], false),
    ];
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        for (headers, good) in cases {
            let mut request = Request::builder().method(&method).uri("/me").header("cookie", house.cookies());
            for (name, value) in *headers {
                request = request.header(*name, *value);
            }
            let answer = send(&app, request).await;
            if *good {
                answer.is(200, "user_1");
            } else {
                assert_eq!(
                    (answer.status.as_u16(), &answer.json()["code"]),
                    (403, &"cross_site".into()),
                    "{headers:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn sec_50_a_websocket_is_no_safe_request() {
    let house = House::start().await;
    let app = app(house.by_pem());
    let open = || call("/me").header("cookie", house.cookies()).header("upgrade", "websocket");
    assert_eq!(send(&app, open().header("origin", "https://evil.example")).await.status, 403);
    send(&app, open().header("origin", APP)).await.is(200, "user_1");
}

#[tokio::test]
async fn sec_50_a_bearer_is_exempt_and_a_public_route_goes_on_without_the_session() {
    let house = House::start().await;
    let app = app(house.by_pem());
    let foreign = || Request::post("/me").header("origin", "https://evil.example");
    send(&app, foreign().header("authorization", format!("Bearer {}", house.token()))).await.is(200, "user_1");
    let home = Request::post("/").header("origin", "https://evil.example").header("cookie", house.cookies());
    send(&app, home).await.is(200, "nobody");
    // Without a cookie there is nothing to forge with.
    send(&app, foreign()).await.refused(401, "session-token-and-uat-missing");
    let off = crate::kit::app(house.by_pem().csrf_protection(false));
    send(&off, foreign().header("cookie", house.cookies())).await.is(200, "user_1");
}
