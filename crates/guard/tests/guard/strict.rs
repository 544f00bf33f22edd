use crate::kit::*;

fn set(house: &House, status: Option<&'static str>) {
    let mut sessions = house.played.sessions.lock().unwrap();
    match status {
        Some(status) => sessions.insert("sess_1".into(), status),
        None => sessions.remove("sess_1"),
    };
}

#[tokio::test]
async fn sec_44_a_strict_guard_refuses_an_ended_session_at_once() {
    let house = House::start().await;
    let app = app(house.by_server().strict(true));
    let ask = || call("/me").header("cookie", house.cookies());
    send(&app, ask()).await.is(200, "user_1");
    for ended in [Some("revoked"), Some("ended"), Some("expired"), Some("pending"), None] {
        set(&house, ended);
        send(&app, ask()).await.refused(401, "session-ended");
        let bearer = call("/me").header("authorization", format!("Bearer {}", house.token()));
        send(&app, bearer).await.refused(401, "session-ended");
    }
    set(&house, Some("active"));
    send(&app, ask()).await.is(200, "user_1");
    let other = call("/me").header("cookie", cookies(&house.token_with(|c| c.sub = "user_2".into()), 7));
    send(&app, other).await.refused(401, "session-ended");
}

#[tokio::test]
async fn sec_47_while_the_server_is_away_a_strict_guard_lets_nobody_in() {
    let house = House::start().await;
    let app = app(house.by_server().strict(true));
    let ask = |path: &str| call(path).header("cookie", house.cookies());
    send(&app, ask("/me")).await.is(200, "user_1");
    house.set_away(true);
    let refused = send(&app, ask("/me")).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (503, &"unavailable".into()));
    assert_eq!(refused.header("cache-control"), "no-store");
    assert_eq!(send(&app, ask("/")).await.status, 503, "a public page does not call them signed out");
    assert_eq!(send(&app, ask("/assets/a.css")).await.status, 200);
}

#[tokio::test]
async fn one_route_can_be_strict() {
    let house = House::start().await;
    let app = app(house.by_server());
    let ask = |path: &str| call(path).header("cookie", house.cookies());
    send(&app, ask("/strict")).await.is(200, "user_1");
    assert_eq!(house.calls("/sessions/sess_1").len(), 1);
    set(&house, Some("revoked"));
    send(&app, ask("/me")).await.is(200, "user_1");
    send(&app, ask("/strict")).await.refused(401, "session-ended");
    house.set_away(true);
    assert_eq!(send(&app, ask("/strict")).await.status, 503);
    house.set_away(false);
    // Without the secret key nobody can be asked, and nobody is let in.
    let blind = crate::kit::app(house.by_pem());
    assert_eq!(send(&blind, ask("/strict")).await.status, 503);
    // What the layer asked already is not asked twice.
    set(&house, Some("active"));
    let strict = crate::kit::app(house.by_server().strict(true));
    let before = house.calls("/sessions/sess_1").len();
    send(&strict, ask("/strict")).await.is(200, "user_1");
    assert_eq!(house.calls("/sessions/sess_1").len(), before + 1);
}

#[tokio::test]
async fn a_session_id_is_a_plain_segment() {
    let house = House::start().await;
    let app = app(house.by_server().strict(true));
    for odd in ["../users/user_1", "sess_1/../sess_2", "", "a b", "%2e%2e"] {
        let token = house.token_with(|c| c.sid = odd.into());
        let answer = send(&app, call("/me").header("authorization", format!("Bearer {token}"))).await;
        assert_eq!(answer.status, 503, "{odd}");
    }
    assert_eq!(house.calls("/sessions").len() + house.calls("/users").len(), 0);
}
