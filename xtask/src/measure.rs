//! `bench` and `crash` link the whole product, so they are a program of their
//! own, built when it is asked for.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;
use xtask::machine::{self, Need};
use xtask::postgres::{Cluster, Durability};
use xtask::process::{must, succeeds};
use xtask::workspace;

/// How to measure.
#[derive(Args)]
pub struct BenchOptions {
    /// Measure one thing alone, by its name in docs/performance.md; nothing is written then
    only: Vec<String>,
}

/// How to crash.
#[derive(Args)]
pub struct CrashOptions {
    /// How many times to kill
    #[arg(long, default_value_t = 20)]
    rounds: u32,
}

/// Measures with the optimised program.
pub fn bench(options: &BenchOptions) -> Result<bool> {
    let root = workspace()?;
    let found = machine::provide(&[Need::Postgres], &root)?;
    let bin = found.postgres.context("no PostgreSQL")?;
    must(Command::new("cargo").args(["build", "--release", "--package", "housekey-server"]).current_dir(&root))?;
    let cluster = Cluster::start(&bin, Durability::On)?;
    succeeds(
        Command::new("cargo")
            .args(["run", "--release", "--package", "xtask", "--features", "bench", "--bin", "measure", "--", "bench"])
            .args(&options.only)
            .current_dir(&root)
            .env("HOUSEKEY_PROGRAM", root.join("target/release/housekey"))
            .env("HOUSEKEY_BENCH_POSTGRES", cluster.url())
            .env("HOUSEKEY_PGBENCH", bin.join("pgbench")),
    )
}

/// Attacks the flows, with the clock and the cheap hashes of tests.
pub fn attack(words: &[String]) -> Result<bool> {
    let root = workspace()?;
    succeeds(
        Command::new("cargo")
            .args(["run", "--profile", "attack", "--package", "xtask", "--features", "attack", "--bin", "attack", "--"])
            .args(words)
            .current_dir(&root),
    )
}

/// Crashes the program as `cargo build` makes it.
pub fn crash(options: &CrashOptions) -> Result<bool> {
    let root = workspace()?;
    machine::provide(&[Need::Strace], &root)?;
    let built = ["--package", "housekey-server", "--package", "xtask", "--features", "xtask/bench"];
    must(Command::new("cargo").arg("build").args(built).current_dir(&root))?;
    crash_program(&root, &root.join("target/debug/housekey"), options.rounds)
}

/// Crashes a program that is built, beside the measuring program that is too, where the machine has what it takes.
pub fn crash_program(root: &Path, program: &Path, rounds: u32) -> Result<bool> {
    succeeds(
        Command::new(root.join("target/debug/measure"))
            .args(["crash", "--rounds", &rounds.to_string()])
            .current_dir(root)
            .env("HOUSEKEY_PROGRAM", program),
    )
}
