//! Tickets that sign one user in, once; and tokens by which an app's own tests pass for people.

use super::{Steward, sessions::TESTING};
use crate::{
    error::{Error, Result},
    housekey::Housekey,
};
use housekey_core::{
    event::EventKind,
    ids::{SignInTokenId, UserId},
    time::Time,
    token::{jwt::Category, opaque::OpaqueToken},
};
use housekey_store::sign_in_tokens::SignInTokenRow;
use serde_json::json;
use std::time::Duration;

/// How long a ticket holds where nothing is said: 30 days.
const HOLDS: i64 = 30 * 86_400;
const MOST: i64 = 365 * 86_400;

/// A ticket as stewards see it.
#[derive(Clone, Debug)]
pub struct TicketView {
    /// Its id.
    pub id: SignInTokenId,
    /// Whom it signs in.
    pub user: UserId,
    /// `pending`, `accepted` or `revoked`.
    pub state: String,
    /// The ticket and the link with it; shown once, to whoever made it.
    pub shown: Option<(String, String)>,
    /// When it was made.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
}

impl Housekey {
    /// Makes a ticket that signs a user in.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown user, [`Error::Invalid`] for a life out of range.
    pub async fn ticket_make(&self, by: &Steward, user: &UserId, seconds: Option<i64>) -> Result<TicketView> {
        let seconds = seconds.unwrap_or(HOLDS);
        if !(1..=MOST).contains(&seconds) {
            return Err(Error::field("expires_in_seconds", "out_of_range"));
        }
        let row = self.kept_row(user).await?;
        Self::not_a_guest(&row)?;
        let now = self.now();
        let id = SignInTokenId::new(now, self.entropy());
        let ticket = OpaqueToken::new(id.clone(), self.entropy());
        let event = self.kept_event(by, EventKind::SignInTokenMade, &row, json!({"ticket": id.as_str()})).await?;
        let expires = now.plus(Duration::from_secs(seconds.unsigned_abs()));
        self.store().make_sign_in_token(&id, user, ticket.hash(), expires, event).await?;
        let made = self.store().reader().sign_in_token(&id).await?.ok_or(Error::Conflict)?;
        let text = ticket.reveal();
        let link = self.ticket_link(&text);
        Ok(TicketView { shown: Some((text, link)), ..view(made) })
    }

    /// Revokes a ticket that was not used.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for one that is not pending.
    pub async fn ticket_revoke(&self, by: &Steward, id: &SignInTokenId) -> Result<TicketView> {
        let reader = self.store().reader();
        let row = reader.sign_in_token(id).await?.ok_or(Error::NotFound)?;
        let user = self.kept_row(&row.user).await?;
        let event = self.kept_event(by, EventKind::SignInTokenRevoked, &user, json!({"ticket": id.as_str()})).await?;
        if !self.store().revoke_sign_in_token(id, event).await? {
            return Err(Error::field("sign_in_token_id", "ticket_not_pending"));
        }
        Ok(view(reader.sign_in_token(id).await?.ok_or(Error::NotFound)?))
    }

    /// A token by which an app's own tests pass bot protection, and when it ends. Only where test mode is on.
    ///
    /// # Errors
    /// [`Error::NotFound`] elsewhere.
    pub async fn testing_token(&self, _: &Steward) -> Result<(String, Time)> {
        if !self.settings().test_mode() {
            return Err(Error::NotFound);
        }
        let until = self.now().plus(TESTING);
        let seconds = |time: Time| time.as_millis() / 1000;
        let claims = json!({
            "iss": self.clerk_issuer(), "testing": true, "iat": seconds(self.now()), "exp": seconds(until),
        });
        Ok((self.sign(Category::Template, &claims).await?, until))
    }
}

fn view(row: SignInTokenRow) -> TicketView {
    TicketView { id: row.id, user: row.user, state: row.state, shown: None, created: row.created, updated: row.updated }
}
