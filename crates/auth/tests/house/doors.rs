//! One door, however it is written, and one browser for what was begun in it.

use crate::{
    kit::*,
    routes::{Files, For, ROUTES, added, fields, filled},
    web::{FORM, Jar, web, web_with},
};
use axum::{Router, routing::get};
use housekey::Session;
use http::StatusCode;
use std::time::Duration;

const WRONG: &str = "wrong wrong wrong";

async fn sec_13_other_spellings_of_a_path_are_no_other_door() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    ada.form("/sign-out", &[]).await;
    let eve = web.jar(2);
    assert_eq!(eve.form("/sign-in", &[("email", ADA), ("return_to", "")]).await.to(), "/sign-in/password");
    let before = (web.house.spent().1, web.commits());
    for path in [
        "//sign-in/password",
        "/sign-in//password",
        "/sign-in/password/",
        "/sign-in%2fpassword",
        "/sign-in/%70assword",
        "/%2fsign-in/password",
        "/Sign-In/Password",
        "/SIGN-IN/PASSWORD",
        "/sign-in/./password",
        "/x/../sign-in/password",
        "/sign-in/password;a=b",
        "/sign-in/password%20",
        "/sign-in\u{5c}password",
    ] {
        let answer = eve.form(path, &[("password", WRONG)]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(before, (web.house.spent().1, web.commits()), "nothing was tried");
    let mut told = Vec::new();
    for at in 0..14 {
        let path =
            ["/sign-in/password", "/sign-in/password?", "/sign-in/password?x=1", "/sign-in/password?a&a"][at % 4];
        told.push(eve.form(path, &[("password", WRONG)]).await.status.as_u16());
    }
    assert_eq!(told, [vec![422; 10], vec![429; 4]].concat(), "one bucket for all of them");
}

async fn sec_34_a_code_opens_nothing_in_another_browser() {
    let web = web_with(roomy()).await;
    let ada = web.signed_up(1, ADA).await;
    web.signed_up(3, "eve@example.com").await;
    web.house.clock.advance(Duration::from_secs(3600));
    for (begin, with, send, typed_at) in [
        ("/sign-in", ADA, "/sign-in/code/send", "/sign-in/code"),
        ("/forgot-password", ADA, "", "/sign-in/code"),
        ("/sign-up", "new@example.com", "", "/sign-up/code"),
        ("/sign-up", ADA, "", "/sign-up/code"),
    ] {
        web.house.clock.advance(Duration::from_secs(3600));
        let begun = async |jar: &Jar| {
            let mut form = vec![("email", with)];
            match begin {
                "/sign-in" => form.push(("return_to", "")),
                "/sign-up" => form.extend([("password", PASSWORD), ("return_to", "")]),
                _ => {}
            }
            assert_eq!(jar.form(begin, &form).await.status, StatusCode::SEE_OTHER, "{begin}");
            if !send.is_empty() {
                assert_eq!(jar.form(send, &[]).await.status, StatusCode::SEE_OTHER, "{send}");
            }
        };
        let (asks, same, eve) = (web.jar(10), web.jar(11), web.jar(12));
        begun(&same).await;
        eve.form("/sign-in", &[("email", "eve@example.com"), ("return_to", "")]).await;
        begun(&asks).await;
        let code = web.house.code_to(with).await.unwrap();
        let before = web.database.rows().await;
        for (name, other) in [("fresh", web.jar(13)), ("with its own", same), ("with another address", eve)] {
            let answer = other.form(typed_at, &[("code", &code)]).await;
            let turned = [StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY].contains(&answer.status);
            assert!(turned || answer.to() == "/sign-in", "{begin}, {name}: {} {}", answer.status, answer.to());
            assert!(!other.is_signed_in().await, "{begin}, {name}");
        }
        let after = web.database.rows().await;
        for table in ["housekey_session", "housekey_user", "housekey_password"] {
            assert_eq!(before[table], after[table], "{begin}: {table}");
        }
        let done = asks.form(typed_at, &[("code", &code)]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{begin}: in its own browser it is good");
    }
    let eve = web.jar(14);
    eve.form("/sign-in", &[("email", "eve@example.com"), ("return_to", "")]).await;
    eve.form("/sign-in/password", &[("password", PASSWORD)]).await;
    assert!(eve.is_signed_in().await && ada.is_signed_in().await);
    web.house.clock.advance(Duration::from_secs(3600));
    ada.form("/step-up", &[("way", "send"), ("return_to", "")]).await;
    let code = web.house.code_to(ADA).await.unwrap();
    let stolen = eve.form("/step-up", &[("way", "code"), ("code", &code), ("return_to", "")]).await;
    assert_eq!(stolen.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(ada.form("/step-up", &[("way", "code"), ("code", &code), ("return_to", "")]).await.to(), "/account");
}

async fn sec_48_nothing_of_a_session_is_kept_or_given_to_another() {
    let mut web = web_with(roomy()).await;
    let app = Router::new().route("/app", get(async |_: Session| "in"));
    web.routes = app.merge(web.routes).layer(web.house.housekey.layer());
    let ada = web.signed_up(1, ADA).await;
    let id = added(&ada, "ada@new.example").await;
    for jar in [ada, web.jar(2)] {
        let mut answers = Vec::new();
        for (path, methods, _) in ROUTES.into_iter().filter(|(path, _, of)| *of != Files && *path != "/sign-out") {
            let path = filled(path, &id);
            for method in methods.split(' ') {
                let answer = match method {
                    "GET" => jar.get(&path).await,
                    _ => jar.form(&path, &fields(&path)).await,
                };
                answers.push((format!("{method} {path}"), answer));
            }
        }
        answers.push(("another method".into(), jar.send("PUT", "/account", &[], "").await));
        answers.push(("no page".into(), jar.get("/nothing").await));
        answers.push(("too much".into(), jar.form("/account", &[("first_name", &"x".repeat(20_000))]).await));
        answers.push(("the strength".into(), jar.form("/password-strength", &[("password", PASSWORD)]).await));
        let app = jar.get("/app").await;
        if app.status != StatusCode::OK {
            answers.push(("an extractor's refusal".into(), app));
        }
        answers.push(("the end".into(), jar.form("/sign-out", &[]).await));
        for (name, answer) in answers {
            assert_eq!(answer.header("cache-control"), "no-store", "{name}: {}", answer.status);
            assert_eq!(answer.header("vary").to_lowercase(), "cookie", "{name}: {}", answer.status);
        }
    }
}

async fn sec_51_a_form_without_its_browsers_own_token_is_refused() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    let eve = web.jar(2);
    let eves = eve.token().await;
    let (bare, visited) = (web.jar(3), web.jar(4));
    visited.token().await;
    let id = added(&ada, "ada@new.example").await;
    let before = (web.commits(), web.database.rows().await);
    for (path, _, _) in ROUTES.into_iter().filter(|(_, methods, _): &(_, &str, For)| methods.contains("POST")) {
        let path = filled(path, &id);
        for (name, victim) in [("without a cookie", &bare), ("with another", &visited), ("signed in", &ada)] {
            for token in [eves.as_str(), "", "AAAA", &"A".repeat(64)] {
                let all = [&[("csrf", token)], fields(&path).as_slice()].concat();
                assert_eq!(victim.post(&path, &all).await.status, StatusCode::FORBIDDEN, "{path}, {name}, {token:?}");
            }
        }
    }
    let planted = [("csrf", eves.as_str()), ("email", "eve@example.com"), ("return_to", "")];
    for victim in [&bare, &ada] {
        assert_eq!(victim.post("/sign-in", &planted).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(before, (web.commits(), web.database.rows().await));
    assert!(ada.is_signed_in().await);
    assert_eq!(eve.post("/sign-in", &planted).await.to(), "/sign-in/password", "where it belongs it is good");
}

async fn sec_51_only_forms_are_read() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    let id = added(&ada, "ada@new.example").await;
    let token = ada.token().await;
    let before = (web.commits(), web.database.rows().await);
    let form = format!("csrf={token}&session=others&first_name=Eve");
    let json = format!("{{\"csrf\":\"{token}\",\"first_name\":\"Eve\"}}");
    for (path, _, _) in ROUTES.into_iter().filter(|(_, methods, _)| methods.contains("POST")) {
        let path = filled(path, &id);
        for kind in [
            "text/plain",
            "application/json",
            "multipart/form-data; boundary=x",
            "text/plain; application/x-www-form-urlencoded",
            "",
        ] {
            for body in [&form, &json] {
                let headers = [("content-type", kind), ("origin", &web.url)];
                let answer =
                    ada.send("POST", &path, if kind.is_empty() { &headers[1..] } else { &headers }, body).await;
                assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path} {kind}");
            }
        }
    }
    assert_eq!(before, (web.commits(), web.database.rows().await));
    let body = format!("csrf={token}&first_name=Eve&last_name=");
    let taken = ada.send("POST", "/account", &[FORM, ("origin", &web.url)], &body).await;
    assert_eq!(taken.to(), "/account?done=saved");
}

async fn sec_37_no_header_reaches_a_link_or_a_letter() {
    let web = web_with(roomy()).await;
    let mut ada = web.signed_up(1, ADA).await;
    ada.always = vec![
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-server", "evil.example"),
        ("x-forwarded-proto", "evil"),
        ("x-forwarded-prefix", "/evil"),
        ("x-original-url", "/evil"),
        ("x-rewrite-url", "/evil"),
        ("forwarded", "host=evil.example;proto=evil"),
    ];
    let id = added(&ada, "ada@new.example").await;
    let code = web.house.code_to("ada@new.example").await.unwrap();
    let mut answers = vec![ada.form(&format!("/account/emails/{id}/verify"), &[("code", &code)]).await];
    answers.push(ada.form(&format!("/account/emails/{id}/primary"), &[]).await);
    answers.push(ada.form("/account/security", &[("password", "another lantern tide")]).await);
    answers.push(ada.form("/forgot-password", &[("email", ADA)]).await);
    for (path, methods, _) in ROUTES {
        if methods.contains("GET") {
            answers.push(ada.get(&filled(path, &id)).await);
        }
    }
    for answer in answers {
        let head = format!("{:?}", answer.headers);
        assert!(!head.contains("evil") && !answer.body.contains("evil"), "{} {head}", answer.status);
    }
    web.house.deliver().await;
    let sent = web.house.caught.outbox();
    assert!(
        sent.len() >= 5 && sent.iter().any(|m| m.text.contains(&format!("{}/undo?token=", web.url))),
        "{}",
        sent.len()
    );
    for mail in sent {
        assert!(!mail.text.contains("evil") && !mail.html.contains("evil"), "{}", mail.text);
    }
}

on_both!(
    sec_13_other_spellings_of_a_path_are_no_other_door,
    sec_34_a_code_opens_nothing_in_another_browser,
    sec_37_no_header_reaches_a_link_or_a_letter,
    sec_48_nothing_of_a_session_is_kept_or_given_to_another,
    sec_51_a_form_without_its_browsers_own_token_is_refused,
    sec_51_only_forms_are_read,
);
