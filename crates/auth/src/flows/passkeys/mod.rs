//! Passkeys: a way in that names its account by itself, a second factor, and a fresh factor. Every challenge is of one
//! client and for one purpose, and is answered once, rightly or not (SEC-65).

mod own;
mod prove;
mod sign_in;

pub use own::{PasskeyAdded, PasskeyView};

use crate::{
    caller::Caller,
    error::{Denial, Error, Result},
    housekey::Housekey,
    passkeys::Asked,
};
use housekey_core::{
    factor::passkey::TO_ANSWER,
    ids::{ClientId, PasskeyId, UserId},
    keyring::Place,
    time::Time,
};
use housekey_store::passkey_challenges::{Ceremony, NewChallenge};
use serde::{Deserialize, Serialize};

/// A passkey is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyAsked {
    /// The challenge's id; that of the passkey which it would add.
    pub id: PasskeyId,
    /// What the browser needs, as JSON (WebAuthn Level 3, 5.1.8 and 5.1.9).
    pub options: String,
    /// When it is too late to answer.
    pub expires: Time,
}

/// A challenge's state, opened, and who was asked.
struct Waiting {
    id: PasskeyId,
    user: Option<UserId>,
    state: Vec<u8>,
}

impl Housekey {
    /// Whether people may sign in with passkeys here.
    pub fn has_passkeys(&self) -> bool {
        self.0.passkeys.is_on()
    }

    /// A challenge on its way: as it is kept, and as it is shown.
    fn challenge(
        &self,
        client: &ClientId,
        ceremony: Ceremony,
        user: Option<UserId>,
        asked: Option<Asked>,
    ) -> Result<(NewChallenge, PasskeyAsked)> {
        let asked = asked.ok_or(Error::NotFound)?;
        let now = self.now();
        let (id, expires) = (PasskeyId::new(now, self.entropy()), now.plus(TO_ANSWER));
        let new = NewChallenge {
            hash: asked.hash,
            sealed: self.keyring().seal(place_of(&id), &asked.state, self.entropy()),
            id: id.clone(),
            client: client.clone(),
            ceremony,
            user,
            expires,
        };
        Ok((new, PasskeyAsked { id, options: asked.options, expires }))
    }

    /// Takes the challenge that an answer names. It is gone with that, whatever the answer is worth.
    ///
    /// # Errors
    /// [`Denial::PasskeyExpired`] when there is none for this client and purpose.
    async fn challenge_taken(&self, client: &ClientId, ceremony: Ceremony, hash: [u8; 32]) -> Result<Waiting> {
        let taken = self.store().passkey_challenge_take(hash, client, ceremony, self.now()).await?;
        let taken = taken.ok_or(Error::Denied(Denial::PasskeyExpired))?;
        let plain = self.keyring().open(place_of(&taken.id), &taken.sealed);
        let state = plain.map_err(|_| Error::Bug("a challenge cannot be opened"))?.expose().clone();
        Ok(Waiting { id: taken.id, user: taken.user, state })
    }

    /// A challenge that is asked for: per address.
    fn passkey_spends(&self, caller: &Caller) -> Vec<housekey_store::limits::Spend> {
        vec![self.per_address("passkey", caller, self.limits().sign_in_address_minute)]
    }
}

fn place_of(id: &PasskeyId) -> Place<'_> {
    Place { table: "housekey_passkey_challenge", column: "sealed", row: id.as_str() }
}
