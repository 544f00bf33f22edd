//! Session tokens over HTTP, beside what the machine can sign at all; and the client, beside a route that does nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
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

/// Both, in turns with what they are compared with. Where the machine has two cores the server gets one and the load
/// the other, so that what is measured is the server; then once more with the load among the server's cores.
pub async fn measure(figures: &mut Figures) -> Result<()> {
    let (mine, its) = match cores()?.as_slice() {
        [first, second, ..] => (Some(*second), Some(*first)),
        _ => (None, None),
    };
    let apart = driven(its, mine, Minted::measure).await?;
    let both = |asked: &Asked, key: &KeyPair| Ok((Minted::measure(asked, key)?, Client::measure(asked)?));
    let (among, client) = driven(None, None, both).await?;
    note(apart, among, &client, figures);
    Ok(())
}

/// Starts a server with people, and measures it from a thread of its own; each on its core, where one is named.
async fn driven<T: Send + 'static>(
    server_on: Option<usize>,
    load_on: Option<usize>,
    measure: impl Fn(&Asked, &KeyPair) -> Result<T> + Send + 'static,
) -> Result<T> {
    let place = Place::new("tokens")?;
    let wrapper = server_on.map(|core| ["taskset".to_owned(), "-c".to_owned(), core.to_string()]);
    let server = place.start_under(wrapper.as_ref().map_or(&[], |words| words.as_slice())).await?;
    let mailbox = server.mailbox()?;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let browser = Browser::new(place.url())?;
        person::sign_up(&browser, &mailbox, &format!("person{number}@example.com")).await?;
        people.push(Cookies::of(&place, &browser)?);
    }
    let address = SocketAddr::from(([127, 0, 0, 1], place.url().port().context("no port")?));
    let measured = std::thread::spawn(move || {
        if let Some(core) = load_on {
            let mut set = CpuSet::new();
            set.set(core);
            sched_setaffinity(None, &set)?;
        }
        measure(&Asked::of(address, &people)?, &KeyPair::generate(KeySize::Rsa2048)?)
    });
    let measured = tokio::task::spawn_blocking(move || measured.join()).await?;
    let measured = measured.ok().context("the load gave up")??;
    server.stop().await?;
    Ok(measured)
}

/// The cores that this process may use.
fn cores() -> Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect())
}

/// What is asked of a server, a connection each.
struct Asked {
    address: SocketAddr,
    mints: Vec<Arc<Vec<u8>>>,
    clients: Vec<Arc<Vec<u8>>>,
    plains: Vec<Arc<Vec<u8>>>,
}

impl Asked {
    fn of(address: SocketAddr, people: &[Cookies]) -> Result<Self> {
        let sessions: Vec<String> = people.iter().map(|p| p.session(address)).collect::<Result<_>>()?;
        // The first form of claims is made anew each time; the second would be handed out again for 40 s.
        let old = "?__clerk_api_version=2021-02-05";
        let mint = |(p, id): (&Cookies, &String)| p.post(&format!("/v1/client/sessions/{id}/tokens{old}"));
        Ok(Self {
            address,
            mints: people.iter().zip(&sessions).map(mint).collect(),
            clients: people.iter().map(|p| p.get("/v1/client")).collect(),
            plains: people.iter().map(|p| p.get("/healthz")).collect(),
        })
    }
}

/// Tokens, beside signatures.
struct Minted {
    /// Signatures a second.
    signing: f64,
    /// Tokens a second.
    minting: f64,
    /// What part of the one the other is: of the turns beside each other, since a machine that is shared is slower at one
    /// time than at another.
    share: f64,
    /// How long tokens take at 70 % of that.
    waits: Waits,
    /// The same arrivals, where nothing is done but to sign.
    bare: Waits,
}

impl Minted {
    fn measure(asked: &Asked, key: &KeyPair) -> Result<Self> {
        let (mut signing, mut minting, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TURNS {
            let (signed, minted) = (raw(key, TURN)?, most(asked.address, &asked.mints, TURN)?);
            signing.push(signed);
            minting.push(minted);
            shares.push(minted / signed);
        }
        let minting = median(&mut minting);
        let (mut waits, mut bare) = (Waits::default(), Waits::default());
        for _ in 0..STEADY_TURNS {
            waits.add(paced(asked.address, &asked.mints, minting * 0.7, STEADY)?);
            bare.add(served(minting * 0.7, STEADY, || sign(key))?);
        }
        Ok(Self { signing: median(&mut signing), minting, share: median(&mut shares), waits, bare })
    }

    /// Rate, share and what it is a share of.
    fn rates(&self) -> String {
        format!("{:.0}/s, {:.0} % of the raw RS256 rate ({:.0}/s)", self.minting, self.share * 100.0, self.signing)
    }
}

/// The client, beside a route that does nothing: answers a second.
struct Client {
    plain: f64,
    client: f64,
}

impl Client {
    fn measure(asked: &Asked) -> Result<Self> {
        let (mut plain, mut client) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            plain.push(most(asked.address, &asked.plains, TURN / 2)?);
            client.push(most(asked.address, &asked.clients, TURN / 2)?);
        }
        Ok(Self { plain: median(&mut plain), client: median(&mut client) })
    }
}

fn note(mut apart: Minted, mut among: Minted, client: &Client, figures: &mut Figures) {
    figures.note(
        "Session tokens over HTTP, server and load on a core each",
        format!("{}. On all cores, with the load among them: {}", apart.rates(), among.rates()),
        "at least 80 % of the raw rate",
        apart.share >= 0.8,
    );
    let (half, worst) = apart.waits.middle();
    figures.note(
        "The same core at 70 % of that, p99",
        format!(
            "{}. Where nothing is done but to sign: {}. With the load among the server's cores: {}, and to sign: {}",
            apart.waits.told(),
            apart.bare.told(),
            among.waits.told(),
            among.bare.told(),
        ),
        "under 3 times the median",
        worst < half * 3.0,
    );
    let share = client.client / client.plain;
    figures.note(
        "`GET /v1/client` from memory",
        format!("{:.0}/s, {:.0} % of `/healthz` ({:.0}/s)", client.client, share * 100.0, client.plain),
        "at least 25 % of a plain route",
        share >= 0.25,
    );
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

    /// p99, and how much more than the median that is; and over all turns as one, moments that stood still included.
    fn told(&mut self) -> String {
        let (half, worst) = self.middle();
        let all = millis(percentile(&mut self.0.concat(), 99));
        let turns = self.0.len();
        let times = worst / half;
        format!(
            "{worst:.1} ms, {times:.1} times {half:.1} ms, in the middle one of {turns} turns, over all {all:.0} ms"
        )
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
