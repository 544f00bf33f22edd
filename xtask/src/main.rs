//! `cargo xtask`: what the README and the landing check call.
//!
//! `test` runs everything a change has to pass, on whatever machine it finds;
//! `bench`, `attack` and `crash` measure what the product promises.

mod measure;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tests and measures Housekey")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every test; install what a Debian machine lacks for them
    Test(test::Options),
    /// Measure, compare within one run, and write docs/performance.md
    Bench(measure::BenchOptions),
    /// Simulate an attack with stolen passwords, and write what came of it to docs/protection.md
    Attack {
        /// Only those whose line in the table holds all of these
        words: Vec<String>,
    },
    /// Kill the server under load, again and again, and look for what was lost
    Crash(measure::CrashOptions),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Test(options) => test::run(&options),
        Command::Bench(options) => measure::bench(&options),
        Command::Attack { words } => measure::attack(&words),
        Command::Crash(options) => measure::crash(&options),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
