//! Mailed links at this door: the waiting page asks until the link was followed, and the followed one is told by its address.

use super::app::*;
use crate::{
    email_links::{by, link_to},
    kit::*,
    web::Web,
};
use housekey::{core::policy::MailedProof, settings::Settings};
use serde_json::{Value, json};
use std::time::Duration;

const BACK: &str = "http://localhost:3000/sign-in/verify?x=1#/y";

async fn linked() -> Web {
    clerk_with(Settings { mailbox: MailedProof::Both, ..settings() }).await
}

/// Follows the newest link of this browser, and gives where the app's page is led.
async fn follow(web: &Web, app: &App, purpose: &str, address: &str) -> String {
    let token = link_to(&web.house, address).await;
    assert_eq!(app.jar.get(&format!("/link?token={token}")).await.to(), "/link");
    let done = app.jar.form("/link", &[("purpose", purpose)]).await;
    assert_eq!(done.status, 200, "a page leads on, since a form must not: {}", done.body);
    onward(&done.body)
}

fn onward(page: &str) -> String {
    let url = page.split_once("content=\"0; url=").unwrap_or_else(|| panic!("{page}")).1.split('"').next().unwrap();
    url.replace("&amp;", "&").replace("&#x2f;", "/")
}

async fn a_page_waits_until_its_link_was_followed() {
    let web = linked().await;
    web.signed_up_in_app(1, ADA).await;
    let app = web.app(2);
    let begun = app.post("/v1/client/sign_ins", &[("identifier", ADA)]).await.ok();
    let strategies: Vec<_> =
        begun.response()["supported_first_factors"].as_array().unwrap().iter().map(|f| f["strategy"].clone()).collect();
    assert_eq!(strategies, ["password", "email_code", "email_link", "reset_password_email_code"]);
    let at = format!("/v1/client/sign_ins/{}", begun.id());
    let ask = [("strategy", "email_link"), ("redirect_url", BACK)];
    let sent = app.post(&format!("{at}/prepare_first_factor"), &ask).await.ok();
    let waits = &sent.response()["first_factor_verification"];
    assert_eq!((&waits["status"], &waits["strategy"]), (&json!("unverified"), &json!("email_link")));
    assert_eq!(app.get(&at).await.ok().response()["status"], "needs_first_factor");
    let page = follow(&web, &app, "sign_in", ADA).await;
    let told = app.get(&at).await.ok();
    assert_eq!(told.response()["status"], "complete");
    let proved = &told.response()["first_factor_verification"];
    assert_eq!((&proved["status"], &proved["strategy"]), (&json!("verified"), &json!("email_link")));
    assert_eq!(proved["verified_at_client"], told.client()["id"]);
    let session = told.response()["created_session_id"].as_str().unwrap();
    assert_eq!(told.client()["last_active_session_id"], session);
    let back = "http://localhost:3000/sign-in/verify?x=1&__clerk_status=verified&__clerk_created_session=";
    assert_eq!(page, format!("{back}{session}#/y"));
    web.house.clock.advance(Duration::from_secs(601));
    assert_eq!(app.get(&at).await.refusal(), "404 resource_not_found", "it is told for as long as a link lives");
}

async fn another_browser_is_told_so_and_learns_nothing_of_the_attempt() {
    let web = linked().await;
    web.signed_up_in_app(1, ADA).await;
    let (app, other) = (web.app(2), web.app(3));
    let begun = app.post("/v1/client/sign_ins", &[("identifier", ADA)]).await.ok();
    let at = format!("/v1/client/sign_ins/{}", begun.id());
    let ask = [("strategy", "email_link"), ("redirect_url", BACK)];
    app.post(&format!("{at}/prepare_first_factor"), &ask).await.ok();
    let token = link_to(&web.house, ADA).await;
    other.jar.get(&format!("/link?token={token}")).await;
    let page = other.jar.get("/link").await;
    assert_eq!(onward(&page.body), "http://localhost:3000/sign-in/verify?x=1&__clerk_status=client_mismatch#/y");
    follow(&web, &app, "sign_in", ADA).await;
    assert_eq!(other.get(&at).await.refusal(), "404 resource_not_found");
    assert_eq!(other.client().await, Value::Null);
}

async fn a_link_that_is_too_old_says_so_to_both_pages() {
    let web = linked().await;
    web.signed_up_in_app(1, ADA).await;
    let app = web.app(2);
    let fields = [("email_address", "new@example.com"), ("password", PASSWORD)];
    let begun = app.post("/v1/client/sign_ups", &fields).await.ok();
    let at = format!("/v1/client/sign_ups/{}", begun.id());
    let ask = [("strategy", "email_link"), ("redirect_url", BACK)];
    app.post(&format!("{at}/prepare_verification"), &ask).await.ok();
    let token = link_to(&web.house, "new@example.com").await;
    web.house.clock.advance(Duration::from_secs(601));
    let told = app.get(&at).await.ok();
    assert_eq!(told.response()["verifications"]["email_address"]["status"], "expired");
    app.jar.get(&format!("/link?token={token}")).await;
    let page = app.jar.get("/link").await;
    assert_eq!(onward(&page.body), "http://localhost:3000/sign-in/verify?x=1&__clerk_status=expired#/y");
}

async fn a_sign_up_ends_by_its_link() {
    let web = linked().await;
    let app = web.app(1);
    let fields = [("email_address", ADA), ("password", PASSWORD)];
    let begun = app.post("/v1/client/sign_ups", &fields).await.ok();
    let at = format!("/v1/client/sign_ups/{}", begun.id());
    let ask = [("strategy", "email_link"), ("redirect_url", BACK)];
    let sent = app.post(&format!("{at}/prepare_verification"), &ask).await.ok();
    let waits = &sent.response()["verifications"]["email_address"];
    assert_eq!((&waits["status"], &waits["strategy"]), (&json!("unverified"), &json!("email_link")));
    let page = follow(&web, &app, "sign_up", ADA).await;
    let told = app.get(&at).await.ok();
    assert_eq!(told.response()["status"], "complete");
    assert_eq!(told.response()["verifications"]["email_address"]["status"], "verified");
    assert!(page.contains(told.response()["created_session_id"].as_str().unwrap()), "{page}");
}

async fn an_added_address_is_proved_by_its_link() {
    let web = linked().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let added = app.post("/v1/me/email_addresses", &[("email_address", "ada@new.example")]).await.ok();
    let at = format!("/v1/me/email_addresses/{}", added.id());
    let ask = [("strategy", "email_link"), ("redirect_url", BACK)];
    let sent = app.post(&format!("{at}/prepare_verification"), &ask).await.ok();
    assert_eq!(sent.response()["verification"]["strategy"], "email_link");
    let page = follow(&web, &app, "verify_email", "ada@new.example").await;
    assert!(page.contains("__clerk_status=verified"), "{page}");
    assert_eq!(app.get(&at).await.ok().response()["verification"]["status"], "verified");
}

async fn sec_54_a_link_leads_to_listed_apps_alone() {
    let web = linked().await;
    let app = web.app(1);
    let begun = app.post("/v1/client/sign_ins", &[("identifier", ADA)]).await.ok();
    let at = format!("/v1/client/sign_ins/{}/prepare_first_factor", begun.id());
    for evil in ["https://evil.example/", "//evil.example", "http://localhost:3000@evil.example/", "javascript:x"] {
        let told = app.post(&at, &[("strategy", "email_link"), ("redirect_url", evil)]).await;
        assert_eq!(told.refusal(), "422 form_param_value_invalid redirect_url", "{evil}");
    }
    app.post(&at, &[("strategy", "email_link")]).await.ok();
}

async fn what_the_instance_does_not_offer_is_refused() {
    let web = clerk_with(by(MailedProof::Link)).await;
    let app = web.app(1);
    let headers = [crate::web::FORM, ("origin", web.url.as_str())];
    let begun = app.send("POST", "/v1/client/sign_ins", &headers, &form(&[("identifier", ADA)])).await.ok();
    let at = format!("/v1/client/sign_ins/{}/prepare_first_factor", begun.id());
    let told = app.send("POST", &at, &headers, &form(&[("strategy", "email_code")])).await;
    assert_eq!(told.refusal(), "422 strategy_for_user_invalid strategy");
}

async fn the_published_address_of_a_link_leads_to_its_page() {
    let web = linked().await;
    let app = web.app(1);
    let told = app.get("/v1/verify?token=ver_x.y").await;
    assert_eq!((told.status.as_u16(), told.header("location")), (303, "http://localhost:4000/link?token=ver_x.y"));
}

on_both!(
    a_page_waits_until_its_link_was_followed,
    another_browser_is_told_so_and_learns_nothing_of_the_attempt,
    a_link_that_is_too_old_says_so_to_both_pages,
    a_sign_up_ends_by_its_link,
    an_added_address_is_proved_by_its_link,
    sec_54_a_link_leads_to_listed_apps_alone,
    what_the_instance_does_not_offer_is_refused,
    the_published_address_of_a_link_leads_to_its_page,
);
