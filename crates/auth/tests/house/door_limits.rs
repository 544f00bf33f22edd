//! Limits as a browser meets them, and answers that are alike for everybody.

use crate::{
    kit::*,
    web::{Answer, Jar, web, web_with},
};
use housekey::settings::{Sender, Settings};
use http::StatusCode;
use std::time::Duration;

const STRANGER: &str = "amy@example.com";

pub fn production() -> Settings {
    Settings {
        public_url: Some("https://auth.example.com".parse().unwrap()),
        mail_from: Some(Sender::parse("Acme <no-reply@example.com>").unwrap()),
        smtp_url: Some(housekey::core::secret::Secret::new("smtps://u:p@smtp.example.com".into())),
        ..Settings::default()
    }
}

const DOORS: [(&str, &[(&str, &str)]); 9] = [
    ("/sign-in", &[("email", ADA), ("return_to", "")]),
    ("/sign-in/password", &[("password", PASSWORD)]),
    ("/sign-in/code", &[("code", "000000")]),
    ("/sign-in/code/send", &[]),
    ("/sign-in/new-password", &[("password", "another lantern tide")]),
    ("/forgot-password", &[("email", ADA)]),
    ("/sign-up", &[("email", STRANGER), ("password", PASSWORD), ("return_to", "")]),
    ("/sign-up/code", &[("code", "000000")]),
    ("/sign-up/code/send", &[]),
];

async fn sec_10_a_proxy_that_nobody_declared_signs_nobody_in_or_up() {
    let web = web_with(production()).await;
    for peer in ["10.0.0.7", "127.0.0.1", "192.168.1.1", "fd00::1", "::ffff:172.16.0.1"] {
        for header in [("x-forwarded-for", "198.51.100.9"), ("forwarded", "for=198.51.100.9")] {
            let mut behind = web.jar_of(peer);
            behind.always.push(header);
            let before = (web.commits(), web.database.rows().await);
            for (path, fields) in DOORS {
                let answer = behind.form(path, fields).await;
                assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path} from {peer}");
                assert!(answer.body.contains("proxy"), "{path}: it says what is missing");
            }
            assert_eq!(before, (web.commits(), web.database.rows().await), "nothing outlives the request");
            assert_eq!(behind.get("/sign-in").await.status, StatusCode::OK, "pages are shown");
        }
    }
    let mut sent = web.jar_of("198.51.100.7");
    sent.always.push(("x-forwarded-for", "10.0.0.1"));
    for jar in [sent, web.jar_of("10.0.0.7")] {
        assert_eq!(jar.form(DOORS[0].0, DOORS[0].1).await.to(), "/sign-in/password", "anybody can send a header");
    }
    let declared = Settings { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..production() };
    let web = web_with(declared).await;
    let mut behind = web.jar_of("10.0.0.7");
    behind.always.push(("x-forwarded-for", "198.51.100.9"));
    assert_eq!(behind.form(DOORS[0].0, DOORS[0].1).await.to(), "/sign-in/password");
    assert_eq!(behind.get("/dev/mail?token=").await.status, StatusCode::NOT_FOUND, "and there is no mailbox to read");
}

fn limited(what: &str, answer: &Answer) {
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{what}");
    let wait: u64 = answer.header("retry-after").parse().unwrap_or_else(|_| panic!("{what}: no Retry-After"));
    assert!((1..=86_400).contains(&wait), "{what}: {wait}");
}

async fn sec_10_what_is_too_much_is_told_with_when_it_works_again() {
    let web = web().await;
    for at in 0..5 {
        let email = format!("u{at}@example.com");
        let with = [("email", email.as_str()), ("password", PASSWORD), ("return_to", "")];
        assert_eq!(web.jar(1).form("/sign-up", &with).await.to(), "/sign-up/code", "{at}");
    }
    let with = [("email", "one@more.example"), ("password", PASSWORD), ("return_to", "")];
    limited("sign-up", &web.jar(1).form("/sign-up", &with).await);
    assert_eq!(web.jar(2).form("/sign-up", &with).await.to(), "/sign-up/code", "another address has its own");

    let mut pages = Vec::new();
    web.signed_up(3, ADA).await;
    web.house.clock.advance(Duration::from_secs(86_400));
    for address in [ADA, STRANGER] {
        for at in 10..13 {
            assert_eq!(web.jar(at).form("/forgot-password", &[("email", address)]).await.to(), "/sign-in/code");
        }
        let fourth = web.jar(13).form("/forgot-password", &[("email", address)]).await;
        limited("mail to one mailbox", &fourth);
        pages.push(alike(&fourth, address));
    }
    assert_eq!(pages[0], pages[1]);

    let jar = web.jar(20);
    let token = jar.token().await;
    for at in 0..200 {
        let told = jar.post("/password-strength", &[("csrf", &token), ("password", "tidal")]).await;
        assert_eq!(told.status, StatusCode::OK, "{at}");
    }
    limited("strength", &jar.post("/password-strength", &[("csrf", &token), ("password", "tidal")]).await);
    let jar = web.jar(21);
    let token = jar.token().await;
    for _ in 0..200 {
        assert_eq!(jar.post("/undo", &[("csrf", &token)]).await.status, StatusCode::NOT_FOUND);
    }
    limited("undo", &jar.post("/undo", &[("csrf", &token)]).await);
}

/// An answer without what differs by chance: tokens, numbers, secrets and the address itself.
fn alike(answer: &Answer, address: &str) -> String {
    let mut head: Vec<String> = Vec::new();
    for (name, value) in &answer.headers {
        let value = value.to_str().unwrap();
        head.push(match name.as_str() {
            "x-request-id" => "x-request-id".into(),
            "set-cookie" => {
                let (pair, rest) = value.split_once(';').unwrap();
                let (cookie, secret) = pair.split_once('=').unwrap();
                format!("{cookie}: {} letters;{rest}", secret.len())
            }
            _ => format!("{name}: {value}"),
        });
    }
    head.sort();
    let mut body = answer.body.replace(address, "ADDRESS").replace(answer.header("x-request-id"), "NUMBER");
    let mut rest = body.clone();
    while let Some((_, from)) = rest.split_once("name=\"csrf\" value=\"") {
        let token = from.split('"').next().unwrap().to_owned();
        body = body.replace(&token, "TOKEN");
        rest = from.to_owned();
    }
    format!("{}\n{}\n{body}", answer.status, head.join("\n"))
}

/// One visit: all that a stranger's address and an owner's are asked for, with what each step cost.
async fn visit(web: &crate::web::Web, jar: &Jar, address: &str) -> Vec<(String, u64, u64, u64)> {
    let mut told = Vec::new();
    for (path, fields) in [
        ("/sign-in", vec![("email", address), ("return_to", "")]),
        ("GET /sign-in/password", vec![]),
        ("/sign-in/password", vec![("password", "wrong wrong wrong")]),
        ("/sign-in/code/send", vec![]),
        ("GET /sign-in/code", vec![]),
        ("/sign-in/code", vec![("code", "000000")]),
        ("/sign-in/code/send", vec![]),
        ("/forgot-password", vec![("email", address)]),
        ("GET /sign-in/code", vec![]),
        ("/sign-in/code", vec![("code", "000000")]),
        ("/sign-up", vec![("email", address), ("password", PASSWORD), ("return_to", "")]),
        ("GET /sign-up/code", vec![]),
        ("/sign-up/code", vec![("code", "000000")]),
        ("/sign-up/code/send", vec![]),
    ] {
        let token = jar.token().await;
        let before = web.house.spent();
        let answer = match path.strip_prefix("GET ") {
            Some(path) => jar.get(path).await,
            None => jar.post(path, &[&[("csrf", token.as_str())], fields.as_slice()].concat()).await,
        };
        let after = web.house.spent();
        told.push((
            format!("{path} {}", alike(&answer, address)),
            after.0.statements - before.0.statements,
            after.0.commits - before.0.commits,
            after.1 - before.1,
        ));
    }
    told
}

async fn sec_20_every_answer_and_its_cost_is_the_same_for_a_stranger() {
    let web = web().await;
    web.signed_up(1, ADA).await;
    web.house.clock.advance(Duration::from_secs(86_400));
    // The day's key for events is made once.
    visit(&web, &web.jar(2), "warm@example.com").await;
    web.house.clock.advance(Duration::from_secs(31));
    let known = visit(&web, &web.jar(3), ADA).await;
    let stranger = visit(&web, &web.jar(4), STRANGER).await;
    for (known, stranger) in known.iter().zip(&stranger) {
        assert_eq!(known, stranger);
    }
    assert!(known.iter().any(|step| step.3 == 1) && known.iter().any(|step| step.2 > 0), "the counters count");
}

on_both!(
    sec_10_a_proxy_that_nobody_declared_signs_nobody_in_or_up,
    sec_10_what_is_too_much_is_told_with_when_it_works_again,
    sec_20_every_answer_and_its_cost_is_the_same_for_a_stranger,
);
