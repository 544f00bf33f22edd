//! A guard's settings, valid.

use crate::{public_paths::PublicPaths, publishable_key::PublishableKey};
use housekey_core::token::claims::Expected;
use url::Url;

/// What the builder made of what was written.
pub(crate) struct Settings {
    pub key: PublishableKey,
    /// What a token must say, the issuer among it.
    pub expected: Expected,
    pub issuer: String,
    pub frontend: Frontend,
    /// The app's own origin, where it was written.
    pub app_origin: Option<String>,
    pub trust_forwarded: bool,
    /// Whether a handshake may leave its cookies behind a nonce, which takes the secret key. Else they come signed.
    pub exchanges_nonces: bool,
    pub sign_in_url: Option<SignInUrl>,
    pub csrf_protection: bool,
    pub strict: bool,
    /// In minutes.
    #[cfg(feature = "axum")]
    pub fresh_within: u64,
    pub public: PublicPaths,
    /// What belongs to the proxied frontend, which a guard leaves alone: sign-in itself passes there.
    pub proxied: PublicPaths,
}

/// Where the frontend of the instance answers.
pub(crate) enum Frontend {
    /// At this address, without a slash at its end.
    At(String),
    /// Under this path of the app's own origin, likewise.
    Under(String),
}

/// Where people sign in.
pub(crate) enum SignInUrl {
    /// Elsewhere.
    At(Url),
    /// On the app's own origin.
    Path(String),
}

impl Settings {
    /// The frontend's address for a browser that sees the app at `origin`.
    pub fn frontend_at(&self, origin: &str) -> String {
        match &self.frontend {
            Frontend::At(url) => url.clone(),
            Frontend::Under(path) => format!("{origin}{path}"),
        }
    }
}
