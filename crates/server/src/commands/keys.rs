//! `housekey keys new`

use std::{path::Path, process::ExitCode};

use housekey::SystemEntropy;
use housekey_core::keyring::MasterKey;

use crate::{
    data::write_new,
    out::{print, print_json},
};

/// Prints a new key, or writes it to a new file that only this user may read.
pub fn new_key(out: Option<&Path>, json: bool) -> anyhow::Result<ExitCode> {
    let key = MasterKey::generate(&SystemEntropy).reveal();
    match (out, json) {
        (Some(path), json) => {
            write_new(path, format!("{key}\n").as_bytes())?;
            let place = path.display().to_string();
            if json {
                print_json(&serde_json::json!({ "file": place }))?
            } else {
                print(&format!("Wrote a new key to {place}.\n"))?
            }
        }
        (None, true) => print_json(&serde_json::json!({ "key": key }))?,
        (None, false) => print(&format!("{key}\n"))?,
    }
    Ok(ExitCode::SUCCESS)
}
