//! How strong a password is, for the script that tells it as one types. Nothing is kept.

use super::{page, problem};
use crate::doors::shared::Ask;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use housekey_core::password::Password;
use http::StatusCode;

pub(super) async fn tell(mut ask: Ask, body: Bytes) -> Response {
    let mut fields = match ask.form(&body, &["password"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    let Ok(password) = Password::parse(fields.take("password")) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let current = page::current(&ask).await.ok().flatten();
    let about = current.as_ref().map(|c| [c.first_name.as_deref(), c.last_name.as_deref(), c.email.as_deref()]);
    match ask.housekey.password_strength(&ask.caller, &password, about.as_ref().map_or(&[], |a| a)).await {
        Ok(found) => {
            let text = match found.fault {
                Some(fault) => page::words(&ask, fault.code()),
                None => ask.housekey.0.pages.words(&format!("strength-{}", found.score), &[]).unwrap_or_default(),
            };
            Json(serde_json::json!({"score": found.score, "text": text})).into_response()
        }
        Err(error) => problem::of(&mut ask, error),
    }
}
