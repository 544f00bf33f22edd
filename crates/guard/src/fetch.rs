//! The transport of the feature `fetch`.

use crate::transport::{Answer, Transport, Unreachable};
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(3);
const TOTAL: Duration = Duration::from_secs(6);
/// The largest answer that is read (SEC-121).
const MOST_BODY: usize = 64 * 1024;

/// One client with time limits, without redirects, and past any proxy: the secret key goes to the configured server
/// and nowhere else.
pub(crate) struct Fetch(reqwest::Client);

impl Fetch {
    /// Makes the client.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("housekey-guard/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            .build()?;
        Ok(Self(client))
    }

    async fn answer(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, Unreachable> {
        let request = request.map(reqwest::Body::from);
        let request = reqwest::Request::try_from(request).map_err(told)?;
        let mut answer = self.0.execute(request).await.map_err(told)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(told)? {
            if body.len() + chunk.len() > MOST_BODY {
                return Err(Unreachable::new("the answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = http::Response::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }
}

impl Transport for Fetch {
    fn send(&self, request: http::Request<Vec<u8>>) -> Answer<'_> {
        Box::pin(self.answer(request))
    }
}

/// Without the address: its query may hold a nonce (SEC-122).
fn told(error: reqwest::Error) -> Unreachable {
    Unreachable::new(error.without_url())
}
