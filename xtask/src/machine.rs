//! What the tests need of the machine, how to find it, and how to get it on
//! Debian as root. Elsewhere we say exactly what is missing.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{found, must, output};

/// Node's oldest version that the browser tests run on.
const NODE: (u32, u32) = (20, 9);
/// The oldest PostgreSQL whose clusters can sort by ICU.
const POSTGRES: u32 = 15;

/// What a kind of test asks of the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// `initdb`, `pg_ctl` and the server.
    Postgres,
    /// To see what the server does to its files, and to break it.
    Strace,
    /// The browser.
    Chromium,
    /// What drives the browser.
    Node,
}

/// Where the things that are not simply on `PATH` were found.
#[derive(Default, Debug)]
pub struct Found {
    /// The folder of PostgreSQL's programs.
    pub postgres: Option<PathBuf>,
    /// The folder of `node`, where it is not on `PATH`.
    pub node: Option<PathBuf>,
    /// The browser.
    pub chromium: Option<PathBuf>,
}

/// Looks for everything that is needed, installs what is missing if it can,
/// and otherwise fails with the whole list.
pub fn provide(needs: &[Need], workspace: &Path) -> Result<Found> {
    let tools = workspace.join("target/xtask");
    let mut machine = look(&tools);
    let mut missing = lacking(needs, &machine);
    if missing.is_empty() {
        return Ok(machine);
    }
    if !can_install() {
        bail!("{}", what_to_install(&missing));
    }
    println!("missing here: {}; installing", names(&missing));
    install(&missing, &tools)?;
    machine = look(&tools);
    missing = lacking(needs, &machine);
    if missing.is_empty() {
        return Ok(machine);
    }
    bail!("still missing after the installation: {}\n{}", names(&missing), what_to_install(&missing))
}

/// Whether this process is root.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn look(tools: &Path) -> Found {
    Found {
        postgres: postgres_folder(),
        node: node_folder(tools),
        chromium: ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| found(name)),
    }
}

fn lacking(needs: &[Need], machine: &Found) -> Vec<Need> {
    let here = |need: &Need| match need {
        Need::Postgres => machine.postgres.is_some(),
        Need::Strace => found("strace").is_some(),
        Need::Chromium => machine.chromium.is_some(),
        Need::Node => machine.node.is_some(),
    };
    needs.iter().copied().filter(|need| !here(need)).collect()
}

fn can_install() -> bool {
    is_root() && Path::new("/etc/debian_version").exists() && found("apt-get").is_some()
}

fn install(missing: &[Need], tools: &Path) -> Result<()> {
    apt(&["update"])?;
    for need in missing {
        match need {
            Need::Postgres => {
                let named = output(Command::new("apt-cache").args(["show", "postgresql-15"])).is_ok();
                apt(&["install", if named { "postgresql-15" } else { "postgresql" }])?;
            }
            Need::Strace => apt(&["install", "strace"])?,
            Need::Chromium => apt(&["install", "chromium", "fonts-dejavu-core"])?,
            Need::Node => install_node(tools)?,
        }
    }
    Ok(())
}

fn apt(arguments: &[&str]) -> Result<()> {
    must(
        Command::new("apt-get")
            .args(["-y", "-q", "--no-install-recommends"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

/// Debian's Node where it is new enough; else the registry's package of the
/// same name, which carries the program.
fn install_node(tools: &Path) -> Result<()> {
    if found("npm").is_none() {
        apt(&["install", "nodejs", "npm"])?;
    }
    if node_folder(tools).is_some() {
        return Ok(());
    }
    fs::create_dir_all(tools)?;
    must(
        Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"])
            .arg(tools)
            .arg("node@22"),
    )
    .context("getting Node from the npm registry")
}

fn node_folder(tools: &Path) -> Option<PathBuf> {
    let ours = tools.join("node_modules/node/bin/node");
    [found("node"), Some(ours)]
        .into_iter()
        .flatten()
        .find(|node| new_enough_node(node))
        .and_then(|node| node.parent().map(Path::to_path_buf))
}

fn new_enough_node(node: &Path) -> bool {
    output(Command::new(node).arg("--version"))
        .ok()
        .and_then(|text| version(&text))
        .is_some_and(|version| version >= NODE)
}

fn postgres_folder() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<(u32, PathBuf)> = debian
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            Some((number, entry.path().join("bin")))
        })
        .collect();
    if let Some(folder) = found("initdb").and_then(|file| {
        // A link in a folder of links says nothing of what else the server came with.
        Some(std::fs::canonicalize(file).ok()?.parent()?.to_path_buf())
    }) {
        let said = output(Command::new(folder.join("initdb")).arg("--version")).unwrap_or_default();
        if let Some((major, _)) = version(&said) {
            folders.push((major, folder));
        }
    }
    folders.retain(|(major, folder)| {
        *major >= POSTGRES && ["initdb", "pg_ctl", "postgres"].iter().all(|file| folder.join(file).exists())
    });
    folders.into_iter().max_by_key(|(major, _)| *major).map(|(_, folder)| folder)
}

/// The first `N.N` in what a program says of its version.
fn version(said: &str) -> Option<(u32, u32)> {
    said.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let mut numbers = word.split('.').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    })
}

fn names(missing: &[Need]) -> String {
    let names: Vec<String> = missing.iter().map(|need| format!("{need:?}")).collect();
    names.join(", ")
}

fn what_to_install(missing: &[Need]) -> String {
    let mut text = String::from("these tests need what this machine lacks:\n");
    for need in missing {
        text.push_str(match need {
            Need::Postgres => "  PostgreSQL 15 or newer with its server programs (Debian: apt-get install postgresql)\n",
            Need::Strace => "  strace (Debian: apt-get install strace)\n",
            Need::Chromium => "  Chromium (Debian: apt-get install chromium)\n",
            Need::Node => "  Node 20.9 or newer with npm (Debian: apt-get install nodejs npm; where that is older, npm install -g node@22)\n",
        });
    }
    text.push_str("On Debian, as root, `cargo xtask test` installs them by itself.");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_say() {
        assert_eq!(version("v20.20.2\n"), Some((20, 20)));
        assert_eq!(version("initdb (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some((15, 18)));
        assert_eq!(version("no number"), None);
    }

    #[test]
    fn everything_missing_is_named_at_once() {
        let text = what_to_install(&[Need::Postgres, Need::Strace, Need::Chromium, Need::Node]);
        for name in ["PostgreSQL 15", "strace", "Chromium", "Node 20.9"] {
            assert!(text.contains(name), "{text}");
        }
    }
}
