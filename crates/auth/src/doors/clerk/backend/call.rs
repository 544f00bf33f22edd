//! A call of an app's backend as a handler sees it: by which key, with which query and body; and how it is answered.

use super::{
    body::{Body, Fault},
    query::Query,
};
use crate::{
    caller::Door,
    doors::{
        clerk::{
            answer::Answer,
            errors::{Proof, Refusal},
            knock::{self, MOST_PICTURE},
        },
        shared::{Head, MOST_BODY},
    },
    error::Error,
    flows::steward::Steward,
    housekey::Housekey,
};
use axum::{
    Json,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::Value;

/// A call that was let in and read.
pub(super) struct Call {
    pub house: Housekey,
    pub by: Steward,
    pub query: Query,
    /// A picture that was sent.
    pub file: Option<Bytes>,
    value: Value,
    request: String,
}

impl FromRequest<Housekey> for Call {
    type Rejection = Response;

    async fn from_request(request: Request, house: &Housekey) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let caller = Head::of(&parts, house, Door::ClerkBackend).caller;
        let named = caller.request.to_string();
        let by = steward(house, caller, &parts.headers).await.map_err(|refusal| refusal.answer(&named, None))?;
        let refuse = |refusal: Refusal| counted(refusal.answer(&named, None), &by);
        let query = Query::parse(parts.uri.query().unwrap_or_default()).map_err(refuse)?;
        let (value, file) = read(Request::from_parts(parts, body), house).await.map_err(|e| match e {
            Unread::Refused(refusal) => refuse(refusal),
            Unread::Answered(response) => counted(response, &by),
        })?;
        Ok(Self { house: house.clone(), query, file, value, request: named, by })
    }
}

impl Call {
    /// The fields of the body.
    pub(super) fn body(&mut self) -> Result<Body, Response> {
        Body::of(self.value.take()).map_err(|fault| self.fault(fault))
    }

    /// The bodies in an array.
    pub(super) fn bodies(&mut self, most: usize) -> Result<Vec<Body>, Response> {
        match self.value.take() {
            Value::Array(items) if items.len() <= most => {
                items.into_iter().map(|item| Body::of(item).map_err(|fault| self.fault(fault))).collect()
            }
            _ => {
                let message = format!("The body must be a JSON array of at most {most} objects.");
                Err(self.fault(Refusal::one(StatusCode::BAD_REQUEST, "request_body_invalid", &message)))
            }
        }
    }

    /// An id in the path or the body. One that cannot be is one that is not there.
    pub(super) fn id<T: for<'a> TryFrom<&'a str>>(&self, text: &str) -> Result<T, Response> {
        T::try_from(text).map_err(|_| self.refuse(Error::NotFound))
    }

    /// The answer.
    pub(super) fn ok(&self, body: &impl Serialize) -> Answer {
        Ok(counted((StatusCode::OK, Json(body)).into_response(), &self.by))
    }

    /// A refusal of a flow.
    pub(super) fn refuse(&self, error: Error) -> Response {
        if let Error::Bug(what) = &error {
            tracing::error!(what, request = %self.request, "a fault of ours");
        }
        self.fault(Refusal::of(error, Proof::Own("password")))
    }

    /// A refusal of what was sent.
    pub(super) fn fault(&self, fault: Fault) -> Response {
        counted(fault.answer(&self.request, None), &self.by)
    }
}

/// Whose key it is. A key that a browser sends is in everybody's hands: it is refused, and told of.
async fn steward(house: &Housekey, caller: crate::caller::Caller, headers: &HeaderMap) -> Result<Steward, Refusal> {
    let unauthorized = |code, message| Refusal::one(StatusCode::UNAUTHORIZED, code, message);
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = given.and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")));
    let Some(key) = key else {
        let message = "The request has no secret key: send it as `Authorization: Bearer sk_…`.";
        return Err(unauthorized("authentication_invalid", message));
    };
    // No backend sends either; a GET of a page's own origin has the second alone.
    if headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site") {
        if let Err(error) = house.secret_key_exposed(&caller, key).await {
            tracing::error!(%error, "a secret key came from a browser, and that could not be written");
        }
        let message = "A secret key came from a browser, where everybody can read it. Revoke it and make another.";
        return Err(Refusal::one(StatusCode::FORBIDDEN, "secret_key_exposed", message));
    }
    match house.steward(caller, key).await {
        Ok(by) => Ok(by),
        Err(Error::SignedOut) => {
            Err(unauthorized("clerk_key_invalid", "The secret key is not one of this instance's, or was revoked."))
        }
        Err(other) => Err(Refusal::of(other, Proof::Own("password"))),
    }
}

enum Unread {
    Refused(Refusal),
    Answered(Response),
}

async fn read(request: Request, house: &Housekey) -> Result<(Value, Option<Bytes>), Unread> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "multipart/form-data" && request.uri().path().ends_with("/profile_image") {
        let file = knock::uploaded(request, house).await.map_err(Unread::Answered)?;
        return Ok((Value::Null, Some(file)));
    }
    let is_picture = request.uri().path().ends_with("/profile_image");
    let most = if is_picture { MOST_PICTURE } else { MOST_BODY };
    let bytes = knock::bytes(request, most).await.map_err(Unread::Answered)?;
    if !bytes.is_empty() && kind != "application/json" {
        let message = "The body must be application/json.";
        let refusal = Refusal::one(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_content_type", message);
        return Err(Unread::Refused(refusal));
    }
    Ok((Body::parse(&bytes).map_err(Unread::Refused)?, None))
}

/// Tells how many requests the key has left.
fn counted(mut response: Response, by: &Steward) -> Response {
    let headers = response.headers_mut();
    if let Some(quota) = by.quota() {
        let mut tell = |name: &'static str, value: i64| {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        };
        tell("x-ratelimit-limit", quota.limit.into());
        tell("x-ratelimit-remaining", quota.remaining.into());
        tell("x-ratelimit-reset", quota.reset.as_millis().div_euclid(1000) + 1);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-clerk-api-version", HeaderValue::from_static("2026-05-12"));
    response
}
