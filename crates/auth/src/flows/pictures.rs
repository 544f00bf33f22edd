//! Pictures of users: drawn anew, and kept without anything that came with them.

use crate::{caller::Caller, error::Result, housekey::Housekey};
use bytes::Bytes;
use housekey_core::{
    event::EventKind,
    ids::{PictureId, UserId},
};

impl Housekey {
    /// Gives the signed-in user a picture.
    ///
    /// # Errors
    /// [`Invalid`](crate::error::Error::Invalid) for anything but a PNG, JPEG or WebP within its bounds.
    pub async fn picture_set(&self, caller: &Caller, sent: Bytes) -> Result<PictureId> {
        let here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        self.spend(self.strength_spends(caller)).await?;
        let drawn = self.0.drawing.draw(sent).await?;
        let id = PictureId::new(self.now(), self.entropy());
        let event = self.event_here(caller, EventKind::UserUpdated, &here, &user, serde_json::json!({})).await?;
        self.store().set_picture(&user.account.user, Some((id.clone(), drawn)), event).await?;
        Ok(id)
    }

    /// Takes the signed-in user's picture away.
    ///
    /// # Errors
    /// [`SignedOut`](crate::error::Error::SignedOut) for anybody else.
    pub async fn picture_drop(&self, caller: &Caller) -> Result<UserId> {
        let here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        let event = self.event_here(caller, EventKind::UserUpdated, &here, &user, serde_json::json!({})).await?;
        self.store().set_picture(&user.account.user, None, event).await?;
        Ok(user.account.user)
    }

    /// A picture with its media type.
    ///
    /// # Errors
    /// [`Unavailable`](crate::error::Error::Unavailable) without database.
    pub async fn picture(&self, id: &PictureId) -> Result<Option<(&'static str, Vec<u8>)>> {
        let found = self.store().reader().picture(id).await?;
        Ok(found.map(|picture| (if picture.kind == "image/png" { "image/png" } else { "image/jpeg" }, picture.bytes)))
    }
}
