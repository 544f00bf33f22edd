//! Whoever has the whole database, and nothing else, is nobody.

use crate::{kit::*, routes::added, web::web_with};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::collections::BTreeSet;

async fn sec_102_a_dump_of_the_database_signs_nobody_in() {
    let web = web_with(roomy()).await;
    let ada = web.signed_up(1, ADA).await;
    let id = added(&ada, "ada@new.example").await;
    let mut codes = vec![web.house.code_to("ada@new.example").await.unwrap()];
    ada.form(&format!("/account/emails/{id}/verify"), &[("code", &codes[0])]).await;
    ada.form(&format!("/account/emails/{id}/primary"), &[]).await;
    let notice = web.house.mail_to(ADA).await.unwrap().text;
    let link = notice.split("token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    ada.form("/step-up", &[("way", "send"), ("return_to", "")]).await;
    codes.push(web.house.code_to("ada@new.example").await.unwrap());
    let resets = web.jar(2);
    resets.form("/forgot-password", &[("email", "ada@new.example")]).await;
    codes.push(web.house.code_to("ada@new.example").await.unwrap());
    let waits = web.jar(3);
    waits.form("/sign-up", &[("email", "new@example.com"), ("password", PASSWORD), ("return_to", "")]).await;

    let rows = web.database.rows().await;
    let dump: String = rows.values().flatten().flat_map(|row| [row.as_str(), "\n"]).collect();
    let words: BTreeSet<&str> = dump.split(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c)).collect();
    let mut secrets = vec![PASSWORD.to_owned(), link.split_once('.').unwrap().1.to_owned()];
    let mut name = String::new();
    for (cookie, value) in ada.cookies.lock().unwrap().iter() {
        if let Some((_, secret)) = value.split_once('.') {
            name.clone_from(cookie);
            secrets.push(secret.to_owned());
        } else {
            secrets.push(value.clone());
        }
    }
    for secret in secrets {
        let raw = URL_SAFE_NO_PAD.decode(&secret).unwrap_or_else(|_| secret.clone().into_bytes());
        let hex: String = raw.iter().map(|b| format!("{b:02x}")).collect();
        assert!(!dump.contains(&secret) && !dump.contains(&hex), "a secret stands in the dump");
    }
    assert!(codes.iter().all(|code| !words.contains(code.as_str())), "a code stands in the dump");
    assert!(words.iter().any(|w| w.starts_with("client_")) && !name.is_empty());

    // Everything that is there, offered as a credential to everything that takes one.
    let mut offered: BTreeSet<String> = words.iter().map(|w| (*w).to_owned()).collect();
    for hex in words.iter().filter_map(|w| w.strip_prefix('x')).filter(|w| w.len() % 2 == 0 && w.len() < 400) {
        let bytes: Option<Vec<u8>> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect();
        offered.extend(bytes.map(|b| URL_SAFE_NO_PAD.encode(b)));
    }
    let ids: Vec<&str> = words.iter().copied().filter(|w| w.starts_with("client_")).collect();
    let link_id = link.split('.').next().unwrap();
    assert!(words.contains(link_id), "the link is there");
    let ids = [ids, vec![link_id]].concat();
    let mut tried = 0;
    for secret in offered.iter().filter(|s| s.len() == 43) {
        for id in &ids {
            let thief = web.jar(9);
            let cookie = format!("{id}.{secret}");
            thief.cookies.lock().unwrap().insert(name.clone(), cookie.clone());
            assert!(!thief.is_signed_in().await, "{cookie}");
            thief.cookies.lock().unwrap().insert(format!("{name}_undo"), cookie);
            assert_eq!(thief.get("/undo").await.status, 404);
            tried += 1;
        }
    }
    assert!(tried > 10, "{tried}");
    assert!(ada.is_signed_in().await);
}

on_both!(sec_102_a_dump_of_the_database_signs_nobody_in);
