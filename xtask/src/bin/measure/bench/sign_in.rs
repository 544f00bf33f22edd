//! Password sign-ins over HTTP, beside what the machine can hash at all, and
//! whether anybody else is still served meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use housekey_core::password::{Argon2Cost, HashMemory, Password, hash};
use reqwest::StatusCode;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use url::Url;
use xtask::clock::Stopwatch;

use super::figures::{Figures, ms, percentile};
use crate::drive::browser::{Browser, Field};
use crate::drive::person::{self, PASSWORD};
use crate::drive::server::Place;
use crate::drive::wire::{Ready, Wire};

const PEOPLE: usize = 40;
const SIGN_INS: usize = 1500;
/// The machine's rate is taken between so many parts: it wavers where others share the processor.
const PARTS: usize = 5;
const AT_ONCE: usize = 16;

/// Hashes without us and sign-ins with us, in turn: each part is compared with the mean of the hashes before and after
/// it, and the median of the parts counts.
pub async fn measure(figures: &mut Figures) -> Result<()> {
    let place = Place::new("sign-in")?;
    let server = place.start().await?;
    let emails = people(&place, &server.mailbox()?, PEOPLE).await?;
    let mut ready = at_password_step(&place, &emails, SIGN_INS).await?;

    let mut waits = Vec::new();
    let mut parts = Vec::new();
    let mut before = raw_rate()?;
    for _ in 0..PARTS {
        let part = ready.split_off(ready.len() - SIGN_INS / PARTS);
        let stop = Arc::new(AtomicBool::new(false));
        let probe = tokio::spawn(healthz(place.url().clone(), stop.clone()));
        let rate = flood(place.url(), part).await?;
        stop.store(true, Ordering::SeqCst);
        waits.extend(probe.await??);
        let after = raw_rate()?;
        let raw = f64::midpoint(before, after);
        parts.push((rate / raw, rate, raw));
        before = after;
    }
    parts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (share, rate, raw) = parts.get(PARTS / 2).copied().context("nothing was measured")?;
    figures.note(
        "Password sign-ins over HTTP",
        format!("{rate:.0}/s, {:.0} % of the raw Argon2id rate ({raw:.0}/s)", share * 100.0),
        "at least 90 % of the raw rate",
        share >= 0.9,
    );
    let p99 = percentile(&mut waits, 99);
    figures.note(
        "`/healthz` meanwhile, p99",
        format!("{} of {} requests", ms(p99), waits.len()),
        "under 20 ms",
        p99 < Duration::from_millis(20),
    );
    Ok(())
}

/// Accounts with the password that everybody here has.
pub async fn people(place: &Place, mailbox: &Url, count: usize) -> Result<Vec<String>> {
    let mut emails = Vec::new();
    for number in 0..count {
        let email = format!("person{number}@example.com");
        person::sign_up(&Browser::new(place.url())?, mailbox, &email).await?;
        emails.push(email);
    }
    Ok(emails)
}

/// Hashes a second on all cores, with kept buffers and the product's cost.
fn raw_rate() -> Result<f64> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let per_core = 100;
    let watch = Stopwatch::start();
    let workers: Vec<_> = (0..cores).map(|_| std::thread::spawn(move || hashes(per_core))).collect();
    for worker in workers {
        match worker.join() {
            Ok(done) => done?,
            Err(_) => bail!("a hashing thread gave up"),
        }
    }
    Ok((cores * per_core) as f64 / watch.elapsed().as_secs_f64())
}

fn hashes(count: usize) -> Result<()> {
    let cost = Argon2Cost::DEFAULT;
    let password = Password::parse(PASSWORD.to_owned())?;
    let mut memory = HashMemory::new(cost);
    for _ in 0..count {
        std::hint::black_box(hash(&password, cost, [7; 16], &mut memory));
    }
    Ok(())
}

async fn at_password_step(place: &Place, emails: &[String], count: usize) -> Result<Vec<Ready>> {
    let mut ready = Vec::new();
    for email in emails.iter().cycle().take(count) {
        let browser = Browser::new(place.url())?;
        let page = browser.get("/sign-in").await?;
        let page = browser.submit(&page, &[(Field::Email, email)]).await?.at("/password")?;
        ready.push(browser.make_ready(&page, &[(Field::Password, PASSWORD)])?);
    }
    Ok(ready)
}

/// Everybody sends the password at once; sign-ins a second, each until the redirect to the account with its cookies.
async fn flood(home: &Url, ready: Vec<Ready>) -> Result<f64> {
    let count = ready.len();
    let queue = Arc::new(Mutex::new(ready));
    let watch = Stopwatch::start();
    let mut work: JoinSet<Result<()>> = JoinSet::new();
    for _ in 0..AT_ONCE {
        let queue = queue.clone();
        let mut wire = Wire::open(home).await?;
        work.spawn(async move {
            loop {
                let Some(form) = queue.lock().await.pop() else {
                    return Ok(());
                };
                let status = wire.send(&form).await?;
                if status != StatusCode::SEE_OTHER {
                    bail!("a sign-in was answered {status}");
                }
            }
        });
    }
    while let Some(done) = work.join_next().await {
        done??;
    }
    Ok(count as f64 / watch.elapsed().as_secs_f64())
}

async fn healthz(home: Url, stop: Arc<AtomicBool>) -> Result<Vec<Duration>> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
    let address = home.join("/healthz")?;
    let mut waits = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let watch = Stopwatch::start();
        client.get(address.clone()).send().await?.error_for_status()?.bytes().await?;
        waits.push(watch.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(waits)
}
