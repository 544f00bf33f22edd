//! `cargo xtask test`: everything a change has to pass, and a summary.

mod browser;
mod crash;
mod plain;
mod readme;
mod shipped;
mod tally;
mod unit;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};

use tally::Tally;
use xtask::clock::Stopwatch;
use xtask::machine::{self, Found, Need};
use xtask::postgres::{Cluster, Durability};
use xtask::workspace;

/// What to run.
#[derive(Args)]
pub struct Options {
    /// Run one part alone; may be given more than once
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Run only the tests whose name contains this
    filter: Vec<String>,
}

/// The parts of a run, in their order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Part {
    /// Unit, property, store (both databases), HTTP and example tests
    Unit,
    /// A real browser against the real program
    Browser,
    /// The README's own commands
    Readme,
    /// The real program killed under load, twenty times
    Crash,
    /// That the program as shipped holds nothing made for tests
    Plain,
}

/// What every part gets to know.
struct Stage {
    root: PathBuf,
    found: Found,
    filter: Vec<String>,
    /// The admin address of the scratch PostgreSQL, where one runs.
    postgres: Option<String>,
}

struct Report {
    part: Part,
    outcome: Result<Tally>,
    took: Duration,
}

/// Runs the parts asked for; true if all of them passed.
pub fn run(options: &Options) -> Result<bool> {
    let parts = chosen(options);
    let root = workspace()?;
    let found = machine::provide(&needs(&parts), &root)?;
    let cluster = match (&found.postgres, parts.contains(&Part::Unit)) {
        (Some(bin), true) => Some(Cluster::start(bin, Durability::Off)?),
        _ => None,
    };
    let stage = Stage { root, found, filter: options.filter.clone(), postgres: cluster.as_ref().map(Cluster::url) };
    let reports: Vec<Report> = parts.into_iter().map(|part| perform(part, &stage)).collect();
    drop(cluster);
    Ok(summarise(&reports))
}

/// A filter names tests, so it leaves out the parts that have no names.
fn chosen(options: &Options) -> Vec<Part> {
    let all = [Part::Unit, Part::Browser, Part::Readme, Part::Crash, Part::Plain];
    all.into_iter()
        .filter(|part| match options.only.as_slice() {
            [] => options.filter.is_empty() || matches!(part, Part::Unit | Part::Browser),
            only => only.contains(part),
        })
        .collect()
}

fn needs(parts: &[Part]) -> Vec<Need> {
    let mut needs = Vec::new();
    if parts.contains(&Part::Unit) {
        needs.extend([Need::Postgres, Need::Strace]);
    }
    if parts.contains(&Part::Crash) {
        needs.push(Need::Strace);
    }
    if parts.contains(&Part::Browser) {
        needs.extend([Need::Chromium, Need::Node]);
    }
    needs.dedup();
    needs
}

fn perform(part: Part, stage: &Stage) -> Report {
    println!("\n== {} ==", title(part));
    let watch = Stopwatch::start();
    let outcome = match part {
        Part::Unit => unit::run(stage),
        Part::Browser => browser::run(stage),
        Part::Readme => readme::run(stage),
        Part::Crash => crash::run(stage),
        Part::Plain => plain::run(stage),
    };
    Report { part, outcome, took: watch.elapsed() }
}

fn title(part: Part) -> &'static str {
    match part {
        Part::Unit => "unit, property, store, HTTP and example tests",
        Part::Browser => "browser tests",
        Part::Readme => "the README's commands",
        Part::Crash => "kills under load",
        Part::Plain => "the program as shipped",
    }
}

fn summarise(reports: &[Report]) -> bool {
    println!("\n== summary ==");
    let mut whole = Tally::default();
    for report in reports {
        let seconds = report.took.as_secs();
        match &report.outcome {
            Ok(tally) => {
                println!("{:<46} {tally}  ({seconds} s)", title(report.part));
                whole.add(tally);
            }
            Err(error) => {
                println!("{:<46} could not run: {error:#}  ({seconds} s)", title(report.part));
                whole.failed += 1;
            }
        }
    }
    for name in &whole.names {
        println!("failed: {name}");
    }
    println!("{whole}");
    whole.failed == 0
}
