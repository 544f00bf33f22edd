//! The client as a whole: who is signed in on it, which of them counts, and what is under way. It is answered from memory
//! while nothing of it changed, by the same rules as the session check.

use crate::{
    caller::{Caller, ClientToken, Outcome},
    error::{Denial, Error, Result},
    flows::{
        client::Presented,
        profile::Profile,
        sign_in::{SignInView, view},
        sign_up::SignUpView,
    },
    housekey::Housekey,
};
use housekey_core::{
    challenge::Action,
    event::EventKind,
    ids::{ClientId, SessionId, UserId},
    session::Session,
    sign_up::AnySignUp,
    time::Time,
    token::opaque::TokenHash,
};
use housekey_store::coherence::Stamp;
use quick_cache::{Weighter, sync::Cache};
use serde::de::IgnoredAny;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A client as its doors show it.
#[derive(Clone, Debug)]
pub struct ClientView {
    /// Its id.
    pub id: ClientId,
    /// Who is signed in on it, in the order they did.
    pub sessions: Vec<SessionOf>,
    /// The session that counts.
    pub active: Option<SessionId>,
    /// The live sign-in.
    pub sign_in: Option<SignInView>,
    /// The live sign-up.
    pub sign_up: Option<SignUpView>,
    /// When somebody last signed in or out on it.
    pub signed: Time,
    /// When it was made.
    pub created: Time,
    /// When it last changed.
    pub changed: Time,
    /// When it ends.
    pub expires: Time,
}

/// A session with its user.
#[derive(Clone, Debug)]
pub struct SessionOf {
    /// The session.
    pub session: Session,
    /// Whose.
    pub user: Arc<Profile>,
    /// When it was last used.
    pub seen: Time,
}

/// A token that was made for a session, while it may be handed out again.
pub(crate) struct KeptToken {
    pub session: SessionId,
    pub party: Option<String>,
    pub expires: Time,
    pub jwt: String,
}

/// What memory holds of a client.
pub(crate) struct Entry {
    secret: TokenHash,
    stamp: Stamp,
    pub(crate) view: ClientView,
    tokens: Mutex<Vec<KeptToken>>,
}

impl Entry {
    pub(crate) fn tokens(&self) -> MutexGuard<'_, Vec<KeptToken>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clients, bounded by memory.
pub(crate) struct ClientCache(Option<Cache<ClientId, Arc<Entry>, ByBytes>>);

#[derive(Clone)]
struct ByBytes;

impl Weighter<ClientId, Arc<Entry>> for ByBytes {
    fn weight(&self, _: &ClientId, entry: &Arc<Entry>) -> u64 {
        let of = |p: &Profile| p.public_metadata.len() + p.unsafe_metadata.len() + p.private_metadata.len();
        let users: usize = entry.view.sessions.iter().map(|s| 1_500 + of(&s.user)).sum();
        // Ids, names and a token or two of 900 bytes.
        (2_500 + users) as u64
    }
}

impl ClientCache {
    pub(crate) fn new(mib: u32) -> Self {
        let bytes = u64::from(mib) * 1024 * 1024;
        Self((mib > 0).then(|| Cache::with_weighter((bytes / 5_000) as usize, bytes, ByBytes)))
    }
}

impl Housekey {
    /// The caller's client, if it has one.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for a secret that was just replaced, [`Error::Unavailable`] without database.
    pub async fn client_view(&self, caller: &Caller) -> Result<Option<ClientView>> {
        match &caller.client {
            Some(token) => match self.client_of(token).await? {
                Some((entry, _)) => Ok(Some(self.alive(&entry.view))),
                // A secret that was replaced a moment ago is no sign that nobody is signed in.
                None => self.present::<serde_json::Value>(caller).await.map(|_| None),
            },
            None => Ok(None),
        }
    }

    /// The client as it is after a change that set its cookie: read by its id, since the new secret proves nothing more.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn client_after<T>(&self, caller: &Caller, outcome: &Outcome<T>) -> Result<Option<ClientView>> {
        match outcome.cookies.client.as_ref().map(|set| &set.token).or(caller.client.as_ref()) {
            Some(token) => Ok(self.client_of(token).await?.map(|(entry, _)| self.alive(&entry.view))),
            None => Ok(None),
        }
    }

    /// Makes a client for a caller that has none.
    ///
    /// # Errors
    /// [`Error::Limited`] beyond the limits of the caller's address.
    pub async fn client_begin(&self, caller: &Caller) -> Result<Outcome<()>> {
        // A call that comes twice finds its client as well; what follows knows it again.
        if let Presented::Client(_) | Presented::Repeat(_) = self.present::<IgnoredAny>(caller).await? {
            return Ok(Outcome::plain(()));
        }
        let gate = self.sign_in_gate(caller, true);
        self.pass(caller, Action::SignIn, gate).await?;
        let working = self.working(caller, None);
        if let Some(new) = working.new {
            self.store().client_begin(new, self.now()).await?;
        }
        Ok(Outcome { value: (), cookies: working.cookies })
    }

    /// Ends every session of the client; the client stays.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn client_sign_out(&self, caller: &Caller) -> Result<Outcome<()>> {
        let done = self.end_all(caller).await;
        self.or_repeat(caller, done).await
    }

    async fn end_all(&self, caller: &Caller) -> Result<Outcome<()>> {
        let checked = match self.present::<()>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Ok(Outcome::plain(())),
        };
        let reader = self.store().reader();
        let client = checked.client;
        let mut events = Vec::new();
        for open in reader.sessions_on_client(&client.id).await? {
            let user = reader.user(&open.account.user).await?;
            let session = Some(&open.session.id);
            let detail = serde_json::json!({});
            events.push(
                self.event_of(caller, EventKind::SessionEnded, user.as_ref(), Some(&client.id), session, detail)
                    .await?,
            );
        }
        let renewed = self.renew(caller, &client, self.signed_out(), ())?;
        self.store().sign_out_all(renewed.rotation, events, self.now()).await?;
        Ok(renewed.outcome)
    }

    /// Makes one of the client's sessions the one that counts.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not on this client or has ended.
    pub async fn session_touch(&self, caller: &Caller, session: &SessionId) -> Result<()> {
        let named = Caller { session: Some(session.clone()), ..caller.again() };
        let here = self.here_or_pending(&named).await.map_err(not_found)?;
        self.seen().note(session, here.signed_in.session.last_seen, self.now());
        if here.client.active_session.as_ref() != Some(session) {
            let expires = here.client.expires;
            self.store().activate_session(&here.client.id, Some(session.clone()), expires).await?;
        }
        Ok(())
    }

    /// Whether another sign-in may begin here: where a client holds one session, not beside one; but a guest may always.
    ///
    /// # Errors
    /// [`Denial::SessionExists`].
    pub async fn may_begin(&self, caller: &Caller) -> Result<()> {
        let view = self.client_view(caller).await?;
        let signed_in = view.is_some_and(|view| view.sessions.iter().any(|open| !open.session.is_guest()));
        match signed_in && !self.settings().sessions.multi_session {
            true => Err(Error::Denied(Denial::SessionExists)),
            false => Ok(()),
        }
    }

    /// A client by its id alone: for whoever keeps the instance.
    pub(crate) async fn client_named(&self, id: &ClientId) -> Result<Option<ClientView>> {
        let found = self.read_view(id).await?.filter(|(_, view)| self.now() < view.expires);
        Ok(found.map(|(_, view)| self.alive(&view)))
    }

    /// The client of a credential, from memory where nothing changed; and whether it came from there.
    pub(crate) async fn client_of(&self, token: &ClientToken) -> Result<Option<(Arc<Entry>, bool)>> {
        let lease = self.store().lease().valid(self.0.world.clock.monotonic());
        let cache = self.0.clients.0.as_ref();
        let known = cache.and_then(|cache| cache.get(&token.id));
        let is_right = |entry: &Entry| entry.secret.matches(token.secret().expose());
        if let Some(entry) = &known
            && lease
            && self.store().generations().still(&entry.stamp)
            && is_right(entry)
            && self.now() < entry.view.expires
        {
            return Ok(Some((entry.clone(), true)));
        }
        let guess: Vec<UserId> = known.iter().flat_map(|e| e.view.sessions.iter().map(|s| s.user.id.clone())).collect();
        let Some(entry) = self.read_client(token, guess).await? else { return Ok(None) };
        if !is_right(&entry) || self.now() >= entry.view.expires {
            return Ok(None);
        }
        if let Some(cache) = cache.filter(|_| lease) {
            cache.insert(token.id.clone(), entry.clone());
        }
        Ok(Some((entry, false)))
    }

    /// Who is on a client is not known before the read, and a stamp must be older than its read: so it is read again
    /// when others were found than had been thought.
    async fn read_client(&self, token: &ClientToken, mut guess: Vec<UserId>) -> Result<Option<Arc<Entry>>> {
        for _ in 0..3 {
            let ids = guess.iter().map(UserId::as_str).chain([token.id.as_str()]);
            let stamp = self.store().generations().snapshot(ids);
            let Some((secret, view)) = self.read_view(&token.id).await? else { return Ok(None) };
            let found: Vec<UserId> = view.sessions.iter().map(|s| s.user.id.clone()).collect();
            if found == guess {
                return Ok(Some(Arc::new(Entry { secret, stamp, view, tokens: Mutex::default() })));
            }
            guess = found;
        }
        Err(Error::Conflict)
    }

    async fn read_view(&self, id: &ClientId) -> Result<Option<(TokenHash, ClientView)>> {
        let reader = self.store().reader();
        let now = self.now();
        let Some(client) = reader.client(id).await? else { return Ok(None) };
        let mut sessions = Vec::new();
        if client.active_session.is_some() {
            for open in reader.sessions_on_client(id).await? {
                if let Some(user) = self.profile(&open.account.user).await? {
                    let seen = open.session.last_seen;
                    sessions.push(SessionOf { session: open.session, user: Arc::new(user), seen });
                }
            }
        }
        let sign_in = reader.sign_in(id, now).await?.map(|row| view(&row.attempt));
        let sign_up = reader.sign_up(id, now).await?.map(|row| {
            let AnySignUp::Gathering(attempt) = row.attempt;
            self.sign_up_view(&attempt)
        });
        let view = ClientView {
            id: client.id,
            sessions,
            active: client.active_session,
            sign_in,
            sign_up,
            signed: client.signed,
            created: client.created,
            changed: client.changed,
            expires: client.expires,
        };
        Ok(Some((client.secret_hash, view)))
    }

    /// Whether a session of a client counts still.
    pub(crate) fn is_alive(&self, open: &SessionOf, now: Time) -> bool {
        !open.user.banned && open.session.alive(self.last_seen(open), &self.settings().sessions, now).is_ok()
    }

    fn last_seen(&self, open: &SessionOf) -> Time {
        self.seen().last(&open.session.id).unwrap_or(open.seen).max(open.seen)
    }

    /// A view without what has ended by itself.
    fn alive(&self, view: &ClientView) -> ClientView {
        let now = self.now();
        let mut view = view.clone();
        view.sessions.retain(|open| self.is_alive(open, now));
        for open in &mut view.sessions {
            open.seen = self.last_seen(open);
        }
        view.active = view.active.filter(|id| view.sessions.iter().any(|s| s.session.id == *id));
        view.sign_in = view.sign_in.filter(|attempt| now < attempt.expires);
        view.sign_up = view.sign_up.filter(|attempt| now < attempt.expires);
        view
    }
}

fn not_found(error: Error) -> Error {
    match error {
        Error::SignedOut => Error::NotFound,
        other => other,
    }
}
