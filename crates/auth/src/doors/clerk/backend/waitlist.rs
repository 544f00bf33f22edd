//! The waitlist.

use super::{
    body::{Body, Fault, wrong},
    call::Call,
};
use crate::doors::clerk::{answer::Answer, convert};
use axum::extract::Path;
use housekey_wire::backend::{Deleted, Page, WaitlistEntry};

const MOST_AT_ONCE: usize = 50;
const STATES: [&str; 4] = ["pending", "invited", "completed", "rejected"];

pub(super) async fn list(call: Call) -> Answer {
    let page = call.query.page().map_err(|f| call.fault(f))?;
    let state = call.query.text("status").unwrap_or_default();
    if !state.is_empty() && !STATES.contains(&state) {
        return Err(call.fault(wrong("status", "is no status of an entry")));
    }
    if !matches!(call.query.text("order_by").unwrap_or("-created_at"), "-created_at") {
        return Err(call.fault(wrong("order_by", "is no order of entries here: they come newest first")));
    }
    let part = call.query.text("query").unwrap_or_default();
    let found = call.house.waitlist(&call.by, state, part, page).await.map_err(|e| call.refuse(e))?;
    let total_count = found.total;
    let data: Vec<WaitlistEntry> = found.items.into_iter().map(convert::backend::waiting).collect();
    call.ok(&Page { data, total_count })
}

pub(super) async fn create(mut call: Call) -> Answer {
    let body = call.body()?;
    let (address, notify) = read(&body).map_err(|f| call.fault(f))?;
    let made = call.house.waitlist_add(&call.by, &address, notify).await.map_err(|e| call.refuse(e))?;
    call.ok(&convert::backend::waiting(made))
}

/// Several at once: those before one that is refused are made.
pub(super) async fn create_many(mut call: Call) -> Answer {
    let bodies = call.bodies(MOST_AT_ONCE)?;
    let all = bodies.iter().map(read).collect::<Result<Vec<_>, _>>().map_err(|f| call.fault(f))?;
    let mut made: Vec<WaitlistEntry> = Vec::new();
    for (address, notify) in all {
        let one = call.house.waitlist_add(&call.by, &address, notify).await.map_err(|e| call.refuse(e))?;
        made.push(convert::backend::waiting(one));
    }
    call.ok(&made)
}

pub(super) async fn invite(Path(id): Path<String>, mut call: Call) -> Answer {
    let body = call.body()?;
    body.only(&["ignore_existing"], &[]).map_err(|f| call.fault(f))?;
    let ignore = body.flag("ignore_existing").map_err(|f| call.fault(f))?.unwrap_or(false);
    let entry = call.house.waitlist_invite(&call.by, &id, ignore).await.map_err(|e| call.refuse(e))?;
    call.ok(&convert::backend::waiting(entry))
}

pub(super) async fn reject(Path(id): Path<String>, call: Call) -> Answer {
    let entry = call.house.waitlist_reject(&call.by, &id).await.map_err(|e| call.refuse(e))?;
    call.ok(&convert::backend::waiting(entry))
}

pub(super) async fn delete(Path(id): Path<String>, call: Call) -> Answer {
    call.house.waitlist_remove(&call.by, &id).await.map_err(|e| call.refuse(e))?;
    call.ok(&Deleted { object: "waitlist_entry", id, deleted: true, external_id: None })
}

fn read(body: &Body) -> Result<(String, bool), Fault> {
    body.only(&["email_address", "notify"], &[])?;
    Ok((body.required("email_address")?.to_owned(), body.flag("notify")?.unwrap_or(true)))
}
