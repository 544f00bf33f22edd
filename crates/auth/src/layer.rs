//! The tower layer and the extractors for an app that embeds the house.
//!
//! The layer only notes the credential; the check is made when a handler asks for it, so that a public route costs
//! nothing. What is asked twice in a request is checked once.

use crate::{
    caller::{Caller, Door},
    doors::shared::{CookieNames, Head},
    error::Error,
    housekey::Housekey,
    sessions::Current,
};
use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts, OriginalUri, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use serde_json::json;
use std::{
    sync::Arc,
    task::{Context, Poll},
};
use tower::{Layer, Service};
use url::{Position, Url};

/// Puts the house into every request of an app. See [`Housekey::layer`].
#[derive(Clone)]
pub struct HousekeyLayer {
    housekey: Housekey,
}

/// The service that [`HousekeyLayer`] makes.
#[derive(Clone)]
pub struct HousekeyService<S> {
    inner: S,
    house: HousekeyLayer,
}

impl Housekey {
    /// A layer that lets the extractors [`User`], [`Session`], [`Fresh`] and [`CsrfToken`] work in an app's handlers.
    pub fn layer(&self) -> HousekeyLayer {
        HousekeyLayer { housekey: self.clone() }
    }
}

impl<S> Layer<S> for HousekeyLayer {
    type Service = HousekeyService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        HousekeyService { inner, house: self.clone() }
    }
}

impl<S: Service<Request>> Service<Request> for HousekeyService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        request.extensions_mut().insert(self.house.clone());
        self.inner.call(request)
    }
}

/// The signed-in user of a request. As `Option<User>` it lets everybody in and tells who is known.
#[derive(Clone, Debug)]
pub struct User {
    /// The user's id.
    pub id: housekey_core::ids::UserId,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// The primary address.
    pub email: Option<String>,
    /// Whether it is a guest, who told nobody who they are.
    pub guest: bool,
}

/// The signed-in user's session.
#[derive(Clone, Debug)]
pub struct Session(pub Arc<Current>);

/// A session in which a factor was proved in the last five minutes, for what is risky. Anybody else is asked for one
/// first and comes back.
#[derive(Clone, Debug)]
pub struct Fresh(pub Arc<Current>);

/// The token for an app's own forms, and the check of what came back with one.
#[derive(Clone)]
pub struct CsrfToken {
    housekey: Housekey,
    client: String,
}

impl CsrfToken {
    /// The text for a hidden field.
    pub fn text(&self) -> String {
        crate::doors::shared::form_token(&self.housekey, &self.client)
    }

    /// A hidden field named `csrf` for a form, as HTML.
    pub fn field(&self) -> String {
        format!("<input type=\"hidden\" name=\"csrf\" value=\"{}\">", self.text())
    }

    /// Refuses a posted token that was not made for this client: call it before a form's work is done.
    ///
    /// # Errors
    /// [`Turned::Forged`], which is a response.
    pub fn check(&self, posted: &str) -> Result<(), Turned> {
        if self.matches(posted) { Ok(()) } else { Err(Turned::Forged) }
    }

    /// Whether a posted token was made for this client.
    pub fn matches(&self, posted: &str) -> bool {
        crate::doors::shared::is_form_token(&self.housekey, posted, &self.client)
    }
}

/// Why an extractor turned a request away. Browsers are led to the page that helps; API clients get a status
/// (RFC 9470 for [`Fresh`]).
#[derive(Debug)]
pub enum Turned {
    /// Nobody is signed in.
    SignIn {
        /// Where the browser should go, if it is one.
        page: Option<String>,
    },
    /// A fresh factor is due.
    StepUp {
        /// Where the browser should go, if it is one.
        page: Option<String>,
    },
    /// The request was sent by another site's page (SEC-50).
    CrossSite,
    /// A form came without a token of ours, or with another browser's (SEC-51).
    Forged,
    /// The database is out of reach: nobody is let in, and nobody is signed out.
    Unavailable,
    /// The layer is missing: a fault of the app.
    NoLayer,
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        let away = |page: Option<String>, challenge: &'static str, code, message| match page {
            Some(page) => (StatusCode::SEE_OTHER, [(header::LOCATION, page)]).into_response(),
            None => {
                ([(header::WWW_AUTHENTICATE, challenge)], told(StatusCode::UNAUTHORIZED, code, message)).into_response()
            }
        };
        let mut response = match self {
            Self::SignIn { page } => away(page, "Housekey", "signed_out", "Sign in first."),
            Self::StepUp { page } => {
                let challenge = "Housekey error=\"insufficient_user_authentication\", max_age=300";
                away(page, challenge, "stale", "Confirm that it is you, and try again.")
            }
            Self::CrossSite => told(StatusCode::FORBIDDEN, "cross_site", "This was sent from another site's page."),
            Self::Forged => told(
                StatusCode::FORBIDDEN,
                "form_forged",
                "This form is too old. Load its page again, and send it anew.",
            ),
            Self::Unavailable => {
                let told = told(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Try again in a moment.");
                ([(header::RETRY_AFTER, "2")], told).into_response()
            }
            Self::NoLayer => {
                tracing::error!("an extractor was used without Housekey::layer() around its route");
                told(StatusCode::INTERNAL_SERVER_ERROR, "bug", "Something went wrong, and it is noted.")
            }
        };
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Cookie"));
        response
    }
}

/// Problem details (RFC 9457), with a stable `code` beside the sentence.
fn told(status: StatusCode, code: &str, title: &str) -> Response {
    let problem = json!({ "title": title, "status": status.as_u16(), "code": code }).to_string();
    (status, [(header::CONTENT_TYPE, "application/problem+json")], problem).into_response()
}

/// What a request's check found, kept for the next extractor.
#[derive(Clone)]
struct Checked(Option<Arc<Current>>);

async fn check(parts: &mut Parts) -> Result<Option<Arc<Current>>, Turned> {
    if let Some(Checked(found)) = parts.extensions.get::<Checked>() {
        return Ok(found.clone());
    }
    let house = parts.extensions.get::<HousekeyLayer>().cloned().ok_or(Turned::NoLayer)?;
    let found = match CookieNames::of(&house.housekey).client(&parts.headers) {
        Some(token) => house.housekey.check_session(&token).await.map_err(|_| Turned::Unavailable)?,
        None => None,
    };
    // A cookie says who, not whether they meant it: what changes something must come from our own pages.
    let safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if found.is_some() && !safe && crate::doors::shared::is_cross_site(&parts.headers, house.housekey.origins()) {
        return Err(Turned::CrossSite);
    }
    parts.extensions.insert(Checked(found.clone()));
    Ok(found)
}

/// The page to send a browser to: only where it asked for a document, and only back to where it was. A form that was
/// sent cannot be sent again by a redirect, so its sender comes back to the page it stands on.
fn page(parts: &Parts, path: &str) -> Option<String> {
    let house = &parts.extensions.get::<HousekeyLayer>()?.housekey;
    let text = |name| parts.headers.get(name).and_then(|v| v.to_str().ok());
    if !text(header::ACCEPT).unwrap_or_default().contains("text/html") {
        return None;
    }
    let back = if parts.method == Method::GET {
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |o| &o.0);
        uri.path_and_query().map_or("/", |p| p.as_str()).to_owned()
    } else {
        let form = text(header::REFERER).and_then(|r| Url::parse(r).ok());
        let own = form.filter(|u| u.origin() == house.public_url().origin());
        own.map_or_else(|| "/".to_owned(), |u| u[Position::BeforePath..Position::AfterQuery].to_owned())
    };
    Some(house.link_to(path, &[("return_to", &back)]))
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Turned> {
        match check(parts).await? {
            Some(current) => Ok(Self(current)),
            None => Err(Turned::SignIn { page: page(parts, "/sign-in") }),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Fresh {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Turned> {
        let Session(current) = <Session as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        if current.fresh {
            return Ok(Self(current));
        }
        Err(Turned::StepUp { page: page(parts, "/step-up") })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Turned> {
        <Session as FromRequestParts<S>>::from_request_parts(parts, state).await.map(|s| Self::from(s.0.as_ref()))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for User {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Turned> {
        Ok(check(parts).await?.map(|current| Self::from(current.as_ref())))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for CsrfToken {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Turned> {
        let Session(current) = <Session as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        let house = parts.extensions.get::<HousekeyLayer>().ok_or(Turned::NoLayer)?;
        Ok(Self { housekey: house.housekey.clone(), client: current.session.client.to_string() })
    }
}

impl From<&Current> for User {
    fn from(current: &Current) -> Self {
        Self {
            id: current.account.user.clone(),
            first_name: current.first_name.clone(),
            last_name: current.last_name.clone(),
            email: current.email.clone(),
            guest: current.is_guest(),
        }
    }
}

/// A request of an app's own handler as a [`Caller`], for calling flows from code.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Turned> {
        let house = parts.extensions.get::<HousekeyLayer>().cloned().ok_or(Turned::NoLayer)?;
        Ok(Head::of(parts, &house.housekey, Door::Rust).caller)
    }
}

impl From<Error> for Turned {
    fn from(error: Error) -> Self {
        match error {
            Error::SignedOut => Self::SignIn { page: None },
            Error::Stale | Error::StaleSecond => Self::StepUp { page: None },
            _ => Self::Unavailable,
        }
    }
}
