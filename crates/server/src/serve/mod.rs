//! `housekey serve`: holds the data folder, listens, and ends politely.

mod desk;
mod http;
mod key;
mod limits;
mod stop;
mod transport;

use std::{process::ExitCode, sync::Arc};

use anyhow::bail;
use axum::{Router, http::StatusCode, middleware, routing::get};
use housekey_store::Store;

use crate::{
    commands::refuse,
    config::{Config, Flags, load},
    control,
    data::{Folder, is_open_to_others},
    out::print,
    store, telemetry,
};

/// Runs until a signal.
pub fn run(flags: &Flags, migrate: bool, json: bool) -> anyhow::Result<ExitCode> {
    let config = match load(flags) {
        Ok(config) => config,
        Err(report) => return refuse(&report, json),
    };
    telemetry::start(&config)?;
    limits::raise_open_files();
    let folder = Folder::hold(&config.server.data, config.server.sqlite_path().as_deref())?;
    let key = config.server.key_path();
    if is_open_to_others(&key) {
        tracing::warn!(path = %key.display(), "others may read the key file: chmod 600 it");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(listen(config, &folder, migrate))?;
    Ok(ExitCode::SUCCESS)
}

async fn listen(config: Config, folder: &Folder, migrate: bool) -> anyhow::Result<()> {
    let stop = stop::on_signal()?;
    let listener = http::bind(config.server.listen).await?;
    let store = store::open(&config)?;
    if migrate || store.is_sqlite() {
        let applied = store::migrate(&store).await?;
        if !applied.is_empty() {
            tracing::info!(applied = applied.join(", "), "migrated");
        }
    } else if store::steps(&store).await?.iter().any(|step| !step.applied) {
        bail!("the database lacks migrations. Run `housekey migrate up`, or start with `--migrate`.");
    }
    let new_key = key::provide(&config, &store).await?;
    let router = router(&config, store.clone());
    announce(&config, new_key)?;
    let socket = folder.control_socket();
    if let Err(why) = control::listen(&socket, Arc::new(desk::FrontDesk::new(config, store.clone()))) {
        // A path beyond the 108 bytes of a socket's name, mostly: people are served all the same.
        tracing::warn!(error = format!("{why:#}"), "no control socket");
    }
    http::serve(listener, router, stop.cancelled_owned()).await;
    // Left behind it would only look like a server that does not answer.
    let _ = std::fs::remove_file(&socket);
    store.close().await;
    Ok(())
}

fn router(config: &Config, store: Store) -> Router {
    let settings = &config.settings.settings;
    let router = Router::new().route("/healthz", get(|| async { "ok\n" })).route(
        "/readyz",
        get(async move || match store.ready().await {
            Ok(()) => (StatusCode::OK, "ready\n"),
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
        }),
    );
    let router = match (&settings.public_url, config.mode.is_production()) {
        (Some(url), true) => {
            let proxies = settings.trusted_proxies.clone();
            let rules = transport::Transport::new(url.clone(), proxies, config.server.hsts_subdomains);
            router.layer(middleware::from_fn_with_state(rules, transport::require_https))
        }
        _ => router,
    };
    router.layer(middleware::from_fn(telemetry::log_request))
}

/// Where it listens and where its files are, for people and for the log.
fn announce(config: &Config, new_key: bool) -> anyhow::Result<()> {
    let listen = config.server.listen;
    let url = config.settings.settings.public_url.as_ref().map_or("", |url| url.as_str());
    let data = std::path::absolute(&config.server.data)?;
    tracing::info!(%listen, url, data = %data.display(), "listening");
    let mut text = format!("Housekey listens on {listen} for {url}\n  Data  {}\n", data.display());
    if new_key {
        let path = config.server.key_path();
        text.push_str(&format!("  Key   made {}: keep a copy of it apart from the database\n", path.display()));
    }
    print(&text)
}
