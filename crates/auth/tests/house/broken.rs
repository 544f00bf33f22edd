//! What is told, and who is let in, when something of ours is broken.

use crate::{
    kit::*,
    routes::{Files, Owner, ROUTES, added, fields, filled},
    web::{Answer, web, web_with},
};
use axum::{Router, routing::get};
use housekey::{ClientToken, Error, User};
use http::StatusCode;

/// What no reader of an answer may learn.
const INSIDE: [&str; 14] = [
    "select ",
    "insert ",
    "update housekey",
    "housekey_",
    "sqlite",
    "postgres",
    "sqlx",
    "no such",
    "relation",
    "syntax",
    ".rs",
    "/crates/",
    "panicked",
    "backtrace",
];

fn tells_nothing(name: &str, answer: &Answer) {
    let id = answer.header("x-request-id");
    assert!(id.starts_with("req_") && id.len() == 31, "{name}: {id:?}");
    let page = answer.body.to_lowercase();
    for inside in INSIDE {
        assert!(!page.contains(inside), "{name} tells of {inside:?}:\n{}", answer.body);
    }
}

async fn sec_113_what_goes_wrong_is_told_in_general_words_with_a_number() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    let long = "x".repeat(20_000);
    let own = ("origin", web.url.as_str());
    for (name, status, answer) in [
        ("no page", 404, ada.get("/nothing").await),
        ("no address of hers", 404, ada.get("/account/emails/1/verify").await),
        ("a broken path", 400, ada.get("/account/emails/%ff/verify").await),
        ("no file", 404, ada.get("/static/..%2f..%2fetc%2fpasswd").await),
        ("no method", 405, ada.send("PUT", "/account", &[], "").await),
        ("forged", 403, ada.post("/account", &[("csrf", "x")]).await),
        ("an odd type", 415, ada.send("POST", "/account", &[own], "{").await),
        ("an odd field", 400, ada.form("/account", &[("role", "admin")]).await),
        ("too much", 413, ada.form("/account", &[("first_name", &long)]).await),
        ("a dead link", 404, ada.form("/undo", &[]).await),
        ("no attempt", 409, web.jar(2).form("/sign-up/code", &[("code", "123456")]).await),
    ] {
        assert_eq!(answer.status.as_u16(), status, "{name}");
        tells_nothing(name, &answer);
        let page = answer.header("content-type").starts_with("text/html");
        assert!(!page || answer.body.contains(answer.header("x-request-id")), "{name}: the page shows its number");
    }
    let named = ada.send("GET", "/nothing", &[("x-request-id", "req_mine")], "").await;
    assert_ne!(named.header("x-request-id"), "req_mine");
}

async fn sec_113_a_table_that_is_gone_is_our_fault_and_the_house_goes_on() {
    let web = web_with(roomy()).await;
    let ada = web.signed_up(1, ADA).await;
    let id = added(&ada, "ada@new.example").await;
    let token = ada.token().await;
    web.database.run("ALTER TABLE housekey_user RENAME TO gone_user").await;
    let mut bugs = 0;
    for (path, methods, of) in ROUTES.into_iter().filter(|(path, _, _)| *path != "/sign-out") {
        let path = filled(path, &id);
        for method in methods.split(' ') {
            let answer = match method {
                "GET" => ada.get(&path).await,
                _ => ada.post(&path, &[&[("csrf", token.as_str())], fields(&path).as_slice()].concat()).await,
            };
            tells_nothing(&path, &answer);
            if of == Owner {
                assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{method} {path}");
            }
            if answer.status == StatusCode::INTERNAL_SERVER_ERROR {
                bugs += 1;
                assert!(answer.body.contains(answer.header("x-request-id")), "{path}");
            }
            assert!(of == Files || !answer.body.contains(ADA), "{path}");
        }
    }
    assert!(bugs > 10);
    web.database.run("ALTER TABLE gone_user RENAME TO housekey_user").await;
    assert!(ada.is_signed_in().await, "nobody was signed out by our fault");
}

async fn sec_47_without_the_database_nobody_is_let_in_and_nobody_signed_out() {
    let mut web = web().await;
    let app = Router::new().route("/who", get(async |user: Option<User>| user.map_or("nobody", |_| "somebody")));
    web.routes = app.merge(web.routes).layer(web.house.housekey.layer());
    let ada = web.signed_up(1, ADA).await;
    let nobody = web.jar(2);
    let token = nobody.token().await;
    assert_eq!(ada.get("/who").await.body, "somebody");
    let kept = ada.cookies.lock().unwrap().clone();
    let secret = kept.values().find(|v| v.starts_with("client_")).unwrap().clone();
    web.database.break_for_good().await;
    for path in ["/account", "/account/devices", "/account/security", "/step-up", "/sign-out", "/sign-in", "/"] {
        let answer = ada.get(path).await;
        assert!(answer.status.is_server_error(), "{path}: {}", answer.status);
        tells_nothing(path, &answer);
    }
    let who = ada.get("/who").await;
    assert_eq!(who.status, StatusCode::SERVICE_UNAVAILABLE, "neither somebody nor nobody: {}", who.body);
    assert!(!who.header("retry-after").is_empty());
    let checked = web.house.housekey.check_session(&ClientToken::parse(&secret).unwrap()).await;
    assert!(matches!(checked, Err(Error::Unavailable { .. } | Error::Bug(_))));
    for (path, fields) in [
        ("/sign-in", vec![("email", ADA), ("return_to", "")]),
        ("/sign-up", vec![("email", "new@example.com"), ("password", PASSWORD), ("return_to", "")]),
        ("/forgot-password", vec![("email", ADA)]),
        ("/password-strength", vec![("password", PASSWORD)]),
    ] {
        let answer = nobody.post(path, &[&[("csrf", token.as_str())], fields.as_slice()].concat()).await;
        assert!(answer.status.is_server_error(), "{path}: {}", answer.status);
        tells_nothing(path, &answer);
    }
    assert_eq!(*ada.cookies.lock().unwrap(), kept, "no cookie was taken away or given");
}

async fn sec_47_a_store_that_is_closed_is_a_service_that_is_busy() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    let nobody = web.jar(2);
    let token = nobody.token().await;
    web.house.housekey.store().close().await;
    for _ in 0..3 {
        let form = [("csrf", token.as_str()), ("email", ADA), ("return_to", "")];
        let answer = nobody.post("/sign-in", &form).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!answer.header("retry-after").is_empty() && answer.header("set-cookie").is_empty());
        tells_nothing("/sign-in", &answer);
    }
    assert_eq!(nobody.get("/forgot-password").await.status, StatusCode::OK, "what needs no database is there");
    drop(ada);
}

on_both!(
    sec_113_what_goes_wrong_is_told_in_general_words_with_a_number,
    sec_113_a_table_that_is_gone_is_our_fault_and_the_house_goes_on,
    sec_47_without_the_database_nobody_is_let_in_and_nobody_signed_out,
    sec_47_a_store_that_is_closed_is_a_service_that_is_busy,
);
