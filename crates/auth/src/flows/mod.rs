//! What the product does, one verb a file. No flow knows HTTP, wire shapes, SQL or status codes; the limits, the
//! factors and the events are here, so that no door can skip them.

mod breach;
pub(crate) mod bundles;
mod captcha;
pub mod challenge;
mod client;
pub mod codes;
mod device;
mod gate;
mod guests;
mod known;
mod lists;
pub mod mailed_links;
mod metadata;
mod not_me;
mod notes;
mod own;
mod password;
mod pictures;
pub mod recovery;
pub(crate) mod risk;
pub(crate) mod second_factor;
mod second_phone;
mod step_up;
pub mod trusted_devices;
mod two_step;
mod undo;

pub mod account;
pub mod clients;
pub mod factors;
pub mod handshake;
pub mod history;
pub mod passkeys;
pub mod phones;
pub mod profile;
pub mod secret_keys;
pub mod session;
pub mod sign_in;
pub mod sign_up;
pub mod signing;
pub mod steward;
pub mod tell;
pub mod tokens;
pub mod username;
pub mod waitlist;
pub mod webhooks;
