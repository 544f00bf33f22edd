//! What a guard promises to the app behind it, from outside: the good way, and what an attacker tries.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod bearer;
mod build;
mod cookies;
mod csrf;
mod development;
mod fresh;
mod handshake;
mod keys;
mod kit;
mod paths;
mod refusals;
mod renewal;
mod secrets;
mod strict;
