//! `housekey serve`: holds the data folder, listens, and ends politely.

mod desk;
mod http;
mod limits;
mod stop;
mod transport;

use std::{process::ExitCode, sync::Arc};

use axum::{Router, middleware, routing::get};

use crate::{
    commands::refuse,
    config::{Config, Flags, load},
    control,
    data::{Folder, is_open_to_others},
    out::print,
    telemetry,
};

/// Runs until a signal.
pub fn run(flags: &Flags, json: bool) -> anyhow::Result<ExitCode> {
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
    runtime.block_on(listen(config, &folder))?;
    Ok(ExitCode::SUCCESS)
}

async fn listen(config: Config, folder: &Folder) -> anyhow::Result<()> {
    let stop = stop::on_signal()?;
    let listener = http::bind(config.server.listen).await?;
    let router = router(&config);
    announce(&config)?;
    let socket = folder.control_socket();
    if let Err(why) = control::listen(&socket, Arc::new(desk::FrontDesk::new(config))) {
        // A path beyond the 108 bytes of a socket's name, mostly: people are served all the same.
        tracing::warn!(error = format!("{why:#}"), "no control socket");
    }
    http::serve(listener, router, stop.cancelled_owned()).await;
    // Left behind it would only look like a server that does not answer.
    let _ = std::fs::remove_file(&socket);
    Ok(())
}

fn router(config: &Config) -> Router {
    let settings = &config.settings.settings;
    let router = Router::new().route("/healthz", get(|| async { "ok\n" }));
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
fn announce(config: &Config) -> anyhow::Result<()> {
    let listen = config.server.listen;
    let url = config.settings.settings.public_url.as_ref().map_or("", |url| url.as_str());
    let data = std::path::absolute(&config.server.data)?;
    tracing::info!(%listen, url, data = %data.display(), "listening");
    print(&format!("Housekey listens on {listen} for {url}\n  Data  {}\n", data.display()))
}
