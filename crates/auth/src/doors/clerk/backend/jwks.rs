//! The public keys of session tokens: for whoever asks, since they are public.

use crate::{
    doors::clerk::{
        answer::Answer,
        errors::{Proof, Refusal},
    },
    housekey::Housekey,
};
use axum::{Json, extract::State, response::IntoResponse};
use http::{HeaderValue, header};

pub(super) async fn show(State(house): State<Housekey>) -> Answer {
    let signing = house.signing().await.map_err(|e| Refusal::of(e, Proof::SignIn).answer("", None))?;
    let mut response = Json(signing.jwks()).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    Ok(response)
}
