//! The account as its owner changes it. What is risky needs a fresh factor, raises the account's version so that every
//! older proof is void, and is told to the mailbox that could object.

use crate::{
    caller::Caller,
    error::{Denial, Error, Result},
    flows::{
        codes::{Asked, CodeSent, Whose},
        session::Here,
        sign_up::read_name,
    },
    housekey::Housekey,
    mail::Letter,
};
use housekey_core::{
    challenge::Action,
    event::EventKind,
    identifier::email::Email,
    ids::{EmailId, UserId, VerificationId},
    redirect::ReturnTo,
    sign_in::Strategy,
    time::Time,
};
use housekey_store::{StoreError, emails::EmailRow, sign_ins::Trail, users::UserRow, verifications::Purpose};

/// The account as its owner sees it.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// Whose.
    pub user: UserId,
    /// Whether it is a guest's.
    pub guest: bool,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// The username, as chosen.
    pub username: Option<String>,
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
            guest: user.guest_since.is_some(),
            user: user.account.user,
            first_name: user.first_name,
            last_name: user.last_name,
            username: user.username,
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
        self.add_email(caller, typed, true).await
    }

    /// The same without a code, which is asked for by itself.
    ///
    /// # Errors
    /// As [`Self::email_add`].
    pub async fn email_add_unsent(&self, caller: &Caller, typed: &str) -> Result<EmailId> {
        self.add_email(caller, typed, false).await
    }

    async fn add_email(&self, caller: &Caller, typed: &str, send: bool) -> Result<EmailId> {
        let here = self.here_fresh(caller).await?;
        let to = Email::parse(typed).map_err(|f| Error::field("email", f.code()))?;
        let user = self.row_of(&here).await?;
        self.may_change(&user)?;
        self.pass(caller, Action::Mail, self.mail_gate(caller, &to, false).unasked()).await?;
        let now = self.now();
        let id = EmailId::new(now, self.entropy());
        let mut trail = match send {
            true => self.address_code(caller, &here, &user, (&id, &to), None).await?.0,
            false => Trail::default(),
        };
        let detail = serde_json::json!({"email": id.as_str()});
        trail.events.push(self.event_here(caller, EventKind::EmailAdded, &here, &user, detail).await?);
        let (added, asked) = (to.clone(), self.facts(caller));
        self.tell_owner(&user, &mut trail, |not_me| Letter::NoticeEmailAdded { not_me, added, asked })?;
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
        self.email_send(caller, id, self.mailed_strategy(), None).await
    }

    /// The same for an app, which says whether a code or a link is wanted, and where the browser goes once the link was
    /// followed.
    ///
    /// # Errors
    /// As [`Self::email_send_code`]; [`Error::Invalid`] for a way that is not offered.
    pub async fn email_send(
        &self,
        caller: &Caller,
        id: &EmailId,
        strategy: Strategy,
        return_to: Option<&ReturnTo>,
    ) -> Result<CodeSent> {
        let by = self.mailed_by(strategy, return_to)?;
        let here = self.here(caller).await?;
        let (user, email) = self.own_email(&here, id).await?;
        if email.verified.is_some() {
            return Err(Error::field("email", "email_already_verified"));
        }
        let to = Email::parse(&email.address).map_err(|_| Error::Bug("a stored address cannot be read"))?;
        self.pass(caller, Action::Mail, self.mail_gate(caller, &to, false).unasked()).await?;
        let (trail, sent) = self.address_code(caller, &here, &user, (id, &to), by.return_to).await?;
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
        let whose = Whose { who: user.account.user.as_str(), user: Some(&user.account.user), known: true };
        let tried = self.try_code(caller, client, &code_id, Purpose::VerifyEmail, whose).await?;
        let typed = code.hash(self.keyring(), &code_id);
        let right: bool = subtle::ConstantTimeEq::ct_eq(typed.as_slice(), tried.code_hash.as_slice()).into();
        let for_this = tried.email.as_ref() == Some(id) && tried.user.as_ref() == Some(&user.account.user);
        if !(right && for_this && tried.canonical == email.canonical) {
            return Err(Error::Denied(Denial::CodeIncorrect));
        }
        self.email_proved(caller, here, user, email, code_id).await
    }

    /// The mailbox of an address is proved.
    pub(super) async fn email_proved(
        &self,
        caller: &Caller,
        here: Here,
        user: UserRow,
        email: EmailRow,
        spent: VerificationId,
    ) -> Result<()> {
        let detail = serde_json::json!({"email": email.id.as_str()});
        let event = self.event_here(caller, EventKind::EmailVerified, &here, &user, detail).await?;
        let trail = Trail { events: vec![event], ..Trail::default() };
        match self.store().email_prove(user.account, email, (here.client.id, spent), trail, self.now()).await {
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
        self.may_change(&user)?;
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
        self.may_change(&user)?;
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

    pub(super) async fn own_email(&self, here: &Here, id: &EmailId) -> Result<(UserRow, EmailRow)> {
        let user = self.row_of(here).await?;
        let email = self.store().reader().email(id, &user.account.user).await?.ok_or(Error::NotFound)?;
        Ok((user, email))
    }

    async fn address_code(
        &self,
        caller: &Caller,
        here: &Here,
        user: &UserRow,
        (id, to): (&EmailId, &Email),
        return_to: Option<&ReturnTo>,
    ) -> Result<(Trail, CodeSent)> {
        let asked = Asked {
            client: &here.client.id,
            purpose: Purpose::VerifyEmail,
            to,
            email: Some(id),
            user: Some(&user.account.user),
            never_send: false,
            attempt: None,
            return_to,
        };
        let made = self.make_code(caller, &asked, |proof, expires, asked| Letter::VerifyEmailCode {
            code: proof.code,
            link: proof.link,
            expires,
            asked,
        })?;
        let detail = serde_json::json!({"purpose": Purpose::VerifyEmail.as_str()});
        let event = self.event_here(caller, EventKind::CodeSent, here, user, detail).await?;
        Ok((
            Trail {
                verification: Some(made.verification),
                mail: vec![made.mail],
                events: vec![event],
                ..Trail::default()
            },
            made.sent,
        ))
    }
}
