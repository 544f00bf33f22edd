//! A ticket that an app's backend made: it names its user, and is a first factor, once.

use super::{Finish, SignInView};
use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::{client::Presented, codes},
    housekey::Housekey,
};
use housekey_core::{
    ids::{SignInId, SignInTokenId},
    sign_in::{self, Begun, FirstProof},
    token::opaque::OpaqueToken,
};
use housekey_store::users::UserRow;

/// A ticket that can still be used.
struct Read {
    row: SignInTokenId,
    user: UserRow,
    proof: FirstProof,
}

impl Housekey {
    /// Whom a ticket would sign in, for a page that asks before its POST does it: the address, masked.
    ///
    /// # Errors
    /// [`Denial::TicketInvalid`] for an unknown ticket, [`Denial::TicketExpired`] for one that was used or is too old.
    pub async fn sign_in_ticket_shown(&self, ticket: &str) -> Result<String> {
        let Read { user, .. } = self.read_ticket(ticket).await?;
        Ok(codes::mailbox_of(&user).map(|to| to.masked()).unwrap_or_default())
    }

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
        self.spend(self.link_spends(caller)).await?;
        let Read { row, user, proof } = self.read_ticket(ticket).await?;
        let now = self.now();
        let begun = Begun {
            id: SignInId::new(now, self.entropy()),
            client: checked.client.id.clone(),
            remember: true,
            return_to: None,
        };
        let proof = proof.and_renew(user.password_compromised.is_some());
        let after = sign_in::from_ticket(begun, proof, &self.due(&user), now).map_err(super::code::refused)?;
        let mut finish = Finish::new(&user);
        finish.proved.ticket = Some(row);
        match self.go_on(caller, &checked.client, after, finish).await {
            // Used by somebody in the same moment, unless it was this very call.
            Err(Error::Conflict) => self.or_repeat(caller, Err(Error::Conflict)).await,
            other => other,
        }
    }
    async fn read_ticket(&self, ticket: &str) -> Result<Read> {
        let invalid = || Error::Denied(Denial::TicketInvalid);
        let token = OpaqueToken::<SignInTokenId>::parse(ticket).map_err(|_| invalid())?;
        let row = self.store().reader().sign_in_token(&token.id).await?.ok_or_else(invalid)?;
        let user = self.store().reader().user(&row.user).await?.ok_or_else(invalid)?;
        let shown = token.secret().expose();
        let proof = FirstProof::ticket(user.account.clone(), shown, &row.secret_hash).ok_or_else(invalid)?;
        if row.state != "pending" || row.expires <= self.now() {
            return Err(Error::Denied(Denial::TicketExpired));
        }
        Ok(Read { row: row.id, user, proof })
    }
}
