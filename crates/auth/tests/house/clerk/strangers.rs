//! SEC-20 at this door: whoever asks cannot tell by any answer whether an address has an account.

use super::{app::*, sign_ins::other};
use crate::kit::*;
use serde_json::Value;

const STRANGER: &str = "bob@example.com";

/// An answer without what is new in each: ids, tokens, and the name that was asked for.
fn still(told: &Told, address: &str) -> String {
    fn walk(value: &mut Value) {
        match value {
            Value::String(text) => {
                let end = text.rsplit('_').next().unwrap_or_default().len();
                if text.contains('_') && end == 27 {
                    let shape = format!("{}{}", text[..text.len() - 27].to_owned(), "*");
                    *text = shape;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(walk),
            Value::Object(fields) => fields.values_mut().for_each(walk),
            _ => {}
        }
    }
    let mut json = told.json.clone();
    walk(&mut json);
    let masked = format!("{}•••", &address[..1]);
    format!("{} {json}", told.status).replace(address, "ADDRESS").replace(&masked, "MASKED")
}

/// Every step that somebody can take with an address alone.
async fn all_steps(web: &crate::web::Web, at: u8, address: &str) -> Vec<(String, String)> {
    let mut told = Vec::new();
    let mut note = |step: &str, answer: &Told| told.push((step.to_owned(), still(answer, address)));
    for (strategy, secret) in [("email_code", false), ("reset_password_email_code", false), ("password", true)] {
        let app = web.app(at);
        let begun = app.post("/v1/client/sign_ins", &[("identifier", address)]).await;
        note("begin", &begun);
        let step = format!("/v1/client/sign_ins/{}", begun.id());
        if secret {
            let fields = [("strategy", strategy), ("password", "wrong wrong wrong")];
            note("password", &app.post(&format!("{step}/attempt_first_factor"), &fields).await);
        } else {
            note(strategy, &app.post(&format!("{step}/prepare_first_factor"), &[("strategy", strategy)]).await);
            web.house.deliver().await;
            let code = web.house.code_to(ADA).await.filter(|_| address == ADA).unwrap_or("000000".into());
            let fields = [("strategy", strategy), ("code", &other(&code))];
            let attempt = format!("{step}/attempt_first_factor");
            note("code", &app.post(&attempt, &fields).await);
            note("new password", &app.post(&format!("{step}/reset_password"), &[("password", PASSWORD)]).await);
        }
        note("again", &app.get(&step).await);
        note("client", &app.get("/v1/client").await);
    }
    let app = web.app(at);
    note("at once", &app.sign_in(address, "wrong wrong wrong").await);
    let fields = [("identifier", address), ("strategy", "email_code")];
    note("code at once", &app.post("/v1/client/sign_ins", &fields).await);
    let fields = [("email_address", address), ("password", PASSWORD), ("first_name", "X")];
    let begun = app.post("/v1/client/sign_ups", &fields).await;
    note("sign-up", &begun);
    let step = format!("/v1/client/sign_ups/{}", begun.id());
    note("sent", &app.post(&format!("{step}/prepare_verification"), &[("strategy", "email_code")]).await);
    let code = web.house.code_to(address).await.unwrap();
    let fields = [("strategy", "email_code"), ("code", &other(&code))];
    note("wrong", &app.post(&format!("{step}/attempt_verification"), &fields).await);
    note("changed", &app.patch(&step, &[("last_name", "Y")]).await);
    note("client", &app.get("/v1/client").await);
    told
}

async fn sec_20_no_answer_differs_between_an_owner_and_a_stranger() {
    let web = clerk().await;
    web.signed_up_in_app(1, ADA).await;
    let known = all_steps(&web, 2, ADA).await;
    let unknown = all_steps(&web, 3, STRANGER).await;
    assert_eq!(known.len(), 23);
    for (known, unknown) in known.iter().zip(&unknown) {
        assert_eq!(known, unknown);
    }
}

async fn sec_20_ids_of_offered_addresses_tell_nothing() {
    let web = clerk().await;
    let signed_up = web.signed_up_in_app(1, ADA).await;
    let real = signed_up.client().await["sessions"][0]["user"]["primary_email_address_id"].clone();
    let id = async |address: &str| {
        let begun = web.app(2).post("/v1/client/sign_ins", &[("identifier", address)]).await.ok();
        begun.response()["supported_first_factors"][1]["email_address_id"].clone()
    };
    let (first, second, stranger) = (id(ADA).await, id(ADA).await, id(STRANGER).await);
    assert_ne!(first, real, "an owner's would be known again");
    assert_ne!(first, second, "or two tries would tell");
    assert_eq!(first.as_str().unwrap().len(), stranger.as_str().unwrap().len());
}

on_both!(sec_20_no_answer_differs_between_an_owner_and_a_stranger, sec_20_ids_of_offered_addresses_tell_nothing);
