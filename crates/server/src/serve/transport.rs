//! What only a process can know about the way a request came: was it encrypted?

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use ipnet::IpNet;
use url::Url;

/// The rules of a production instance.
pub struct Transport {
    public_url: Url,
    trusted: Vec<IpNet>,
    hsts: HeaderValue,
    is_interface: IsInterface,
}

/// Whether programs ask at this path, which may have sent a credential already.
type IsInterface = Box<dyn Fn(&str) -> bool + Send + Sync>;

impl Transport {
    /// Two years, as the requirement says; subdomains only where the operator
    /// said that all of them have https.
    pub fn new(public_url: Url, trusted: Vec<IpNet>, subdomains: bool, is_interface: IsInterface) -> Arc<Self> {
        let hsts = if subdomains { "max-age=63072000; includeSubDomains" } else { "max-age=63072000" };
        Arc::new(Self { public_url, trusted, hsts: HeaderValue::from_static(hsts), is_interface })
    }

    /// Whether somebody's browser sent this in the clear. A trusted proxy says so;
    /// a public address that speaks to us itself, without a proxy's header, did.
    fn came_in_the_clear(&self, request: &Request) -> bool {
        let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else {
            return false;
        };
        let ip = peer.ip().to_canonical();
        let scheme = request.headers().get_all("x-forwarded-proto").iter().next_back();
        if self.trusted.iter().any(|network| network.contains(&ip)) {
            let last = scheme.and_then(|value| value.to_str().ok()).and_then(|value| value.rsplit(',').next());
            return last.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("http"));
        }
        let forwarded = ["x-forwarded-for", "x-forwarded-proto", "forwarded"];
        is_public(ip) && !forwarded.iter().any(|name| request.headers().contains_key(*name))
    }

    fn secured(&self, request: &Request) -> String {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }
}

/// Sends pages that came in the clear to https and refuses everything else there,
/// without a cookie; promises https for what came encrypted (SEC-55, SEC-57).
pub async fn require_https(State(rules): State<Arc<Transport>>, request: Request, next: Next) -> Response {
    if rules.came_in_the_clear(&request) {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let page = reads && !(rules.is_interface)(request.uri().path());
        return match (page, HeaderValue::from_str(&rules.secured(&request))) {
            (true, Ok(location)) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response(),
            _ => (StatusCode::FORBIDDEN, "Only https is served here.\n").into_response(),
        };
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, rules.hsts.clone());
    response
}

fn is_public(ip: std::net::IpAddr) -> bool {
    match ip {
        std::net::IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            // 100.64/10 is shared address space (RFC 6598): load balancers live there.
            let shared = a == 100 && (64..128).contains(&b);
            !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified() || shared)
        }
        std::net::IpAddr::V6(ip) => {
            !(ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, body::Body, middleware, routing::any};
    use tower::ServiceExt;

    async fn ask(peer: &str, method: Method, headers: &[(&str, &str)]) -> Response {
        ask_at("/sign-in?a=1", peer, method, headers).await
    }

    async fn ask_at(path: &str, peer: &str, method: Method, headers: &[(&str, &str)]) -> Response {
        let url = Url::parse("https://auth.example.com").unwrap();
        let rules =
            Transport::new(url, vec!["10.0.0.0/8".parse().unwrap()], false, Box::new(|path| path.starts_with("/v1/")));
        let app =
            Router::new().fallback(any(|| async { "ok" })).layer(middleware::from_fn_with_state(rules, require_https));
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        app.oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn sec_57_pages_in_the_clear_go_to_https_and_the_rest_is_refused() {
        for (peer, headers) in [("8.8.8.8", &[][..]), ("10.1.2.3", &[("x-forwarded-proto", "http")])] {
            let page = ask(peer, Method::GET, headers).await;
            assert_eq!(page.status(), 308);
            assert_eq!(page.headers()["location"], "https://auth.example.com/sign-in?a=1");
            assert!(page.headers().get("strict-transport-security").is_none(), "RFC 6797, 7.2: never over http");
            assert_eq!(ask(peer, Method::POST, headers).await.status(), 403);
            assert_eq!(ask_at("/v1/client", peer, Method::GET, headers).await.status(), 403);
        }
    }

    #[tokio::test]
    async fn sec_55_what_came_encrypted_is_promised_to_stay_so() {
        for (peer, headers) in [("10.1.2.3", &[("x-forwarded-proto", "https")][..]), ("127.0.0.1", &[])] {
            let answer = ask(peer, Method::POST, headers).await;
            assert_eq!(answer.status(), 200);
            assert_eq!(answer.headers()["strict-transport-security"], "max-age=63072000");
        }
    }

    #[tokio::test]
    async fn sec_57_a_stranger_s_header_proves_nothing() {
        // The proxy's own words come last.
        let answer = ask("10.1.2.3", Method::GET, &[("x-forwarded-proto", "http, https")]).await;
        assert_eq!(answer.status(), 200);
        let answer = ask("10.1.2.3", Method::GET, &[("x-forwarded-proto", "https, http")]).await;
        assert_eq!(answer.status(), 308);
    }
}
