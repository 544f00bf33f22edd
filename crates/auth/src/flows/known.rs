//! What an instance that says so tells about its accounts, and where a ticket leads.

use crate::{
    error::{Denial, Error, Result},
    housekey::Housekey,
    settings::Enumeration,
};
use housekey_core::{
    identifier::email::Email,
    ids::{InvitationId, SignInTokenId},
    token::opaque::OpaqueToken,
};
use url::Url;

impl Housekey {
    /// Where accounts may be told of: whether somebody has that address or username.
    ///
    /// # Errors
    /// [`Error::Invalid`] when nobody has it.
    pub async fn is_known_here(&self, identifier: &str) -> Result<()> {
        if self.settings().clerk.enumeration == Enumeration::Strict {
            return Ok(());
        }
        let named = self.read_identifier(identifier)?;
        match self.store().reader().user_by(&named).await? {
            Some(_) => Ok(()),
            None => Err(Error::field("identifier", "identifier_not_found")),
        }
    }

    /// Where accounts may be told of: whether nobody has that address.
    ///
    /// # Errors
    /// [`Error::Invalid`] when somebody has it.
    pub async fn is_free_here(&self, address: &str) -> Result<()> {
        if self.settings().clerk.enumeration == Enumeration::Strict {
            return Ok(());
        }
        let Ok(email) = Email::parse(address) else { return Ok(()) };
        match self.store().reader().user_by_email(email.canonical()).await? {
            Some(_) => Err(Error::field("email", "email_already_added")),
            None => Ok(()),
        }
    }

    /// The page that a ticket is redeemed on, and what it does there. Only its owner's form redeems it.
    ///
    /// # Errors
    /// [`Denial::TicketInvalid`] for one that is none of ours.
    pub async fn ticket_page(&self, ticket: &str) -> Result<(Url, &'static str)> {
        let invalid = || Error::Denied(Denial::TicketInvalid);
        let clerk = &self.settings().clerk;
        let page = |configured: &Option<Url>, own: &str| match configured {
            Some(url) => Ok(url.clone()),
            None => Url::parse(&self.address_of(own)).map_err(|_| Error::Bug("our own address cannot be read")),
        };
        if OpaqueToken::<SignInTokenId>::parse(ticket).is_ok() {
            return Ok((page(&clerk.sign_in_url, "/sign-in")?, "sign_in"));
        }
        let token = OpaqueToken::<InvitationId>::parse(ticket).map_err(|_| invalid())?;
        let row = self.store().reader().invitation(&token.id).await?.ok_or_else(invalid)?;
        if !row.secret_hash.matches(token.secret().expose()) {
            return Err(invalid());
        }
        match row.redirect_url.as_deref().map(Url::parse) {
            Some(Ok(url)) => Ok((url, "sign_up")),
            _ => Ok((page(&clerk.sign_up_url, "/sign-up")?, "sign_up")),
        }
    }
}
