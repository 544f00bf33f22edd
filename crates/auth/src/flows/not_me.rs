//! "This was not me": the link in every notice. Whoever reads the mailbox ends what somebody else may have begun: every
//! session, every known device, the password, passkeys and phones that were added since the notice can be, all codes on
//! their way, and a request to come back without a second factor. Nothing risky is changed for three days or until the
//! owner is back. The way back in is the mailbox, and the second factor where there is one.

use crate::{
    caller::Caller,
    error::{Denial, Error, Result},
    flows::codes,
    housekey::Housekey,
    mail::{Letter, MailedSecret},
};
use housekey_core::{event::EventKind, ids::LinkId, token::opaque::OpaqueToken};
use housekey_store::{
    StoreError,
    links::{LinkRow, NewLink},
    passwords::Securing,
    sign_ins::Trail,
    users::UserRow,
};
use std::time::Duration;

/// How long a notice's link works.
const LIFE: Duration = Duration::from_secs(72 * 3600);
const NOT_ME: &str = "not_me";

impl Housekey {
    /// Whom a notice's link would secure, masked: a page shows it, and only its POST does it (SEC-33).
    ///
    /// # Errors
    /// [`Denial::LinkExpired`] for a link that is used or too old.
    pub async fn not_me_shown(&self, token: &str) -> Result<String> {
        let (_, user) = self.not_me_link(token).await?;
        Ok(codes::mailbox_of(&user).map(|to| to.masked()).unwrap_or_default())
    }

    /// Secures the account: every session ends, every device is forgotten, the password, new passkeys and new phones are gone,
    /// and codes on their way are dead.
    ///
    /// # Errors
    /// [`Denial::LinkExpired`] for a link that is used or too old, [`Error::Limited`] beyond the limits of the address.
    pub async fn not_me(&self, caller: &Caller, token: &str) -> Result<()> {
        self.spend(self.link_spends(caller)).await?;
        let (link, user) = self.not_me_link(token).await?;
        let detail = serde_json::json!({"link": link.id});
        let event = self.event_of(caller, EventKind::AccountSecured, Some(&user), None, None, detail).await?;
        let trail = Trail { events: vec![event], ..Trail::default() };
        let (added_after, frozen_until) = (self.now().minus(LIFE), self.now().plus(LIFE));
        let securing = Securing { account: user.account, link: link.id, added_after, frozen_until, trail };
        match self.store().secure_account(securing, self.now()).await {
            Err(StoreError::Conflict) => Err(Error::Denied(Denial::LinkExpired)),
            other => Ok(other?),
        }
    }

    /// Whether something risky may be changed of the account.
    ///
    /// # Errors
    /// [`Denial::Frozen`] after its owner said that somebody else was at it.
    pub(crate) fn may_change(&self, user: &UserRow) -> Result<()> {
        match user.frozen_until {
            Some(until) if self.now() < until => Err(Error::Denied(Denial::Frozen)),
            _ => Ok(()),
        }
    }

    /// Tells the owner what was done, with a link for when it was somebody else.
    pub(crate) fn tell_owner(
        &self,
        user: &UserRow,
        trail: &mut Trail,
        letter: impl FnOnce(Option<MailedSecret>) -> Letter,
    ) -> Result<()> {
        let Some(to) = codes::mailbox_of(user) else { return Ok(()) };
        let now = self.now();
        let token = OpaqueToken::new(LinkId::new(now, self.entropy()), self.entropy());
        trail.links.push(NewLink {
            id: token.id.as_str().to_owned(),
            purpose: NOT_ME,
            user: user.account.user.clone(),
            subject: "{}".to_owned(),
            secret_hash: token.hash(),
            expires: now.plus(LIFE),
        });
        trail.mail.push(self.notice(&to, letter(Some(MailedSecret::new(token.reveal()))))?);
        Ok(())
    }

    async fn not_me_link(&self, token: &str) -> Result<(LinkRow, UserRow)> {
        let expired = || Error::Denied(Denial::LinkExpired);
        let token = OpaqueToken::<LinkId>::parse(token).map_err(|_| expired())?;
        let link = self.store().reader().link(token.id.as_str(), NOT_ME, self.now()).await?.ok_or_else(expired)?;
        if !link.secret_hash.matches(token.secret().expose()) {
            return Err(expired());
        }
        let user = self.store().reader().user(&link.user).await?.ok_or_else(expired)?;
        Ok((link, user))
    }
}
