//! Addresses outside the apps' origins to which tickets may lead.

use super::call::Call;
use crate::doors::clerk::{answer::Answer, convert};
use axum::extract::Path;
use housekey_wire::backend::{Deleted, Page, RedirectUrl};

pub(super) async fn list(call: Call) -> Answer {
    let page = call.query.page().map_err(|f| call.fault(f))?;
    let paginated = call.query.flag("paginated").map_err(|f| call.fault(f))?.unwrap_or(false);
    let found = call.house.redirect_urls(&call.by, page).await.map_err(|e| call.refuse(e))?;
    let total_count = found.total;
    let data: Vec<RedirectUrl> = found.items.into_iter().map(convert::backend::redirect_url).collect();
    match paginated {
        true => call.ok(&Page { data, total_count }),
        false => call.ok(&data),
    }
}

pub(super) async fn create(mut call: Call) -> Answer {
    let body = call.body()?;
    body.only(&["url"], &[]).map_err(|f| call.fault(f))?;
    let url = body.required("url").map_err(|f| call.fault(f))?;
    let made = call.house.redirect_url_add(&call.by, url).await.map_err(|e| call.refuse(e))?;
    call.ok(&convert::backend::redirect_url(made))
}

pub(super) async fn show(Path(id): Path<String>, call: Call) -> Answer {
    let found = call.house.redirect_url(&call.by, &id).await.map_err(|e| call.refuse(e))?;
    call.ok(&convert::backend::redirect_url(found))
}

pub(super) async fn delete(Path(id): Path<String>, call: Call) -> Answer {
    call.house.redirect_url_remove(&call.by, &id).await.map_err(|e| call.refuse(e))?;
    call.ok(&Deleted { object: "redirect_url", id, deleted: true, external_id: None })
}
