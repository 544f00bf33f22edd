//! The measuring program behind `cargo xtask bench` and `cargo xtask crash`.

mod bench;
mod crash;
mod drive;
mod trace;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

/// The server's own, so that what is measured in this process is what it does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure and compare
    Bench {
        /// One figure alone
        only: Vec<String>,
    },
    /// Kill under load and look for what was lost
    Crash {
        /// How many times
        #[arg(long, default_value_t = 20)]
        rounds: u32,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Bench { only } => bench::run(&only).await,
        Command::Crash { rounds } => crash::run(rounds).await,
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("measure: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The server's program, built beforehand by whoever calls.
fn program() -> anyhow::Result<PathBuf> {
    std::env::var_os("HOUSEKEY_PROGRAM")
        .map(PathBuf::from)
        .context("HOUSEKEY_PROGRAM names no program; call this through `cargo xtask`")
}
