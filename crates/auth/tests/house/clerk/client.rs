//! The client: a browser, and who is signed in on it.

use super::app::*;
use crate::kit::*;
use serde_json::Value;

async fn a_browser_that_never_came_has_no_client_until_it_begins_something() {
    let web = clerk().await;
    let app = web.app(1);
    let none = app.get("/v1/client").await.ok();
    assert_eq!(none.json["response"], Value::Null);
    assert!(none.headers.get("set-cookie").is_none());
    let made = app.put("/v1/client", &[]).await.ok();
    assert_eq!(made.response()["object"], "client");
    assert_eq!(made.response()["sessions"], serde_json::json!([]));
    let again = app.post("/v1/client", &[]).await.ok();
    assert_eq!(again.id(), made.id(), "it has one already");
    assert_eq!(app.client().await["id"], made.response()["id"]);
}

async fn signing_up_signs_in_and_signing_out_ends_every_session() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let client = app.client().await;
    assert_eq!(client["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(client["sessions"][0]["status"], "active");
    assert_eq!(client["sessions"][0]["user"]["email_addresses"][0]["email_address"], ADA);
    let out = app.delete("/v1/client/sessions").await.ok();
    assert_eq!(out.client()["sessions"], serde_json::json!([]));
    assert_eq!(app.client().await["last_active_session_id"], Value::Null);
}

on_both!(
    a_browser_that_never_came_has_no_client_until_it_begins_something,
    signing_up_signs_in_and_signing_out_ends_every_session,
);
