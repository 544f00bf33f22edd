//! The signed-in user's second factors. The contract knows one authenticator app; several are removed together.

use crate::{
    doors::clerk::{answer::Answer, knock::Knock},
    error::Error,
    flows::factors::TotpShown,
};
use axum::response::Response;
use housekey_core::time::Time;
use housekey_wire::frontend::{
    Deleted,
    factors::{BackupCodes, Totp},
};

pub(super) async fn create(knock: Knock) -> Answer {
    let factors = knock.house.factors(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    if !factors.totps.is_empty() {
        return Err(knock.refuse(Error::field("totp", "totp_already_enabled")));
    }
    let app = knock.house.totp_begin(&knock.caller, "").await.map_err(|e| knock.refuse(e))?;
    let mut body = shown(&app, app.created);
    body.secret = Some(app.secret.expose().clone());
    body.uri = Some(app.uri.expose().clone());
    knock.wrapped(body).await
}

pub(super) async fn attempt(knock: Knock) -> Answer {
    let code = knock.required("code")?.to_owned();
    let added = knock.house.totp_confirm(&knock.caller, &code).await.map_err(|e| knock.refuse(e))?;
    let body = Totp { verified: true, backup_codes: added.codes, ..shown(&added.app, knock.house.now()) };
    knock.wrapped(body).await
}

pub(super) async fn delete(knock: Knock) -> Answer {
    let factors = knock.house.factors(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let first = factors.totps.first().map(|app| app.id.to_string());
    let id = first.ok_or_else(|| knock.refuse(Error::NotFound))?;
    knock.house.totp_remove_all(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    knock.wrapped(Deleted { object: "totp", id, deleted: true }).await
}

pub(super) async fn backup_codes(knock: Knock) -> Answer {
    let codes = knock.house.backup_codes_new(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let user = owner(&knock).await?;
    let now = knock.house.now().as_millis();
    let id = knock.house.stand_in_id("bkpc_", &["backup_codes", &user]);
    knock.wrapped(BackupCodes { object: "backup_code", id, codes, created_at: now, updated_at: now }).await
}

async fn owner(knock: &Knock) -> Result<String, Response> {
    let profile = knock.house.own_profile(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    Ok(profile.id.to_string())
}

fn shown(app: &TotpShown, updated: Time) -> Totp {
    Totp {
        object: "totp",
        id: app.id.to_string(),
        secret: None,
        uri: None,
        verified: false,
        backup_codes: Vec::new(),
        created_at: app.created.as_millis(),
        updated_at: updated.as_millis(),
    }
}
