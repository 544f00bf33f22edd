//! Clerk's Frontend and Backend APIs, so that Clerk's own SDKs and components work against this house unchanged.
//!
//! The Frontend API stands under `/v1/`, and once more under every path on which an app forwards it; the Backend API
//! under `/api/v1/`. The shapes are in the crate `wire`; here they are filled in, and requests are read.

mod answer;
mod backend;
mod bundles;
pub(crate) mod convert;
mod directives;
mod entrance;
mod errors;
mod frontend;
mod knock;
mod operations;
mod pictures;
mod protect;
pub(crate) mod webhooks;

pub use operations::{Coverage, Served};

use crate::{doors::Contract, housekey::Housekey};
use axum::{Router, routing::get};

/// The path on which an app forwards the Frontend API when nothing else is configured.
const FORWARDED: &str = "/__clerk";

/// What stands at the root of the Clerk host.
const ROOTS: [&str; 6] = ["/v1/", "/.well-known/", "/oauth/", "/api/v1/", "/npm/", "/pictures/"];

impl Housekey {
    /// Whether this is an address of the contract's, where programs ask and no page stands.
    pub fn is_clerk_path(&self, path: &str) -> bool {
        let below = |mount: &String| path.strip_prefix(mount.as_str()).is_some_and(|rest| rest.starts_with('/'));
        ROOTS.iter().any(|root| path.starts_with(root)) || self.forwarded_paths().iter().any(below)
    }

    /// Whether a request that names this host is for us. The contract is served by every host that an app forwards it
    /// from, and by the one that publishable keys name; pages by the public host alone (SEC-37).
    pub fn is_served_at(&self, host: &str, path: &str) -> bool {
        let url = self.public_url();
        let name = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let own = host.eq_ignore_ascii_case(&format!("{name}:{port}"))
            || url.port().is_none() && host.eq_ignore_ascii_case(name);
        let of_an_app =
            || ["https", "http"].iter().any(|scheme| self.origins().is_known(&format!("{scheme}://{host}")));
        own || self.serves(Contract::Clerk)
            && self.is_clerk_path(path)
            && (host.eq_ignore_ascii_case(self.clerk_host()) || of_an_app())
    }

    /// The routes of Clerk's contract.
    pub(crate) fn clerk(&self) -> Router<Housekey> {
        let pictures = Router::new().route("/pictures/{id}", get(pictures::show));
        let mut routes = self.clerk_frontend().merge(pictures).nest("/api/v1", backend::routes());
        for path in self.forwarded_paths() {
            routes = routes.nest(&path, self.clerk_frontend());
        }
        routes
    }

    fn forwarded_paths(&self) -> Vec<String> {
        let configured = self.settings().clerk.proxy_urls.iter().map(url::Url::path);
        let mut paths: Vec<String> = configured.chain([FORWARDED]).map(str::to_owned).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    fn clerk_frontend(&self) -> Router<Housekey> {
        let routes = entrance::Entrance::new(self, frontend::routes());
        Router::new()
            .route_service("/v1/{*rest}", routes.clone())
            .route_service("/.well-known/{*rest}", routes.clone())
            .route_service("/oauth/{*rest}", routes.clone())
            .route("/npm/{*rest}", get(bundles::show))
            .route_service("/api_keys", routes.clone())
            .route_service("/api_keys/{*rest}", routes)
    }
}
