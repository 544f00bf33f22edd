//! The filter of breached passwords: how large it is, and how long a password takes to be looked up.

use anyhow::{Context, Result};
use housekey_core::breach::{BreachFilter, PasswordDigest};
use housekey_core::password::Password;
use xtask::clock::Stopwatch;

use super::figures::{Figures, median};

const HASHES: u64 = 1_000_000;
const TURNS: usize = 31;
const LOOKUPS: u32 = 2_000;

/// Of a million synthetic hashes. A lookup is all of it, the password's own hash too.
pub fn measure(figures: &mut Figures) -> Result<()> {
    // An odd factor spreads the numbers over all of their range, and meets none twice.
    let keys = (0..HASHES).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
    let filter = BreachFilter::build(keys)?;
    let bytes = filter.bytes().len() as f64 / HASHES as f64;
    figures.note(
        "Filter of breached passwords, 1,000,000 hashes",
        format!("{bytes:.2} bytes a hash"),
        "under 2 bytes a hash",
        bytes < 2.0,
    );
    let password = Password::parse("tidal lantern mosaic".to_owned()).ok().context("no password")?;
    let mut turns = Vec::with_capacity(TURNS);
    for _ in 0..TURNS {
        let watch = Stopwatch::start();
        for _ in 0..LOOKUPS {
            std::hint::black_box(filter.contains(&PasswordDigest::of(std::hint::black_box(&password))));
        }
        turns.push(watch.elapsed().as_secs_f64() * 1e6 / f64::from(LOOKUPS));
    }
    let micros = median(&mut turns);
    figures.note("A password looked up in it", format!("{micros:.2} µs"), "under 50 µs", micros < 50.0);
    Ok(())
}
