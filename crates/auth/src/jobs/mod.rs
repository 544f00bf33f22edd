//! Work that goes on beside requests.

#[allow(dead_code, reason = "started by the process that serves")]
pub(crate) mod mail;
#[cfg(test)]
mod mail_tests;
