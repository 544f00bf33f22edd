//! `housekey config …`

use std::process::ExitCode;

use crate::{
    config::{Config, Flags, Report, Shown, load, reference_json, reference_markdown},
    control::{Ask, ask},
    out::{print, print_json},
};

/// The exit code of a configuration that `serve` would refuse.
pub const UNFIT: u8 = 2;

/// `config check`.
pub fn check(flags: &Flags, json: bool) -> anyhow::Result<ExitCode> {
    match load(flags) {
        Ok(config) => {
            if json {
                print_json(&serde_json::json!({ "ok": true, "file": config.file_name(), "faults": [] }))?;
            } else {
                print(&passed(&config))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(report) => refuse(&report, json),
    }
}

/// Prints all faults; `serve` says the same when it refuses to start.
pub fn refuse(report: &Report, json: bool) -> anyhow::Result<ExitCode> {
    if json {
        print_json(&report.json())?;
    } else {
        eprint!("{report}");
    }
    Ok(ExitCode::from(UNFIT))
}

/// `config show`: what a running server has, else what one would start with.
pub fn show(flags: &Flags, json: bool) -> anyhow::Result<ExitCode> {
    let config = match load(flags) {
        Ok(config) => config,
        Err(report) => return refuse(&report, json),
    };
    let running: Option<Shown> = ask(&config.server.data, &Ask::ConfigShow)?;
    let shown = running.unwrap_or_else(|| Shown::of(&config));
    if json {
        print_json(&serde_json::to_value(&shown)?)?
    } else {
        print(&shown.toml())?
    }
    Ok(ExitCode::SUCCESS)
}

/// `config reference`.
pub fn reference(json: bool) -> anyhow::Result<ExitCode> {
    if json {
        print_json(&reference_json())?
    } else {
        print(&reference_markdown())?
    }
    Ok(ExitCode::SUCCESS)
}

fn passed(config: &Config) -> String {
    let mode = if config.mode.is_production() { "production" } else { "development" };
    let url = config.settings.settings.public_url.as_ref().map_or("", |url| url.as_str());
    format!("The configuration is sound ({}; {mode} at {url}).\n", config.file_name())
}
