//! Challenges that a passkey answers: of one client, for one purpose, answered once (WebAuthn Level 3, 13.4.3).

use crate::{
    Store, StoreError,
    clients::{self, NewClient},
    sign_ins,
    sql::Tx,
    statements,
};
use housekey_core::{
    ids::{ClientId, PasskeyId, UserId},
    sign_in::AnySignIn,
    time::Time,
};

statements! {
    PUT = "INSERT INTO housekey_passkey_challenge (hash, id, client_id, purpose, user_id, sealed, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    TAKE = "DELETE FROM housekey_passkey_challenge WHERE hash = $1 AND client_id = $2 AND purpose = $3 AND expires_at > $4 RETURNING id, user_id, sealed";
    SWEEP = "DELETE FROM housekey_passkey_challenge WHERE hash IN \
        (SELECT hash FROM housekey_passkey_challenge WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
}

/// What a challenge is for. An answer to one is refused for any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceremony {
    /// A sign-in, of whom the passkey names.
    SignIn,
    /// The second factor of a sign-in.
    SecondFactor,
    /// A fresh factor in a running session.
    StepUp,
    /// A new passkey.
    Add,
}

impl Ceremony {
    /// The name in the row.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SecondFactor => "second_factor",
            Self::StepUp => "step_up",
            Self::Add => "add",
        }
    }
}

/// A challenge on its way.
#[derive(Clone)]
pub struct NewChallenge {
    /// The SHA-256 of the challenge, which its answer names.
    pub hash: [u8; 32],
    /// Its id; that of the passkey which it would add.
    pub id: PasskeyId,
    /// The client that was asked.
    pub client: ClientId,
    /// What for.
    pub ceremony: Ceremony,
    /// Who was asked, where that is known.
    pub user: Option<UserId>,
    /// The ceremony's state, sealed.
    pub sealed: Vec<u8>,
    /// When it dies.
    pub expires: Time,
}

/// A challenge that came back, and is gone with that.
pub struct TakenChallenge {
    /// Its id.
    pub id: PasskeyId,
    /// Who was asked, where that was known.
    pub user: Option<UserId>,
    /// The ceremony's state, sealed.
    pub sealed: Vec<u8>,
}

impl Store {
    /// Keeps a challenge, with the client that it is the first call of, and the attempt that it begins.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn passkey_challenge_put(
        &self,
        client: Option<NewClient>,
        attempt: Option<AnySignIn>,
        new: NewChallenge,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                if let Some(client) = &client {
                    clients::insert(tx, client, now).await?;
                }
                if let Some(attempt) = &attempt {
                    tx.touch_client(attempt.client());
                    sign_ins::put(tx, attempt, now).await?;
                }
                put(tx, &new).await
            })
        })
        .await
    }

    /// Takes a challenge out of the world: of all who answer it at once, one is judged.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn passkey_challenge_take(
        &self,
        hash: [u8; 32],
        client: &ClientId,
        ceremony: Ceremony,
        now: Time,
    ) -> Result<Option<TakenChallenge>, StoreError> {
        let client = client.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let args = [hash.to_vec().into(), (&client).into(), ceremony.as_str().into(), now.into()];
                let Some(r) = tx.optional(&TAKE, &args).await? else { return Ok(None) };
                let id = r.text(0)?;
                let broken = |column| StoreError::corrupt("housekey_passkey_challenge", column, &id);
                let user = r.opt_text(1)?.map(|t| UserId::try_from(t.as_str())).transpose();
                Ok(Some(TakenChallenge {
                    id: PasskeyId::try_from(id.as_str()).map_err(|_| broken("id"))?,
                    user: user.map_err(|_| broken("user_id"))?,
                    sealed: r.bytes(2)?,
                }))
            })
        })
        .await
    }
}

async fn put(tx: &mut Tx, new: &NewChallenge) -> Result<(), StoreError> {
    let args = [
        new.hash.to_vec().into(),
        (&new.id).into(),
        (&new.client).into(),
        new.ceremony.as_str().into(),
        new.user.as_ref().map(|u| u.as_str().to_owned()).into(),
        new.sealed.clone().into(),
        new.expires.into(),
    ];
    tx.execute(&PUT, &args).await.map(drop)
}

pub(crate) async fn sweep(tx: &mut Tx, now: Time, most: i64) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, &[now.into(), most.into()]).await
}
