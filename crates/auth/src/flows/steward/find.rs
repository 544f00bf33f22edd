//! Finding users.

use super::Steward;
use crate::{
    error::{Error, Result},
    flows::profile::Profile,
    housekey::Housekey,
};
use housekey_core::{identifier::email::Email, ids::UserId};
use housekey_store::directory::{Filter, Order, Page, Span};

/// Most values of one kind.
const MOST_NAMED: usize = 100;
const MOST_PART: usize = 200;

/// What users are looked for by; what is empty matches everybody.
#[derive(Clone, Debug, Default)]
pub struct Find {
    /// Ids; one behind a `-` is left out.
    pub ids: Vec<String>,
    /// Addresses.
    pub addresses: Vec<String>,
    /// Usernames.
    pub usernames: Vec<String>,
    /// Phone numbers.
    pub numbers: Vec<String>,
    /// The app's own ids.
    pub external_ids: Vec<String>,
    /// A part of an id, a name, a username or an address.
    pub part: String,
    /// A part of an address.
    pub part_of_address: String,
    /// A part of the name.
    pub part_of_name: String,
    /// A part of the username.
    pub part_of_username: String,
    /// A part of a phone number.
    pub part_of_number: String,
    /// Banned or not.
    pub banned: Option<bool>,
    /// When the account was made.
    pub created: Range,
    /// When it was last active.
    pub active: Range,
    /// When its last sign-in was.
    pub signed_in: Range,
}

/// A span of time, open at both ends.
pub type Range = Span;

impl Housekey {
    /// A page of users. `order` is a field's name, behind `-` for the largest first; empty is by creation, newest first.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an order that there is not, or a cursor that does not go with it.
    pub async fn users_find(
        &self,
        _: &Steward,
        find: &Find,
        order: &str,
        (most, offset): (i64, i64),
        starting_after: Option<&str>,
    ) -> Result<Vec<Profile>> {
        let (order, backwards) = read_order(order)?;
        let after = match starting_after {
            None => None,
            Some(_) if order != Order::Created || offset != 0 => {
                return Err(Error::field("starting_after", "cursor_out_of_place"));
            }
            Some(id) => {
                let unknown = || Error::field("starting_after", "user_unknown");
                let id = UserId::try_from(id).map_err(|_| unknown())?;
                let user = self.store().reader().user(&id).await?.ok_or_else(unknown)?;
                Some((user.created, id))
            }
        };
        let Some(filter) = self.filter(find).await? else { return Ok(Vec::new()) };
        let page = Page { order, backwards, most, offset, after };
        let found = self.store().reader().users(&filter, &page).await?;
        Ok(found.into_iter().map(Profile::of).collect())
    }

    /// How many users match.
    ///
    /// # Errors
    /// [`Error::Invalid`] for too many values.
    pub async fn users_count(&self, _: &Steward, find: &Find) -> Result<i64> {
        match self.filter(find).await? {
            Some(filter) => Ok(self.store().reader().count_users(&filter).await?),
            None => Ok(0),
        }
    }

    /// One user.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn user_show(&self, _: &Steward, id: &UserId) -> Result<Profile> {
        self.profile(id).await?.ok_or(Error::NotFound)
    }

    /// Addresses and the app's ids become users' ids first, since those have an index. None when nobody can match.
    async fn filter(&self, find: &Find) -> Result<Option<Filter>> {
        for (field, values) in [
            ("user_id", &find.ids),
            ("email_address", &find.addresses),
            ("username", &find.usernames),
            ("phone_number", &find.numbers),
            ("external_id", &find.external_ids),
        ] {
            if values.len() > MOST_NAMED {
                return Err(Error::field(field, "too_many_values"));
            }
        }
        for (field, part) in [
            ("query", &find.part),
            ("email_address_query", &find.part_of_address),
            ("name_query", &find.part_of_name),
            ("username_query", &find.part_of_username),
            ("phone_number_query", &find.part_of_number),
        ] {
            if part.len() > MOST_PART {
                return Err(Error::field(field, "too_long"));
            }
        }
        let (without, with): (Vec<&String>, Vec<&String>) = find.ids.iter().partition(|id| id.starts_with('-'));
        let reader = self.store().reader();
        let mut named: Vec<Vec<String>> = Vec::new();
        if !with.is_empty() {
            named.push(with.iter().map(|id| id.trim_start_matches('+').to_owned()).collect());
        }
        if !find.addresses.is_empty() {
            let parsed = find.addresses.iter().filter_map(|typed| Email::parse(typed).ok());
            let canonical: Vec<String> = parsed.map(|email| email.canonical().to_owned()).collect();
            named.push(reader.users_of_addresses(&canonical).await?);
        }
        if !find.usernames.is_empty() {
            let canonical: Vec<String> = find.usernames.iter().map(|typed| typed.to_ascii_lowercase()).collect();
            named.push(reader.users_of_usernames(&canonical).await?);
        }
        if !find.numbers.is_empty() {
            named.push(reader.users_of_numbers(&find.numbers).await?);
        }
        if !find.external_ids.is_empty() {
            named.push(reader.users_of_external_ids(&find.external_ids).await?);
        }
        let mut ids = None;
        if let Some(mut first) = named.pop() {
            first.retain(|id| named.iter().all(|other| other.contains(id)));
            if first.is_empty() {
                return Ok(None);
            }
            ids = Some(first);
        }
        Ok(Some(Filter {
            ids,
            not_ids: without.iter().map(|id| id.trim_start_matches('-').to_owned()).collect(),
            part: find.part.clone(),
            part_of_address: find.part_of_address.clone(),
            part_of_name: find.part_of_name.clone(),
            part_of_username: find.part_of_username.clone(),
            part_of_number: find.part_of_number.clone(),
            banned: find.banned,
            created: find.created,
            active: find.active,
            signed_in: find.signed_in,
        }))
    }
}

fn read_order(text: &str) -> Result<(Order, bool)> {
    if text.is_empty() {
        return Ok((Order::Created, true));
    }
    let (backwards, name) = match text.strip_prefix('-') {
        Some(name) => (true, name),
        None => (false, text.strip_prefix('+').unwrap_or(text).trim_start()),
    };
    let order = match name {
        "created_at" => Order::Created,
        "updated_at" => Order::Updated,
        "last_sign_in_at" => Order::SignedIn,
        "last_active_at" => Order::Active,
        "first_name" => Order::FirstName,
        "last_name" => Order::LastName,
        "email_address" => Order::Email,
        "username" => Order::Username,
        _ => return Err(Error::field("order_by", "order_unknown")),
    };
    Ok((order, backwards))
}
