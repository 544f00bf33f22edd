//! The same work on a thousand users and on a million.

use std::time::Duration;

use anyhow::{Context, Result};
use housekey_core::password::{Argon2Cost, HashMemory, Password, hash};
use xtask::clock::Stopwatch;

use super::figures::{Figures, ms, percentile};
use super::seed::{self, Seed, address};
use crate::drive::browser::Browser;
use crate::drive::person::{self, PASSWORD};
use crate::drive::server::{Place, Server};

const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;
const SIGN_INS: u64 = 200;
const CHECKS: u64 = 2_000;

/// Medians on both, taken in turn, and what the million costs.
pub async fn measure(figures: &mut Figures) -> Result<()> {
    let (mut few, mut many) = (House::of(FEW).await?, House::of(MANY).await?);
    for number in 0..SIGN_INS {
        few.sign_in(number).await?;
        many.sign_in(number).await?;
    }
    for number in 0..CHECKS {
        few.check(number).await?;
        many.check(number).await?;
    }
    for (name, few, many) in [
        ("Sign-in with 1,000,000 users", &mut few.sign_ins, &mut many.sign_ins),
        ("Account page (session check) with 1,000,000 users", &mut few.checks, &mut many.checks),
    ] {
        let (few, many) = (percentile(few, 50), percentile(many, 50));
        let times = many.as_secs_f64() / few.as_secs_f64();
        figures.note(
            name,
            format!("{} median, {times:.2} times that of 1,000 users ({})", ms(many), ms(few)),
            "at most 1.3 times",
            times <= 1.3,
        );
    }
    few.server.stop().await?;
    many.server.stop().await
}

/// A server with so many users, and what was measured on it.
struct House {
    users: u64,
    place: Place,
    server: Server,
    browsers: Vec<Browser>,
    sign_ins: Vec<Duration>,
    checks: Vec<Duration>,
}

impl House {
    async fn of(users: u64) -> Result<Self> {
        let place = Place::new("scale")?;
        place.start().await?.stop().await?;
        let seed = Seed { users, clients: 0, sessions: 0 };
        seed::sqlite(&place.folder().join("data/housekey.db"), seed, &password()?)?;
        let server = place.start().await?;
        Ok(Self { users, place, server, browsers: Vec::new(), sign_ins: Vec::new(), checks: Vec::new() })
    }

    async fn sign_in(&mut self, number: u64) -> Result<()> {
        let browser = Browser::new(self.place.url())?;
        let watch = Stopwatch::start();
        // Far apart from one another, wherever they lie in the file.
        person::sign_in(&browser, &address(number * 7_919 * (self.users / FEW) % self.users)).await?;
        self.sign_ins.push(watch.elapsed());
        self.browsers.push(browser);
        Ok(())
    }

    async fn check(&mut self, number: u64) -> Result<()> {
        let browser = self.browsers.get((number % SIGN_INS) as usize).context("nobody is signed in")?;
        let watch = Stopwatch::start();
        browser.get("/account").await?.at("/account")?;
        self.checks.push(watch.elapsed());
        Ok(())
    }
}

fn password() -> Result<String> {
    let cost = Argon2Cost::DEFAULT;
    let password = Password::parse(PASSWORD.to_owned())?;
    let made = hash(&password, cost, [7; 16], &mut HashMemory::new(cost));
    Ok(made.expose().to_owned())
}
