//! A ticket that an app's backend made: it names its user, and is a first factor, once.

use super::{Finish, SignInView};
use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::client::Presented,
    housekey::Housekey,
};
use housekey_core::{
    ids::{SignInId, SignInTokenId},
    sign_in::{self, After, Begun, FirstProof},
    token::opaque::OpaqueToken,
};

impl Housekey {
    /// Signs in by a ticket. The caller must have a client: a browser that has none gets one by [`Self::client_begin`].
    ///
    /// # Errors
    /// [`Denial::TicketInvalid`] for an unknown ticket, [`Denial::TicketExpired`] for one that was used or is too old,
    /// [`Error::Limited`] beyond the limits of the caller's address.
    pub async fn sign_in_ticket(&self, caller: &Caller, ticket: &str) -> Result<Outcome<SignInView>> {
        let done = self.try_ticket(caller, ticket).await;
        self.or_repeat(caller, done).await
    }

    async fn try_ticket(&self, caller: &Caller, ticket: &str) -> Result<Outcome<SignInView>> {
        let checked = match self.present::<SignInView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Err(Error::Denied(Denial::AttemptExpired)),
        };
        self.pass(self.sign_in_spends(caller)).await?;
        let invalid = || Error::Denied(Denial::TicketInvalid);
        let token = OpaqueToken::<SignInTokenId>::parse(ticket).map_err(|_| invalid())?;
        let row = self.store().reader().sign_in_token(&token.id).await?.ok_or_else(invalid)?;
        let user = self.store().reader().user(&row.user).await?.ok_or_else(invalid)?;
        let shown = token.secret().expose();
        let proof = FirstProof::ticket(user.account.clone(), shown, &row.secret_hash).ok_or_else(invalid)?;
        if row.state != "pending" || row.expires <= self.now() {
            return Err(Error::Denied(Denial::TicketExpired));
        }
        let now = self.now();
        let begun = Begun {
            id: SignInId::new(now, self.entropy()),
            client: checked.client.id.clone(),
            remember: true,
            return_to: None,
        };
        let Ok(After::Done(done)) = sign_in::from_ticket(begun, proof, now) else {
            return Err(Error::Bug("a ticket led to a reset"));
        };
        let mut finish = Finish::new(done, &user);
        finish.ticket = Some(row.id);
        match self.finish_sign_in(caller, &checked.client, finish).await {
            // Used by somebody in the same moment, unless it was this very call.
            Err(Error::Conflict) => self.or_repeat(caller, Err(Error::Conflict)).await,
            other => other,
        }
    }
}
