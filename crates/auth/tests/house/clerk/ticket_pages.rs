//! Tickets on the house's own pages: a link shows what its button does, and only the button does it.

use super::{
    app::*,
    tickets::{invite, ticket_for},
};
use crate::{kit::*, web::Jar};
use housekey::settings::Settings;
use std::time::Duration;

const NEW: &str = "ada@new.example";

/// Follows a link as a browser does.
async fn follow(jar: &Jar, path: &str, ticket: &str) -> crate::web::Answer {
    let told = jar.get(&format!("{path}?__clerk_ticket={ticket}&__clerk_status=x")).await;
    assert_eq!((told.status.as_u16(), told.to()), (303, format!("{path}/ticket").as_str()), "it leaves the address");
    jar.get(told.to()).await
}

async fn sec_52_a_sign_in_link_asks_and_its_button_signs_in_once() {
    let web = clerk().await;
    let ada = web.signed_up_in_app(1, ADA).await;
    let user = ada.get("/v1/me").await.ok().id().to_owned();
    let ticket = ticket_for(&web, &user).await;
    let before = web.database.rows().await;
    let (jar, scanner) = (web.jar(2), web.jar(3));
    for reader in [&jar, &scanner] {
        let page = follow(reader, "/sign-in", &ticket).await;
        assert_eq!(page.status, 200);
        assert!(
            page.body.contains("action=\"&#x2f;sign-in&#x2f;ticket\"") && page.body.contains("a•••@example.com"),
            "{}",
            page.body
        );
        assert!(!page.body.contains(&ticket), "it is in a cookie alone");
    }
    assert_eq!(before, web.database.rows().await, "nobody is signed in by looking");
    let forged = jar.post("/sign-in/ticket", &[("csrf", "x")]).await;
    assert_eq!(forged.status, 403);
    let done = jar.form("/sign-in/ticket", &[]).await;
    assert_eq!((done.status.as_u16(), done.to()), (303, "/account"), "{}", done.body);
    assert!(jar.is_signed_in().await);
    assert_eq!(jar.get("/sign-in/ticket").await.status, 404, "the ticket left the browser");
    let late = scanner.form("/sign-in/ticket", &[]).await;
    assert_eq!(late.status, 404);
    assert!(late.body.contains("expired or was used"), "{}", late.body);
    assert!(!scanner.is_signed_in().await);
}

async fn an_invited_address_signs_up_on_our_page_without_a_code() {
    let web = clerk_with(Settings { sign_up: restricted(), ..settings() }).await;
    let ticket = invite(&web, NEW).await;
    let before = web.database.rows().await;
    let jar = web.jar(1);
    let page = follow(&jar, "/sign-up", &ticket).await;
    assert!(page.body.contains(NEW) && page.body.contains("action=\"&#x2f;sign-up&#x2f;ticket\""), "{}", page.body);
    assert_eq!(before, web.database.rows().await);
    let weak = jar.form("/sign-up/ticket", &[("password", "password")]).await;
    assert_eq!(weak.status, 422);
    assert!(weak.body.contains(NEW) && weak.body.contains("id=\"password-fault\""), "{}", weak.body);
    let done = jar.form("/sign-up/ticket", &[("password", PASSWORD)]).await;
    assert_eq!((done.status.as_u16(), done.to()), (303, "/account"), "{}", done.body);
    assert!(jar.get("/account").await.body.contains(NEW));
    assert!(
        web.house.caught.list().iter().all(|mail| !mail.text.contains("code")),
        "the invitation proved the mailbox"
    );
    let again = follow(&web.jar(2), "/sign-up", &ticket).await;
    assert_eq!(again.status, 404);
}

async fn sec_30_whoever_has_an_account_is_sent_to_sign_in_by_our_page() {
    let web = clerk().await;
    let ticket = invite(&web, ADA).await;
    web.signed_up_in_app(1, ADA).await;
    let jar = web.jar(2);
    follow(&jar, "/sign-up", &ticket).await;
    let told = jar.form("/sign-up/ticket", &[("password", PASSWORD)]).await;
    assert_eq!(told.status, 403);
    assert!(told.body.contains("That address has an account already. Sign in instead."), "{}", told.body);
    assert!(!jar.is_signed_in().await);
}

async fn where_terms_must_be_accepted_our_pages_ask_for_it() {
    let web = clerk_with(Settings { legal_consent: true, ..settings() }).await;
    let ticket = invite(&web, NEW).await;
    let jar = web.jar(1);
    assert!(follow(&jar, "/sign-up", &ticket).await.body.contains("name=\"legal_accepted\""));
    let told = jar.form("/sign-up/ticket", &[("password", PASSWORD)]).await;
    assert_eq!(told.status, 422);
    assert!(told.body.contains("id=\"legal_accepted-fault\""), "{}", told.body);
    let done = jar.form("/sign-up/ticket", &[("password", PASSWORD), ("legal_accepted", "yes")]).await;
    assert_eq!(done.to(), "/account", "{}", done.body);

    let other = web.jar(2);
    assert!(other.get("/sign-up").await.body.contains("name=\"legal_accepted\""));
    let fields = [("email", ADA), ("password", "password"), ("return_to", "")];
    let told = other.form("/sign-up", &fields).await;
    let both = ["legal_accepted-fault", "password-fault"].iter().all(|id| told.body.contains(&format!("id=\"{id}\"")));
    assert!(told.status == 422 && both, "all at once: {}", told.body);
    let fields = [("email", ADA), ("password", PASSWORD), ("return_to", ""), ("legal_accepted", "yes")];
    assert_eq!(other.form("/sign-up", &fields).await.to(), "/sign-up/code");
    let code = web.house.code_to(ADA).await.unwrap();
    assert_eq!(other.form("/sign-up/code", &[("code", &code)]).await.to(), "/account");
}

async fn a_link_never_swaps_the_account_of_somebody_who_is_signed_in() {
    let web = clerk().await;
    let ada = web.signed_up_in_app(1, ADA).await;
    let user = ada.get("/v1/me").await.ok().id().to_owned();
    let ticket = ticket_for(&web, &user).await;
    let eve = web.signed_up(2, "eve@example.com").await;
    let told = follow(&eve, "/sign-in", &ticket).await;
    assert_eq!(told.status, 409);
    assert!(told.body.contains("href=\"&#x2f;sign-out\""), "{}", told.body);
    assert!(eve.get("/account").await.body.contains("eve@example.com"));
}

async fn what_is_no_ticket_or_is_too_old_leads_nowhere() {
    let web = clerk().await;
    let jar = web.jar(1);
    for odd in ["", "a%20b", "%3Cscript%3E", "x".repeat(300).as_str()] {
        let told = jar.get(&format!("/sign-in?__clerk_ticket={odd}")).await;
        assert_eq!(told.status, 200, "{odd}: the page without a ticket");
    }
    assert_eq!(follow(&jar, "/sign-in", "sit_x.y").await.status, 404);
    assert_eq!(follow(&jar, "/sign-up", "inv_x.y").await.status, 404);
    let ticket = invite(&web, NEW).await;
    assert_eq!(follow(&jar, "/sign-in", &ticket).await.status, 404, "an invitation signs nobody in");
    assert_eq!(follow(&jar, "/sign-up", &ticket).await.status, 200);
    web.house.clock.advance(Duration::from_secs(601));
    assert_eq!(jar.form("/sign-up/ticket", &[("password", PASSWORD)]).await.status, 404);
}

on_both!(
    sec_30_whoever_has_an_account_is_sent_to_sign_in_by_our_page,
    sec_52_a_sign_in_link_asks_and_its_button_signs_in_once,
    an_invited_address_signs_up_on_our_page_without_a_code,
    where_terms_must_be_accepted_our_pages_ask_for_it,
    a_link_never_swaps_the_account_of_somebody_who_is_signed_in,
    what_is_no_ticket_or_is_too_old_leads_nowhere,
);
