//! The table of all routes, walked: by nobody, by somebody else, by those whose session is over, and with every method.

use crate::{
    kit::*,
    web::{Answer, FORM, Jar, Web, web},
};
use http::StatusCode;
use std::time::Duration;

/// Whom a route serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    Everyone,
    /// A browser with a live sign-in or sign-up.
    Attempt,
    /// Who is signed in.
    Owner,
    /// Who has a mailed link.
    Link,
    /// Who reads the terminal of a development.
    Developer,
    Files,
    /// Who comes as a guest, where there are any.
    Guest,
}
pub use For::*;

pub const ROUTES: [(&str, &str, For); 65] = [
    ("/", "GET", Everyone),
    ("/sign-in", "GET POST", Everyone),
    ("/sign-in/passkey", "POST", Everyone),
    ("/sign-in/passkey/options", "POST", Everyone),
    ("/sign-in/password", "GET POST", Attempt),
    ("/sign-in/code", "GET POST", Attempt),
    ("/sign-in/code/send", "POST", Attempt),
    ("/sign-in/device", "GET POST", Attempt),
    ("/sign-in/device/send", "POST", Attempt),
    ("/sign-in/second-factor", "GET POST", Attempt),
    ("/sign-in/second-factor/send", "POST", Attempt),
    ("/sign-in/second-factor/passkey/options", "POST", Attempt),
    ("/sign-in/set-up", "GET", Attempt),
    ("/sign-in/recovery", "GET POST", Attempt),
    ("/sign-in/new-password", "GET POST", Attempt),
    ("/sign-in/ticket", "GET POST", Link),
    ("/forgot-password", "GET POST", Everyone),
    ("/sign-up", "GET POST", Everyone),
    ("/sign-up/code", "GET POST", Attempt),
    ("/sign-up/code/send", "POST", Attempt),
    ("/sign-up/ticket", "GET POST", Link),
    ("/sign-up/passkey", "GET POST", Owner),
    ("/waitlist", "GET POST", Attempt),
    ("/theme", "POST", Everyone),
    ("/password-strength", "POST", Everyone),
    ("/sign-out", "GET POST", Owner),
    ("/guest", "GET POST", Guest),
    ("/guest/delete", "POST", Owner),
    ("/account", "GET POST", Owner),
    ("/step-up", "GET POST", Owner),
    ("/step-up/passkey/options", "POST", Owner),
    ("/link", "GET POST", Link),
    ("/recovery/cancel", "GET POST", Link),
    ("/undo", "GET POST", Link),
    ("/not-me", "GET POST", Link),
    ("/dev/mail", "GET", Developer),
    ("/dev/mail/{id}", "GET", Developer),
    ("/dev/mail/{id}/html", "GET", Developer),
    ("/dev/pieces", "GET", Developer),
    ("/static/{name}", "GET", Files),
    ("/account/username", "POST", Owner),
    ("/account/emails", "GET POST", Owner),
    ("/account/emails/{id}/verify", "GET POST", Owner),
    ("/account/emails/{id}/send", "POST", Owner),
    ("/account/emails/{id}/primary", "POST", Owner),
    ("/account/emails/{id}/remove", "POST", Owner),
    ("/account/phones", "GET POST", Owner),
    ("/account/phones/{id}/verify", "GET POST", Owner),
    ("/account/phones/{id}/send", "POST", Owner),
    ("/account/phones/{id}/primary", "POST", Owner),
    ("/account/phones/{id}/remove", "POST", Owner),
    ("/account/security", "GET POST", Owner),
    ("/account/security/app", "GET POST", Owner),
    ("/account/security/app/confirm", "POST", Owner),
    ("/account/security/app/{id}/remove", "POST", Owner),
    ("/account/security/passkeys", "POST", Owner),
    ("/account/security/passkeys/options", "POST", Owner),
    ("/account/security/passkeys/after", "POST", Owner),
    ("/account/security/passkeys/{id}/rename", "POST", Owner),
    ("/account/security/passkeys/{id}/remove", "POST", Owner),
    ("/account/security/phones/{id}", "POST", Owner),
    ("/account/security/phones/{id}/first", "POST", Owner),
    ("/account/security/backup-codes", "POST", Owner),
    ("/account/security/history", "GET", Owner),
    ("/account/devices", "GET POST", Owner),
];

/// What each form takes, filled in well.
pub fn fields(path: &str) -> Vec<(&'static str, &'static str)> {
    match path {
        "/account" => vec![("first_name", "Eve"), ("last_name", "")],
        "/account/username" => vec![("username", "eve_the_second")],
        "/account/emails" => vec![("email", "eve@new.example")],
        "/account/phones" => vec![("phone", "+4915123456789")],
        "/account/security" => vec![("current", PASSWORD), ("password", "another lantern tide")],
        "/account/devices" => vec![("session", "others")],
        "/step-up" => vec![("way", "password"), ("password", PASSWORD), ("return_to", "")],
        "/account/security/app" => vec![("name", "Phone")],
        "/account/security/app/confirm" => vec![("code", "000000")],
        "/sign-in/passkey" | "/account/security/passkeys" => vec![("passkey", "{}")],
        "/account/security/passkeys/after" | "/account/security/phones/{id}" => vec![("wanted", "yes")],
        p if p.ends_with("/rename") => vec![("name", "Mine")],
        "/sign-in/device" => vec![("code", "000000")],
        "/sign-in/device/send" => vec![("way", "email_code")],
        "/sign-in/second-factor/send" => vec![("phone", "")],
        "/sign-in/second-factor" => vec![("way", "totp"), ("code", "000000")],
        "/sign-in/password" => vec![("password", PASSWORD)],
        "/link" => vec![("purpose", "sign_in")],
        "/sign-in/new-password" | "/sign-up/ticket" => vec![("password", "another lantern tide")],
        p if p.ends_with("/verify") || p.ends_with("/code") => vec![("code", "000000")],
        _ => vec![],
    }
}

/// Adds an address and gives its id.
pub async fn added(ada: &Jar, address: &str) -> String {
    let answer = ada.form("/account/emails", &[("email", address)]).await;
    answer.to().split('/').nth(3).unwrap_or_else(|| panic!("{}", answer.body)).to_owned()
}

pub fn filled(path: &str, id: &str) -> String {
    path.replace("{id}", id).replace("{name}", "nothing.css")
}

#[test]
fn sec_112_the_table_names_every_route() {
    let source = include_str!("../../src/doors/pages/mod.rs");
    let mut found = Vec::new();
    for line in source.lines().filter_map(|l| l.trim().strip_prefix(".route(\"")) {
        let (path, rest) = line.split_once('"').unwrap();
        let methods = [("get(", "GET"), ("post(", "POST")].into_iter().filter(|(call, _)| rest.contains(call));
        found.push((path, methods.map(|(_, name)| name).collect::<Vec<_>>().join(" ")));
    }
    let listed: Vec<_> = ROUTES.iter().map(|(path, methods, _)| (*path, (*methods).to_owned())).collect();
    assert_eq!(found, listed, "a route without a policy here");
}

/// What somebody without a right may see of a route.
fn refused(path: &str, of: For, answer: &Answer) -> bool {
    let to = answer.to();
    match of {
        Everyone | Files => true,
        Attempt => answer.status == StatusCode::CONFLICT || ["/sign-in", "/sign-up", "/forgot-password"].contains(&to),
        Owner => to.starts_with("/sign-in") || (path == "/sign-out" && to == "/"),
        Link | Developer | Guest => answer.status == StatusCode::NOT_FOUND,
    }
}

async fn sec_112_without_a_session_every_route_leads_to_sign_in() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    let id = added(&ada, "ada@new.example").await;
    let forged = ada.copy();
    for value in forged.cookies.lock().unwrap().values_mut() {
        let middle = value.len() - 20;
        let other = if value.as_bytes()[middle] == b'A' { "B" } else { "A" };
        value.replace_range(middle..=middle, other);
    }
    let ended = ada.copy();
    ada.form("/sign-out", &[]).await;
    web.house.clock.advance(Duration::from_secs(11));
    let mut before = web.database.rows().await;
    for (name, jar) in [("nobody", web.jar(2)), ("forged", forged), ("ended", ended)] {
        for (path, methods, of) in ROUTES {
            let path = filled(path, &id);
            if methods.contains("GET") {
                let answer = jar.get(&path).await;
                assert!(refused(&path, of, &answer), "{name}: GET {path}: {} {:?}", answer.status, answer.to());
                assert!(of != Everyone || answer.status == StatusCode::OK, "{name}: {path}");
            }
            if methods.contains("POST") && of != Everyone {
                let answer = jar.form(&path, &fields(&path)).await;
                assert!(refused(&path, of, &answer), "{name}: POST {path}: {} {:?}", answer.status, answer.to());
                let after = web.database.rows().await;
                before.insert("housekey_limit".into(), after["housekey_limit"].clone());
                assert_eq!(before, after, "{name}: {path} changed something");
            }
        }
    }
}

async fn sec_112_what_is_somebody_elses_is_not_there() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    let id = added(&ada, "ada@new.example").await;
    let code = web.house.code_to("ada@new.example").await.unwrap();
    let row = web.database.rows().await["housekey_session"][0].clone();
    let session = row[row.find("sess_").unwrap()..][..32].to_owned();
    let eve = web.signed_up(2, "eve@example.com").await;
    for (path, methods, of) in ROUTES {
        if of == Owner && path.contains("{id}") {
            let path = filled(path, &id);
            if methods.contains("GET") {
                assert_eq!(eve.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
            }
            let fields = if path.ends_with("/verify") { vec![("code", code.as_str())] } else { vec![] };
            assert_eq!(eve.form(&path, &fields).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
    let ended = eve.form("/account/devices", &[("session", &session)]).await;
    assert_eq!(ended.status, StatusCode::NOT_FOUND);
    assert!(ada.is_signed_in().await);
    let others = eve.form("/account/devices", &[("session", "others")]).await;
    assert!(others.to().starts_with("/account/devices") && ada.is_signed_in().await);
    let verify = format!("/account/emails/{id}/verify");
    assert_eq!(ada.form(&verify, &[("code", &code)]).await.to(), "/account/emails?done=email-verified", "it is hers");
    assert!(ada.form("/account/devices", &[("session", &session)]).await.to().starts_with("/account/devices"));
    assert!(!ada.is_signed_in().await, "and so was the session");
}

async fn sec_112_a_session_that_is_not_fresh_is_asked_for_a_factor() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    let id = added(&ada, "ada@new.example").await;
    web.house.clock.advance(Duration::from_secs(301));
    let before = web.database.rows().await;
    for (path, fields) in [
        ("/account/username", vec![("username", "ada_lovelace")]),
        ("/account/emails", vec![("email", "x@new.example")]),
        ("/account/phones", vec![("phone", "+4915123456789")]),
        ("/account/phones/{id}/primary", vec![]),
        ("/account/phones/{id}/remove", vec![]),
        ("/account/emails/{id}/primary", vec![]),
        ("/account/emails/{id}/remove", vec![]),
        ("/account/security", vec![("password", "another lantern tide")]),
    ] {
        let answer = ada.form(&filled(path, &id), &fields).await;
        assert!(answer.to().starts_with("/step-up?return_to="), "{path}: {} {}", answer.status, answer.to());
    }
    assert_eq!(before, web.database.rows().await);
}

/// Asks for everything in every way that must change nothing.
async fn look_at_all(web: &Web, jar: &Jar, id: &str) {
    let token = jar.token().await;
    let before = (web.commits(), web.database.rows().await);
    for (path, methods, _) in ROUTES {
        let path = filled(path, id);
        let asked = format!("{path}?_method=POST&csrf={token}&token=guess&done=saved");
        for over in ["x-http-method-override", "x-http-method", "x-method-override", "_method"] {
            for method in ["GET", "HEAD", "OPTIONS"] {
                let body = if method == "GET" { format!("csrf={token}&_method=POST") } else { String::new() };
                let headers = [(over, "POST"), FORM, ("origin", &web.url), ("sec-fetch-site", "same-origin")];
                let answer = jar.send(method, &asked, &headers, &body).await;
                if method == "OPTIONS" || !methods.contains("GET") {
                    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                }
                assert!(method != "HEAD" || answer.body.is_empty(), "{path}");
            }
        }
    }
    assert_eq!(before, (web.commits(), web.database.rows().await));
}

async fn sec_52_looking_changes_nothing() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    let id = added(&ada, "ada@new.example").await;
    look_at_all(&web, &ada, &id).await;
    assert!(ada.is_signed_in().await);
    let attempt = web.jar(2);
    assert_eq!(attempt.form("/forgot-password", &[("email", ADA)]).await.to(), "/sign-in/code");
    look_at_all(&web, &attempt, &id).await;
    look_at_all(&web, &web.jar(3), &id).await;
}

async fn sec_52_no_other_method_is_taken() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    let id = added(&ada, "ada@new.example").await;
    let token = ada.token().await;
    let body = format!("csrf={token}");
    let before = (web.commits(), web.database.rows().await);
    for (path, _, _) in ROUTES {
        for method in ["TRACE", "PUT", "PATCH", "DELETE", "PROPFIND"] {
            let headers = [FORM, ("origin", &web.url), ("x-http-method-override", "POST")];
            let answer = ada.send(method, &filled(path, &id), &headers, &body).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert!(!answer.body.contains(token.as_str()), "{method} {path} reads the request aloud");
        }
    }
    let named = ada.form("/account/devices", &[("_method", "DELETE"), ("session", "others")]).await;
    assert_eq!(named.status, StatusCode::BAD_REQUEST);
    assert_eq!(before, (web.commits(), web.database.rows().await));
}

async fn sec_53_no_other_origin_may_read_anything() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    for (path, _, _) in ROUTES {
        for origin in ["https://evil.example", "null", "http://localhost:4000.evil.example", "http://localhost:4000"] {
            for method in ["GET", "OPTIONS"] {
                let headers = [("origin", origin), ("access-control-request-method", "POST")];
                let answer = ada.send(method, &filled(path, "idn_x"), &headers, "").await;
                let told = answer.headers.keys().find(|k| k.as_str().starts_with("access-control-"));
                assert_eq!(told, None, "{method} {path} from {origin}");
            }
        }
    }
}

on_both!(
    sec_112_without_a_session_every_route_leads_to_sign_in,
    sec_112_what_is_somebody_elses_is_not_there,
    sec_112_a_session_that_is_not_fresh_is_asked_for_a_factor,
    sec_52_looking_changes_nothing,
    sec_52_no_other_method_is_taken,
    sec_53_no_other_origin_may_read_anything,
);
