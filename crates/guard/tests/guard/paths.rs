use crate::kit::*;

#[tokio::test]
async fn sec_112_everything_that_is_not_listed_needs_a_session() {
    let house = House::start().await;
    let app = app(house.by_pem());
    for path in ["/", "/assets/a.css", "/assets/a/b.css"] {
        assert_eq!(send(&app, call(path)).await.status, 200, "{path}");
    }
    // Also what has no handler that asks, what has none at all, and what is nested.
    for path in ["/me", "/plain", "/about", "/a/b", "/no/such/page", "/assets", "/assets/", "/nested/me"] {
        assert_eq!(send(&app, call(path)).await.status, 401, "{path}");
    }
    assert_eq!(send(&app, http::Request::options("*")).await.status, 401);
}

#[tokio::test]
async fn sec_13_an_odd_spelling_makes_nothing_public() {
    let house = House::start().await;
    let app = app(house.by_pem().public("/open/{id}"));
    for path in [
        "//",
        "/.",
        "/x/..",
        "//me",
        "/./me",
        "/assets/../me",
        "/assets/..%2fme",
        "/assets/%2e%2e/me",
        "/assets/%2e%2e%2fme",
        "/assets/%252e%252e/me",
        "/assets//a.css",
        "/assets/./a.css",
        "/assets%2fa.css",
        "/%61ssets/a.css",
        "/ASSETS/a.css",
        "/Assets/a.css",
        "/open/..",
        "/open/a%2f..%2f..%2fme",
        "/open/%00",
        "/open//",
        "/open/a/",
        "/?/../me",
    ] {
        let expected = if path.starts_with("/?") { 200 } else { 401 };
        assert_eq!(send(&app, call(path)).await.status, expected, "{path}");
    }
}

#[tokio::test]
async fn a_nested_guard_judges_the_path_that_the_browser_asked_for() {
    let house = House::start().await;
    let guard = house.by_pem().public("/api/open").build().unwrap();
    let who = || axum::routing::get(|| async { "in" });
    let inner = axum::Router::new().route("/open", who()).route("/closed", who()).layer(guard.layer());
    let app = axum::Router::new().nest("/api", inner);
    send(&app, call("/api/open")).await.is(200, "in");
    assert_eq!(send(&app, call("/api/closed")).await.status, 401);
    let back = send(&app, page("/api/closed?a=1").header("cookie", "__client_uat=7")).await;
    assert_eq!(back.query("redirect_url"), format!("{APP}/api/closed?a=1"));
}

#[tokio::test]
async fn the_proxied_frontend_is_left_alone_and_nothing_else() {
    let house = House::start().await;
    let app = app(house.by_pem().proxy_url("/__clerk"));
    // A page load with half a session would be sent to the handshake, which passes here itself.
    let half = |path: &str| page(path).header("cookie", "__client_uat=7");
    assert_eq!(send(&app, half("/__clerk/v1/client/handshake")).await.status, 200);
    let begun = send(&app, half("/me")).await;
    assert_eq!(begun.status, 307);
    assert!(begun.header("location").starts_with("https://app.example.com/__clerk/v1/client/handshake?"));
    for path in ["/__clerk", "/__clerk/../me", "/__clerk%2fme", "/__clerk//me", "/__clerkx/me"] {
        assert_ne!(send(&app, call(path)).await.status, 200, "{path}");
    }
}
