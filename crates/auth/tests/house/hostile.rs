//! Texts that were written to break something, wherever text is taken.

use crate::{
    guests::guests,
    kit::*,
    routes::{ROUTES, added, filled},
    web::{Answer, FORM, Jar, Web, web, web_with},
};
use std::{net::SocketAddr, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::form_urlencoded::byte_serialize;

/// By name, so that a failure does not print 9,000 letters.
fn texts() -> Vec<(&'static str, String)> {
    let mut all: Vec<_> = [
        "'",
        "\"",
        "`",
        "';DROP TABLE housekey_user;--",
        "\" OR \"\"=\"",
        "') OR 1=1 --",
        "\\",
        "%",
        "_",
        "$1",
        "?1",
        "%00",
        "\0",
        "a\0b",
        "\r\nX-Evil: 1",
        "\n",
        "\t",
        "{{ 'house' ~ 'breaker' }}",
        "{% include 'x' %}",
        "<script>alert(1)</script>",
        "&amp;",
        "../../etc/passwd",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "\u{202e}abc",
        "\u{feff}",
        "\u{10ffff}",
        "ﷺﷺﷺ",
        "-1",
        "99999999999999999999999",
        "1e309",
        "NaN",
        "null",
        "true",
        "[]",
        " ",
        "\u{a0}",
        "@",
        "a@b",
        "a@[127.0.0.1]",
        "a@xn--",
        "a@\u{ff0e}",
        "123456",
        "000000",
        "others",
        "sess_0000000000000000000000000000",
        "idn_000000000000000000000000000",
        "req_",
        "=",
        "&",
        ";",
        "\u{301}\u{301}\u{301}",
    ]
    .into_iter()
    .map(|t| (t, t.to_owned()))
    .collect();
    all.push(("300 letters", "a".repeat(300)));
    all.push(("9000 letters", "a".repeat(9000)));
    all.push(("700 wide letters", "💥".repeat(700)));
    all.push(("a long address", format!("{}@example.com", "a".repeat(300))));
    all.push(("too much", "a".repeat(20_000)));
    all
}

/// Every form, with all its fields filled in well.
const FORMS: [(&str, &[(&str, &str)]); 38] = [
    ("/sign-in", &[("email", "x@example.com"), ("remember", "yes"), ("return_to", "/account")]),
    (
        "/sign-up",
        &[
            ("email", "x@example.com"),
            ("username", ""),
            ("phone", ""),
            ("password", "tidal lantern mosaic"),
            ("return_to", "/account"),
            ("legal_accepted", "yes"),
        ],
    ),
    ("/forgot-password", &[("email", "x@example.com")]),
    ("/waitlist", &[("email", "x@example.com"), ("website", ""), ("shown", "")]),
    ("/theme", &[("theme", "dark"), ("return_to", "/account")]),
    ("/password-strength", &[("password", "tidal")]),
    ("/sign-in/password", &[("username", "x@example.com"), ("password", "wrong wrong wrong")]),
    ("/sign-in/code", &[("code", "000000")]),
    ("/sign-in/new-password", &[("username", "x"), ("password", "tidal")]),
    ("/sign-up/code", &[("code", "000000"), ("knows_passkeys", "yes")]),
    ("/guest", &[("return_to", "/account")]),
    ("/guest/delete", &[]),
    ("/sign-up/passkey", &[("name", ""), ("passkey", "{}"), ("return_to", "/account")]),
    ("/account", &[("first_name", "Ada"), ("last_name", "L")]),
    ("/account/username", &[("username", "ada_lovelace")]),
    ("/account/emails", &[("email", "no address")]),
    ("/account/phones", &[("phone", "no number")]),
    ("/account/emails/{id}/verify", &[("code", "000000")]),
    ("/account/security", &[("username", "x"), ("current", "wrong wrong wrong"), ("password", "tidal")]),
    ("/account/security/app", &[("name", "Phone")]),
    ("/account/security/app/confirm", &[("code", "000000")]),
    ("/sign-in/device", &[("code", "000000")]),
    ("/sign-in/device/send", &[("way", "email_code")]),
    ("/sign-in/second-factor", &[("way", "totp"), ("code", "000000"), ("trust", "yes")]),
    ("/sign-in/passkey", &[("passkey", "{}")]),
    ("/account/security/passkeys", &[("passkey", "{}")]),
    ("/sign-in/second-factor/send", &[("phone", "phone_x")]),
    ("/account/security/phones/{id}", &[("wanted", "yes")]),
    ("/account/security/passkeys/after", &[("wanted", "yes")]),
    ("/account/devices", &[("session", "others"), ("trusted", "")]),
    ("/sign-in/recovery", &[]),
    ("/step-up", &[("way", "code"), ("username", "x"), ("password", "tidal"), ("code", "1"), ("return_to", "/")]),
    ("/link", &[("purpose", "sign_in")]),
    ("/recovery/cancel", &[]),
    ("/undo", &[]),
    ("/not-me", &[]),
    ("/sign-in/ticket", &[]),
    ("/sign-up/ticket", &[("username", "x"), ("password", "tidal"), ("legal_accepted", "yes")]),
];

fn stands(what: &str, answer: &Answer) {
    assert!(answer.status.as_u16() < 500, "{what}: {}\n{}", answer.status, answer.body);
    assert!(
        !answer.body.contains("<script>alert") && !answer.body.contains("housebreaker"),
        "{what}:\n{}",
        answer.body
    );
    assert!(!answer.headers.contains_key("x-evil"), "{what}");
    for (name, value) in &answer.headers {
        let value = value.to_str().unwrap_or_else(|_| panic!("{what}: {name} holds odd bytes"));
        let harmless = !value.to_lowercase().contains("x-evil") || (name == "location" && value.contains("return_to="));
        assert!(harmless, "{what}: {name}: {value}");
    }
}

async fn in_every_field(web: &Web, jar: &Jar, id: &str, path: &str, good: &[(&str, &str)]) {
    let token = jar.token().await;
    let path = filled(path, id);
    let all = [&[("csrf", token.as_str())], good].concat();
    let well = jar.post(&path, &all).await.status.as_u16();
    assert!(
        ![400, 403, 413, 415].contains(&well)
            && (["/link", "/recovery/cancel", "/undo", "/not-me"].contains(&path.as_str())
                || path.ends_with("/ticket")
                || well != 404),
        "{path}: {well}"
    );
    for (name, text) in texts() {
        for at in 0..good.len() {
            let mut fields = [&[("csrf", token.as_str())], good].concat();
            fields[at + 1].1 = &text;
            stands(&format!("{path}, {} = {name}", good[at].0), &jar.post(&path, &fields).await);
        }
        stands(&format!("{path}, csrf = {name}"), &jar.post(&path, &[("csrf", &text)]).await);
        stands(&format!("{path}, a field {name}"), &jar.post(&path, &[("csrf", &token), (&text, "x")]).await);
    }
    for body in ["%", "%zz", "email=%ff", "&&&", "=", "=&=", "csrf", "a=%00", "email=a&email=b", "\u{fffd}=1"] {
        stands(&format!("{path}: {body}"), &jar.send("POST", &path, &[FORM, ("origin", &web.url)], body).await);
    }
}

async fn sec_115_no_text_in_any_field_breaks_anything() {
    let web = web_with(guests()).await;
    let ada = web.signed_up(1, ADA).await;
    let id = added(&ada, "ada@new.example").await;
    let users = web.database.rows().await["housekey_user"].len();
    for (at, (path, good)) in FORMS.into_iter().enumerate() {
        let fresh = web.jar(20 + at as u8);
        if path.starts_with("/account") || path == "/step-up" {
            in_every_field(&web, &ada, &id, path, good).await;
            continue;
        }
        match path {
            "/sign-in/password" => drop(fresh.form("/sign-in", &[("email", ADA), ("return_to", "")]).await),
            "/sign-in/code" => drop(fresh.form("/forgot-password", &[("email", ADA)]).await),
            "/sign-up/code" => {
                let with = [("email", "n@example.com"), ("password", PASSWORD), ("return_to", "")];
                drop(fresh.form("/sign-up", &with).await);
            }
            "/sign-in/new-password" => {
                web.house.clock.advance(Duration::from_secs(60));
                fresh.form("/forgot-password", &[("email", ADA)]).await;
                let code = web.house.code_to(ADA).await.unwrap();
                assert_eq!(fresh.form("/sign-in/code", &[("code", &code)]).await.to(), "/sign-in/new-password");
            }
            _ => {}
        }
        in_every_field(&web, &fresh, &id, path, good).await;
    }
    assert_eq!(
        web.database.rows().await["housekey_user"].len(),
        users + 1,
        "the guest of the form that was filled in well"
    );
}

async fn sec_115_no_text_in_any_path_query_cookie_or_header_breaks_anything() {
    let web = web().await;
    let ada = web.signed_up(1, ADA).await;
    for (name, text) in texts().into_iter().filter(|(_, t)| t.len() < 10_000) {
        let coded: String = byte_serialize(text.as_bytes()).collect();
        for (path, methods, _) in ROUTES {
            let query = format!("return_to={coded}&done={coded}&token={coded}&{coded}={coded}");
            if methods.contains("GET") {
                let place = format!("{}?{query}", path.replace("{id}", &coded).replace("{name}", &coded));
                stands(&format!("{path}: {name}"), &ada.get(&place).await);
            }
        }
        // A header holds no controls, so these come as a header may hold them.
        let plain: String = text.chars().filter(|c| !c.is_control()).collect();
        for header in
            ["user-agent", "referer", "accept", "accept-language", "x-forwarded-for", "forwarded", "host", "cookie"]
        {
            stands(&format!("{header}: {name}"), &ada.send("GET", "/sign-in", &[(header, &plain)], "").await);
        }
        let jar = ada.copy();
        for value in jar.cookies.lock().unwrap().values_mut() {
            value.clone_from(&coded);
        }
        for path in ["/", "/account", "/undo", "/dev/mail"] {
            stands(&format!("all cookies {name}, {path}"), &jar.get(path).await);
        }
    }
    assert!(ada.is_signed_in().await);
}

async fn sec_56_nothing_begins_another_header() {
    let web = web().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = web.routes.clone().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let ask = async |head: Vec<u8>| {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(&head).await.unwrap();
        let mut answer = Vec::new();
        // A refused head may end in a reset: what came before it counts.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).to_lowercase()
    };
    for header in ["Host", "Cookie", "User-Agent", "Referer", "Origin", "X-Request-Id", "X-Forwarded-For", "Accept"] {
        for evil in ["a\0b", "a\rX-Evil: 1", "a\r X-Evil: 1", "a\u{7f}b", "\u{1}"] {
            let host = if header == "Host" { "" } else { "Host: localhost\r\n" };
            let head = format!("GET /sign-in HTTP/1.1\r\n{host}{header}: {evil}\r\nConnection: close\r\n\r\n");
            let answer = ask(head.into_bytes()).await;
            assert!(
                answer.starts_with("http/1.1 400"),
                "{header}: {evil:?}:\n{}",
                answer.lines().next().unwrap_or_default()
            );
            assert!(!answer.contains("x-evil"), "{header}: {evil:?}");
        }
    }
    for path in ["/sign-in\0", "/sign-in?return_to=\0", "/sign-in?a\rX-Evil: 1", "/account/\u{1}"] {
        let answer = ask(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").into()).await;
        assert!(answer.starts_with("http/1.1 400") && !answer.contains("x-evil"), "{path:?}: {answer}");
    }
    // What is coded reaches the handlers: it must reach no header.
    let jar = web.jar(5);
    for evil in [
        "%0d%0aX-Evil:%201",
        "%0aX-Evil:%201",
        "%0d%0a%20X-Evil:1",
        "a%00b",
        "/%0d%0aX-Evil:%201",
        "%250d%250aX-Evil:1",
    ] {
        for path in ["/sign-in", "/sign-up", "/undo", "/dev/mail", "/account", "/step-up", "/account/emails"] {
            stands(evil, &jar.get(&format!("{path}?return_to={evil}&token={evil}&done={evil}")).await);
        }
        stands(evil, &jar.get(&format!("/{evil}")).await);
        stands(evil, &jar.get(&format!("/static/{evil}")).await);
        stands(evil, &jar.get(&format!("/account/emails/{evil}/verify")).await);
    }
    for evil in ["dark\r\nX-Evil: 1", "/\r\nX-Evil: 1", "/a\0", "/x\nX-Evil: 1"] {
        for fields in [[("theme", evil), ("return_to", "/")], [("theme", "dark"), ("return_to", evil)]] {
            let answer = jar.form("/theme", &fields).await;
            stands(evil, &answer);
            assert!(answer.status == 400 || answer.to() == "/", "{evil:?}: {} {}", answer.status, answer.to());
        }
    }
}

on_both!(
    sec_115_no_text_in_any_field_breaks_anything,
    sec_115_no_text_in_any_path_query_cookie_or_header_breaks_anything,
    sec_56_nothing_begins_another_header,
);
