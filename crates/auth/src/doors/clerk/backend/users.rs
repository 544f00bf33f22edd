//! Users: found, made, changed, banned, locked, deleted.

use super::{
    call::Call,
    user_form::{changed, made},
};
use crate::{
    doors::clerk::{answer::Answer, convert},
    error::{Error, Result},
    flows::{profile::Profile, steward::Find},
};
use axum::{extract::Path, response::Response};
use housekey_core::ids::UserId;
use housekey_wire::{
    backend::{Deleted, TotalCount},
    frontend::user::User,
};
use serde_json::json;

/// Users that one call may ban.
const MOST_AT_ONCE: usize = 100;

pub(super) async fn list(call: Call) -> Answer {
    let find = call.query.find().map_err(|f| call.fault(f))?;
    let page = call.query.page().map_err(|f| call.fault(f))?;
    let order = call.query.text("order_by").unwrap_or_default();
    let after = call.query.text("starting_after");
    let found = call.house.users_find(&call.by, &find, order, page, after).await.map_err(|e| call.refuse(e))?;
    let users: Vec<User> = found.iter().map(|profile| convert::user::whole_user(&call.house, profile)).collect();
    call.ok(&users)
}

pub(super) async fn count(call: Call) -> Answer {
    let find: Find = call.query.find().map_err(|f| call.fault(f))?;
    let total_count = call.house.users_count(&call.by, &find).await.map_err(|e| call.refuse(e))?;
    call.ok(&TotalCount { object: "total_count", total_count })
}

pub(super) async fn create(mut call: Call) -> Answer {
    let body = call.body()?;
    let form = made(body).map_err(|f| call.fault(f))?;
    let done = call.house.user_make(&call.by, form).await;
    shown(&call, done)
}

pub(super) async fn show(Path(id): Path<String>, call: Call) -> Answer {
    let id: UserId = call.id(&id)?;
    let found = call.house.user_show(&call.by, &id).await;
    shown(&call, found)
}

pub(super) async fn update(Path(id): Path<String>, mut call: Call) -> Answer {
    let id: UserId = call.id(&id)?;
    let body = call.body()?;
    let form = changed(body).map_err(|f| call.fault(f))?;
    let done = call.house.user_change(&call.by, &id, form).await;
    shown(&call, done)
}

pub(super) async fn delete(Path(id): Path<String>, call: Call) -> Answer {
    let id: UserId = call.id(&id)?;
    let external_id = call.house.user_delete(&call.by, &id).await.map_err(|e| call.refuse(e))?;
    call.ok(&Deleted { object: "user", id: id.to_string(), deleted: true, external_id })
}

pub(super) async fn ban(Path(id): Path<String>, call: Call) -> Answer {
    set_banned(&id, call, true).await
}

pub(super) async fn unban(Path(id): Path<String>, call: Call) -> Answer {
    set_banned(&id, call, false).await
}

pub(super) async fn ban_many(call: Call) -> Answer {
    set_many(call, true).await
}

pub(super) async fn unban_many(call: Call) -> Answer {
    set_many(call, false).await
}

pub(super) async fn lock(Path(id): Path<String>, call: Call) -> Answer {
    let id: UserId = call.id(&id)?;
    let done = call.house.user_lock(&call.by, &id, true).await;
    shown(&call, done)
}

pub(super) async fn unlock(Path(id): Path<String>, call: Call) -> Answer {
    let id: UserId = call.id(&id)?;
    let done = call.house.user_lock(&call.by, &id, false).await;
    shown(&call, done)
}

pub(super) async fn merge_metadata(Path(id): Path<String>, call: Call) -> Answer {
    set_metadata(&id, call, false).await
}

pub(super) async fn replace_metadata(Path(id): Path<String>, call: Call) -> Answer {
    set_metadata(&id, call, true).await
}

pub(super) async fn set_picture(Path(id): Path<String>, mut call: Call) -> Answer {
    let id: UserId = call.id(&id)?;
    let sent = call.file.take().ok_or_else(|| call.refuse(Error::field("file", "picture_unreadable")))?;
    let done = call.house.user_picture(&call.by, &id, Some(sent)).await;
    shown(&call, done)
}

pub(super) async fn drop_picture(Path(id): Path<String>, call: Call) -> Answer {
    let id: UserId = call.id(&id)?;
    let done = call.house.user_picture(&call.by, &id, None).await;
    shown(&call, done)
}

pub(super) async fn verify_password(Path(id): Path<String>, mut call: Call) -> Answer {
    let id: UserId = call.id(&id)?;
    let mut body = call.body()?;
    body.only(&["password"], &[]).map_err(|f| call.fault(f))?;
    body.required("password").map_err(|f| call.fault(f))?;
    let Some(password) = body.password("password").map_err(|f| call.fault(f))? else {
        return Err(call.refuse(Error::field("password", "missing")));
    };
    let right = call.house.user_password_check(&call.by, &id, password).await.map_err(|e| call.refuse(e))?;
    match right {
        true => call.ok(&json!({ "verified": true })),
        false => Err(call.refuse(Error::Denied(crate::error::Denial::PasswordOrIdentifierIncorrect))),
    }
}

pub(super) async fn remove_password(Path(id): Path<String>, mut call: Call) -> Answer {
    let id: UserId = call.id(&id)?;
    let body = call.body()?;
    body.only(&["sign_out_of_other_sessions"], &[]).map_err(|f| call.fault(f))?;
    let sign_out = body.flag("sign_out_of_other_sessions").map_err(|f| call.fault(f))?.unwrap_or(false);
    let done = call.house.user_password_remove(&call.by, &id, sign_out).await;
    shown(&call, done)
}

pub(super) async fn set_compromised(Path(id): Path<String>, mut call: Call) -> Answer {
    let id: UserId = call.id(&id)?;
    let body = call.body()?;
    body.only(&["revoke_all_sessions"], &[]).map_err(|f| call.fault(f))?;
    let sign_out = body.flag("revoke_all_sessions").map_err(|f| call.fault(f))?.unwrap_or(false);
    let done = call.house.user_password_compromise(&call.by, &id, true, sign_out).await;
    shown(&call, done)
}

pub(super) async fn unset_compromised(Path(id): Path<String>, call: Call) -> Answer {
    let id: UserId = call.id(&id)?;
    let done = call.house.user_password_compromise(&call.by, &id, false, false).await;
    shown(&call, done)
}

async fn set_banned(id: &str, call: Call, banned: bool) -> Answer {
    let id: UserId = call.id(id)?;
    let done = call.house.user_ban(&call.by, &id, banned).await;
    shown(&call, done)
}

async fn set_many(mut call: Call, banned: bool) -> Answer {
    let body = call.body()?;
    body.only(&["user_ids"], &[]).map_err(|f| call.fault(f))?;
    let named = body.texts("user_ids").map_err(|f| call.fault(f))?;
    if named.is_empty() || named.len() > MOST_AT_ONCE {
        return Err(call.refuse(Error::field("user_ids", if named.is_empty() { "missing" } else { "too_many_values" })));
    }
    // All of them are there before any is changed.
    let mut ids: Vec<UserId> = Vec::new();
    for id in &named {
        let id = call.id(id)?;
        call.house.user_show(&call.by, &id).await.map_err(|e| call.refuse(e))?;
        ids.push(id);
    }
    let mut users: Vec<User> = Vec::new();
    for id in &ids {
        let profile = call.house.user_ban(&call.by, id, banned).await.map_err(|e| call.refuse(e))?;
        users.push(convert::user::whole_user(&call.house, &profile));
    }
    call.ok(&users)
}

async fn set_metadata(id: &str, mut call: Call, replace: bool) -> Answer {
    let id: UserId = call.id(id)?;
    let body = call.body()?;
    let names = ["public_metadata", "private_metadata", "unsafe_metadata"];
    body.only(&names, &[]).map_err(|f| call.fault(f))?;
    let [public, private, own] = names;
    let read = |name| body.object(name);
    let given = [
        read(public).map_err(|f| call.fault(f))?,
        read(private).map_err(|f| call.fault(f))?,
        read(own).map_err(|f| call.fault(f))?,
    ];
    let done = call.house.user_metadata(&call.by, &id, &given, replace).await;
    shown(&call, done)
}

fn shown(call: &Call, done: Result<Profile>) -> Result<Response, Response> {
    match done {
        Ok(profile) => call.ok(&convert::user::whole_user(&call.house, &profile)),
        Err(error) => Err(call.refuse(error)),
    }
}
