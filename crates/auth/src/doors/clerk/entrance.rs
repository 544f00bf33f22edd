//! The way into the Frontend API: who may come in from where, and what a browser that can send only GET and POST means.

use super::errors;
use crate::{doors::shared::CookieNames, housekey::Housekey};
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
};
use housekey_core::{ids::RequestId, redirect::Origins};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, uri::PathAndQuery};
use std::{
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};
use tower::{Service, ServiceExt};

/// What is known of a request that was let in.
#[derive(Clone, Debug)]
pub(super) struct Entered {
    /// The page's origin, one of ours or a listed one.
    pub origin: Option<String>,
    /// An app without a browser, which holds its client's secret itself.
    pub native: bool,
}

/// The Frontend API's routes behind their entrance.
#[derive(Clone)]
pub(super) struct Entrance {
    housekey: Housekey,
    client_cookie: String,
    inner: Router,
}

impl Entrance {
    pub(super) fn new(housekey: &Housekey, routes: Router<Housekey>) -> Self {
        Self {
            housekey: housekey.clone(),
            client_cookie: CookieNames::of(housekey).client.clone(),
            inner: routes.fallback(errors::not_found).with_state(housekey.clone()),
        }
    }

    /// Lets a request in, or says why not.
    fn judge(&self, request: &Request) -> Result<Entered, Response> {
        let headers = request.headers();
        let origins = self.housekey.origins();
        let named = headers.get(header::ORIGIN).map(|value| value.to_str().unwrap_or("?"));
        let has_cookie = headers.contains_key(header::COOKIE);
        if let Some(origin) = named {
            if !origins.is_known(origin) {
                return Err(foreign(origin));
            }
            return Ok(Entered { origin: Some(origin.to_owned()), native: false });
        }
        if wants_native(request.uri()) && !has_cookie {
            if !self.housekey.settings().clerk.native_api {
                let message = "Apps without a browser are not let in here. Set `clerk.native_api` to allow them.";
                return Err(errors::plain(StatusCode::BAD_REQUEST, "native_api_disabled", message));
            }
            return Ok(Entered { origin: None, native: true });
        }
        // A browser names the origin of everything but a GET.
        let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        let credential = CookieNames::read(headers, &self.client_cookie).is_some();
        if !safe {
            let message = "The request names no origin, so it was not sent by a page of this instance's apps.";
            return Err(errors::plain(StatusCode::BAD_REQUEST, "origin_missing", message));
        }
        // A GET of the page's own origin names none; where it was sent from is only a hint then, and nothing is done.
        let cross = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
        let navigates = headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate");
        if credential && cross && !navigates {
            return Err(foreign("another site"));
        }
        Ok(Entered { origin: referer(headers, origins), native: false })
    }
}

impl Service<Request> for Entrance {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let entered = match self.judge(&request) {
            Ok(entered) => entered,
            Err(refused) => return Box::pin(async move { Ok(refused) }),
        };
        let named = request.headers().contains_key(header::ORIGIN);
        let origin = entered.origin.clone().filter(|_| named);
        if *request.method() == Method::OPTIONS {
            return Box::pin(async move { Ok(allowed(preflight(), origin.as_deref())) });
        }
        if let Err(refused) = override_method(&mut request) {
            return Box::pin(async move { Ok(allowed(refused, origin.as_deref())) });
        }
        trim_slash(&mut request);
        keep_known(&mut request, entered);
        let inner = self.inner.clone();
        Box::pin(async move {
            let response = match inner.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            Ok(allowed(response, origin.as_deref()))
        })
    }
}

/// What the router outside found in the path is not to be taken for parts of ours.
fn keep_known(request: &mut Request, entered: Entered) {
    let outside = std::mem::take(request.extensions_mut());
    let known = request.extensions_mut();
    known.insert(entered);
    if let Some(peer) = outside.get::<ConnectInfo<SocketAddr>>() {
        known.insert(*peer);
    }
    if let Some(id) = outside.get::<RequestId>() {
        known.insert(id.clone());
    }
}

fn foreign(origin: &str) -> Response {
    let message = format!(
        "{origin} is not an origin of this instance's apps. List it in `server.app_origins`, exactly as it stands here."
    );
    errors::plain(StatusCode::BAD_REQUEST, "origin_invalid", &message)
}

fn wants_native(uri: &Uri) -> bool {
    let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.into_iter().any(|(name, value)| name == "_is_native" && (value == "1" || value == "true"))
}

/// The origin of the page that a GET was sent from, where it is one of ours.
fn referer(headers: &HeaderMap, origins: &Origins) -> Option<String> {
    let page = url::Url::parse(headers.get(header::REFERER)?.to_str().ok()?).ok()?;
    Some(page.origin().ascii_serialization()).filter(|origin| origins.is_known(origin))
}

/// A browser that never asks for permission sends other methods as a POST that names them.
fn override_method(request: &mut Request) -> Result<(), Response> {
    if *request.method() != Method::POST {
        return Ok(());
    }
    let query = request.uri().query().unwrap_or_default();
    let named = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "_method");
    let Some((_, named)) = named else { return Ok(()) };
    let method = match named.as_ref() {
        "PATCH" => Method::PATCH,
        "PUT" => Method::PUT,
        "DELETE" => Method::DELETE,
        "POST" => Method::POST,
        _ => {
            let message = "`_method` names PATCH, PUT or DELETE.";
            return Err(errors::plain(StatusCode::METHOD_NOT_ALLOWED, "method_invalid", message));
        }
    };
    *request.method_mut() = method;
    Ok(())
}

fn trim_slash(request: &mut Request) {
    let uri = request.uri();
    let path = uri.path();
    if path.len() < 2 || !path.ends_with('/') {
        return;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let trimmed = format!("{}{query}", path.trim_end_matches('/'));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(trimmed).ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
}

fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// Lets the page at a known origin read the answer, and no other.
fn allowed(mut response: Response, origin: Option<&str>) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Origin, Cookie"));
    if let Some(origin) = origin.and_then(|o| HeaderValue::from_str(o).ok()) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        let exposed = HeaderValue::from_static("Clerk-Db-Jwt, X-Request-Id, Retry-After");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    headers.entry(HeaderName::from_static("x-clerk-api-version")).or_insert(HeaderValue::from_static("2026-05-12"));
    response
}
