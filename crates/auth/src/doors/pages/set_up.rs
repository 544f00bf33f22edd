//! A second factor in the middle of a sign-in, where the account must have one.

use super::{page, problem, security};
use crate::{caller::Cookies, doors::shared::Ask};
use axum::response::Response;
use serde_json::json;

pub(super) async fn show(mut ask: Ask) -> Response {
    match ask.housekey.pending_task(&ask.caller).await {
        Ok(Some(_)) => {
            // Where no phone can be one, the numbers are not told before the session counts.
            let phones = ask.housekey.phones(&ask.caller).await.unwrap_or_default();
            let phones: Vec<_> = phones.iter().filter(|phone| phone.verified).map(security::phone_shown).collect();
            let view = json!({"has_passkeys": ask.housekey.has_passkeys(), "phones": phones, "has_phones": ask.housekey.offers_second_phones()});
            page::show(ask, "set_up.html", "set-up-title", view)
        }
        Ok(None) => page::go(&ask, "/sign-in", &Cookies::default()),
        Err(error) => problem::of(&mut ask, error),
    }
}
