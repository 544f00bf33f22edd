//! Addresses outside the apps' own origins to which a ticket may lead, as a mobile app's.

use crate::{Reader, Store, StoreError, sql::Row, statements};
use housekey_core::{event::Event, time::Time};

statements! {
    INSERT = "INSERT INTO housekey_redirect_url (id, url, created_at, updated_at) VALUES ($1, $2, $3, $3) ON CONFLICT DO NOTHING";
    BY_URL = "SELECT id, url, created_at, updated_at FROM housekey_redirect_url WHERE url = $1";
    ONE = "SELECT id, url, created_at, updated_at FROM housekey_redirect_url WHERE id = $1";
    PAGE = "SELECT id, url, created_at, updated_at FROM housekey_redirect_url ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2";
    COUNT = "SELECT COUNT(*) FROM housekey_redirect_url";
    DELETE = "DELETE FROM housekey_redirect_url WHERE id = $1";
}

/// One such address.
#[derive(Clone, Debug)]
pub struct RedirectUrlRow {
    /// Its id.
    pub id: String,
    /// The whole address.
    pub url: String,
    /// When it was listed.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
}

impl Reader {
    /// One by its id.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn redirect_url(&self, id: &str) -> Result<Option<RedirectUrlRow>, StoreError> {
        self.optional(&ONE, &[id.into()]).await?.map(|r| read(&r)).transpose()
    }

    /// Whether an address is listed.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn is_redirect_url(&self, url: &str) -> Result<bool, StoreError> {
        Ok(self.optional(&BY_URL, &[url.into()]).await?.is_some())
    }

    /// A page of them, newest first, and how many there are.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn redirect_urls(&self, most: i64, offset: i64) -> Result<(Vec<RedirectUrlRow>, i64), StoreError> {
        let rows = self.rows(&PAGE, &[most.into(), offset.into()]).await?;
        let count = self.optional(&COUNT, &[]).await?.map(|r| r.int(0)).transpose()?;
        Ok((rows.iter().map(read).collect::<Result<_, _>>()?, count.unwrap_or_default()))
    }
}

impl Store {
    /// Lists an address; one that is listed already stays as it is.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn list_redirect_url(&self, id: String, url: String, event: Event) -> Result<RedirectUrlRow, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let made = tx.execute(&INSERT, &[id.into(), url.as_str().into(), event.at.into()]).await? == 1;
                if made {
                    crate::events::insert(tx, &[event]).await?;
                }
                match tx.optional(&BY_URL, &[url.into()]).await? {
                    Some(row) => read(&row),
                    None => Err(StoreError::Conflict),
                }
            })
        })
        .await
    }

    /// Takes an address off the list. Answers whether it was on it.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn unlist_redirect_url(&self, id: String, event: Event) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let gone = tx.execute(&DELETE, &[id.into()]).await? == 1;
                if gone {
                    crate::events::insert(tx, &[event]).await?;
                }
                Ok(gone)
            })
        })
        .await
    }
}

fn read(r: &Row) -> Result<RedirectUrlRow, StoreError> {
    Ok(RedirectUrlRow {
        id: r.text(0)?,
        url: r.text(1)?,
        created: Time::from_millis(r.int(2)?),
        updated: Time::from_millis(r.int(3)?),
    })
}
