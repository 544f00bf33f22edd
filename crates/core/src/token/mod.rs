//! Tokens: credentials that are looked up, and session tokens that are checked without asking.

#[cfg(feature = "token")]
pub mod claims;
#[cfg(feature = "token")]
pub mod jwt;
pub mod opaque;
