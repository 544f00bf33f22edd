//! A second factor in the middle of a sign-in, where the account must have one.

use super::{page, problem};
use crate::{caller::Cookies, doors::shared::Ask};
use axum::response::Response;
use serde_json::json;

pub(super) async fn show(mut ask: Ask) -> Response {
    match ask.housekey.pending_task(&ask.caller).await {
        Ok(Some(_)) => {
            let view = json!({"has_passkeys": ask.housekey.has_passkeys()});
            page::show(ask, "set_up.html", "set-up-title", view)
        }
        Ok(None) => page::go(&ask, "/sign-in", &Cookies::default()),
        Err(error) => problem::of(&mut ask, error),
    }
}
