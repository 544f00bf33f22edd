//! Tickets that sign one user in, and tokens by which an app's own tests pass for people.

use super::call::Call;
use crate::{
    doors::clerk::{answer::Answer, convert},
    error::Error,
};
use axum::extract::Path;
use housekey_core::ids::{SignInTokenId, UserId};
use housekey_wire::backend::TestingToken;

pub(super) async fn create(mut call: Call) -> Answer {
    let body = call.body()?;
    body.only(&["user_id", "expires_in_seconds"], &["org_id"]).map_err(|f| call.fault(f))?;
    let user: UserId = call.id(body.required("user_id").map_err(|f| call.fault(f))?)?;
    let seconds = body.int("expires_in_seconds").map_err(|f| call.fault(f))?;
    let made = call.house.ticket_make(&call.by, &user, seconds).await.map_err(|e| call.refuse(e))?;
    call.ok(&convert::backend::ticket(made))
}

pub(super) async fn revoke(Path(id): Path<String>, call: Call) -> Answer {
    let id: SignInTokenId = call.id(&id)?;
    let revoked = call.house.ticket_revoke(&call.by, &id).await.map_err(|e| call.refuse(e))?;
    call.ok(&convert::backend::ticket(revoked))
}

pub(super) async fn testing(call: Call) -> Answer {
    match call.house.testing_token(&call.by).await {
        Ok((token, until)) => {
            call.ok(&TestingToken { object: "testing_token", token, expires_at: until.as_millis().div_euclid(1000) })
        }
        Err(Error::NotFound) => Err(call.refuse(Error::field("testing_token", "test_mode_off"))),
        Err(other) => Err(call.refuse(other)),
    }
}
