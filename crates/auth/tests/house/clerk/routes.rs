//! SEC-112 at this door: the table of what is served, walked by nobody, by a forged and by an ended credential.

use super::app::*;
use crate::{kit::*, web::FORM};
use std::time::Duration;

/// Whom an operation serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    Everyone,
    /// A browser with that live attempt.
    Attempt,
    /// A client with that session.
    Session,
    /// A client with that session; the status makes the browser look at its client anew.
    Token,
    /// Who is signed in.
    Owner,
    /// A browser that is sent on.
    Passing,
    /// Who has a mailed ticket.
    Ticket,
}
use For::*;

const ROUTES: &[(&str, &str, For)] = &[
    ("get", "/v1/environment", Everyone),
    ("patch", "/v1/environment", Everyone),
    ("get", "/v1/client", Everyone),
    ("put", "/v1/client", Everyone),
    ("post", "/v1/client", Everyone),
    ("delete", "/v1/client", Everyone),
    ("get", "/v1/client/touch", Passing),
    ("get", "/v1/client/handshake", Passing),
    ("post", "/v1/client/verify", Everyone),
    ("post", "/v1/client/sign_ins", Everyone),
    ("get", "/v1/client/sign_ins/{sign_in_id}", Attempt),
    ("post", "/v1/client/sign_ins/{sign_in_id}/prepare_first_factor", Attempt),
    ("post", "/v1/client/sign_ins/{sign_in_id}/attempt_first_factor", Attempt),
    ("post", "/v1/client/sign_ins/{sign_in_id}/prepare_second_factor", Attempt),
    ("post", "/v1/client/sign_ins/{sign_in_id}/attempt_second_factor", Attempt),
    ("post", "/v1/client/sign_ins/{sign_in_id}/reset_password", Attempt),
    ("patch", "/v1/client/sign_ins/{sign_in_id}/protect_check", Attempt),
    ("post", "/v1/client/sign_ups", Everyone),
    ("get", "/v1/client/sign_ups/{sign_up_id}", Attempt),
    ("patch", "/v1/client/sign_ups/{sign_up_id}", Attempt),
    ("post", "/v1/client/sign_ups/{sign_up_id}/prepare_verification", Attempt),
    ("post", "/v1/client/sign_ups/{sign_up_id}/attempt_verification", Attempt),
    ("patch", "/v1/client/sign_ups/{sign_up_id}/protect_check", Attempt),
    ("delete", "/v1/client/sessions", Everyone),
    ("get", "/v1/client/sessions/{session_id}", Session),
    ("post", "/v1/client/sessions/{session_id}/touch", Session),
    ("post", "/v1/client/sessions/{session_id}/end", Session),
    ("post", "/v1/client/sessions/{session_id}/remove", Session),
    ("post", "/v1/client/sessions/{session_id}/tokens", Token),
    ("post", "/v1/client/sessions/{session_id}/tokens/{template_name}", Token),
    ("post", "/v1/client/sessions/{session_id}/verify", Session),
    ("post", "/v1/client/sessions/{session_id}/verify/prepare_first_factor", Session),
    ("post", "/v1/client/sessions/{session_id}/verify/attempt_first_factor", Session),
    ("post", "/v1/client/sessions/{session_id}/verify/prepare_second_factor", Session),
    ("post", "/v1/client/sessions/{session_id}/verify/attempt_second_factor", Session),
    ("get", "/v1/me", Owner),
    ("patch", "/v1/me", Owner),
    ("delete", "/v1/me", Owner),
    ("patch", "/v1/me/metadata", Owner),
    ("post", "/v1/me/profile_image", Owner),
    ("delete", "/v1/me/profile_image", Owner),
    ("post", "/v1/me/change_password", Owner),
    ("post", "/v1/me/remove_password", Owner),
    ("get", "/v1/me/sessions", Owner),
    ("get", "/v1/me/sessions/active", Owner),
    ("post", "/v1/me/sessions/{session_id}/revoke", Owner),
    ("post", "/v1/me/totp", Owner),
    ("delete", "/v1/me/totp", Owner),
    ("post", "/v1/me/totp/attempt_verification", Owner),
    ("post", "/v1/me/backup_codes", Owner),
    ("post", "/v1/me/passkeys", Owner),
    ("get", "/v1/me/passkeys/{passkey_id}", Owner),
    ("patch", "/v1/me/passkeys/{passkey_id}", Owner),
    ("delete", "/v1/me/passkeys/{passkey_id}", Owner),
    ("post", "/v1/me/passkeys/{passkey_id}/attempt_verification", Owner),
    ("get", "/v1/me/email_addresses", Owner),
    ("post", "/v1/me/email_addresses", Owner),
    ("get", "/v1/me/email_addresses/{email_id}", Owner),
    ("delete", "/v1/me/email_addresses/{email_id}", Owner),
    ("post", "/v1/me/email_addresses/{email_id}/prepare_verification", Owner),
    ("post", "/v1/me/email_addresses/{email_id}/attempt_verification", Owner),
    ("post", "/v1/waitlist", Attempt),
    ("get", "/v1/me/phone_numbers", Owner),
    ("post", "/v1/me/phone_numbers", Owner),
    ("get", "/v1/me/phone_numbers/{phone_number_id}", Owner),
    ("patch", "/v1/me/phone_numbers/{phone_number_id}", Owner),
    ("delete", "/v1/me/phone_numbers/{phone_number_id}", Owner),
    ("post", "/v1/me/phone_numbers/{phone_number_id}/prepare_verification", Owner),
    ("post", "/v1/me/phone_numbers/{phone_number_id}/attempt_verification", Owner),
    ("get", "/v1/redirect", Passing),
    ("get", "/v1/tickets/accept", Ticket),
    ("get", "/v1/verify", Ticket),
    ("get", "/v1/health", Everyone),
    ("post", "/v1/dev_browser", Everyone),
    ("get", "/.well-known/jwks.json", Everyone),
    ("get", "/.well-known/openid-configuration", Everyone),
];

#[test]
fn sec_112_the_table_names_every_operation() {
    let source = include_str!("../../../src/doors/clerk/frontend/mod.rs");
    let found: Vec<(&str, &str)> = source
        .lines()
        .filter_map(|line| line.trim().split_once(" => ")?.0.split_once(' '))
        .map(|(method, path)| (method, path.trim_matches('"')))
        .collect();
    let listed: Vec<(&str, &str)> = ROUTES.iter().map(|(method, path, _)| (*method, *path)).collect();
    assert_eq!(found, listed, "an operation without a policy here");
}

/// A form that would do where it is let in.
const FIELDS: [(&str, &str); 13] = [
    ("strategy", "password"),
    ("password", PASSWORD),
    ("current_password", PASSWORD),
    ("new_password", "marble canyon whisper"),
    ("code", "000000"),
    ("first_name", "Eve"),
    ("email_address", "eve@new.example"),
    ("phone_number", "+4915123456789"),
    ("reserved_for_second_factor", "false"),
    ("unsafe_metadata", "{}"),
    ("ticket", "nothing"),
    ("public_key_credential", "{}"),
    ("name", "Mine"),
];

async fn ask(app: &App, method: &str, path: &str) -> Told {
    let over = method.to_uppercase();
    match method {
        "get" => app.get(path).await,
        _ if path.ends_with("/profile_image") && method == "post" => {
            app.send("POST", path, &[("content-type", "application/octet-stream"), ("origin", APP)], "x").await
        }
        _ => {
            let coded = FIELDS.map(|(n, v)| {
                let strategy = match n {
                    "strategy" if path.contains("phone_numbers") => "phone_code",
                    "strategy" if path.contains("verification") => "email_code",
                    "strategy" if path.contains("second_factor") => "totp",
                    _ => v,
                };
                (n, strategy.to_owned())
            });
            let fields = coded.each_ref().map(|(n, v)| (*n, v.as_str()));
            app.send("POST", &format!("{path}?_method={over}"), &[FORM, ("origin", APP)], &form(&fields)).await
        }
    }
}

async fn sec_112_without_a_session_no_operation_gives_or_changes_anything() {
    let web = clerk().await;
    let ada = web.signed_up_in_app(1, ADA).await;
    let email = ada.post("/v1/me/email_addresses", &[("email_address", "ada@new.example")]).await.ok().id().to_owned();
    let passkey = ada.post("/v1/me/passkeys", &[]).await.ok().id().to_owned();
    let session = ada.session().await;
    let attempt = web.app(9).post("/v1/client/sign_ins", &[("identifier", ADA)]).await.ok().id().to_owned();
    let sign_up = web.app(9).post("/v1/client/sign_ups", &[]).await.ok().id().to_owned();
    let forged = App { jar: ada.jar.copy() };
    for value in forged.jar.cookies.lock().unwrap().values_mut().filter(|value| value.len() > 20) {
        let middle = value.len() - 20;
        let other = if value.as_bytes()[middle] == b'A' { "B" } else { "A" };
        value.replace_range(middle..=middle, other);
    }
    let ended = App { jar: ada.jar.copy() };
    ada.delete("/v1/client/sessions").await.ok();
    web.house.clock.advance(Duration::from_secs(11));
    for (name, app) in [("nobody", web.app(2)), ("forged", forged), ("ended", ended)] {
        let before = web.database.rows().await;
        for (method, path, of) in ROUTES.iter().filter(|(_, _, of)| *of != Everyone) {
            let path = path
                .replace("{session_id}", &session)
                .replace("{email_id}", &email)
                .replace("{passkey_id}", &passkey)
                .replace("{phone_number_id}", &email)
                .replace("{sign_in_id}", &attempt)
                .replace("{sign_up_id}", &sign_up)
                .replace("{template_name}", "x");
            let told = ask(&app, method, &path).await;
            let good = match of {
                Everyone => true,
                Attempt | Session => told.refusal() == "404 resource_not_found",
                Token | Owner => told.refusal() == "401 authentication_invalid",
                Passing => told.status == 307 || told.status == 422,
                Ticket => told.status == 422 || told.status == 400,
            };
            assert!(good, "{name}: {method} {path}: {}", told.refusal());
        }
        let mut after = web.database.rows().await;
        after.insert("housekey_limit".into(), before["housekey_limit"].clone());
        assert_eq!(before, after, "{name} changed something");
    }
}

async fn what_everyone_may_ask_is_answered_to_nobody() {
    let web = clerk().await;
    for (method, path, of) in ROUTES.iter().filter(|(_, _, of)| *of == Everyone) {
        let told = ask(&web.app(1), method, path).await;
        // A form with a little of everything is not acceptable to each, but nobody is turned away for who they are.
        assert!(matches!(told.status.as_u16(), 200 | 422 | 400), "{method} {path}: {of:?} {}", told.refusal());
        assert!(!told.refusal().contains("authentication"), "{method} {path}");
    }
}

on_both!(sec_112_without_a_session_no_operation_gives_or_changes_anything, what_everyone_may_ask_is_answered_to_nobody,);
