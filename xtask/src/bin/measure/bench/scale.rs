//! The same work on a thousand users and on a million.

use std::time::Duration;

use anyhow::Result;
use housekey_core::password::{Argon2Cost, HashMemory, Password, hash};
use xtask::clock::Stopwatch;

use super::figures::{Figures, ms, percentile};
use super::seed::{self, Seed, address};
use crate::drive::browser::Browser;
use crate::drive::person::{self, PASSWORD};
use crate::drive::server::Place;

const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;
const SIGN_INS: u64 = 200;
const CHECKS: u64 = 2_000;

/// Medians on both, and what the million costs.
pub async fn measure(figures: &mut Figures) -> Result<()> {
    let (sign_in_few, check_few) = on(FEW).await?;
    let (sign_in_many, check_many) = on(MANY).await?;
    for (name, few, many) in [
        ("Sign-in with 1,000,000 users", sign_in_few, sign_in_many),
        ("Account page (session check) with 1,000,000 users", check_few, check_many),
    ] {
        let times = many.as_secs_f64() / few.as_secs_f64();
        figures.note(
            name,
            format!("{} median, {times:.2} times that of 1,000 users ({})", ms(many), ms(few)),
            "at most 1.3 times",
            times <= 1.3,
        );
    }
    Ok(())
}

async fn on(users: u64) -> Result<(Duration, Duration)> {
    let place = Place::new("scale")?;
    place.start().await?.stop().await?;
    let seed = Seed { users, clients: 0, sessions: 0 };
    seed::sqlite(&place.folder().join("data/housekey.db"), seed, &password()?)?;
    let server = place.start().await?;
    let mut sign_ins = Vec::new();
    let mut browsers = Vec::new();
    for number in 0..SIGN_INS {
        let browser = Browser::new(place.url())?;
        let watch = Stopwatch::start();
        // Far apart from one another, wherever they lie in the file.
        person::sign_in(&browser, &address(number * 7_919 * (users / FEW) % users)).await?;
        sign_ins.push(watch.elapsed());
        browsers.push(browser);
    }
    let mut checks = Vec::new();
    for browser in browsers.iter().cycle().take(usize::try_from(CHECKS)?) {
        let watch = Stopwatch::start();
        browser.get("/account").await?.at("/account")?;
        checks.push(watch.elapsed());
    }
    server.stop().await?;
    Ok((percentile(&mut sign_ins, 50), percentile(&mut checks, 50)))
}

fn password() -> Result<String> {
    let cost = Argon2Cost::DEFAULT;
    let password = Password::parse(PASSWORD.to_owned())?;
    let made = hash(&password, cost, [7; 16], &mut HashMemory::new(cost));
    Ok(made.expose().to_owned())
}
