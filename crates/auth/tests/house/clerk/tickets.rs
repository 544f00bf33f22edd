//! Tickets that an app's backend made: they sign one user in, or invite one address.

use super::app::*;
use crate::{kit::*, web::Web};
use housekey::settings::Settings;
use housekey_core::{
    entropy::Seeded,
    event::{ClientFacts, Event, EventKind},
    ids::{EventId, InvitationId, RequestId, SignInTokenId},
    token::opaque::OpaqueToken,
};
use housekey_store::invitations::NewInvitation;
use serde_json::{Value, json};
use std::time::Duration;

fn event(web: &Web, kind: EventKind) -> Event {
    let (now, entropy) = (web.house.housekey.now(), Seeded::new(99));
    Event {
        id: EventId::new(now, &entropy),
        at: now,
        kind,
        user: None,
        client: None,
        session: None,
        door: "clerk_backend",
        request: RequestId::new(now, &entropy),
        detail: "{}".into(),
        facts: Vec::new(),
        facts_key: "2026-11-23".into(),
        from: ClientFacts::default(),
    }
}

/// A ticket for a user, as a backend gets it.
pub async fn ticket_for(web: &Web, user: &str) -> String {
    let now = web.house.housekey.now();
    let token = OpaqueToken::new(SignInTokenId::new(now, &Seeded::new(7)), &Seeded::new(8));
    let hash = token.hash();
    let until = now.plus(Duration::from_secs(600));
    let event = event(web, EventKind::SessionCreated);
    web.database.open().make_sign_in_token(&token.id, &user.try_into().unwrap(), hash, until, event).await.unwrap();
    token.reveal()
}

pub async fn invite(web: &Web, address: &str) -> String {
    let now = web.house.housekey.now();
    let token = OpaqueToken::new(InvitationId::new(now, &Seeded::new(7)), &Seeded::new(8));
    let new = NewInvitation {
        id: token.id.clone(),
        address: address.into(),
        canonical: address.into(),
        public_metadata: "{\"team\":\"blue\"}".into(),
        redirect_url: Some("http://localhost:3000/join".into()),
        secret_hash: token.hash(),
        expires: now.plus(Duration::from_secs(600)),
        replace: false,
    };
    let event = event(web, EventKind::SessionCreated);
    web.database.open().invite(new, Vec::new(), vec![event], now).await.unwrap();
    token.reveal()
}

async fn a_ticket_signs_its_user_in_once() {
    let web = clerk().await;
    let ada = web.signed_up_in_app(1, ADA).await;
    let user = ada.get("/v1/me").await.ok().id().to_owned();
    let ticket = ticket_for(&web, &user).await;
    let fields = [("strategy", "ticket"), ("ticket", ticket.as_str())];
    let app = web.app(2);
    let done = app.post("/v1/client/sign_ins", &fields).await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert_eq!(app.client().await["sessions"][0]["user"]["id"], json!(user));
    let again = web.app(3).post("/v1/client/sign_ins", &fields).await;
    assert_eq!(again.refusal(), "400 ticket_expired_code");
    let forged = [("strategy", "ticket"), ("ticket", "sit_x.y")];
    assert_eq!(web.app(3).post("/v1/client/sign_ins", &forged).await.refusal(), "400 ticket_invalid_code");
}

/// The same form, sent twice by one click too many, by a browser that has a client already.
async fn a_ticket_that_is_sent_twice_gets_one_answer_twice() {
    let web = clerk().await;
    let ada = web.signed_up_in_app(1, ADA).await;
    let user = ada.get("/v1/me").await.ok().id().to_owned();
    let ticket = ticket_for(&web, &user).await;
    let app = web.app(2);
    app.put("/v1/client", &[]).await.ok();
    let copy = App { jar: app.jar.copy() };
    let fields = [("strategy", "ticket"), ("ticket", ticket.as_str())];
    let first = app.post("/v1/client/sign_ins", &fields).await.ok();
    let second = copy.post("/v1/client/sign_ins", &fields).await.ok();
    assert_eq!(first.response()["created_session_id"], second.response()["created_session_id"]);
}

async fn a_ticket_dies_of_age() {
    let web = clerk().await;
    let ada = web.signed_up_in_app(1, ADA).await;
    let user = ada.get("/v1/me").await.ok().id().to_owned();
    let ticket = ticket_for(&web, &user).await;
    web.house.clock.advance(Duration::from_secs(601));
    let told = web.app(2).post("/v1/client/sign_ins", &[("strategy", "ticket"), ("ticket", &ticket)]).await;
    assert_eq!(told.refusal(), "400 ticket_expired_code");
}

async fn an_invitation_proves_its_mailbox_where_others_may_not_sign_up() {
    let web = clerk_with(Settings { sign_up: restricted(), ..settings() }).await;
    let ticket = invite(&web, ADA).await;
    let app = web.app(1);
    let begun = app.post("/v1/client/sign_ups", &[("strategy", "ticket"), ("ticket", &ticket)]).await.ok();
    assert_eq!(begun.response()["email_address"], ADA);
    assert_eq!(begun.response()["missing_fields"], json!(["password"]));
    assert_eq!(begun.response()["unverified_fields"], json!([]));
    assert_eq!(begun.response()["verifications"]["email_address"]["status"], "verified");
    let at = format!("/v1/client/sign_ups/{}", begun.id());
    let done = app.patch(&at, &[("password", PASSWORD)]).await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert_eq!(done.client()["sessions"][0]["user"]["public_metadata"], json!({"team": "blue"}));
    let again = web.app(2).post("/v1/client/sign_ups", &[("ticket", &ticket), ("password", PASSWORD)]).await;
    assert_eq!(again.refusal(), "400 ticket_expired_code");
}

async fn an_invitation_with_a_password_makes_the_account_at_once() {
    let web = clerk().await;
    let ticket = invite(&web, ADA).await;
    let fields = [("strategy", "ticket"), ("ticket", ticket.as_str()), ("password", PASSWORD)];
    let app = web.app(1);
    let done = app.post("/v1/client/sign_ups", &fields).await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert_eq!(app.client().await["sessions"].as_array().unwrap().len(), 1);
}

/// SEC-52: a link in a mail is opened by scanners too.
async fn sec_52_a_mailed_ticket_leads_to_a_page_and_is_not_used_up() {
    let web = clerk().await;
    let ticket = invite(&web, ADA).await;
    let before = web.database.rows().await;
    let told = web.app(1).send("GET", &format!("/v1/tickets/accept?ticket={ticket}"), &[], "").await;
    assert_eq!(told.status, 303);
    assert_eq!(
        told.header("location"),
        format!("http://localhost:3000/join?__clerk_ticket={ticket}&__clerk_status=sign_up")
    );
    assert_eq!(before, web.database.rows().await);
    let forged = web.app(1).send("GET", "/v1/tickets/accept?ticket=nothing", &[], "").await;
    assert_eq!(forged.refusal(), "400 ticket_invalid_code");
    let none: Value = web.app(1).send("GET", "/v1/tickets/accept", &[], "").await.json;
    assert_eq!(none["errors"][0]["code"], "form_param_missing");
}

/// A ticket lies in a mailbox for weeks: what it may do to an account that exists is nothing.
async fn sec_30_an_invitation_signs_nobody_in_who_has_an_account() {
    let web = clerk().await;
    let ticket = invite(&web, ADA).await;
    let fields = [("strategy", "ticket"), ("ticket", ticket.as_str())];
    let begun = web.app(3);
    let attempt = begun.post("/v1/client/sign_ups", &fields).await.ok().id().to_owned();
    web.signed_up_in_app(1, ADA).await;
    let whole = [("strategy", "ticket"), ("ticket", ticket.as_str()), ("password", PASSWORD)];
    for at in [4, 5] {
        let app = web.app(at);
        assert_eq!(app.post("/v1/client/sign_ups", &whole).await.refusal(), "422 form_identifier_exists email_address");
        assert!(app.client().await["sessions"].as_array().is_none_or(Vec::is_empty));
    }
    let late = begun.patch(&format!("/v1/client/sign_ups/{attempt}"), &[("password", PASSWORD)]).await;
    assert_eq!(late.refusal(), "422 form_identifier_exists email_address", "nor one that was begun before");
}

on_both!(
    sec_30_an_invitation_signs_nobody_in_who_has_an_account,
    a_ticket_signs_its_user_in_once,
    a_ticket_that_is_sent_twice_gets_one_answer_twice,
    a_ticket_dies_of_age,
    an_invitation_proves_its_mailbox_where_others_may_not_sign_up,
    an_invitation_with_a_password_makes_the_account_at_once,
    sec_52_a_mailed_ticket_leads_to_a_page_and_is_not_used_up,
);
