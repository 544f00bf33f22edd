//! What the commands other than `serve` do.

mod breach;
mod bundles;
mod clerk;
mod config;
mod keys;
mod mail;
mod migrate;
mod people;
mod webhook;

pub use breach::{build as breach_build, check as breach_check};
pub use bundles::{BundleFrom, add as clerk_bundles_add, list as clerk_bundles_list, remove as clerk_bundles_remove};
pub use clerk::{clerk_coverage, clerk_keys_list, clerk_keys_new, clerk_keys_revoke, rotate};
pub use config::{check, reference, refuse, show};
pub use keys::new_key;
pub use mail::{send_test, test_mail};
pub use migrate::{status as migrate_status, up as migrate_up};
pub use people::{event_show, recovery};
pub use webhook::webhook;

use std::process::ExitCode;

use serde_json::Value;

use crate::{
    config::{Flags, load},
    errands::{Errand, send},
    out::{print, print_json},
};

/// Has an errand done, and tells it in words or as it came.
fn told(flags: &Flags, errand: Errand, json: bool, words: impl FnOnce(&Value) -> String) -> anyhow::Result<ExitCode> {
    let config = match load(flags) {
        Ok(config) => config,
        Err(report) => return refuse(&report, json),
    };
    let done = send(config, flags, errand)?;
    let words = words(&done);
    if json {
        print_json(&done)?
    } else {
        print(&words)?
    }
    Ok(ExitCode::SUCCESS)
}

/// A text of an answer; empty where there is none.
fn words_of<'a>(done: &'a Value, name: &str) -> &'a str {
    done.get(name).and_then(Value::as_str).unwrap_or_default()
}
