//! How a guard is made: everything that is written is checked at once, and nothing is asked over a network.

use crate::{
    api::{Api, Backend},
    builder::GuardBuilder,
    fault::{BuildError, Faults},
    guard::{Guard, Inner},
    keys::{KeyList, Keys},
    origin::is_local,
    public_paths::PublicPaths,
    publishable_key::PublishableKey,
    read,
    settings::{Frontend, Settings, SignInUrl},
    transport::Transport,
};
use housekey_core::{
    secret::Secret,
    token::{claims::Expected, heads::Heads, jwt::VerifyingKey},
};
use std::{sync::Arc, time::Duration};
use url::Url;

/// Clocks may differ by a minute at most (SEC-114): a token lives no longer.
const MOST_SKEW: Duration = Duration::from_secs(60);

impl GuardBuilder {
    /// Makes the guard.
    ///
    /// # Errors
    /// All that is wrong with the settings, each with what to write.
    pub fn build(mut self) -> Result<Guard, BuildError> {
        let mut faults = Faults::default();
        let key = PublishableKey::parse(&self.publishable_key);
        faults.unless(key.is_some(), "publishable key", "is not one", "write the pk_live_… of CLERK_PUBLISHABLE_KEY");
        let public = self.paths(&mut faults);
        let (frontend, proxied) = self.frontend(&mut faults);
        let sign_in_url = self.checked_sign_in(&public, &mut faults);
        let expected = self.expected(&mut faults);
        let app_origin = self.app_origin.as_deref().and_then(|text| faults.take("app_origin", read::origin(text)));
        let pem = self.jwt_key.as_deref().and_then(|text| faults.take("jwt_key", read::pem(text)));
        let api = self.api(key.as_ref(), frontend.as_ref(), &mut faults);
        let keys = self.keys(pem, api.as_ref(), &mut faults);
        let (Some(key), Some(keys), true) = (key, keys, faults.is_empty()) else { return Err(faults.into()) };

        let issuer = expected.issuer.unwrap_or_else(|| key.origin.clone());
        let settings = Settings {
            expected: Expected { issuer: Some(issuer.clone()), ..expected },
            issuer,
            frontend: frontend.unwrap_or_else(|| Frontend::At(key.origin.clone())),
            app_origin,
            trust_forwarded: self.trust_forwarded,
            exchanges_nonces: api.as_ref().is_some_and(|api| api.backend.is_some()),
            sign_in_url,
            csrf_protection: self.csrf_protection,
            strict: self.strict,
            #[cfg(feature = "axum")]
            fresh_within: self.fresh_within,
            public,
            proxied,
            key,
        };
        Ok(Guard(Arc::new(Inner { settings, keys, heads: Heads::default(), api, clock: self.clock })))
    }

    fn expected(&self, faults: &mut Faults) -> Expected {
        let skew = "is more than a minute, in which every token would live twice as long";
        faults.unless(self.clock_skew <= MOST_SKEW, "clock_skew", skew, "write 5 seconds, and let the clocks be set");
        let parties = self.authorized_parties.iter();
        Expected {
            issuer: self.issuer.as_deref().and_then(|text| faults.take("issuer", read::address(text))),
            authorized_parties: parties
                .filter_map(|text| faults.take("authorized_parties", read::party(text)))
                .collect(),
            clock_skew: self.clock_skew,
            pending: self.allow_pending,
        }
    }

    fn paths(&self, faults: &mut Faults) -> PublicPaths {
        let mut paths = PublicPaths::default();
        for pattern in &self.public {
            if let Err(write) = paths.add(pattern) {
                faults.add("public", format!("{pattern:?} cannot be read"), write);
            }
        }
        paths
    }

    fn checked_sign_in(&self, public: &PublicPaths, faults: &mut Faults) -> Option<SignInUrl> {
        let text = self.sign_in_url.as_deref()?;
        if !text.starts_with('/') {
            return faults.take("sign_in_url", read::url(text, true)).map(SignInUrl::At);
        }
        let path = faults.take("sign_in_url", read::path(text))?;
        let listed = public.contains(&path);
        faults.unless(listed, "sign_in_url", "leads to a page that needs a session", "add it by .public(…) as well");
        Some(SignInUrl::Path(path))
    }

    fn frontend(&self, faults: &mut Faults) -> (Option<Frontend>, PublicPaths) {
        let mut proxied = PublicPaths::default();
        let Some(text) = self.proxy_url.as_deref() else { return (None, proxied) };
        if !text.starts_with('/') {
            return (faults.take("proxy_url", read::address(text)).map(Frontend::At), proxied);
        }
        let Some(path) = faults.take("proxy_url", read::path(text)) else { return (None, proxied) };
        if let Err(write) = proxied.add(&format!("{path}/{{*rest}}")) {
            faults.add("proxy_url", "is no path".into(), write);
        }
        let known = self.app_origin.is_some() || !self.authorized_parties.is_empty();
        let problem = "is a path, and nothing says of which host";
        faults.unless(known, "proxy_url", problem, "write app_origin, such as https://app.example.com");
        (Some(Frontend::Under(path)), proxied)
    }

    /// The server, if there is anything to ask it for.
    fn api(
        &mut self,
        key: Option<&PublishableKey>,
        frontend: Option<&Frontend>,
        faults: &mut Faults,
    ) -> Option<Arc<Api>> {
        let secret = self.checked_secret(faults);
        let needed = secret.is_some() || self.jwt_key.is_none();
        let transport = if needed { self.way(faults) } else { None };
        let can = secret.is_some() && transport.is_some();
        faults.unless(can || !self.strict, "strict", "needs the server", "write secret_key and api_url as well");
        let default = key.map(|key| format!("{}/api", key.origin));
        let url = self.api_url.take().or(default).and_then(|text| self.checked_api_url(&text, faults));
        let backend = url.zip(secret).map(|(url, secret)| Backend { url, secret });
        let host = match frontend {
            Some(Frontend::At(url)) => url,
            Some(Frontend::Under(_)) | None => &key?.origin,
        };
        let jwks = Url::parse(&format!("{host}/.well-known/jwks.json")).ok()?;
        Some(Arc::new(Api::new(transport?, jwks, backend)))
    }

    fn keys(&self, pem: Option<VerifyingKey>, api: Option<&Arc<Api>>, faults: &mut Faults) -> Option<Keys> {
        match (pem, api) {
            (Some(pem), _) => Some(Keys::Pem(Arc::new(pem))),
            (None, Some(api)) => Some(Keys::Server(KeyList::new(api.clone(), self.clock.clone()))),
            (None, None) => {
                let problem = "is missing, and keys cannot be fetched";
                let write = "write the PEM of CLERK_JWT_KEY, or use the feature fetch";
                // What else is wrong may be the reason.
                faults.unless(self.jwt_key.is_some() || !faults.is_empty(), "jwt_key", problem, write);
                None
            }
        }
    }

    fn checked_secret(&mut self, faults: &mut Faults) -> Option<Secret<String>> {
        let secret = self.secret_key.take()?;
        let test = self.publishable_key.starts_with("pk_test_");
        let body = secret.expose().strip_prefix(if test { "sk_test_" } else { "sk_live_" });
        let good = body.is_some_and(|body| body.len() >= 16 && body.bytes().all(|b| b.is_ascii_graphic()));
        let write = "write the one of CLERK_SECRET_KEY: sk_live_… with pk_live_…, sk_test_… with pk_test_…";
        faults.unless(good, "secret_key", "does not go with the publishable key", write);
        good.then_some(secret)
    }

    fn checked_api_url(&self, text: &str, faults: &mut Faults) -> Option<Url> {
        let url = faults.take("api_url", read::url(text, false))?;
        let safe = url.scheme() == "https" || url.host_str().is_some_and(is_local) || self.allow_plain_http;
        let problem = "would send the secret key over plain http";
        let write = "write https://…, or allow_plain_http on a network of your own";
        faults.unless(safe, "api_url", problem, write);
        Some(url)
    }

    fn way(&mut self, faults: &mut Faults) -> Option<Arc<dyn Transport>> {
        if self.transport.is_some() {
            return self.transport.take();
        }
        #[cfg(feature = "fetch")]
        match crate::fetch::Fetch::new() {
            Ok(fetch) => return Some(Arc::new(fetch)),
            Err(error) => faults.add("fetch", format!("has no client: {error}"), "install the system's certificates"),
        }
        #[cfg(not(feature = "fetch"))]
        let _ = faults;
        None
    }
}
