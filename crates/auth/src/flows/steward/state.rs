//! Banning, locking and deleting users.

use super::{Steward, create::LOCKED};
use crate::{
    error::{Error, Result},
    flows::profile::Profile,
    housekey::Housekey,
};
use housekey_core::{event::EventKind, ids::UserId};
use serde_json::json;

impl Housekey {
    /// Bans a user: all sessions end, and nobody signs in to it. Or lifts the ban.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn user_ban(&self, by: &Steward, id: &UserId, banned: bool) -> Result<Profile> {
        let user = self.kept_row(id).await?;
        let kind = if banned { EventKind::UserBanned } else { EventKind::UserUnbanned };
        let event = self.kept_event(by, kind, &user, json!({})).await?;
        self.store().set_banned(id, banned, event).await?;
        self.profile(id).await?.ok_or(Error::NotFound)
    }

    /// Locks a user for an hour: nobody signs in to it, who is signed in stays so. Or lifts the lock.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn user_lock(&self, by: &Steward, id: &UserId, locked: bool) -> Result<Profile> {
        let user = self.kept_row(id).await?;
        let kind = if locked { EventKind::UserLocked } else { EventKind::UserUnlocked };
        let event = self.kept_event(by, kind, &user, json!({})).await?;
        let until = locked.then(|| self.now().plus(LOCKED));
        self.store().set_locked(id, until, event).await?;
        self.profile(id).await?.ok_or(Error::NotFound)
    }

    /// Deletes a user with everything that hangs on it; answers the app's own id of it.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn user_delete(&self, by: &Steward, id: &UserId) -> Result<Option<String>> {
        let user = self.kept_row(id).await?;
        let event = self.kept_event(by, EventKind::UserDeleted, &user, json!({"by": "backend"})).await?;
        self.store().delete_user(id, Some(event)).await?;
        Ok(user.external_id)
    }
}
