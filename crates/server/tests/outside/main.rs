//! The binary as its users meet it: arguments in, text and files out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::disallowed_methods)]

mod breach;
mod bundles;
mod canary;
mod config;
mod control;
mod keys;
mod kit;
mod people;
mod start;
mod trouble;
mod webhooks;
