//! Sign-up attempts: what was typed waits here until the address is proved; then the account is made in one step.

use crate::{
    Reader, Store, StoreError,
    clients::{self, NewClient, Rotation},
    emails,
    guests::{self, Guest},
    invitations,
    sessions::{self, Room, SessionRow},
    sign_ins::{self, Completion, Step, Trail},
    sql::Tx,
    statements,
    users::{self, NewUser},
    verifications::{self, FollowedLink},
};
use housekey_core::{
    ids::{ClientId, InvitationId, SignUpId, VerificationId},
    sign_up::AnySignUp,
    time::Time,
};

statements! {
    PUT = "INSERT INTO housekey_sign_up (id, client_id, version, kind, body, form, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
        ON CONFLICT (client_id) DO UPDATE SET id = excluded.id, version = excluded.version, kind = excluded.kind, body = excluded.body, \
        form = excluded.form, created_at = excluded.created_at, expires_at = excluded.expires_at";
    OF_CLIENT = "SELECT id, version, body, form, expires_at FROM housekey_sign_up WHERE client_id = $1";
    ADVANCE = "UPDATE housekey_sign_up SET version = version + 1, kind = $4, body = $5, form = $6 WHERE client_id = $1 AND id = $2 AND version = $3";
    TAKE = "DELETE FROM housekey_sign_up WHERE client_id = $1 AND id = $2 AND version = $3";
    SWEEP = "DELETE FROM housekey_sign_up WHERE client_id IN (SELECT client_id FROM housekey_sign_up WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
}

/// A stored attempt with the version that the next step must name.
#[derive(Clone, Debug)]
pub struct SignUpRow {
    /// The row's version.
    pub version: i64,
    /// The attempt.
    pub attempt: AnySignUp,
}

/// The end of a sign-up in a new account: all of it happens, or nothing.
pub struct NewAccount {
    /// The attempt and its version.
    pub attempt: (SignUpId, i64),
    /// The account.
    pub user: NewUser,
    /// The guest that becomes it, where it is there already.
    pub guest: Option<Guest>,
    /// Its first session, with its sealed facts.
    pub session: SessionRow,
    /// How many sessions there may be.
    pub room: Room,
    /// The client's new secret.
    pub rotation: Rotation,
    /// The code that was typed.
    pub spent: Option<VerificationId>,
    /// Until when it may do without the second factor that it must have.
    pub two_step_due: Option<Time>,
    /// The followed link that ended it, for the browser's other page.
    pub followed: Option<FollowedLink>,
    /// The invitation that led to it, which is used up.
    pub invitation: Option<InvitationId>,
    /// Mail and events.
    pub trail: Trail,
}

impl Reader {
    /// The live sign-up of a client. A kind or form that this release does not know counts as none.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn sign_up(&self, client: &ClientId, now: Time) -> Result<Option<SignUpRow>, StoreError> {
        let Some(r) = self.optional(&OF_CLIENT, &[client.into()]).await? else {
            return Ok(None);
        };
        if r.int(3)? != AnySignUp::FORM || r.int(4)? <= now.as_millis() {
            return Ok(None);
        }
        let attempt = serde_json::from_str(&r.text(2)?).ok();
        let version = r.int(1)?;
        Ok(attempt.map(|attempt| SignUpRow { version, attempt }))
    }
}

impl Store {
    /// A new attempt replaces the client's old one; a client without row is made with it.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn sign_up_begin(
        &self,
        client: Option<NewClient>,
        attempt: AnySignUp,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                match &client {
                    Some(new) => clients::insert(tx, new, now).await?,
                    None => touch(tx, &attempt),
                }
                put(tx, &attempt, now).await?;
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Moves an attempt on, with what the step leaves behind.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else moved it first.
    pub async fn sign_up_advance(
        &self,
        version: i64,
        attempt: AnySignUp,
        spent: Option<VerificationId>,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                touch(tx, &attempt);
                let AnySignUp::Gathering(a) = &attempt;
                let args = [
                    (&a.client).into(),
                    (&a.id).into(),
                    version.into(),
                    attempt.kind().into(),
                    body(&attempt)?.into(),
                    AnySignUp::FORM.into(),
                ];
                if tx.execute(&ADVANCE, &args).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                if let Some(code) = &spent {
                    verifications::take(tx, &a.client, code).await?;
                }
                sign_ins::leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Makes the account, with its proved address where there is one, and its first session. Of a guest that becomes it all
    /// other sessions end.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when somebody proved the address or took the username first, [`StoreError::Conflict`] when the attempt or the
    /// client was changed meanwhile.
    pub async fn sign_up_complete(&self, new: NewAccount) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let now = new.session.session.created;
                match &new.guest {
                    Some(guest) => guests::upgrade(tx, guest, &new.user, now).await?,
                    None => users::insert(tx, &new.user, now).await?,
                }
                if let Some(email) = &new.user.email {
                    emails::insert_proved(tx, &new.user.id, email, now).await?;
                }
                clients::rotate(tx, &new.rotation, now).await?;
                sessions::open(tx, &new.session, new.room).await?;
                if new.guest.is_some() {
                    sessions::end_others(tx, &new.user.id, Some(&new.session.session.id)).await?;
                }
                take(tx, &new.rotation.client, &new.attempt).await?;
                if let Some(due) = new.two_step_due {
                    users::set_two_step_due(tx, &new.user.id, due).await?;
                }
                if let Some(code) = &new.spent {
                    verifications::take(tx, &new.rotation.client, code).await?;
                }
                if let Some(link) = &new.followed {
                    verifications::followed(tx, &new.rotation.client, link).await?;
                }
                if let Some(invitation) = &new.invitation {
                    invitations::accept(tx, invitation, &new.user.id, now).await?;
                }
                sign_ins::leave(tx, &new.trail, now).await
            })
        })
        .await
    }

    /// The address has an account already and its mailbox was proved: a sign-in, and nothing of the sign-up remains.
    ///
    /// # Errors
    /// As [`Store::sign_in_complete`].
    pub async fn sign_up_becomes_sign_in(&self, attempt: (SignUpId, i64), done: Completion) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                sign_ins::complete(tx, &done).await?;
                take(tx, &done.rotation.client, &attempt).await
            })
        })
        .await
    }

    /// The same where a second factor is due: the sign-up is over, and a sign-in stands in its place.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account or the attempt was changed meanwhile.
    pub async fn sign_up_becomes_step(
        &self,
        attempt: (SignUpId, i64),
        step: Step,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                sign_ins::take_step(tx, &step, now).await?;
                take(tx, step.attempt.client(), &attempt).await
            })
        })
        .await
    }
}

async fn take(tx: &mut Tx, client: &ClientId, (id, version): &(SignUpId, i64)) -> Result<(), StoreError> {
    match tx.execute(&TAKE, &[client.into(), id.into(), (*version).into()]).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

fn touch(tx: &mut Tx, attempt: &AnySignUp) {
    let AnySignUp::Gathering(a) = attempt;
    tx.touch_client(&a.client);
}

async fn put(tx: &mut Tx, attempt: &AnySignUp, now: Time) -> Result<(), StoreError> {
    let AnySignUp::Gathering(a) = attempt;
    let args = [
        (&a.id).into(),
        (&a.client).into(),
        1_i64.into(),
        attempt.kind().into(),
        body(attempt)?.into(),
        AnySignUp::FORM.into(),
        now.into(),
        a.expires.into(),
    ];
    tx.execute(&PUT, &args).await.map(drop)
}

fn body(attempt: &AnySignUp) -> Result<String, StoreError> {
    serde_json::to_string(attempt).map_err(|_| StoreError::corrupt("housekey_sign_up", "body", attempt.kind()))
}

pub(crate) async fn sweep(tx: &mut Tx, now: Time, most: i64) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, &[now.into(), most.into()]).await
}
