//! The lists of who may sign up and who may not.

use super::{Paged, Steward, WhichList};
use crate::{
    error::{Error, Result},
    housekey::Housekey,
};
use housekey_core::{
    event::EventKind,
    identifier::email::Email,
    ids::{AllowedId, BlockedId},
    time::Time,
};
use housekey_store::{
    StoreError,
    listed::{List, ListedRow},
};
use serde_json::json;

/// An entry of a list.
#[derive(Clone, Debug)]
pub struct ListedView {
    /// Its id.
    pub id: String,
    /// An address, or `*@` and a domain.
    pub identifier: String,
    /// When it was made.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
}

impl Housekey {
    /// A page of a list, newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn listed(&self, _: &Steward, list: WhichList, (most, offset): (i64, i64)) -> Result<Paged<ListedView>> {
        let (rows, total) = self.store().reader().listed(list, most, offset).await?;
        Ok(Paged { items: rows.into_iter().map(view).collect(), total })
    }

    /// Puts an address, or a whole domain as `*@example.com`, on a list.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else, and for what is there already.
    pub async fn list_add(&self, by: &Steward, list: WhichList, identifier: &str) -> Result<ListedView> {
        let identifier = read(identifier)?;
        let now = self.now();
        let id = match list {
            List::Allow => AllowedId::new(now, self.entropy()).to_string(),
            List::Block => BlockedId::new(now, self.entropy()).to_string(),
        };
        let row = ListedRow {
            id: id.clone(),
            identifier,
            kind: "email_address".to_owned(),
            invitation: None,
            created: now,
            updated: now,
        };
        let event = self.instance_event(by, EventKind::InstanceChanged, json!({"listed": id})).await?;
        match self.store().list(list, row.clone(), event).await {
            Err(StoreError::Taken(_)) => Err(Error::field("identifier", "email_already_added")),
            other => other.map(|()| view(row)).map_err(Error::from),
        }
    }

    /// Takes an entry off a list.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn list_remove(&self, by: &Steward, list: WhichList, id: &str) -> Result<()> {
        let event = self.instance_event(by, EventKind::InstanceChanged, json!({"unlisted": true})).await?;
        if self.store().unlist(list, id.to_owned(), event).await? { Ok(()) } else { Err(Error::NotFound) }
    }
}

fn read(typed: &str) -> Result<String> {
    let (domain, address) = match typed.trim().strip_prefix("*@") {
        Some(domain) => (true, format!("anybody@{domain}")),
        None => (false, typed.to_owned()),
    };
    let email = Email::parse(&address).map_err(|fault| Error::field("identifier", fault.code()))?;
    let canonical = email.canonical();
    Ok(match (domain, canonical.rsplit_once('@')) {
        (true, Some((_, domain))) => format!("*@{domain}"),
        _ => canonical.to_owned(),
    })
}

fn view(row: ListedRow) -> ListedView {
    ListedView { id: row.id, identifier: row.identifier, created: row.created, updated: row.updated }
}
