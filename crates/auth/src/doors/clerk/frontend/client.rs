//! The client: shown, made, and signed out of everything.

use crate::{
    caller::Cookies,
    doors::clerk::{answer::Answer, convert, knock::Knock},
    error::Error,
};
use axum::response::{IntoResponse, Response};
use housekey_wire::frontend::Wrapped;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

pub(super) async fn show(knock: Knock) -> Answer {
    let view = knock.house.client_view(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let shown = match &view {
        Some(view) => Some(knock.shown(view, &Cookies::default()).await),
        None => None,
    };
    Ok(knock.bare(&Wrapped { response: shown, client: Value::Null }))
}

pub(super) async fn begin(knock: Knock) -> Answer {
    knock.counted()?;
    let outcome = knock.house.client_begin(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let house = knock.house.clone();
    knock.answered(outcome, |(), view| view.map(|view| convert::client::client(&house, view))).await
}

/// Everybody signed in here is signed out; the client stays.
pub(super) async fn sign_out(knock: Knock) -> Answer {
    let outcome = knock.house.client_sign_out(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let house = knock.house.clone();
    knock.answered(outcome, |(), view| view.map(|view| convert::client::client(&house, view))).await
}

/// A browser shows what its widget solved, before it repeats what was due a challenge.
pub(super) async fn verify(knock: Knock) -> Answer {
    knock.counted()?;
    let outcome = knock.house.captcha_pass(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let house = knock.house.clone();
    knock.answered(outcome, |(), view| view.map(|view| convert::client::client(&house, view))).await
}

/// A development browser keeps a name for itself where apps have test keys. It grants nothing: the client's own cookie
/// is what counts.
pub(super) async fn dev_browser(knock: Knock) -> Answer {
    if knock.house.settings().mode().is_production() {
        return Err(knock.refuse(Error::NotFound));
    }
    let id = knock.house.stand_in_id("dvb_", &[knock.caller.request.as_str()]);
    let mut response: Response = (StatusCode::OK, axum::Json(json!({ "id": id, "token": id }))).into_response();
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("clerk-db-jwt", value);
    }
    Ok(response)
}
