//! The doors by which the house is entered. They translate and decide nothing.

pub mod clerk;
pub mod pages;
pub mod shared;

pub use clerk::Coverage;
pub(crate) use clerk::webhooks::body as webhook_body;

use crate::{housekey::Housekey, settings::Mount};
use axum::{Router, middleware};

/// A contract that the house can serve over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Contract {
    /// Our own pages.
    Pages,
    /// Clerk's Frontend and Backend APIs.
    Clerk,
}

impl Housekey {
    /// All routes of ours, under the mount path, for an app to merge or for the server to serve: our pages, and the
    /// contracts that were asked for with [`crate::Builder::serve`].
    pub fn router(&self) -> Router {
        let mut routes = Router::new();
        if self.serves(Contract::Clerk) {
            routes = routes.merge(self.clerk());
        }
        if self.serves(Contract::Pages) {
            routes = routes.merge(self.pages());
        }
        let around = middleware::from_fn_with_state(self.clone(), pages::headers);
        // Under a mount path, what is not ours is the app's.
        match self.settings().mount.as_str() {
            "" if self.serves(Contract::Pages) => {
                routes.fallback(pages::not_found).layer(around).with_state(self.clone())
            }
            "" => routes.layer(around).with_state(self.clone()),
            mount => Router::new().nest(mount, routes.layer(around).with_state(self.clone())),
        }
    }

    /// Whether a contract was asked for.
    pub fn serves(&self, contract: Contract) -> bool {
        self.0.contracts.contains(&contract)
    }

    /// The absolute address of a path of ours.
    pub(crate) fn address_of(&self, path: &str) -> String {
        let base = self.public_url().as_str().trim_end_matches('/');
        let mount = Mount::as_str(&self.settings().mount);
        format!("{base}{mount}{path}")
    }
}
