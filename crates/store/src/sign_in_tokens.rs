//! Tickets that an app's backend makes to sign one user in, once.

use crate::{
    Reader, Store, StoreError,
    sql::{Row, Tx},
    statements,
};
use housekey_core::{
    event::Event,
    ids::{SignInTokenId, UserId},
    time::Time,
    token::opaque::TokenHash,
};

statements! {
    INSERT = "INSERT INTO housekey_sign_in_token (id, user_id, state, secret_hash, created_at, updated_at, expires_at) \
        VALUES ($1, $2, 'pending', $3, $4, $4, $5)";
    ONE = "SELECT id, user_id, state, secret_hash, created_at, updated_at, expires_at FROM housekey_sign_in_token WHERE id = $1";
    ACCEPT = "UPDATE housekey_sign_in_token SET state = 'accepted', updated_at = $2 WHERE id = $1 AND state = 'pending' AND expires_at > $2";
    REVOKE = "UPDATE housekey_sign_in_token SET state = 'revoked', updated_at = $2 WHERE id = $1 AND state = 'pending'";
    SWEEP = "DELETE FROM housekey_sign_in_token WHERE id IN \
        (SELECT id FROM housekey_sign_in_token WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
}

/// A ticket.
#[derive(Clone, Debug)]
pub struct SignInTokenRow {
    /// Its id.
    pub id: SignInTokenId,
    /// Whom it signs in.
    pub user: UserId,
    /// `pending`, `accepted` or `revoked`.
    pub state: String,
    /// The hash of its secret.
    pub secret_hash: TokenHash,
    /// When it was made.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
    /// When it ends by itself.
    pub expires: Time,
}

impl Reader {
    /// One ticket.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn sign_in_token(&self, id: &SignInTokenId) -> Result<Option<SignInTokenRow>, StoreError> {
        self.optional(&ONE, &[id.into()]).await?.map(|r| read(&r)).transpose()
    }
}

impl Store {
    /// Makes a ticket.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when there is no such user.
    pub async fn make_sign_in_token(
        &self,
        id: &SignInTokenId,
        user: &UserId,
        secret_hash: TokenHash,
        expires: Time,
        event: Event,
    ) -> Result<(), StoreError> {
        let (id, user) = (id.clone(), user.clone());
        self.write(move |tx| {
            Box::pin(async move {
                let hash = secret_hash.as_bytes().into();
                tx.execute(&INSERT, &[(&id).into(), (&user).into(), hash, event.at.into(), expires.into()]).await?;
                crate::events::insert(tx, &[event]).await
            })
        })
        .await
    }

    /// Revokes a ticket that was not used. Answers whether it could be.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn revoke_sign_in_token(&self, id: &SignInTokenId, event: Event) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let revoked = tx.execute(&REVOKE, &[(&id).into(), event.at.into()]).await? == 1;
                if revoked {
                    crate::events::insert(tx, &[event]).await?;
                }
                Ok(revoked)
            })
        })
        .await
    }
}

/// Uses the ticket up: of all who come at once, one does.
pub(crate) async fn accept(tx: &mut Tx, id: &SignInTokenId, now: Time) -> Result<(), StoreError> {
    match tx.execute(&ACCEPT, &[id.into(), now.into()]).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

pub(crate) async fn sweep(tx: &mut Tx, now: Time, most: i64) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, &[now.into(), most.into()]).await
}

fn read(r: &Row) -> Result<SignInTokenRow, StoreError> {
    let id = r.text(0)?;
    let broken = |column| StoreError::corrupt("housekey_sign_in_token", column, &id);
    Ok(SignInTokenRow {
        id: SignInTokenId::try_from(id.as_str()).map_err(|_| broken("id"))?,
        user: UserId::try_from(r.text(1)?.as_str()).map_err(|_| broken("user_id"))?,
        state: r.text(2)?,
        secret_hash: TokenHash::from_bytes(&r.bytes(3)?).ok_or_else(|| broken("secret_hash"))?,
        created: Time::from_millis(r.int(4)?),
        updated: Time::from_millis(r.int(5)?),
        expires: Time::from_millis(r.int(6)?),
    })
}
