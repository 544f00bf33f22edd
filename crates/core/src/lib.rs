//! The rules of Housekey: no I/O, no clock, no chance of their own.

pub mod entropy;
pub mod ids;
pub mod secret;
pub mod time;
pub mod token;

#[cfg(feature = "rules")]
pub mod bundle;
#[cfg(feature = "rules")]
pub mod event;
#[cfg(feature = "rules")]
pub mod event_chain;
#[cfg(feature = "rules")]
pub mod factor;
#[cfg(feature = "rules")]
pub mod identifier;
#[cfg(feature = "rules")]
pub mod keyring;
#[cfg(feature = "rules")]
pub mod limits;
#[cfg(feature = "rules")]
pub mod outbound;
#[cfg(feature = "rules")]
pub mod password;
#[cfg(feature = "rules")]
pub mod policy;
#[cfg(feature = "rules")]
pub mod redirect;
#[cfg(feature = "rules")]
pub mod session;
#[cfg(feature = "rules")]
pub mod sign_in;
#[cfg(feature = "rules")]
pub mod sign_up;
#[cfg(feature = "rules")]
pub mod webhook;
