//! The waitlist as a backend keeps it.

use super::{super::app::settings, sdk::sdk_with};
use crate::kit::*;
use housekey::settings::{Settings, SignUpMode, SignUpPolicy};
use serde_json::json;

on_both!(who_waits_is_listed_invited_rejected_and_forgotten, of_ten_who_invite_at_once_one_does,);

fn waiting() -> Settings {
    Settings { sign_up: SignUpPolicy { mode: SignUpMode::Waitlist, ..SignUpPolicy::default() }, ..settings() }
}

async fn who_waits_is_listed_invited_rejected_and_forgotten() {
    let sdk = sdk_with(waiting()).await;
    let ada = sdk.post("/waitlist_entries", json!({"email_address": ADA})).await.ok();
    assert_eq!((ada.text("status"), ada.text("email_address")), ("pending", ADA));
    assert!(sdk.web.house.mail_to(ADA).await.unwrap().text.contains("waitlist"));
    let again = sdk.post("/waitlist_entries", json!({"email_address": "ADA@example.com", "notify": false})).await.ok();
    assert_eq!(again.text("id"), ada.text("id"));
    let many = json!([{"email_address": "b@example.com", "notify": false}, {"email_address": "c@example.com"}]);
    let many = sdk.post("/waitlist_entries/bulk", many).await.ok().json;
    let (bob, cem) = (many[0]["id"].as_str().unwrap(), many[1]["id"].as_str().unwrap());
    assert!(sdk.web.house.mail_to("b@example.com").await.is_none());
    assert_eq!(sdk.get("/waitlist_entries").await.ok().json["total_count"], 3);
    assert_eq!(sdk.get("/waitlist_entries?query=b@").await.ok().json["data"][0]["id"], bob);

    let invited = sdk.post(&format!("/waitlist_entries/{}/invite", ada.text("id")), json!({})).await.ok();
    assert_eq!((invited.text("status"), &invited.json["invitation"]["status"]), ("invited", &json!("pending")));
    let twice = sdk.post(&format!("/waitlist_entries/{}/invite", ada.text("id")), json!({})).await;
    assert_eq!(twice.refusal(), "400 waitlist_entry_not_pending waitlist_entry_id");
    let mail = sdk.web.house.mail_to(ADA).await.unwrap().text;
    let at = mail.find("ticket=").unwrap() + "ticket=".len();
    let ticket: String = mail[at..].chars().take_while(|c| !c.is_whitespace()).collect();
    let fields = [("strategy", "ticket"), ("ticket", ticket.as_str()), ("password", PASSWORD)];
    let done = sdk.web.app(1).post("/v1/client/sign_ups", &fields).await.ok();
    assert_eq!(done.response()["status"], "complete", "{}", done.body);
    assert_eq!(sdk.get("/waitlist_entries?status=completed").await.ok().json["data"][0]["id"], ada.text("id"));

    let rejected = sdk.post(&format!("/waitlist_entries/{bob}/reject"), json!({})).await.ok();
    assert_eq!(rejected.text("status"), "rejected");
    for refused in [
        sdk.delete(&format!("/waitlist_entries/{bob}")).await,
        sdk.post(&format!("/waitlist_entries/{bob}/reject"), json!({})).await,
    ] {
        assert_eq!(refused.refusal(), "400 waitlist_entry_not_pending waitlist_entry_id");
    }
    sdk.post(&format!("/waitlist_entries/{bob}/invite"), json!({})).await.ok();
    assert_eq!(sdk.delete(&format!("/waitlist_entries/{cem}")).await.ok().json["deleted"], true);
    assert_eq!(sdk.get("/waitlist_entries").await.ok().json["total_count"], 2);
    assert_eq!(sdk.post("/waitlist_entries/wle_none/invite", json!({})).await.refusal(), "404 resource_not_found");
    let wrong = sdk.post("/waitlist_entries", json!({"email_address": "x"})).await;
    assert_eq!(wrong.refusal(), "422 form_param_format_invalid email_address");
}

async fn of_ten_who_invite_at_once_one_does() {
    let sdk = sdk_with(waiting()).await;
    let ada = sdk.post("/waitlist_entries", json!({"email_address": ADA, "notify": false})).await.ok();
    let house = &sdk.web.house.housekey;
    let tries = (0..10).map(|_| {
        let (house, id) = (house.clone(), ada.text("id").to_owned());
        tokio::spawn(async move { house.waitlist_invite(&house.console_steward(), &id, false).await.is_ok() })
    });
    let mut done = 0;
    for told in tries.collect::<Vec<_>>() {
        done += u32::from(told.await.unwrap());
    }
    assert_eq!(done, 1);
    assert_eq!(sdk.web.database.rows().await["housekey_invitation"].len(), 1);
    sdk.web.house.deliver().await;
    assert_eq!(sdk.web.house.caught.list().len(), 1, "one mail");
}
