//! Session tokens over HTTP, beside what the machine can sign at all; and the client, beside a route that does nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use serde_json::Value;
use xtask::clock::Stopwatch;

use super::figures::{Figures, median, percentile};
use crate::drive::browser::Browser;
use crate::drive::person;
use crate::drive::server::Place;
use crate::drive::steady::{Line, most, paced, served};

const PEOPLE: usize = 16;
/// Many short turns, since a machine that is shared has slow moments of some tenths of a second.
const TURNS: usize = 25;
const TURN: Duration = Duration::from_millis(400);
const STEADY_TURNS: usize = 60;
const STEADY: Duration = Duration::from_millis(250);
/// About what the head and the claims of a session's token are, encoded.
const SIGNED: usize = 560;

/// Both, in turns with what they are compared with.
pub async fn measure(figures: &mut Figures) -> Result<()> {
    let place = Place::new("tokens")?;
    let server = place.start().await?;
    let mailbox = server.mailbox()?;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let browser = Browser::new(place.url())?;
        person::sign_up(&browser, &mailbox, &format!("person{number}@example.com")).await?;
        people.push(Cookies::of(&place, &browser)?);
    }
    let address = SocketAddr::from(([127, 0, 0, 1], place.url().port().context("no port")?));
    let compared = tokio::task::spawn_blocking(move || compare(address, &people)).await??;
    compared.note(figures);
    server.stop().await
}

struct Compared {
    signing: f64,
    minting: f64,
    waits: Waits,
    /// The same arrivals, where nothing is done but to sign.
    bare: Waits,
    plain: f64,
    client: f64,
}

fn compare(address: SocketAddr, people: &[Cookies]) -> Result<Compared> {
    let key = KeyPair::generate(KeySize::Rsa2048)?;
    let sessions: Vec<String> = people.iter().map(|p| p.session(address)).collect::<Result<_>>()?;
    // The first form of claims is made anew each time; the second would be handed out again for 40 s.
    let old = "?__clerk_api_version=2021-02-05";
    let mint = |(p, id): (&Cookies, &String)| p.post(&format!("/v1/client/sessions/{id}/tokens{old}"));
    let mints: Vec<_> = people.iter().zip(&sessions).map(mint).collect();
    let clients: Vec<_> = people.iter().map(|p| p.get("/v1/client")).collect();
    let plains: Vec<_> = people.iter().map(|p| p.get("/healthz")).collect();

    let (mut signing, mut minting, mut plain, mut client) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        signing.push(raw(&key, TURN)?);
        minting.push(most(address, &mints, TURN)?);
        plain.push(most(address, &plains, TURN / 2)?);
        client.push(most(address, &clients, TURN / 2)?);
    }
    let minting = median(&mut minting);
    let (mut waits, mut bare) = (Waits::default(), Waits::default());
    for _ in 0..STEADY_TURNS {
        waits.add(paced(address, &mints, minting * 0.7, STEADY)?);
        bare.add(served(minting * 0.7, STEADY, || sign(&key))?);
    }
    Ok(Compared {
        signing: median(&mut signing),
        minting,
        waits,
        bare,
        plain: median(&mut plain),
        client: median(&mut client),
    })
}

impl Compared {
    fn note(mut self, figures: &mut Figures) {
        let share = self.minting / self.signing;
        figures.note(
            "Session tokens over HTTP",
            format!("{:.0}/s, {:.0} % of the raw RS256 rate ({:.0}/s)", self.minting, share * 100.0, self.signing),
            "at least 80 % of the raw rate",
            share >= 0.8,
        );
        let (half, most) = self.waits.middle();
        let times = most / half;
        let (bare_half, bare_most) = self.bare.middle();
        figures.note(
            "The same at 70 % of that, p99",
            format!(
                "{most:.1} ms, {times:.1} times the median ({half:.1} ms), in the middle one of {STEADY_TURNS} turns; \
                 over all of them {:.0} ms. Where nothing is done but to sign: {bare_most:.1} ms, {:.1} times \
                 {bare_half:.1} ms, over all of them {:.0} ms",
                self.waits.all(99),
                bare_most / bare_half,
                self.bare.all(99),
            ),
            "under 3 times the median",
            times < 3.0,
        );
        let share = self.client / self.plain;
        figures.note(
            "`GET /v1/client` from memory",
            format!("{:.0}/s, {:.0} % of `/healthz` ({:.0}/s)", self.client, share * 100.0, self.plain),
            "at least 25 % of a plain route",
            share >= 0.25,
        );
    }
}

/// How long answers took, turn by turn, in milliseconds.
#[derive(Default)]
struct Waits(Vec<Vec<Duration>>);

impl Waits {
    fn add(&mut self, turn: Vec<Duration>) {
        self.0.push(turn);
    }

    /// Median and p99 of a turn: the middle ones of all turns. A machine that stands still for a moment spoils a few.
    fn middle(&mut self) -> (f64, f64) {
        let mut of = |share| {
            let mut turns: Vec<f64> = self.0.iter_mut().map(|turn| millis(percentile(turn, share))).collect();
            median(&mut turns)
        };
        (of(50), of(99))
    }

    /// A percentile over all turns as one.
    fn all(&self, share: usize) -> f64 {
        millis(percentile(&mut self.0.concat(), share))
    }
}

fn millis(of: Duration) -> f64 {
    of.as_secs_f64() * 1000.0
}

/// Signatures a second on all cores.
fn raw(key: &KeyPair, time: Duration) -> Result<f64> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let signed = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(|| signatures(key, time))).collect();
        threads.into_iter().map(|t| t.join().unwrap_or_else(|_| bail!("a signing thread gave up"))).sum::<Result<u64>>()
    })?;
    Ok(signed as f64 / time.as_secs_f64())
}

fn signatures(key: &KeyPair, time: Duration) -> Result<u64> {
    let watch = Stopwatch::start();
    let mut done = 0;
    while watch.elapsed() < time {
        sign(key)?;
        done += 1;
    }
    Ok(done)
}

fn sign(key: &KeyPair) -> Result<()> {
    let (message, mut signature) = ([7; SIGNED], [0; 256]);
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), std::hint::black_box(&message), &mut signature)?;
    std::hint::black_box(&signature);
    Ok(())
}

/// Somebody signed in.
struct Cookies {
    host: String,
    cookies: String,
}

impl Cookies {
    fn of(place: &Place, browser: &Browser) -> Result<Self> {
        let host = format!("localhost:{}", place.url().port().context("no port")?);
        Ok(Self { host, cookies: browser.cookies()? })
    }

    fn get(&self, path: &str) -> Arc<Vec<u8>> {
        let Self { host, cookies } = self;
        Arc::new(format!("GET {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookies}\r\n\r\n").into_bytes())
    }

    fn post(&self, path: &str) -> Arc<Vec<u8>> {
        let Self { host, cookies } = self;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\ncookie: {cookies}\r\ncontent-length: 0\r\n\r\n"
        );
        Arc::new(head.into_bytes())
    }

    /// The session that the client shows.
    fn session(&self, address: SocketAddr) -> Result<String> {
        let shown: Value = serde_json::from_slice(&Line::open(address)?.ask(&self.get("/v1/client"))?)?;
        let id = shown.pointer("/response/sessions/0/id").and_then(Value::as_str);
        id.map(str::to_owned).with_context(|| format!("nobody is signed in: {shown}"))
    }
}
