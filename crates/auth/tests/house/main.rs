//! What the house promises, at the flows' own door: the good way, and what an attacker tries.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod account;
mod cache;
mod kit;
mod limits;
mod repeat;
mod sign_in;
mod sign_up;
mod walls;
