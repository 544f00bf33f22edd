//! The session check: from a coherent cache when nothing changed, else one read of the store.
//!
//! An entry keeps the generation counters of its client and user as they were before its read, and counts only while
//! they are the same and the feed's lease is good. So a change is seen at once here and within a second elsewhere.

use crate::{caller::ClientToken, error::Result, housekey::Housekey};
use housekey_core::{
    ids::{ClientId, SessionId, UserId},
    session::{Session, Status},
    sign_in::Account,
    time::Time,
    token::opaque::TokenHash,
};
use housekey_store::coherence::Stamp;
use quick_cache::{Weighter, sync::Cache};
use std::sync::Arc;

/// Who is signed in on a client, as the layer puts it into a request.
#[derive(Clone, Debug)]
pub struct Current {
    /// The session.
    pub session: Session,
    /// The user's id and version.
    pub account: Account,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// The primary address.
    pub email: Option<String>,
    /// Whether a factor was proved in the last five minutes.
    pub fresh: bool,
}

impl Current {
    /// The user's id.
    pub fn user(&self) -> &UserId {
        &self.account.user
    }

    /// Whether it is a guest, who told nobody who they are.
    pub fn is_guest(&self) -> bool {
        self.session.is_guest()
    }

    /// The session's id.
    pub fn id(&self) -> &SessionId {
        &self.session.id
    }
}

/// What a read of the store says of a client.
struct Known {
    secret: TokenHash,
    client_expires: Time,
    /// Whose session it is, also while that user may not be signed in.
    user: Option<UserId>,
    current: Option<Arc<Current>>,
}

struct Entry {
    known: Known,
    stamp: Stamp,
}

/// Checked sessions, bounded by memory.
pub(crate) struct SessionCache(Option<Cache<ClientId, Arc<Entry>, ByBytes>>);

#[derive(Clone)]
struct ByBytes;

impl Weighter<ClientId, Arc<Entry>> for ByBytes {
    fn weight(&self, _: &ClientId, entry: &Arc<Entry>) -> u64 {
        let names = entry.known.current.as_ref().map_or(0, |c| {
            [&c.first_name, &c.last_name, &c.email].iter().map(|n| n.as_ref().map_or(0, String::len)).sum::<usize>()
        });
        // Three ids of about 40 bytes, the session's and the entry's fields, and the cache's own overhead.
        (640 + names) as u64
    }
}

impl SessionCache {
    /// A cache of so many MiB; none for 0.
    pub(crate) fn new(mib: u32) -> Self {
        let bytes = u64::from(mib) * 1024 * 1024;
        Self((mib > 0).then(|| Cache::with_weighter((bytes / 700) as usize, bytes, ByBytes)))
    }
}

impl Housekey {
    /// Who is signed in by this credential, if anybody.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`] when the answer is not in memory and the database is out of reach: never taken as
    /// signed in.
    pub async fn check_session(&self, token: &ClientToken) -> Result<Option<Arc<Current>>> {
        let now = self.now();
        let lease = self.store().lease().valid(self.0.world.clock.monotonic());
        let Some(cache) = self.0.sessions.0.as_ref().filter(|_| lease) else {
            let known = self.read(token).await?;
            return Ok(known.and_then(|known| self.judge(&known, token, now)));
        };
        if let Some(entry) = cache.get(&token.id)
            && self.store().generations().still(&entry.stamp)
        {
            let known = &entry.known;
            let judged = self.judge(known, token, now);
            // A session that looks idle from here may have been seen on another node: the row decides.
            if judged.is_some() || known.current.is_none() || !known.secret.matches(token.secret().expose()) {
                return Ok(judged);
            }
        }
        let Some(entry) = self.read_stamped(token).await? else { return Ok(None) };
        let judged = self.judge(&entry.known, token, now);
        // Only a right secret earns a place: guesses must not push others out.
        if entry.known.secret.matches(token.secret().expose()) {
            cache.insert(token.id.clone(), Arc::new(entry));
        }
        Ok(judged)
    }

    /// Who is signed in is not known before the read, and a stamp must be older than its read: so the first read finds
    /// the user, and the second is stamped with both.
    async fn read_stamped(&self, token: &ClientToken) -> Result<Option<Entry>> {
        let generations = self.store().generations();
        let mut user: Option<UserId> = None;
        for _ in 0..3 {
            let ids = user.iter().map(UserId::as_str).chain([token.id.as_str()]);
            let stamp = generations.snapshot(ids);
            let Some(known) = self.read(token).await? else { return Ok(None) };
            if known.user == user {
                return Ok(Some(Entry { known, stamp }));
            }
            user = known.user;
        }
        Ok(None)
    }

    async fn read(&self, token: &ClientToken) -> Result<Option<Known>> {
        let Some(checked) = self.store().reader().check(&token.id).await? else { return Ok(None) };
        let user = checked.signed_in.as_ref().map(|s| s.account.user.clone());
        let current = checked.signed_in.filter(|s| s.user_active && s.session.status == Status::Active).map(|s| {
            Arc::new(Current {
                fresh: false,
                session: s.session,
                account: s.account,
                first_name: s.first_name,
                last_name: s.last_name,
                email: s.email,
            })
        });
        let (secret, client_expires) = (checked.client.secret_hash, checked.client.expires);
        Ok(Some(Known { secret, client_expires, user, current }))
    }

    fn judge(&self, known: &Known, token: &ClientToken, now: Time) -> Option<Arc<Current>> {
        if now >= known.client_expires || !known.secret.matches(token.secret().expose()) {
            return None;
        }
        let current = known.current.as_ref()?;
        let session = &current.session;
        let policy = &self.settings().sessions;
        let seen = self.seen().last(&session.id).unwrap_or(session.last_seen);
        session.alive(seen, policy, now).ok()?;
        self.seen().note(&session.id, session.last_seen, now);
        if session.is_fresh(policy, now) {
            return Some(Arc::new(Current { fresh: true, ..Current::clone(current) }));
        }
        Some(current.clone())
    }
}
