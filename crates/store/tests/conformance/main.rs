//! The same suite over both engines: what the store promises, and what it promises when many come at once.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod accounts;
mod backends;
mod clients;
mod engine;
mod feed;
mod gate;
mod guests;
mod kit;
mod limits;
mod mail;
mod passkeys;
mod phones;
mod second_factors;
mod verifications;
mod webhooks;
