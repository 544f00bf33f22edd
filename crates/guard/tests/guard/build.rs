use crate::kit::*;
use housekey_guard::Guard;
use std::time::Duration;

#[test]
fn all_faults_are_told_at_once_and_no_secret_among_them() {
    let error = Guard::builder("pk_live_x")
        .secret_key("sk_test_canary0123456789")
        .jwt_key("nonsense")
        .api_url("http://auth.example.com/api")
        .proxy_url("//evil.example")
        .issuer("auth.example.com")
        .authorized_parties(["https://app.example.com/", "*"])
        .app_origin("app.example.com")
        .sign_in_url("javascript:alert(1)")
        .public("assets/*")
        .clock_skew(Duration::from_secs(61))
        .build()
        .err()
        .unwrap();
    let settings: Vec<_> = error.faults.iter().map(|fault| fault.setting).collect();
    for expected in [
        "publishable key",
        "secret_key",
        "jwt_key",
        "api_url",
        "proxy_url",
        "issuer",
        "authorized_parties",
        "app_origin",
        "sign_in_url",
        "public",
        "clock_skew",
    ] {
        assert!(settings.contains(&expected), "{expected} in {settings:?}");
    }
    assert_eq!(settings.iter().filter(|s| **s == "authorized_parties").count(), 2);
    let text = error.to_string();
    assert!(!text.contains("canary"), "{text}");
    assert!(text.contains("such as https://app.example.com"), "{text}");
}

#[tokio::test]
async fn what_belongs_together_is_asked_for_together() {
    let house = House::start().await;
    let fault = |builder: housekey_guard::GuardBuilder| builder.build().err().unwrap().faults[0].clone();
    assert_eq!(fault(house.by_pem().strict(true)).setting, "strict");
    assert_eq!(fault(house.by_pem().sign_in_url("/sign-in")).setting, "sign_in_url");
    let bare = || Guard::builder(&house.publishable_key).jwt_key(OURS.public_pem());
    assert_eq!(fault(bare().proxy_url("/__clerk")).setting, "proxy_url");
    assert!(bare().proxy_url("/__clerk").app_origin(APP).build().is_ok());
    assert!(bare().build().is_ok());
    assert_eq!(fault(bare().api_url("http://auth.internal/api").secret_key(SECRET)).setting, "api_url");
    assert!(bare().api_url("http://auth.internal/api").secret_key(SECRET).allow_plain_http(true).build().is_ok());
    assert_eq!(fault(bare().jwt_key("-----BEGIN PRIVATE KEY-----")).setting, "jwt_key");
}
