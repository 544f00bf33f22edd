//! Making a user, as an app's backend does when it moves in.

use super::Steward;
use crate::{
    error::{Error, Fault, Result},
    flows::{metadata, notes::About, profile::Profile, sign_up::read_name, username},
    housekey::Housekey,
    settings::Use,
};
use housekey_core::{
    entropy,
    event::EventKind,
    factor::totp::TotpSecret,
    identifier::{email::Email, phone::Phone, username::Username},
    ids::{EmailId, PhoneId, TotpId, UserId},
    password::{ImportFault, Password, PasswordHash},
    secret::Secret,
    time::Time,
};
use housekey_store::{
    Field, StoreError,
    phones::NewPhone,
    second_factors::NewTotp,
    sign_ins::Trail,
    steward::KeptUser,
    users::{NewEmail, NewUser},
};
use std::time::Duration;

/// Addresses that a user may start with.
const MOST_ADDRESSES: usize = 10;
const LONGEST_EXTERNAL_ID: usize = 256;
/// How long a lock holds.
pub(super) const LOCKED: Duration = Duration::from_secs(3600);

/// A user that is to be made.
#[derive(Default)]
pub struct MadeUser {
    /// Addresses, which count as proved; the first is the primary one.
    pub addresses: Vec<String>,
    /// The username; empty for none.
    pub username: String,
    /// Phone numbers, which count as proved; the first is the primary one.
    pub phones: Vec<String>,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// The app's own id of the user.
    pub external_id: Option<String>,
    /// The password, if it has one.
    pub password: Option<GivenPassword>,
    /// Whether that password is known to others: the first sign-in sets another one.
    pub password_compromised: bool,
    /// The secret of the authenticator app that it had elsewhere, in Base32.
    pub totp_secret: Option<Secret<String>>,
    /// Public, private and unsafe metadata: JSON objects.
    pub metadata: [Option<String>; 3],
    /// Whether its owner may delete it.
    pub may_delete_self: bool,
    /// When the terms were accepted.
    pub legal_accepted: Option<Time>,
    /// When the account was made, where that was elsewhere.
    pub created: Option<Time>,
    /// Whether it is banned from the start.
    pub banned: bool,
    /// Whether it is locked from the start.
    pub locked: bool,
}

/// A password as a backend gives it.
pub enum GivenPassword {
    /// In the clear.
    Plain {
        /// The password.
        password: Password,
        /// Whether it is taken as it is, weak or not.
        unchecked: bool,
    },
    /// As another system kept it.
    Digest {
        /// The published name of how it was made.
        hasher: String,
        /// What was kept.
        digest: Secret<String>,
    },
}

impl Housekey {
    /// Makes a user.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault.
    pub async fn user_make(&self, by: &Steward, form: MadeUser) -> Result<Profile> {
        let mut faults = Vec::new();
        let first_name = read_name("first_name", &form.first_name, &mut faults);
        let last_name = read_name("last_name", &form.last_name, &mut faults);
        let username = self.read_username(&form.username).map_err(|fault| faults.push(fault)).ok().flatten();
        let phones = self.read_phones(&form.phones, &mut faults)?;
        let nameless = form.username.trim().is_empty() && form.phones.is_empty();
        let needs_address = nameless || self.settings().identifiers.email == Use::Required;
        let addresses = read_addresses(&form.addresses, needs_address, &mut faults);
        let external_id = read_external_id(form.external_id, &mut faults);
        let [public, private, own] = ["public_metadata", "private_metadata", "unsafe_metadata"];
        let mut object = |name, text: &Option<String>| match text.as_deref().map(|text| metadata::object(name, text)) {
            Some(Ok(object)) => serde_json::Value::Object(object).to_string(),
            Some(Err(fault)) => {
                faults.push(fault);
                String::new()
            }
            None => "{}".to_owned(),
        };
        let [public, private, own] =
            [object(public, &form.metadata[0]), object(private, &form.metadata[1]), object(own, &form.metadata[2])];
        let totp = form.totp_secret.map(|text| TotpSecret::parse(text.expose()));
        if let Some(Err(_)) = &totp {
            faults.push(Fault::new("totp_secret", "totp_secret_malformed"));
        }
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let address = addresses.first().map(Email::typed);
        let about = [first_name.as_deref(), last_name.as_deref(), address, username.as_ref().map(Username::typed)];
        let password = self.given_password(by, form.password, &about).await?;
        let now = self.now();
        let id = UserId::new(now, self.entropy());
        let (key, event_key) = self.new_user_key(&id);
        let mut rows = addresses
            .iter()
            .map(|email| NewEmail {
                id: EmailId::new(now, self.entropy()),
                address: email.typed().to_owned(),
                canonical: email.canonical().to_owned(),
            })
            .collect::<Vec<_>>()
            .into_iter();
        let email = rows.next();
        let more = rows.collect();
        let mut phones = phones
            .into_iter()
            .map(|number| NewPhone { id: PhoneId::new(now, self.entropy()), number })
            .collect::<Vec<_>>()
            .into_iter();
        let phone = phones.next();
        let user = NewUser {
            id: id.clone(),
            first_name,
            last_name,
            email,
            username,
            phone,
            password,
            public_metadata: public,
            unsafe_metadata: own,
            legal_accepted: form.legal_accepted,
            event_key,
            handle: entropy::bytes::<16>(self.entropy()),
            guest_since: None,
        };
        let about = About { user: Some((&id, &key)), client: None, session: None };
        let event = self.event(&by.caller, EventKind::UserCreated, about, by.signed(serde_json::json!({}))).await?;
        let kept = KeptUser {
            user,
            more,
            more_phones: phones.collect(),
            external_id,
            private_metadata: private,
            may_delete_self: form.may_delete_self,
            compromised: form.password_compromised,
            banned: form.banned,
            locked_until: form.locked.then(|| now.plus(LOCKED)),
            created: form.created.map_or(now, |created| created.min(now)),
            totp: totp.and_then(Result::ok).map(|secret| {
                let id = TotpId::new(now, self.entropy());
                NewTotp { secret: self.seal_totp(&id, &secret), name: String::new(), id }
            }),
        };
        let trail = Trail { events: vec![event], ..Trail::default() };
        self.store().keep_user(kept, trail, now).await.map_err(taken)?;
        self.profile(&id).await?.ok_or(Error::Conflict)
    }

    fn read_phones(&self, typed: &[String], faults: &mut Vec<Fault>) -> Result<Vec<Phone>> {
        let mut all: Vec<Phone> = Vec::new();
        if typed.len() > MOST_ADDRESSES {
            faults.push(Fault::new("phone_number", "too_many_values"));
        }
        for one in typed.iter().take(MOST_ADDRESSES) {
            match self.read_phone("phone_number", one) {
                Ok(phone) if all.contains(&phone) => faults.push(Fault::new("phone_number", "phone_already_added")),
                Ok(phone) => all.push(phone),
                Err(Error::Invalid(more)) => faults.extend(more),
                Err(other) => return Err(other),
            }
        }
        Ok(all)
    }

    /// The hash of a password that a backend gives.
    pub(super) async fn given_password(
        &self,
        by: &Steward,
        given: Option<GivenPassword>,
        about: &[Option<&str>],
    ) -> Result<Option<PasswordHash>> {
        match given {
            None => Ok(None),
            Some(GivenPassword::Plain { password, unchecked }) => {
                if !unchecked {
                    self.accept_password(&password, about)?;
                    return Ok(Some(self.hash_of_new(&by.caller, password).await?));
                }
                Ok(Some(self.hasher().hash(password, entropy::bytes::<16>(self.entropy())).await?))
            }
            Some(GivenPassword::Digest { hasher, digest }) => self.imported_password(&hasher, &digest).await.map(Some),
        }
    }

    async fn imported_password(&self, hasher: &str, digest: &Secret<String>) -> Result<PasswordHash> {
        let salt = entropy::bytes::<16>(self.entropy());
        self.hasher().import(hasher, digest, salt).await?.map_err(|fault| match fault {
            ImportFault::UnknownHasher => Error::field("password_hasher", "hasher_unknown"),
            ImportFault::Malformed => Error::field("password_digest", "digest_malformed"),
            ImportFault::TooCostly => Error::field("password_digest", "digest_too_costly"),
        })
    }
}

/// What is another user's already, told by its field.
pub(super) fn taken(error: StoreError) -> Error {
    match error {
        StoreError::Taken(Field::Email) => Error::field("email_address", "email_of_another_account"),
        StoreError::Taken(Field::Username) => username::taken(),
        StoreError::Taken(Field::Phone) => Error::field("phone_number", "phone_of_another_account"),
        StoreError::Taken(_) => Error::field("external_id", "external_id_taken"),
        other => other.into(),
    }
}

pub(super) fn read_external_id(given: Option<String>, faults: &mut Vec<Fault>) -> Option<String> {
    let id = given.filter(|id| !id.is_empty())?;
    if id.len() > LONGEST_EXTERNAL_ID || id.chars().any(char::is_control) {
        faults.push(Fault::new("external_id", "external_id_malformed"));
        return None;
    }
    Some(id)
}

fn read_addresses(typed: &[String], needed: bool, faults: &mut Vec<Fault>) -> Vec<Email> {
    let mut all: Vec<Email> = Vec::new();
    if typed.is_empty() && needed {
        faults.push(Fault::new("email_address", "email_missing"));
    }
    if typed.len() > MOST_ADDRESSES {
        faults.push(Fault::new("email_address", "too_many_values"));
    }
    for one in typed.iter().take(MOST_ADDRESSES) {
        match Email::parse(one) {
            Ok(email) if all.iter().any(|other| other.canonical() == email.canonical()) => {
                faults.push(Fault::new("email_address", "email_already_added"));
            }
            Ok(email) => all.push(email),
            Err(fault) => faults.push(Fault::new("email_address", fault.code())),
        }
    }
    all
}
