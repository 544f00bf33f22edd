//! Durable changes in the store: a code spent, a session opened, its event and
//! its outbox row written, in one transaction, answered after the disk has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail};
use housekey_core::event::{ClientFacts, Event, EventKind};
use housekey_core::ids::{ClientId, EventId, RequestId, SessionId, SignInId, UserId, VerificationId};
use housekey_core::session::{Session, Status};
use housekey_core::sign_in::Account;
use housekey_core::time::Time;
use housekey_core::token::opaque::TokenHash;
use housekey_store::Store;
use housekey_store::clients::Rotation;
use housekey_store::sessions::{Room, SessionRow};
use housekey_store::sign_ins::{Completion, Proved, Trail};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use url::Url;
use xtask::clock::Stopwatch;
use xtask::process::output;

use super::figures::Figures;
use super::seed::{self, Seed, id};
use crate::drive::server::Place;

const TASKS: u64 = 16;
/// So many that nobody comes to more than a handful of sessions.
const USERS: u64 = 20_000;
const CHANGES: u64 = 60_000;
const ALONE: u64 = 6_000;
const ON_POSTGRES: u64 = 20_000;

/// SQLite in groups and alone, PostgreSQL beside pgbench.
pub async fn measure(figures: &mut Figures) -> Result<()> {
    let (grouped, alone, each) = sqlite().await?;
    let times = grouped / alone;
    figures.note(
        "Durable changes, SQLite, 16 tasks",
        format!("{grouped:.0}/s, {each:.0} µs of processor each"),
        "at least 15,000/s",
        grouped >= 15_000.0,
    );
    figures.note(
        "The same in groups of one",
        format!("{alone:.0}/s: groups are {times:.1} times as fast"),
        "groups at least 5 times as fast",
        times >= 5.0,
    );
    let (ours, plain) = postgres().await?;
    let share = ours / plain;
    figures.note(
        "Durable changes, PostgreSQL, 16 tasks",
        format!("{ours:.0}/s, {:.0} % of pgbench with the same statements ({plain:.0}/s)", share * 100.0),
        "at least 50 % of pgbench",
        share >= 0.5,
    );
    Ok(())
}

async fn sqlite() -> Result<(f64, f64, f64)> {
    let place = Place::new("store")?;
    let file = place.folder().join("store.db");
    Store::sqlite(&file)?.migrate(seed::now()).await?;
    let seed = Seed { users: USERS, clients: CHANGES + ALONE, sessions: 0 };
    seed::sqlite(&file, seed, "none")?;
    let store = Store::sqlite(&file)?;
    let alone = run(&store, 0, ALONE, 1).await?;
    let before = processor_ticks()?;
    let grouped = run(&store, ALONE, CHANGES, TASKS).await?;
    let ticks = processor_ticks()? - before;
    store.close().await;
    Ok((grouped, alone, ticks * 10_000.0 / CHANGES as f64))
}

async fn postgres() -> Result<(f64, f64)> {
    let admin = std::env::var("HOUSEKEY_BENCH_POSTGRES").context("HOUSEKEY_BENCH_POSTGRES names no server")?;
    let url = database(&admin, "housekey_bench").await?;
    let pool = pool(&url).await?;
    let store = Store::postgres(pool.clone());
    store.migrate(seed::now()).await?;
    seed::postgres(&pool, Seed { users: USERS, clients: ON_POSTGRES, sessions: 0 }, "none").await?;
    let ours = run(&store, 0, ON_POSTGRES, TASKS).await?;
    let plain = pgbench(&url)?;
    Ok((ours, plain))
}

/// The processor time of this process, in hundredths of a second: what a change
/// costs even where others keep the machine busy.
fn processor_ticks() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').context("no fields in /proc/self/stat")?;
    let times: Vec<f64> = fields.split_whitespace().skip(11).take(2).map_while(|field| field.parse().ok()).collect();
    Ok(times.iter().sum())
}

/// Changes a second; `at_once` of them in the store at a time, from 16 tasks.
async fn run(store: &Store, from: u64, count: u64, at_once: u64) -> Result<f64> {
    let gate = Arc::new(Semaphore::new(usize::try_from(at_once)?));
    let next = Arc::new(AtomicU64::new(from));
    let watch = Stopwatch::start();
    let mut work: JoinSet<Result<()>> = JoinSet::new();
    for _ in 0..TASKS {
        let (store, gate, next) = (store.clone(), gate.clone(), next.clone());
        work.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= from + count {
                    return Ok(());
                }
                let change = change(number)?;
                let _turn = gate.acquire().await?;
                store.sign_in_complete(change).await?;
            }
        });
    }
    while let Some(done) = work.join_next().await {
        done??;
    }
    Ok(count as f64 / watch.elapsed().as_secs_f64())
}

fn change(number: u64) -> Result<Completion> {
    let now = seed::now();
    let user: UserId = id("user", number % USERS).parse()?;
    let client: ClientId = id("client", number).parse()?;
    let session: SessionId = id("sess", number).parse()?;
    let event = Event {
        id: id("evt", number).parse::<EventId>()?,
        at: now,
        kind: EventKind::SessionCreated,
        user: Some(user.clone()),
        client: Some(client.clone()),
        session: Some(session.clone()),
        door: "pages",
        request: id("req", number).parse::<RequestId>()?,
        detail: "{}".to_owned(),
        facts: vec![7; 120],
        facts_key: "user".to_owned(),
        from: ClientFacts::default(),
    };
    Ok(Completion {
        attempt: Some((id("sia", number).parse::<SignInId>()?, 1)),
        account: Account { user: user.clone(), version: 1 },
        session: SessionRow { session: new_session(user, &client, &session, now), facts: vec![7; 120] },
        room: Room { per_user: 50, several_on_client: false },
        rotation: Rotation {
            client,
            version: 1,
            secret_hash: TokenHash::of(&[7; 32]),
            old_until: now,
            call: [7; 32],
            answer: vec![7; 160],
            active_session: Some(session),
            expires: now.plus(std::time::Duration::from_secs(86_400)),
            signed: true,
        },
        proved: Proved {
            spent: Some(id("ver", number).parse::<VerificationId>()?),
            trail: Trail { events: vec![event], ..Trail::default() },
            ..Proved::default()
        },
    })
}

fn new_session(user: UserId, client: &ClientId, session: &SessionId, now: Time) -> Session {
    Session {
        id: session.clone(),
        user,
        client: client.clone(),
        status: Status::Active,
        tasks: Vec::new(),
        remembered: false,
        first_proved: now,
        second_proved: None,
        created: now,
        last_seen: now,
        expires: now.plus(std::time::Duration::from_secs(7 * 86_400)),
    }
}

/// A new database on the scratch server.
async fn database(admin: &str, name: &str) -> Result<String> {
    let pool = pool(admin).await?;
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&pool).await?;
    let mut url = Url::parse(admin)?;
    url.set_path(name);
    Ok(url.into())
}

async fn pool(url: &str) -> Result<PgPool> {
    Ok(PgPoolOptions::new().max_connections(16).connect(url).await?)
}

/// The same statements by pgbench's own client, prepared; transactions a second.
fn pgbench(url: &str) -> Result<f64> {
    let program = std::env::var_os("HOUSEKEY_PGBENCH").context("HOUSEKEY_PGBENCH names no program")?;
    let script = std::env::temp_dir().join(format!("housekey-pgbench-{}.sql", std::process::id()));
    std::fs::write(&script, PGBENCH)?;
    let said = output(
        std::process::Command::new(program)
            .args(["-n", "-M", "prepared", "-c", "16", "-j", "2", "-T", "10", "-f"])
            .arg(&script)
            .arg(url),
    );
    std::fs::remove_file(&script)?;
    let said = said?;
    let Some(line) = said.lines().find(|line| line.starts_with("tps = ")) else {
        bail!("pgbench tells no rate:\n{said}")
    };
    let number = line.trim_start_matches("tps = ").split(' ').next().unwrap_or_default();
    Ok(number.parse()?)
}

const PGBENCH: &str = include_str!("pgbench.sql");
