//! Templates for tokens that an app hands to somebody else's service.

use crate::{Reader, Store, StoreError, error::Field, sql::Row, statements};
use housekey_core::{event::Event, ids::JwtTemplateId, time::Time};

statements! {
    INSERT = "INSERT INTO housekey_jwt_template (id, name, claims, lifetime, allowed_clock_skew, algorithm, signing_key, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT DO NOTHING";
    UPDATE = "UPDATE housekey_jwt_template SET name = $2, claims = $3, lifetime = $4, allowed_clock_skew = $5, algorithm = $6, \
        signing_key = $7, updated_at = $8 WHERE id = $1";
    ONE = "SELECT id, name, claims, lifetime, allowed_clock_skew, algorithm, signing_key, created_at, updated_at \
        FROM housekey_jwt_template WHERE id = $1";
    BY_NAME = "SELECT id, name, claims, lifetime, allowed_clock_skew, algorithm, signing_key, created_at, updated_at \
        FROM housekey_jwt_template WHERE name = $1";
    LIST = "SELECT id, name, claims, lifetime, allowed_clock_skew, algorithm, signing_key, created_at, updated_at \
        FROM housekey_jwt_template ORDER BY created_at DESC, id DESC LIMIT 1000";
    DELETE = "DELETE FROM housekey_jwt_template WHERE id = $1";
}

/// A template.
#[derive(Clone, Debug)]
pub struct JwtTemplateRow {
    /// Its id.
    pub id: JwtTemplateId,
    /// Its name, by which apps ask for a token.
    pub name: String,
    /// A JSON object with shortcodes.
    pub claims: String,
    /// How long a token lives, in seconds.
    pub lifetime: i64,
    /// How far clocks may differ, in seconds.
    pub allowed_clock_skew: i64,
    /// `RS256`, or `HS256` with a key of its own.
    pub algorithm: String,
    /// That key, sealed.
    pub signing_key: Option<Vec<u8>>,
    /// When it was made.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
}

impl Reader {
    /// One template.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn jwt_template(&self, id: &JwtTemplateId) -> Result<Option<JwtTemplateRow>, StoreError> {
        self.optional(&ONE, &[id.into()]).await?.map(|r| read(&r)).transpose()
    }

    /// The template of this name.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn jwt_template_named(&self, name: &str) -> Result<Option<JwtTemplateRow>, StoreError> {
        self.optional(&BY_NAME, &[name.into()]).await?.map(|r| read(&r)).transpose()
    }

    /// All templates, newest first.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn jwt_templates(&self) -> Result<Vec<JwtTemplateRow>, StoreError> {
        self.rows(&LIST, &[]).await?.iter().map(read).collect()
    }
}

impl Store {
    /// Keeps a new template, or another form of one.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the name is another one's, [`StoreError::Conflict`] when it is gone.
    pub async fn put_jwt_template(
        &self,
        template: JwtTemplateRow,
        is_new: bool,
        event: Event,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let t = &template;
                let args = [
                    (&t.id).into(),
                    t.name.as_str().into(),
                    t.claims.as_str().into(),
                    t.lifetime.into(),
                    t.allowed_clock_skew.into(),
                    t.algorithm.as_str().into(),
                    t.signing_key.clone().into(),
                    t.updated.into(),
                ];
                let named = tx.optional(&BY_NAME, &[t.name.as_str().into()]).await?.map(|r| r.text(0)).transpose()?;
                if named.is_some_and(|other| is_new || other != t.id.as_str()) {
                    return Err(StoreError::Taken(Field::Other));
                }
                if tx.execute(if is_new { &INSERT } else { &UPDATE }, &args).await? != 1 {
                    return Err(StoreError::Conflict);
                }
                crate::events::insert(tx, &[event]).await
            })
        })
        .await
    }

    /// Deletes a template. Answers whether there was one.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn delete_jwt_template(&self, id: &JwtTemplateId, event: Event) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let gone = tx.execute(&DELETE, &[(&id).into()]).await? == 1;
                if gone {
                    crate::events::insert(tx, &[event]).await?;
                }
                Ok(gone)
            })
        })
        .await
    }
}

fn read(r: &Row) -> Result<JwtTemplateRow, StoreError> {
    let id = r.text(0)?;
    Ok(JwtTemplateRow {
        id: JwtTemplateId::try_from(id.as_str())
            .map_err(|_| StoreError::corrupt("housekey_jwt_template", "id", &id))?,
        name: r.text(1)?,
        claims: r.text(2)?,
        lifetime: r.int(3)?,
        allowed_clock_skew: r.int(4)?,
        algorithm: r.text(5)?,
        signing_key: r.opt_bytes(6)?,
        created: Time::from_millis(r.int(7)?),
        updated: Time::from_millis(r.int(8)?),
    })
}
