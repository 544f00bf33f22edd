//! The way to the configured server, as a parameter.

use std::{error::Error, future::Future, pin::Pin};

/// The answer of a transport, when it comes.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<http::Response<Vec<u8>>, Unreachable>> + Send + 'a>>;

/// Takes a request to the configured server: for keys, renewed tokens, handshakes and strict checks, and for nothing
/// else. With the feature `fetch` there is one already.
///
/// One of your own must have a time limit, bound the answer's size, and follow no redirects: requests carry the secret
/// key.
pub trait Transport: Send + Sync + 'static {
    /// Sends the request and reads the whole answer, whatever its status.
    fn send(&self, request: http::Request<Vec<u8>>) -> Answer<'_>;
}

/// The server did not answer, or not in time, or with too much.
#[derive(Debug, thiserror::Error)]
#[error("the authentication server cannot be reached: {0}")]
pub struct Unreachable(#[source] pub Box<dyn Error + Send + Sync>);

impl Unreachable {
    /// From any error, or from a text.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}
