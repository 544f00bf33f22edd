//! A changed primary address can be taken back by its former owner (SEC-26).

use crate::{
    caller::Caller,
    error::{Denial, Error, Result},
    flows::codes,
    housekey::Housekey,
    mail::{Letter, MailedSecret},
};
use housekey_core::{
    event::EventKind,
    identifier::email::Email,
    ids::{EmailId, LinkId},
    token::opaque::OpaqueToken,
};
use housekey_store::{
    StoreError,
    emails::Undo,
    links::{LinkRow, NewLink},
    sign_ins::Trail,
    users::UserRow,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long the former primary address may undo the change (SEC-26).
const UNDO_FOR: Duration = Duration::from_secs(72 * 3600);
const UNDO: &str = "undo_email";

/// What an undo link acts on.
#[derive(Serialize, Deserialize)]
struct Former {
    email: EmailId,
    address: String,
    replaced: Option<EmailId>,
}

impl Housekey {
    /// Whether an undo link is live: a page shows what it would do, and only its POST does it (SEC-33).
    ///
    /// # Errors
    /// [`Denial::LinkExpired`] otherwise.
    pub async fn email_undo_shown(&self, token: &str) -> Result<String> {
        let (_, former) = self.undo_link(token).await?;
        let address = Email::parse(&former.address).map_err(|_| Error::Bug("a stored address cannot be read"))?;
        Ok(address.masked())
    }

    /// The former owner of the primary address takes the account back.
    ///
    /// # Errors
    /// [`Denial::LinkExpired`] for a link that is used or too old.
    pub async fn email_undo(&self, caller: &Caller, token: &str) -> Result<()> {
        let expired = || Error::Denied(Denial::LinkExpired);
        self.spend(self.link_spends(caller)).await?;
        let (link, former) = self.undo_link(token).await?;
        let user = self.store().reader().user(&link.user).await?.ok_or_else(expired)?;
        let to = Email::parse(&former.address).map_err(|_| Error::Bug("a stored address cannot be read"))?;
        let detail = serde_json::json!({"email": former.email.as_str()});
        let event = self.event_of(caller, EventKind::EmailChangeUndone, Some(&user), None, None, detail).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        trail.mail.push(self.notice(&to, Letter::NoticePasswordChanged { not_me: None, asked: self.facts(caller) })?);
        let undo = Undo {
            account: user.account,
            link: link.id,
            back: former.email,
            address: to.typed().to_owned(),
            canonical: to.canonical().to_owned(),
            replaced: former.replaced,
        };
        match self.store().email_undo(undo, trail, self.now()).await {
            Err(StoreError::Conflict | StoreError::Taken(_)) => Err(expired()),
            other => {
                other?;
                self.mail_waits();
                Ok(())
            }
        }
    }

    /// A notice to the former address, and the link in it.
    pub(super) fn told_and_undoable(
        &self,
        caller: &Caller,
        user: &UserRow,
        replaced: Option<&EmailId>,
        trail: &mut Trail,
        new_address: &str,
    ) -> Result<Option<NewLink>> {
        let (Some(email), Some(former)) = (&user.primary_email, codes::mailbox_of(user)) else {
            return Ok(None);
        };
        let now = self.now();
        let token = OpaqueToken::new(LinkId::new(now, self.entropy()), self.entropy());
        let subject = Former { email: email.clone(), address: former.typed().to_owned(), replaced: replaced.cloned() };
        let link = NewLink {
            id: token.id.as_str().to_owned(),
            purpose: UNDO,
            user: user.account.user.clone(),
            subject: serde_json::to_string(&subject).map_err(|_| Error::Bug("a link's subject cannot be written"))?,
            secret_hash: token.hash(),
            expires: now.plus(UNDO_FOR),
        };
        let letter = Letter::NoticePrimaryChanged {
            primary: Email::parse(new_address).map_err(|_| Error::Bug("a stored address cannot be read"))?,
            undo: MailedSecret::new(token.reveal()),
            undo_until: link.expires,
            asked: self.facts(caller),
        };
        trail.mail.push(self.notice(&former, letter)?);
        Ok(Some(link))
    }

    async fn undo_link(&self, token: &str) -> Result<(LinkRow, Former)> {
        let expired = || Error::Denied(Denial::LinkExpired);
        let token = OpaqueToken::<LinkId>::parse(token).map_err(|_| expired())?;
        let link = self.store().reader().link(token.id.as_str(), UNDO, self.now()).await?.ok_or_else(expired)?;
        if !link.secret_hash.matches(token.secret().expose()) {
            return Err(expired());
        }
        let former = serde_json::from_str(&link.subject).map_err(|_| Error::Bug("a link's subject cannot be read"))?;
        Ok((link, former))
    }
}
