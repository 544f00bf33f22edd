//! Sign-in attempts: one of a client at a time, moved on by compare-and-swap, ended by the session it earns.

use crate::{
    Reader, Store, StoreError,
    clients::{self, NewClient, Rotation},
    events,
    limits::{self, Spend},
    links::{self, NewLink},
    mail::{self, NewMail},
    second_factors::{self, UsedFactor},
    sessions::{self, Room, SessionRow},
    sign_in_tokens,
    sql::Tx,
    statements,
    trusted_devices::{self, NewTrustedDevice},
    users,
    verifications::{self, FollowedLink, NewVerification},
};
use housekey_core::{
    event::Event,
    ids::{ClientId, SignInId, SignInTokenId, TrustedDeviceId, UserId, VerificationId},
    password::PasswordHash,
    sign_in::{Account, AnySignIn},
    time::Time,
};

statements! {
    PUT = "INSERT INTO housekey_sign_in (id, client_id, version, kind, body, form, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
        ON CONFLICT (client_id) DO UPDATE SET id = excluded.id, version = excluded.version, kind = excluded.kind, body = excluded.body, \
        form = excluded.form, created_at = excluded.created_at, expires_at = excluded.expires_at";
    OF_CLIENT = "SELECT id, version, body, form, expires_at FROM housekey_sign_in WHERE client_id = $1";
    ADVANCE = "UPDATE housekey_sign_in SET version = version + 1, kind = $4, body = $5, form = $6, expires_at = $7 \
        WHERE client_id = $1 AND id = $2 AND version = $3";
    TAKE = "DELETE FROM housekey_sign_in WHERE client_id = $1 AND id = $2 AND version = $3";
    DROP_OF_CLIENT = "DELETE FROM housekey_sign_in WHERE client_id = $1";
    SWEEP = "DELETE FROM housekey_sign_in WHERE client_id IN (SELECT client_id FROM housekey_sign_in WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
}

/// A stored attempt with the version that the next step must name.
#[derive(Clone, Debug)]
pub struct SignInRow {
    /// The row's version.
    pub version: i64,
    /// The attempt.
    pub attempt: AnySignIn,
}

/// What a step leaves behind beside the attempt.
#[derive(Clone, Default)]
pub struct Trail {
    /// Codes on their way.
    pub verification: Option<NewVerification>,
    /// Links in that mail.
    pub links: Vec<NewLink>,
    /// Mail.
    pub mail: Vec<NewMail>,
    /// What it tells.
    pub events: Vec<Event>,
}

/// What a proof uses up and changes beside the attempt that it moves on.
#[derive(Clone, Default)]
pub struct Proved {
    /// The code that was typed.
    pub spent: Option<VerificationId>,
    /// The ticket that was shown.
    pub ticket: Option<SignInTokenId>,
    /// The second factor that was proved.
    pub second: Option<UsedFactor>,
    /// A better hash of the same password: the old one and the new one.
    pub rehash: Option<(PasswordHash, PasswordHash)>,
    /// A new password: all that the old one opened ends.
    pub renew: Option<PasswordHash>,
    /// What was counted before the proof and turned out to be a success.
    pub refund: Vec<Spend>,
    /// The counter of failures in a row to clear.
    pub forgive: Option<[u8; 32]>,
    /// Until when the account may do without a second factor, where that is told now.
    pub two_step_due: Option<Time>,
    /// A device that is trusted from now on.
    pub trust: Option<NewTrustedDevice>,
    /// A trusted device that stood in for a second factor.
    pub trusted: Option<TrustedDeviceId>,
    /// The owner is back: risky changes are allowed again.
    pub unfreeze: bool,
    /// A followed link that ended the attempt, for the browser's other page.
    pub followed: Option<FollowedLink>,
    /// Mail and events.
    pub trail: Trail,
}

/// A factor holds, and more is due: all of it happens, or nothing.
#[derive(Clone)]
pub struct Step {
    /// The version of the attempt that it moves on; `None` begins one in place of the client's.
    pub version: Option<i64>,
    /// The attempt as it becomes.
    pub attempt: AnySignIn,
    /// The account at the version that the proof was made against.
    pub account: Account,
    /// What the proof uses up.
    pub proved: Proved,
}

/// The end of a sign-in: all of it happens, or nothing.
#[derive(Clone)]
pub struct Completion {
    /// The attempt and its version; `None` when a sign-up proved the mailbox.
    pub attempt: Option<(SignInId, i64)>,
    /// The account at the version that the proof was made against.
    pub account: Account,
    /// The session that it earns, with its sealed facts.
    pub session: SessionRow,
    /// How many sessions there may be.
    pub room: Room,
    /// The client's new secret.
    pub rotation: Rotation,
    /// What the proof uses up.
    pub proved: Proved,
}

impl Reader {
    /// The live sign-in of a client. A kind or form that this release does not know counts as none.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn sign_in(&self, client: &ClientId, now: Time) -> Result<Option<SignInRow>, StoreError> {
        let Some(r) = self.optional(&OF_CLIENT, &[client.into()]).await? else {
            return Ok(None);
        };
        if r.int(3)? > AnySignIn::FORM || r.int(4)? <= now.as_millis() {
            return Ok(None);
        }
        let attempt = serde_json::from_str(&r.text(2)?).ok();
        let version = r.int(1)?;
        Ok(attempt.map(|attempt| SignInRow { version, attempt }))
    }
}

impl Store {
    /// A new attempt replaces the client's old one; a client without row is made with it.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn sign_in_begin(
        &self,
        client: Option<NewClient>,
        attempt: AnySignIn,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                match &client {
                    Some(new) => clients::insert(tx, new, now).await?,
                    None => tx.touch_client(attempt.client()),
                }
                put(tx, &attempt, now).await?;
                leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Moves an attempt on where nothing was proved, with what the step leaves behind.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else moved it first.
    pub async fn sign_in_advance(
        &self,
        version: i64,
        attempt: AnySignIn,
        trail: Trail,
        now: Time,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                advance(tx, version, &attempt).await?;
                leave(tx, &trail, now).await
            })
        })
        .await
    }

    /// Moves an attempt on by a proof that is not the last one due.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account or the attempt was changed meanwhile, or what was proved is used up.
    pub async fn sign_in_step(&self, step: Step, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| Box::pin(async move { take_step(tx, &step, now).await })).await
    }

    /// Ends a sign-in in its session.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account, the client or the attempt was changed meanwhile.
    pub async fn sign_in_complete(&self, done: Completion) -> Result<(), StoreError> {
        self.write(move |tx| Box::pin(async move { complete(tx, &done).await })).await
    }
}

pub(crate) async fn complete(tx: &mut Tx, done: &Completion) -> Result<(), StoreError> {
    let now = done.session.session.created;
    let client = &done.rotation.client;
    users::bind_sign_in(tx, &done.account, done.proved.renew.is_some(), now).await?;
    clients::rotate(tx, &done.rotation, now).await?;
    use_up(tx, &done.account.user, client, &done.proved, now).await?;
    sessions::open(tx, &done.session, done.room).await?;
    match &done.attempt {
        Some((id, version)) => {
            if tx.execute(&TAKE, &[client.into(), id.into(), (*version).into()]).await? != 1 {
                return Err(StoreError::Conflict);
            }
        }
        None => tx.execute(&DROP_OF_CLIENT, &[client.into()]).await.map(drop)?,
    }
    leave(tx, &done.proved.trail, now).await
}

pub(crate) async fn take_step(tx: &mut Tx, step: &Step, now: Time) -> Result<(), StoreError> {
    let client = step.attempt.client();
    users::bind(tx, &step.account, step.proved.renew.is_some(), now).await?;
    use_up(tx, &step.account.user, client, &step.proved, now).await?;
    match step.version {
        Some(version) => advance(tx, version, &step.attempt).await?,
        None => {
            tx.touch_client(client);
            put(tx, &step.attempt, now).await?;
        }
    }
    leave(tx, &step.proved.trail, now).await
}

async fn use_up(tx: &mut Tx, user: &UserId, client: &ClientId, proved: &Proved, now: Time) -> Result<(), StoreError> {
    if let Some(hash) = &proved.renew {
        users::put_password(tx, user, hash, now).await?;
        users::new_device_epoch(tx, user).await?;
        verifications::kill_of_user(tx, user).await?;
        sessions::end_others(tx, user, None).await?;
    }
    if let Some((old, new)) = &proved.rehash {
        users::rehash(tx, user, old, new).await?;
    }
    if let Some(code) = &proved.spent {
        verifications::take(tx, client, code).await?;
    }
    if let Some(link) = &proved.followed {
        verifications::followed(tx, client, link).await?;
    }
    if let Some(ticket) = &proved.ticket {
        sign_in_tokens::accept(tx, ticket, now).await?;
    }
    if let Some(used) = &proved.second {
        second_factors::use_up(tx, user, used, now).await?;
    }
    if let Some(due) = proved.two_step_due {
        users::set_two_step_due(tx, user, due).await?;
    }
    if let Some(device) = &proved.trusted {
        trusted_devices::used(tx, user, device, now).await?;
    }
    if let Some(device) = &proved.trust {
        trusted_devices::insert(tx, user, device, now).await?;
    }
    if proved.unfreeze {
        users::freeze(tx, user, None).await?;
    }
    limits::refund(tx, &proved.refund).await?;
    if let Some(name) = &proved.forgive {
        limits::forgive(tx, name).await?;
    }
    Ok(())
}

async fn advance(tx: &mut Tx, version: i64, attempt: &AnySignIn) -> Result<(), StoreError> {
    let args = [
        attempt.client().into(),
        attempt.id().into(),
        version.into(),
        attempt.kind().into(),
        body(attempt)?.into(),
        AnySignIn::FORM.into(),
        attempt.expires().into(),
    ];
    tx.touch_client(attempt.client());
    if tx.execute(&ADVANCE, &args).await? == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

pub(crate) async fn leave(tx: &mut Tx, trail: &Trail, now: Time) -> Result<(), StoreError> {
    if let Some(code) = &trail.verification {
        verifications::put(tx, code, now).await?;
    }
    for link in &trail.links {
        links::insert(tx, link, now).await?;
    }
    mail::insert(tx, &trail.mail, now).await?;
    events::insert(tx, &trail.events).await
}

pub(crate) async fn put(tx: &mut Tx, attempt: &AnySignIn, now: Time) -> Result<(), StoreError> {
    let args = [
        attempt.id().into(),
        attempt.client().into(),
        1_i64.into(),
        attempt.kind().into(),
        body(attempt)?.into(),
        AnySignIn::FORM.into(),
        now.into(),
        attempt.expires().into(),
    ];
    tx.execute(&PUT, &args).await.map(drop)
}

fn body(attempt: &AnySignIn) -> Result<String, StoreError> {
    serde_json::to_string(attempt).map_err(|_| StoreError::corrupt("housekey_sign_in", "body", attempt.kind()))
}

pub(crate) async fn sweep(tx: &mut Tx, now: Time, most: i64) -> Result<u64, StoreError> {
    tx.execute(&SWEEP, &[now.into(), most.into()]).await
}
