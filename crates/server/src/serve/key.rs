//! The key file of a first start.

use anyhow::{Context, bail};
use housekey_core::keyring::MasterKey;
use housekey_store::Store;

use crate::{chance::SystemEntropy, config::Config, data::write_new};

/// Makes the key file where data is in SQLite and nothing was ever sealed; says
/// whether it did. It is on the disk before anything is sealed with it.
pub async fn provide(config: &Config, store: &Store) -> anyhow::Result<bool> {
    let path = config.server.key_path();
    if config.server.key.is_some() || path.exists() {
        return Ok(false);
    }
    let known = store.reader().instance().await.context("the database does not answer")?;
    if !store.is_sqlite() || !known.keys.is_empty() {
        bail!(
            "the key file {} is missing, and the database was sealed with its key. Put it back: a new one could not \
             open what is sealed.",
            path.display()
        );
    }
    let key = MasterKey::generate(&SystemEntropy).reveal();
    write_new(&path, format!("{key}\n").as_bytes())?;
    Ok(true)
}
