//! Addresses of users, by a steward's word.

use super::{Steward, create::taken};
use crate::{
    error::{Denial, Error, Result},
    flows::profile::ProfileEmail,
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{
    event::EventKind,
    identifier::email::Email,
    ids::{EmailId, UserId},
};
use housekey_store::{StoreError, emails::EmailRow, sign_ins::Trail, steward_emails::KeptEmail, users::UserRow};
use serde_json::json;

/// An address that a user gets.
pub struct NewAddress {
    /// As typed.
    pub address: String,
    /// Whether its mailbox counts as the user's.
    pub verified: bool,
    /// Whether mail goes there from now on. The first address of a user always is the primary one.
    pub primary: bool,
    /// Whether all others go.
    pub alone: bool,
    /// Whether the former primary address is told.
    pub notify: bool,
}

impl Housekey {
    /// One address of whomever.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn address_show(&self, _: &Steward, id: &EmailId) -> Result<ProfileEmail> {
        let (_, row) = self.store().reader().any_email(id).await?.ok_or(Error::NotFound)?;
        Ok(shown(row))
    }

    /// Gives a user an address.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for a malformed address, one that is taken, or a primary one that is not
    /// proved.
    pub async fn address_add(&self, by: &Steward, user: &UserId, new: NewAddress) -> Result<ProfileEmail> {
        let user = self.kept_row(user).await?;
        Self::not_a_guest(&user)?;
        let email = Email::parse(&new.address).map_err(|fault| Error::field("email_address", fault.code()))?;
        let first = user.primary_email.is_none() && new.verified;
        let primary = new.primary || new.alone || first;
        if primary && !new.verified {
            return Err(Error::field("primary", "email_not_verified"));
        }
        let id = EmailId::new(self.now(), self.entropy());
        let mut trail = Trail::default();
        let detail = json!({"email": id.as_str()});
        trail.events.push(self.kept_event(by, EventKind::EmailAdded, &user, detail.clone()).await?);
        if primary && !first {
            trail.events.push(self.kept_event(by, EventKind::EmailPrimaryChanged, &user, detail).await?);
            self.tell_former(by, &user, new.notify, &mut trail)?;
        }
        let kept = KeptEmail {
            account: user.account,
            id: id.clone(),
            address: email.typed().to_owned(),
            canonical: email.canonical().to_owned(),
            verified: new.verified,
            primary,
            alone: new.alone,
        };
        self.store().keep_email(kept, trail, self.now()).await.map_err(taken)?;
        self.mail_waits();
        self.address_show(by, &id).await
    }

    /// Counts an address as proved or unproved, and makes it the primary one.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for a primary address that is not proved.
    pub async fn address_change(
        &self,
        by: &Steward,
        id: &EmailId,
        verified: Option<bool>,
        primary: bool,
        notify: bool,
    ) -> Result<ProfileEmail> {
        let (user, email) = self.kept_address(id).await?;
        let is_primary = user.primary_email.as_ref() == Some(id);
        let proved = verified.unwrap_or(email.verified.is_some());
        if (primary || is_primary) && !proved {
            return Err(Error::field(if primary { "primary" } else { "verified" }, "email_not_verified"));
        }
        let mut trail = Trail::default();
        let detail = json!({"email": id.as_str()});
        if proved && email.verified.is_none() {
            trail.events.push(self.kept_event(by, EventKind::EmailVerified, &user, detail.clone()).await?);
        }
        if primary && !is_primary {
            trail.events.push(self.kept_event(by, EventKind::EmailPrimaryChanged, &user, detail.clone()).await?);
            self.tell_former(by, &user, notify, &mut trail)?;
        }
        if trail.events.is_empty() {
            trail.events.push(self.kept_event(by, EventKind::UserUpdated, &user, detail).await?);
        }
        let to = (verified, primary && !is_primary);
        self.store().set_email(user.account, email, to, trail, self.now()).await.map_err(taken)?;
        self.mail_waits();
        self.address_show(by, id).await
    }

    /// Takes an address away from a user, and tells it so where it was proved.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Denial::LastWayIn`] for the last proved one.
    pub async fn address_remove(&self, by: &Steward, id: &EmailId) -> Result<()> {
        let (user, email) = self.kept_address(id).await?;
        let detail = json!({"email": id.as_str()});
        let event = self.kept_event(by, EventKind::EmailRemoved, &user, detail).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        if let (Some(_), Ok(removed)) = (email.verified, Email::parse(&email.address)) {
            let asked = self.facts(&by.caller);
            trail.mail.push(self.notice(&removed, Letter::NoticeEmailRemoved { asked })?);
        }
        let was_primary = user.primary_email.as_ref() == Some(id);
        match self.store().take_email(user.account, id.clone(), was_primary, trail, self.now()).await {
            Err(StoreError::Taken(_)) => Err(Error::Denied(Denial::LastWayIn)),
            other => {
                other?;
                self.mail_waits();
                Ok(())
            }
        }
    }

    async fn kept_address(&self, id: &EmailId) -> Result<(UserRow, EmailRow)> {
        let (user, row) = self.store().reader().any_email(id).await?.ok_or(Error::NotFound)?;
        Ok((self.kept_row(&user).await?, row))
    }
}

fn shown(row: EmailRow) -> ProfileEmail {
    ProfileEmail { id: row.id, address: row.address, verified: row.verified, created: row.created }
}
