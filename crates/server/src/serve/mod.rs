//! `housekey serve`: holds the data folder, listens, and ends politely.

mod desk;
mod guard;
mod http;
mod limits;
mod stop;
mod transport;

use std::{process::ExitCode, sync::Arc};

use axum::{Router, http::StatusCode, middleware, routing::get};
use housekey::{Housekey, settings::Mode};
use tokio_util::sync::CancellationToken;

use crate::{
    commands::refuse,
    config::{Config, Flags, ServerSettings, Shown, load},
    control,
    data::{Folder, is_open_to_others},
    house,
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
    runtime.block_on(listen(config, flags, &folder, migrate))?;
    Ok(ExitCode::SUCCESS)
}

async fn listen(config: Config, flags: &Flags, folder: &Folder, migrate: bool) -> anyhow::Result<()> {
    let stop = stop::on_signal()?;
    let listener = http::bind(config.server.listen).await?;
    let store = store::open(&config)?;
    house::ready(&store, migrate).await?;
    let new_key = config.server.key.is_none() && !config.server.key_path().exists();
    let config = house::with_database(config, flags, &store).await?;
    let shown = serde_json::to_value(Shown::of(&config))?;
    let Config { server, settings, mode, .. } = config;
    let auth = house::open(&server, settings.settings, &store).await?;
    let router = router(&server, mode, &auth);
    announce(&server, &auth, new_key)?;
    let socket = folder.control_socket();
    let desk = desk::FrontDesk::new(shown, auth.clone());
    if let Err(why) = control::listen(&socket, Arc::new(desk)) {
        // A path beyond the 108 bytes of a socket's name, mostly: people are served all the same.
        tracing::warn!(error = format!("{why:#}"), "no control socket");
    }
    // Mail and feed go on until the last request is answered.
    let ended = CancellationToken::new();
    let running = tokio::spawn({
        let (auth, ended) = (auth.clone(), ended.clone());
        async move { auth.run(ended.cancelled_owned()).await }
    });
    http::serve(listener, router, stop.cancelled_owned()).await;
    ended.cancel();
    if let Err(why) = running.await {
        tracing::error!(error = %why, "mail and feed ended by themselves");
    }
    // Left behind it would only look like a server that does not answer.
    let _ = std::fs::remove_file(&socket);
    store.close().await;
    Ok(())
}

fn router(server: &ServerSettings, mode: Mode, auth: &Housekey) -> Router {
    let store = auth.store().clone();
    let router = auth.router().route("/healthz", get(|| async { "ok\n" })).route(
        "/readyz",
        get(async move || match store.ready().await {
            Ok(()) => (StatusCode::OK, "ready\n"),
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
        }),
    );
    let router = guard::around(router, auth);
    let router = if mode.is_production() {
        let proxies = auth.settings().trusted_proxies.clone();
        let is_interface = {
            let auth = auth.clone();
            Box::new(move |path: &str| auth.is_clerk_path(path))
        };
        let url = auth.public_url().clone();
        let rules = transport::Transport::new(url, proxies, server.hsts_subdomains, is_interface);
        router.layer(middleware::from_fn_with_state(rules, transport::require_https))
    } else {
        router
    };
    router.layer(middleware::from_fn(telemetry::log_request))
}

/// Where it listens, where its files are and where mail goes, for people and for the log.
fn announce(server: &ServerSettings, auth: &Housekey, new_key: bool) -> anyhow::Result<()> {
    let (listen, url) = (server.listen, auth.public_url().as_str());
    let data = std::path::absolute(&server.data)?;
    tracing::info!(%listen, url, data = %data.display(), "listening");
    let mut text =
        format!("Housekey listens on {listen}\n  Open  {}\n  Data  {}\n", auth.link_to("/", &[]), data.display());
    if new_key {
        let path = server.key_path();
        text.push_str(&format!("  Key   made {}: keep a copy of it apart from the database\n", path.display()));
    }
    match (auth.caught_mail(), auth.dev_token()) {
        (Some(_), Some(token)) => {
            let link = auth.link_to("/dev/mail", &[("token", token.expose())]);
            text.push_str(&format!("  Mail  is caught, not sent: {link}\n"));
        }
        _ => text.push_str("  Mail  is sent by SMTP\n"),
    }
    print(&text)
}
