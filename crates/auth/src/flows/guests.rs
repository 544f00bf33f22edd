//! Guests: people who use the app before they say who they are. Nothing names such an account, and nothing opens it but
//! the session that it began with. A sign-up in that session makes it a full one, with the same id.

use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::{
        client::{Presented, Renewal},
        notes::About,
        sign_in::Finish,
        sign_up::SignUpView,
    },
    housekey::Housekey,
};
use housekey_core::{
    challenge::Action,
    entropy,
    event::EventKind,
    ids::{SessionId, SignUpId, UserId},
    redirect::ReturnTo,
    session::Session,
    sign_up::SignUp,
};
use housekey_store::{
    StoreError,
    clients::ClientRow,
    guests::NewGuest,
    sessions::SessionRow,
    sign_ins::Trail,
    users::{NewUser, UserRow},
};

/// How many guests who are gone are looked for at once.
const BATCH: i64 = 100;

impl Housekey {
    /// Whether somebody may begin as a guest here.
    pub fn admits_guests(&self) -> bool {
        self.settings().guests.enabled
    }

    /// Lets somebody in who says nothing about themselves, with an account of their own. It passes the gate of sign-ups.
    ///
    /// # Errors
    /// [`Error::Invalid`] where there are no guests, [`Denial::SessionExists`] for whoever is signed in,
    /// [`Error::Limited`] or [`Error::Challenge`] beyond a limit.
    pub async fn guest_begin(&self, caller: &Caller, return_to: Option<ReturnTo>) -> Result<Outcome<SignUpView>> {
        let done = self.begin_guest(caller, return_to).await;
        self.or_repeat(caller, done).await
    }

    /// Deletes the account of the guest who asks. There is no factor that could be proved again.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anybody but a guest, [`Denial::DeletionOff`] where its operator says so.
    pub async fn guest_delete(&self, caller: &Caller) -> Result<Outcome<UserId>> {
        match self.here(caller).await?.signed_in.session.is_guest() {
            true => self.account_delete(caller).await,
            false => Err(Error::NotFound),
        }
    }

    /// The guest whose session counts on a client, if one's does.
    pub(crate) async fn guest_on(&self, client: &ClientRow) -> Result<Option<UserRow>> {
        if client.active_session.is_none() {
            return Ok(None);
        }
        let reader = self.store().reader();
        let Some(checked) = reader.check(&client.id).await? else { return Ok(None) };
        let here = match self.open_here(checked) {
            Ok(here) if here.signed_in.session.is_guest() => here,
            Ok(_) | Err(Error::SignedOut) => return Ok(None),
            Err(other) => return Err(other),
        };
        let user = reader.user(&here.signed_in.account.user).await?;
        Ok(user.filter(|user| user.guest_since.is_some()))
    }

    /// A sign-in to an account by somebody who was a guest on this client is told in the trail: the app may move over what
    /// the guest had. Answers which guest.
    pub(crate) async fn guest_joins(
        &self,
        caller: &Caller,
        client: &ClientRow,
        finish: &mut Finish<'_>,
    ) -> Result<Option<UserId>> {
        let Some(guest) = self.guest_on(client).await? else { return Ok(None) };
        let guest = guest.account.user;
        let detail = serde_json::json!({"guest": guest.as_str()});
        let about = Some(finish.user);
        let event = self.event_of(caller, EventKind::GuestJoined, about, Some(&client.id), None, detail).await?;
        finish.proved.trail.events.push(event);
        Ok(Some(guest))
    }

    /// Tells the app, once it happened.
    pub(crate) fn guest_joined(&self, guest: Option<UserId>, user: &UserId) {
        if let (Some(guest), Some(tell)) = (guest, &self.0.hooks.guest_joined) {
            tell(&guest, user);
        }
    }

    /// That an account has ways in, or may get some; a guest's gets them by a sign-up alone.
    pub(crate) fn not_a_guest(user: &UserRow) -> Result<()> {
        match user.guest_since {
            Some(_) => Err(Error::Denied(Denial::Guest)),
            None => Ok(()),
        }
    }

    /// Deletes guests who are gone for as long as they are kept.
    pub(crate) async fn sweep_guests(&self) {
        if let Err(error) = self.delete_guests().await {
            tracing::warn!(%error, "guests who are gone could not be deleted; it is tried again");
        }
    }

    async fn delete_guests(&self) -> Result<()> {
        let before = self.now().minus(self.settings().guests.keep);
        let reader = self.store().reader();
        loop {
            let gone = reader.guests_gone(before, BATCH).await?;
            for id in &gone {
                let Some(user) = reader.user(id).await? else { continue };
                let caller = Caller::console(self.now(), self.entropy());
                let detail = serde_json::json!({"by": "guests.keep"});
                let event = self.event_of(&caller, EventKind::UserDeleted, Some(&user), None, None, detail).await?;
                match self.store().delete_gone(id, before, event).await {
                    // It became an account in the same moment, or another node came first.
                    Ok(()) | Err(StoreError::Conflict) => {}
                    Err(other) => return Err(other.into()),
                }
            }
            if gone.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                return Ok(());
            }
        }
    }

    async fn begin_guest(&self, caller: &Caller, return_to: Option<ReturnTo>) -> Result<Outcome<SignUpView>> {
        if !self.admits_guests() {
            return Err(Error::field("strategy", "strategy_not_offered"));
        }
        self.sign_up_is_open()?;
        let presented = match self.present::<SignUpView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => Some(checked.client),
            Presented::Nobody => None,
        };
        if self.client_view(caller).await?.is_some_and(|view| !view.sessions.is_empty()) {
            return Err(Error::Denied(Denial::SessionExists));
        }
        self.pass(caller, Action::SignUp, self.sign_up_gate(caller)).await?;
        let Some(client) = presented else {
            let begun = self.client_begin(caller).await?.cookies.client.ok_or(Error::Conflict)?;
            let client = self.store().reader().client(&begun.token.id).await?.ok_or(Error::Conflict)?;
            return self.make_guest(&caller.with(&begun.token), &client, return_to).await;
        };
        self.make_guest(caller, &client, return_to).await
    }

    async fn make_guest(
        &self,
        caller: &Caller,
        client: &ClientRow,
        return_to: Option<ReturnTo>,
    ) -> Result<Outcome<SignUpView>> {
        let now = self.now();
        let user = UserId::new(now, self.entropy());
        let (key, event_key) = self.new_user_key(&user);
        let id = SessionId::new(now, self.entropy());
        let session = Session::guest((user.clone(), id), client.id.clone(), &self.settings().sessions, now);
        let about = || About { user: Some((&user, &key)), client: Some(&client.id), session: Some(&session.id) };
        let detail = serde_json::json!({"guest": true});
        let created = self.event(caller, EventKind::UserCreated, about(), detail.clone()).await?;
        let opened = self.event(caller, EventKind::SessionCreated, about(), detail).await?;
        let renewal = Renewal {
            active_session: Some(session.id.clone()),
            expires: session.expires.max(client.expires),
            until: Some(session.expires),
            device: None,
            signed: true,
        };
        let attempt = SignUp::begin(SignUpId::new(now, self.entropy()), client.id.clone(), true, return_to, now);
        let mut value = self.sign_up_view(&attempt);
        value.missing.clear();
        value.done = Some((user.clone(), session.id.clone()));
        let renewed = self.renew(caller, client, renewal, value)?;
        let facts = self.session_facts(caller, &session.id);
        let empty = || String::from("{}");
        let new = NewGuest {
            user: NewUser {
                id: user,
                first_name: None,
                last_name: None,
                email: None,
                username: None,
                phone: None,
                password: None,
                public_metadata: empty(),
                unsafe_metadata: empty(),
                legal_accepted: None,
                event_key,
                handle: entropy::bytes::<16>(self.entropy()),
                guest_since: Some(now),
            },
            session: SessionRow { session, facts },
            room: self.room(),
            rotation: renewed.rotation,
            trail: Trail { events: vec![created, opened], ..Trail::default() },
        };
        self.store().guest_begin(new).await?;
        Ok(renewed.outcome)
    }
}
