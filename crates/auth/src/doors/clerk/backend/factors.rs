//! A user's second factors.

use super::call::Call;
use crate::{
    doors::clerk::answer::Answer,
    error::{Denial, Error},
    flows::steward::TakenFactors,
};
use axum::extract::Path;
use housekey_core::{
    ids::{PasskeyId, UserId},
    sign_in::SecondStrategy,
};
use housekey_wire::frontend::Deleted;
use serde_json::json;

pub(super) async fn verify(Path(id): Path<String>, mut call: Call) -> Answer {
    let id: UserId = call.id(&id)?;
    let body = call.body()?;
    body.only(&["code"], &[]).map_err(|f| call.fault(f))?;
    let code = body.required("code").map_err(|f| call.fault(f))?.to_owned();
    let found = call.house.user_second_factor_check(&call.by, &id, &code).await.map_err(|e| call.refuse(e))?;
    match found.map(SecondStrategy::as_str) {
        Some(kind) => call.ok(&json!({ "verified": true, "code_type": kind })),
        None => Err(call.refuse(Error::Denied(Denial::SecondFactorIncorrect))),
    }
}

pub(super) async fn remove_all(Path(id): Path<String>, call: Call) -> Answer {
    remove(&id, call, TakenFactors::All).await
}

pub(super) async fn remove_apps(Path(id): Path<String>, call: Call) -> Answer {
    remove(&id, call, TakenFactors::Apps).await
}

pub(super) async fn remove_backup_codes(Path(id): Path<String>, call: Call) -> Answer {
    remove(&id, call, TakenFactors::BackupCodes).await
}

pub(super) async fn remove_passkey(Path((id, passkey)): Path<(String, String)>, call: Call) -> Answer {
    let (id, passkey): (UserId, PasskeyId) = (call.id(&id)?, call.id(&passkey)?);
    call.house.user_passkey_remove(&call.by, &id, &passkey).await.map_err(|e| call.refuse(e))?;
    call.ok(&Deleted { object: "passkey", id: passkey.to_string(), deleted: true })
}

async fn remove(id: &str, call: Call, what: TakenFactors) -> Answer {
    let id: UserId = call.id(id)?;
    call.house.user_factors_remove(&call.by, &id, what).await.map_err(|e| call.refuse(e))?;
    call.ok(&json!({ "user_id": id.as_str() }))
}
