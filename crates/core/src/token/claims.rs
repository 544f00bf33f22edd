//! What a session token says, and whether it may be believed now.

use crate::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;

/// How long a session token lives.
pub const LIFE: Duration = Duration::from_secs(60);
/// How far before its making a token may be used: clocks differ.
pub const NOT_BEFORE: Duration = Duration::from_secs(10);

/// The claims of a session token. Times are seconds since 1970 (RFC 7519, 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionClaims {
    /// The origin that asked for the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    /// When it dies.
    pub exp: i64,
    /// Minutes since the first and the second factor were proved; -1 is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fva: Option<[i64; 2]>,
    /// When it was made.
    pub iat: i64,
    /// Which instance made it.
    pub iss: String,
    /// Its own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// Before this it is not valid.
    pub nbf: i64,
    /// The session's id.
    pub sid: String,
    /// Whether the session counts: `active` or `pending`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sts: Option<String>,
    /// The user's id.
    pub sub: String,
    /// The form of the claims; absent in the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v: Option<u8>,
    /// Whatever else it says, as an operator's own claims.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What a checker insists on.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The instance, where it is known.
    pub issuer: Option<String>,
    /// The origins whose tokens are taken; empty takes any.
    pub authorized_parties: Vec<String>,
    /// How far clocks may differ.
    pub clock_skew: Duration,
    /// Sessions with an open task count as well.
    pub pending: bool,
}

/// Why a token is not believed. The names are stable; they go to logs and to whoever debugs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Not a JWT of three parts, or its parts cannot be read.
    #[error("token-invalid")]
    Malformed,
    /// Signed by another algorithm than RS256, or for another use than a session.
    #[error("token-type-mismatch")]
    WrongKind,
    /// No key of that id is known.
    #[error("jwk-kid-mismatch")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("token-invalid-signature")]
    Signature,
    /// It has died.
    #[error("token-expired")]
    Expired,
    /// It is not valid yet.
    #[error("token-not-active-yet")]
    NotYet,
    /// It was made in the future.
    #[error("token-iat-in-the-future")]
    FromTheFuture,
    /// Another instance made it.
    #[error("token-invalid-issuer")]
    Issuer,
    /// Another origin asked for it.
    #[error("token-invalid-authorized-parties")]
    Party,
    /// The session has an open task and does not count yet.
    #[error("session-pending")]
    Pending,
}

impl SessionClaims {
    /// Judges claims whose signature is right: for whom they are first, then when. What is expired is thus a token of
    /// this instance for this app, which a checker may have renewed.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn judge(&self, expected: &Expected, now: Time) -> Result<(), Rejected> {
        let (now, skew) = (now.as_millis() / 1000, i64::try_from(expected.clock_skew.as_secs()).unwrap_or(0));
        if expected.issuer.as_ref().is_some_and(|issuer| *issuer != self.iss) {
            return Err(Rejected::Issuer);
        }
        let listed = |azp: &String| expected.authorized_parties.contains(azp);
        // Where parties are listed, a token that names none would pass by leaving the claim out.
        if !expected.authorized_parties.is_empty() && !self.azp.as_ref().is_some_and(listed) {
            return Err(Rejected::Party);
        }
        if self.exp <= now.saturating_sub(skew) {
            return Err(Rejected::Expired);
        }
        if self.nbf > now.saturating_add(skew) {
            return Err(Rejected::NotYet);
        }
        if self.iat > now.saturating_add(skew) {
            return Err(Rejected::FromTheFuture);
        }
        let pending = self.sts.as_deref().is_some_and(|status| status != "active");
        if pending && !expected.pending { Err(Rejected::Pending) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> SessionClaims {
        SessionClaims {
            azp: Some("https://app.example.com".into()),
            exp: 1060,
            fva: Some([0, -1]),
            iat: 1000,
            iss: "https://auth.example.com".into(),
            jti: None,
            nbf: 990,
            sid: "sess_1".into(),
            sts: Some("active".into()),
            sub: "user_1".into(),
            v: Some(2),
            more: Map::new(),
        }
    }

    #[test]
    fn a_token_is_believed_in_its_minute_from_its_instance_for_its_origin() {
        let at = |seconds: i64| Time::from_millis(seconds * 1000);
        let expected = Expected {
            issuer: Some("https://auth.example.com".into()),
            authorized_parties: vec!["https://app.example.com".into()],
            clock_skew: Duration::from_secs(5),
            pending: false,
        };
        assert_eq!(claims().judge(&expected, at(1030)), Ok(()));
        assert_eq!(claims().judge(&expected, at(1064)), Ok(()));
        assert_eq!(claims().judge(&expected, at(1065)), Err(Rejected::Expired));
        assert_eq!(claims().judge(&expected, at(995)), Ok(()));
        assert_eq!(claims().judge(&expected, at(994)), Err(Rejected::FromTheFuture));
        assert_eq!(claims().judge(&expected, at(984)), Err(Rejected::NotYet));
        let wrong = |change: fn(&mut SessionClaims)| {
            let mut claims = claims();
            change(&mut claims);
            claims.judge(&expected, at(1030))
        };
        assert_eq!(wrong(|c| c.iss = "https://evil.example".into()), Err(Rejected::Issuer));
        assert_eq!(wrong(|c| c.azp = Some("https://evil.example".into())), Err(Rejected::Party));
        assert_eq!(wrong(|c| c.azp = None), Err(Rejected::Party));
        assert_eq!(wrong(|c| (c.azp, c.exp) = (None, 0)), Err(Rejected::Party), "for whom comes before when");
        assert_eq!(wrong(|c| c.sts = Some("pending".into())), Err(Rejected::Pending));
        assert_eq!(wrong(|c| c.sts = None), Ok(()));
    }
}
