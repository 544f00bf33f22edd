//! Pictures of users, made anew from what was sent.

use crate::{Reader, Store, StoreError, events, statements, users};
use housekey_core::{
    event::Event,
    ids::{PictureId, UserId},
};

statements! {
    INSERT = "INSERT INTO housekey_picture (id, user_id, kind, bytes, created_at) VALUES ($1, $2, $3, $4, $5)";
    DROP_OTHERS = "DELETE FROM housekey_picture WHERE user_id = $1 AND id <> $2";
    ONE = "SELECT kind, bytes FROM housekey_picture WHERE id = $1";
}

/// A picture as it is served.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its media type.
    pub kind: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Reader {
    /// A picture.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn picture(&self, id: &PictureId) -> Result<Option<Picture>, StoreError> {
        let row = self.optional(&ONE, &[id.into()]).await?;
        row.map(|r| Ok(Picture { kind: r.text(0)?, bytes: r.bytes(1)? })).transpose()
    }
}

impl Store {
    /// Gives a user another picture, or none. The former one is gone.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is no such active user.
    pub async fn set_picture(
        &self,
        user: &UserId,
        picture: Option<(PictureId, Picture)>,
        event: Event,
    ) -> Result<(), StoreError> {
        let user = user.clone();
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_user(&user);
                let id = picture.as_ref().map(|(id, _)| id.clone());
                users::set_picture(tx, &user, id.as_ref(), event.at).await?;
                if let Some((id, picture)) = picture {
                    let args =
                        [(&id).into(), (&user).into(), picture.kind.into(), picture.bytes.into(), event.at.into()];
                    tx.execute(&INSERT, &args).await?;
                }
                let keep = id.as_ref().map_or("", PictureId::as_str);
                tx.execute(&DROP_OTHERS, &[(&user).into(), keep.into()]).await?;
                events::insert(tx, &[event]).await
            })
        })
        .await
    }
}
