//! Clerk's Frontend and Backend APIs, so that Clerk's own SDKs and components work against this house unchanged.
//!
//! The Frontend API stands under `/v1/`, and once more under every path on which an app forwards it; the Backend API
//! under `/api/v1/`. The shapes are in the crate `wire`; here they are filled in, and requests are read.

mod answer;
pub(crate) mod convert;
mod entrance;
mod errors;
mod frontend;
mod knock;
mod operations;
mod pictures;

pub use operations::{Coverage, Served};

use crate::housekey::Housekey;
use axum::{Router, routing::get};

/// The path on which an app forwards the Frontend API when nothing else is configured.
const FORWARDED: &str = "/__clerk";

impl Housekey {
    /// The routes of Clerk's contract.
    pub(crate) fn clerk(&self) -> Router<Housekey> {
        let configured = self.settings().clerk.proxy_urls.iter().map(url::Url::path);
        let mut paths: Vec<&str> = configured.chain([FORWARDED]).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut routes = self.clerk_frontend().route("/pictures/{id}", get(pictures::show));
        for path in paths {
            routes = routes.nest(path, self.clerk_frontend());
        }
        routes
    }

    fn clerk_frontend(&self) -> Router<Housekey> {
        let routes = entrance::Entrance::new(self, frontend::routes());
        Router::new()
            .route_service("/v1/{*rest}", routes.clone())
            .route_service("/.well-known/{*rest}", routes.clone())
            .route_service("/oauth/{*rest}", routes.clone())
            .route_service("/api_keys", routes.clone())
            .route_service("/api_keys/{*rest}", routes)
    }
}
