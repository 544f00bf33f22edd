//! Webhooks from the change to the endpoint: to a fast one alone, and beside one that never answers. That one is compared
//! with a second fast one, for which as much is written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use housekey::core::event::{ClientFacts, Event, EventKind};
use housekey::core::ids::{EventId, RequestId, UserId};
use housekey::core::keyring::MasterKey;
use housekey::{Caller, Housekey, Key};
use housekey_store::Store;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use xtask::clock::Stopwatch;

use super::figures::Figures;
use super::seed::{self, Seed, id};
use crate::drive::server::Place;

const TASKS: u64 = 16;
/// As many users as events: those about one user go one after the other.
const EVENTS: u64 = 10_000;

/// What is told beside the endpoint that is measured.
enum Beside {
    Nobody,
    AFastOne,
    ASlowOne,
}

/// All three, on SQLite.
pub async fn measure(figures: &mut Figures) -> Result<()> {
    let alone = run(Beside::Nobody).await?;
    figures.note(
        "Webhooks to one fast endpoint, SQLite",
        format!("{alone:.0} events/s, from the change to the endpoint"),
        "at least 1,000/s",
        alone >= 1_000.0,
    );
    let fast = run(Beside::AFastOne).await?;
    let slow = run(Beside::ASlowOne).await?;
    figures.note(
        "The same beside an endpoint that never answers",
        format!("{slow:.0} events/s, {:.0} % of beside a second fast one ({fast:.0}/s)", slow / fast * 100.0),
        "at least 1,000/s and 80 % of beside a fast one",
        slow >= 1_000.0 && slow >= fast * 0.8,
    );
    Ok(())
}

/// Events a second, from the first change to the last arrival.
async fn run(beside: Beside) -> Result<f64> {
    let place = Place::new("webhooks")?;
    let file = place.folder().join("webhooks.db");
    let store = Store::sqlite(&file)?;
    store.migrate(seed::now()).await?;
    seed::sqlite(&file, Seed { users: EVENTS, clients: 0, sessions: 0 }, "none")?;
    let house = Housekey::builder(store.clone())
        .public_url("http://localhost:4000")
        .key(Key::given(MasterKey::generate(&housekey::SystemEntropy)))
        .build()
        .await?;
    let (arrived, all) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
    let fast = {
        let (arrived, all) = (arrived.clone(), all.clone());
        serve(post(async move || {
            if arrived.fetch_add(1, Ordering::Relaxed) + 1 == EVENTS {
                all.notify_one();
            }
            StatusCode::NO_CONTENT
        }))
        .await?
    };
    let caller = Caller::console(house.now(), house.entropy());
    house.webhook_add(&caller, &fast, &[], "").await?;
    let second = match beside {
        Beside::Nobody => None,
        Beside::AFastOne => Some(serve(post(async || StatusCode::NO_CONTENT)).await?),
        Beside::ASlowOne => Some(serve(post(std::future::pending::<StatusCode>)).await?),
    };
    if let Some(second) = second {
        house.webhook_add(&caller, &second, &[], "").await?;
    }
    let worker = house.clone();
    let running = tokio::spawn(async move { worker.run(std::future::pending::<()>()).await });

    let next = Arc::new(AtomicU64::new(0));
    let watch = Stopwatch::start();
    let mut work: JoinSet<Result<()>> = JoinSet::new();
    for _ in 0..TASKS {
        let (house, store, next) = (house.clone(), store.clone(), next.clone());
        work.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= EVENTS {
                    return Ok(());
                }
                let user = UserId::try_from(id("user", number)).ok().context("no id of a user")?;
                let event = changed(&house, &user);
                store.set_name(&user, Some(format!("Ada {number}")), None, event).await?;
            }
        });
    }
    while let Some(done) = work.join_next().await {
        done??;
    }
    all.notified().await;
    let rate = EVENTS as f64 / watch.elapsed().as_secs_f64();
    running.abort();
    Ok(rate)
}

fn changed(house: &Housekey, user: &UserId) -> Event {
    Event {
        id: EventId::new(house.now(), house.entropy()),
        at: house.now(),
        kind: EventKind::UserUpdated,
        user: Some(user.clone()),
        client: None,
        session: None,
        door: "console",
        request: RequestId::new(house.now(), house.entropy()),
        detail: "{}".to_owned(),
        facts: vec![0; 80],
        facts_key: "user".to_owned(),
        from: ClientFacts { address: "203.0.113.7".to_owned(), agent: "Mozilla/5.0".to_owned() },
    }
}

async fn serve(route: axum::routing::MethodRouter) -> Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/hooks", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/hooks", route)).await });
    Ok(url)
}
