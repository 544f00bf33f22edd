//! The house that the configuration describes: for the server, and for commands while none runs.

use anyhow::bail;
use housekey::{
    Contract, Housekey, Key,
    settings::{Settings, SettingsSnapshot},
};
use housekey_core::keyring::MasterKey;
use housekey_store::Store;

use crate::{
    bundles::Shelf,
    config::{Config, Flags, ServerSettings, load_over},
    store,
};

/// Opens it over its database, with every door.
pub async fn open(server: &ServerSettings, settings: Settings, store: &Store) -> anyhow::Result<Housekey> {
    let key = match &server.key {
        Some(text) => Key::given(MasterKey::parse(text.expose())?),
        None => Key::file_or_new(server.key_path()),
    };
    let mut builder = Housekey::builder(store.clone())
        .settings(settings)
        .key(key)
        .serve([Contract::Pages, Contract::Clerk])
        .bundles(Shelf::of(&server.data));
    for old in &server.old_keys {
        builder = builder.old_key(Key::given(MasterKey::parse(old.expose())?));
    }
    #[cfg(feature = "testkit")]
    let builder = builder.clock(crate::testkit::clock());
    Ok(builder.build().await?)
}

/// Sees to it that the schema is complete: SQLite is brought there, PostgreSQL where that was asked for.
pub async fn ready(store: &Store, migrate: bool) -> anyhow::Result<()> {
    if migrate || store.is_sqlite() {
        let applied = store::migrate(store).await?;
        if !applied.is_empty() {
            tracing::info!(applied = applied.join(", "), "migrated");
        }
    } else if store::steps(store).await?.iter().any(|step| !step.applied) {
        bail!("the database lacks migrations. Run `housekey migrate up`, or start with `--migrate`.");
    }
    Ok(())
}

/// The configuration once more, with what the database holds under file, environment and flags.
pub async fn with_database(config: Config, flags: &Flags, store: &Store) -> anyhow::Result<Config> {
    let rows = store.reader().settings().await?;
    if rows.is_empty() {
        return Ok(config);
    }
    let rows = rows.into_iter().filter_map(|(name, value)| Some((name, serde_json::from_str(&value).ok()?)));
    match load_over(flags, SettingsSnapshot::from_database(rows)) {
        Ok(config) => Ok(config),
        Err(report) => bail!("a setting in the database does not fit: {report:?}"),
    }
}
