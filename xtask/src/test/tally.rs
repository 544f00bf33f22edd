//! Counting what ran, from what each runner reports.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// How many tests came out how.
#[derive(Default, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Ran well.
    pub passed: u64,
    /// Did not.
    pub failed: u64,
    /// Was not run; the runner's own output says why.
    pub skipped: u64,
    /// Which ones failed, as far as their runner names them: what is read first, at the end of a long output.
    pub names: Vec<String>,
}

impl Tally {
    /// One check that is either right or wrong.
    pub fn of(well: bool) -> Self {
        Self { passed: u64::from(well), failed: u64::from(!well), ..Self::default() }
    }

    /// Adds another runner's count.
    pub fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.names.extend_from_slice(&other.names);
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
        let number = |name: &str| -> u64 { attribute(head, name).and_then(|number| number.parse().ok()).unwrap_or(0) };
        let failed = number("failures") + number("errors");
        let broken = text.split("<testcase").skip(1).filter(|case| {
            case.split("</testcase>").next().is_some_and(|case| case.contains("<failure") || case.contains("<error"))
        });
        let names = broken
            .filter_map(|case| Some(format!("{} {}", attribute(case, "classname")?, attribute(case, "name")?)))
            .collect();
        Ok(Self { passed: number("tests").saturating_sub(failed), failed, skipped: 0, names })
    }

    /// From the browser tests' report.
    pub fn of_playwright(report: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(report).with_context(|| format!("reading {}", report.display()))?;
        let report: Value = serde_json::from_str(&text)?;
        let number = |name: &str| report.pointer(&format!("/stats/{name}")).and_then(Value::as_u64).unwrap_or(0);
        Ok(Self {
            // Where a test may be tried again is said beside it, in Playwright's configuration.
            passed: number("expected") + number("flaky"),
            failed: number("unexpected"),
            skipped: number("skipped"),
            names: report.get("suites").map(broken_specs).unwrap_or_default(),
        })
    }
}

/// What stands behind ` NAME="` in the text of a tag.
fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()
}

/// The tests that went wrong within these suites of Playwright's report, with the first line of why.
fn broken_specs(suites: &Value) -> Vec<String> {
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut names = Vec::new();
    for suite in suites.as_array().into_iter().flatten() {
        for spec in list(suite, "specs").iter().filter(|spec| spec.get("ok") == Some(&Value::Bool(false))) {
            let text = |name: &str| spec.get(name).and_then(Value::as_str).unwrap_or_default();
            let why = list(spec, "tests").iter().find_map(|test| {
                let results = list(test, "results");
                let message = results.iter().find_map(|result| result.pointer("/error/message")?.as_str());
                message.and_then(|message| message.lines().next()).map(str::to_owned)
            });
            names.push(format!("{}: {} ({})", text("file"), text("title"), why.unwrap_or_default()));
        }
        names.extend(suite.get("suites").map(broken_specs).unwrap_or_default());
    }
    names
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
        assert_eq!(Tally::of_cargo_test(heard), Tally { passed: 5, failed: 4, skipped: 1, names: Vec::new() });
    }

    #[test]
    fn the_report_of_nextest_is_read() {
        let file = std::env::temp_dir().join(format!("xtask-junit-{}.xml", std::process::id()));
        let report = r#"<?xml version="1.0"?>
            <testsuites name="nextest-run" tests="7" failures="2" errors="0" time="1"><testsuite tests="9">
            <testcase name="a::b" classname="house"></testcase>
            <testcase name="a::c" classname="house"><failure message="no"/></testcase>
            <testcase name="a::d" classname="store"><failure message="no"/></testcase></testsuite></testsuites>"#;
        std::fs::write(&file, report).unwrap();
        let tally = Tally::of_nextest(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(
            tally,
            Tally { passed: 5, failed: 2, skipped: 0, names: vec!["house a::c".into(), "store a::d".into()] }
        );
    }

    #[test]
    fn what_failed_in_a_browser_is_named_with_its_reason() {
        let report = serde_json::json!([{ "specs": [{ "ok": true, "title": "fine", "file": "a.js" }], "suites": [{
            "specs": [{ "ok": false, "title": "is seen", "file": "a.js", "tests": [{ "results": [
                { "error": { "message": "timed out\nlonger" } }, { "error": { "message": "again" } },
            ] }] }],
        }] }]);
        assert_eq!(broken_specs(&report), ["a.js: is seen (timed out)"]);
    }

    #[test]
    fn a_runner_that_failed_without_a_count_is_a_failure() {
        assert_eq!(Tally::default().with_verdict(false).failed, 1);
        assert_eq!(Tally::of(true).with_verdict(true).failed, 0);
    }
}
