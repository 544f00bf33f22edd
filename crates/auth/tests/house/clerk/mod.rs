//! Clerk's Frontend and Backend APIs, from outside: as the published files say, as the components and SDKs need them, and
//! as an attacker tries them.

pub mod app;
pub mod backend;
mod bundles;
mod captcha;
mod client;
mod email_links;
mod emails;
mod entrance;
mod environment;
mod handshake;
mod limits;
mod me;
mod passkeys;
mod phones;
mod protect;
pub mod published;
mod routes;
mod second_factor;
mod second_phone;
pub mod sessions;
pub use sessions::claims;
mod sign_ins;
mod sign_ups;
mod strangers;
mod test_mode;
mod ticket_pages;
mod tickets;
mod usernames;
mod verify;
