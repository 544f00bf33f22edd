//! The rules of Housekey: no I/O, no clock, no chance of their own.

pub mod entropy;
pub mod event;
pub mod event_chain;
pub mod factor;
pub mod identifier;
pub mod ids;
pub mod keyring;
pub mod limits;
pub mod password;
pub mod policy;
pub mod redirect;
pub mod secret;
pub mod session;
pub mod sign_in;
pub mod sign_up;
pub mod time;
pub mod token;
