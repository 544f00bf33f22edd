//! The tower layer.

use crate::{
    authenticate::{Decision, Verdict},
    guard::Guard,
    reason::Reason,
    refusal::{self, Refusal, Why},
    request::Head,
    session::Session,
};
use http::{HeaderMap, HeaderValue, Request, Response, header, request::Parts};
use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};
use tower::{Layer, Service};

/// Puts a guard around a service. See [`Guard::layer`].
#[derive(Clone)]
pub struct GuardLayer(Guard);

/// The service that [`GuardLayer`] makes.
#[derive(Clone)]
pub struct GuardService<S> {
    inner: S,
    guard: Guard,
}

/// What a request was found to have, for the extractors.
#[cfg(feature = "axum")]
#[derive(Clone)]
pub(crate) struct Found {
    pub guard: Guard,
    pub session: Result<Session, Why>,
    /// Whether the answer depends on who is signed in.
    pub asked: Arc<AtomicBool>,
}

impl Guard {
    /// A layer that lets through whoever has a session, and everybody to what is
    /// [`public`](crate::GuardBuilder::public).
    ///
    /// Put it around the whole app, as the last layer: a route that is added afterwards, and a path outside, is not
    /// protected. A layer that answers CORS preflights goes outside of it. Paths are those that the browser asked for,
    /// also inside `nest`.
    ///
    /// In the extensions of a request that is let through is its [`Session`], or [`Why`] it has none.
    ///
    /// Without axum the inner service is any whose answers can be made of a text:
    ///
    /// ```
    /// use http::{Request, Response};
    /// use housekey_guard::{Guard, Session};
    /// use std::convert::Infallible;
    ///
    /// async fn me(request: Request<String>) -> Result<Response<String>, Infallible> {
    ///     let user = request.extensions().get::<Session>().map_or("nobody", Session::user_id);
    ///     Ok(Response::new(user.to_owned()))
    /// }
    ///
    /// fn service(guard: &Guard) -> impl tower::Service<Request<String>, Response = Response<String>> + use<> {
    ///     tower::ServiceBuilder::new().layer(guard.layer()).service_fn(me)
    /// }
    /// ```
    pub fn layer(&self) -> GuardLayer {
        GuardLayer(self.clone())
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = GuardService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        GuardService { inner, guard: self.0.clone() }
    }
}

impl<S, B, R> Service<Request<B>> for GuardService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<String>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let unready = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, unready);
        let guard = self.guard.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            match guard.admit(&mut parts).await {
                Err(response) => Ok(response.map(R::from)),
                Ok(pass) => {
                    let mut response = inner.call(Request::from_parts(parts, body)).await?;
                    pass.finish(response.headers_mut());
                    Ok(response)
                }
            }
        })
    }
}

/// A request that was let through.
struct Pass {
    cookies: Vec<HeaderValue>,
    asked: Arc<AtomicBool>,
}

impl Guard {
    async fn admit(&self, parts: &mut Parts) -> Result<Pass, Response<String>> {
        let settings = &self.0.settings;
        let head = Head::of(parts);
        let path = head.uri.path();
        let public = settings.public.contains(path);
        let frontend = settings.proxied.contains(path);
        let Decision { verdict, cookies } =
            if frontend { Reason::NoCredentials.into() } else { self.decide(&head, public).await };
        let session: Result<Session, Why> = match verdict {
            Verdict::SignedIn(session) => Ok(session),
            Verdict::Refused(why) if public || frontend => Err(why),
            Verdict::Refused(why) => {
                let mut response = Refusal::to(&head, settings, why).response();
                set_cookies(response.headers_mut(), cookies);
                return Err(response);
            }
            Verdict::Redirect { location, reason } => {
                let mut response = refusal::handshake(location, reason);
                set_cookies(response.headers_mut(), cookies);
                return Err(response);
            }
        };
        // Only extractors tell whether a public answer depends on who asks.
        let told = cfg!(feature = "axum") && (public || frontend);
        let asked = Arc::new(AtomicBool::new(!told));
        match &session {
            Ok(session) => drop(parts.extensions.insert(session.clone())),
            Err(why) => drop(parts.extensions.insert(*why)),
        }
        #[cfg(feature = "axum")]
        parts.extensions.insert(Found { guard: self.clone(), session, asked: asked.clone() });
        Ok(Pass { cookies, asked })
    }
}

impl Pass {
    /// Says what the answer depends on, and hands over new cookies (SEC-48).
    fn finish(self, headers: &mut HeaderMap) {
        if self.asked.load(Ordering::Relaxed) || !self.cookies.is_empty() {
            vary_by_cookie(headers);
        }
        if !self.cookies.is_empty() {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            set_cookies(headers, self.cookies);
        }
    }
}

fn set_cookies(headers: &mut HeaderMap, cookies: Vec<HeaderValue>) {
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
}

fn vary_by_cookie(headers: &mut HeaderMap) {
    let mut listed = headers.get_all(header::VARY).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','));
    if !listed.any(|name| matches!(name.trim(), "*") || name.trim().eq_ignore_ascii_case("cookie")) {
        headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    }
}
