//! The guard itself.

use crate::{
    api::{Api, ApiError},
    clock::Clock,
    keys::{Keys, NoKey},
    reason::Reason,
    refusal::{Refusal, Why},
    session::{Carrier, Session},
    settings::Settings,
};
use housekey_core::token::{
    claims::{Rejected, SessionClaims},
    heads::Heads,
};
use http::StatusCode;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Checks session tokens and protects routes. Cheap to clone; all clones share their keys.
#[derive(Clone)]
pub struct Guard(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub settings: Settings,
    pub keys: Keys,
    pub heads: Heads,
    /// None where there is no way to the server.
    pub api: Option<Arc<Api>>,
    pub clock: Arc<dyn Clock>,
}

/// A token is not believed, or cannot be checked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disbelief {
    Rejected(Rejected),
    Unavailable,
}

impl From<Rejected> for Disbelief {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

impl From<NoKey> for Disbelief {
    fn from(fault: NoKey) -> Self {
        match fault {
            NoKey::Unknown => Self::Rejected(Rejected::UnknownKey),
            NoKey::Unavailable => Self::Unavailable,
        }
    }
}

impl From<Disbelief> for Why {
    fn from(fault: Disbelief) -> Self {
        match fault {
            Disbelief::Rejected(rejected) => Self::SignedOut(rejected.into()),
            Disbelief::Unavailable => Self::Unavailable,
        }
    }
}

impl Guard {
    /// Checks a session token that came some other way than in a request's head, as in a message of a WebSocket. With
    /// [`strict`](crate::GuardBuilder::strict) the server is asked as well.
    ///
    /// # Errors
    /// Why it is not believed.
    pub async fn verify(&self, token: &str) -> Result<Session, Refusal> {
        let session = self.believe(token, Carrier::Bearer).await.map_err(|fault| Refusal::plain(fault.into()))?;
        if self.0.settings.strict {
            self.confirm(&session).await?;
        }
        Ok(session)
    }

    /// Asks the server whether a session is still good, so that one that was ended is refused at once instead of
    /// within its token's minute.
    ///
    /// # Errors
    /// That it has ended, or that the server cannot be asked: then nobody is let in (SEC-47).
    pub async fn confirm(&self, session: &Session) -> Result<(), Refusal> {
        self.ask_server(session).await.map_err(Refusal::plain)
    }

    pub(crate) async fn ask_server(&self, session: &Session) -> Result<(), Why> {
        let ended = Err(Why::SignedOut(Reason::Ended));
        let id = session.session_id();
        let asked = match &self.0.api {
            Some(api) if is_id(id) => api.session(id).await,
            _ => Err(ApiError::NoSecret),
        };
        match asked {
            Ok(now) if now.id != id || now.user_id != session.user_id() => ended,
            Ok(now) if now.status == "active" => Ok(()),
            Ok(now) if now.status == "pending" && self.0.settings.expected.pending => Ok(()),
            Ok(_) | Err(ApiError::Status(StatusCode::NOT_FOUND)) => ended,
            Err(error) => {
                tracing::warn!(%error, "a strict check could not be made");
                Err(Why::Unavailable)
            }
        }
    }

    /// Checks a session token against the keys and the clock.
    pub(crate) async fn believe(&self, token: &str, carrier: Carrier) -> Result<Session, Disbelief> {
        let claims: SessionClaims = self.signed(token).await?;
        claims.judge(&self.0.settings.expected, self.0.clock.now())?;
        Ok(Session::new(claims, carrier))
    }

    /// Checks the signature alone.
    pub(crate) async fn signed<T: DeserializeOwned>(&self, token: &str) -> Result<T, Disbelief> {
        let read = self.0.heads.read::<T>(token)?;
        let key = self.0.keys.find(read.key_id()).await?;
        Ok(self.0.heads.signed_by(read, &key)?)
    }
}

/// Whether a text is an id, and so a plain segment of a path.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
