//! What the commands other than `serve` do.

mod breach;
mod bundles;
mod clerk;
mod config;
mod keys;
mod mail;
mod migrate;
mod webhook;

pub use breach::{build as breach_build, check as breach_check};
pub use bundles::{BundleFrom, add as clerk_bundles_add, list as clerk_bundles_list, remove as clerk_bundles_remove};
pub use clerk::{clerk_coverage, clerk_keys_list, clerk_keys_new, clerk_keys_revoke, rotate};
pub use config::{check, reference, refuse, show};
pub use keys::new_key;
pub use mail::{send_test, test_mail};
pub use migrate::{status as migrate_status, up as migrate_up};
pub use webhook::webhook;
