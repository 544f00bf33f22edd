//! Clients: browsers and devices, with who is signed in on them.

use super::call::Call;
use crate::{
    doors::clerk::{answer::Answer, convert},
    error::Error,
};
use axum::extract::Path;
use housekey_core::ids::ClientId;
use serde_json::json;

pub(super) async fn show(Path(id): Path<String>, call: Call) -> Answer {
    let id: ClientId = call.id(&id)?;
    let found = call.house.kept_client(&call.by, &id).await.map_err(|e| call.refuse(e))?;
    call.ok(&convert::backend::client(&call.house, &found))
}

pub(super) async fn verify(mut call: Call) -> Answer {
    let body = call.body()?;
    body.only(&["token"], &[]).map_err(|f| call.fault(f))?;
    let token = body.required("token").map_err(|f| call.fault(f))?;
    let found = call.house.kept_client_of_token(&call.by, token).await.map_err(|e| call.refuse(e))?;
    call.ok(&convert::backend::client(&call.house, &found))
}

/// The cookies that a handshake left for an app's backend, once.
pub(super) async fn handshake_payload(call: Call) -> Answer {
    let Some(nonce) = call.query.text("nonce") else {
        return Err(call.refuse(Error::field("nonce", "missing")));
    };
    let directives = call.house.handshake_take(nonce).await.map_err(|e| call.refuse(e))?;
    call.ok(&json!({ "directives": directives }))
}
