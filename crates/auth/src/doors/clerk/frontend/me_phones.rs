//! The signed-in user's phone numbers.

use crate::{
    doors::clerk::{answer::Answer, convert::user as wire, knock::Knock},
    error::Error,
    flows::codes::CodeSent,
};
use axum::{extract::Path, response::Response};
use housekey_core::ids::PhoneId;
use housekey_wire::frontend::{Deleted, Verification, user::PhoneNumber};

const SECOND: &str = "reserved_for_second_factor";

pub(super) async fn list(knock: Knock) -> Answer {
    let numbers = knock.house.own_numbers(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let all: Vec<PhoneNumber> = numbers.iter().map(wire::phone_number).collect();
    Ok(knock.bare(&all))
}

pub(super) async fn add(knock: Knock) -> Answer {
    let number = knock.required("phone_number")?.to_owned();
    if knock.says(SECOND) {
        return Err(knock.refuse(Error::field(SECOND, "phone_not_verified")));
    }
    let id = knock.house.phone_add(&knock.caller, &number, false).await.map_err(|e| knock.refuse(e))?;
    let shown = one(&knock, &id).await?;
    knock.wrapped(shown).await
}

pub(super) async fn show(Path(id): Path<String>, knock: Knock) -> Answer {
    let shown = one(&knock, &named(&knock, &id)?).await?;
    knock.wrapped(shown).await
}

/// Makes the number a second factor or no longer, or the one of several that is asked for first.
pub(super) async fn update(Path(id): Path<String>, knock: Knock) -> Answer {
    let id = named(&knock, &id)?;
    let mut codes = Vec::new();
    if knock.text(SECOND).is_some() {
        codes = knock.house.phone_second(&knock.caller, &id, knock.says(SECOND)).await.map_err(|e| knock.refuse(e))?;
    }
    if knock.says("default_second_factor") {
        knock.house.phone_second_default(&knock.caller, &id).await.map_err(|e| knock.refuse(e))?;
    }
    let shown = one(&knock, &id).await?;
    knock.wrapped(PhoneNumber { backup_codes: codes, ..shown }).await
}

pub(super) async fn remove(Path(id): Path<String>, knock: Knock) -> Answer {
    let id = named(&knock, &id)?;
    knock.house.phone_remove(&knock.caller, &id).await.map_err(|e| knock.refuse(e))?;
    knock.wrapped(Deleted { object: "phone_number", id: id.to_string(), deleted: true }).await
}

pub(super) async fn prepare(Path(id): Path<String>, knock: Knock) -> Answer {
    let id = named(&knock, &id)?;
    if knock.required("strategy")? != "phone_code" {
        return Err(knock.refuse(Error::field("strategy", "strategy_not_offered")));
    }
    let sent = knock.house.phone_send_code(&knock.caller, &id).await.map_err(|e| knock.refuse(e))?;
    let mut shown = one(&knock, &id).await?;
    shown.verification = Some(on_its_way(&sent));
    knock.wrapped(shown).await
}

pub(super) async fn attempt(Path(id): Path<String>, knock: Knock) -> Answer {
    let id = named(&knock, &id)?;
    let code = knock.required("code")?.to_owned();
    knock.house.phone_verify(&knock.caller, &id, &code).await.map_err(|e| knock.refuse(e))?;
    let shown = one(&knock, &id).await?;
    knock.wrapped(shown).await
}

fn on_its_way(sent: &CodeSent) -> Verification {
    Verification {
        object: Some("verification_otp"),
        status: "unverified",
        strategy: Some("phone_code"),
        attempts: Some(0),
        expire_at: Some(sent.expires.as_millis()),
        nonce: None,
        verified_at_client: None,
    }
}

async fn one(knock: &Knock, id: &PhoneId) -> Result<PhoneNumber, Response> {
    let numbers = knock.house.own_numbers(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let found = numbers.iter().find(|phone| phone.id == *id).map(wire::phone_number);
    found.ok_or_else(|| knock.refuse(Error::NotFound))
}

fn named(knock: &Knock, id: &str) -> Result<PhoneId, Response> {
    PhoneId::try_from(id).map_err(|_| knock.refuse(Error::NotFound))
}
