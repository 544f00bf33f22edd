//! What the commands other than `serve` do.

mod config;
mod keys;
mod mail;
mod migrate;

pub use config::{check, reference, refuse, show};
pub use keys::new_key;
pub use mail::{send_test, test_mail};
pub use migrate::{status as migrate_status, up as migrate_up};
