//! The username, chosen or changed on the profile.

use super::{account, page};
use crate::{caller::Cookies, doors::shared::Ask};
use axum::response::Response;
use bytes::Bytes;

pub(super) async fn change(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["username"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    let typed = fields.text("username").to_owned();
    match ask.housekey.account_set_username(&ask.caller, &typed).await {
        Ok(()) => page::go_done(&ask, "/account", "username", &Cookies::default()),
        Err(error) => account::refused_username(ask, error, typed).await,
    }
}
