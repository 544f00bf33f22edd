//! The gate in front of what may be tried: what a decision costs, what a flood of addresses leaves behind, and how fast
//! solved challenges are checked.

use std::fs;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use aws_lc_rs::pbkdf2;
use base64::{Engine, engine::general_purpose::STANDARD};
use housekey::SystemEntropy;
use housekey_core::challenge::{Action, ChallengeKeys, Level, Posed, Work};
use housekey_core::keyring::{Keyring, MasterKey};
use housekey_core::limits::Limits;
use housekey_core::time::Time;
use housekey_store::Store;
use housekey_store::gate::Gate;
use housekey_store::limits::Spend;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use xtask::clock::Stopwatch;

use super::figures::{Figures, median, percentile};
use super::seed;
use crate::drive::server::Place;

const TRACKED: u64 = 100_000;
const ADDRESSES: u64 = 1_000_000;
const TASKS: u64 = 256;
const DECISIONS: usize = 5_000;
const TURNS: usize = 31;
const CHECKS: u32 = 2_000;
const HOST: &str = "auth.example.com";

/// All three.
pub async fn measure(figures: &mut Figures) -> Result<()> {
    let place = Place::new("gate")?;
    let store = Store::sqlite(place.folder().join("gate.db"))?;
    store.migrate(seed::now()).await?;
    fill(&store, 0, TRACKED).await?;
    let mut times = Vec::with_capacity(DECISIONS);
    for number in 0..DECISIONS {
        // Every one is of an address and an account that are tracked.
        let gate = password_gate(number as u64 % TRACKED);
        let watch = Stopwatch::start();
        store.pass(gate, seed::now()).await?;
        times.push(watch.elapsed());
    }
    let (middle, late) = (percentile(&mut times, 50), percentile(&mut times, 99));
    figures.note(
        "A gate's decision on a password (8 buckets), 100,000 keys tracked, SQLite",
        format!("{:.0} µs median, {:.0} µs p99", micros(middle), micros(late)),
        "under 200 µs",
        micros(middle) < 200.0,
    );
    flood(figures, &store).await?;
    store.close().await;
    check(figures)
}

/// A password's gate as sign-in asks it: two figures of the address and two of the account, each as two buckets.
fn password_gate(number: u64) -> Gate {
    let limits = Limits::default();
    let bucket = |kind: u8, limit| Spend { name: name(kind, number), limit };
    Gate {
        outer: vec![
            bucket(0, limits.sign_in_address_minute.times(10)),
            bucket(1, limits.sign_in_address_hour.times(10)),
        ],
        eased: vec![
            bucket(2, limits.sign_in_address_minute),
            bucket(3, limits.sign_in_address_hour),
            bucket(4, limits.password_account),
            bucket(5, limits.password_account),
        ],
        inner: vec![bucket(6, limits.password_account.times(10)), bucket(7, limits.password_account.times(10))],
        failures: Some(name(8, number)),
        ..Gate::default()
    }
}

fn name(kind: u8, number: u64) -> [u8; 32] {
    let mut name = [kind; 32];
    // Spread as the keyed hashes of a house are.
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    name.iter_mut().zip(spread.to_be_bytes()).for_each(|(to, from)| *to = from);
    name
}

/// Counts one try each of so many addresses.
async fn fill(store: &Store, from: u64, many: u64) -> Result<()> {
    let next = Arc::new(AtomicU64::new(from));
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (store, next) = (store.clone(), next.clone());
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= from + many {
                    return Ok::<_, housekey_store::StoreError>(());
                }
                let spend = Spend { name: name(0, number), limit: Limits::default().sign_in_address_minute.times(10) };
                store.spend(vec![spend], seed::now()).await?;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

/// A million addresses: they are rows, which go by themselves, and nothing of them stays in memory.
async fn flood(figures: &mut Figures, store: &Store) -> Result<()> {
    let before = resident_mb()?;
    fill(store, TRACKED, ADDRESSES).await?;
    let after = resident_mb()?;
    let later = seed::now().plus(Duration::from_secs(3_600));
    let mut gone = 0;
    loop {
        let piece = store.sweep(later, Duration::from_secs(86_400)).await?;
        gone += piece;
        if piece == 0 {
            break;
        }
    }
    let grown = after - before;
    figures.note(
        "Memory that 1,000,000 addresses add, each counted",
        format!("{grown:.1} MB; {gone} counters swept away an hour later"),
        "under 32 MB, and nothing stays",
        grown < 32.0 && gone >= ADDRESSES,
    );
    Ok(())
}

/// A solved challenge: signature, binding and key.
fn check(figures: &mut Figures) -> Result<()> {
    let entropy = SystemEntropy;
    let keys = ChallengeKeys::of(&Keyring::new(MasterKey::generate(&entropy), Vec::new()));
    let one = NonZeroU32::MIN;
    let work = Work { passes: one, tries: one };
    let now: Time = seed::now();
    let posed = Posed { action: Action::SignIn, host: HOST, level: Level::Light, work };
    let shown = solved(&keys.pose(posed, now, &entropy).context("no challenge")?)?;
    keys.check(&shown, Action::SignIn, HOST, now)?;
    let mut rates = Vec::with_capacity(TURNS);
    for _ in 0..TURNS {
        let watch = Stopwatch::start();
        for _ in 0..CHECKS {
            std::hint::black_box(keys.check(std::hint::black_box(&shown), Action::SignIn, HOST, now)?);
        }
        rates.push(f64::from(CHECKS) / watch.elapsed().as_secs_f64());
    }
    let rate = median(&mut rates);
    let goal = "at least 50,000/s";
    figures.note("Solved challenges checked, one core", format!("{rate:.0}/s"), goal, rate >= 50_000.0);
    Ok(())
}

/// The one try that this cheapest of challenges takes.
fn solved(challenge: &str) -> Result<String> {
    let challenge: Value = serde_json::from_str(challenge)?;
    let field = |name: &str| -> Result<Vec<u8>> {
        let text = challenge
            .pointer(&format!("/parameters/{name}"))
            .and_then(serde_json::Value::as_str)
            .context("a parameter is missing")?;
        (0..text.len() / 2).map(|at| Ok(u8::from_str_radix(&text[at * 2..at * 2 + 2], 16)?)).collect()
    };
    let (nonce, salt) = (field("nonce")?, field("salt")?);
    let counter = 1_u32;
    let mut key = [0; 32];
    let password = [nonce.as_slice(), &counter.to_be_bytes()].concat();
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, NonZeroU32::MIN, &salt, &password, &mut key);
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let payload = json!({"challenge": challenge, "solution": {"counter": counter, "derivedKey": hex}});
    Ok(STANDARD.encode(serde_json::to_vec(&payload)?))
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn resident_mb() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok())
        .context("no VmRSS in the status")?;
    Ok(kib * 1024.0 / 1_000_000.0)
}
