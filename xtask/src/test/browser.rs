//! The browser tests: Playwright, Debian's Chromium, and the real program,
//! built with the test kit so that a test can move its clock.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Stage;
use super::tally::Tally;
use xtask::machine::Found;
use xtask::process::{must, succeeds};

/// The apps in `examples/` that the tests build and start.
const EXAMPLES: [&str; 3] = ["clerk-express", "clerk-nextjs", "clerk-react"];

/// Builds the program, installs the packages that the lock files name, and
/// runs the tests.
pub fn run(stage: &Stage) -> Result<Tally> {
    let folder = stage.root.join("e2e");
    let program = program(&stage.root)?;
    install_packages(&stage.found, &folder)?;
    for example in EXAMPLES {
        install_packages(&stage.found, &stage.root.join("examples").join(example))?;
    }
    // Clerk's scripts as they are published, which the program takes with their sums.
    must(node(&stage.found, &folder, "node").arg("support/pack.js"))?;
    let report = folder.join("test-results/report.json");
    let _ = fs::remove_file(&report);
    let chromium = stage.found.chromium.as_deref().context("no Chromium")?;
    let well = succeeds(
        node(&stage.found, &folder, "npx")
            .args(["--no-install", "playwright", "test"])
            .args(grep(&stage.filter))
            .env("HOUSEKEY_PROGRAM", program)
            .env("HOUSEKEY_CHROMIUM", chromium)
            .env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report),
    )?;
    let tally = Tally::of_playwright(&report).unwrap_or_default();
    let nothing_asked = !stage.filter.is_empty() && tally == Tally::default();
    Ok(tally.with_verdict(well || nothing_asked))
}

/// The tests whose name holds one of these; all of them without.
fn grep(filter: &[String]) -> Vec<String> {
    if filter.is_empty() { Vec::new() } else { vec!["--grep".into(), filter.join("|")] }
}

/// Kept apart: the same file name without the test kit is what everybody else
/// means by it. Asked for beside a test of the whole workspace, it takes over
/// all that the Rust tests compiled, and is the one thing that is built anew.
fn program(root: &Path) -> Result<PathBuf> {
    must(
        Command::new("cargo")
            .args(["build", "--workspace", "--bin", "housekey", "--test", "house"])
            .args(["--features", "housekey-server/testkit"])
            .current_dir(root),
    )?;
    let kept = root.join("target/xtask/housekey-testkit");
    fs::create_dir_all(root.join("target/xtask"))?;
    fs::copy(root.join("target/debug/housekey"), &kept).context("keeping the built program")?;
    Ok(kept)
}

fn install_packages(found: &Found, folder: &Path) -> Result<()> {
    let wanted = fs::read(folder.join("package-lock.json"))
        .with_context(|| format!("reading package-lock.json in {}", folder.display()))?;
    let mark = folder.join("node_modules/.installed-from");
    if fs::read(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    must(
        node(found, folder, "npm").args(["ci", "--no-audit", "--no-fund"]).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"),
    )?;
    fs::write(mark, wanted).context("noting what was installed")
}

/// A command of Node's, with the Node that is new enough first on `PATH`.
fn node(found: &Found, folder: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    if let Some(first) = &found.node {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(first.clone()).chain(std::env::split_paths(&path));
        if let Ok(joined) = std::env::join_paths(folders) {
            command.env("PATH", joined);
        }
    }
    command
}
