//! The signed-in user's passkeys.

use crate::{
    doors::clerk::{
        answer::Answer,
        convert::{sign_in, user as wire},
        knock::Knock,
    },
    error::Error,
};
use axum::{extract::Path, response::Response};
use housekey_core::ids::PasskeyId;
use housekey_wire::frontend::{Deleted, factors::Passkey};

pub(super) async fn create(knock: Knock) -> Answer {
    let asked = knock.house.passkey_add_begin(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let now = knock.house.now().as_millis();
    let body = Passkey {
        object: "passkey",
        id: asked.id.to_string(),
        name: String::new(),
        last_used_at: None,
        verification: Some(sign_in::passkey_asked(&asked)),
        created_at: Some(now),
        updated_at: Some(now),
    };
    knock.wrapped(body).await
}

pub(super) async fn attempt(Path(id): Path<String>, knock: Knock) -> Answer {
    let id = named(&knock, &id)?;
    let answer = knock.required("public_key_credential")?.to_owned();
    let added = knock.house.passkey_add(&knock.caller, Some(&id), "", &answer).await.map_err(|e| knock.refuse(e))?;
    knock.wrapped(wire::passkey(&added.passkey)).await
}

pub(super) async fn show(Path(id): Path<String>, knock: Knock) -> Answer {
    let body = one(&knock, &named(&knock, &id)?).await?;
    knock.wrapped(body).await
}

pub(super) async fn rename(Path(id): Path<String>, knock: Knock) -> Answer {
    let id = named(&knock, &id)?;
    let name = knock.required("name")?.to_owned();
    knock.house.passkey_rename(&knock.caller, &id, &name).await.map_err(|e| knock.refuse(e))?;
    let body = one(&knock, &id).await?;
    knock.wrapped(body).await
}

pub(super) async fn remove(Path(id): Path<String>, knock: Knock) -> Answer {
    let id = named(&knock, &id)?;
    knock.house.passkey_remove(&knock.caller, &id).await.map_err(|e| knock.refuse(e))?;
    knock.wrapped(Deleted { object: "passkey", id: id.to_string(), deleted: true }).await
}

async fn one(knock: &Knock, id: &PasskeyId) -> Result<Passkey, Response> {
    let profile = knock.house.own_profile(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let found = profile.passkeys.iter().find(|passkey| passkey.id == *id).map(wire::passkey);
    found.ok_or_else(|| knock.refuse(Error::NotFound))
}

fn named(knock: &Knock, id: &str) -> Result<PasskeyId, Response> {
    PasskeyId::try_from(id).map_err(|_| knock.refuse(Error::NotFound))
}
