//! Which of the published operations are served. The rest answer that they are not built yet, by a code that says so.

use super::errors;
use crate::housekey::Housekey;
use axum::{
    Router,
    response::Response,
    routing::{MethodFilter, MethodRouter, on},
};
use http::StatusCode;

/// Operations of one API as they are served: method and path, as published.
pub type Served = &'static [(&'static str, &'static str)];

/// How much of the contract is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Which API.
    pub api: &'static str,
    /// The method.
    pub method: String,
    /// The path, as published.
    pub path: String,
    /// Whether it is served; the others answer 501.
    pub served: bool,
}

/// Routes of an API and the list of them, from one text.
macro_rules! served {
    ($($method:ident $path:literal => $handler:expr;)*) => {
        pub(in crate::doors::clerk) const SERVED: $crate::doors::clerk::Served =
            &[$((stringify!($method), $path)),*];

        fn served() -> axum::Router<$crate::Housekey> {
            axum::Router::new()$(.route($path, axum::routing::$method($handler)))*
        }
    };
}
pub(super) use served;

impl Housekey {
    /// Every published operation, and whether it is served: from the routes themselves.
    pub fn clerk_coverage() -> Vec<Coverage> {
        let apis = [("frontend", FRONTEND, super::frontend::SERVED), ("backend", BACKEND, super::backend::SERVED)];
        let of = |(api, published, served): (&'static str, &'static str, Served)| {
            operations(published)
                .map(move |(method, path)| Coverage {
                    api,
                    method: method.to_owned(),
                    path: path.to_owned(),
                    served: is_served(served, method, path),
                })
                .collect::<Vec<_>>()
        };
        apis.into_iter().flat_map(of).collect()
    }
}

pub(super) const FRONTEND: &str = include_str!("published/frontend.txt");
pub(super) const BACKEND: &str = include_str!("published/backend.txt");

/// Adds a 501 for everything that is published and not served.
pub(super) fn complete(mut routes: Router<Housekey>, published: &str, served: Served) -> Router<Housekey> {
    for (method, path) in operations(published).filter(|(method, path)| !is_served(served, method, path)) {
        routes = routes.route(&pattern(path), not_built(method));
    }
    routes
}

fn operations(published: &str) -> impl Iterator<Item = (&str, &str)> {
    published.lines().filter_map(|line| line.split_once(' '))
}

fn is_served(served: Served, method: &str, path: &str) -> bool {
    served.iter().any(|(m, p)| m.eq_ignore_ascii_case(method) && *p == path)
}

/// A route has one name for each part; a file's ending behind one is left to whoever serves it.
fn pattern(path: &str) -> String {
    path.strip_suffix(".xml").unwrap_or(path).to_owned()
}

fn not_built(method: &str) -> MethodRouter<Housekey> {
    let filter = match method {
        "POST" => MethodFilter::POST,
        "PUT" => MethodFilter::PUT,
        "PATCH" => MethodFilter::PATCH,
        "DELETE" => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    };
    on(filter, || async { refusal() })
}

fn refusal() -> Response {
    let message = "This operation of the contract is not served here yet.";
    errors::plain(StatusCode::NOT_IMPLEMENTED, "operation_not_built", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_served_is_published_or_known_to_be_called() {
        let also = [
            ("get", "/v1/client/touch"),
            ("post", "/v1/client/verify"),
            ("put", "/v1/client"),
            ("patch", "/v1/client/sign_ins/{sign_in_id}/protect_check"),
            ("patch", "/v1/client/sign_ups/{sign_up_id}/protect_check"),
            ("get", "/clients/handshake_payload"),
        ];
        let unknown = |served: Served, published: &str| {
            let known = |m: &str, p: &str| operations(published).any(|(pm, pp)| pm.eq_ignore_ascii_case(m) && pp == p);
            served.iter().copied().filter(|(m, p)| !known(m, p) && !also.contains(&(*m, *p))).collect::<Vec<_>>()
        };
        assert_eq!(unknown(super::super::frontend::SERVED, FRONTEND), []);
        assert_eq!(unknown(super::super::backend::SERVED, BACKEND), []);
    }
}
