//! What the product does, one verb a file. No flow knows HTTP, wire shapes, SQL or status codes; the limits, the
//! factors and the events are here, so that no door can skip them.

mod client;
pub mod codes;
mod device;
mod gate;
mod lists;
mod metadata;
mod notes;
mod password;
mod undo;

pub mod account;
pub mod session;
pub mod sign_in;
pub mod sign_up;
