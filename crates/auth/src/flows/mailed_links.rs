//! Links that prove a mailbox, as a code does. They work in the browser that asked for them; opened in another one, they
//! show a code to type in the first (SEC-34). Looking at one changes nothing, since mail scanners follow links too (SEC-33).

use crate::{
    caller::Caller,
    error::{Denial, Error, Result},
    flows::client::Presented,
    housekey::Housekey,
};
use housekey_core::{
    factor::one_time_code::OneTimeCode,
    identifier::email::Email,
    ids::{ClientId, VerificationId},
    redirect::ReturnTo,
    secret::Secret,
    token::opaque::OpaqueToken,
};
use housekey_store::verifications::{MailedLinkRow, Purpose};
use serde::de::IgnoredAny;

/// What a link is good for, and for nothing else (SEC-30).
pub type LinkPurpose = Purpose;

/// A link as its page shows it.
pub struct MailedLinkView {
    /// What it is good for.
    pub purpose: LinkPurpose,
    /// The mailbox, masked.
    pub to: String,
    /// Where an app wants the browser.
    pub return_to: Option<ReturnTo>,
    /// How it stands in this browser.
    pub stands: LinkStands,
}

/// How a link stands in the browser that opened it.
pub enum LinkStands {
    /// This browser asked for it: a button follows it.
    Here,
    /// Another one did: this code is to be typed there.
    Elsewhere(Secret<String>),
    /// It is too old.
    Expired,
}

/// A link that was read: its row, and what was shown.
pub(crate) struct ReadLink {
    pub id: VerificationId,
    pub shown: OpaqueToken<VerificationId>,
    pub row: MailedLinkRow,
}

impl Housekey {
    /// What a mailed link would do in this browser.
    ///
    /// # Errors
    /// [`Denial::LinkExpired`] for a link that is unknown, was used, or for which a newer one was sent.
    pub async fn mailed_link_shown(&self, caller: &Caller, token: &str) -> Result<MailedLinkView> {
        let ReadLink { id, shown, row } = self.read_link(token).await?;
        let to = Email::parse(&row.canonical).map_err(|_| Error::Bug("a stored address cannot be read"))?;
        let here = self.link_browser(caller).await?.is_some_and(|client| client == row.client);
        let stands = match here {
            _ if row.expires <= self.now() => LinkStands::Expired,
            true => LinkStands::Here,
            false if self.is_for_tests(&to) => {
                LinkStands::Elsewhere(Secret::new(OneTimeCode::for_tests().digits().to_owned()))
            }
            false => {
                let code = OneTimeCode::of_link(self.keyring(), &id, shown.secret());
                LinkStands::Elsewhere(Secret::new(code.digits().to_owned()))
            }
        };
        let return_to = row.return_to.as_deref().and_then(|text| serde_json::from_str(text).ok());
        Ok(MailedLinkView { purpose: row.purpose, to: to.masked(), return_to, stands })
    }

    /// A link that this client may follow now.
    ///
    /// # Errors
    /// [`Denial::LinkExpired`] for any other, [`Error::Limited`] beyond the limits of the caller's address.
    pub(crate) async fn link_to_follow(
        &self,
        caller: &Caller,
        client: &ClientId,
        token: &str,
        purposes: &[Purpose],
    ) -> Result<ReadLink> {
        self.spend(self.link_spends(caller)).await?;
        let read = self.read_link(token).await?;
        let follows =
            read.row.client == *client && purposes.contains(&read.row.purpose) && self.now() < read.row.expires;
        if follows { Ok(read) } else { Err(expired()) }
    }

    async fn read_link(&self, token: &str) -> Result<ReadLink> {
        let shown = OpaqueToken::<VerificationId>::parse(token).map_err(|_| expired())?;
        let row = self.store().reader().mailed_link(&shown.id).await?.ok_or_else(expired)?;
        match row.secret_hash.matches(shown.secret().expose()) {
            true => Ok(ReadLink { id: shown.id.clone(), shown, row }),
            false => Err(expired()),
        }
    }

    async fn link_browser(&self, caller: &Caller) -> Result<Option<ClientId>> {
        match self.present::<IgnoredAny>(caller).await {
            Ok(Presented::Client(checked)) => Ok(Some(checked.client.id.clone())),
            Ok(_) | Err(Error::SignedOut) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Proves an added address of the signed-in user by its link.
    ///
    /// # Errors
    /// [`Denial::LinkExpired`], [`Error::SignedOut`], [`Error::Limited`]; [`Error::Invalid`] when the address belongs to
    /// another account, which only its mailbox's owner gets to see.
    pub async fn email_follow(&self, caller: &Caller, token: &str) -> Result<()> {
        let here = self.here(caller).await?;
        let read = self.link_to_follow(caller, &here.client.id, token, &[Purpose::VerifyEmail]).await?;
        let id = read.row.email.as_ref().ok_or_else(expired)?;
        let (user, email) = self.own_email(&here, id).await.map_err(|error| match error {
            Error::NotFound => expired(),
            other => other,
        })?;
        let for_this = read.row.user.as_ref() == Some(&user.account.user) && read.row.canonical == email.canonical;
        match for_this && email.verified.is_none() {
            true => self.email_proved(caller, here, user, email, read.id).await,
            false => Err(expired()),
        }
    }
}

pub(crate) fn expired() -> Error {
    Error::Denied(Denial::LinkExpired)
}
