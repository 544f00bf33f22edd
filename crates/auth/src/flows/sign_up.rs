//! Signing up: what is typed waits until the mailbox is proved; only then is there an account. A taken address gets
//! the same answer, and its owner a mail that says so, with a code that signs in (SEC-21).

use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Fault, Result},
    flows::{
        client::{Presented, Renewal},
        codes::{self, Asked, CodeSent, Made, RESEND_AFTER},
        notes::About,
        sign_in::{Finish, SignInStatus, SignInView},
    },
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{
    entropy,
    event::EventKind,
    factor::one_time_code,
    identifier::{email::Email, name::PersonName},
    ids::{ClientId, EmailId, SessionId, SignInId, SignUpId, UserId},
    password::{Password, PasswordHash},
    redirect::ReturnTo,
    session::Session,
    sign_in::{self, After, Complete, FirstProof, SignIn, Strategy},
    sign_up::{AnySignUp, NeedsVerification, Proved, SignUp},
};
use housekey_store::{
    StoreError,
    clients::ClientRow,
    sessions::SessionRow,
    sign_ins::Trail,
    sign_ups::NewAccount,
    users::{NewUser, UserRow},
    verifications::{Purpose, Tried},
};
use serde::{Deserialize, Serialize};

/// What a person types to sign up.
pub struct StartSignUp {
    /// The e-mail address, as typed.
    pub email: String,
    /// The password.
    pub password: Password,
    /// First name, may be empty.
    pub first_name: String,
    /// Last name, may be empty.
    pub last_name: String,
    /// Where to go afterwards, checked already.
    pub return_to: Option<ReturnTo>,
}

/// Where a sign-up stands, as every door shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUpView {
    /// The attempt's id.
    pub id: SignUpId,
    /// The address, as typed.
    pub email: String,
    /// The code on its way.
    pub code: CodeSent,
    /// Where to go afterwards.
    pub return_to: Option<ReturnTo>,
}

impl Housekey {
    /// Begins a sign-up and sends the code. All faults of all fields are told at once.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault, [`Error::Limited`] beyond a limit.
    pub async fn sign_up_start(&self, caller: &Caller, start: StartSignUp) -> Result<Outcome<SignUpView>> {
        let presented = match self.present::<SignUpView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => Some(checked),
            Presented::Nobody => None,
        };
        let typed = self.read_sign_up(&start)?;
        let StartSignUp { password, return_to, .. } = start;
        let mut spends = self.sign_up_spends(caller);
        spends.extend(self.mail_spends(caller, &typed.email, false));
        self.pass(spends).await?;
        let hash = self.hasher().hash(password, entropy::bytes::<16>(self.entropy())).await?;
        let working = self.working(presented.as_deref());
        let owner = self.store().reader().user_by_email(typed.email.canonical()).await?;
        let made = self.make_sign_up_code(caller, &working.id, &typed.email, owner.as_ref())?;
        let state = NeedsVerification {
            email: typed.email,
            first_name: typed.first,
            last_name: typed.last,
            password_hash: hash.expose().to_owned(),
            verification: made.verification.id.clone(),
            sent: made.sent.sent,
        };
        let now = self.now();
        let attempt = SignUp::begin(SignUpId::new(now, self.entropy()), working.id.clone(), return_to, state, now);
        let shown = view(&attempt);
        let trail = self.sign_up_trail(caller, &working.id, made, owner.as_ref()).await?;
        self.store().sign_up_begin(working.new, AnySignUp::NeedsVerification(attempt), trail, now).await?;
        self.mail_waits();
        Ok(Outcome { value: shown, cookies: working.cookies })
    }

    /// Sends another code, or says that one is on its way.
    ///
    /// # Errors
    /// [`Denial::AttemptExpired`] without a live sign-up, [`Error::Limited`] beyond a limit.
    pub async fn sign_up_send_code(&self, caller: &Caller) -> Result<Outcome<SignUpView>> {
        let (client, version, attempt) = self.live_sign_up(caller).await?;
        let now = self.now();
        if now < attempt.state.sent.plus(RESEND_AFTER) {
            return Ok(Outcome::plain(view(&attempt)));
        }
        let email = attempt.state.email.clone();
        self.pass(self.mail_spends(caller, &email, false)).await?;
        let owner = self.store().reader().user_by_email(email.canonical()).await?;
        let made = self.make_sign_up_code(caller, &client.id, &email, owner.as_ref())?;
        let expired = |_| Error::Denied(Denial::AttemptExpired);
        let attempt = attempt.resend(made.verification.id.clone(), now).map_err(expired)?;
        let shown = view(&attempt);
        let trail = self.sign_up_trail(caller, &client.id, made, owner.as_ref()).await?;
        let any = AnySignUp::NeedsVerification(attempt);
        match self.store().sign_up_advance(version, any, trail, now).await {
            Ok(()) => self.mail_waits(),
            // The same button, clicked twice: one code is on its way.
            Err(StoreError::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
        Ok(Outcome::plain(shown))
    }

    /// Proves the mailbox. A new address becomes an account; a taken one signs its owner in.
    ///
    /// # Errors
    /// [`Denial::CodeIncorrect`], [`Denial::CodeExpired`] after five tries or ten minutes, [`Error::Limited`] beyond a
    /// limit.
    pub async fn sign_up_code(&self, caller: &Caller, typed: &str) -> Result<Outcome<SignInView>> {
        let done = self.check_sign_up_code(caller, typed).await;
        self.or_repeat(caller, done).await
    }

    /// The client's live sign-up, if there is one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn sign_up_current(&self, caller: &Caller) -> Result<Option<SignUpView>> {
        match self.live_sign_up(caller).await {
            Ok((_, _, attempt)) => Ok(Some(view(&attempt))),
            Err(Error::Denied(_) | Error::SignedOut) => Ok(None),
            Err(other) => Err(other),
        }
    }

    async fn check_sign_up_code(&self, caller: &Caller, typed: &str) -> Result<Outcome<SignInView>> {
        let checked = match self.present::<SignInView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Err(Error::Denied(Denial::AttemptExpired)),
        };
        let code = Self::read_code(typed)?;
        let client = checked.client;
        let now = self.now();
        let row = self.store().reader().sign_up(&client.id, now).await?;
        let row = row.ok_or(Error::Denied(Denial::AttemptExpired))?;
        let AnySignUp::NeedsVerification(attempt) = row.attempt;
        let who = attempt.state.email.canonical().to_owned();
        let verification = attempt.state.verification.clone();
        let tried = self.try_code(caller, &client.id, &verification, Purpose::SignUp, (&who, None)).await?;
        let typed = code.hash(self.keyring(), &verification);
        let proved = match attempt.prove(&typed, &tried.code_hash, now) {
            Ok(proved) => proved,
            Err(_) => {
                let detail = serde_json::json!({"strategy": "sign_up"});
                let client = Some(&client.id);
                let event = self.event_of(caller, EventKind::SignInFailed, None, client, None, detail).await?;
                self.store().record(vec![event]).await?;
                return Err(Error::Denied(Denial::CodeIncorrect));
            }
        };
        let owner = self.store().reader().user_by_email(&who).await?;
        let Some(owner) = owner else {
            match self.make_account(caller, &client, row.version, &proved).await {
                Err(Error::Conflict) => {}
                other => return other,
            }
            // Somebody proved the same address in the same moment: now it has an owner, whose mailbox was proved here.
            let owner = self.store().reader().user_by_email(&who).await?.ok_or(Error::Conflict)?;
            return self.become_owner(caller, &client, row.version, proved, &owner, (&typed, &tried)).await;
        };
        self.become_owner(caller, &client, row.version, proved, &owner, (&typed, &tried)).await
    }

    async fn make_account(
        &self,
        caller: &Caller,
        client: &ClientRow,
        version: i64,
        proved: &SignUp<Proved>,
    ) -> Result<Outcome<SignInView>> {
        let now = self.now();
        let with = &proved.state.with;
        let user = UserId::new(now, self.entropy());
        let (key, event_key) = self.new_user_key(&user);
        let new = NewUser {
            id: user.clone(),
            first_name: with.first_name.clone(),
            last_name: with.last_name.clone(),
            email: EmailId::new(now, self.entropy()),
            address: with.email.typed().to_owned(),
            canonical: with.email.canonical().to_owned(),
            password: PasswordHash::from_stored(with.password_hash.clone()),
            event_key,
            handle: entropy::bytes::<16>(self.entropy()),
        };
        let policy = self.settings().sessions;
        let session = Session::first(proved, user.clone(), SessionId::new(now, self.entropy()), &policy, now);
        let about = || About { user: Some((&user, &key)), client: Some(&client.id), session: Some(&session.id) };
        let created = self.event(caller, EventKind::UserCreated, about(), serde_json::json!({})).await?;
        let detail = serde_json::json!({"first_factor": "email_code"});
        let opened = self.event(caller, EventKind::SessionCreated, about(), detail).await?;
        let renewal = Renewal {
            active_session: Some(session.id.clone()),
            expires: session.expires,
            until: None,
            device: self.remember_device(caller, &user, 0),
        };
        let value = SignInView {
            id: SignInId::new(now, self.entropy()),
            status: SignInStatus::Complete,
            identifier: Some(new.address.clone()),
            offered: Vec::new(),
            code: None,
            remember: false,
            return_to: proved.return_to.clone(),
            session: Some(session.id.clone()),
        };
        let renewed = self.renew(caller, client, renewal, value)?;
        let facts = self.session_facts(caller, &session.id);
        let account = NewAccount {
            attempt: (proved.id.clone(), version),
            user: new,
            session: SessionRow { session, facts },
            most_sessions: i64::from(policy.max_per_user),
            rotation: renewed.rotation,
            spent: with.verification.clone(),
            trail: Trail { events: vec![created, opened], ..Trail::default() },
        };
        self.store().sign_up_complete(account).await?;
        Ok(renewed.outcome)
    }

    /// The mailbox of an existing account was proved: a first factor, and nothing that was typed remains.
    async fn become_owner(
        &self,
        caller: &Caller,
        client: &ClientRow,
        version: i64,
        proved: SignUp<Proved>,
        owner: &UserRow,
        (typed, tried): (&[u8; 32], &Tried),
    ) -> Result<Outcome<SignInView>> {
        let now = self.now();
        let proof = FirstProof::mailbox(owner.account.clone(), Strategy::EmailCode, typed, &tried.code_hash)
            .ok_or(Error::Denied(Denial::CodeIncorrect))?;
        let id = SignInId::new(now, self.entropy());
        let to = proved.state.with.email.clone();
        let after = sign_in::from_sign_up(id, client.id.clone(), to, proved.return_to.clone(), proof, now);
        let done: SignIn<Complete> = match after {
            Ok(After::Done(done)) => done,
            _ => return Err(Error::Denied(Denial::AttemptExpired)),
        };
        let mut finish = Finish::new(done, owner);
        finish.spent = Some(proved.state.with.verification.clone());
        let (completion, outcome) = self.completion(caller, client, finish).await?;
        self.store().sign_up_becomes_sign_in((proved.id, version), completion).await?;
        Ok(outcome)
    }

    fn make_sign_up_code(
        &self,
        caller: &Caller,
        client: &ClientId,
        to: &Email,
        owner: Option<&UserRow>,
    ) -> Result<Made> {
        let asked = Asked {
            client,
            purpose: Purpose::SignUp,
            to,
            email: owner.and_then(|u| u.email.as_ref()),
            user: owner.map(|u| &u.account.user),
            never_send: false,
        };
        self.make_code(
            caller,
            &asked,
            match owner {
                Some(_) => |code, expires, asked| Letter::SignUpExisting { code, expires, asked },
                None => |code, expires, asked| Letter::SignUpCode { code, expires, asked },
            },
        )
    }

    async fn sign_up_trail(
        &self,
        caller: &Caller,
        client: &ClientId,
        made: Made,
        owner: Option<&UserRow>,
    ) -> Result<Trail> {
        let detail = serde_json::json!({"purpose": Purpose::SignUp.as_str()});
        let event = self.event_of(caller, EventKind::CodeSent, owner, Some(client), None, detail).await?;
        Ok(Trail { verification: Some(made.verification), mail: vec![made.mail], events: vec![event] })
    }

    async fn live_sign_up(&self, caller: &Caller) -> Result<(ClientRow, i64, SignUp<NeedsVerification>)> {
        let expired = Error::Denied(Denial::AttemptExpired);
        let Presented::Client(checked) = self.present::<serde_json::Value>(caller).await? else {
            return Err(expired);
        };
        let row = self.store().reader().sign_up(&checked.client.id, self.now()).await?.ok_or(expired)?;
        let AnySignUp::NeedsVerification(attempt) = row.attempt;
        Ok((checked.client, row.version, attempt))
    }

    fn read_sign_up(&self, start: &StartSignUp) -> Result<Typed> {
        let mut faults = Vec::new();
        let email = Email::parse(&start.email).map_err(|f| faults.push(Fault::new("email", f.code()))).ok();
        let first = read_name("first_name", &start.first_name, &mut faults);
        let last = read_name("last_name", &start.last_name, &mut faults);
        let about = [Some(start.first_name.as_str()), Some(start.last_name.as_str()), Some(start.email.as_str())];
        if let Err(Error::Invalid(more)) = self.accept_password(&start.password, &about) {
            faults.extend(more);
        }
        match email {
            Some(email) if faults.is_empty() => Ok(Typed { email, first, last }),
            _ => Err(Error::Invalid(faults)),
        }
    }
}

struct Typed {
    email: Email,
    first: Option<String>,
    last: Option<String>,
}

/// A person's name, or nothing where nothing was typed.
pub(crate) fn read_name(field: &'static str, typed: &str, faults: &mut Vec<Fault>) -> Option<String> {
    if typed.trim().is_empty() {
        return None;
    }
    match PersonName::parse(typed) {
        Ok(name) => Some(name.as_str().to_owned()),
        Err(fault) => {
            faults.push(Fault::new(field, fault.code()));
            None
        }
    }
}

fn view(attempt: &SignUp<NeedsVerification>) -> SignUpView {
    let state = &attempt.state;
    SignUpView {
        id: attempt.id.clone(),
        email: state.email.typed().to_owned(),
        code: codes::code_sent(&state.email, state.sent, state.sent.plus(one_time_code::LIFE)),
        return_to: attempt.return_to.clone(),
    }
}
