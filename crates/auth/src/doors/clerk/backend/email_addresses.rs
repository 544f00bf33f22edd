//! Addresses of users.

use super::call::Call;
use crate::{
    doors::clerk::{answer::Answer, convert},
    error::{Error, Result},
    flows::{profile::ProfileEmail, steward::NewAddress},
};
use axum::{extract::Path, response::Response};
use housekey_core::ids::{EmailId, UserId};
use housekey_wire::backend::Deleted;

const NOTIFY: &str = "notify_primary_email_address_changed";

pub(super) async fn create(mut call: Call) -> Answer {
    let body = call.body()?;
    body.only(&["user_id", "email_address", "verified", "primary", NOTIFY], &[]).map_err(|f| call.fault(f))?;
    let user: UserId = call.id(body.required("user_id").map_err(|f| call.fault(f))?)?;
    let flag = |name| body.flag(name).map(|given| given.unwrap_or(false)).map_err(|f| call.fault(f));
    let new = NewAddress {
        address: body.required("email_address").map_err(|f| call.fault(f))?.to_owned(),
        verified: flag("verified")?,
        primary: flag("primary")?,
        alone: false,
        notify: flag(NOTIFY)?,
    };
    let done = call.house.address_add(&call.by, &user, new).await;
    shown(&call, done)
}

pub(super) async fn show(Path(id): Path<String>, call: Call) -> Answer {
    let id: EmailId = call.id(&id)?;
    let found = call.house.address_show(&call.by, &id).await;
    shown(&call, found)
}

pub(super) async fn update(Path(id): Path<String>, mut call: Call) -> Answer {
    let id: EmailId = call.id(&id)?;
    let body = call.body()?;
    body.only(&["verified", "primary", NOTIFY], &[]).map_err(|f| call.fault(f))?;
    let verified = body.flag("verified").map_err(|f| call.fault(f))?;
    let flag = |name| body.flag(name).map(|given| given.unwrap_or(false)).map_err(|f| call.fault(f));
    let (primary, notify) = (flag("primary")?, flag(NOTIFY)?);
    let done = call.house.address_change(&call.by, &id, verified, primary, notify).await;
    shown(&call, done)
}

pub(super) async fn delete(Path(id): Path<String>, call: Call) -> Answer {
    let id: EmailId = call.id(&id)?;
    call.house.address_remove(&call.by, &id).await.map_err(|e| call.refuse(e))?;
    call.ok(&Deleted { object: "email_address", id: id.to_string(), deleted: true, external_id: None })
}

pub(super) async fn replace(Path(user): Path<String>, mut call: Call) -> Answer {
    let user: UserId = call.id(&user)?;
    let body = call.body()?;
    body.only(&["email_address", "identification_status", NOTIFY], &[]).map_err(|f| call.fault(f))?;
    let status = body.text("identification_status").map_err(|f| call.fault(f))?.unwrap_or("verified");
    if status != "verified" {
        // A user whose only address is not proved could never come in again.
        return Err(call.refuse(Error::field("identification_status", "email_not_verified")));
    }
    let new = NewAddress {
        address: body.required("email_address").map_err(|f| call.fault(f))?.to_owned(),
        verified: true,
        primary: true,
        alone: true,
        notify: body.flag(NOTIFY).map_err(|f| call.fault(f))?.unwrap_or(false),
    };
    let done = call.house.address_add(&call.by, &user, new).await;
    shown(&call, done)
}

fn shown(call: &Call, done: Result<ProfileEmail>) -> Result<Response, Response> {
    match done {
        Ok(address) => call.ok(&convert::user::email_address(&address)),
        Err(error) => Err(call.refuse(error)),
    }
}
