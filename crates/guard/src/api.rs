//! What is asked of the configured server: Clerk's Backend API, as far as a guard needs it.

use crate::transport::{Transport, Unreachable};
use housekey_core::secret::Secret;
use http::{HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::sync::Arc;
use url::Url;

/// The version of the contract that is spoken.
pub(crate) const VERSION: &str = "2026-05-12";

/// The server, as far as it may be asked.
pub(crate) struct Api {
    transport: Arc<dyn Transport>,
    /// The public list of keys, for whoever has no secret.
    pub jwks: Url,
    /// With the secret key; without it only public keys can be asked for.
    pub backend: Option<Backend>,
}

/// Where the secret key is good.
pub(crate) struct Backend {
    /// Ends without a slash.
    pub url: Url,
    pub secret: Secret<String>,
}

/// What goes wrong with a question.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    #[error("the authentication server answered {0}")]
    Status(StatusCode),
    #[error("the authentication server's answer cannot be read")]
    Unreadable,
    #[error("this needs secret_key and api_url")]
    NoSecret,
}

/// What a renewal takes: RFC 6265 values and tokens, never the request's own cookies or authorization.
#[derive(Serialize)]
pub(crate) struct Renewal<'a> {
    pub format: &'static str,
    pub expired_token: &'a str,
    pub refresh_token: &'a str,
    pub request_origin: &'a str,
    pub request_headers: Value,
}

/// A session as the server knows it now.
#[derive(Deserialize)]
pub(crate) struct ServerSession {
    pub id: String,
    pub user_id: String,
    pub status: String,
}

impl Api {
    pub fn new(transport: Arc<dyn Transport>, jwks: Url, backend: Option<Backend>) -> Self {
        Self { transport, jwks, backend }
    }

    /// The instance's public keys (RFC 7517, 5), as JSON: from the backend, else from the public list.
    pub async fn keys(&self) -> Result<Vec<Value>, ApiError> {
        #[derive(Deserialize)]
        struct Keys {
            keys: Vec<Value>,
        }
        let answer: Keys = match &self.backend {
            Some(_) => self.ask(Method::GET, &["jwks"], None, Vec::new()).await?,
            None => self.send(http::Request::get(self.jwks.as_str()), Vec::new()).await?,
        };
        Ok(answer.keys)
    }

    /// The cookies that a handshake left behind a nonce, which is spent by this.
    pub async fn handshake(&self, nonce: &str) -> Result<Vec<String>, ApiError> {
        #[derive(Deserialize)]
        struct Payload {
            directives: Vec<String>,
        }
        let path = ["clients", "handshake_payload"];
        let answer: Payload = self.ask(Method::GET, &path, Some(("nonce", nonce)), Vec::new()).await?;
        Ok(answer.directives)
    }

    /// The cookies with a new token for a session whose last one expired.
    pub async fn refresh(&self, session: &str, suffixed: bool, with: &Renewal<'_>) -> Result<Vec<String>, ApiError> {
        #[derive(Deserialize)]
        struct Cookies {
            cookies: Vec<String>,
        }
        let body = serde_json::to_vec(with).map_err(|_| ApiError::Unreadable)?;
        let suffixed = Some(("suffixed_cookies", if suffixed { "true" } else { "false" }));
        let answer: Cookies = self.ask(Method::POST, &["sessions", session, "refresh"], suffixed, body).await?;
        Ok(answer.cookies)
    }

    /// A session, now.
    pub async fn session(&self, session: &str) -> Result<ServerSession, ApiError> {
        self.ask(Method::GET, &["sessions", session], None, Vec::new()).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        query: Option<(&str, &str)>,
        body: Vec<u8>,
    ) -> Result<T, ApiError> {
        let backend = self.backend.as_ref().ok_or(ApiError::NoSecret)?;
        let mut url = backend.url.clone();
        // An address that can be a base has segments: the builder saw to it.
        url.path_segments_mut().map_err(|()| ApiError::Unreadable)?.pop_if_empty().push("v1").extend(path);
        if let Some((name, value)) = query {
            url.query_pairs_mut().append_pair(name, value);
        }
        let bearer = Secret::new(format!("Bearer {}", backend.secret.expose()));
        let mut bearer = HeaderValue::from_str(bearer.expose()).map_err(|_| ApiError::NoSecret)?;
        bearer.set_sensitive(true);
        let request = http::Request::builder().method(method).uri(url.as_str());
        self.send(request.header(header::AUTHORIZATION, bearer).header("clerk-api-version", VERSION), body).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        mut request: http::request::Builder,
        body: Vec<u8>,
    ) -> Result<T, ApiError> {
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.header(header::ACCEPT, "application/json").body(body);
        let answer = self.transport.send(request.map_err(|_| ApiError::Unreadable)?).await?;
        if answer.status() != StatusCode::OK {
            return Err(ApiError::Status(answer.status()));
        }
        serde_json::from_slice(answer.body()).map_err(|_| ApiError::Unreadable)
    }
}
