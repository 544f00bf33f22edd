//! Changing a user.

use super::{
    GivenPassword, Steward,
    create::{read_external_id, taken},
    crossed,
};
use crate::{
    error::{Error, Fault, Result},
    flows::{codes, metadata, profile::Profile, sign_up::read_name},
    housekey::Housekey,
    mail::Letter,
};
use bytes::Bytes;
use housekey_core::{
    event::EventKind,
    identifier::username::Username,
    ids::{EmailId, PhoneId, PictureId, UserId},
    password::{Password, PasswordHash, Verdict},
    time::Time,
};
use housekey_store::{
    sign_ins::Trail,
    steward::{Metadata, UserChange},
    users::UserRow,
};
use serde_json::json;

/// What changes of a user; what is `None` stays.
#[derive(Default)]
pub struct ChangedUser {
    /// First name; empty removes it.
    pub first_name: Option<String>,
    /// Last name; empty removes it.
    pub last_name: Option<String>,
    /// The app's own id of the user; empty removes it.
    pub external_id: Option<String>,
    /// The username; empty removes it.
    pub username: Option<String>,
    /// A new primary address, one of the user's proved ones.
    pub primary: Option<EmailId>,
    /// A new primary number, one of the user's proved ones.
    pub primary_phone: Option<PhoneId>,
    /// Whether the former primary address is told.
    pub notify: bool,
    /// A new password.
    pub password: Option<GivenPassword>,
    /// Whether all sessions end with the old password.
    pub sign_out: bool,
    /// Whether its owner may delete it.
    pub may_delete_self: Option<bool>,
    /// When the terms were accepted.
    pub legal_accepted: Option<Time>,
    /// When the account was made.
    pub created: Option<Time>,
}

impl Housekey {
    /// Changes a user.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] with every fault, [`crate::Denial::Guest`] for a guest's way in.
    pub async fn user_change(&self, by: &Steward, id: &UserId, mut form: ChangedUser) -> Result<Profile> {
        let user = self.kept_row(id).await?;
        if form.username.is_some() || form.password.is_some() {
            Self::not_a_guest(&user)?;
        }
        let about = user.words();
        let hash = self.given_password(by, form.password.take(), &about).await?;
        let mut tried = 0;
        loop {
            let done = self.try_change(by, id, &form, hash.clone()).await;
            if !crossed(&done, tried) {
                done?;
                return self.profile(id).await?.ok_or(Error::NotFound);
            }
            tried += 1;
        }
    }

    async fn try_change(
        &self,
        by: &Steward,
        id: &UserId,
        form: &ChangedUser,
        hash: Option<PasswordHash>,
    ) -> Result<()> {
        let user = self.kept_row(id).await?;
        let mut faults: Vec<Fault> = Vec::new();
        let mut name = |field, given: &Option<String>, kept: &Option<String>| match given {
            Some(typed) => read_name(field, typed, &mut faults),
            None => kept.clone(),
        };
        let first_name = name("first_name", &form.first_name, &user.first_name);
        let last_name = name("last_name", &form.last_name, &user.last_name);
        let external_id = match &form.external_id {
            Some(given) => read_external_id(Some(given.clone()), &mut faults),
            None => user.external_id.clone(),
        };
        let username = match form.username.as_deref().map(|typed| self.read_username(typed)) {
            Some(Ok(read)) => Some(read).filter(|read| read.as_ref().map(Username::typed) != user.username.as_deref()),
            Some(Err(fault)) => {
                faults.push(fault);
                None
            }
            None => None,
        };
        if username == Some(None) && user.address.is_none() && user.primary_phone.is_none() {
            faults.push(Fault::new("username", "username_missing"));
        }
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let mut trail = Trail::default();
        if username.is_some() {
            trail.events.push(self.kept_event(by, EventKind::UsernameChanged, &user, json!({})).await?);
            let asked = self.facts(&by.caller);
            self.tell_owner(&user, &mut trail, |not_me| Letter::NoticeUsernameChanged { not_me, asked })?;
        }
        let primary = form.primary.clone().filter(|email| user.primary_email.as_ref() != Some(email));
        if let Some(email) = &primary {
            let unknown = || Error::field("primary_email_address_id", "email_not_verified");
            let row = self.store().reader().email(email, id).await?.ok_or_else(unknown)?;
            row.verified.ok_or_else(unknown)?;
            let detail = json!({"email": email.as_str()});
            trail.events.push(self.kept_event(by, EventKind::EmailPrimaryChanged, &user, detail).await?);
            self.tell_former(by, &user, form.notify, &mut trail)?;
        }
        let primary_phone = form.primary_phone.clone().filter(|id| user.primary_phone.as_ref() != Some(id));
        if let Some(phone) = &primary_phone {
            let unknown = || Error::field("primary_phone_number_id", "phone_not_verified");
            let row = self.store().reader().phone(phone, id).await?.ok_or_else(unknown)?;
            row.verified.ok_or_else(unknown)?;
            let detail = json!({"phone": phone.as_str()});
            trail.events.push(self.kept_event(by, EventKind::PhonePrimaryChanged, &user, detail).await?);
        }
        if hash.is_some() {
            trail.events.push(self.kept_event(by, EventKind::PasswordChanged, &user, json!({})).await?);
            let asked = self.facts(&by.caller);
            self.tell_owner(&user, &mut trail, |not_me| Letter::NoticePasswordChanged { not_me, asked })?;
        }
        trail.events.push(self.kept_event(by, EventKind::UserUpdated, &user, json!({})).await?);
        let change = UserChange {
            first_name,
            last_name,
            external_id,
            username,
            may_delete_self: form.may_delete_self.unwrap_or(user.may_delete_self),
            legal_accepted: form.legal_accepted.or(user.legal_accepted),
            created: form.created.map_or(user.created, |created| created.min(self.now())),
            updated: user.updated,
            account: user.account,
            primary,
            primary_phone,
            password: hash.map(|hash| (hash, form.sign_out)),
        };
        self.store().change_user(change, trail, self.now()).await.map_err(taken)?;
        self.mail_waits();
        Ok(())
    }

    /// Lays patches over a user's metadata (RFC 7396), or replaces what is given: public, private, unsafe.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] when one is no JSON object or would be too large.
    pub async fn user_metadata(
        &self,
        by: &Steward,
        id: &UserId,
        given: &[Option<String>; 3],
        replace: bool,
    ) -> Result<Profile> {
        let mut tried = 0;
        loop {
            let done = self.try_metadata(by, id, given, replace).await;
            if !crossed(&done, tried) {
                done?;
                return self.profile(id).await?.ok_or(Error::NotFound);
            }
            tried += 1;
        }
    }

    async fn try_metadata(&self, by: &Steward, id: &UserId, given: &[Option<String>; 3], replace: bool) -> Result<()> {
        let user = self.kept_row(id).await?;
        let from: Metadata =
            [user.public_metadata.clone(), user.private_metadata.clone(), user.unsafe_metadata.clone()];
        let mut to = from.clone();
        let mut faults = Vec::new();
        let names = ["public_metadata", "private_metadata", "unsafe_metadata"];
        for ((name, text), kept) in names.into_iter().zip(given).zip(&mut to) {
            let Some(text) = text else { continue };
            let new = metadata::object(name, text).and_then(|object| match replace {
                true => Ok(serde_json::Value::Object(object).to_string()),
                false => metadata::merge(name, kept, object),
            });
            match new {
                Ok(new) => *kept = new,
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let event = self.kept_event(by, EventKind::UserUpdated, &user, json!({})).await?;
        Ok(self.store().set_metadata(id, from, to, event).await?)
    }

    /// Whether this is the user's password. Wrong ones are counted as at a sign-in.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for a user without one, [`Error::Limited`] beyond the account's limits.
    pub async fn user_password_check(&self, _: &Steward, id: &UserId, typed: Password) -> Result<bool> {
        let user = self.kept_row(id).await?;
        let Some(stored) = user.password.clone() else {
            return Err(Error::field("password", "password_missing"));
        };
        self.spend(self.own_password_spends(id, None)).await?;
        let (_, verdict) = self.hasher().verify(Some(stored), typed).await?;
        Ok(matches!(verdict, Verdict::Yes { .. }))
    }

    /// Takes a user's password away.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn user_password_remove(&self, by: &Steward, id: &UserId, sign_out: bool) -> Result<Profile> {
        let user = self.kept_row(id).await?;
        let event = self.kept_event(by, EventKind::PasswordRemoved, &user, json!({})).await?;
        self.store().take_password(user.account, sign_out, event).await?;
        self.profile(id).await?.ok_or(Error::NotFound)
    }

    /// A user's password is known to others from now on, or is not after all. The next sign-in sets a new one.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for a user without one.
    pub async fn user_password_compromise(
        &self,
        by: &Steward,
        id: &UserId,
        compromised: bool,
        sign_out: bool,
    ) -> Result<Profile> {
        let user = self.kept_row(id).await?;
        if user.password.is_none() {
            return Err(Error::field("password", "password_missing"));
        }
        let kind = if compromised { EventKind::PasswordCompromised } else { EventKind::PasswordCleared };
        let event = self.kept_event(by, kind, &user, json!({"by": "backend"})).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        if compromised && user.password_compromised.is_none() {
            self.compromise_told(&user, &mut trail)?;
        }
        self.store().set_compromised(user.account, compromised, sign_out, trail, self.now()).await?;
        self.mail_waits();
        self.profile(id).await?.ok_or(Error::NotFound)
    }

    /// Gives a user a picture, or takes it away.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for anything but a PNG, JPEG or WebP within its bounds.
    pub async fn user_picture(&self, by: &Steward, id: &UserId, sent: Option<Bytes>) -> Result<Profile> {
        let user = self.kept_row(id).await?;
        let drawn = match sent {
            Some(sent) => Some((PictureId::new(self.now(), self.entropy()), self.0.drawing.draw(sent).await?)),
            None => None,
        };
        let event = self.kept_event(by, EventKind::UserUpdated, &user, json!({})).await?;
        self.store().set_picture(id, drawn, event).await?;
        self.profile(id).await?.ok_or(Error::NotFound)
    }

    pub(super) async fn kept_row(&self, id: &UserId) -> Result<UserRow> {
        self.store().reader().user(id).await?.ok_or(Error::NotFound)
    }

    /// A letter to the mailbox that was the primary one, where that is wanted.
    pub(super) fn tell_former(&self, by: &Steward, user: &UserRow, notify: bool, trail: &mut Trail) -> Result<()> {
        if let (true, Some(to)) = (notify, codes::mailbox_of(user)) {
            let asked = self.facts(&by.caller);
            trail.mail.push(self.notice(&to, Letter::NoticePrimaryReplaced { asked })?);
        }
        Ok(())
    }
}
