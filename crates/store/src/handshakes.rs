//! What hands a session over to an app's backend: an answer that is fetched once, and a secret that renews its token.

use crate::{Reader, Store, StoreError, sql::Tx, statements};
use housekey_core::{ids::SessionId, time::Time, token::opaque::TokenHash};

statements! {
    PUT = "INSERT INTO housekey_handshake (hash, sealed, expires_at) VALUES ($1, $2, $3)";
    TAKE = "DELETE FROM housekey_handshake WHERE hash = $1 AND expires_at > $2 RETURNING sealed";
    SWEEP = "DELETE FROM housekey_handshake WHERE hash IN \
        (SELECT hash FROM housekey_handshake WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    PUT_REFRESH = "INSERT INTO housekey_refresh (session_id, origin, hash, created_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (session_id, origin) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at";
    REFRESH = "SELECT hash FROM housekey_refresh WHERE session_id = $1 AND origin = $2";
}

impl Reader {
    /// The hash of the secret that renews this session's token for an origin.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn refresh_secret(&self, session: &SessionId, origin: &str) -> Result<Option<TokenHash>, StoreError> {
        let row = self.optional(&REFRESH, &[session.into(), origin.into()]).await?;
        let broken = || StoreError::corrupt("housekey_refresh", "hash", session.as_str());
        row.map(|r| TokenHash::from_bytes(&r.bytes(0)?).ok_or_else(broken)).transpose()
    }
}

impl Store {
    /// Keeps an answer under the hash of its nonce, and the secret that it hands out for a session and an origin.
    ///
    /// # Errors
    /// When the database is out of reach, or the session has ended.
    pub async fn handshake_put(
        &self,
        answer: Option<(TokenHash, Vec<u8>, Time)>,
        refresh: Option<(SessionId, String, TokenHash)>,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                if let Some((hash, sealed, expires)) = answer {
                    tx.execute(&PUT, &[hash.as_bytes().into(), sealed.into(), expires.into()]).await?;
                }
                if let Some((session, origin, hash)) = refresh {
                    let args = [(&session).into(), origin.into(), hash.as_bytes().into(), now.into()];
                    tx.execute(&PUT_REFRESH, &args).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Takes an answer out of the world: whoever comes second finds none.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn handshake_take(&self, nonce: TokenHash, now: Time) -> Result<Option<Vec<u8>>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                tx.optional(&TAKE, &[nonce.as_bytes().into(), now.into()]).await?.map(|r| r.bytes(0)).transpose()
            })
        })
        .await
    }
}

pub(crate) async fn sweep(tx: &mut Tx, now: Time, most: i64) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, &[now.into(), most.into()]).await
}
