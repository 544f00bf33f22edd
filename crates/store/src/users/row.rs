//! A user as it is read: one list of columns for every statement that finds one.

use crate::{
    Reader, StoreError,
    sql::{Row, Tx},
    statements,
};
use housekey_core::{
    identifier::{Identifier, phone::Phone},
    ids::{EmailId, PhoneId, PictureId, UserId},
    password::PasswordHash,
    sign_in::{Account, Held},
    time::Time,
};

/// What is read of a user `u`, with the address `e` and the password `p`, in the order of [`read`].
macro_rules! user_columns {
    () => {
        "u.id, u.version, u.state, u.first_name, u.last_name, u.primary_email_id, u.device_epoch, u.event_key, \
         p.hash, p.set_at, u.created_at, e.id, e.address, u.updated_at, u.last_sign_in_at, u.last_active_at, \
         u.external_id, u.public_metadata, u.private_metadata, u.unsafe_metadata, u.picture_id, u.locked_until, \
         u.legal_accepted_at, u.may_delete_self, (SELECT t.verified_at FROM housekey_totp t WHERE t.user_id = u.id \
         AND t.verified_at IS NOT NULL ORDER BY t.id LIMIT 1), (SELECT COUNT(*) FROM housekey_backup_code b WHERE \
         b.user_id = u.id AND b.used_at IS NULL), (SELECT COUNT(*) FROM housekey_passkey k WHERE k.user_id = u.id), \
         u.passkey_after_at, u.two_step_due_at, p.compromised_at, u.frozen_until, u.username, u.primary_phone_id, \
         u.guest_since, (SELECT s.second_at FROM housekey_phone s WHERE s.user_id = u.id AND s.second_at IS NOT NULL \
         ORDER BY s.second_at, s.id LIMIT 1)"
    };
}
pub(crate) use user_columns;

statements! {
    BY_EMAIL = (concat!("SELECT ", user_columns!(), " FROM housekey_email e JOIN housekey_user u ON u.id = e.user_id \
        LEFT JOIN housekey_password p ON p.user_id = u.id WHERE e.canonical = $1 AND e.verified_at IS NOT NULL"));
    BY_ID = (concat!("SELECT ", user_columns!(), " FROM housekey_user u \
        LEFT JOIN housekey_email e ON e.id = u.primary_email_id \
        LEFT JOIN housekey_password p ON p.user_id = u.id WHERE u.id = $1"));
    BY_USERNAME = (concat!("SELECT ", user_columns!(), " FROM housekey_user u \
        LEFT JOIN housekey_email e ON e.id = u.primary_email_id \
        LEFT JOIN housekey_password p ON p.user_id = u.id WHERE u.username_canonical = $1"));
    BY_PHONE = (concat!("SELECT ", user_columns!(), " FROM housekey_phone f JOIN housekey_user u ON u.id = f.user_id \
        LEFT JOIN housekey_email e ON e.id = u.primary_email_id \
        LEFT JOIN housekey_password p ON p.user_id = u.id WHERE f.number = $1 AND f.verified_at IS NOT NULL"));
}

/// A user with the primary (or the asked-for) address and the password's hash.
pub struct UserRow {
    /// Id and version, as proofs need them.
    pub account: Account,
    /// `active`, `banned`…
    pub state: String,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// The primary address's row.
    pub primary_email: Option<EmailId>,
    /// Rises when all known devices become unknown.
    pub device_epoch: i64,
    /// The sealed key of this user's events; absent once the person was erased.
    pub event_key: Option<Vec<u8>>,
    /// The password's hash, if there is one.
    pub password: Option<PasswordHash>,
    /// When the password was set.
    pub password_set: Option<Time>,
    /// When the account was made.
    pub created: Time,
    /// The address's row: the one asked for, else the primary one.
    pub email: Option<EmailId>,
    /// That address, as typed.
    pub address: Option<String>,
    /// When anything of it last changed.
    pub updated: Time,
    /// When the last sign-in was.
    pub last_sign_in: Option<Time>,
    /// When it was last active, to the day.
    pub last_active: Option<Time>,
    /// The app's own id of the user.
    pub external_id: Option<String>,
    /// What the app keeps there for everybody to see: a JSON object.
    pub public_metadata: String,
    /// What the app keeps there for itself: a JSON object.
    pub private_metadata: String,
    /// What the person may change: a JSON object.
    pub unsafe_metadata: String,
    /// The picture's id, if there is one.
    pub picture: Option<PictureId>,
    /// Until when nobody may sign in to it.
    pub locked_until: Option<Time>,
    /// When the terms were accepted.
    pub legal_accepted: Option<Time>,
    /// Whether its owner may delete it.
    pub may_delete_self: bool,
    /// Since when it has an authenticator app, if it has one.
    pub totp_since: Option<Time>,
    /// How many backup codes are left.
    pub backup_codes: i64,
    /// How many passkeys it has.
    pub passkeys: i64,
    /// Since when a passkey is asked for after other first factors, if its owner wants that.
    pub passkey_after_since: Option<Time>,
    /// Since when a code to a phone is asked for after other first factors, if its owner wants that.
    pub phone_since: Option<Time>,
    /// Until when it may do without the second factor that it must have, where that was told.
    pub two_step_due: Option<Time>,
    /// Since when its password is known to others, if it is.
    pub password_compromised: Option<Time>,
    /// Until when nothing risky is changed of it.
    pub frozen_until: Option<Time>,
    /// The username, as chosen.
    pub username: Option<String>,
    /// The primary number's row.
    pub primary_phone: Option<PhoneId>,
    /// Since when it is a guest's, while it is.
    pub guest_since: Option<Time>,
}

impl UserRow {
    /// What it has that proves a second factor.
    pub fn held(&self) -> Held {
        Held {
            totp_since: self.totp_since,
            backup_codes: self.backup_codes,
            passkeys: self.passkeys,
            passkey_after_since: self.passkey_after_since,
            phone_since: self.phone_since,
        }
    }

    /// What to call the account by: the address, or the username where there is none.
    pub fn shown_name(&self) -> Option<String> {
        self.address.clone().or_else(|| self.username.clone())
    }

    /// What is known of the person, which no password is made of.
    pub fn words(&self) -> [Option<&str>; 4] {
        [self.first_name.as_deref(), self.last_name.as_deref(), self.address.as_deref(), self.username.as_deref()]
    }
}

impl Reader {
    /// The user who proved this address.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn user_by_email(&self, canonical: &str) -> Result<Option<UserRow>, StoreError> {
        self.optional(&BY_EMAIL, &[canonical.into()]).await?.map(|r| read(&r)).transpose()
    }

    /// The user whom this names; the address is the one that was asked for, else the primary one.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn user_by(&self, identifier: &Identifier) -> Result<Option<UserRow>, StoreError> {
        match identifier {
            Identifier::Email(email) => self.user_by_email(email.canonical()).await,
            Identifier::Username(name) => self.user_by_username(name.canonical()).await,
            Identifier::Phone(phone) => self.user_by_phone(phone).await,
        }
    }

    /// The user of this username, in its canonical form.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn user_by_username(&self, canonical: &str) -> Result<Option<UserRow>, StoreError> {
        self.optional(&BY_USERNAME, &[canonical.into()]).await?.map(|r| read(&r)).transpose()
    }

    /// The user who proved this number.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn user_by_phone(&self, number: &Phone) -> Result<Option<UserRow>, StoreError> {
        self.optional(&BY_PHONE, &[number.as_str().into()]).await?.map(|r| read(&r)).transpose()
    }

    /// A user by id, with the primary address.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn user(&self, id: &UserId) -> Result<Option<UserRow>, StoreError> {
        self.optional(&BY_ID, &[id.into()]).await?.map(|r| read(&r)).transpose()
    }
}

pub(crate) fn read(r: &Row) -> Result<UserRow, StoreError> {
    let id = r.text(0)?;
    let broken = |column| StoreError::corrupt("housekey_user", column, &id);
    let email_id = |text: Option<String>, column| {
        text.map(|t| EmailId::try_from(t.as_str())).transpose().map_err(|_| broken(column))
    };
    Ok(UserRow {
        account: Account { user: UserId::try_from(id.as_str()).map_err(|_| broken("id"))?, version: r.int(1)? },
        state: r.text(2)?,
        first_name: r.opt_text(3)?,
        last_name: r.opt_text(4)?,
        primary_email: email_id(r.opt_text(5)?, "primary_email_id")?,
        device_epoch: r.int(6)?,
        event_key: r.opt_bytes(7)?,
        password: r.opt_text(8)?.map(PasswordHash::from_stored),
        password_set: r.opt_int(9)?.map(Time::from_millis),
        created: Time::from_millis(r.int(10)?),
        email: email_id(r.opt_text(11)?, "email_id")?,
        address: r.opt_text(12)?,
        updated: Time::from_millis(r.int(13)?),
        last_sign_in: r.opt_int(14)?.map(Time::from_millis),
        last_active: r.opt_int(15)?.map(Time::from_millis),
        external_id: r.opt_text(16)?,
        public_metadata: r.text(17)?,
        private_metadata: r.text(18)?,
        unsafe_metadata: r.text(19)?,
        picture: r
            .opt_text(20)?
            .map(|t| PictureId::try_from(t.as_str()))
            .transpose()
            .map_err(|_| broken("picture_id"))?,
        locked_until: r.opt_int(21)?.map(Time::from_millis),
        legal_accepted: r.opt_int(22)?.map(Time::from_millis),
        may_delete_self: r.bool(23)?,
        totp_since: r.opt_int(24)?.map(Time::from_millis),
        backup_codes: r.int(25)?,
        passkeys: r.int(26)?,
        passkey_after_since: r.opt_int(27)?.map(Time::from_millis),
        two_step_due: r.opt_int(28)?.map(Time::from_millis),
        password_compromised: r.opt_int(29)?.map(Time::from_millis),
        frozen_until: r.opt_int(30)?.map(Time::from_millis),
        username: r.opt_text(31)?,
        primary_phone: r
            .opt_text(32)?
            .map(|t| PhoneId::try_from(t.as_str()))
            .transpose()
            .map_err(|_| broken("primary_phone_id"))?,
        guest_since: r.opt_int(33)?.map(Time::from_millis),
        phone_since: r.opt_int(34)?.map(Time::from_millis),
    })
}

/// A user, as it is in this transaction.
pub(crate) async fn one(tx: &mut Tx, id: &UserId) -> Result<Option<UserRow>, StoreError> {
    tx.optional(&BY_ID, &[id.into()]).await?.map(|r| read(&r)).transpose()
}
