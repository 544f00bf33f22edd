//! A request's head, as the rules read it. What a header says twice, it does not say.

use http::{HeaderMap, HeaderName, Method, Uri, header, request::Parts};

pub(crate) static SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
pub(crate) static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The head of a request.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub method: &'a Method,
    /// The address as the client sent it, whatever routers have taken off it.
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
}

/// What the `Authorization` header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authorization<'a> {
    /// Nothing that concerns sessions.
    None,
    /// A token.
    Bearer(&'a str),
    /// Several, or unreadable.
    Unclear,
}

impl<'a> Head<'a> {
    pub fn of(parts: &'a Parts) -> Self {
        #[cfg(feature = "axum")]
        let uri = parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |original| &original.0);
        #[cfg(not(feature = "axum"))]
        let uri = &parts.uri;
        Self { method: &parts.method, uri, headers: &parts.headers }
    }

    /// A header's text, if it came once.
    pub fn header(&self, name: impl header::AsHeaderName) -> Option<&'a str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(first)
    }

    /// The bearer (RFC 6750, 2.1). As Clerk's backends do, a value without a scheme is taken for the token.
    pub fn authorization(&self) -> Authorization<'a> {
        if !self.headers.contains_key(header::AUTHORIZATION) {
            return Authorization::None;
        }
        match self.header(header::AUTHORIZATION).map(|value| (value, value.split_once(' '))) {
            None => Authorization::Unclear,
            Some(("", None)) => Authorization::None,
            Some((value, None)) => Authorization::Bearer(value),
            Some((_, Some((scheme, token)))) if scheme.eq_ignore_ascii_case("bearer") => {
                Authorization::Bearer(token.trim())
            }
            Some(_) => Authorization::None,
        }
    }

    /// Whether a browser asks for a page, to show it in a window or a frame.
    pub fn wants_document(&self) -> bool {
        if self.headers.contains_key(&SEC_FETCH_DEST) {
            return matches!(self.header(&SEC_FETCH_DEST), Some("document" | "iframe"));
        }
        self.header(header::ACCEPT).is_some_and(|accept| accept.starts_with("text/html"))
    }

    /// Whether the request may be answered by a redirect that comes back with new cookies.
    pub fn is_document_get(&self) -> bool {
        *self.method == Method::GET && self.wants_document()
    }

    /// Whether the request may change something, by its method or by opening a WebSocket (RFC 6455), which no rule of
    /// browsers keeps within a site.
    pub fn may_change_something(&self) -> bool {
        let safe = matches!(*self.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
        !safe || self.headers.contains_key(header::UPGRADE)
    }

    /// One parameter of the query, the first of its name.
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.uri.query()?;
        let found = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn head(headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::get("/?a=1&b=%2f&c=");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_bearer_is_read_once() {
        let of = |headers: &[(&str, &str)]| format!("{:?}", Head::of(&head(headers)).authorization());
        assert_eq!(of(&[]), "None");
        assert_eq!(of(&[("authorization", "Bearer a.b.c")]), "Bearer(\"a.b.c\")");
        assert_eq!(of(&[("authorization", "bearer a.b.c")]), "Bearer(\"a.b.c\")");
        assert_eq!(of(&[("authorization", "a.b.c")]), "Bearer(\"a.b.c\")");
        assert_eq!(of(&[("authorization", "Basic YTpi")]), "None");
        assert_eq!(of(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]), "Unclear");
    }

    #[test]
    fn a_document_is_what_a_browser_shows() {
        let of = |headers: &[(&str, &str)]| Head::of(&head(headers)).wants_document();
        assert!(of(&[("sec-fetch-dest", "document")]));
        assert!(of(&[("sec-fetch-dest", "iframe")]));
        assert!(of(&[("accept", "text/html,*/*")]));
        assert!(!of(&[("accept", "text/html"), ("sec-fetch-dest", "empty")]));
        assert!(!of(&[("accept", "application/json, text/html")]));
        assert!(!of(&[]));
        let parts = head(&[]);
        assert_eq!(Head::of(&parts).query("b").as_deref(), Some("/"));
        assert_eq!(Head::of(&parts).query("c"), None);
    }
}
