//! A simulated attack with stolen passwords, against the real flows in this process, with a clock that is set. Password
//! hashes and challenges are made cheap, since what is counted is who passes and not how long it takes.

mod attack;
mod report;

use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, bail};
use attack::{Guard, Shape};
use report::Row;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let asked = |shape: Shape, guard: Guard| {
        let line = format!("{} | {}", shape.words(), guard.words());
        words.iter().all(|word| line.contains(word.as_str()))
    };
    let all = Shape::ALL.iter().flat_map(|shape| Guard::ALL.iter().map(|guard| (*shape, *guard)));
    let mut all: Vec<(Shape, Guard)> = all.filter(|(shape, guard)| asked(*shape, *guard)).collect();
    all.reverse();
    let asked_for = all.len();
    let (waiting, rows) = (Mutex::new(all), Mutex::new(Vec::new()));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let failed = thread::scope(|scope| {
        let work = || work(&waiting, &rows);
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        running.into_iter().filter_map(|worker| worker.join().ok()?.err()).collect::<Vec<_>>()
    });
    if let Some(error) = failed.into_iter().next() {
        return Err(error);
    }
    let mut rows = rows.into_inner().ok().context("a worker ended early")?;
    if rows.len() != asked_for {
        bail!("not every attack was run");
    }
    rows.sort_by_key(|row: &Row| row.place());
    report::write(&rows)
}

/// One attack after the other, until none waits.
fn work(waiting: &Mutex<Vec<(Shape, Guard)>>, rows: &Mutex<Vec<Row>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    loop {
        let next = waiting.lock().ok().context("a worker ended early")?.pop();
        let Some((shape, guard)) = next else { return Ok(()) };
        let told = runtime.block_on(attack::run(shape, guard))?;
        let row = Row { shape, guard, told };
        println!("{}", row.line());
        rows.lock().ok().context("a worker ended early")?.push(row);
    }
}
