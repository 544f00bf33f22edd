//! The lists of who may sign up and who may not.

use super::call::Call;
use crate::{
    doors::clerk::{answer::Answer, convert},
    flows::steward::WhichList,
};
use axum::extract::Path;
use housekey_wire::backend::{Deleted, ListedIdentifier, Page};

/// The blocklist is not paginated as published.
const WHOLE: i64 = 500;

pub(super) async fn allowed(call: Call) -> Answer {
    let page = call.query.page().map_err(|f| call.fault(f))?;
    let paginated = call.query.flag("paginated").map_err(|f| call.fault(f))?.unwrap_or(false);
    let (data, total_count) = listed(&call, WhichList::Allow, page).await?;
    match paginated {
        true => call.ok(&Page { data, total_count }),
        false => call.ok(&data),
    }
}

pub(super) async fn blocked(call: Call) -> Answer {
    let (data, total_count) = listed(&call, WhichList::Block, (WHOLE, 0)).await?;
    call.ok(&Page { data, total_count })
}

pub(super) async fn allow(call: Call) -> Answer {
    add(call, WhichList::Allow).await
}

pub(super) async fn block(call: Call) -> Answer {
    add(call, WhichList::Block).await
}

pub(super) async fn allow_no_more(Path(id): Path<String>, call: Call) -> Answer {
    remove(id, call, WhichList::Allow).await
}

pub(super) async fn block_no_more(Path(id): Path<String>, call: Call) -> Answer {
    remove(id, call, WhichList::Block).await
}

async fn listed(
    call: &Call,
    list: WhichList,
    page: (i64, i64),
) -> Result<(Vec<ListedIdentifier>, i64), axum::response::Response> {
    let found = call.house.listed(&call.by, list, page).await.map_err(|e| call.refuse(e))?;
    let total = found.total;
    let shown = |entry| convert::backend::listed(&call.house, list, entry);
    Ok((found.items.into_iter().map(shown).collect(), total))
}

async fn add(mut call: Call, list: WhichList) -> Answer {
    let body = call.body()?;
    body.only(&["identifier"], &["notify"]).map_err(|f| call.fault(f))?;
    let identifier = body.required("identifier").map_err(|f| call.fault(f))?;
    let made = call.house.list_add(&call.by, list, identifier).await.map_err(|e| call.refuse(e))?;
    call.ok(&convert::backend::listed(&call.house, list, made))
}

async fn remove(id: String, call: Call, list: WhichList) -> Answer {
    call.house.list_remove(&call.by, list, &id).await.map_err(|e| call.refuse(e))?;
    let object = convert::backend::listed_object(list);
    call.ok(&Deleted { object, id, deleted: true, external_id: None })
}
