//! Load from threads of its own: as much as goes, or so much a second.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use xtask::clock::Stopwatch;

/// One kept connection, for one request after the other.
pub struct Line(BufReader<TcpStream>);

impl Line {
    /// Connects.
    pub fn open(to: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(to)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request as it is, and gives the body of an answer that says 200.
    pub fn ask(&mut self, request: &[u8]) -> Result<Vec<u8>> {
        self.0.get_mut().write_all(request)?;
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status = line.clone();
        let mut length = 0;
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        if !status.starts_with("HTTP/1.1 200") {
            bail!("answered {}: {}", status.trim(), String::from_utf8_lossy(&body));
        }
        Ok(body)
    }
}

/// Answers a second, each of these requests over and over on a connection of its own.
pub fn most(to: SocketAddr, requests: &[Arc<Vec<u8>>], time: Duration) -> Result<f64> {
    let threads = requests.iter().cloned().map(|request| {
        std::thread::spawn(move || -> Result<u64> {
            let mut line = Line::open(to)?;
            let watch = Stopwatch::start();
            let mut answered = 0;
            while watch.elapsed() < time {
                line.ask(&request)?;
                answered += 1;
            }
            Ok(answered)
        })
    });
    let threads: Vec<_> = threads.collect();
    let mut answered = 0;
    for thread in threads {
        answered += thread.join().ok().context("a thread of the load gave up")??;
    }
    Ok(answered as f64 / time.as_secs_f64())
}

/// How long answers take at so many requests a second, spread evenly over the connections. A request whose turn came
/// while its connection still waited for the one before it has waited from then on.
pub fn paced(to: SocketAddr, requests: &[Arc<Vec<u8>>], rate: f64, time: Duration) -> Result<Vec<Duration>> {
    let every = Duration::from_secs_f64(requests.len() as f64 / rate);
    let watch = Arc::new(Stopwatch::start());
    let threads = requests.iter().cloned().zip(0_u32..).map(|(request, number)| {
        let watch = watch.clone();
        let first = every * number / u32::try_from(requests.len()).unwrap_or(1);
        std::thread::spawn(move || -> Result<Vec<Duration>> {
            let mut line = Line::open(to)?;
            let (mut waits, mut turn) = (Vec::new(), first);
            while turn < time {
                let early = turn.saturating_sub(watch.elapsed());
                std::thread::sleep(early);
                let from = if early.is_zero() { turn } else { watch.elapsed() };
                line.ask(&request)?;
                waits.push(watch.elapsed().saturating_sub(from));
                turn += every;
            }
            Ok(waits)
        })
    });
    let threads: Vec<_> = threads.collect();
    let mut waits = Vec::new();
    for thread in threads {
        waits.extend(thread.join().ok().context("a thread of the load gave up")??);
    }
    Ok(waits)
}

/// How long work takes at so many pieces a second, one thread for each core and nothing between: the least that any
/// server could take on this machine at this moment. Work has waited from the moment that its turn came.
pub fn served(rate: f64, time: Duration, work: impl Fn() -> Result<()> + Sync) -> Result<Vec<Duration>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, watch) = (AtomicU32::new(0), Stopwatch::start());
    let every = Duration::from_secs_f64(1.0 / rate);
    let serve = || -> Result<Vec<Duration>> {
        let mut waits = Vec::new();
        loop {
            let turn = every * next.fetch_add(1, Ordering::Relaxed);
            if turn >= time {
                return Ok(waits);
            }
            let early = turn.saturating_sub(watch.elapsed());
            std::thread::sleep(early);
            let from = if early.is_zero() { turn } else { watch.elapsed() };
            work()?;
            waits.push(watch.elapsed().saturating_sub(from));
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(serve)).collect();
        let waits = threads.into_iter().map(|t| t.join().unwrap_or_else(|_| bail!("a thread of the load gave up")));
        waits.collect::<Result<Vec<_>>>().map(|waits| waits.concat())
    })
}
