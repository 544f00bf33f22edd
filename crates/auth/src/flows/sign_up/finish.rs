//! The end of a sign-up: an account with its first session, or the sign-in of somebody who has one already.

use super::{Live, SignUpView};
use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::{client::Renewal, metadata, notes::About, sign_in::Finish, username},
    housekey::Housekey,
};
use housekey_core::{
    entropy,
    event::{Event, EventKind},
    factor::one_time_code,
    identifier::Identifier,
    ids::{ClientId, EmailId, PhoneId, SessionId, SignInId, SignUpId, UserId, VerificationId},
    password::PasswordHash,
    secret::Secret,
    session::Session,
    sign_in::{self, After, AnySignIn, FirstProof},
    sign_up::{AnySignUp, Gathering, Ready, SignUp},
    time::Time,
};
use housekey_store::{
    Field, StoreError,
    guests::Guest,
    phones::NewPhone,
    sessions::SessionRow,
    sign_ins::Trail,
    sign_ups::NewAccount,
    users::{NewEmail, NewUser, UserRow},
    verifications::FollowedLink,
};

/// What proved the mailbox or the phone, to be used up.
#[derive(Clone)]
pub(super) struct Spent {
    pub id: VerificationId,
    /// Whether its link was followed: the browser has another page that waits.
    pub link: bool,
}

/// Somebody who has what was proved in a sign-up already.
struct Owner {
    user: UserRow,
    named: Identifier,
    proof: Option<FirstProof>,
}

/// Whose account a sign-up ends in.
enum Becomes<'a> {
    /// Somebody new.
    New { user: UserId, key: Secret<[u8; 32]>, event_key: Vec<u8> },
    /// The guest who is here.
    Guest(&'a UserRow),
}

impl Becomes<'_> {
    fn user(&self) -> &UserId {
        match self {
            Self::New { user, .. } => user,
            Self::Guest(guest) => &guest.account.user,
        }
    }

    fn kind(&self) -> EventKind {
        match self {
            Self::New { .. } => EventKind::UserCreated,
            Self::Guest(_) => EventKind::UserUpgraded,
        }
    }

    fn epoch(&self) -> i64 {
        match self {
            Self::New { .. } => 0,
            Self::Guest(guest) => guest.device_epoch,
        }
    }

    fn event_key(&self) -> Vec<u8> {
        match self {
            Self::New { event_key, .. } => event_key.clone(),
            Self::Guest(guest) => guest.event_key.clone().unwrap_or_default(),
        }
    }

    /// What is kept with the account already: public, and the person's own.
    fn metadata(&self) -> (&str, &str) {
        match self {
            Self::New { .. } => ("{}", "{}"),
            Self::Guest(guest) => (&guest.public_metadata, &guest.unsafe_metadata),
        }
    }
}

impl Housekey {
    /// Goes on with an attempt whose mailbox is proved, where it has one: as far as what was typed allows.
    pub(super) async fn sign_up_finish(
        &self,
        caller: &Caller,
        live: Live,
        spent: Option<Spent>,
    ) -> Result<Outcome<SignUpView>> {
        if let Some(owner) = self.owner_of(&live.attempt).await? {
            return self.become_owner(caller, live, spent, owner).await;
        }
        let Some(ready) = live.attempt.finish(self.required()) else {
            let shown = self.sign_up_view(&live.attempt);
            let any = AnySignUp::Gathering(live.attempt);
            let spent = spent.map(|spent| spent.id);
            self.store().sign_up_advance(live.version, any, spent, Trail::default(), self.now()).await?;
            return Ok(Outcome::plain(shown));
        };
        match self.make_account(caller, &live, spent.clone(), &ready).await {
            Err(Error::Conflict) => {}
            other => return other,
        }
        // Somebody proved the same address or number in the same moment: now it has an owner, who was proved here.
        let owner = self.owner_of(&live.attempt).await?.ok_or(Error::Conflict)?;
        self.become_owner(caller, live, spent, owner).await
    }

    /// Whoever has the address or the number already, as far as it was proved here: of what is not proved nothing is told.
    async fn owner_of(&self, attempt: &SignUp<Gathering>) -> Result<Option<Owner>> {
        let fields = &attempt.state.fields;
        if let Some(email) = fields.email.as_ref().filter(|_| attempt.is_proved())
            && let Some(user) = self.store().reader().user_by_email(email.canonical()).await?
        {
            let proof = FirstProof::mailbox_of_sign_up(user.account.clone(), attempt);
            return Ok(Some(Owner { user, named: email.clone().into(), proof }));
        }
        if let Some(phone) = fields.phone.as_ref().filter(|_| attempt.is_phone_proved())
            && let Some(user) = self.store().reader().user_by_phone(phone).await?
        {
            let proof = FirstProof::phone_of_sign_up(user.account.clone(), attempt);
            return Ok(Some(Owner { user, named: phone.clone().into(), proof }));
        }
        Ok(None)
    }

    async fn make_account(
        &self,
        caller: &Caller,
        live: &Live,
        spent: Option<Spent>,
        ready: &SignUp<Ready>,
    ) -> Result<Outcome<SignUpView>> {
        let now = self.now();
        let guest = self.guest_on(&live.client).await?;
        let becomes = match &guest {
            Some(guest) => Becomes::Guest(guest),
            None => self.becomes_new(now),
        };
        let user = becomes.user().clone();
        let new = self.new_user(ready, &becomes).await?;
        let policy = self.settings().sessions;
        let missing = self.missing_of_new(&new, guest.as_ref(), now);
        let session = SessionId::new(now, self.entropy());
        let session = Session::first(ready, missing.task(), (user.clone(), session), &policy, now);
        let at = (&live.client.id, &session.id);
        let created = self.first_event(caller, becomes.kind(), &becomes, at, serde_json::json!({})).await?;
        let first = match (&ready.state.email, &ready.state.phone) {
            (Some(_), _) => "email_code",
            (None, Some(_)) => "phone_code",
            (None, None) => "password",
        };
        let detail = serde_json::json!({"first_factor": first});
        let opened = self.first_event(caller, EventKind::SessionCreated, &becomes, at, detail).await?;
        let renewal = Renewal {
            active_session: Some(session.id.clone()),
            expires: session.expires.max(live.client.expires),
            until: session.remembered.then_some(session.expires),
            device: missing.task().is_none().then(|| self.remember_device(caller, &user, becomes.epoch())).flatten(),
            signed: true,
        };
        let mut value = self.sign_up_view(&live.attempt);
        value.done = Some((user.clone(), session.id.clone()));
        value.made = missing.task().is_none();
        let renewed = self.renew(caller, &live.client, renewal, value)?;
        let facts = self.session_facts(caller, &session.id);
        let followed = spent.as_ref().filter(|spent| spent.link).map(|_| FollowedLink {
            attempt: ready.id.to_string(),
            user: user.clone(),
            session: session.id.clone(),
            expires: now.plus(one_time_code::LIFE),
        });
        let account = NewAccount {
            attempt: (ready.id.clone(), live.version),
            user: new,
            guest: guest.as_ref().map(|guest| Guest {
                account: guest.account.clone(),
                public_metadata: guest.public_metadata.clone(),
                unsafe_metadata: guest.unsafe_metadata.clone(),
            }),
            session: SessionRow { session, facts },
            room: self.room(),
            rotation: renewed.rotation,
            spent: spent.map(|spent| spent.id),
            two_step_due: missing.to_tell(None),
            followed,
            invitation: ready.state.fields.invitation.clone(),
            trail: Trail { events: vec![created, opened], ..Trail::default() },
        };
        match self.store().sign_up_complete(account).await {
            // Somebody took the name in the same moment.
            Err(StoreError::Taken(Field::Username)) => Err(username::taken()),
            Err(StoreError::Taken(Field::Other)) if ready.state.fields.username.is_some() => Err(username::taken()),
            other => {
                other?;
                Ok(renewed.outcome)
            }
        }
    }

    /// Somebody who was not here before.
    fn becomes_new(&self, now: Time) -> Becomes<'static> {
        let user = UserId::new(now, self.entropy());
        let (key, event_key) = self.new_user_key(&user);
        Becomes::New { user, key, event_key }
    }

    async fn first_event(
        &self,
        caller: &Caller,
        kind: EventKind,
        becomes: &Becomes<'_>,
        (client, session): (&ClientId, &SessionId),
        detail: serde_json::Value,
    ) -> Result<Event> {
        match becomes {
            Becomes::New { user, key, .. } => {
                let about = About { user: Some((user, key)), client: Some(client), session: Some(session) };
                self.event(caller, kind, about, detail).await
            }
            Becomes::Guest(guest) => {
                self.event_of(caller, kind, Some(guest), Some(client), Some(session), detail).await
            }
        }
    }

    async fn new_user(&self, ready: &SignUp<Ready>, becomes: &Becomes<'_>) -> Result<NewUser> {
        let fields = &ready.state.fields;
        let invitation = match &fields.invitation {
            Some(id) => self.store().reader().invitation(id).await?,
            None => None,
        };
        let (public, own) = becomes.metadata();
        Ok(NewUser {
            id: becomes.user().clone(),
            first_name: fields.first_name.clone(),
            last_name: fields.last_name.clone(),
            email: ready.state.email.as_ref().map(|email| NewEmail {
                id: EmailId::new(self.now(), self.entropy()),
                address: email.typed().to_owned(),
                canonical: email.canonical().to_owned(),
            }),
            username: fields.username.clone(),
            phone: ready
                .state
                .phone
                .as_ref()
                .map(|number| NewPhone { id: PhoneId::new(self.now(), self.entropy()), number: number.clone() }),
            password: fields.password_hash.clone().map(PasswordHash::from_stored),
            public_metadata: laid("public_metadata", public, invitation.map(|i| i.public_metadata))?,
            unsafe_metadata: laid("unsafe_metadata", own, fields.unsafe_metadata.clone())?,
            legal_accepted: fields.legal_accepted,
            event_key: becomes.event_key(),
            handle: entropy::bytes::<16>(self.entropy()),
            guest_since: None,
        })
    }

    /// The mailbox or the phone of an existing account was proved: a first factor, and nothing else that was typed remains.
    async fn become_owner(
        &self,
        caller: &Caller,
        live: Live,
        spent: Option<Spent>,
        Owner { user: owner, named, proof }: Owner,
    ) -> Result<Outcome<SignUpView>> {
        // An invitation is for whoever has no account: it lies in a mailbox for weeks, and signs nobody in.
        if live.attempt.state.fields.invitation.is_some() {
            return Err(Error::Denied(Denial::AccountExists));
        }
        let now = self.now();
        let Live { client, version, attempt } = live;
        let expired = || Error::Denied(Denial::AttemptExpired);
        let proof = proof.ok_or_else(expired)?;
        let begun = sign_in::Begun {
            id: SignInId::new(now, self.entropy()),
            client: client.id.clone(),
            remember: attempt.remember,
            return_to: attempt.return_to.clone(),
        };
        let proof = proof.and_renew(owner.password_compromised.is_some());
        let after = sign_in::from_sign_up(begun, named, proof, &self.due(&owner), now).map_err(|_| expired())?;
        let mut finish = Finish::new(&owner);
        finish.followed =
            spent.as_ref().filter(|spent| spent.link).map(|_| (attempt.id.to_string(), now.plus(one_time_code::LIFE)));
        finish.proved.spent = spent.map(|spent| spent.id);
        let id = attempt.id.clone();
        let done = match after {
            After::Done(done) => done,
            After::Second(next) => {
                let next = self.asks_second(next, &owner).await?;
                return self.goes_on_as_sign_in((id, version), next, finish).await;
            }
            After::NewPassword(next) => {
                return self.goes_on_as_sign_in((id, version), AnySignIn::NeedsNewPassword(next), finish).await;
            }
        };
        let mut value = self.sign_up_view(&attempt);
        let user = owner.account.user.clone();
        let guest = self.guest_joins(caller, &client, &mut finish).await?;
        let (completion, outcome) = self
            .completion(caller, &client, done, finish, move |session| {
                value.done = Some((user, session.clone()));
                value
            })
            .await?;
        self.store().sign_up_becomes_sign_in((id, version), completion).await?;
        self.guest_joined(guest, &owner.account.user);
        self.mail_waits();
        Ok(outcome)
    }

    /// More is due: the sign-up is over, and a sign-in stands in its place.
    async fn goes_on_as_sign_in(
        &self,
        attempt: (SignUpId, i64),
        next: AnySignIn,
        finish: Finish<'_>,
    ) -> Result<Outcome<SignUpView>> {
        let step = self.step(next, finish)?;
        self.store().sign_up_becomes_step(attempt, step, self.now()).await?;
        Err(Error::Denied(Denial::SignInContinues))
    }
}

/// What is given laid over what is kept already.
fn laid(field: &'static str, kept: &str, given: Option<String>) -> Result<String> {
    let invalid = |fault| Error::Invalid(vec![fault]);
    match given {
        Some(given) if kept == "{}" => Ok(given),
        Some(given) => metadata::merge(field, kept, metadata::object(field, &given).map_err(invalid)?).map_err(invalid),
        None => Ok(kept.to_owned()),
    }
}
