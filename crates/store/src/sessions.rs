//! Sessions: who is signed in where. An ended session has no row; its end is in the events.

use crate::{
    Reader, Store, StoreError,
    clients::{self, ClientRow, Rotation},
    events,
    sql::{Row, Sql, Tx, Value},
    statements,
    tell::End,
};
use housekey_core::{
    event::Event,
    ids::{ClientId, SessionId, UserId},
    session::{Session, Status},
    sign_in::Account,
    time::Time,
};

statements! {
    INSERT = "INSERT INTO housekey_session (id, user_id, client_id, status, tasks, remembered, first_proved_at, second_proved_at, created_at, last_seen_at, expires_at, facts) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    CHECK = "SELECT c.id, c.version, c.secret_hash, c.old_hash, c.old_until, c.old_call, c.old_answer, c.active_session_id, c.changed_at, c.expires_at, c.signed_at, c.created_at, \
        s.id, s.user_id, s.client_id, s.status, s.tasks, s.remembered, s.first_proved_at, s.second_proved_at, s.created_at, s.last_seen_at, s.expires_at, s.facts, \
        u.version, u.state, u.first_name, u.last_name, e.address FROM housekey_client c \
        LEFT JOIN housekey_session s ON s.id = c.active_session_id LEFT JOIN housekey_user u ON u.id = s.user_id \
        LEFT JOIN housekey_email e ON e.id = u.primary_email_id WHERE c.id = $1";
    CHECK_ONE = "SELECT c.id, c.version, c.secret_hash, c.old_hash, c.old_until, c.old_call, c.old_answer, c.active_session_id, c.changed_at, c.expires_at, c.signed_at, c.created_at, \
        s.id, s.user_id, s.client_id, s.status, s.tasks, s.remembered, s.first_proved_at, s.second_proved_at, s.created_at, s.last_seen_at, s.expires_at, s.facts, \
        u.version, u.state, u.first_name, u.last_name, e.address FROM housekey_client c \
        LEFT JOIN housekey_session s ON s.id = $2 AND s.client_id = c.id LEFT JOIN housekey_user u ON u.id = s.user_id \
        LEFT JOIN housekey_email e ON e.id = u.primary_email_id WHERE c.id = $1";
    ON_CLIENT = "SELECT s.id, s.user_id, s.client_id, s.status, s.tasks, s.remembered, s.first_proved_at, s.second_proved_at, s.created_at, s.last_seen_at, s.expires_at, s.facts, \
        u.version, u.state, u.first_name, u.last_name, e.address FROM housekey_session s \
        JOIN housekey_user u ON u.id = s.user_id LEFT JOIN housekey_email e ON e.id = u.primary_email_id \
        WHERE s.client_id = $1 ORDER BY s.created_at, s.id LIMIT 50";
    BY_ID = "SELECT id, user_id, client_id, status, tasks, remembered, first_proved_at, second_proved_at, created_at, last_seen_at, expires_at, facts \
        FROM housekey_session WHERE id = $1";
    USERS_OF_CLIENT = "SELECT user_id FROM housekey_session WHERE client_id = $1 ORDER BY user_id LIMIT 50";
    OF_USER = "SELECT id, user_id, client_id, status, tasks, remembered, first_proved_at, second_proved_at, created_at, last_seen_at, expires_at, facts \
        FROM housekey_session WHERE user_id = $1 AND expires_at > $2 ORDER BY last_seen_at DESC, id DESC LIMIT $3";
    PAGE = "SELECT id, user_id, client_id, status, tasks, remembered, first_proved_at, second_proved_at, created_at, last_seen_at, expires_at, facts \
        FROM housekey_session WHERE ($1 = '' OR user_id = $1) AND ($2 = '' OR client_id = $2) AND expires_at > $3 \
        ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5";
    COUNT_PAGE = "SELECT COUNT(*) FROM housekey_session WHERE ($1 = '' OR user_id = $1) AND ($2 = '' OR client_id = $2) AND expires_at > $3";
    END = "DELETE FROM housekey_session WHERE id = $1 AND user_id = $2 \
        RETURNING id, user_id, client_id, status, tasks, remembered, first_proved_at, second_proved_at, created_at, last_seen_at, expires_at, facts";
    END_OTHERS = "DELETE FROM housekey_session WHERE user_id = $1 AND id <> $2 \
        RETURNING id, user_id, client_id, status, tasks, remembered, first_proved_at, second_proved_at, created_at, last_seen_at, expires_at, facts";
    END_OF_CLIENT = "DELETE FROM housekey_session WHERE client_id = $1 AND id <> $2 \
        RETURNING id, user_id, client_id, status, tasks, remembered, first_proved_at, second_proved_at, created_at, last_seen_at, expires_at, facts";
    END_SAME = "DELETE FROM housekey_session WHERE client_id = $1 AND user_id = $2 AND id <> $3 \
        RETURNING id, user_id, client_id, status, tasks, remembered, first_proved_at, second_proved_at, created_at, last_seen_at, expires_at, facts";
    COUNT = "SELECT COUNT(*) FROM housekey_session WHERE user_id = $1";
    END_OLDEST = "DELETE FROM housekey_session WHERE id IN (SELECT id FROM housekey_session WHERE user_id = $1 \
        ORDER BY last_seen_at DESC, id DESC LIMIT 500 OFFSET $2) \
        RETURNING id, user_id, client_id, status, tasks, remembered, first_proved_at, second_proved_at, created_at, last_seen_at, expires_at, facts";
    ACTIVATE = "UPDATE housekey_session SET status = 'active', tasks = '[]' WHERE user_id = $1 AND id = $2 AND status = 'pending' \
        RETURNING id, user_id, client_id, status, tasks, remembered, first_proved_at, second_proved_at, created_at, last_seen_at, expires_at, facts";
    END_PENDING = "DELETE FROM housekey_session WHERE user_id = $1 AND id <> $2 AND status = 'pending' \
        RETURNING id, user_id, client_id, status, tasks, remembered, first_proved_at, second_proved_at, created_at, last_seen_at, expires_at, facts";
    SEEN = "UPDATE housekey_session SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2";
    LAST_OF_GUESTS = "UPDATE housekey_user SET guest_left_at = (SELECT s.last_seen_at FROM housekey_session s WHERE s.user_id = housekey_user.id \
        ORDER BY s.last_seen_at DESC LIMIT 1) WHERE guest_since IS NOT NULL AND id IN (SELECT user_id FROM housekey_session \
        WHERE expires_at < $1 AND first_proved_at = 0 ORDER BY expires_at LIMIT $2)";
    SWEEP = "DELETE FROM housekey_session WHERE id IN (SELECT id FROM housekey_session WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
}

/// How many sessions there may be beside a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Of one user; the one that was seen longest ago ends for a new one (SEC-45).
    pub per_user: i64,
    /// Whether a client may hold sessions of several users.
    pub several_on_client: bool,
}

/// All that a session check needs, in one read.
pub struct Checked {
    /// The client.
    pub client: ClientRow,
    /// Its active session with its user, if there is one.
    pub signed_in: Option<SignedIn>,
}

/// A session with its user.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The user's id and version.
    pub account: Account,
    /// Whether the user may be signed in at all.
    pub user_active: bool,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// The primary address.
    pub email: Option<String>,
}

/// A session with what it knows of its browser.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// The session.
    pub session: Session,
    /// Address and agent, sealed.
    pub facts: Vec<u8>,
}

impl Reader {
    /// A client with its active session and that session's user.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn check(&self, client: &ClientId) -> Result<Option<Checked>, StoreError> {
        self.optional(&CHECK, &[client.into()]).await?.map(|r| read_checked(&r)).transpose()
    }

    /// A client with the named one of its sessions and that session's user.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn check_one(&self, client: &ClientId, session: &SessionId) -> Result<Option<Checked>, StoreError> {
        self.optional(&CHECK_ONE, &[client.into(), session.into()]).await?.map(|r| read_checked(&r)).transpose()
    }

    /// All sessions on a client with their users, in the order they began.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn sessions_on_client(&self, client: &ClientId) -> Result<Vec<SignedIn>, StoreError> {
        let rows = self.rows(&ON_CLIENT, &[client.into()]).await?;
        Ok(rows.iter().map(|r| read_signed_in(r, 0)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// A session by its id.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn session(&self, id: &SessionId) -> Result<Option<SessionRow>, StoreError> {
        self.optional(&BY_ID, &[id.into()]).await?.map(|r| read(&r, 0)).transpose()
    }

    /// A page of the sessions of a user or on a client, newest first; and how many there are.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn sessions(
        &self,
        user: Option<&UserId>,
        client: Option<&ClientId>,
        now: Time,
        most: i64,
        offset: i64,
    ) -> Result<(Vec<SessionRow>, i64), StoreError> {
        let mut args: Vec<Value> =
            vec![user.map_or("", UserId::as_str).into(), client.map_or("", ClientId::as_str).into(), now.into()];
        let count = self.optional(&COUNT_PAGE, &args).await?.map(|r| r.int(0)).transpose()?.unwrap_or_default();
        args.extend([most.into(), offset.into()]);
        let rows = self.rows(&PAGE, &args).await?;
        Ok((rows.iter().map(|r| read(r, 0)).collect::<Result<_, _>>()?, count))
    }

    /// The sessions of a user, last used first.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn sessions_of_user(&self, user: &UserId, now: Time, most: i64) -> Result<Vec<SessionRow>, StoreError> {
        let rows = self.rows(&OF_USER, &[user.into(), now.into(), most.into()]).await?;
        rows.iter().map(|r| read(r, 0)).collect()
    }
}

impl Store {
    /// Signs out: the session ends as is said, and the client gets a new secret.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the client was changed meanwhile.
    pub async fn sign_out(
        &self,
        session: Session,
        how: End,
        rotation: Rotation,
        event: Event,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_user(&session.user);
                clients::rotate(tx, &rotation, event.at).await?;
                change(tx, &END, &[(&session.id).into(), (&session.user).into()], how).await?;
                events::insert(tx, &[event]).await
            })
        })
        .await
    }

    /// Ends all sessions of a client, which gets a new secret. Answers whose they were.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the client was changed meanwhile.
    pub async fn sign_out_all(&self, rotation: Rotation, events: Vec<Event>, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                for row in tx.rows(&USERS_OF_CLIENT, &[(&rotation.client).into()]).await? {
                    tx.touch_user(row.text(0)?);
                }
                clients::rotate(tx, &rotation, now).await?;
                change(tx, &END_OF_CLIENT, &[(&rotation.client).into(), "".into()], End::Removed).await?;
                events::insert(tx, &events).await
            })
        })
        .await
    }

    /// Ends one session of a user, wherever it is. Answers whether there was one.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn revoke_session(&self, user: &UserId, session: &SessionId, event: Event) -> Result<bool, StoreError> {
        let (user, session) = (user.clone(), session.clone());
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_user(&user);
                let ended = change(tx, &END, &[(&session).into(), (&user).into()], End::Revoked).await?;
                if ended == 1 {
                    events::insert(tx, &[event]).await?;
                }
                Ok(ended == 1)
            })
        })
        .await
    }

    /// Ends all sessions of a user but one. Answers how many.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn revoke_other_sessions(
        &self,
        user: &UserId,
        keep: &SessionId,
        event: Event,
    ) -> Result<u64, StoreError> {
        let (user, keep) = (user.clone(), keep.clone());
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_user(&user);
                let ended = end_others(tx, &user, Some(&keep)).await?;
                events::insert(tx, &[event]).await?;
                Ok(ended)
            })
        })
        .await
    }

    /// Writes when sessions were last seen: no change of state, so no event and no drop of a cache.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn sessions_seen(&self, seen: Vec<(SessionId, Time)>) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                for (id, at) in &seen {
                    tx.execute(&SEEN, &[id.into(), (*at).into()]).await?;
                }
                Ok(())
            })
        })
        .await
    }
}

pub(crate) fn read(r: &Row, at: usize) -> Result<SessionRow, StoreError> {
    let id = r.text(at)?;
    let broken = |column| StoreError::corrupt("housekey_session", column, &id);
    Ok(SessionRow {
        session: Session {
            id: SessionId::try_from(id.as_str()).map_err(|_| broken("id"))?,
            user: UserId::try_from(r.text(at + 1)?.as_str()).map_err(|_| broken("user_id"))?,
            client: ClientId::try_from(r.text(at + 2)?.as_str()).map_err(|_| broken("client_id"))?,
            status: Status::parse(&r.text(at + 3)?).ok_or_else(|| broken("status"))?,
            tasks: serde_json::from_str(&r.text(at + 4)?).map_err(|_| broken("tasks"))?,
            remembered: r.bool(at + 5)?,
            first_proved: Time::from_millis(r.int(at + 6)?),
            second_proved: r.opt_int(at + 7)?.map(Time::from_millis),
            created: Time::from_millis(r.int(at + 8)?),
            last_seen: Time::from_millis(r.int(at + 9)?),
            expires: Time::from_millis(r.int(at + 10)?),
        },
        facts: r.bytes(at + 11)?,
    })
}

fn read_checked(r: &Row) -> Result<Checked, StoreError> {
    Ok(Checked { client: clients::read(r, 0)?, signed_in: read_signed_in(r, clients::COLUMNS)? })
}

fn read_signed_in(r: &Row, at: usize) -> Result<Option<SignedIn>, StoreError> {
    let (Some(_), Some(version)) = (r.opt_text(at)?, r.opt_int(at + 12)?) else {
        return Ok(None);
    };
    let session = read(r, at)?.session;
    Ok(Some(SignedIn {
        account: Account { user: session.user.clone(), version },
        session,
        user_active: r.text(at + 13)? == "active",
        first_name: r.opt_text(at + 14)?,
        last_name: r.opt_text(at + 15)?,
        email: r.opt_text(at + 16)?,
    }))
}

/// Opens a session on its client: others there end where only one may be, the same user's always, and so do the oldest
/// beyond what a user may have.
pub(crate) async fn open(tx: &mut Tx, row: &SessionRow, room: Room) -> Result<(), StoreError> {
    let s = &row.session;
    tx.touch_user(&s.user);
    let open = tx.optional(&COUNT, &[(&s.user).into()]).await?.map(|r| r.int(0)).transpose()?.unwrap_or_default();
    if open >= room.per_user {
        change(tx, &END_OLDEST, &[(&s.user).into(), (room.per_user - 1).into()], End::Replaced).await?;
    }
    if room.several_on_client {
        change(tx, &END_SAME, &[(&s.client).into(), (&s.user).into(), (&s.id).into()], End::Replaced).await?;
    } else {
        change(tx, &END_OF_CLIENT, &[(&s.client).into(), (&s.id).into()], End::Replaced).await?;
    }
    let tasks = serde_json::to_string(&s.tasks).unwrap_or_else(|_| "[]".into());
    let args = [
        (&s.id).into(),
        (&s.user).into(),
        (&s.client).into(),
        s.status.as_str().into(),
        tasks.into(),
        s.remembered.into(),
        s.first_proved.into(),
        s.second_proved.map(Time::as_millis).into(),
        s.created.into(),
        s.last_seen.into(),
        s.expires.into(),
        row.facts.clone().into(),
    ];
    tx.execute(&INSERT, &args).await.map(drop)
}

pub(crate) async fn end_others(tx: &mut Tx, user: &UserId, keep: Option<&SessionId>) -> Result<u64, StoreError> {
    let keep = keep.map_or("", SessionId::as_str);
    change(tx, &END_OTHERS, &[user.into(), keep.into()], End::Revoked).await
}

/// What sessions of the user waited for was done in this one, which counts from now on. In the others nobody showed it:
/// they end, for whoever waits there may be somebody else.
pub(crate) async fn activate(tx: &mut Tx, user: &UserId, session: &SessionId) -> Result<(), StoreError> {
    change(tx, &ACTIVATE, &[user.into(), session.into()], End::Open).await?;
    change(tx, &END_PENDING, &[user.into(), session.into()], End::Revoked).await.map(drop)
}

/// A session, as it is in this transaction.
pub(crate) async fn one(tx: &mut Tx, id: &SessionId) -> Result<Option<SessionRow>, StoreError> {
    tx.optional(&BY_ID, &[id.into()]).await?.map(|r| read(&r, 0)).transpose()
}

/// Changes sessions, and keeps in mind which: an ended one has no row to read afterwards. Answers how many.
async fn change(tx: &mut Tx, sql: &'static Sql, args: &[Value], how: End) -> Result<u64, StoreError> {
    let mut changed = 0;
    for row in tx.rows(sql, args).await? {
        let row = read(&row, 0)?;
        tx.aside.sessions.push((row, how));
        changed += 1;
    }
    Ok(changed)
}

pub(crate) async fn sweep(tx: &mut Tx, now: Time, most: i64) -> Result<u64, StoreError> {
    // A guest's account is kept for so long after its last session, whose row goes now.
    tx.execute(&LAST_OF_GUESTS, &[now.into(), most.into()]).await?;
    tx.execute(&SWEEP, &[now.into(), most.into()]).await
}
