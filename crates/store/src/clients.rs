//! Clients: browsers and what they hold. The secret is stored as a hash; its replacement keeps, sealed and for
//! ten seconds, the answer that the replacing call earned, so that a double click gets the same one.

use crate::{
    Reader, Store, StoreError,
    sql::{Row, Tx},
    statements,
};
use housekey_core::{
    ids::{ClientId, SessionId},
    time::Time,
    token::opaque::TokenHash,
};

pub(crate) const COLUMNS: usize = 12;

statements! {
    INSERT = "INSERT INTO housekey_client (id, version, secret_hash, changed_at, created_at, expires_at) VALUES ($1, 1, $2, $3, $3, $4)";
    BY_ID = "SELECT id, version, secret_hash, old_hash, old_until, old_call, old_answer, active_session_id, changed_at, expires_at, signed_at, created_at \
        FROM housekey_client WHERE id = $1";
    ROTATE = "UPDATE housekey_client SET version = version + 1, old_hash = secret_hash, secret_hash = $3, old_until = $4, \
        old_call = $5, old_answer = $6, active_session_id = $7, changed_at = $8, expires_at = $9, signed_at = COALESCE($10, signed_at) WHERE id = $1 AND version = $2";
    ACTIVATE = "UPDATE housekey_client SET active_session_id = $2, expires_at = $3 WHERE id = $1";
    SWEEP = "DELETE FROM housekey_client WHERE id IN (SELECT id FROM housekey_client WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
}

/// A client as its row has it.
pub struct ClientRow {
    /// Its id.
    pub id: ClientId,
    /// Rises with every new secret.
    pub version: i64,
    /// The hash of its secret.
    pub secret_hash: TokenHash,
    /// What the last secret may still ask for.
    pub old: Option<OldSecret>,
    /// The session that counts.
    pub active_session: Option<SessionId>,
    /// When its sign-in state last changed.
    pub changed: Time,
    /// When it ends.
    pub expires: Time,
    /// When somebody last signed in or out on it; [`Time`] 0 for never.
    pub signed: Time,
    /// When it was made.
    pub created: Time,
}

/// The secret before this one.
pub struct OldSecret {
    /// Its hash.
    pub hash: TokenHash,
    /// Until when it may repeat its last call.
    pub until: Time,
    /// The HMAC of that call.
    pub call: Vec<u8>,
    /// The sealed answer.
    pub answer: Vec<u8>,
}

/// A client to make.
#[derive(Clone)]
pub struct NewClient {
    /// Its id.
    pub id: ClientId,
    /// The hash of its secret.
    pub secret_hash: TokenHash,
    /// When it ends.
    pub expires: Time,
}

/// A new secret for a client, together with what changes by it.
#[derive(Clone)]
pub struct Rotation {
    /// Which client.
    pub client: ClientId,
    /// The version it was read at.
    pub version: i64,
    /// The hash of the new secret.
    pub secret_hash: TokenHash,
    /// Until when the old one may repeat this call.
    pub old_until: Time,
    /// The HMAC of this call.
    pub call: [u8; 32],
    /// This call's answer, sealed.
    pub answer: Vec<u8>,
    /// The session that counts from now on.
    pub active_session: Option<SessionId>,
    /// When it ends.
    pub expires: Time,
    /// Somebody signed in or out by it.
    pub signed: bool,
}

impl Store {
    /// Another session of the client counts from now on, until the client's end.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn activate_session(
        &self,
        client: &ClientId,
        session: Option<SessionId>,
        expires: Time,
    ) -> Result<(), StoreError> {
        let client = client.clone();
        self.write(move |tx| Box::pin(async move { activate(tx, &client, session.as_ref(), expires).await })).await
    }

    /// Makes a client that nobody is signed in on yet.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn client_begin(&self, new: NewClient, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| Box::pin(async move { insert(tx, &new, now).await })).await
    }
}

impl Reader {
    /// A client by its id.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn client(&self, id: &ClientId) -> Result<Option<ClientRow>, StoreError> {
        let row = self.optional(&BY_ID, &[id.into()]).await?;
        row.map(|r| read(&r, 0)).transpose()
    }
}

pub(crate) fn read(r: &Row, at: usize) -> Result<ClientRow, StoreError> {
    let id = r.text(at)?;
    let broken = |column| StoreError::corrupt("housekey_client", column, &id);
    let hash = |bytes: Vec<u8>, column| TokenHash::from_bytes(&bytes).ok_or_else(|| broken(column));
    let old = match (r.opt_bytes(at + 3)?, r.opt_int(at + 4)?, r.opt_bytes(at + 5)?, r.opt_bytes(at + 6)?) {
        (Some(h), Some(until), Some(call), Some(answer)) => {
            Some(OldSecret { hash: hash(h, "old_hash")?, until: Time::from_millis(until), call, answer })
        }
        _ => None,
    };
    let active = r.opt_text(at + 7)?;
    Ok(ClientRow {
        id: ClientId::try_from(id.as_str()).map_err(|_| broken("id"))?,
        version: r.int(at + 1)?,
        secret_hash: hash(r.bytes(at + 2)?, "secret_hash")?,
        old,
        active_session: active
            .map(|s| SessionId::try_from(s.as_str()))
            .transpose()
            .map_err(|_| broken("active_session_id"))?,
        changed: Time::from_millis(r.int(at + 8)?),
        expires: Time::from_millis(r.int(at + 9)?),
        signed: Time::from_millis(r.int(at + 10)?),
        created: Time::from_millis(r.int(at + 11)?),
    })
}

pub(crate) async fn insert(tx: &mut Tx, new: &NewClient, now: Time) -> Result<(), StoreError> {
    tx.execute(&INSERT, &[(&new.id).into(), new.secret_hash.as_bytes().to_vec().into(), now.into(), new.expires.into()])
        .await
        .map(drop)
}

pub(crate) async fn rotate(tx: &mut Tx, r: &Rotation, now: Time) -> Result<(), StoreError> {
    tx.touch_client(&r.client);
    let args = [
        (&r.client).into(),
        r.version.into(),
        r.secret_hash.as_bytes().to_vec().into(),
        r.old_until.into(),
        r.call.to_vec().into(),
        r.answer.clone().into(),
        r.active_session.as_ref().map(|s| s.as_str().to_owned()).into(),
        now.into(),
        r.expires.into(),
        r.signed.then_some(now.as_millis()).into(),
    ];
    match tx.execute(&ROTATE, &args).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

/// Another of the client's sessions counts from now on.
pub(crate) async fn activate(
    tx: &mut Tx,
    client: &ClientId,
    session: Option<&SessionId>,
    expires: Time,
) -> Result<(), StoreError> {
    tx.touch_client(client);
    let session = session.map(|s| s.as_str().to_owned());
    tx.execute(&ACTIVATE, &[client.into(), session.into(), expires.into()]).await.map(drop)
}

pub(crate) async fn sweep(tx: &mut Tx, now: Time, most: i64) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, &[now.into(), most.into()]).await
}
