//! The waitlist as stewards keep it.

use super::{InvitationView, Invite, Paged, Steward};
use crate::{
    error::{Error, Result},
    flows::waitlist::waiting,
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{event::EventKind, identifier::email::Email, time::Time};
use housekey_store::{StoreError, waitlist::WaitingRow};
use serde_json::json;

/// For how long an invitation from the list holds.
const DAYS: u32 = 30;

/// An entry as stewards see it.
#[derive(Clone, Debug)]
pub struct WaitingView {
    /// Its id.
    pub id: String,
    /// Who waits.
    pub address: String,
    /// `pending`, `invited`, `rejected` or `completed`.
    pub state: String,
    /// The invitation that was sent for it.
    pub invitation: Option<InvitationView>,
    /// When it was made.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
}

impl Housekey {
    /// A page of the list, newest first, in a state or in any, whose address has that part.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn waitlist(
        &self,
        _: &Steward,
        state: &str,
        part: &str,
        (most, offset): (i64, i64),
    ) -> Result<Paged<WaitingView>> {
        let (rows, total) = self.store().reader().waiting_page((state, part), most, offset).await?;
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            items.push(self.waiting_view(row).await?);
        }
        Ok(Paged { items, total })
    }

    /// Puts an address on the list, whatever the mode of sign-up is. One that waits already stays as it is.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a malformed address.
    pub async fn waitlist_add(&self, by: &Steward, address: &str, notify: bool) -> Result<WaitingView> {
        let email = Email::parse(address).map_err(|fault| Error::field("email_address", fault.code()))?;
        let id = self.waiting_id(&email);
        if let Some(row) = self.store().reader().waiting(&id).await? {
            return self.waiting_view(row).await;
        }
        let letter = Letter::WaitlistJoined { asked: self.facts(&by.caller) };
        let mail = if notify { vec![self.notice(&email, letter)?] } else { Vec::new() };
        let event = self.instance_event(by, EventKind::WaitlistJoined, json!({"entry": id})).await?;
        self.store().wait(waiting(&id, &email), mail, vec![event], self.now()).await?;
        self.mail_waits();
        self.waiting_one(&id).await
    }

    /// Invites whoever waits. An entry that was rejected may be invited after all.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for one that is invited already or whose address has an account.
    pub async fn waitlist_invite(&self, by: &Steward, id: &str, ignore_existing: bool) -> Result<WaitingView> {
        let row = self.store().reader().waiting(id).await?.ok_or(Error::NotFound)?;
        if row.state == "invited" && !ignore_existing {
            return Err(Error::field("waitlist_entry_id", "waitlist_not_pending"));
        }
        let invite = Invite {
            address: row.address.clone(),
            public_metadata: None,
            redirect_url: None,
            notify: true,
            ignore_existing,
            days: DAYS,
        };
        let made = self.invitation_prepared(by, invite).await?;
        let entry = row.id.clone();
        match self.store().invite_waiting(row, made.new, made.mail, made.events, self.now()).await {
            Err(StoreError::Taken(_)) => return Err(Error::field("email_address", "invitation_pending")),
            other => other?,
        }
        self.mail_waits();
        self.waiting_one(&entry).await
    }

    /// Rejects whoever waits. They are told nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for one that does not wait any more.
    pub async fn waitlist_reject(&self, by: &Steward, id: &str) -> Result<WaitingView> {
        self.waiting_one(id).await?;
        let event = self.instance_event(by, EventKind::WaitlistRejected, json!({"entry": id})).await?;
        if !self.store().reject_waiting(id.to_owned(), event).await? {
            return Err(Error::field("waitlist_entry_id", "waitlist_not_pending"));
        }
        self.waiting_one(id).await
    }

    /// Takes whoever waits off the list.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for one that does not wait any more.
    pub async fn waitlist_remove(&self, by: &Steward, id: &str) -> Result<()> {
        self.waiting_one(id).await?;
        let event = self.instance_event(by, EventKind::WaitlistRemoved, json!({"entry": id})).await?;
        match self.store().forget_waiting(id.to_owned(), event).await? {
            true => Ok(()),
            false => Err(Error::field("waitlist_entry_id", "waitlist_not_pending")),
        }
    }

    async fn waiting_one(&self, id: &str) -> Result<WaitingView> {
        let row = self.store().reader().waiting(id).await?.ok_or(Error::NotFound)?;
        self.waiting_view(row).await
    }

    async fn waiting_view(&self, row: WaitingRow) -> Result<WaitingView> {
        let invitation = match &row.invitation {
            Some(id) => self.store().reader().invitation(id).await?.map(|found| self.invitation_view(found)),
            None => None,
        };
        let is_accepted = invitation.as_ref().is_some_and(|i| i.status == super::Status::Accepted);
        let state = if is_accepted { "completed".to_owned() } else { row.state };
        let WaitingRow { id, address, created, updated, .. } = row;
        Ok(WaitingView { id, address, state, invitation, created, updated })
    }
}
