//! Tokens: credentials that are looked up, and session tokens that are checked without asking.

#[cfg(feature = "token")]
pub mod claims;
#[cfg(feature = "token")]
pub mod heads;
#[cfg(feature = "token")]
pub mod jwt;
pub mod opaque;
#[cfg(feature = "rules")]
pub mod secret_key;
#[cfg(feature = "rules")]
pub mod template;
