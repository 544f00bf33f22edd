//! Killing the server under load. What it answered must be there afterwards:
//! accounts, sessions, names; and a trace shows why: the log was synced before
//! the answer left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::task::JoinSet;
use url::Url;

use crate::drive::browser::Browser;
use crate::drive::person;
use crate::drive::server::Place;
use crate::trace;

/// People who keep changing their name.
const RENAMERS: u64 = 6;
/// People who come new.
const NEWCOMERS: u64 = 2;

/// Kills `rounds` times, then looks at one write through the tracer.
pub async fn run(rounds: u32) -> Result<bool> {
    let place = Place::new("crash")?;
    let crowd = open(&place).await?;
    let mut answered = 0;
    for round in 1..=rounds {
        let newcomers = load_and_kill(&place, &crowd, round).await.with_context(|| format!("round {round}"))?;
        let server = place.start().await.with_context(|| format!("starting again after kill {round}"))?;
        let names = crowd.nothing_lost().await.with_context(|| format!("after kill {round}"))?;
        for email in &newcomers {
            let browser = Browser::new(place.url())?;
            person::sign_in(&browser, email)
                .await
                .with_context(|| format!("{email} was told of an account before kill {round}"))?;
        }
        println!("kill {round}: {names} names, {} new accounts answered, none lost", newcomers.len());
        answered += names + newcomers.len() as u64;
        server.kill()?;
    }
    println!("{rounds} kills under load: {answered} answered changes, none lost");
    trace::synced_before_the_answer(&place, &crowd.first()?.browser).await?;
    println!("the log was synced before the answer left");
    println!("2 passed, 0 failed");
    Ok(true)
}

struct Crowd {
    people: Vec<Arc<Renamer>>,
}

struct Renamer {
    browser: Browser,
    /// The last number that was sent, and the last whose answer came.
    sent: AtomicU64,
    answered: AtomicU64,
    seen: AtomicU64,
}

async fn open(place: &Place) -> Result<Crowd> {
    let server = place.start().await?;
    let mailbox = server.mailbox()?;
    let mut people = Vec::new();
    for number in 0..RENAMERS {
        let browser = Browser::new(place.url())?;
        person::sign_up(&browser, &mailbox, &format!("renamer{number}@example.com")).await?;
        let zero = AtomicU64::new(0);
        people.push(Arc::new(Renamer { browser, sent: zero, answered: AtomicU64::new(0), seen: AtomicU64::new(0) }));
    }
    server.kill()?;
    Ok(Crowd { people })
}

impl Crowd {
    fn first(&self) -> Result<&Renamer> {
        self.people.first().map(AsRef::as_ref).context("an empty crowd")
    }

    /// Everybody is still signed in, under a name not older than the last that
    /// was answered. Returns how many answers this covers since the last look.
    async fn nothing_lost(&self) -> Result<u64> {
        let mut covered = 0;
        for renamer in &self.people {
            let (answered, sent) = (renamer.answered.load(Ordering::SeqCst), renamer.sent.load(Ordering::SeqCst));
            let name = person::name(&renamer.browser).await.context("a session that was answered is gone")?;
            let number: u64 = name.trim_start_matches('n').parse().unwrap_or(0);
            if number < answered || number > sent {
                bail!("the name is {name}; the last answered was n{answered}, the last sent n{sent}");
            }
            covered += answered.saturating_sub(renamer.seen.swap(answered, Ordering::SeqCst));
        }
        Ok(covered)
    }
}

async fn load_and_kill(place: &Place, crowd: &Crowd, round: u32) -> Result<Vec<String>> {
    let server = place.start().await?;
    let mailbox = server.mailbox()?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut work: JoinSet<Vec<String>> = JoinSet::new();
    for renamer in &crowd.people {
        work.spawn(rename(renamer.clone(), stop.clone()));
    }
    for number in 0..NEWCOMERS {
        work.spawn(arrive(place.url().clone(), mailbox.clone(), format!("r{round}w{number}"), stop.clone()));
    }
    // Another moment each time, so that kills fall everywhere in a commit.
    tokio::time::sleep(Duration::from_millis(900 + u64::from(round) * 137 % 700)).await;
    server.kill()?;
    stop.store(true, Ordering::SeqCst);
    let mut newcomers = Vec::new();
    while let Some(done) = work.join_next().await {
        newcomers.extend(done?);
    }
    Ok(newcomers)
}

/// Errors end the work: the server is gone then, as it should be.
async fn rename(renamer: Arc<Renamer>, stop: Arc<AtomicBool>) -> Vec<String> {
    while !stop.load(Ordering::SeqCst) {
        let number = renamer.sent.fetch_add(1, Ordering::SeqCst) + 1;
        if person::set_name(&renamer.browser, &format!("n{number}")).await.is_err() {
            break;
        }
        renamer.answered.store(number, Ordering::SeqCst);
    }
    Vec::new()
}

async fn arrive(home: Url, mailbox: Url, mark: String, stop: Arc<AtomicBool>) -> Vec<String> {
    let mut welcome = Vec::new();
    for number in 0.. {
        let email = format!("new{number}.{mark}@example.com");
        let Ok(browser) = Browser::new(&home) else {
            break;
        };
        if stop.load(Ordering::SeqCst) || person::sign_up(&browser, &mailbox, &email).await.is_err() {
            break;
        }
        welcome.push(email);
    }
    welcome
}
