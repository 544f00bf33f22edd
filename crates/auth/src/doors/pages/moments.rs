//! Moments as people read them.

use super::words::Words;
use jiff::{Timestamp, tz::TimeZone};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// To the minute: `2026-11-23 15:08 UTC`.
pub(super) fn moment(millis: i64) -> String {
    written(millis, "%Y-%m-%d %H:%M UTC")
}

/// For `datetime` attributes: `2026-11-23T15:08:00Z`.
pub(super) fn iso(millis: i64) -> String {
    written(millis, "%Y-%m-%dT%H:%M:%SZ")
}

/// The day alone: `2026-11-23`.
pub(super) fn day(millis: i64) -> String {
    written(millis, "%Y-%m-%d")
}

/// How long ago, for a month; then the day.
pub(super) fn ago(words: &Words, millis: i64, now: i64) -> String {
    let passed = now.saturating_sub(millis);
    let told = |id: &str, unit: i64| words.with(id, &[("n", &passed.div_euclid(unit).to_string())]);
    match passed {
        p if p < MINUTE => words.with("ago-now", &[]),
        p if p < HOUR => told("ago-minutes", MINUTE),
        p if p < DAY => told("ago-hours", HOUR),
        p if p < 30 * DAY => told("ago-days", DAY),
        _ => None,
    }
    .unwrap_or_else(|| day(millis))
}

fn written(millis: i64, form: &str) -> String {
    Timestamp::from_millisecond(millis)
        .map(|t| t.to_zoned(TimeZone::UTC).strftime(form).to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_long_ago_is_told_by_its_day() {
        let words = Words::load().unwrap();
        let now = 1_795_446_480_000;
        let told: Vec<_> = [-5, 0, 59_999, MINUTE, 59 * MINUTE, 5 * HOUR, DAY, 29 * DAY, 30 * DAY]
            .iter()
            .map(|passed| ago(&words, now - passed, now))
            .collect();
        let expected = [
            "just now",
            "just now",
            "just now",
            "1 min ago",
            "59 min ago",
            "5 h ago",
            "yesterday",
            "29 days ago",
            "2026-10-24",
        ];
        assert_eq!(told, expected);
        assert_eq!(iso(now), "2026-11-23T15:08:00Z");
        assert_eq!(moment(now), "2026-11-23 15:08 UTC");
    }
}
