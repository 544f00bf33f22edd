//! A passkey at the end of a sign-up on the pages: asked for once, and never in the way.

use crate::{
    authenticator::Authenticator,
    guests::guests,
    kit::*,
    web::{Jar, Web, web, web_with},
};
use housekey::settings::{Settings, TwoStepSettings};
use http::StatusCode;
use std::time::Duration;

const OFFER: &str = "/sign-up/passkey?return_to=%2Faccount%2Fdevices";
const KNOWS: (&str, &str) = ("knows_passkeys", "yes");

/// A page as a browser reads it.
async fn read(jar: &Jar, path: &str) -> String {
    jar.get(path).await.body.replace("&#x2f;", "/")
}

/// Signs up, by a browser that says this of passkeys; answers where that leads.
async fn signed_up_to(web: &Web, jar: &Jar, address: &str, knows: &[(&str, &str)]) -> String {
    let fields = [("email", address), ("password", PASSWORD), ("return_to", "/account/devices")];
    assert_eq!(jar.form("/sign-up", &fields).await.to(), "/sign-up/code");
    let code = web.house.code_to(address).await.unwrap();
    jar.form("/sign-up/code", &[&[("code", code.as_str())], knows].concat()).await.to().to_owned()
}

async fn who_signs_up_is_asked_for_a_passkey_and_goes_on_with_it() {
    let web = web().await;
    let jar = web.jar(1);
    assert!(
        jar.get("/sign-up").await.body.contains("name=\"knows_passkeys\" value=\"\""),
        "a script says so, or nobody"
    );
    assert_eq!(signed_up_to(&web, &jar, ADA, &[KNOWS]).await, OFFER);
    let page = read(&jar, OFFER).await;
    assert!(page.contains("Sign in faster next time") && page.contains("href=\"/account/devices\">Not now"), "{page}");
    let refused = jar.form("/sign-up/passkey", &[("passkey", "{}"), ("return_to", "/account/devices")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("&#x2f;account&#x2f;devices\">Not now"), "the way on stays: {}", refused.body);
    let mut phone = Authenticator::at(web.house.housekey.public_url());
    let options = jar.form("/account/security/passkeys/options", &[]).await.body;
    let answer = phone.create(&options);
    let fields = [("name", ""), ("passkey", answer.as_str()), ("return_to", "/account/devices")];
    assert_eq!(jar.form("/sign-up/passkey", &fields).await.to(), "/account/devices");
    // There is one now, which signs in; and nobody is asked twice.
    assert_eq!(jar.get(OFFER).await.to(), "/account/devices");
    let elsewhere = web.jar(2);
    let options = elsewhere.form("/sign-in/passkey/options", &[]).await.body;
    let answer = phone.get(&options);
    assert_eq!(elsewhere.form("/sign-in/passkey", &[("passkey", &answer), ("return_to", "")]).await.to(), "/account");
}

async fn who_cannot_have_one_is_not_asked() {
    let web = web().await;
    assert_eq!(signed_up_to(&web, &web.jar(1), "a@example.com", &[]).await, "/account/devices", "without a script");
    let unknown = [("knows_passkeys", "")];
    assert_eq!(signed_up_to(&web, &web.jar(2), "b@example.com", &unknown).await, "/account/devices");
    for settings in [Settings { passkeys: false, ..roomy() }, Settings { passkey_at_sign_up: false, ..roomy() }] {
        let web = web_with(settings).await;
        let jar = web.jar(1);
        assert_eq!(signed_up_to(&web, &jar, ADA, &[KNOWS]).await, "/account/devices");
        assert_eq!(jar.get(OFFER).await.to(), "/account/devices");
    }
}

async fn only_a_new_account_in_its_first_minutes_is_asked() {
    let web = web_with(guests()).await;
    let jar = web.jar(1);
    assert!(web.jar(2).get(OFFER).await.to().starts_with("/sign-in"), "nobody");
    let guest = web.jar(3);
    guest.form("/guest", &[("return_to", "")]).await;
    assert_eq!(guest.get(OFFER).await.to(), "/account/devices", "a guest");
    assert_eq!(signed_up_to(&web, &guest, "guest@example.com", &[KNOWS]).await, OFFER, "what became of it");
    assert_eq!(signed_up_to(&web, &jar, ADA, &[KNOWS]).await, OFFER);
    assert!(
        read(&jar, "/sign-up/passkey?return_to=https%3A%2F%2Fevil.example").await.contains("href=\"/account\">Not now")
    );
    web.house.clock.advance(Duration::from_secs(301));
    assert_eq!(jar.get(OFFER).await.to(), "/account/devices", "later it is a change like others");
    let owner = web.jar(4);
    assert_eq!(signed_up_to(&web, &owner, ADA, &[KNOWS]).await, "/account/devices", "who had the account before");
    let two_step = TwoStepSettings { required: true, ..TwoStepSettings::default() };
    let web = web_with(Settings { two_step, ..roomy() }).await;
    let waiting = web.jar(5);
    let to = signed_up_to(&web, &waiting, ADA, &[KNOWS]).await;
    assert_eq!(to, "/account/devices", "a session that waits for more");
    assert!(waiting.get(OFFER).await.to().starts_with("/sign-in"));
}

on_both!(
    who_signs_up_is_asked_for_a_passkey_and_goes_on_with_it,
    who_cannot_have_one_is_not_asked,
    only_a_new_account_in_its_first_minutes_is_asked,
);
