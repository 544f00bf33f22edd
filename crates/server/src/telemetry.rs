//! Log lines: JSON where programs read them, short ones where people do.

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use tracing_subscriber::{Layer, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::Config;

/// The header that carries a request's id in the answer.
const REQUEST_ID: &str = "x-request-id";

/// Starts logging to standard error.
pub fn start(config: &Config) -> anyhow::Result<()> {
    let json = match config.server.log_format.as_str() {
        "json" => true,
        "human" => false,
        _ => config.mode.is_production(),
    };
    let filter: Targets = config.server.log.parse()?;
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = if json {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).with_filter(filter).boxed()
    } else {
        lines.compact().with_target(false).with_filter(filter).boxed()
    };
    tracing_subscriber::registry().with(lines).try_init()?;
    Ok(())
}

/// One line for each request. It never sees the query string, headers or body:
/// that is where tokens, codes and passwords are.
pub async fn log_request(request: Request, next: Next) -> Response {
    let started = now();
    let method = request.method().clone();
    let path = shortened(request.uri().path());
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let response = next.run(request).await;
    let id = response.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or("");
    let status = response.status().as_u16();
    let milliseconds = elapsed(started).as_secs_f64() * 1000.0;
    // `?` escapes control characters, so that no path can forge a line.
    if status >= 500 {
        tracing::error!(%method, ?path, route, status, ms = milliseconds, request.id = id, "request");
    } else {
        tracing::info!(%method, ?path, route, status, ms = milliseconds, request.id = id, "request");
    }
    response
}

/// Measures a duration for the log; nothing is decided by it.
#[allow(clippy::disallowed_methods)]
fn now() -> Instant {
    Instant::now()
}

fn elapsed(since: Instant) -> Duration {
    since.elapsed()
}

fn shortened(path: &str) -> String {
    path.chars().take(200).collect()
}
