//! Signing out: a page that asks, and the POST that does it.

use super::{page, problem};
use crate::{caller::Cookies, doors::shared::Ask};
use axum::response::Response;
use bytes::Bytes;

pub(super) async fn show(mut ask: Ask) -> Response {
    match page::current(&ask).await {
        Ok(Some(current)) => {
            let who = current.email.clone().unwrap_or_else(|| current.user().to_string());
            let view = serde_json::json!({"who": who, "guest": current.is_guest()});
            page::show(ask, "sign_out.html", "sign-out-title", view)
        }
        Ok(None) => page::go(&ask, "/sign-in", &Cookies::default()),
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn end(mut ask: Ask, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    match ask.housekey.sign_out(&ask.caller).await {
        Ok(outcome) => page::go(&ask, "/", &outcome.cookies),
        Err(error) => problem::of(&mut ask, error),
    }
}
