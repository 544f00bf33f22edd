//! Session tokens checked in front of a Rust service: a tower layer, and extractors for axum. No database, no engine:
//! the tokens of a Housekey server, or of anything else that speaks Clerk's contract, are believed by the instance's
//! public key.
//!
#![cfg_attr(feature = "axum", doc = "```no_run")]
#![cfg_attr(not(feature = "axum"), doc = "```ignore")]
//! use axum::{Router, routing::get};
//! use housekey_guard::{Guard, Session};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let guard = Guard::builder("pk_live_YXV0aC5leGFtcGxlLmNvbSQ")
//!     .jwt_key(std::env::var("CLERK_JWT_KEY")?)
//!     .secret_key(std::env::var("CLERK_SECRET_KEY")?)
//!     .authorized_parties(["https://app.example.com"])
//!     .app_origin("https://app.example.com")
//!     .sign_in_url("https://auth.example.com/sign-in")
//!     .public("/")
//!     .public("/assets/{*rest}")
//!     .public("/healthz")
//!     .build()?;
//!
//! let app: Router = Router::new().route("/", get(home)).route("/me", get(me)).layer(guard.layer());
//! # Ok(())
//! # }
//!
//! async fn me(session: Session) -> String {
//!     session.user_id().to_owned()
//! }
//!
//! async fn home(session: Option<Session>) -> String {
//!     session.map_or("Sign in first.".into(), |s| format!("Hello, {}", s.user_id()))
//! }
//! ```
//!
//! # What it does
//!
//! - **Every path needs a session** but those that are [`public`](GuardBuilder::public).
//! - A **bearer** in the `Authorization` header decides alone. Else the **cookies** do. A cookie is only good for a
//!   request that changes something if it comes from the app's own pages.
//! - An expired cookie is **renewed** on a GET, which takes the secret key, or on a page load by a **handshake**: a
//!   redirect to the server, which knows the browser, and back. Anything else gets 401; the scripts in the page renew
//!   the token in time.
//! - A refusal says why in `x-clerk-auth-reason`, by a name of [`Reason`]. A token is believed for its minute, unless
//!   the guard, or the extractor `Strict`, asks the server each time.
//!
//! # Features
//!
//! `axum` (default): the extractors [`Session`], `Option<Session>`, `Fresh` and `Strict`. `fetch` (default): a client
//! for the configured server. Without it tokens are checked by PEM, and nothing is renewed, or a [`Transport`] of your
//! own is used.

mod api;
mod assemble;
mod authenticate;
mod builder;
mod clock;
mod credentials;
mod directives;
#[cfg(feature = "axum")]
mod extract;
mod fault;
#[cfg(feature = "fetch")]
mod fetch;
mod guard;
mod handshake;
mod keys;
mod layer;
mod origin;
mod public_paths;
mod publishable_key;
mod read;
mod reason;
mod refusal;
mod request;
mod session;
mod settings;
mod transport;

pub use builder::GuardBuilder;
pub use clock::{Clock, SystemClock};
#[cfg(feature = "axum")]
pub use extract::{Fresh, Strict};
pub use fault::{BuildError, Fault};
pub use guard::Guard;
pub use housekey_core::{
    time::Time,
    token::claims::{Rejected, SessionClaims},
};
pub use layer::{GuardLayer, GuardService};
pub use reason::{NotRenewed, Reason};
pub use refusal::{Refusal, Why};
pub use session::{Carrier, Session};
pub use transport::{Answer, Transport, Unreachable};
