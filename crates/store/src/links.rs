//! Mailed links: looked up by id, compared by hash, used once.

use crate::{Reader, StoreError, sql::Tx, statements};
use housekey_core::{ids::UserId, time::Time, token::opaque::TokenHash};

statements! {
    INSERT = "INSERT INTO housekey_link (id, purpose, user_id, subject, secret_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    LIVE = "SELECT id, user_id, subject, secret_hash FROM housekey_link WHERE id = $1 AND purpose = $2 AND expires_at > $3";
    TAKE = "DELETE FROM housekey_link WHERE id = $1";
    OF_USER = "DELETE FROM housekey_link WHERE user_id = $1";
    SWEEP = "DELETE FROM housekey_link WHERE id IN (SELECT id FROM housekey_link WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
}

/// A link that is on its way.
#[derive(Clone)]
pub struct NewLink {
    /// Its id.
    pub id: String,
    /// What it is good for, and for nothing else.
    pub purpose: &'static str,
    /// Whose.
    pub user: UserId,
    /// What it acts on, as JSON.
    pub subject: String,
    /// The hash of its secret.
    pub secret_hash: TokenHash,
    /// When it dies.
    pub expires: Time,
}

/// A link that was followed.
pub struct LinkRow {
    /// Its id.
    pub id: String,
    /// Whose.
    pub user: UserId,
    /// What it acts on, as JSON.
    pub subject: String,
    /// The hash of its secret.
    pub secret_hash: TokenHash,
}

impl Reader {
    /// A live link of this purpose.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn link(&self, id: &str, purpose: &'static str, now: Time) -> Result<Option<LinkRow>, StoreError> {
        let Some(r) = self.optional(&LIVE, &[id.into(), purpose.into(), now.into()]).await? else {
            return Ok(None);
        };
        let broken = |column| StoreError::corrupt("housekey_link", column, id);
        Ok(Some(LinkRow {
            id: r.text(0)?,
            user: UserId::try_from(r.text(1)?.as_str()).map_err(|_| broken("user_id"))?,
            subject: r.text(2)?,
            secret_hash: TokenHash::from_bytes(&r.bytes(3)?).ok_or_else(|| broken("secret_hash"))?,
        }))
    }
}

pub(crate) async fn insert(tx: &mut Tx, link: &NewLink, now: Time) -> Result<(), StoreError> {
    let args = [
        link.id.as_str().into(),
        link.purpose.into(),
        (&link.user).into(),
        link.subject.as_str().into(),
        link.secret_hash.as_bytes().to_vec().into(),
        now.into(),
        link.expires.into(),
    ];
    tx.execute(&INSERT, &args).await.map(drop)
}

/// Uses the link up: of all who come at once, one gets it.
pub(crate) async fn take(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    match tx.execute(&TAKE, &[id.into()]).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

pub(crate) async fn kill_of_user(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    tx.execute(&OF_USER, &[user.into()]).await.map(drop)
}

pub(crate) async fn sweep(tx: &mut Tx, now: Time, most: i64) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, &[now.into(), most.into()]).await
}
