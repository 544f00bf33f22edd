//! `housekey clerk bundles …`: files in the data folder, so a running server is not asked.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{anyhow, bail};
use housekey_core::bundle::Wanted;
use serde_json::json;

use super::refuse;
use crate::{
    bundles::{self, Integrity, Kept, Registry, Shelf, Spec},
    config::{Config, Flags, load},
    out::{print, print_json},
};

/// Where packages are taken from.
pub enum BundleFrom {
    /// A file, with the sum that it was published with.
    File(PathBuf, Integrity),
    /// The registry.
    Registry(Vec<Spec>),
}

impl BundleFrom {
    /// As the command line says it.
    pub fn of(
        file: Option<PathBuf>,
        integrity: Option<String>,
        from_registry: Option<Vec<String>>,
    ) -> anyhow::Result<Self> {
        match (file, integrity, from_registry) {
            (Some(file), Some(integrity), None) => Ok(Self::File(file, integrity.parse()?)),
            (None, None, Some(names)) if names.is_empty() => Ok(Self::Registry(Spec::tried()?)),
            (None, None, Some(names)) => Ok(Self::Registry(names.iter().map(|n| n.parse()).collect::<Result<_, _>>()?)),
            _ => Err(anyhow!("write a file with its `--integrity`, or `--from-registry`")),
        }
    }
}

/// `clerk bundles add`.
pub fn add(flags: &Flags, from: BundleFrom, json: bool) -> anyhow::Result<ExitCode> {
    let config = match load(flags) {
        Ok(config) => config,
        Err(report) => return refuse(&report, json),
    };
    let shelf = Shelf::of(&config.server.data);
    let kept = match from {
        BundleFrom::File(path, integrity) => vec![shelf.add(&bundles::read(&path)?, &integrity, None)?],
        BundleFrom::Registry(specs) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(from_registry(&config, &shelf, &specs))?
        }
    };
    if json {
        print_json(&json!({ "kept": kept }))?;
    } else {
        for one in &kept {
            print(&format!("Kept {} {}: {}, sum checked.\n", one.package, one.version, size(one)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn from_registry(config: &Config, shelf: &Shelf, specs: &[Spec]) -> anyhow::Result<Vec<Kept>> {
    let registry = Registry::new(config.settings.settings.clerk.registry.as_ref())?;
    let mut kept = Vec::new();
    for spec in specs {
        let found = registry.take(spec).await?;
        kept.push(shelf.add(&found.packed, &found.integrity, Some((spec.package, &found.version)))?);
    }
    Ok(kept)
}

/// `clerk bundles list`.
pub fn list(flags: &Flags, json: bool) -> anyhow::Result<ExitCode> {
    let config = match load(flags) {
        Ok(config) => config,
        Err(report) => return refuse(&report, json),
    };
    let kept = Shelf::of(&config.server.data).list()?;
    if json {
        print_json(&json!({ "kept": kept }))?;
    } else if kept.is_empty() {
        print("There is none yet; `housekey clerk bundles add --from-registry` takes both packages.\n")?;
    } else {
        let line =
            |one: &Kept| format!("{:<16} {:<10} {:<24} {}\n", one.package, one.version, size(one), one.integrity);
        print(&kept.iter().map(line).collect::<String>())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `clerk bundles remove`.
pub fn remove(flags: &Flags, which: &str, json: bool) -> anyhow::Result<ExitCode> {
    let config = match load(flags) {
        Ok(config) => config,
        Err(report) => return refuse(&report, json),
    };
    let Spec { package, wanted: Wanted::Exact(version) } = which.parse()? else {
        bail!("{which} is no whole version; `housekey clerk bundles list` shows them");
    };
    let removed = Shelf::of(&config.server.data).remove(package, &version)?;
    if json {
        print_json(&json!({ "removed": removed }))?;
    } else {
        print(&format!("Removed {package} {version}.\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn size(kept: &Kept) -> String {
    format!("{} files, {:.1} MB", kept.files, kept.bytes as f64 / 1e6)
}
