//! The database that the configuration names, and the version of its schema.

use anyhow::Context;
use housekey::{Clock, SystemClock};
use housekey_store::{MigrationStatus, Store};
use serde::{Deserialize, Serialize};

use crate::{config::Config, data::check_owner};

/// Opens it; SQLite makes the file where it is missing.
pub fn open(config: &Config) -> anyhow::Result<Store> {
    match (config.server.sqlite_path(), &config.server.database) {
        (Some(path), _) => {
            check_owner(&path)?;
            Store::sqlite(&path).with_context(|| format!("can't open the database {}", path.display()))
        }
        (None, Some(url)) => Store::connect(url.expose()).context("can't open the database of `server.database`"),
        (None, None) => anyhow::bail!("no database is configured"),
    }
}

/// One migration as it is listed.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub number: i64,
    pub name: String,
    pub applied: bool,
}

/// What is applied and what is not.
pub async fn steps(store: &Store) -> anyhow::Result<Vec<Step>> {
    let known = store.migration_status().await.context("the database does not answer")?;
    let step = |MigrationStatus { number, name, applied, .. }| Step { number, name, applied };
    Ok(known.into_iter().map(step).collect())
}

/// Applies what is missing; the names of what was.
pub async fn migrate(store: &Store) -> anyhow::Result<Vec<String>> {
    Ok(store.migrate(SystemClock::start().now()).await.context("the database could not be migrated")?.applied)
}
