//! Counting what ran, from what each runner reports.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};

/// How many tests came out how.
#[derive(Default, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Ran well.
    pub passed: u64,
    /// Did not.
    pub failed: u64,
    /// Was not run; the runner's own output says why.
    pub skipped: u64,
}

impl Tally {
    /// One check that is either right or wrong.
    pub fn of(well: bool) -> Self {
        Self { passed: u64::from(well), failed: u64::from(!well), skipped: 0 }
    }

    /// Adds another runner's count.
    pub fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// A runner that failed without a failed test (it did not compile, say)
    /// counts as one failure, so that it cannot pass unseen.
    pub fn with_verdict(mut self, well: bool) -> Self {
        if !well && self.failed == 0 {
            self.failed = 1;
        }
        self
    }

    /// From the lines with which `cargo test` closes each binary.
    pub fn of_cargo_test(heard: &str) -> Self {
        let mut tally = Self::default();
        for line in heard.lines().filter_map(|line| line.strip_prefix("test result: ")) {
            let words: Vec<&str> = line.split([' ', ';']).filter(|word| !word.is_empty()).collect();
            for pair in words.windows(2) {
                let [number, what] = pair else { continue };
                let number = number.parse().unwrap_or(0);
                match *what {
                    "passed" => tally.passed += number,
                    "failed" => tally.failed += number,
                    "ignored" => tally.skipped += number,
                    _ => {}
                }
            }
        }
        tally
    }

    /// From the report that nextest leaves in JUnit's form.
    pub fn of_nextest(report: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(report).with_context(|| format!("reading {}", report.display()))?;
        let head = text
            .split("<testsuites")
            .nth(1)
            .and_then(|rest| rest.split('>').next())
            .context("no test suites in the report")?;
        let number = |name: &str| -> u64 {
            head.split(&format!(" {name}=\""))
                .nth(1)
                .and_then(|rest| rest.split('"').next())
                .and_then(|number| number.parse().ok())
                .unwrap_or(0)
        };
        let failed = number("failures") + number("errors");
        Ok(Self { passed: number("tests").saturating_sub(failed), failed, skipped: 0 })
    }

    /// From the browser tests' report.
    pub fn of_playwright(report: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(report).with_context(|| format!("reading {}", report.display()))?;
        let report: serde_json::Value = serde_json::from_str(&text)?;
        let number =
            |name: &str| report.pointer(&format!("/stats/{name}")).and_then(serde_json::Value::as_u64).unwrap_or(0);
        Ok(Self {
            // Where a test may be tried again is said beside it, in Playwright's configuration.
            passed: number("expected") + number("flaky"),
            failed: number("unexpected"),
            skipped: number("skipped"),
        })
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_cargo_test_are_summed() {
        let heard = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
                     test result: FAILED. 3 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        assert_eq!(Tally::of_cargo_test(heard), Tally { passed: 5, failed: 4, skipped: 1 });
    }

    #[test]
    fn the_report_of_nextest_is_read() {
        let file = std::env::temp_dir().join(format!("xtask-junit-{}.xml", std::process::id()));
        std::fs::write(&file, r#"<?xml version="1.0"?><testsuites name="nextest-run" tests="7" failures="2" errors="0" time="1"><testsuite tests="9"/></testsuites>"#).unwrap();
        let tally = Tally::of_nextest(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(tally, Tally { passed: 5, failed: 2, skipped: 0 });
    }

    #[test]
    fn a_runner_that_failed_without_a_count_is_a_failure() {
        assert_eq!(Tally::default().with_verdict(false).failed, 1);
        assert_eq!(Tally::of(true).with_verdict(true).failed, 0);
    }
}
