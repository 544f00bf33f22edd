//! Test addresses: on a developer's own instance they need no mailbox.

use super::app::*;
use crate::{kit::*, web::Web};
use housekey::settings::{ClerkSettings, Settings};
use url::Url;

const TEST: &str = "ada+clerk_test@example.com";

async fn mails(web: &Web) -> usize {
    web.house.deliver().await;
    web.house.caught.list().len()
}

async fn sign_up_with(app: &App, address: &str, code: &str) -> Told {
    let begun = app.post("/v1/client/sign_ups", &[("email_address", address), ("password", PASSWORD)]).await.ok();
    let at = format!("/v1/client/sign_ups/{}", begun.id());
    app.post(&format!("{at}/prepare_verification"), &[("strategy", "email_code")]).await.ok();
    app.post(&format!("{at}/attempt_verification"), &[("strategy", "email_code"), ("code", code)]).await
}

async fn a_test_address_takes_one_code_and_gets_no_mail() {
    let web = clerk().await;
    let app = web.app(1);
    assert_eq!(sign_up_with(&app, TEST, "424243").await.refusal(), "422 form_code_incorrect code");
    let done = sign_up_with(&app, TEST, "424242").await.ok();
    assert_eq!(done.response()["status"], "complete");
    app.delete("/v1/client/sessions").await.ok();
    let begun = app.post("/v1/client/sign_ins", &[("identifier", TEST), ("strategy", "email_code")]).await.ok();
    let at = format!("/v1/client/sign_ins/{}/attempt_first_factor", begun.id());
    app.post(&at, &[("strategy", "email_code"), ("code", "424242")]).await.ok();
    let changed = [("current_password", PASSWORD), ("new_password", "marble canyon whisper")];
    app.post("/v1/me/change_password", &changed).await.ok();
    assert_eq!(mails(&web).await, 0, "not even a notice");
}

async fn any_other_address_has_codes_of_its_own() {
    let web = clerk().await;
    let others = [ADA, "clerk_test@example.com", "ada-clerk_test@example.com"];
    for address in others {
        let told = sign_up_with(&web.app(1), address, "424242").await;
        assert_eq!(told.refusal(), "422 form_code_incorrect code", "{address}");
    }
    assert_eq!(mails(&web).await, others.len());
}

async fn where_it_is_off_a_test_address_is_like_any() {
    let clerk = ClerkSettings { test_mode: Some(false), ..ClerkSettings::default() };
    let web = clerk_with(Settings { clerk, ..settings() }).await;
    let told = sign_up_with(&web.app(1), TEST, "424242").await;
    assert_eq!(told.refusal(), "422 form_code_incorrect code");
    assert_eq!(mails(&web).await, 1);
}

/// Whoever knows the code would be in.
#[test]
fn an_instance_for_the_public_refuses_to_start_with_it_and_never_has_it_by_itself() {
    let mut public =
        Settings { public_url: Some(Url::parse("https://auth.example.com").unwrap()), ..Settings::default() };
    assert!(!public.test_mode());
    let named = |s: &Settings| s.faults().iter().any(|(key, _)| *key == "clerk.test_mode");
    assert!(!named(&public));
    public.clerk.test_mode = Some(true);
    assert!(named(&public) && !public.test_mode());
}

on_both!(
    a_test_address_takes_one_code_and_gets_no_mail,
    any_other_address_has_codes_of_its_own,
    where_it_is_off_a_test_address_is_like_any,
);
