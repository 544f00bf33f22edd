//! Who asks a flow for something, and what the flow gives back beside its answer.

use housekey_core::{
    challenge::Level,
    entropy::Entropy,
    ids::{ClientId, RequestId, SessionId},
    secret::Secret,
    time::Time,
    token::opaque::OpaqueToken,
};
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};
use url::Url;

/// The client's credential: `client_id.secret`, the value of the cookie `__Host-housekey`.
pub type ClientToken = OpaqueToken<ClientId>;

/// What a door knows of the request that it hands to a flow.
pub struct Caller {
    /// The client's credential, if the request carried a well-formed one.
    pub client: Option<ClientToken>,
    /// The client is an app without a browser, which holds its secret itself.
    pub native: bool,
    /// Which of the client's sessions acts, where the caller names one; else the active one.
    pub session: Option<SessionId>,
    /// The known-device cookie's value, as it came.
    pub device: Option<String>,
    /// The peer's address, or what a trusted proxy says it is.
    pub address: IpAddr,
    /// The User-Agent header, cut at 512 bytes.
    pub agent: String,
    /// The door that was used, for events.
    pub door: Door,
    /// The request's id, for events and logs.
    pub request: RequestId,
    /// HMAC over operation and body: tells a repeated call from another one.
    pub call: [u8; 32],
    /// What the browser shows for a challenge: the widget's own text.
    pub challenge: Option<String>,
    /// What it shows for a challenge of a provider.
    pub captcha: Option<CaptchaShown>,
    /// What this call solved already.
    pub solved: SolvedHere,
}

/// What a provider's widget gave to a page.
#[derive(Clone)]
pub struct CaptchaShown {
    /// The token.
    pub token: Arc<Secret<String>>,
    /// The host of the page.
    pub host: String,
    /// Whose widget it was: by which names it was asked for.
    pub widget: Widget,
}

/// Whose page shows a provider's widget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Widget {
    /// One of ours.
    House,
    /// One of Clerk's components.
    Clerk,
}

/// What a call solved, for all of its steps: a call that names somebody and proves something is asked once.
#[derive(Clone, Default)]
pub struct SolvedHere(Arc<AtomicI64>);

impl SolvedHere {
    /// A challenge of this level was due, and solved.
    pub(crate) fn note(&self, level: Level) {
        self.0.fetch_max(level.rank(), Ordering::Relaxed);
    }

    /// Whether one that is worth as much was.
    pub(crate) fn covers(&self, level: Level) -> bool {
        self.0.load(Ordering::Relaxed) >= level.rank()
    }
}

/// A contract by which the house is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Door {
    /// Our own server-rendered pages.
    Pages,
    /// The application that embeds the library.
    Rust,
    /// The local console.
    Console,
    /// Clerk's Frontend API.
    ClerkFrontend,
    /// Clerk's Backend API.
    ClerkBackend,
}

impl Door {
    /// The name in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::Rust => "rust",
            Self::Console => "console",
            Self::ClerkFrontend => "clerk_frontend",
            Self::ClerkBackend => "clerk_backend",
        }
    }
}

/// A flow's answer and the credentials that go with it.
#[derive(Debug)]
pub struct Outcome<T> {
    /// The answer.
    pub value: T,
    /// What the door must set.
    pub cookies: Cookies,
}

/// Credentials that a door hands to the browser.
#[derive(Debug, Default)]
pub struct Cookies {
    /// A new client, or its new secret.
    pub client: Option<SetClient>,
    /// The new value of the known-device cookie.
    pub device: Option<SetDevice>,
}

/// A client cookie to set.
pub struct SetClient {
    /// The credential.
    pub token: ClientToken,
    /// When the browser may forget it; `None` ends with the browser.
    pub until: Option<Time>,
    /// Since when somebody is signed in, or that nobody is, where that changed: apps' backends are told by a cookie.
    pub signed: Option<Signed>,
}

/// A sign-in state that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Signed {
    /// Somebody is signed in.
    In(Time),
    /// Nobody is.
    Out,
}

/// A device cookie to set.
pub struct SetDevice(pub Secret<String>);

impl std::fmt::Debug for SetClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SetClient({})", self.token.id)
    }
}

impl std::fmt::Debug for SetDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetDevice")
    }
}

impl CaptchaShown {
    /// What a page at this address shows; empty is nothing.
    pub fn by(widget: Widget, token: String, page: &Url) -> Option<Self> {
        let host = page.host_str().unwrap_or_default().to_owned();
        (!token.is_empty()).then(|| Self { token: Arc::new(Secret::new(token)), host, widget })
    }
}

impl<T> Outcome<T> {
    pub(crate) fn plain(value: T) -> Self {
        Self { value, cookies: Cookies::default() }
    }
}

impl Caller {
    /// The same caller with the client that a step before made or renewed.
    pub(crate) fn with(&self, client: &ClientToken) -> Self {
        Self { client: Some(client.again()), ..self.again() }
    }

    /// The same caller once more, for a step that names another session.
    pub(crate) fn again(&self) -> Self {
        Self {
            client: self.client.as_ref().map(OpaqueToken::again),
            native: self.native,
            session: self.session.clone(),
            device: self.device.clone(),
            address: self.address,
            agent: self.agent.clone(),
            door: self.door,
            request: self.request.clone(),
            call: self.call,
            challenge: self.challenge.clone(),
            captcha: self.captcha.clone(),
            solved: self.solved.clone(),
        }
    }

    /// A caller without browser, as the local console.
    pub fn console(now: Time, entropy: &dyn Entropy) -> Self {
        Self {
            client: None,
            native: false,
            session: None,
            device: None,
            address: IpAddr::from([127, 0, 0, 1]),
            agent: String::from("console"),
            door: Door::Console,
            request: RequestId::new(now, entropy),
            call: [0; 32],
            challenge: None,
            captcha: None,
            solved: SolvedHere::default(),
        }
    }
}
