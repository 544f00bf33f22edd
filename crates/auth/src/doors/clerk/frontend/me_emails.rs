//! The signed-in user's e-mail addresses.

use crate::{
    doors::clerk::{answer::Answer, convert::user as wire, knock::Knock},
    error::Error,
    flows::codes::CodeSent,
};
use axum::{extract::Path, response::Response};
use housekey_core::{ids::EmailId, sign_in::Strategy};
use housekey_wire::frontend::{Deleted, Verification, user::EmailAddress};

pub(super) async fn list(knock: Knock) -> Answer {
    let profile = knock.house.own_profile(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let all: Vec<EmailAddress> = profile.emails.iter().map(wire::email_address).collect();
    Ok(knock.bare(&all))
}

pub(super) async fn add(knock: Knock) -> Answer {
    let address = knock.required("email_address")?.to_owned();
    let id = knock.house.email_add_unsent(&knock.caller, &address).await.map_err(|e| knock.refuse(e))?;
    let shown = one(&knock, &id).await?;
    knock.wrapped(shown).await
}

pub(super) async fn show(Path(id): Path<String>, knock: Knock) -> Answer {
    let shown = one(&knock, &named(&knock, &id)?).await?;
    knock.wrapped(shown).await
}

pub(super) async fn remove(Path(id): Path<String>, knock: Knock) -> Answer {
    let id = named(&knock, &id)?;
    knock.house.email_remove(&knock.caller, &id).await.map_err(|e| knock.refuse(e))?;
    knock.wrapped(Deleted { object: "email_address", id: id.to_string(), deleted: true }).await
}

pub(super) async fn prepare(Path(id): Path<String>, knock: Knock) -> Answer {
    let id = named(&knock, &id)?;
    let strategy = match knock.required("strategy")? {
        "email_code" => Strategy::EmailCode,
        "email_link" => Strategy::EmailLink,
        _ => return Err(knock.refuse(Error::field("strategy", "strategy_not_offered"))),
    };
    let return_to = knock.return_to()?;
    let sent = knock.house.email_send(&knock.caller, &id, strategy, return_to.as_ref()).await;
    let sent = sent.map_err(|e| knock.refuse(e))?;
    let mut shown = one(&knock, &id).await?;
    shown.verification = Some(on_its_way(&sent, strategy));
    knock.wrapped(shown).await
}

pub(super) async fn attempt(Path(id): Path<String>, knock: Knock) -> Answer {
    let id = named(&knock, &id)?;
    let code = knock.required("code")?.to_owned();
    knock.house.email_verify(&knock.caller, &id, &code).await.map_err(|e| knock.refuse(e))?;
    let shown = one(&knock, &id).await?;
    knock.wrapped(shown).await
}

fn on_its_way(sent: &CodeSent, strategy: Strategy) -> Verification {
    let link = strategy == Strategy::EmailLink;
    Verification {
        object: Some(if link { "verification_email_link" } else { "verification_otp" }),
        status: "unverified",
        strategy: Some(if link { "email_link" } else { "email_code" }),
        attempts: Some(0),
        expire_at: Some(sent.expires.as_millis()),
        nonce: None,
        verified_at_client: None,
    }
}

async fn one(knock: &Knock, id: &EmailId) -> Result<EmailAddress, Response> {
    let profile = knock.house.own_profile(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let found = profile.emails.iter().find(|email| email.id == *id).map(wire::email_address);
    found.ok_or_else(|| knock.refuse(Error::NotFound))
}

fn named(knock: &Knock, id: &str) -> Result<EmailId, Response> {
    EmailId::try_from(id).map_err(|_| knock.refuse(Error::NotFound))
}
