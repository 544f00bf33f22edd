//! Guests: accounts that nothing names and nothing opens but the session that they began with. One becomes a full account
//! by a sign-up, or is deleted some time after its session's end, whichever takes the row first.

use crate::{
    Reader, Store, StoreError,
    clients::{self, Rotation},
    events,
    sessions::{self, Room, SessionRow},
    sign_ins::{self, Trail},
    sql::Tx,
    statements,
    tell::End,
    users::{self, NewUser},
    webhook_queue,
};
use housekey_core::{event::Event, ids::UserId, sign_in::Account, time::Time};

statements! {
    UPGRADE = "UPDATE housekey_user SET version = version + 1, guest_since = NULL, guest_left_at = NULL, \
        first_name = COALESCE($3, first_name), last_name = COALESCE($4, last_name), primary_email_id = $5, primary_phone_id = $6, \
        username = $7, username_canonical = $8, legal_accepted_at = COALESCE($9, legal_accepted_at), public_metadata = $10, \
        unsafe_metadata = $11, updated_at = $12 \
        WHERE id = $1 AND version = $2 AND state = 'active' AND guest_since IS NOT NULL AND public_metadata = $13 AND unsafe_metadata = $14";
    LEFT = "UPDATE housekey_user SET guest_left_at = $2 WHERE id = $1 AND guest_since IS NOT NULL";
    GONE = "SELECT u.id FROM housekey_user u WHERE u.guest_since < $1 AND COALESCE(u.guest_left_at, 0) < $1 \
        AND NOT EXISTS (SELECT 1 FROM housekey_session s WHERE s.user_id = u.id AND s.last_seen_at >= $1) ORDER BY u.guest_since LIMIT $2";
    DELETE_GONE = "DELETE FROM housekey_user WHERE id = $1 AND guest_since < $2 AND COALESCE(guest_left_at, 0) < $2 \
        AND NOT EXISTS (SELECT 1 FROM housekey_session s WHERE s.user_id = housekey_user.id AND s.last_seen_at >= $2)";
}

/// A guest to make: all of it happens, or nothing.
#[derive(Clone)]
pub struct NewGuest {
    /// The account, which nothing names.
    pub user: NewUser,
    /// Its session, with its sealed facts.
    pub session: SessionRow,
    /// How many sessions there may be.
    pub room: Room,
    /// The client's new secret.
    pub rotation: Rotation,
    /// Events.
    pub trail: Trail,
}

/// A guest as it was read, when it becomes an account.
#[derive(Clone)]
pub struct Guest {
    /// Id and version.
    pub account: Account,
    /// What the app kept there for everybody to see.
    pub public_metadata: String,
    /// What the person could change.
    pub unsafe_metadata: String,
}

impl Reader {
    /// Guests whose last session ended, or was last seen, before that.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn guests_gone(&self, before: Time, most: i64) -> Result<Vec<UserId>, StoreError> {
        let read = |text: String| UserId::try_from(text.as_str()).map_err(|_| broken(&text));
        self.rows(&GONE, &[before.into(), most.into()]).await?.iter().map(|r| read(r.text(0)?)).collect()
    }
}

impl Store {
    /// Makes a guest, with its session.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the client was changed meanwhile.
    pub async fn guest_begin(&self, new: NewGuest) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let now = new.session.session.created;
                users::insert(tx, &new.user, now).await?;
                clients::rotate(tx, &new.rotation, now).await?;
                sessions::open(tx, &new.session, new.room).await?;
                sign_ins::leave(tx, &new.trail, now).await
            })
        })
        .await
    }

    /// Deletes a guest who is still gone since before that.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it came back, or became an account, or is deleted already.
    pub async fn delete_gone(&self, guest: &UserId, before: Time, event: Event) -> Result<(), StoreError> {
        let guest = guest.clone();
        self.write(move |tx| {
            Box::pin(async move {
                tx.touch_user(&guest);
                if tx.execute(&DELETE_GONE, &[(&guest).into(), before.into()]).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                webhook_queue::forget_user(tx, &guest).await?;
                events::insert(tx, &[event]).await
            })
        })
        .await
    }
}

/// The guest gets what a sign-up gave it, and is none any more.
pub(crate) async fn upgrade(tx: &mut Tx, guest: &Guest, new: &NewUser, now: Time) -> Result<(), StoreError> {
    users::free_username(tx, &new.id, new.username.as_ref()).await?;
    let args = [
        (&guest.account.user).into(),
        guest.account.version.into(),
        new.first_name.clone().into(),
        new.last_name.clone().into(),
        new.email.as_ref().map(|email| email.id.as_str().to_owned()).into(),
        new.phone.as_ref().map(|phone| phone.id.as_str().to_owned()).into(),
        new.username.as_ref().map(|name| name.typed().to_owned()).into(),
        new.username.as_ref().map(|name| name.canonical().to_owned()).into(),
        new.legal_accepted.map(Time::as_millis).into(),
        new.public_metadata.as_str().into(),
        new.unsafe_metadata.as_str().into(),
        now.into(),
        guest.public_metadata.as_str().into(),
        guest.unsafe_metadata.as_str().into(),
    ];
    if tx.execute(&UPGRADE, &args).await? != 1 {
        return Err(StoreError::Conflict);
    }
    users::put_ways_in(tx, new, now).await
}

/// Notes when guests left whose sessions ended in this transaction: nothing else of an ended session stays.
pub(crate) async fn left(tx: &mut Tx, at: Time) -> Result<(), StoreError> {
    let ended = |(row, end): &&(SessionRow, End)| *end != End::Open && row.session.is_guest();
    let guests: Vec<UserId> = tx.aside.sessions.iter().filter(ended).map(|(row, _)| row.session.user.clone()).collect();
    for guest in guests {
        tx.execute(&LEFT, &[(&guest).into(), at.into()]).await?;
    }
    Ok(())
}

fn broken(id: &str) -> StoreError {
    StoreError::corrupt("housekey_user", "id", id)
}
