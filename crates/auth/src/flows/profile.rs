//! A user as doors show one.

use crate::{error::Result, flows::passkeys::PasskeyView, housekey::Housekey};
use housekey_core::{
    identifier::phone::Phone,
    ids::{EmailId, PhoneId, PictureId, UserId},
    sign_in::{Held, SecondPhone, SecondStrategy},
    time::Time,
};
use housekey_store::{phones::PhoneRow, tell::Person};

/// All of a user that may be shown, and to whom is the door's contract.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Who.
    pub id: UserId,
    /// Whether it is a guest's.
    pub guest: bool,
    /// Whether the account is banned.
    pub banned: bool,
    /// Until when nobody may sign in to it.
    pub locked_until: Option<Time>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// The username, as chosen.
    pub username: Option<String>,
    /// The picture's id, if there is one.
    pub picture: Option<PictureId>,
    /// The address that mail goes to.
    pub primary_email: Option<EmailId>,
    /// All addresses, in the order they were added.
    pub emails: Vec<ProfileEmail>,
    /// The number that codes go to.
    pub primary_phone: Option<PhoneId>,
    /// All numbers, in the order they were added.
    pub phones: Vec<ProfilePhone>,
    /// When the password was set, if there is one.
    pub password_set: Option<Time>,
    /// The app's own id of the user.
    pub external_id: Option<String>,
    /// What the app keeps there for everybody to see: a JSON object.
    pub public_metadata: String,
    /// What the app keeps there for itself: a JSON object.
    pub private_metadata: String,
    /// What the person may change: a JSON object.
    pub unsafe_metadata: String,
    /// When the account was made.
    pub created: Time,
    /// When anything of it last changed.
    pub updated: Time,
    /// When the last sign-in was.
    pub last_sign_in: Option<Time>,
    /// When it was last active, to the day.
    pub last_active: Option<Time>,
    /// When the terms were accepted.
    pub legal_accepted: Option<Time>,
    /// Whether its owner may delete it.
    pub may_delete_self: bool,
    /// Since when it has an authenticator app, if it has one.
    pub totp_since: Option<Time>,
    /// Since when a second factor is due, if one is.
    pub two_step_since: Option<Time>,
    /// How many backup codes are left.
    pub backup_codes: i64,
    /// The passkeys, in the order they were added.
    pub passkeys: Vec<PasskeyView>,
    held: Held,
}

/// An address of a user.
#[derive(Clone, Debug)]
pub struct ProfileEmail {
    /// Its id.
    pub id: EmailId,
    /// As typed.
    pub address: String,
    /// When its mailbox was proved, if it was.
    pub verified: Option<Time>,
    /// When it was added.
    pub created: Time,
}

/// A number of a user.
#[derive(Clone, Debug)]
pub struct ProfilePhone {
    /// Its id.
    pub id: PhoneId,
    /// The number.
    pub number: String,
    /// When it was proved, if it was.
    pub verified: Option<Time>,
    /// When it was added.
    pub created: Time,
    /// Since when a code to it is asked for as a second factor, if it is.
    pub second: Option<Time>,
    /// Of several such, whether it is the one that is asked for first.
    pub second_default: bool,
}

impl ProfilePhone {
    /// All numbers of one user.
    pub(crate) fn all(rows: Vec<PhoneRow>) -> Vec<Self> {
        let first = PhoneRow::second_of(&rows).map(|row| row.id.clone());
        let shown = |row: PhoneRow| Self {
            second_default: first.as_ref() == Some(&row.id),
            id: row.id,
            number: row.number.into(),
            verified: row.verified,
            created: row.created,
            second: row.second,
        };
        rows.into_iter().map(shown).collect()
    }
}

impl Profile {
    /// The primary address, as typed.
    pub fn primary_address(&self) -> Option<&str> {
        self.emails.iter().find(|e| Some(&e.id) == self.primary_email.as_ref()).map(|e| e.address.as_str())
    }

    /// The primary number.
    pub fn primary_number(&self) -> Option<&str> {
        self.phones.iter().find(|p| Some(&p.id) == self.primary_phone.as_ref()).map(|p| p.number.as_str())
    }

    /// The ways to prove a second factor, where one is due.
    pub fn second_strategies(&self) -> Vec<SecondStrategy> {
        self.held.second_strategies()
    }

    /// The phones whose code is a second factor, the one that is asked for first before the others.
    pub fn second_phones(&self) -> Vec<SecondPhone> {
        let mut second: Vec<&ProfilePhone> = self.phones.iter().filter(|phone| phone.second.is_some()).collect();
        second.sort_by_key(|phone| !phone.second_default);
        let masked = |number: &str| Phone::try_from(number.to_owned()).map_or_else(|_| String::new(), |n| n.masked());
        second.into_iter().map(|phone| SecondPhone { id: phone.id.clone(), to: masked(&phone.number) }).collect()
    }

    pub(crate) fn of(person: Person) -> Self {
        let Person { user, emails, phones, passkeys } = person;
        Self {
            two_step_since: user.held().two_step_since(),
            held: user.held(),
            passkeys: passkeys.into_iter().map(PasskeyView::from).collect(),
            id: user.account.user,
            guest: user.guest_since.is_some(),
            banned: user.state != "active",
            locked_until: user.locked_until,
            first_name: user.first_name,
            last_name: user.last_name,
            username: user.username,
            picture: user.picture,
            primary_email: user.primary_email,
            emails: emails
                .into_iter()
                .map(|e| ProfileEmail { id: e.id, address: e.address, verified: e.verified, created: e.created })
                .collect(),
            primary_phone: user.primary_phone,
            phones: ProfilePhone::all(phones),
            password_set: user.password_set,
            external_id: user.external_id,
            public_metadata: user.public_metadata,
            private_metadata: user.private_metadata,
            unsafe_metadata: user.unsafe_metadata,
            created: user.created,
            updated: user.updated,
            last_sign_in: user.last_sign_in,
            last_active: user.last_active,
            legal_accepted: user.legal_accepted,
            may_delete_self: user.may_delete_self,
            totp_since: user.totp_since,
            backup_codes: user.backup_codes,
        }
    }
}

impl Housekey {
    /// A user's profile.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`] without database.
    pub async fn profile(&self, id: &UserId) -> Result<Option<Profile>> {
        let reader = self.store().reader();
        let Some(user) = reader.user(id).await? else { return Ok(None) };
        let passkeys = if user.passkeys > 0 { reader.passkeys(id).await? } else { Vec::new() };
        let (emails, phones) = (reader.emails_of_user(id).await?, reader.phones_of_user(id).await?);
        Ok(Some(Profile::of(Person { user, emails, phones, passkeys })))
    }
}
