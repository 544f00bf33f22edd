//! What is refused before any route: other hosts, odd methods, bodies that are too large, too slow or packed. And what
//! every request gets: an id, an end in time, and a process that outlives a panic.

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use housekey::{Housekey, core::ids::RequestId};
use http_body_util::{BodyExt, Limited};
use hyper::body::Body as _;
use std::{any::Any, panic::AssertUnwindSafe, time::Duration};
use tokio::time::timeout;

/// The largest body of any route (SEC-110), but of the one that takes a picture.
const LARGEST_BODY: usize = 64 * 1024;
/// A picture of 5 MiB in its envelope.
const LARGEST_PICTURE: usize = 5 * 1024 * 1024 + LARGEST_BODY;
const FOR_PICTURES: &str = "/v1/me/profile_image";
const LONGEST_URL: usize = 8 * 1024;
const BODY_WITHIN: Duration = Duration::from_secs(15);
const REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// Routes for load balancers, which ask by address.
const FOR_ANY_HOST: [&str; 2] = ["/healthz", "/readyz"];

/// Lays the guard around the routes: one layer, since every layer costs each request some microseconds.
pub fn around(router: Router, housekey: &Housekey) -> Router {
    router.layer(middleware::from_fn_with_state(housekey.clone(), guard))
}

async fn guard(State(housekey): State<Housekey>, mut request: Request, next: Next) -> Response {
    let id = RequestId::new(housekey.now(), housekey.entropy());
    let value = HeaderValue::from_str(id.as_str());
    request.extensions_mut().insert(id);
    let mut response = answered(let_in(&housekey, request, next)).await;
    if let Ok(value) = value {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// The answer, or another one when it takes too long or panics.
async fn answered(answer: impl Future<Output = Response>) -> Response {
    match timeout(REQUEST_WITHIN, AssertUnwindSafe(answer).catch_unwind()).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => panicked(panic.as_ref()),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], "took too long\n").into_response(),
    }
}

async fn let_in(housekey: &Housekey, request: Request, next: Next) -> Response {
    if let Err(refused) = in_bounds(&request).and_then(|()| own_host(housekey, &request)) {
        return refused;
    }
    match whole_body(request).await {
        Ok(mut request) => {
            DefaultBodyLimit::max(LARGEST_PICTURE).apply(&mut request);
            next.run(request).await
        }
        Err(refused) => refused,
    }
}

fn in_bounds(request: &Request) -> Result<(), Response> {
    if request.uri().path_and_query().is_some_and(|p| p.as_str().len() > LONGEST_URL) {
        return Err(refuse(StatusCode::URI_TOO_LONG, "the address is longer than 8 KiB\n"));
    }
    if matches!(*request.method(), Method::TRACE | Method::CONNECT) {
        return Err(refuse(StatusCode::METHOD_NOT_ALLOWED, "not with this method\n"));
    }
    let packed = request.headers().get(header::CONTENT_ENCODING).is_some_and(|e| e != "identity");
    if packed {
        return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "compressed bodies are not taken\n"));
    }
    Ok(())
}

/// Another host's name in a request leads nowhere: no link, no cookie and no cache may be made of it (SEC-37).
fn own_host(housekey: &Housekey, request: &Request) -> Result<(), Response> {
    let path = request.uri().path();
    if FOR_ANY_HOST.contains(&path) {
        return Ok(());
    }
    let named = request.headers().get(header::HOST).and_then(|h| h.to_str().ok());
    let named = named.or_else(|| request.uri().authority().map(|a| a.as_str()));
    if named.is_some_and(|named| housekey.is_served_at(named, path)) {
        return Ok(());
    }
    let url = housekey.public_url();
    Err(refuse(StatusCode::MISDIRECTED_REQUEST, format!("this host is not served here: open {url}\n")))
}

/// Reads the whole body, within its time and size, before any work begins.
async fn whole_body(request: Request) -> Result<Request, Response> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let most = if parts.uri.path().ends_with(FOR_PICTURES) { LARGEST_PICTURE } else { LARGEST_BODY };
    let too_large = || refuse(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {} KiB\n", most / 1024));
    let told = parts.headers.get(header::CONTENT_LENGTH).and_then(|l| l.to_str().ok()).and_then(|l| l.parse().ok());
    if told.is_some_and(|length: usize| length > most) {
        return Err(too_large());
    }
    match timeout(BODY_WITHIN, Limited::new(body, most).collect()).await {
        Ok(Ok(whole)) => Ok(Request::from_parts(parts, Body::from(whole.to_bytes()))),
        Ok(Err(_)) => Err(too_large()),
        Err(_) => Err(refuse(StatusCode::REQUEST_TIMEOUT, "the body did not come within 15 s\n")),
    }
}

/// What was not read is not waited for.
fn refuse(status: StatusCode, why: impl Into<String>) -> Response {
    (status, [(header::CONNECTION, "close"), (header::CACHE_CONTROL, "no-store")], why.into()).into_response()
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let what =
        panic.downcast_ref::<&str>().map(|s| (*s).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
    tracing::error!(what = what.unwrap_or_default(), "a request panicked; the others go on");
    refuse(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong, and it is noted\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::ready;

    #[tokio::test]
    async fn a_panic_ends_its_own_request() {
        let broken = async {
            if ready(true).await {
                panic!("on purpose");
            }
            StatusCode::OK.into_response()
        };
        assert_eq!(answered(broken).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answered(ready(StatusCode::OK.into_response())).await.status(), StatusCode::OK);
    }
}
