//! The instance's identity, and the keys that its rows are sealed with.

use crate::{Reader, Store, StoreError, statements};
use housekey_core::{ids::InstanceId, time::Time};

statements! {
    INSTANCE = "SELECT id FROM housekey_instance ORDER BY created_at, id LIMIT 1";
    MAKE = "INSERT INTO housekey_instance (id, created_at) VALUES ($1, $2)";
    KEYS = "SELECT id, check_value, current FROM housekey_key ORDER BY created_at, id";
    ADD_KEY = "INSERT INTO housekey_key (id, check_value, current, created_at) VALUES ($1, $2, TRUE, $3) ON CONFLICT (id) DO NOTHING";
    RETIRE = "UPDATE housekey_key SET current = FALSE WHERE id <> $1";
    USE = "UPDATE housekey_key SET current = TRUE WHERE id = $1";
    SETTINGS = "SELECT name, value FROM housekey_setting ORDER BY name";
    PUT_SETTING = "INSERT INTO housekey_setting (name, value, updated_at) VALUES ($1, $2, $3) \
        ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
}

/// What the database says of itself.
#[derive(Clone, Debug)]
pub struct InstanceRow {
    /// The instance's id, if the first start has been.
    pub id: Option<InstanceId>,
    /// The keys whose sealed rows may be here, oldest first.
    pub keys: Vec<KeyRow>,
}

/// A key that rows may be sealed with. The key itself is never here.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// Its id.
    pub id: String,
    /// Compared with what the given key derives.
    pub check_value: Vec<u8>,
    /// Whether new rows are sealed with it.
    pub current: bool,
}

impl Reader {
    /// The instance and its keys.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn instance(&self) -> Result<InstanceRow, StoreError> {
        let id = self.optional(&INSTANCE, &[]).await?.map(|r| r.text(0)).transpose()?;
        let keys = self.rows(&KEYS, &[]).await?;
        Ok(InstanceRow {
            id: id
                .map(|i| {
                    InstanceId::try_from(i.as_str()).map_err(|_| StoreError::corrupt("housekey_instance", "id", &i))
                })
                .transpose()?,
            keys: keys
                .iter()
                .map(|r| Ok(KeyRow { id: r.text(0)?, check_value: r.bytes(1)?, current: r.bool(2)? }))
                .collect::<Result<_, StoreError>>()?,
        })
    }

    /// The settings that the database holds: name and JSON value.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn settings(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.rows(&SETTINGS, &[]).await?.iter().map(|r| Ok((r.text(0)?, r.text(1)?))).collect()
    }
}

impl Store {
    /// Makes the instance's id on the first start, and keeps it on every other.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn instance_begin(&self, fresh: InstanceId, now: Time) -> Result<InstanceId, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                if let Some(r) = tx.optional(&INSTANCE, &[]).await? {
                    let id = r.text(0)?;
                    return InstanceId::try_from(id.as_str())
                        .map_err(|_| StoreError::corrupt("housekey_instance", "id", &id));
                }
                tx.execute(&MAKE, &[(&fresh).into(), now.into()]).await?;
                Ok(fresh)
            })
        })
        .await
    }

    /// Notes the key that new rows are sealed with from now on.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn key_use(&self, id: String, check_value: [u8; 32], now: Time) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                tx.execute(&ADD_KEY, &[id.as_str().into(), check_value.to_vec().into(), now.into()]).await?;
                tx.execute(&RETIRE, &[id.as_str().into()]).await?;
                tx.execute(&USE, &[id.as_str().into()]).await.map(drop)
            })
        })
        .await
    }

    /// Writes a setting.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn put_setting(&self, name: String, value: String, now: Time) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move { tx.execute(&PUT_SETTING, &[name.into(), value.into(), now.into()]).await.map(drop) })
        })
        .await
    }
}
