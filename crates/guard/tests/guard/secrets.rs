use crate::kit::*;

#[tokio::test]
async fn sec_122_no_credential_is_in_the_log_at_its_loudest() {
    let house = House::start().await;
    let app = app(house.by_server().strict(true));
    let token = house.token();
    let expired = house.token_with(|c| c.exp = START - 60);
    let refresh = format!("{}=canary-refresh", house.suffixed("__refresh"));
    house.played.nonces.lock().unwrap().insert("canary-1".into(), vec!["canary-name=canary-value".into()]);
    for away in [false, true] {
        house.set_away(away);
        for cookie in [
            cookies(&token, 7),
            format!("{}; {refresh}", cookies(&expired, 7)),
            "__clerk_handshake_nonce=canary-1".into(),
            "__clerk_handshake_nonce=canary-2".into(),
            "__clerk_handshake=canary.can.ary".into(),
            "__client_uat=7; __clerk_redirect_count=3".into(),
        ] {
            send(&app, page("/me").header("cookie", cookie)).await;
        }
        send(&app, call("/me").header("authorization", format!("Bearer {token}"))).await;
        send(&app, call("/me").header("authorization", "Bearer canary.can.ary")).await;
    }
    let text = log();
    assert!(text.contains("no session") && text.contains("strict check"));
    let signatures = [&token, &expired].map(|token| token.rsplit_once('.').unwrap().1);
    // The name of a dropped cookie is told, its value is not.
    let canaries =
        [SECRET, signatures[0], signatures[1], "canary-refresh", "canary-1", "canary-2", "can.ary", "canary-value"];
    for canary in canaries {
        assert!(!text.contains(canary), "{canary}");
    }
    assert!(text.contains("canary-name"));
}
