//! The Backend API.

mod addresses;
mod instance;
mod invitations;
mod keys;
pub mod sdk;
mod sessions;
mod tickets;
mod user_lists;
mod users;
mod waitlist;
