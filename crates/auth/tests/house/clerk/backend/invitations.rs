//! Invitations.

use super::{super::app::APP, sdk::sdk};
use crate::kit::*;
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    somebody_is_invited_by_mail_and_signs_up,
    an_invitation_is_refused_where_it_makes_no_sense,
    an_invitation_can_be_taken_back_and_ends_by_itself,
    several_are_invited_at_once,
);

/// The ticket in a link.
fn ticket(text: &str) -> String {
    let at = text.find("ticket=").unwrap() + "ticket=".len();
    text[at..].chars().take_while(|c| !c.is_whitespace() && *c != '&' && *c != '"').collect()
}

async fn somebody_is_invited_by_mail_and_signs_up() {
    let sdk = sdk().await;
    let form = json!({"email_address": "new@example.com", "public_metadata": {"plan": "pro"}});
    let made = sdk.post("/invitations", form).await.ok();
    assert_eq!((made.text("status"), &made.json["revoked"]), ("pending", &json!(false)));
    let mail = sdk.web.house.mail_to("new@example.com").await.unwrap();
    let ticket = ticket(&mail.text);
    assert!(made.text("url").ends_with(&ticket));
    assert!(!mail.text.contains("203.0.113."), "the address of the app's server is nobody's business");
    let app = sdk.web.app(1);
    let fields = [("strategy", "ticket"), ("ticket", ticket.as_str()), ("password", PASSWORD)];
    let done = app.post("/v1/client/sign_ups", &fields).await.ok();
    assert_eq!(done.response()["status"], "complete", "{}", done.body);
    let user = &app.client().await["sessions"][0]["user"];
    assert_eq!(user["email_addresses"][0]["email_address"], "new@example.com");
    assert_eq!(user["public_metadata"], json!({"plan": "pro"}));
    let told = sdk.get("/invitations?status=accepted").await.ok().json;
    assert_eq!(told[0]["id"], made.text("id"));
    let again = sdk.web.app(2).post("/v1/client/sign_ups", &fields).await;
    assert_eq!(again.refusal(), "400 ticket_expired_code");
}

async fn an_invitation_is_refused_where_it_makes_no_sense() {
    let sdk = sdk().await;
    sdk.user("ada@example.com").await;
    sdk.post("/invitations", json!({"email_address": "new@example.com", "notify": false})).await.ok();
    assert!(sdk.web.house.mail_to("new@example.com").await.is_none());
    for (form, refused) in [
        (json!({}), "422 form_param_missing email_address"),
        (json!({"email_address": "x"}), "422 form_param_format_invalid email_address"),
        (json!({"email_address": "ada@example.com"}), "422 form_identifier_exists email_address"),
        (json!({"email_address": "NEW@example.com"}), "422 duplicate_record email_address"),
        (
            json!({"email_address": "b@example.com", "expires_in_days": 0}),
            "422 form_param_value_invalid expires_in_days",
        ),
        (
            json!({"email_address": "b@example.com", "expires_in_days": 400}),
            "422 form_param_value_invalid expires_in_days",
        ),
        (
            json!({"email_address": "b@example.com", "redirect_url": "https://evil.example/"}),
            "422 form_param_value_invalid redirect_url",
        ),
        (
            json!({"email_address": "b@example.com", "template_slug": "waitlist_invitation"}),
            "422 form_param_unknown template_slug",
        ),
    ] {
        assert_eq!(sdk.post("/invitations", form.clone()).await.refusal(), refused, "{form}");
    }
    let own = json!({"email_address": "b@example.com", "redirect_url": format!("{APP}/welcome"), "notify": false});
    sdk.post("/invitations", own).await.ok();
    sdk.post("/redirect_urls", json!({"url": "myapp://welcome"})).await.ok();
    let listed = json!({"email_address": "c@example.com", "redirect_url": "myapp://welcome", "notify": false});
    sdk.post("/invitations", listed).await.ok();
    // A newer one takes the place of one that is pending, where that is wanted.
    let again = json!({"email_address": "new@example.com", "ignore_existing": true, "notify": false});
    sdk.post("/invitations", again).await.ok();
    let told = sdk.get("/invitations?query=NEW@").await.ok().json;
    let states: Vec<&str> = told.as_array().unwrap().iter().map(|i| i["status"].as_str().unwrap()).collect();
    assert_eq!(states.iter().filter(|s| **s == "pending").count(), 1);
    assert_eq!(states.iter().filter(|s| **s == "revoked").count(), 1);
}

async fn an_invitation_can_be_taken_back_and_ends_by_itself() {
    let sdk = sdk().await;
    let invite = async |address: &str| {
        sdk.post("/invitations", json!({"email_address": address, "notify": false, "expires_in_days": 1})).await.ok()
    };
    let (first, second) = (invite("a@example.com").await, invite("b@example.com").await);
    let at = format!("/invitations/{}/revoke", first.text("id"));
    let told = sdk.post(&at, Value::Null).await.ok();
    assert_eq!((told.text("status"), &told.json["revoked"]), ("revoked", &json!(true)));
    assert_eq!(sdk.post(&at, Value::Null).await.refusal(), "400 invitation_not_pending invitation_id");
    let accept = async |at: u8, link: &str| {
        let fields = [("strategy", "ticket"), ("ticket", &*ticket(link)), ("password", PASSWORD)];
        sdk.web.app(at).post("/v1/client/sign_ups", &fields).await
    };
    assert_eq!(accept(1, first.text("url")).await.refusal(), "400 ticket_expired_code");
    sdk.web.house.clock.advance(Duration::from_secs(86_401));
    assert_eq!(accept(2, second.text("url")).await.refusal(), "400 ticket_expired_code");
    let told = sdk.get("/invitations?status=expired&paginated=true").await;
    assert_eq!((told.status, &told.json["total_count"]), (StatusCode::OK, &json!(1)));
}

async fn several_are_invited_at_once() {
    let sdk = sdk().await;
    let one = |address: &str| json!({"email_address": address, "notify": false});
    let told = sdk.post("/invitations/bulk", json!([one("a@example.com"), one("b@example.com")])).await.ok().json;
    assert_eq!(told.as_array().unwrap().len(), 2);
    let told = sdk.post("/invitations/bulk", json!([one("c@example.com"), {"email_address": 1}])).await;
    assert_eq!(told.refusal(), "422 form_param_format_invalid email_address");
    assert_eq!(sdk.get("/invitations").await.json.as_array().unwrap().len(), 2, "all are read before any is made");
    assert_eq!(sdk.post("/invitations/bulk", one("c@example.com")).await.refusal(), "400 request_body_invalid");
}
