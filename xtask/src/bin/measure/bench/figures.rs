//! What was measured, beside what was promised.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

/// All figures of a run, in their order.
#[derive(Default)]
pub struct Figures(Vec<Figure>);

struct Figure {
    name: &'static str,
    measured: String,
    goal: &'static str,
    met: bool,
}

impl Figures {
    /// Notes a figure and whether it reaches its goal.
    pub fn note(&mut self, name: &'static str, measured: String, goal: &'static str, met: bool) {
        println!("{name}: {measured} (goal: {goal}){}", if met { "" } else { "  NOT REACHED" });
        self.0.push(Figure { name, measured, goal, met });
    }

    /// Whether nothing fell short.
    pub fn all_met(&self) -> bool {
        self.0.iter().all(|figure| figure.met)
    }

    /// The closing lines.
    pub fn print(&self) {
        let met = self.0.iter().filter(|figure| figure.met).count();
        println!("{met} passed, {} failed", self.0.len() - met);
    }

    /// Writes the page.
    pub fn write(&self) -> Result<()> {
        let mut page = String::from(
            "# Performance\n\nMeasured by `cargo xtask bench`, which builds the optimised program, drives it and compares within one \
             run. Load and server share the machine.\n\n",
        );
        let _ = writeln!(page, "{}\n", machine());
        page.push_str("| what | measured | goal | reached |\n|---|---|---|---|\n");
        for figure in &self.0 {
            let reached = if figure.met { "yes" } else { "**no**" };
            let _ = writeln!(page, "| {} | {} | {} | {reached} |", figure.name, figure.measured, figure.goal);
        }
        let file = xtask::workspace()?.join("docs/performance.md");
        fs::create_dir_all(file.parent().context("no folder")?)?;
        fs::write(&file, page).with_context(|| format!("writing {}", file.display()))
    }
}

/// The value below which `share` of a hundred of the sorted times lie.
pub fn percentile(times: &mut [Duration], share: usize) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    times.get(last * share / 100).copied().unwrap_or_default()
}

/// The rate in the middle.
pub fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

/// In milliseconds, for people.
pub fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn machine() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let model = model.trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?.trim().parse().ok())
        .unwrap_or(0);
    let compiler = Command::new("rustc")
        .arg("--version")
        .output()
        .map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
    format!("Machine: {model}, {cores} cores, {} GiB; {}.", kib / 1024 / 1024, compiler.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_taken_of_the_sorted_times() {
        let mut times: Vec<Duration> = (0..100).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&mut times, 50), Duration::from_millis(49));
        assert_eq!(percentile(&mut times, 99), Duration::from_millis(98));
        assert_eq!(percentile(&mut [], 99), Duration::ZERO);
    }
}
