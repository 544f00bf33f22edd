//! Who waits for room: an address an entry, invited or rejected by whoever keeps the instance.

use crate::{
    Reader, Store, StoreError,
    invitations::{self, NewInvitation},
    mail::{self, NewMail},
    sql::Row,
    statements,
};
use housekey_core::{event::Event, ids::InvitationId, time::Time};

statements! {
    JOIN = "INSERT INTO housekey_waitlist (id, address, canonical, state, invitation_id, created_at, updated_at) \
        VALUES ($1, $2, $3, 'pending', NULL, $4, $4) ON CONFLICT DO NOTHING";
    ONE = "SELECT id, address, state, invitation_id, created_at, updated_at FROM housekey_waitlist WHERE id = $1";
    PAGE = two("SELECT w.id, w.address, CASE WHEN i.state = 'accepted' THEN 'completed' ELSE w.state END, w.invitation_id, w.created_at, w.updated_at \
        FROM housekey_waitlist w LEFT JOIN housekey_invitation i ON i.id = w.invitation_id \
        WHERE ($1 = '' OR $1 = CASE WHEN i.state = 'accepted' THEN 'completed' ELSE w.state END) \
        AND ($2 = '' OR w.id = $2 OR instr(lower(w.address), lower($2)) > 0) ORDER BY w.created_at DESC, w.id DESC LIMIT $3 OFFSET $4",
        "SELECT w.id, w.address, CASE WHEN i.state = 'accepted' THEN 'completed' ELSE w.state END, w.invitation_id, w.created_at, w.updated_at \
        FROM housekey_waitlist w LEFT JOIN housekey_invitation i ON i.id = w.invitation_id \
        WHERE ($1 = '' OR $1 = CASE WHEN i.state = 'accepted' THEN 'completed' ELSE w.state END) \
        AND ($2 = '' OR w.id = $2 OR strpos(lower(w.address COLLATE \"default\"), lower($2)) > 0) ORDER BY w.created_at DESC, w.id DESC LIMIT $3 OFFSET $4");
    COUNT = two("SELECT COUNT(*) FROM housekey_waitlist w LEFT JOIN housekey_invitation i ON i.id = w.invitation_id \
        WHERE ($1 = '' OR $1 = CASE WHEN i.state = 'accepted' THEN 'completed' ELSE w.state END) \
        AND ($2 = '' OR w.id = $2 OR instr(lower(w.address), lower($2)) > 0)",
        "SELECT COUNT(*) FROM housekey_waitlist w LEFT JOIN housekey_invitation i ON i.id = w.invitation_id \
        WHERE ($1 = '' OR $1 = CASE WHEN i.state = 'accepted' THEN 'completed' ELSE w.state END) \
        AND ($2 = '' OR w.id = $2 OR strpos(lower(w.address COLLATE \"default\"), lower($2)) > 0)");
    INVITED = "UPDATE housekey_waitlist SET state = 'invited', invitation_id = $2, updated_at = $3 WHERE id = $1 AND updated_at = $4";
    REJECT = "UPDATE housekey_waitlist SET state = 'rejected', updated_at = $2 WHERE id = $1 AND state = 'pending'";
    DELETE = "DELETE FROM housekey_waitlist WHERE id = $1 AND state = 'pending'";
}

/// An entry.
#[derive(Clone, Debug)]
pub struct WaitingRow {
    /// Its id.
    pub id: String,
    /// The address, as typed.
    pub address: String,
    /// `pending`, `invited` or `rejected`; in lists also `completed`, where the invitation led to an account.
    pub state: String,
    /// The invitation that was sent for it.
    pub invitation: Option<InvitationId>,
    /// When it was made.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
}

/// Somebody who wants to wait.
#[derive(Clone, Debug)]
pub struct NewWaiting {
    /// The entry's id.
    pub id: String,
    /// The address, as typed.
    pub address: String,
    /// Its canonical form: it waits once.
    pub canonical: String,
}

impl Reader {
    /// One entry.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn waiting(&self, id: &str) -> Result<Option<WaitingRow>, StoreError> {
        self.optional(&ONE, &[id.into()]).await?.map(|r| read(&r)).transpose()
    }

    /// A page of entries in a state, or in any for an empty name, whose address has that part or whose id it is; newest
    /// first; and how many there are.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn waiting_page(
        &self,
        (state, part): (&str, &str),
        most: i64,
        offset: i64,
    ) -> Result<(Vec<WaitingRow>, i64), StoreError> {
        let rows = self.rows(&PAGE, &[state.into(), part.into(), most.into(), offset.into()]).await?;
        let count = self.optional(&COUNT, &[state.into(), part.into()]).await?.map(|r| r.int(0)).transpose()?;
        Ok((rows.iter().map(read).collect::<Result<_, _>>()?, count.unwrap_or_default()))
    }
}

impl Store {
    /// Puts an address on the list, with the mail and the events of that. For one that waits already they are written
    /// alike, so that nobody learns it by the work.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn wait(
        &self,
        new: NewWaiting,
        mail: Vec<NewMail>,
        events: Vec<Event>,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let args =
                    [new.id.as_str().into(), new.address.as_str().into(), new.canonical.as_str().into(), now.into()];
                tx.execute(&JOIN, &args).await?;
                mail::insert(tx, &mail, now).await?;
                crate::events::insert(tx, &events).await
            })
        })
        .await
    }

    /// Invites whoever waits, in one step with the entry as it was read.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when an invitation to that address is pending, [`StoreError::Conflict`] when the entry was
    /// changed meanwhile.
    pub async fn invite_waiting(
        &self,
        entry: WaitingRow,
        new: NewInvitation,
        mail: Vec<NewMail>,
        events: Vec<Event>,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let args = [entry.id.as_str().into(), (&new.id).into(), now.into(), entry.updated.into()];
                if tx.execute(&INVITED, &args).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                invitations::put(tx, &new, &mail, &events, now).await
            })
        })
        .await
    }

    /// Rejects an entry that is pending. Answers whether it was.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn reject_waiting(&self, id: String, event: Event) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let rejected = tx.execute(&REJECT, &[id.as_str().into(), event.at.into()]).await? == 1;
                if rejected {
                    crate::events::insert(tx, &[event]).await?;
                }
                Ok(rejected)
            })
        })
        .await
    }

    /// Takes an entry that is pending off the list. Answers whether it was.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn forget_waiting(&self, id: String, event: Event) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let gone = tx.execute(&DELETE, &[id.as_str().into()]).await? == 1;
                if gone {
                    crate::events::insert(tx, &[event]).await?;
                }
                Ok(gone)
            })
        })
        .await
    }
}

fn read(r: &Row) -> Result<WaitingRow, StoreError> {
    let id = r.text(0)?;
    let invitation = r.opt_text(3)?.map(|text| InvitationId::try_from(text.as_str())).transpose();
    Ok(WaitingRow {
        address: r.text(1)?,
        state: r.text(2)?,
        invitation: invitation.map_err(|_| StoreError::corrupt("housekey_waitlist", "invitation_id", &id))?,
        created: Time::from_millis(r.int(4)?),
        updated: Time::from_millis(r.int(5)?),
        id,
    })
}
