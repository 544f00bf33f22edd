//! The session that a request was found to have.

use housekey_core::token::claims::SessionClaims;
use serde_json::Value;
use std::{fmt, sync::Arc};

/// A signed-in user's session, as its token says: checked, and in time. It is in the request's extensions, and an
/// extractor with the feature `axum`.
#[derive(Clone)]
pub struct Session(Arc<Checked>);

struct Checked {
    claims: SessionClaims,
    carrier: Carrier,
}

/// How a token came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// In a cookie, which browsers send by themselves.
    Cookie,
    /// In the `Authorization` header, which only code sends (RFC 6750).
    Bearer,
}

impl Session {
    pub(crate) fn new(claims: SessionClaims, carrier: Carrier) -> Self {
        Self(Arc::new(Checked { claims, carrier }))
    }

    /// The user's id, `user_…`.
    pub fn user_id(&self) -> &str {
        &self.0.claims.sub
    }

    /// The session's id, `sess_…`.
    pub fn session_id(&self) -> &str {
        &self.0.claims.sid
    }

    /// All that the token says.
    pub fn claims(&self) -> &SessionClaims {
        &self.0.claims
    }

    /// How the token came.
    pub fn carrier(&self) -> Carrier {
        self.0.carrier
    }

    /// Whole minutes between the last proof of a first factor (password, code, passkey) and the token; none if there
    /// was never one.
    pub fn first_factor_age(&self) -> Option<u64> {
        self.0.claims.fva.and_then(|[first, _]| u64::try_from(first).ok())
    }

    /// Whole minutes between the last proof of a second factor and the token; none if there was never one.
    pub fn second_factor_age(&self) -> Option<u64> {
        self.0.claims.fva.and_then(|[_, second]| u64::try_from(second).ok())
    }

    /// Whether a first factor was proved in the last so many minutes.
    pub fn is_fresh(&self, max_minutes: u64) -> bool {
        // An age of 10 is anything up to 11 minutes.
        self.first_factor_age().is_some_and(|age| age < max_minutes)
    }

    /// Whether a task is open, so that the session does not count yet. Only guards with
    /// [`allow_pending`](crate::GuardBuilder::allow_pending) let such a session in.
    pub fn is_pending(&self) -> bool {
        self.0.claims.sts.as_deref().is_some_and(|status| status != "active")
    }

    /// Who acts in the user's place, where somebody does (RFC 8693, 4.1).
    pub fn actor(&self) -> Option<&Value> {
        self.0.claims.more.get("act").filter(|actor| !actor.is_null())
    }
}

/// Only the ids: an operator's own claims may be anything.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("user", &self.user_id()).field("session", &self.session_id()).finish()
    }
}
