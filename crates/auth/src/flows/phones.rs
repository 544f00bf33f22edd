//! The phone numbers of whoever is signed in. What is risky needs a fresh factor, raises the account's version, and is
//! told to the mailbox.

use crate::{
    caller::Caller,
    error::{Denial, Error, Result},
    flows::{
        codes::{CodeSent, SmsAsked, Whose},
        profile::ProfilePhone,
        session::Here,
    },
    housekey::Housekey,
    mail::Letter,
    sms::TextKind,
};
use housekey_core::{challenge::Action, event::EventKind, identifier::phone::Phone, ids::PhoneId};
use housekey_store::{StoreError, phones::PhoneRow, sign_ins::Trail, users::UserRow, verifications::Purpose};

/// A number as its owner sees it.
#[derive(Clone, Debug)]
pub struct PhoneView {
    /// Its id.
    pub id: PhoneId,
    /// The number.
    pub number: String,
    /// Whether it was proved.
    pub verified: bool,
    /// Whether it is the one that codes go to.
    pub primary: bool,
    /// Whether a code to it is asked for as a second factor.
    pub second: bool,
    /// Of several such, whether it is the one that is asked for first.
    pub second_default: bool,
}

impl Housekey {
    /// The numbers of the signed-in user, in the order they were added.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for anybody else.
    pub async fn phones(&self, caller: &Caller) -> Result<Vec<PhoneView>> {
        let here = self.here_with_phones(caller).await?;
        let user = self.row_of(&here).await?;
        let rows = self.store().reader().phones_of_user(&user.account.user).await?;
        let first = PhoneRow::second_of(&rows).map(|row| row.id.clone());
        let view = |row: PhoneRow| PhoneView {
            second: row.second.is_some(),
            second_default: first.as_ref() == Some(&row.id),
            number: row.number.as_str().to_owned(),
            verified: row.verified.is_some(),
            primary: user.primary_phone.as_ref() == Some(&row.id),
            id: row.id,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// The same with all that the published contracts tell of a number.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for anybody else.
    pub async fn own_numbers(&self, caller: &Caller) -> Result<Vec<ProfilePhone>> {
        let here = self.here_with_phones(caller).await?;
        Ok(ProfilePhone::all(self.store().reader().phones_of_user(&here.signed_in.account.user).await?))
    }

    /// Adds a number, and sends it a code where that is wanted. It grants nothing until the code is typed (SEC-25).
    ///
    /// # Errors
    /// [`Error::Stale`] without a fresh factor, [`Error::Invalid`] for a malformed number, one that messages do not go to,
    /// or one that is here already, [`Error::Limited`] beyond a limit.
    pub async fn phone_add(&self, caller: &Caller, typed: &str, send: bool) -> Result<PhoneId> {
        let here = self.fresh(self.here_with_phones(caller).await?)?;
        let number = self.read_phone("phone", typed)?;
        let user = self.row_of(&here).await?;
        self.may_change(&user)?;
        let now = self.now();
        let id = PhoneId::new(now, self.entropy());
        let mut trail = match send {
            true => self.text_own_code(caller, &here, &user, &number, Purpose::VerifyPhone).await?.0,
            false => Trail::default(),
        };
        let detail = serde_json::json!({"phone": id.as_str()});
        trail.events.push(self.event_here(caller, EventKind::PhoneAdded, &here, &user, detail).await?);
        let (added, asked) = (number.masked(), self.facts(caller));
        self.tell_owner(&user, &mut trail, |not_me| Letter::NoticePhoneAdded { not_me, added, asked })?;
        match self.store().phone_add(user.account, id.clone(), number, trail, now).await {
            Ok(()) => {
                self.mail_waits();
                Ok(id)
            }
            Err(StoreError::Taken(_)) => Err(Error::field("phone", "phone_already_added")),
            Err(other) => Err(other.into()),
        }
    }

    /// Sends another code to a number that is not proved yet.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a number of somebody else, [`Error::Limited`] beyond a limit.
    pub async fn phone_send_code(&self, caller: &Caller, id: &PhoneId) -> Result<CodeSent> {
        let here = self.here_with_phones(caller).await?;
        let (user, phone) = self.own_phone(&here, id).await?;
        if phone.verified.is_some() {
            return Err(Error::field("phone", "phone_already_verified"));
        }
        let (trail, sent) = self.text_own_code(caller, &here, &user, &phone.number, Purpose::VerifyPhone).await?;
        self.store().leave_trail(trail, self.now()).await?;
        self.mail_waits();
        Ok(sent)
    }

    /// Proves a number by its code.
    ///
    /// # Errors
    /// [`Denial::CodeIncorrect`], [`Denial::CodeExpired`]; [`Error::Invalid`] when the number belongs to another account,
    /// which only whoever holds the phone gets to see.
    pub async fn phone_verify(&self, caller: &Caller, id: &PhoneId, typed: &str) -> Result<()> {
        let here = self.here_with_phones(caller).await?;
        let code = Self::read_code(typed)?;
        let (user, phone) = self.own_phone(&here, id).await?;
        let client = &here.client.id;
        let expired = Error::Denied(Denial::CodeExpired);
        let reader = self.store().reader();
        let code_id = reader.verification_of(client, Purpose::VerifyPhone).await?.ok_or(expired)?;
        let whose = Whose { who: user.account.user.as_str(), user: Some(&user.account.user), known: true };
        let tried = self.try_code(caller, client, &code_id, Purpose::VerifyPhone, whose).await?;
        let typed = code.hash(self.keyring(), &code_id);
        let right: bool = subtle::ConstantTimeEq::ct_eq(typed.as_slice(), tried.code_hash.as_slice()).into();
        let for_this = tried.canonical == phone.number.as_str() && tried.user.as_ref() == Some(&user.account.user);
        if !(right && for_this) {
            return Err(Error::Denied(Denial::CodeIncorrect));
        }
        let now = self.now();
        let detail = serde_json::json!({"phone": id.as_str()});
        let event = self.event_here(caller, EventKind::PhoneVerified, &here, &user, detail).await?;
        let trail = Trail { events: vec![event], ..Trail::default() };
        match self.store().phone_prove(user.account, phone, (here.client.id, code_id), trail, now).await {
            Err(StoreError::Taken(_)) => Err(Error::field("phone", "phone_of_another_account")),
            other => Ok(other?),
        }
    }

    /// Makes a proved number the one that codes go to.
    ///
    /// # Errors
    /// [`Error::Stale`] without a fresh factor, [`Error::Invalid`] for a number that is not proved.
    pub async fn phone_make_primary(&self, caller: &Caller, id: &PhoneId) -> Result<()> {
        let here = self.here_fresh(caller).await?;
        let (user, phone) = self.own_phone(&here, id).await?;
        self.may_change(&user)?;
        if phone.verified.is_none() {
            return Err(Error::field("phone", "phone_not_verified"));
        }
        if user.primary_phone.as_ref() == Some(id) {
            return Ok(());
        }
        let detail = serde_json::json!({"phone": id.as_str()});
        let event = self.event_here(caller, EventKind::PhonePrimaryChanged, &here, &user, detail).await?;
        let trail = Trail { events: vec![event], ..Trail::default() };
        Ok(self.store().phone_make_primary(user.account, id.clone(), trail, self.now()).await?)
    }

    /// Removes a number.
    ///
    /// # Errors
    /// [`Error::Stale`] without a fresh factor, [`Error::StaleSecond`] without a fresh second one where it is one,
    /// [`Denial::LastWayIn`] when nothing else would let its owner in.
    pub async fn phone_remove(&self, caller: &Caller, id: &PhoneId) -> Result<()> {
        let mut here = self.here_fresh(caller).await?;
        let (user, phone) = self.own_phone(&here, id).await?;
        if phone.second.is_some() {
            here = self.strong(here).await?.0;
        }
        self.may_change(&user)?;
        let detail = serde_json::json!({"phone": id.as_str()});
        let event = self.event_here(caller, EventKind::PhoneRemoved, &here, &user, detail).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        if phone.verified.is_some() {
            let (removed, asked) = (phone.number.masked(), self.facts(caller));
            self.tell_owner(&user, &mut trail, |not_me| Letter::NoticePhoneRemoved { not_me, removed, asked })?;
        }
        let was_primary = user.primary_phone.as_ref() == Some(id);
        match self.store().phone_remove(user.account, id.clone(), was_primary, trail, self.now()).await {
            Err(StoreError::Taken(_)) => Err(Error::Denied(Denial::LastWayIn)),
            other => {
                other?;
                self.mail_waits();
                Ok(())
            }
        }
    }

    async fn own_phone(&self, here: &Here, id: &PhoneId) -> Result<(UserRow, PhoneRow)> {
        let user = self.row_of(here).await?;
        let phone = self.store().reader().phone(id, &user.account.user).await?.ok_or(Error::NotFound)?;
        Ok((user, phone))
    }

    /// A code to a number of whoever is signed in, within the limits of messages.
    pub(crate) async fn text_own_code(
        &self,
        caller: &Caller,
        here: &Here,
        user: &UserRow,
        to: &Phone,
        purpose: Purpose,
    ) -> Result<(Trail, CodeSent)> {
        self.sends_to(to, "phone")?;
        // Only a number that is proved is its owner's, on whose account others cannot count.
        let known = matches!(purpose, Purpose::StepUpPhone | Purpose::StepUpSecondPhone);
        self.pass(caller, Action::Mail, self.sms_gate(caller, to, Some(&user.account.user), known)).await?;
        let asked = SmsAsked {
            client: &here.client.id,
            purpose,
            to,
            user: Some(&user.account.user),
            kind: TextKind::Code,
            never_send: false,
        };
        let made = self.make_sms_code(&asked)?;
        let detail = serde_json::json!({"purpose": purpose.as_str()});
        let event = self.event_here(caller, EventKind::CodeSent, here, user, detail).await?;
        let trail = Trail {
            verification: Some(made.verification),
            mail: vec![made.mail],
            events: vec![event],
            ..Trail::default()
        };
        Ok((trail, made.sent))
    }
}
