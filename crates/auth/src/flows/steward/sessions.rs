//! Sessions and clients as stewards see them. A session that has ended has no row.

use super::{Paged, Steward};
use crate::{
    error::{Error, Result},
    flows::{
        clients::{ClientView, SessionOf},
        tokens::ClaimsForm,
    },
    housekey::Housekey,
};
use housekey_core::{
    event::EventKind,
    ids::{ClientId, SessionId, UserId},
    session::Session,
    time::Time,
    token::jwt::Category,
};
use serde_json::json;
use std::time::Duration;

/// The shortest and longest life of a token that a steward asks for.
const LIVES: std::ops::RangeInclusive<i64> = 30..=315_360_000;

/// A session as stewards see it.
#[derive(Clone, Debug)]
pub struct KeptSession {
    /// The session.
    pub session: Session,
    /// When it was last used.
    pub seen: Time,
}

/// A client as stewards see it.
pub type KeptClient = ClientView;

impl Housekey {
    /// A page of the live sessions of a user or on a client, newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn kept_sessions(
        &self,
        _: &Steward,
        user: Option<&UserId>,
        client: Option<&ClientId>,
        (most, offset): (i64, i64),
    ) -> Result<Paged<KeptSession>> {
        let (rows, total) = self.store().reader().sessions(user, client, self.now(), most, offset).await?;
        let kept = |session: Session| {
            let seen = self.seen().last(&session.id).unwrap_or(session.last_seen).max(session.last_seen);
            KeptSession { session, seen }
        };
        Ok(Paged { items: rows.into_iter().map(|row| kept(row.session)).collect(), total })
    }

    /// One live session.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn kept_session(&self, _: &Steward, id: &SessionId) -> Result<KeptSession> {
        let SessionOf { session, seen, .. } = self.open_session(id).await?.ok_or(Error::NotFound)?.0;
        Ok(KeptSession { session, seen })
    }

    /// Ends a session; answers it as it was.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn kept_session_revoke(&self, by: &Steward, id: &SessionId) -> Result<KeptSession> {
        let kept = self.kept_session(by, id).await?;
        let user = self.kept_row(&kept.session.user).await?;
        let client = Some(&kept.session.client);
        let detail = by.signed(json!({}));
        let event = self.event_of(&by.caller, EventKind::SessionRevoked, Some(&user), client, Some(id), detail).await?;
        match self.store().revoke_session(&kept.session.user, id, event).await? {
            true => Ok(kept),
            false => Err(Error::NotFound),
        }
    }

    /// A token for a session, which lives for as many seconds as asked, else for a minute; from a template where one is
    /// named.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown session or template, [`Error::Invalid`] for a life out of range.
    pub async fn kept_session_token(
        &self,
        _: &Steward,
        id: &SessionId,
        template: Option<&str>,
        life: Option<i64>,
    ) -> Result<String> {
        if life.is_some_and(|life| !LIVES.contains(&life)) {
            return Err(Error::field("expires_in_seconds", "out_of_range"));
        }
        let (open, signed) = self.open_session(id).await?.ok_or(Error::NotFound)?;
        match template {
            Some(name) => self.token_by_template(&open, None, name, life).await,
            None => {
                let mut claims = self.claims(&open, None, signed, ClaimsForm::Second);
                if let Some(life) = life {
                    claims.exp = claims.iat + life;
                }
                self.sign(Category::Session, &claims).await
            }
        }
    }

    /// A client with its live sessions.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn kept_client(&self, _: &Steward, id: &ClientId) -> Result<KeptClient> {
        self.client_named(id).await?.ok_or(Error::NotFound)
    }

    /// The client of a session's token, as a browser's script shows it to its backend.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for a token that is not ours, is too old, or whose session has ended.
    pub async fn kept_client_of_token(&self, by: &Steward, token: &str) -> Result<KeptClient> {
        let id = self.session_of_token(token).await?;
        let (open, _) = self.open_session(&id).await?.ok_or(Error::SignedOut)?;
        self.kept_client(by, &open.session.client).await.map_err(|_| Error::SignedOut)
    }
}

/// How long a testing token holds.
pub(super) const TESTING: Duration = Duration::from_secs(3600);
