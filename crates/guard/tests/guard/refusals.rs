use crate::kit::*;
use http::Request;

const SIGN_IN: &str = "https://auth.example.com/sign-in?theme=dark";

#[tokio::test]
async fn a_program_gets_problem_details() {
    let house = House::start().await;
    let app = app(house.by_pem().sign_in_url(SIGN_IN));
    for request in [call("/plain"), Request::get("/plain"), Request::post("/plain")] {
        let answer = send(&app, request).await;
        answer.refused(401, "session-token-and-uat-missing");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert_eq!(answer.header("x-clerk-auth-status"), "signed-out");
        assert_eq!((answer.header("cache-control"), answer.header("vary")), ("no-store", "Cookie"));
        let problem = answer.json();
        assert_eq!((&problem["status"], &problem["code"]), (&401.into(), &"signed_out".into()));
        assert_eq!(problem["reason"], "session-token-and-uat-missing");
    }
}

#[tokio::test]
async fn sec_54_a_browser_is_led_to_the_sign_in_page_and_back() {
    let house = House::start().await;
    let app = app(house.by_pem().sign_in_url(SIGN_IN));
    let answer = send(&app, page("/me?a=1")).await;
    assert_eq!(answer.status, 307);
    assert!(answer.header("location").starts_with("https://auth.example.com/sign-in?theme=dark&redirect_url="));
    assert_eq!(answer.query("redirect_url"), format!("{APP}/me?a=1"));
    assert_eq!(answer.header("cache-control"), "no-store");
    // What was sent cannot be sent again: back to the form.
    let form = || Request::post("/me").header("sec-fetch-dest", "document").header("sec-fetch-site", "same-origin");
    let answer = send(&app, form().header("referer", "https://app.example.com/form?x=1")).await;
    assert_eq!((answer.status.as_u16(), answer.query("redirect_url")), (303, format!("{APP}/form?x=1")));
    let answer = send(&app, form().header("referer", "https://evil.example/form")).await;
    assert_eq!((answer.status.as_u16(), answer.query("redirect_url")), (303, format!("{APP}/")));
    // With a task open, to the task.
    let pending = cookies(&house.token_with(|c| c.sts = Some("pending".into())), 7);
    let answer = send(&app, page("/me").header("cookie", pending)).await;
    assert_eq!(answer.location().path(), "/sign-in/tasks");
}

#[tokio::test]
async fn a_sign_in_page_of_the_app_itself_is_found() {
    let house = House::start().await;
    let own = house.by_pem().sign_in_url("/sign-in").public("/sign-in");
    let answer = send(&app(own), page("/me")).await;
    assert_eq!(answer.header("location"), format!("{APP}/sign-in?redirect_url=https%3A%2F%2Fapp.example.com%2Fme"));
    let listed = housekey_guard::Guard::builder(&house.publishable_key)
        .jwt_key(OURS.public_pem())
        .authorized_parties([APP])
        .sign_in_url("/sign-in")
        .public("/sign-in");
    // A host that is not listed is led to the page all the same, and nowhere from there.
    let request = Request::get("/me").header("host", "evil.example").header("sec-fetch-dest", "document");
    assert_eq!(send(&app(listed), request).await.header("location"), "/sign-in");
}

#[tokio::test]
async fn an_extractor_without_the_layer_lets_nobody_in() {
    let route = axum::routing::get(|_: housekey_guard::Session| async { "in" });
    let app = axum::Router::new().route("/me", route);
    let answer = send(&app, call("/me")).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (500, &"bug".into()));
}

#[tokio::test]
async fn the_apps_own_headers_stay() {
    let house = House::start().await;
    let guard = house.by_pem().build().unwrap();
    let headers = [("vary", "Accept-Encoding"), ("cache-control", "private"), ("set-cookie", "own=1")];
    let route = axum::routing::get(move || async move { (headers, "in") });
    let app = axum::Router::new().route("/me", route).layer(guard.layer());
    let answer = send(&app, call("/me").header("cookie", house.cookies())).await;
    let vary: Vec<_> = answer.headers.get_all("vary").iter().collect();
    assert_eq!(vary, ["Accept-Encoding", "Cookie"]);
    assert_eq!(answer.header("cache-control"), "private");
    assert_eq!(answer.set_cookies(), ["own=1"]);
}
