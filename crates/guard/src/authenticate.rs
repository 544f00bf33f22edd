//! The decision: what a request's credentials say, and what is to be done about it. The order of the rules is that of
//! Clerk's backends (SEC-112).

use crate::{
    api::{ApiError, Renewal},
    credentials::{Credentials, DEV_BROWSER, Glimpse},
    directives::Directives,
    guard::{Disbelief, Guard, is_id},
    handshake::{self, Brought, HandshakeClaims},
    reason::{NotRenewed, Reason},
    refusal::Why,
    request::{Authorization, Head},
    session::{Carrier, Session},
};
use housekey_core::token::{claims::Rejected, jwt};
use http::{HeaderValue, Method, header};
use serde_json::{Map, Value};

/// What is to be done about a request.
pub(crate) enum Verdict {
    SignedIn(Session),
    Refused(Why),
    /// The browser goes to the frontend's host and comes back, or on to a tidier address.
    Redirect {
        location: HeaderValue,
        reason: Option<Reason>,
    },
}

/// A verdict and the cookies that go with it.
pub(crate) struct Decision {
    pub verdict: Verdict,
    pub cookies: Vec<HeaderValue>,
}

impl From<Verdict> for Decision {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, cookies: Vec::new() }
    }
}

impl From<Why> for Decision {
    fn from(why: Why) -> Self {
        Verdict::Refused(why).into()
    }
}

impl From<Reason> for Decision {
    fn from(reason: Reason) -> Self {
        Why::SignedOut(reason).into()
    }
}

impl Guard {
    /// Decides on a request. `public` is one that goes on without a session too.
    pub(crate) async fn decide(&self, head: &Head<'_>, public: bool) -> Decision {
        let mut decision = match head.authorization() {
            Authorization::Bearer(token) => match self.believe(token, Carrier::Bearer).await {
                Ok(session) => Verdict::SignedIn(session).into(),
                Err(fault) => Why::from(fault).into(),
            },
            Authorization::Unclear => Reason::Rejected(Rejected::Malformed).into(),
            Authorization::None => self.by_cookies(head, public).await,
        };
        if let Verdict::SignedIn(session) = &decision.verdict
            && self.0.settings.strict
            && let Err(why) = self.ask_server(session).await
        {
            decision.verdict = Verdict::Refused(why);
        }
        if let Verdict::Refused(why) = &decision.verdict {
            tracing::debug!(reason = %why, "no session");
        }
        decision
    }

    async fn by_cookies(&self, head: &Head<'_>, public: bool) -> Decision {
        let settings = &self.0.settings;
        let now = self.0.clock.now().as_millis() / 1000;
        let found = Credentials::of(head, &settings.key, &settings.issuer, now);
        // A cookie says who, not whether they meant it.
        let forgeable = found.session.is_some() && settings.csrf_protection && head.may_change_something();
        if forgeable && settings.is_cross_site(head) {
            return Why::CrossSite.into();
        }
        if let Some(brought) = handshake::brought(settings, head, &found)
            && let Some(decision) = self.resolve(head, brought).await
        {
            return decision;
        }
        if settings.key.is_development() {
            if head.query(DEV_BROWSER).is_some() {
                return self.maybe_handshake(head, &found, Reason::DevBrowserSync);
            }
            if found.dev_browser.is_none() {
                return self.maybe_handshake(head, &found, Reason::DevBrowserMissing);
            }
        }
        match (found.session, found.client_uat > 0) {
            (None, false) => Reason::NoCredentials.into(),
            (None, true) => self.maybe_handshake(head, &found, Reason::ClientWithoutToken),
            (Some(_), false) => self.maybe_handshake(head, &found, Reason::TokenWithoutClient),
            (Some(token), true) => self.by_token(head, &found, token, public).await,
        }
    }

    async fn by_token(&self, head: &Head<'_>, found: &Credentials<'_>, token: &str, public: bool) -> Decision {
        if let Err(rejected) = jwt::key_id(token) {
            return Reason::from(rejected).into();
        }
        #[allow(clippy::cast_precision_loss, reason = "seconds since 1970 are exact")]
        let uat = found.client_uat as f64;
        match Glimpse::of(token).map(|claims| claims.iat.unwrap_or(0.0)) {
            None => return Reason::Rejected(Rejected::Malformed).into(),
            Some(iat) if iat < uat => return self.maybe_handshake(head, found, Reason::TokenBeforeClient),
            Some(_) => {}
        }
        match self.believe(token, Carrier::Cookie).await {
            Ok(session) => Verdict::SignedIn(session).into(),
            Err(Disbelief::Rejected(Rejected::Expired)) => match self.renew(head, found, token, public).await {
                Ok(renewed) => renewed,
                Err(why_not) => self.maybe_handshake(head, found, Reason::Expired(why_not)),
            },
            Err(Disbelief::Rejected(rejected @ (Rejected::NotYet | Rejected::FromTheFuture))) => {
                self.maybe_handshake(head, found, rejected.into())
            }
            Err(fault) => Why::from(fault).into(),
        }
    }

    fn maybe_handshake(&self, head: &Head<'_>, found: &Credentials<'_>, reason: Reason) -> Decision {
        match handshake::begin(&self.0.settings, head, found, reason) {
            Some(begun) => Decision {
                verdict: Verdict::Redirect { location: begun.location, reason: Some(reason) },
                cookies: vec![begun.counter],
            },
            None => reason.into(),
        }
    }

    /// Takes what a handshake brought back. None goes on as if it had brought nothing: a nonce that is spent may belong
    /// to the tab beside this one, and a token to another app on this domain.
    async fn resolve(&self, head: &Head<'_>, brought: Brought) -> Option<Decision> {
        let list = match &brought {
            Brought::Nonce(nonce) => match handshake::exchange(self.0.api.as_deref(), nonce).await {
                Ok(list) => list,
                Err(error @ (ApiError::Status(_) | ApiError::Unreadable)) => {
                    tracing::debug!(%error, "a handshake's nonce was not taken");
                    return None;
                }
                Err(error) => {
                    tracing::warn!(%error, "a handshake's nonce could not be exchanged");
                    return None;
                }
            },
            Brought::Token(token) => match self.handshake_in(token).await {
                Ok(list) => list,
                Err(fault) => return self.unresolved(fault),
            },
        };
        let directives = Directives::of(&list, &self.0.settings.key);
        let verdict = match &directives.session {
            None => Verdict::Refused(Why::SignedOut(Reason::NoSession)),
            Some(token) => match self.believe(token, Carrier::Cookie).await {
                Ok(session) => Verdict::SignedIn(session),
                Err(fault) => return self.unresolved(fault),
            },
        };
        let verdict = match handshake::cleaned(&self.0.settings, head) {
            Some(location) => Verdict::Redirect { location, reason: None },
            None => verdict,
        };
        Some(Decision { verdict, cookies: directives.set })
    }

    async fn handshake_in(&self, token: &str) -> Result<Vec<String>, Disbelief> {
        let claims: HandshakeClaims = self.signed(token).await?;
        let settings = &self.0.settings;
        let skew = i64::try_from(settings.expected.clock_skew.as_secs()).unwrap_or(0);
        let now = self.0.clock.now().as_millis() / 1000;
        let foreign = claims.iss.is_some_and(|iss| iss != settings.issuer);
        if claims.sid.is_some() || foreign {
            return Err(Rejected::WrongKind.into());
        }
        if claims.exp.is_some_and(|exp| exp <= now.saturating_sub(skew)) {
            return Err(Rejected::Expired.into());
        }
        Ok(claims.handshake)
    }

    /// With test keys a handshake travels in the query and cannot be another app's, so a second one would end alike.
    fn unresolved(&self, fault: Disbelief) -> Option<Decision> {
        tracing::warn!(reason = %Why::from(fault), "a handshake was not believed; were the keys changed?");
        self.0.settings.key.is_development().then(|| Why::from(fault).into())
    }

    /// Has an expired token renewed by the server. A public picture or script can do without.
    async fn renew(
        &self,
        head: &Head<'_>,
        found: &Credentials<'_>,
        token: &str,
        public: bool,
    ) -> Result<Decision, NotRenewed> {
        if *head.method != Method::GET {
            return Err(NotRenewed::NotGet);
        }
        let refresh_token = found.refresh.ok_or(NotRenewed::NoCookie)?;
        if public && !head.wants_document() {
            return Err(NotRenewed::NotTried);
        }
        let api = self.0.api.as_ref().filter(|api| api.backend.is_some()).ok_or(NotRenewed::NoServer)?;
        let origin = self.0.settings.public_origin(head).ok_or(NotRenewed::NotTried)?;
        let expired = jwt::peek(token).map_err(|_| NotRenewed::Invalid)?;
        if !is_id(&expired.sid) {
            return Err(NotRenewed::Invalid);
        }
        let renewal = Renewal {
            format: "cookie",
            expired_token: token,
            refresh_token,
            request_origin: &origin,
            request_headers: told_of(head),
        };
        let list = api.refresh(&expired.sid, found.suffixed, &renewal).await.map_err(|error| {
            tracing::debug!(%error, "an expired token was not renewed");
            NotRenewed::Refused
        })?;
        let directives = Directives::of(&list, &self.0.settings.key);
        let token = directives.session.ok_or(NotRenewed::Invalid)?;
        let session = self.believe(&token, Carrier::Cookie).await.map_err(|_| NotRenewed::Invalid)?;
        // A renewed token is the same session's, or somebody mixed up two browsers.
        if session.session_id() != expired.sid || session.user_id() != expired.sub {
            return Err(NotRenewed::Invalid);
        }
        Ok(Decision { verdict: Verdict::SignedIn(session), cookies: directives.set })
    }
}

/// What the server shows a user of their sessions: the browser and its languages, and never a credential.
fn told_of(head: &Head<'_>) -> Value {
    const LONGEST: usize = 512;
    let mut headers = Map::new();
    for name in [header::USER_AGENT, header::ACCEPT_LANGUAGE] {
        if let Some(value) = head.header(&name) {
            let value: String = value.chars().take(LONGEST).collect();
            headers.insert(name.as_str().to_owned(), Value::from(vec![value]));
        }
    }
    Value::Object(headers)
}
