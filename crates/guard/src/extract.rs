//! Extractors for handlers of axum.

use crate::{
    layer::Found,
    refusal::{Refusal, Why},
    request::Head,
    session::Session,
};
use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::request::Parts;
use std::{ops::Deref, sync::atomic::Ordering};

/// A session in which a first factor was proved just now (ten minutes, unless
/// [`fresh_within`](crate::GuardBuilder::fresh_within) says otherwise), by the user in person: for what is risky. For
/// anybody else the answer makes Clerk's components ask for a factor and repeat the call.
#[derive(Clone, Debug)]
pub struct Fresh(pub Session);

/// A session that the server was asked about for this request: one that was ended is refused at once, and while the
/// server is away everybody is (503). Needs the secret key.
#[derive(Clone, Debug)]
pub struct Strict(pub Session);

impl Deref for Fresh {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl Deref for Strict {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.response().map(axum::body::Body::from)
    }
}

/// What the layer found. From now on the answer depends on it.
fn found(parts: &Parts) -> Result<&Found, Refusal> {
    let found = parts.extensions.get::<Found>().ok_or_else(|| Refusal::plain(Why::NoLayer))?;
    found.asked.store(true, Ordering::Relaxed);
    Ok(found)
}

fn refuse(parts: &Parts, found: &Found, why: Why) -> Refusal {
    Refusal::to(&Head::of(parts), &found.guard.0.settings, why)
}

fn session(parts: &Parts) -> Result<(Session, &Found), Refusal> {
    let found = found(parts)?;
    match &found.session {
        Ok(session) => Ok((session.clone(), found)),
        Err(why) => Err(refuse(parts, found, *why)),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        session(parts).map(|(session, _)| session)
    }
}

/// None on a public route to which nobody is signed in. A server that is away signs nobody out: that is an error.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Session {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Refusal> {
        let found = found(parts)?;
        match &found.session {
            Ok(session) => Ok(Some(session.clone())),
            Err(Why::Unavailable) => Err(refuse(parts, found, Why::Unavailable)),
            Err(_) => Ok(None),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Fresh {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let (session, found) = session(parts)?;
        let after_minutes = found.guard.0.settings.fresh_within;
        if session.actor().is_some() {
            return Err(refuse(parts, found, Why::Impersonated));
        }
        if !session.is_fresh(after_minutes) {
            return Err(refuse(parts, found, Why::Stale { after_minutes }));
        }
        Ok(Self(session))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Strict {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let (session, found) = session(parts)?;
        let guard = found.guard.clone();
        // The layer of a strict guard has asked already.
        if !guard.0.settings.strict
            && let Err(why) = guard.ask_server(&session).await
        {
            return Err(Refusal::to(&Head::of(parts), &guard.0.settings, why));
        }
        Ok(Self(session))
    }
}
