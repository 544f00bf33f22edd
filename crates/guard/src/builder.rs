//! What may be written about a guard.

use crate::{
    clock::{Clock, SystemClock},
    guard::Guard,
    transport::Transport,
};
use housekey_core::secret::Secret;
use std::{sync::Arc, time::Duration};

/// Collects a guard's settings. See [`Guard::builder`].
#[must_use = "a guard is made by build()"]
pub struct GuardBuilder {
    pub(crate) publishable_key: String,
    pub(crate) secret_key: Option<Secret<String>>,
    pub(crate) jwt_key: Option<String>,
    pub(crate) api_url: Option<String>,
    pub(crate) proxy_url: Option<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) authorized_parties: Vec<String>,
    pub(crate) app_origin: Option<String>,
    pub(crate) sign_in_url: Option<String>,
    pub(crate) public: Vec<String>,
    pub(crate) clock_skew: Duration,
    #[cfg(feature = "axum")]
    pub(crate) fresh_within: u64,
    pub(crate) trust_forwarded: bool,
    pub(crate) allow_pending: bool,
    pub(crate) allow_plain_http: bool,
    pub(crate) csrf_protection: bool,
    pub(crate) strict: bool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) transport: Option<Arc<dyn Transport>>,
}

impl Guard {
    /// Begins a guard for the instance of this publishable key, `pk_live_…` or `pk_test_…`.
    pub fn builder(publishable_key: impl Into<String>) -> GuardBuilder {
        GuardBuilder {
            publishable_key: publishable_key.into(),
            secret_key: None,
            jwt_key: None,
            api_url: None,
            proxy_url: None,
            issuer: None,
            authorized_parties: Vec::new(),
            app_origin: None,
            sign_in_url: None,
            public: Vec::new(),
            clock_skew: Duration::from_secs(5),
            #[cfg(feature = "axum")]
            fresh_within: 10,
            trust_forwarded: false,
            allow_pending: false,
            allow_plain_http: false,
            csrf_protection: true,
            strict: false,
            clock: Arc::new(SystemClock::start()),
            transport: None,
        }
    }
}

impl GuardBuilder {
    /// The instance's public key in PEM (`CLERK_JWT_KEY`): tokens are checked without a network. Without it the keys
    /// are fetched when the first token comes, kept, and fetched anew every hour.
    pub fn jwt_key(mut self, pem: impl Into<String>) -> Self {
        self.jwt_key = Some(pem.into());
        self
    }

    /// The secret key, `sk_live_…` (`CLERK_SECRET_KEY`): with it expired tokens are renewed, handshakes end here, and
    /// strict checks are possible.
    pub fn secret_key(mut self, key: impl Into<String>) -> Self {
        self.secret_key = Some(Secret::new(key.into()));
        self
    }

    /// The server's address for the secret key, before `/v1` (`CLERK_API_URL`). Default: `/api` on the host of the
    /// publishable key.
    pub fn api_url(mut self, url: impl Into<String>) -> Self {
        self.api_url = Some(url.into());
        self
    }

    /// Where browsers reach the frontend, if not at the publishable key's host: a path of the app, as `/__clerk`, or
    /// an address (`CLERK_PROXY_URL`). A path and what is below it is left alone by the guard.
    pub fn proxy_url(mut self, url: impl Into<String>) -> Self {
        self.proxy_url = Some(url.into());
        self
    }

    /// Whose tokens are believed. Default: scheme and host of the publishable key; `http` for an address of this
    /// machine.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// The origins whose pages may ask for the tokens that are taken (the claim `azp`). List them: a neighbouring host
    /// can plant its own users' cookies. Empty takes any.
    pub fn authorized_parties<P: Into<String>>(mut self, origins: impl IntoIterator<Item = P>) -> Self {
        self.authorized_parties.extend(origins.into_iter().map(Into::into));
        self
    }

    /// The app's own origin as browsers know it, such as `https://app.example.com`: where a handshake and a sign-in
    /// lead back to. Default: the request's `Host`, if it is one of the authorised parties or, where none are listed,
    /// a neighbour of the frontend's host or this machine.
    pub fn app_origin(mut self, origin: impl Into<String>) -> Self {
        self.app_origin = Some(origin.into());
        self
    }

    /// Whether `X-Forwarded-Host` and `X-Forwarded-Proto` tell the app's origin where none is configured. Only behind
    /// a proxy that overwrites both: anybody can send them. Default: no.
    pub fn trust_forwarded(mut self, trust: bool) -> Self {
        self.trust_forwarded = trust;
        self
    }

    /// Where people sign in: an address, or a public path of the app. A browser that wants a page is sent there; with
    /// a task open, to `/tasks` below. Default: everybody gets a 401.
    pub fn sign_in_url(mut self, url: impl Into<String>) -> Self {
        self.sign_in_url = Some(url.into());
        self
    }

    /// A path that needs no session, as axum writes it: `/docs/{page}`, `/assets/{*rest}`. It is compared byte by
    /// byte; a path with empty segments, dots or needless escapes is never public.
    pub fn public(mut self, path: impl Into<String>) -> Self {
        self.public.push(path.into());
        self
    }

    /// How far clocks may differ, up to a minute. Default: 5 seconds.
    pub fn clock_skew(mut self, skew: Duration) -> Self {
        self.clock_skew = skew;
        self
    }

    /// How many minutes ago a first factor may have been proved for [`Fresh`](crate::Fresh). Default: 10.
    #[cfg(feature = "axum")]
    pub fn fresh_within(mut self, minutes: u64) -> Self {
        self.fresh_within = minutes;
        self
    }

    /// Lets sessions in whose tasks are open, such as setting up a second factor: for the app that shows the tasks.
    /// Ask [`Session::is_pending`](crate::Session::is_pending) there. Default: they count as signed out.
    pub fn allow_pending(mut self, allow: bool) -> Self {
        self.allow_pending = allow;
        self
    }

    /// Asks the server on each request whether the session is still good, instead of trusting its token for the rest
    /// of its minute. While the server is away everybody is refused (503). Default: no.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Whether a request that changes something and has its session in a cookie must come from the app's own pages
    /// (SEC-50). Switch it off only where something else checks this. Default: yes.
    pub fn csrf_protection(mut self, protect: bool) -> Self {
        self.csrf_protection = protect;
        self
    }

    /// Lets the secret key travel over plain `http` to a host that is not this machine, on a network that is yours
    /// alone. Default: no.
    pub fn allow_plain_http(mut self, allow: bool) -> Self {
        self.allow_plain_http = allow;
        self
    }

    /// Another clock, for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Another way to the server.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }
}
