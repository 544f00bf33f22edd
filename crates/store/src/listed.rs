//! Who may sign up, and who may not: addresses and whole domains (`*@example.com`).

use crate::{Reader, Store, StoreError, error::Field, sql::Row, statements};
use housekey_core::{event::Event, time::Time};

statements! {
    INSERT = "INSERT INTO housekey_listed_identifier (id, list, identifier, kind, invitation_id, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING";
    LIST_ALL = "SELECT id, identifier, kind, invitation_id, created_at, updated_at FROM housekey_listed_identifier \
        WHERE list = $1 ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3";
    COUNT = "SELECT COUNT(*) FROM housekey_listed_identifier WHERE list = $1";
    IS_LISTED = "SELECT id FROM housekey_listed_identifier WHERE list = $1 AND (identifier = $2 OR identifier = $3) ORDER BY id LIMIT 1";
    DELETE = "DELETE FROM housekey_listed_identifier WHERE id = $1 AND list = $2";
}

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Those who may sign up where not everybody may.
    Allow,
    /// Those who may not.
    Block,
}

impl List {
    fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Block => "block",
        }
    }
}

/// An entry.
#[derive(Clone, Debug)]
pub struct ListedRow {
    /// Its id.
    pub id: String,
    /// An address, or `*@` and a domain.
    pub identifier: String,
    /// What it is, as `email_address`.
    pub kind: String,
    /// The invitation that was sent with it.
    pub invitation: Option<String>,
    /// When it was made.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
}

impl Reader {
    /// A page of a list, newest first, and how many there are.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn listed(&self, list: List, most: i64, offset: i64) -> Result<(Vec<ListedRow>, i64), StoreError> {
        let rows = self.rows(&LIST_ALL, &[list.as_str().into(), most.into(), offset.into()]).await?;
        let count = self.rows(&COUNT, &[list.as_str().into()]).await?.first().map(|r| r.int(0)).transpose()?;
        Ok((rows.iter().map(read).collect::<Result<_, _>>()?, count.unwrap_or_default()))
    }

    /// Whether an address or its domain is on a list.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn is_listed(&self, list: List, address: &str, domain: &str) -> Result<bool, StoreError> {
        Ok(self.optional(&IS_LISTED, &[list.as_str().into(), address.into(), domain.into()]).await?.is_some())
    }
}

impl Store {
    /// Puts an entry on a list.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when it is there.
    pub async fn list(&self, list: List, row: ListedRow, event: Event) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let args = [
                    row.id.as_str().into(),
                    list.as_str().into(),
                    row.identifier.as_str().into(),
                    row.kind.as_str().into(),
                    row.invitation.clone().into(),
                    row.created.into(),
                ];
                if tx.execute(&INSERT, &args).await? != 1 {
                    return Err(StoreError::Taken(Field::Other));
                }
                crate::events::insert(tx, &[event]).await
            })
        })
        .await
    }

    /// Takes an entry off a list. Answers whether it was there.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn unlist(&self, list: List, id: String, event: Event) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let gone = tx.execute(&DELETE, &[id.into(), list.as_str().into()]).await? == 1;
                if gone {
                    crate::events::insert(tx, &[event]).await?;
                }
                Ok(gone)
            })
        })
        .await
    }
}

fn read(r: &Row) -> Result<ListedRow, StoreError> {
    Ok(ListedRow {
        id: r.text(0)?,
        identifier: r.text(1)?,
        kind: r.text(2)?,
        invitation: r.opt_text(3)?,
        created: Time::from_millis(r.int(4)?),
        updated: Time::from_millis(r.int(5)?),
    })
}
