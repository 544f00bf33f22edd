//! Work that goes on beside requests.

pub(crate) mod event_chain;
mod key_change;
pub(crate) mod mail;
#[cfg(test)]
mod mail_tests;
pub(crate) mod webhooks;
