//! Phone numbers of users.

use super::{
    body::{Body, Fault},
    call::Call,
};
use crate::{
    doors::clerk::{answer::Answer, convert},
    error::Result,
    flows::{profile::ProfilePhone, steward::PhoneChange},
};
use axum::{extract::Path, response::Response};
use housekey_core::ids::{PhoneId, UserId};

use housekey_wire::backend::Deleted;

const SECOND: &str = "reserved_for_second_factor";

pub(super) async fn create(mut call: Call) -> Answer {
    let body = call.body()?;
    body.only(&["user_id", "phone_number", "verified", "primary", SECOND], &[]).map_err(|f| call.fault(f))?;
    let user: UserId = call.id(body.required("user_id").map_err(|f| call.fault(f))?)?;
    let number = body.required("phone_number").map_err(|f| call.fault(f))?.to_owned();
    let change = change(&body).map_err(|f| call.fault(f))?;
    let done = call.house.number_add(&call.by, &user, &number, change).await;
    shown(&call, done)
}

pub(super) async fn show(Path(id): Path<String>, call: Call) -> Answer {
    let id: PhoneId = call.id(&id)?;
    let found = call.house.number_show(&call.by, &id).await;
    shown(&call, found)
}

pub(super) async fn update(Path(id): Path<String>, mut call: Call) -> Answer {
    let id: PhoneId = call.id(&id)?;
    let body = call.body()?;
    body.only(&["verified", "primary", SECOND], &[]).map_err(|f| call.fault(f))?;
    let change = change(&body).map_err(|f| call.fault(f))?;
    let done = call.house.number_change(&call.by, &id, change).await;
    shown(&call, done)
}

pub(super) async fn delete(Path(id): Path<String>, call: Call) -> Answer {
    let id: PhoneId = call.id(&id)?;
    call.house.number_remove(&call.by, &id).await.map_err(|e| call.refuse(e))?;
    call.ok(&Deleted { object: "phone_number", id: id.to_string(), deleted: true, external_id: None })
}

fn change(body: &Body) -> Result<PhoneChange, Fault> {
    Ok(PhoneChange {
        verified: body.flag("verified")?,
        primary: body.flag("primary")?.unwrap_or(false),
        second: body.flag(SECOND)?,
    })
}

fn shown(call: &Call, done: Result<ProfilePhone>) -> Result<Response, Response> {
    match done {
        Ok(phone) => call.ok(&convert::user::phone_number(&phone)),
        Err(error) => Err(call.refuse(error)),
    }
}
