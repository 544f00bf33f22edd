//! What is typed: all of it at once on a page, or bit by bit through an app's own form.

use super::{SignUpView, code::Sending, read_name};
use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Fault, Result},
    flows::{client::Presented, codes::MailedBy, metadata, notes::About},
    housekey::Housekey,
};
use housekey_core::{
    challenge::Action,
    event::EventKind,
    identifier::{email::Email, username::Username},
    ids::{InvitationId, SignUpId},
    password::Password,
    redirect::ReturnTo,
    sign_up::{AnySignUp, Fields, Invited, SignUp},
    token::opaque::OpaqueToken,
};
use housekey_store::{sessions::Checked, sign_ins::Trail};

/// What a person types to sign up, all at once.
pub struct StartSignUp {
    /// The e-mail address, as typed; may be empty where none is required.
    pub email: String,
    /// The username, as typed; may be empty where none is required.
    pub username: String,
    /// The phone number, as typed; may be empty where none is required.
    pub phone: String,
    /// The password.
    pub password: Password,
    /// First name, may be empty.
    pub first_name: String,
    /// Last name, may be empty.
    pub last_name: String,
    /// That the terms are accepted.
    pub legal_accepted: bool,
    /// Where to go afterwards, checked already.
    pub return_to: Option<ReturnTo>,
    /// What a field holds that nobody sees.
    pub hidden: String,
    /// When the form says that it was shown.
    pub shown: String,
}

/// What an app's form sends of it; what is absent stays as it was.
#[derive(Default)]
pub struct SignUpFields {
    /// The e-mail address, as typed.
    pub email: Option<String>,
    /// The username, as typed.
    pub username: Option<String>,
    /// The phone number, as typed.
    pub phone: Option<String>,
    /// The password.
    pub password: Option<Password>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// A JSON object.
    pub unsafe_metadata: Option<String>,
    /// That the terms are accepted.
    pub legal_accepted: bool,
    /// An invitation's ticket.
    pub ticket: Option<String>,
}

impl Housekey {
    /// Begins a sign-up with everything, and sends the code. All faults of all fields are told at once. Where no address is
    /// given and none is needed, the account is made at once, on a client that was there before
    /// ([`Self::client_begin`]).
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault, [`Error::Limited`] beyond a limit.
    pub async fn sign_up_start(&self, caller: &Caller, start: StartSignUp) -> Result<Outcome<SignUpView>> {
        let presented = match self.present::<SignUpView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => Some(checked),
            Presented::Nobody => None,
        };
        let trapped = self.trapped(&start.hidden, &start.shown);
        let required = self.required();
        let typed = |text: String, required: bool| (required || !text.trim().is_empty()).then_some(text);
        let fields = SignUpFields {
            email: typed(start.email, required.email),
            username: typed(start.username, required.username),
            phone: typed(start.phone, required.phone),
            password: Some(start.password),
            first_name: Some(start.first_name),
            last_name: Some(start.last_name),
            legal_accepted: start.legal_accepted,
            ..SignUpFields::default()
        };
        let consent = self.sign_up_consent(start.legal_accepted);
        let (typed, password) = both(self.read_sign_up(fields, None), consent)?;
        if typed.email.is_none() && typed.username.is_none() && typed.phone.is_none() {
            return Err(Error::field("email", "email_missing"));
        }
        let to = typed.email.clone();
        let mut gate = self.sign_up_gate(caller);
        match &to {
            Some(to) => {
                self.may_sign_up(to).await?;
                gate = gate.and(self.mail_gate(caller, to, false));
            }
            None => self.sign_up_is_open()?,
        }
        // One code at a time: the phone's follows the mailbox's.
        let phone = typed.phone.clone().filter(|_| to.is_none());
        if let Some(phone) = &phone {
            gate = gate.and(self.sms_gate(caller, phone, None, false));
        }
        self.pass(caller, Action::SignUp, gate).await?;
        self.may_be_named(&typed).await?;
        let typed = self.with_hash(caller, typed, password).await?;
        let working = self.working(caller, presented.as_deref());
        let now = self.now();
        let attempt =
            SignUp::begin(SignUpId::new(now, self.entropy()), working.id.clone(), false, start.return_to, now);
        let mut attempt = attempt.fill(typed, now).map_err(over)?;
        if trapped.is_some() {
            attempt = attempt.into_decoy();
        }
        let Sending { attempt, mut trail } = match (&to, &phone) {
            (Some(to), _) => self.sign_up_sending(caller, attempt, to, MailedBy::default()).await?,
            (None, Some(phone)) => self.sign_up_texting(caller, attempt, phone).await?,
            (None, None) => Sending { attempt, trail: Trail::default() },
        };
        if let Some(why) = trapped {
            let about = About { user: None, client: Some(&attempt.client), session: None };
            let detail = serde_json::json!({"form": "sign_up", "why": why.as_str()});
            trail.events = vec![self.event(caller, EventKind::BotTrapped, about, detail).await?];
        }
        let ready = attempt.finish(required).is_some();
        let shown = self.sign_up_view(&attempt);
        self.store().sign_up_begin(working.new, AnySignUp::Gathering(attempt), trail, now).await?;
        self.mail_waits();
        self.opened(caller, presented, ready, Outcome { value: shown, cookies: working.cookies }).await
    }

    /// What was begun; where nothing is missing, the account that it ends in.
    async fn opened(
        &self,
        caller: &Caller,
        presented: Option<Box<Checked>>,
        ready: bool,
        opened: Outcome<SignUpView>,
    ) -> Result<Outcome<SignUpView>> {
        // A client that was made just now has its secret still on the way: it comes back with the next step.
        match (ready, presented) {
            (true, Some(checked)) => {
                let live = self.live_on(checked.client).await?;
                self.sign_up_finish(caller, live, None).await
            }
            _ => Ok(opened),
        }
    }

    /// Whether the username that was typed can be had.
    async fn may_be_named(&self, typed: &Fields) -> Result<()> {
        match &typed.username {
            Some(name) => self.username_is_free(name).await,
            None => Ok(()),
        }
    }

    /// Begins a sign-up with whatever is there. Nothing is sent yet. With an invitation's ticket its address is proved,
    /// and where nothing else is missing the account is made at once.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault, [`Error::Limited`] beyond a limit, [`Denial::TicketInvalid`].
    pub async fn sign_up_open(&self, caller: &Caller, fields: SignUpFields) -> Result<Outcome<SignUpView>> {
        let presented = match self.present::<SignUpView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => Some(checked),
            Presented::Nobody => None,
        };
        let ticket = fields.ticket.clone();
        let gate = self.sign_up_gate(caller);
        // A ticket that is none opens nothing, so who shows one is not asked for a challenge.
        let gate = if ticket.is_some() { gate.unasked() } else { gate };
        self.pass(caller, Action::SignUp, gate).await?;
        let (typed, password) = self.read_sign_up(fields, None)?;
        self.may_be_named(&typed).await?;
        let invited = match ticket {
            Some(ticket) => Some(self.read_invitation(&ticket).await?),
            None => None,
        };
        match (&invited, &typed.email) {
            // The invitation's own address takes the place of whatever is typed.
            (Some(_), _) => {}
            (None, Some(email)) => self.may_sign_up(email).await?,
            (None, None) => self.sign_up_is_open()?,
        }
        let typed = self.with_hash(caller, typed, password).await?;
        let working = self.working(caller, presented.as_deref());
        let now = self.now();
        let id = SignUpId::new(now, self.entropy());
        let mut attempt = SignUp::begin(id, working.id.clone(), true, None, now).fill(typed, now).map_err(over)?;
        if let Some(invited) = invited {
            attempt = attempt.invite(invited, now).map_err(over)?;
        }
        let ready = attempt.finish(self.required()).is_some();
        let shown = self.sign_up_view(&attempt);
        self.store().sign_up_begin(working.new, AnySignUp::Gathering(attempt), Trail::default(), now).await?;
        self.opened(caller, presented, ready, Outcome { value: shown, cookies: working.cookies }).await
    }

    /// Adds to the client's live sign-up, or changes what was given. Where nothing is missing any more, the account is
    /// made.
    ///
    /// # Errors
    /// [`Denial::AttemptExpired`] for an attempt that is not the client's live one; else as [`Self::sign_up_open`].
    pub async fn sign_up_update(
        &self,
        caller: &Caller,
        id: &SignUpId,
        fields: SignUpFields,
    ) -> Result<Outcome<SignUpView>> {
        let done = self.update(caller, id, fields).await;
        self.or_repeat(caller, done).await
    }

    async fn update(&self, caller: &Caller, id: &SignUpId, fields: SignUpFields) -> Result<Outcome<SignUpView>> {
        if let Presented::Repeat(outcome) = self.present::<SignUpView>(caller).await? {
            return Ok(outcome);
        }
        let mut live = self.live_sign_up(caller).await?;
        if live.attempt.id != *id {
            return Err(Error::Denied(Denial::AttemptExpired));
        }
        self.spend(self.strength_spends(caller)).await?;
        let ticket = fields.ticket.clone();
        let (typed, password) = self.read_sign_up(fields, Some(&live.attempt.state.fields))?;
        let before = &live.attempt.state.fields;
        if let Some(email) = &typed.email
            && ticket.is_none()
            && !before.is_invited_as(email)
        {
            self.may_sign_up(email).await?;
        }
        self.may_be_named(&typed).await?;
        let now = self.now();
        let typed = self.with_hash(caller, typed, password).await?;
        live.attempt = live.attempt.fill(typed, now).map_err(over)?;
        if let Some(ticket) = ticket {
            live.attempt = live.attempt.invite(self.read_invitation(&ticket).await?, now).map_err(over)?;
        }
        if live.attempt.finish(self.required()).is_some() {
            return self.sign_up_finish(caller, live, None).await;
        }
        let shown = self.sign_up_view(&live.attempt);
        let any = AnySignUp::Gathering(live.attempt);
        self.store().sign_up_advance(live.version, any, None, Trail::default(), now).await?;
        Ok(Outcome::plain(shown))
    }

    /// Reads what was typed; `before` is what the attempt has already.
    fn read_sign_up(&self, typed: SignUpFields, before: Option<&Fields>) -> Result<(Fields, Option<Password>)> {
        let mut faults = Vec::new();
        let email = typed
            .email
            .as_deref()
            .and_then(|text| Email::parse(text).map_err(|f| faults.push(Fault::new("email", f.code()))).ok());
        let username = match typed.username.as_deref().map(|text| self.read_username(text)) {
            Some(Ok(None)) if self.required().username => {
                faults.push(Fault::new("username", "username_missing"));
                None
            }
            Some(Ok(read)) => read,
            Some(Err(fault)) => {
                faults.push(fault);
                None
            }
            None => None,
        };
        let phone = match typed.phone.as_deref().filter(|text| self.required().phone || !text.trim().is_empty()) {
            Some(text) => match self.read_phone("phone", text) {
                Ok(phone) => Some(phone),
                Err(Error::Invalid(more)) => {
                    faults.extend(more);
                    None
                }
                Err(other) => return Err(other),
            },
            None => None,
        };
        let name = |field, text: &Option<String>, faults: &mut Vec<Fault>| {
            text.as_deref().and_then(|text| read_name(field, text, faults))
        };
        let first = name("first_name", &typed.first_name, &mut faults);
        let last = name("last_name", &typed.last_name, &mut faults);
        if let Some(text) = &typed.unsafe_metadata
            && let Err(fault) = metadata::object("unsafe_metadata", text)
        {
            faults.push(fault);
        }
        if let Some(password) = &typed.password {
            let known = |now: Option<&str>, then: fn(&Fields) -> Option<&str>| {
                now.map(str::to_owned).or_else(|| before.and_then(then).map(str::to_owned))
            };
            let about = [
                known(typed.first_name.as_deref(), |f| f.first_name.as_deref()),
                known(typed.last_name.as_deref(), |f| f.last_name.as_deref()),
                known(typed.email.as_deref(), |f| f.email.as_ref().map(Email::typed)),
                known(typed.username.as_deref(), |f| f.username.as_ref().map(Username::typed)),
            ];
            let about: Vec<Option<&str>> = about.iter().map(Option::as_deref).collect();
            if let Err(Error::Invalid(more)) = self.accept_password(password, &about) {
                faults.extend(more);
            }
        }
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let fields = Fields {
            email,
            username,
            phone,
            first_name: first,
            last_name: last,
            password_hash: None,
            unsafe_metadata: typed.unsafe_metadata,
            legal_accepted: typed.legal_accepted.then(|| self.now()),
            invitation: None,
        };
        Ok((fields, typed.password))
    }

    async fn with_hash(&self, caller: &Caller, mut fields: Fields, password: Option<Password>) -> Result<Fields> {
        if let Some(password) = password {
            let hash = self.hash_of_new(caller, password).await?;
            fields.password_hash = Some(hash.expose().to_owned());
        }
        Ok(fields)
    }

    /// Whether a page's form may go on without, or with, the terms accepted. An app's own form may ask for that later.
    ///
    /// # Errors
    /// [`Error::Invalid`] where they must be and are not.
    pub fn sign_up_consent(&self, accepted: bool) -> Result<()> {
        match self.required().legal && !accepted {
            true => Err(Error::field("legal_accepted", "legal_not_accepted")),
            false => Ok(()),
        }
    }

    /// Whom an invitation is for, as its page shows it: the address, as its maker wrote it.
    ///
    /// # Errors
    /// [`Denial::TicketInvalid`] for an unknown ticket, [`Denial::TicketExpired`] for one that was used or is too old.
    pub async fn sign_up_invited(&self, ticket: &str) -> Result<String> {
        Ok(self.read_invitation(ticket).await?.email.typed().to_owned())
    }

    /// The invitation behind a ticket that can still be used.
    async fn read_invitation(&self, ticket: &str) -> Result<Invited> {
        let invalid = || Error::Denied(Denial::TicketInvalid);
        let token = OpaqueToken::<InvitationId>::parse(ticket).map_err(|_| invalid())?;
        let row = self.store().reader().invitation(&token.id).await?.ok_or_else(invalid)?;
        if !row.secret_hash.matches(token.secret().expose()) {
            return Err(invalid());
        }
        if row.state != "pending" || row.expires <= self.now() {
            return Err(Error::Denied(Denial::TicketExpired));
        }
        let email = Email::parse(&row.address).map_err(|_| Error::Bug("a stored address cannot be read"))?;
        Ok(Invited { id: row.id, email })
    }
}

/// Faults of two checks are told at once.
fn both<T>(one: Result<T>, other: Result<()>) -> Result<T> {
    match (one, other) {
        (Err(Error::Invalid(mut faults)), Err(Error::Invalid(more))) => {
            faults.extend(more);
            Err(Error::Invalid(faults))
        }
        (Ok(_), Err(error)) => Err(error),
        (one, _) => one,
    }
}

pub(super) fn over(_: housekey_core::sign_up::Refused) -> Error {
    Error::Denied(Denial::AttemptExpired)
}
