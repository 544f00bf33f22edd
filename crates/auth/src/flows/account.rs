//! The account as its owner changes it. What is risky needs a fresh factor, raises the account's version so that every
//! older proof is void, and is told to the mailbox that could object.

use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Fault, Result},
    flows::{
        codes::{self, Asked, CodeSent},
        session::Here,
        sign_up::read_name,
    },
    housekey::Housekey,
    mail::{Letter, MailedSecret},
};
use housekey_core::{
    entropy,
    event::EventKind,
    identifier::email::Email,
    ids::{EmailId, LinkId, UserId},
    password::Password,
    time::Time,
    token::opaque::OpaqueToken,
};
use housekey_store::{
    StoreError,
    emails::{EmailRow, Undo},
    links::NewLink,
    passwords::PasswordChange,
    sign_ins::Trail,
    users::UserRow,
    verifications::Purpose,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long the former primary address may undo the change (SEC-26).
pub const UNDO_FOR: Duration = Duration::from_secs(72 * 3600);
const UNDO: &str = "undo_email";

/// The account as its owner sees it.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// Whose.
    pub user: UserId,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// All addresses, in the order they were added.
    pub emails: Vec<EmailView>,
    /// When the password was set, if there is one.
    pub password_set: Option<Time>,
    /// When the account was made.
    pub created: Time,
    /// Whether a factor was proved in the last five minutes.
    pub fresh: bool,
}

/// An address as its owner sees it.
#[derive(Clone, Debug)]
pub struct EmailView {
    /// Its id.
    pub id: EmailId,
    /// As typed.
    pub address: String,
    /// Whether its mailbox was proved.
    pub verified: bool,
    /// Whether it is the one that mail goes to.
    pub primary: bool,
}

/// What an undo link acts on.
#[derive(Serialize, Deserialize)]
struct Former {
    email: EmailId,
    address: String,
    replaced: Option<EmailId>,
}

impl Housekey {
    /// The signed-in user's account.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for anybody else.
    pub async fn account(&self, caller: &Caller) -> Result<AccountView> {
        let here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        let rows = self.store().reader().emails_of_user(&user.account.user).await?;
        let emails = rows
            .into_iter()
            .map(|e| EmailView {
                verified: e.verified.is_some(),
                primary: user.primary_email.as_ref() == Some(&e.id),
                address: e.address,
                id: e.id,
            })
            .collect();
        Ok(AccountView {
            user: user.account.user,
            first_name: user.first_name,
            last_name: user.last_name,
            emails,
            password_set: user.password_set,
            created: user.created,
            fresh: here.signed_in.session.is_fresh(&self.settings().sessions, self.now()),
        })
    }

    /// Sets the name; empty removes it.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault.
    pub async fn account_set_name(&self, caller: &Caller, first: &str, last: &str) -> Result<()> {
        let here = self.here(caller).await?;
        let mut faults = Vec::new();
        let first = read_name("first_name", first, &mut faults);
        let last = read_name("last_name", last, &mut faults);
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let user = self.row_of(&here).await?;
        let event = self.event_here(caller, EventKind::UserUpdated, &here, &user, serde_json::json!({})).await?;
        Ok(self.store().set_name(&user.account.user, first, last, event).await?)
    }

    /// Adds an address and mails it a code. It grants nothing until the code is typed (SEC-25).
    ///
    /// # Errors
    /// [`Error::Stale`] without a fresh factor, [`Error::Invalid`] for a malformed address or one that is here already.
    pub async fn email_add(&self, caller: &Caller, typed: &str) -> Result<EmailId> {
        let here = self.here_fresh(caller).await?;
        let to = Email::parse(typed).map_err(|f| Error::field("email", f.code()))?;
        let user = self.row_of(&here).await?;
        self.pass(self.mail_spends(caller, &to, false)).await?;
        let now = self.now();
        let id = EmailId::new(now, self.entropy());
        let (mut trail, _) = self.address_code(caller, &here, &user, &id, &to).await?;
        let detail = serde_json::json!({"email": id.as_str()});
        trail.events.push(self.event_here(caller, EventKind::EmailAdded, &here, &user, detail).await?);
        if let Some(primary) = codes::mailbox_of(&user) {
            trail.mail.push(
                self.notice(&primary, Letter::NoticeEmailAdded { added: to.clone(), asked: self.facts(caller) })?,
            );
        }
        let (address, canonical) = (to.typed().to_owned(), to.canonical().to_owned());
        match self.store().email_add(user.account, id.clone(), address, canonical, trail, now).await {
            Ok(()) => {
                self.mail_waits();
                Ok(id)
            }
            Err(StoreError::Taken(_)) => Err(Error::field("email", "email_already_added")),
            Err(other) => Err(other.into()),
        }
    }

    /// Mails another code to an address that is not proved yet.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an address of somebody else, [`Error::Limited`] beyond a limit.
    pub async fn email_send_code(&self, caller: &Caller, id: &EmailId) -> Result<CodeSent> {
        let here = self.here(caller).await?;
        let (user, email) = self.own_email(&here, id).await?;
        if email.verified.is_some() {
            return Err(Error::field("email", "email_already_verified"));
        }
        let to = Email::parse(&email.address).map_err(|_| Error::Bug("a stored address cannot be read"))?;
        self.pass(self.mail_spends(caller, &to, false)).await?;
        let (trail, sent) = self.address_code(caller, &here, &user, id, &to).await?;
        self.store().leave_trail(trail, self.now()).await?;
        self.mail_waits();
        Ok(sent)
    }

    /// Proves an address by the mailed code.
    ///
    /// # Errors
    /// [`Denial::CodeIncorrect`], [`Denial::CodeExpired`]; [`Error::Invalid`] when the address belongs to another
    /// account, which only its mailbox's owner gets to see.
    pub async fn email_verify(&self, caller: &Caller, id: &EmailId, typed: &str) -> Result<()> {
        let here = self.here(caller).await?;
        let code = Self::read_code(typed)?;
        let (user, email) = self.own_email(&here, id).await?;
        let client = &here.client.id;
        let expired = Error::Denied(Denial::CodeExpired);
        let reader = self.store().reader();
        let code_id = reader.verification_of(client, Purpose::VerifyEmail).await?.ok_or(expired)?;
        let whose = (user.account.user.as_str(), Some(&user.account.user));
        let tried = self.try_code(caller, client, &code_id, Purpose::VerifyEmail, whose).await?;
        let typed = code.hash(self.keyring(), &code_id);
        let right: bool = subtle::ConstantTimeEq::ct_eq(typed.as_slice(), tried.code_hash.as_slice()).into();
        let for_this = tried.email.as_ref() == Some(id) && tried.user.as_ref() == Some(&user.account.user);
        if !(right && for_this && tried.canonical == email.canonical) {
            return Err(Error::Denied(Denial::CodeIncorrect));
        }
        let now = self.now();
        let detail = serde_json::json!({"email": id.as_str()});
        let event = self.event_here(caller, EventKind::EmailVerified, &here, &user, detail).await?;
        let trail = Trail { events: vec![event], ..Trail::default() };
        match self.store().email_prove(user.account, email, code_id, trail, now).await {
            Err(StoreError::Taken(_)) => Err(Error::field("email", "email_of_another_account")),
            other => Ok(other?),
        }
    }

    /// Makes a proved address the primary one. The former one is told, and may undo it for 72 hours.
    ///
    /// # Errors
    /// [`Error::Stale`] without a fresh factor, [`Error::Invalid`] for an address that is not proved.
    pub async fn email_make_primary(&self, caller: &Caller, id: &EmailId) -> Result<()> {
        let here = self.here_fresh(caller).await?;
        let (user, email) = self.own_email(&here, id).await?;
        if email.verified.is_none() {
            return Err(Error::field("email", "email_not_verified"));
        }
        if user.primary_email.as_ref() == Some(id) {
            return Ok(());
        }
        let detail = serde_json::json!({"email": id.as_str()});
        let event = self.event_here(caller, EventKind::EmailPrimaryChanged, &here, &user, detail).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        let undo = self.told_and_undoable(caller, &user, Some(id), &mut trail, &email.address)?;
        let keep = here.signed_in.session.id.clone();
        let now = self.now();
        self.store().email_make_primary(user.account, id.clone(), keep, undo, trail, now).await?;
        self.mail_waits();
        Ok(())
    }

    /// Removes an address that is not the primary one. A proved one is told, and so is the primary one.
    ///
    /// # Errors
    /// [`Error::Stale`] without a fresh factor, [`Denial::LastWayIn`] for the last proved address.
    pub async fn email_remove(&self, caller: &Caller, id: &EmailId) -> Result<()> {
        let here = self.here_fresh(caller).await?;
        let (user, email) = self.own_email(&here, id).await?;
        if user.primary_email.as_ref() == Some(id) {
            return Err(Error::Denied(Denial::LastWayIn));
        }
        let detail = serde_json::json!({"email": id.as_str()});
        let event = self.event_here(caller, EventKind::EmailRemoved, &here, &user, detail).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        if let (Some(_), Ok(removed)) = (email.verified, Email::parse(&email.address)) {
            trail.mail.push(self.notice(&removed, Letter::NoticeEmailRemoved { asked: self.facts(caller) })?);
        }
        match self.store().email_remove(user.account, id.clone(), None, trail, self.now()).await {
            Err(StoreError::Taken(_)) => Err(Error::Denied(Denial::LastWayIn)),
            other => {
                other?;
                self.mail_waits();
                Ok(())
            }
        }
    }

    /// Whether an undo link is live: a page shows what it would do, and only its POST does it (SEC-33).
    ///
    /// # Errors
    /// [`Denial::LinkExpired`] otherwise.
    pub async fn email_undo_shown(&self, token: &str) -> Result<String> {
        let (_, former) = self.undo_link(token).await?;
        let address = Email::parse(&former.address).map_err(|_| Error::Bug("a stored address cannot be read"))?;
        Ok(address.masked())
    }

    /// The former owner of the primary address takes the account back.
    ///
    /// # Errors
    /// [`Denial::LinkExpired`] for a link that is used or too old.
    pub async fn email_undo(&self, caller: &Caller, token: &str) -> Result<()> {
        let expired = || Error::Denied(Denial::LinkExpired);
        let mut spends = self.sign_in_spends(caller);
        spends.truncate(1);
        self.pass(spends).await?;
        let (link, former) = self.undo_link(token).await?;
        let user = self.store().reader().user(&link.user).await?.ok_or_else(expired)?;
        let to = Email::parse(&former.address).map_err(|_| Error::Bug("a stored address cannot be read"))?;
        let detail = serde_json::json!({"email": former.email.as_str()});
        let event = self.event_of(caller, EventKind::EmailChangeUndone, Some(&user), None, None, detail).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        trail.mail.push(self.notice(&to, Letter::NoticePasswordChanged { asked: self.facts(caller) })?);
        let undo = Undo {
            account: user.account,
            link: link.id,
            back: former.email,
            address: to.typed().to_owned(),
            canonical: to.canonical().to_owned(),
            replaced: former.replaced,
        };
        match self.store().email_undo(undo, trail, self.now()).await {
            Err(StoreError::Conflict | StoreError::Taken(_)) => Err(expired()),
            other => {
                other?;
                self.mail_waits();
                Ok(())
            }
        }
    }

    /// Sets a new password: with the present one, or with a fresh factor. All other sessions end (SEC-7).
    ///
    /// # Errors
    /// [`Error::Stale`] without either, [`Error::Invalid`] for a password that is not acceptable.
    pub async fn password_change(
        &self,
        caller: &Caller,
        present: Option<Password>,
        new: Password,
    ) -> Result<Outcome<()>> {
        let done = self.change(caller, present, new).await;
        self.or_repeat(caller, done).await
    }

    async fn change(&self, caller: &Caller, present: Option<Password>, new: Password) -> Result<Outcome<()>> {
        use crate::flows::client::Presented;
        if let Presented::Repeat(outcome) = self.present::<()>(caller).await? {
            return Ok(outcome);
        }
        let here = match present {
            Some(_) => self.here(caller).await?,
            None => self.here_fresh(caller).await?,
        };
        let user = self.row_of(&here).await?;
        let about = [user.first_name.as_deref(), user.last_name.as_deref(), user.address.as_deref()];
        self.accept_password(&new, &about)?;
        if let Some(present) = present {
            self.own_password(caller, &user, present).await?;
        }
        let hash = self.hasher().hash(new, entropy::bytes::<16>(self.entropy())).await?;
        let event = self.event_here(caller, EventKind::PasswordChanged, &here, &user, serde_json::json!({})).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        if let Some(to) = codes::mailbox_of(&user) {
            trail.mail.push(self.notice(&to, Letter::NoticePasswordChanged { asked: self.facts(caller) })?);
        }
        let mut renewal = self.going_on(&here);
        renewal.device = self.remember_device(caller, &user.account.user, user.device_epoch + 1);
        let renewed = self.renew(caller, &here.client, renewal, ())?;
        let keep = here.signed_in.session.id.clone();
        let change = PasswordChange { account: user.account, hash, keep, rotation: renewed.rotation, trail };
        self.store().change_password(change, self.now()).await?;
        self.mail_waits();
        Ok(renewed.outcome)
    }

    /// Refuses a password that is too short, too common, about its owner or too weak.
    pub(crate) fn accept_password(&self, password: &Password, about: &[Option<&str>]) -> Result<()> {
        let found = self.assess_password(password, about);
        match found.fault {
            None => Ok(()),
            Some(fault) => {
                let mut fault = Fault::new("password", fault.code());
                fault.advice = found.suggestions;
                Err(Error::Invalid(vec![fault]))
            }
        }
    }

    async fn own_email(&self, here: &Here, id: &EmailId) -> Result<(UserRow, EmailRow)> {
        let user = self.row_of(here).await?;
        let email = self.store().reader().email(id, &user.account.user).await?.ok_or(Error::NotFound)?;
        Ok((user, email))
    }

    async fn address_code(
        &self,
        caller: &Caller,
        here: &Here,
        user: &UserRow,
        id: &EmailId,
        to: &Email,
    ) -> Result<(Trail, CodeSent)> {
        let asked = Asked {
            client: &here.client.id,
            purpose: Purpose::VerifyEmail,
            to,
            email: Some(id),
            user: Some(&user.account.user),
            never_send: false,
        };
        let made =
            self.make_code(caller, &asked, |code, expires, asked| Letter::VerifyEmailCode { code, expires, asked })?;
        let detail = serde_json::json!({"purpose": Purpose::VerifyEmail.as_str()});
        let event = self.event_here(caller, EventKind::CodeSent, here, user, detail).await?;
        Ok((Trail { verification: Some(made.verification), mail: vec![made.mail], events: vec![event] }, made.sent))
    }

    fn told_and_undoable(
        &self,
        caller: &Caller,
        user: &UserRow,
        replaced: Option<&EmailId>,
        trail: &mut Trail,
        new_address: &str,
    ) -> Result<Option<NewLink>> {
        let (Some(email), Some(former)) = (&user.primary_email, codes::mailbox_of(user)) else {
            return Ok(None);
        };
        let now = self.now();
        let token = OpaqueToken::new(LinkId::new(now, self.entropy()), self.entropy());
        let subject = Former { email: email.clone(), address: former.typed().to_owned(), replaced: replaced.cloned() };
        let link = NewLink {
            id: token.id.as_str().to_owned(),
            purpose: UNDO,
            user: user.account.user.clone(),
            subject: serde_json::to_string(&subject).map_err(|_| Error::Bug("a link's subject cannot be written"))?,
            secret_hash: token.hash(),
            expires: now.plus(UNDO_FOR),
        };
        let letter = Letter::NoticePrimaryChanged {
            primary: Email::parse(new_address).map_err(|_| Error::Bug("a stored address cannot be read"))?,
            undo: MailedSecret::new(token.reveal()),
            undo_until: link.expires,
            asked: self.facts(caller),
        };
        trail.mail.push(self.notice(&former, letter)?);
        Ok(Some(link))
    }

    async fn undo_link(&self, token: &str) -> Result<(housekey_store::links::LinkRow, Former)> {
        let expired = || Error::Denied(Denial::LinkExpired);
        let token = OpaqueToken::<LinkId>::parse(token).map_err(|_| expired())?;
        let link = self.store().reader().link(token.id.as_str(), UNDO, self.now()).await?.ok_or_else(expired)?;
        if !link.secret_hash.matches(token.secret().expose()) {
            return Err(expired());
        }
        let former = serde_json::from_str(&link.subject).map_err(|_| Error::Bug("a link's subject cannot be read"))?;
        Ok((link, former))
    }
}
