//! A session check through the tower layer, beside the same route without it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use axum::routing::get;
use axum::serve::ListenerExt;
use housekey::doors::shared::CookieNames;
use housekey::settings::Settings;
use housekey::{Housekey, Key, User};
use housekey_core::keyring::MasterKey;
use housekey_store::Store;
use tower::ServiceExt;
use xtask::clock::Stopwatch;

use super::figures::{Figures, median};
use super::seed::{self, SECRET, Seed, id};
use crate::drive::server::Place;

const CONNECTIONS: usize = 16;
const TURNS: usize = 5;
const TURN: Duration = Duration::from_secs(2);
const CALLS: u32 = 200_000;

/// With the cache warm and with the cache off.
pub async fn measure(figures: &mut Figures) -> Result<()> {
    let warm = compare(64).await?;
    figures.note(
        "Session check through the layer, cache warm",
        format!("{:.0}/s, {:.0} % of the bare route ({:.0}/s)", warm.with, warm.share() * 100.0, warm.without),
        "at least 85 % of the bare route",
        warm.share() >= 0.85,
    );
    figures.note(
        "Processor time of that check",
        format!("{:.1} µs", warm.processor.as_secs_f64() * 1e6),
        "at most 20 µs",
        warm.processor <= Duration::from_micros(20),
    );
    let cold = compare(0).await?;
    figures.note(
        "Session check, cache off, SQLite",
        format!(
            "{:.0}/s, {:.0} % of the bare route; {:.1} µs",
            cold.with,
            cold.share() * 100.0,
            cold.processor.as_secs_f64() * 1e6
        ),
        "at least 50 % of the bare route",
        cold.share() >= 0.5,
    );
    Ok(())
}

struct Compared {
    without: f64,
    with: f64,
    processor: Duration,
}

impl Compared {
    fn share(&self) -> f64 {
        self.with / self.without
    }
}

async fn compare(cache_mib: u32) -> Result<Compared> {
    let place = Place::new("layer")?;
    let file = place.folder().join("layer.db");
    let store = Store::sqlite(&file)?;
    store.migrate(seed::now()).await?;
    seed::sqlite(&file, Seed { users: 1_000, clients: 1_000, sessions: 1_000 }, "none")?;
    let settings = Settings { session_cache_mib: cache_mib, ..Settings::default() };
    let auth = Housekey::builder(store)
        .settings(settings)
        .public_url("http://localhost:4000")
        .key(Key::given(MasterKey::generate(&Dice)))
        .build()
        .await?;
    let house = auth.clone();
    let running = tokio::spawn(async move { house.run(std::future::pending::<()>()).await });
    let cookie = format!("{}={}.{SECRET}", CookieNames::of(&auth).client, id("client", 1));
    let bare = Router::new().route("/me", get(async || "user_000000000000000000000000001"));
    let guarded = Router::new().route("/me", get(async |user: User| user.id.to_string())).layer(auth.layer());

    // The feed gives the cache its lease.
    tokio::time::sleep(Duration::from_millis(700)).await;
    let processor = per_call(&guarded, &cookie).await?.saturating_sub(per_call(&bare, &cookie).await?);
    let (first, second) = (serve(bare).await?, serve(guarded).await?);
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        without.push(rate(first, &cookie).await?);
        with.push(rate(second, &cookie).await?);
    }
    running.abort();
    Ok(Compared { without: median(&mut without), with: median(&mut with), processor })
}

/// The time of one call, without a network.
async fn per_call(app: &Router, cookie: &str) -> Result<Duration> {
    let mut watch = Stopwatch::start();
    for number in 0..CALLS + 1_000 {
        if number == 1_000 {
            watch = Stopwatch::start();
        }
        let request = Request::get("/me")
            .header(header::HOST, "localhost:4000")
            .header(header::COOKIE, cookie)
            .body(Body::empty())?;
        let answer = app.clone().oneshot(request).await?;
        if !answer.status().is_success() {
            bail!("the route answers {}", answer.status());
        }
    }
    Ok(watch.elapsed() / CALLS)
}

async fn serve(app: Router) -> Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

/// Requests a second over kept connections.
async fn rate(address: SocketAddr, cookie: &str) -> Result<f64> {
    let request = Arc::new(format!("GET /me HTTP/1.1\r\nHost: localhost:4000\r\nCookie: {cookie}\r\n\r\n"));
    let answered = Arc::new(AtomicU64::new(0));
    let workers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (request, answered) = (request.clone(), answered.clone());
            tokio::task::spawn_blocking(move || ask(address, request.as_bytes(), &answered))
        })
        .collect();
    for worker in workers {
        worker.await??;
    }
    Ok(answered.load(Ordering::Relaxed) as f64 / TURN.as_secs_f64())
}

fn ask(address: SocketAddr, request: &[u8], answered: &AtomicU64) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 4096];
    let watch = Stopwatch::start();
    while watch.elapsed() < TURN {
        stream.write_all(request)?;
        let read = stream.read(&mut buffer)?;
        let head = buffer.get(..12).context("no answer")?;
        if read == 0 || head != b"HTTP/1.1 200" {
            bail!("the route answers {}", String::from_utf8_lossy(head));
        }
        answered.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// A key for one run needs no chance.
struct Dice;

impl housekey_core::entropy::Entropy for Dice {
    fn fill(&self, out: &mut [u8]) {
        let mut next = 17_u8;
        for byte in out {
            next = next.wrapping_mul(29).wrapping_add(101);
            *byte = next;
        }
    }
}
