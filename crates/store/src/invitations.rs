//! Invitations to sign up: a ticket is mailed, of which the row has the hash.

use crate::{
    Reader, Store, StoreError,
    error::Field,
    mail::{self, NewMail},
    sql::{Row, Tx},
    statements,
};
use housekey_core::{
    event::Event,
    ids::{InvitationId, UserId},
    time::Time,
    token::opaque::TokenHash,
    webhook::WebhookKind,
};

statements! {
    INSERT = "INSERT INTO housekey_invitation (id, address, canonical, state, public_metadata, redirect_url, secret_hash, created_at, updated_at, expires_at) \
        VALUES ($1, $2, $3, 'pending', $4, $5, $6, $7, $7, $8) ON CONFLICT DO NOTHING";
    REVOKE_PENDING = "UPDATE housekey_invitation SET state = 'revoked', updated_at = $2 WHERE canonical = $1 AND state = 'pending' RETURNING id";
    EXPIRE = "UPDATE housekey_invitation SET state = 'expired', updated_at = $2 WHERE canonical = $1 AND state = 'pending' AND expires_at <= $2 RETURNING id";
    ONE = "SELECT id, address, canonical, state, public_metadata, redirect_url, secret_hash, created_at, updated_at, expires_at \
        FROM housekey_invitation WHERE id = $1";
    ACCEPT = "UPDATE housekey_invitation SET state = 'accepted', user_id = $2, updated_at = $3 WHERE id = $1 AND state = 'pending' AND expires_at > $3";
    REVOKE = "UPDATE housekey_invitation SET state = 'revoked', updated_at = $2 WHERE id = $1 AND state = 'pending'";
    PAGE = two("SELECT id, address, canonical, state, public_metadata, redirect_url, secret_hash, created_at, updated_at, expires_at \
        FROM housekey_invitation WHERE ($1 = '' OR $1 = CASE WHEN state = 'pending' AND expires_at <= $2 THEN 'expired' ELSE state END) \
        AND ($3 = '' OR instr(lower(address), lower($3)) > 0) ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5",
        "SELECT id, address, canonical, state, public_metadata, redirect_url, secret_hash, created_at, updated_at, expires_at \
        FROM housekey_invitation WHERE ($1 = '' OR $1 = CASE WHEN state = 'pending' AND expires_at <= $2 THEN 'expired' ELSE state END) \
        AND ($3 = '' OR strpos(lower(address COLLATE \"default\"), lower($3)) > 0) ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5");
    COUNT = two("SELECT COUNT(*) FROM housekey_invitation \
        WHERE ($1 = '' OR $1 = CASE WHEN state = 'pending' AND expires_at <= $2 THEN 'expired' ELSE state END) AND ($3 = '' OR instr(lower(address), lower($3)) > 0)",
        "SELECT COUNT(*) FROM housekey_invitation \
        WHERE ($1 = '' OR $1 = CASE WHEN state = 'pending' AND expires_at <= $2 THEN 'expired' ELSE state END) AND ($3 = '' OR strpos(lower(address COLLATE \"default\"), lower($3)) > 0)");
}

/// An invitation.
#[derive(Clone, Debug)]
pub struct InvitationRow {
    /// Its id.
    pub id: InvitationId,
    /// The address, as typed.
    pub address: String,
    /// Its canonical form.
    pub canonical: String,
    /// `pending`, `accepted`, `revoked` or `expired`.
    pub state: String,
    /// What the account starts with: a JSON object.
    pub public_metadata: String,
    /// Where the ticket leads.
    pub redirect_url: Option<String>,
    /// The ticket's hash.
    pub secret_hash: TokenHash,
    /// When it was made.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
    /// When it ends by itself.
    pub expires: Time,
}

/// An invitation to make.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// Its id.
    pub id: InvitationId,
    /// The address, as typed.
    pub address: String,
    /// Its canonical form.
    pub canonical: String,
    /// What the account starts with: a JSON object.
    pub public_metadata: String,
    /// Where the ticket leads.
    pub redirect_url: Option<String>,
    /// The ticket's hash.
    pub secret_hash: TokenHash,
    /// When it ends by itself.
    pub expires: Time,
    /// A newer one replaces one that is pending; otherwise the address counts as taken.
    pub replace: bool,
}

impl Reader {
    /// One invitation.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn invitation(&self, id: &InvitationId) -> Result<Option<InvitationRow>, StoreError> {
        self.optional(&ONE, &[id.into()]).await?.map(|r| read(&r)).transpose()
    }

    /// A page of invitations in a state as of now, or in any for an empty name, whose address has that part; newest
    /// first; and how many there are.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn invitations(
        &self,
        (state, part): (&str, &str),
        now: Time,
        most: i64,
        offset: i64,
    ) -> Result<(Vec<InvitationRow>, i64), StoreError> {
        let rows = self.rows(&PAGE, &[state.into(), now.into(), part.into(), most.into(), offset.into()]).await?;
        let count = self.optional(&COUNT, &[state.into(), now.into(), part.into()]).await?;
        let count = count.map(|r| r.int(0)).transpose()?;
        Ok((rows.iter().map(read).collect::<Result<_, _>>()?, count.unwrap_or_default()))
    }
}

impl Store {
    /// Invites somebody, with the mail that carries the ticket.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when an invitation to that address is pending.
    pub async fn invite(
        &self,
        new: NewInvitation,
        mail: Vec<NewMail>,
        events: Vec<Event>,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| Box::pin(async move { put(tx, &new, &mail, &events, now).await })).await
    }

    /// Revokes an invitation that is pending. Answers whether it was.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn revoke_invitation(&self, id: &InvitationId, event: Event) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let revoked = tx.execute(&REVOKE, &[(&id).into(), event.at.into()]).await? == 1;
                if revoked {
                    tx.aside.invitations.push((id.clone(), WebhookKind::InvitationRevoked));
                    crate::events::insert(tx, &[event]).await?;
                }
                Ok(revoked)
            })
        })
        .await
    }
}

/// Invites somebody.
pub(crate) async fn put(
    tx: &mut Tx,
    new: &NewInvitation,
    mail: &[NewMail],
    events: &[Event],
    now: Time,
) -> Result<(), StoreError> {
    let spent = if new.replace { &REVOKE_PENDING } else { &EXPIRE };
    for row in tx.rows(spent, &[new.canonical.as_str().into(), now.into()]).await? {
        if new.replace {
            tx.aside.invitations.push((id_of(&row)?, WebhookKind::InvitationRevoked));
        }
    }
    let args = [
        (&new.id).into(),
        new.address.as_str().into(),
        new.canonical.as_str().into(),
        new.public_metadata.as_str().into(),
        new.redirect_url.clone().into(),
        new.secret_hash.as_bytes().into(),
        now.into(),
        new.expires.into(),
    ];
    if tx.execute(&INSERT, &args).await? != 1 {
        return Err(StoreError::Taken(Field::Email));
    }
    tx.aside.invitations.push((new.id.clone(), WebhookKind::InvitationCreated));
    mail::insert(tx, mail, now).await?;
    crate::events::insert(tx, events).await
}

/// Uses the invitation up: of all who come at once, one does.
pub(crate) async fn accept(tx: &mut Tx, id: &InvitationId, user: &UserId, now: Time) -> Result<(), StoreError> {
    match tx.execute(&ACCEPT, &[id.into(), user.into(), now.into()]).await? {
        1 => {
            tx.aside.invitations.push((id.clone(), WebhookKind::InvitationAccepted));
            Ok(())
        }
        _ => Err(StoreError::Conflict),
    }
}

/// An invitation, as it is in this transaction.
pub(crate) async fn one(tx: &mut Tx, id: &InvitationId) -> Result<Option<InvitationRow>, StoreError> {
    tx.optional(&ONE, &[id.into()]).await?.map(|r| read(&r)).transpose()
}

fn id_of(r: &Row) -> Result<InvitationId, StoreError> {
    let id = r.text(0)?;
    InvitationId::try_from(id.as_str()).map_err(|_| StoreError::corrupt("housekey_invitation", "id", &id))
}

fn read(r: &Row) -> Result<InvitationRow, StoreError> {
    let id = r.text(0)?;
    let broken = |column| StoreError::corrupt("housekey_invitation", column, &id);
    Ok(InvitationRow {
        id: InvitationId::try_from(id.as_str()).map_err(|_| broken("id"))?,
        address: r.text(1)?,
        canonical: r.text(2)?,
        state: r.text(3)?,
        public_metadata: r.text(4)?,
        redirect_url: r.opt_text(5)?,
        secret_hash: TokenHash::from_bytes(&r.bytes(6)?).ok_or_else(|| broken("secret_hash"))?,
        created: Time::from_millis(r.int(7)?),
        updated: Time::from_millis(r.int(8)?),
        expires: Time::from_millis(r.int(9)?),
    })
}
