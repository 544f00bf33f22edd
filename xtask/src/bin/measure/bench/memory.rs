//! Resident memory at rest, before and after work.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use super::figures::Figures;
use super::sign_in::people;
use crate::drive::browser::Browser;
use crate::drive::person;
use crate::drive::server::{Place, Server};

const SIGN_INS: usize = 1_000;
const GOAL_MB: f64 = 30.0;

/// At first idle, and a minute after a thousand sign-ins.
pub async fn measure(figures: &mut Figures) -> Result<()> {
    let place = Place::new("memory")?;
    let server = place.start().await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let first = resident_mb(&server)?;
    figures.note("Resident memory at first idle", format!("{first:.1} MB"), "under 30 MB", first < GOAL_MB);

    let emails = people(&place, &server.mailbox()?, 20).await?;
    for email in emails.iter().cycle().take(SIGN_INS) {
        person::sign_in(&Browser::new(place.url())?, email).await?;
    }
    let busy = resident_mb(&server)?;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let after = resident_mb(&server)?;
    figures.note(
        "Resident memory 60 s after 1,000 sign-ins",
        format!("{after:.1} MB ({busy:.1} MB right after them)"),
        "under 30 MB",
        after < GOAL_MB,
    );
    Ok(())
}

fn resident_mb(server: &Server) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).context("reading the server's status")?;
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok())
        .context("no VmRSS in the status")?;
    Ok(kib * 1024.0 / 1_000_000.0)
}
