//! What is told.

use super::receiver::{Got, Receiver};
use crate::{
    clerk::{app::*, backend::sdk},
    kit::*,
    web::{Web, web_with},
};
use housekey::flows::webhooks::Replay;
use serde_json::json;

on_both!(
    what_somebody_does_in_an_app_is_told_in_the_published_form,
    what_somebody_does_on_the_pages_is_told_the_same,
    what_a_backend_does_is_told,
    sec_120_no_code_and_no_secret_is_told_or_kept,
    sec_20_strangers_are_not_told_of_and_cost_the_same,
    who_hears_something_else_is_not_told,
);

pub async fn listening(web: &Web, events: &[&str]) -> (Receiver, String) {
    let receiver = Receiver::listen().await;
    let caller = web.house.browser(250).caller();
    let events: Vec<String> = events.iter().map(|name| (*name).to_owned()).collect();
    let (_, secret) = web.house.housekey.webhook_add(&caller, &receiver.url, &events, "").await.unwrap();
    (receiver, secret.expose().clone())
}

fn of_user(got: &[Got], user: &str) -> Vec<String> {
    let about = |g: &&Got| g.data()["id"] == user || g.data()["user_id"] == user;
    got.iter().filter(about).map(Got::kind).collect()
}

async fn what_somebody_does_in_an_app_is_told_in_the_published_form() {
    let web = clerk().await;
    let (receiver, secret) = listening(&web, &[]).await;
    let app = web.signed_up_in_app(1, ADA).await;
    let user = app.client().await["sessions"][0]["user"]["id"].as_str().unwrap().to_owned();
    let first = app.session().await;
    app.patch("/v1/me", &[("first_name", "Augusta"), ("last_name", "King")]).await.ok();
    app.delete("/v1/client/sessions").await.ok();
    app.sign_in(ADA, PASSWORD).await.ok();
    let second = app.session().await;
    app.post(&format!("/v1/client/sessions/{second}/end"), &[]).await.ok();
    app.sign_in(ADA, PASSWORD).await.ok();
    let third = app.session().await;
    app.post(&format!("/v1/client/sessions/{third}/remove"), &[]).await.ok();
    app.sign_in(ADA, PASSWORD).await.ok();
    let fourth = app.session().await;
    app.post(&format!("/v1/me/sessions/{fourth}/revoke"), &[]).await.ok();
    app.sign_in(ADA, PASSWORD).await.ok();
    web.house.tell().await;

    let got = receiver.got();
    let user_and_sessions = of_user(&got, &user);
    let expected = [
        "user.created",
        "session.created",
        "user.updated",
        "session.removed",
        "session.created",
        "session.ended",
        "session.created",
        "session.removed",
        "session.created",
        "session.revoked",
        "session.created",
    ];
    assert_eq!(user_and_sessions, expected);
    assert!(got.iter().all(|g| g.is_signed_by(&secret)));
    assert!(got.iter().all(|g| !g.is_signed_by("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")));
    let of = |kind: &str| got.iter().filter(|g| g.kind() == kind).collect::<Vec<_>>();
    let made = of("user.created")[0];
    assert_eq!(made.body["event_attributes"]["http_request"]["client_ip"], "203.0.113.1");
    assert_eq!(made.body["instance_id"], web.house.housekey.instance().as_str());
    assert_eq!(made.data()["email_addresses"][0]["email_address"], ADA);
    assert_eq!(made.data()["first_name"], "Ada");
    // The name that it had then, and the one that it has now.
    assert_eq!(of("user.updated")[0].data()["last_name"], "King");
    let removed: Vec<_> = of("session.removed").iter().map(|g| g.data()["id"].clone()).collect();
    assert_eq!(removed, [json!(first), json!(third)]);
    assert_eq!(of("session.removed")[0].data()["status"], "removed");
    assert_eq!(of("session.ended")[0].data()["id"], json!(second));
    assert_eq!(of("session.ended")[0].data()["status"], "ended");
    assert_eq!(of("session.revoked")[0].data()["id"], json!(fourth));
    assert_eq!(of("session.created")[0].data()["user"]["first_name"], "Ada");
    assert_eq!(of("session.created")[1].data()["user"]["first_name"], "Augusta");
    let mail = of("email.created")[0];
    assert_eq!((&mail.data()["slug"], &mail.data()["to_email_address"]), (&json!("verification_code"), &json!(ADA)));

    app.delete("/v1/me").await.ok();
    web.house.tell().await;
    let last = receiver.got().pop().unwrap();
    assert_eq!((last.kind().as_str(), &last.data()["id"]), ("user.deleted", &json!(user)));
}

async fn what_somebody_does_on_the_pages_is_told_the_same() {
    let web = web_with(roomy()).await;
    let (receiver, _) = listening(&web, &["user.*", "session.*"]).await;
    let ada = web.signed_up(1, ADA).await;
    ada.form("/account", &[("first_name", "Augusta"), ("last_name", "")]).await;
    let other = web.jar(2);
    other.form("/sign-in", &[("email", ADA), ("return_to", "")]).await;
    other.form("/sign-in/password", &[("password", PASSWORD)]).await;
    assert!(other.is_signed_in().await);
    ada.form("/account/security", &[("current", PASSWORD), ("password", "another lantern tide")]).await;
    assert!(!other.is_signed_in().await, "the password was changed");
    ada.form("/sign-out", &[]).await;
    web.house.tell().await;
    assert_eq!(
        receiver.kinds(),
        [
            "user.created",
            "session.created",
            "user.updated",
            "session.created",
            "session.revoked",
            "user.updated",
            "session.ended"
        ]
    );
}

async fn what_a_backend_does_is_told() {
    let sdk = sdk::sdk().await;
    let (receiver, _) = listening(&sdk.web, &["user.*", "invitation.*"]).await;
    let made =
        sdk.post("/users", json!({"email_address": [ADA], "password": PASSWORD, "external_id": "a-1"})).await.ok();
    let id = made.text("id").to_owned();
    sdk.patch(&format!("/users/{id}"), json!({"first_name": "Augusta", "password": "another lantern tide"})).await.ok();
    sdk.post(&format!("/users/{id}/ban"), json!({})).await.ok();
    let metadata = json!({"private_metadata": {"plan": "pro"}});
    sdk.patch(&format!("/users/{id}/metadata"), metadata).await.ok();
    sdk.delete(&format!("/users/{id}")).await.ok();
    sdk.web.house.tell().await;
    // Waiting for it was in vain: the person is gone, and so is what was to be told of them.
    assert_eq!(receiver.kinds(), ["user.deleted"]);

    let made = sdk.post("/users", json!({"email_address": [ADA], "password": PASSWORD})).await.ok();
    let id = made.text("id").to_owned();
    sdk.web.house.tell().await;
    sdk.patch(&format!("/users/{id}"), json!({"first_name": "Augusta", "password": "another lantern tide"})).await.ok();
    sdk.post(&format!("/users/{id}/ban"), json!({})).await.ok();
    sdk.patch(&format!("/users/{id}/metadata"), json!({"private_metadata": {"plan": "pro"}})).await.ok();
    sdk.web.house.tell().await;
    let got = receiver.got();
    let kinds = of_user(&got, &id);
    assert_eq!(kinds, ["user.created", "user.updated", "user.updated", "user.updated"], "one change is told once");
    let last = got.last().unwrap().data();
    assert_eq!((&last["banned"], &last["private_metadata"]), (&json!(true), &json!({"plan": "pro"})));

    let before = receiver.got().len();
    let one = sdk.post("/invitations", json!({"email_address": "one@example.com"})).await.ok();
    sdk.post(&format!("/invitations/{}/revoke", one.text("id")), json!({})).await.ok();
    let two = sdk.post("/invitations", json!({"email_address": "two@example.com"})).await.ok();
    let ticket = two.text("url").split("ticket=").nth(1).unwrap().to_owned();
    let ticket: String = url::form_urlencoded::parse(format!("t={ticket}").as_bytes()).next().unwrap().1.into();
    let fields = [("strategy", "ticket"), ("ticket", ticket.as_str()), ("password", PASSWORD)];
    sdk.web.app(7).post("/v1/client/sign_ups", &fields).await.ok();
    sdk.web.house.tell().await;
    let mut told: Vec<_> = receiver.got()[before..]
        .iter()
        .filter(|g| g.kind().starts_with("invitation."))
        .map(|g| format!("{} {} {}", g.kind(), g.data()["email_address"], g.data()["status"]).replace('"', ""))
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "invitation.accepted two@example.com accepted",
            "invitation.created one@example.com pending",
            "invitation.created two@example.com pending",
            "invitation.revoked one@example.com revoked",
        ]
    );
    assert!(receiver.got()[before..].iter().all(|g| g.data()["url"].is_null()), "a ticket is nobody else's");
}

async fn sec_120_no_code_and_no_secret_is_told_or_kept() {
    let web = clerk().await;
    let (receiver, secret) = listening(&web, &[]).await;
    let app = web.app(1);
    let fields = [("email_address", ADA), ("password", PASSWORD)];
    let begun = app.post("/v1/client/sign_ups", &fields).await.ok();
    let at = format!("/v1/client/sign_ups/{}", begun.id());
    app.post(&format!("{at}/prepare_verification"), &[("strategy", "email_code")]).await.ok();
    let code = web.house.code_to(ADA).await.unwrap();
    app.post(&format!("{at}/attempt_verification"), &[("strategy", "email_code"), ("code", &code)]).await.ok();
    let rows = web.database.rows().await;
    for table in ["housekey_webhook_message", "housekey_webhook_delivery", "housekey_webhook_endpoint"] {
        let dump = rows[table].join("\n");
        assert!(!rows[table].is_empty() && !dump.contains(ADA) && !dump.contains(&secret), "{table}");
    }
    web.house.tell().await;
    let mail = receiver.got().into_iter().find(|g| g.kind() == "email.created").unwrap();
    for name in ["subject", "body", "body_plain"] {
        assert!(mail.data()[name].is_null(), "{name}");
    }
    assert!(mail.data()["data"]["otp_code"].is_null());
    let cookies: Vec<String> = app.jar.cookies.lock().unwrap().values().cloned().collect();
    for got in receiver.got() {
        let text = String::from_utf8(got.raw.clone()).unwrap();
        assert!(!text.contains(&code) && !text.contains(PASSWORD), "{text}");
        assert!(cookies.iter().filter(|c| c.len() > 20).all(|c| !text.contains(c.as_str())), "{text}");
    }
}

async fn sec_20_strangers_are_not_told_of_and_cost_the_same() {
    let web = web_with(roomy()).await;
    let (receiver, _) = listening(&web, &[]).await;
    web.signed_up(1, ADA).await;
    web.house.tell().await;
    let before = receiver.got().len();
    let mut spent = Vec::new();
    for (at, address) in [(2, ADA), (3, "nobody@example.com")] {
        let jar = web.jar(at);
        jar.token().await;
        let was = web.house.spent().0;
        jar.form("/forgot-password", &[("email", address)]).await;
        let is = web.house.spent().0;
        spent.push((is.statements - was.statements, is.commits - was.commits));
    }
    assert_eq!(spent[0], spent[1]);
    web.house.tell().await;
    let told: Vec<_> = receiver.got()[before..].iter().map(|g| g.data()["to_email_address"].clone()).collect();
    assert_eq!(told, [json!(ADA)]);
    // Nor by a replay of all that was ever written.
    let house = &web.house.housekey;
    let id = house.webhook_list().await.unwrap()[0].id.clone();
    let since = Replay::Since(house.now().minus(std::time::Duration::from_secs(3600)));
    let replayed = house.webhook_replay(&id, since).await.unwrap();
    web.house.tell().await;
    assert_eq!(replayed as usize, before + 1);
    assert!(receiver.got().iter().all(|g| !String::from_utf8_lossy(&g.raw).contains("nobody@example.com")));
}

async fn who_hears_something_else_is_not_told() {
    let web = web_with(roomy()).await;
    let (sessions, _) = listening(&web, &["session.ended"]).await;
    let (users, _) = listening(&web, &["user.created", "user.deleted"]).await;
    let ada = web.signed_up(1, ADA).await;
    ada.form("/sign-out", &[]).await;
    web.house.tell().await;
    assert_eq!((sessions.kinds(), users.kinds()), (vec!["session.ended".into()], vec!["user.created".into()]));
}
