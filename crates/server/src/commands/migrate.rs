//! `housekey migrate …`

use std::{future::Future, process::ExitCode};

use super::refuse;
use crate::{
    config::{Config, Flags, load},
    control::{Ask, ask},
    data::Folder,
    out::{print, print_json},
    store::{self, Step},
};

/// `migrate status`: from the running server, else from the database. Makes nothing.
pub fn status(flags: &Flags, json: bool) -> anyhow::Result<ExitCode> {
    let config = match load(flags) {
        Ok(config) => config,
        Err(report) => return refuse(&report, json),
    };
    if let Some(path) = config.server.sqlite_path().filter(|path| !path.exists()) {
        let place = path.display().to_string();
        if json {
            print_json(&serde_json::json!({ "database": null, "path": place }))?;
        } else {
            print(&format!("There is no database at {place} yet; `housekey serve` makes it.\n"))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let steps = match ask(&config.server.data, &Ask::MigrateStatus)? {
        Some(steps) => steps,
        None => alone(&config, async |config| store::steps(&store::open(config)?).await)?,
    };
    show(&steps, json)?;
    Ok(ExitCode::SUCCESS)
}

/// `migrate up`.
pub fn up(flags: &Flags, json: bool) -> anyhow::Result<ExitCode> {
    let config = match load(flags) {
        Ok(config) => config,
        Err(report) => return refuse(&report, json),
    };
    let applied = alone(&config, async |config| {
        let store = store::open(config)?;
        let applied = store::migrate(&store).await;
        store.close().await;
        applied
    })?;
    if json {
        print_json(&serde_json::json!({ "applied": applied }))?;
    } else if applied.is_empty() {
        print("Nothing was missing.\n")?;
    } else {
        print(&format!("Applied {}.\n", applied.join(", ")))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Works on the files while no server does. PostgreSQL has its own lock and may be
/// in use by servers elsewhere.
fn alone<T>(config: &Config, work: impl AsyncFnOnce(&Config) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let _held = match config.server.sqlite_path() {
        Some(path) => Some(Folder::hold(&config.server.data, Some(&path))?),
        None => None,
    };
    block_on(work(config))
}

fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

fn show(steps: &[Step], json: bool) -> anyhow::Result<()> {
    let pending = steps.iter().filter(|step| !step.applied).count();
    if json {
        return print_json(&serde_json::json!({ "migrations": steps, "pending": pending }));
    }
    let line = |step: &Step| {
        let state = if step.applied { "applied" } else { "missing" };
        format!("{:04}  {:<24} {state}\n", step.number, step.name)
    };
    let mut text: String = steps.iter().map(line).collect();
    text.push_str(if pending == 0 { "The schema is complete.\n" } else { "Run `housekey migrate up`.\n" });
    print(&text)
}
