//! Inviting people: a ticket for one address, which proves that mailbox when it comes back.

use super::{Paged, Steward};
use crate::{
    error::{Error, Result},
    flows::metadata,
    housekey::Housekey,
    mail::{Letter, MailedSecret},
};
use housekey_core::{
    event::{Event, EventKind},
    identifier::email::Email,
    ids::InvitationId,
    time::Time,
    token::opaque::OpaqueToken,
};
use housekey_store::{
    StoreError,
    invitations::{InvitationRow, NewInvitation},
    mail::NewMail,
};
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
const MOST_DAYS: u32 = 365;

/// An invitation that is to be made.
pub struct Invite {
    /// Who is invited.
    pub address: String,
    /// What the account starts with: a JSON object.
    pub public_metadata: Option<String>,
    /// Where the ticket leads, on one of the apps' origins or as listed.
    pub redirect_url: Option<String>,
    /// Whether the ticket is mailed.
    pub notify: bool,
    /// Whether a pending invitation is replaced, and an account with that address is no hindrance.
    pub ignore_existing: bool,
    /// How long it holds, in days.
    pub days: u32,
}

/// An invitation that waits to be written.
pub(super) struct Prepared {
    pub new: NewInvitation,
    pub mail: Vec<NewMail>,
    pub events: Vec<Event>,
    pub link: String,
}

/// Where an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It can be accepted.
    Pending,
    /// It led to an account.
    Accepted,
    /// It was taken back.
    Revoked,
    /// It is too old.
    Expired,
}

impl Status {
    /// The published name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

/// An invitation as stewards see it.
#[derive(Clone, Debug)]
pub struct InvitationView {
    /// Its id.
    pub id: InvitationId,
    /// Who is invited.
    pub address: String,
    /// Where it stands.
    pub status: Status,
    /// What the account starts with: a JSON object.
    pub public_metadata: String,
    /// The link with the ticket; shown once, to whoever made it.
    pub link: Option<String>,
    /// When it was made.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
    /// When it ends by itself.
    pub expires: Time,
}

impl Housekey {
    /// Invites somebody.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is wrong: an address that has an account or an invitation, a redirect that is not
    /// listed.
    pub async fn invitation_make(&self, by: &Steward, invite: Invite) -> Result<InvitationView> {
        let Prepared { new, mail, events, link } = self.invitation_prepared(by, invite).await?;
        let id = new.id.clone();
        match self.store().invite(new, mail, events, self.now()).await {
            Err(StoreError::Taken(_)) => return Err(Error::field("email_address", "invitation_pending")),
            other => other?,
        }
        self.mail_waits();
        let row = self.store().reader().invitation(&id).await?.ok_or(Error::Conflict)?;
        Ok(InvitationView { link: Some(link), ..self.invitation_view(row) })
    }

    /// An invitation with its mail and its event, ready to be written.
    pub(super) async fn invitation_prepared(&self, by: &Steward, invite: Invite) -> Result<Prepared> {
        let email = Email::parse(&invite.address).map_err(|fault| Error::field("email_address", fault.code()))?;
        if invite.days == 0 || invite.days > MOST_DAYS {
            return Err(Error::field("expires_in_days", "out_of_range"));
        }
        let metadata = match &invite.public_metadata {
            Some(text) => {
                let object = metadata::object("public_metadata", text);
                serde_json::Value::Object(object.map_err(|fault| Error::Invalid(vec![fault]))?).to_string()
            }
            None => "{}".to_owned(),
        };
        if let Some(url) = &invite.redirect_url {
            self.may_lead_to(url).await?;
        }
        let known = self.store().reader().user_by_email(email.canonical()).await?.is_some();
        if known && !invite.ignore_existing {
            return Err(Error::field("email_address", "email_of_another_account"));
        }
        let now = self.now();
        let id = InvitationId::new(now, self.entropy());
        let ticket = OpaqueToken::new(id.clone(), self.entropy());
        let expires = now.plus(DAY * invite.days);
        let detail = json!({"invitation": id.as_str()});
        let event = self.instance_event(by, EventKind::InvitationMade, detail).await?;
        let mail = match invite.notify {
            true => {
                let ticket = MailedSecret::new(ticket.reveal());
                let letter = Letter::Invitation { ticket, until: expires, asked: self.facts(&by.caller) };
                vec![self.post(&email, letter, expires, false)?]
            }
            false => Vec::new(),
        };
        let new = NewInvitation {
            id,
            address: email.typed().to_owned(),
            canonical: email.canonical().to_owned(),
            public_metadata: metadata,
            redirect_url: invite.redirect_url,
            secret_hash: ticket.hash(),
            expires,
            replace: invite.ignore_existing,
        };
        Ok(Prepared { new, mail, events: vec![event], link: self.ticket_link(&ticket.reveal()) })
    }

    /// A page of invitations, newest first, in a state or in any, whose address has that part.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn invitations(
        &self,
        _: &Steward,
        status: Option<Status>,
        part: &str,
        (most, offset): (i64, i64),
    ) -> Result<Paged<InvitationView>> {
        let state = status.map_or("", Status::as_str);
        let (rows, total) = self.store().reader().invitations((state, part), self.now(), most, offset).await?;
        Ok(Paged { items: rows.into_iter().map(|row| self.invitation_view(row)).collect(), total })
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for one that is not pending.
    pub async fn invitation_revoke(&self, by: &Steward, id: &InvitationId) -> Result<InvitationView> {
        let reader = self.store().reader();
        reader.invitation(id).await?.ok_or(Error::NotFound)?;
        let detail = json!({"invitation": id.as_str()});
        let event = self.instance_event(by, EventKind::InvitationRevoked, detail).await?;
        if !self.store().revoke_invitation(id, event).await? {
            return Err(Error::field("invitation_id", "invitation_not_pending"));
        }
        let row = reader.invitation(id).await?.ok_or(Error::NotFound)?;
        Ok(self.invitation_view(row))
    }

    /// The link that a ticket is taken by.
    pub(super) fn ticket_link(&self, ticket: &str) -> String {
        let ticket: String = url::form_urlencoded::byte_serialize(ticket.as_bytes()).collect();
        self.address_of(&format!("/v1/tickets/accept?ticket={ticket}"))
    }

    pub(crate) fn invitation_view(&self, row: InvitationRow) -> InvitationView {
        let status = match row.state.as_str() {
            "accepted" => Status::Accepted,
            "revoked" => Status::Revoked,
            "pending" if self.now() < row.expires => Status::Pending,
            _ => Status::Expired,
        };
        InvitationView {
            id: row.id,
            address: row.address,
            status,
            public_metadata: row.public_metadata,
            link: None,
            created: row.created,
            updated: row.updated,
            expires: row.expires,
        }
    }
}
