//! When a message that was not taken is tried again (SEC-120: eight tries within a day).

use std::time::Duration;

/// How often a message is tried.
pub const TRIES: usize = 8;
/// The pauses between tries in seconds: 10 s to 14 h, together less than a day.
pub const AFTER: [u64; TRIES - 1] = [10, 60, 300, 1_800, 7_200, 21_600, 50_400];
/// The status by which an endpoint says that it wants nothing any more.
pub const NEVER_AGAIN: u16 = 410;

/// An endpoint that took nothing for so long, while a message was tried as often as any is, counts as dead.
pub const DEAD_AFTER: Duration = Duration::from_secs(18 * 3600);

/// What becomes of a message that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It is tried again after so long.
    Again(Duration),
    /// It was tried often enough.
    GivenUp,
    /// The endpoint wants nothing any more.
    Gone,
}

/// Decides it from the tries that were made, this one included, what was answered, and chance: up to a fifth earlier,
/// so that a crowd does not return as one.
pub fn after_failure(tries: usize, status: Option<u16>, chance: u16) -> After {
    if status == Some(NEVER_AGAIN) {
        return After::Gone;
    }
    match AFTER.get(tries.saturating_sub(1)) {
        Some(seconds) => {
            let spread = 1000 - 200 * u64::from(chance) / u64::from(u16::MAX);
            After::Again(Duration::from_millis(seconds * spread))
        }
        None => After::GivenUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_120_eight_tries_within_a_day_with_jitter() {
        for chance in [0, 1, u16::MAX / 2, u16::MAX] {
            let mut spent = Duration::ZERO;
            for tries in 1..TRIES {
                let After::Again(pause) = after_failure(tries, Some(500), chance) else { panic!("try {tries}") };
                spent += pause;
            }
            assert!(spent <= Duration::from_secs(24 * 3600), "{spent:?}");
            assert!(spent >= Duration::from_secs(18 * 3600), "{spent:?}");
            assert_eq!(after_failure(TRIES, None, chance), After::GivenUp);
        }
        assert_ne!(after_failure(3, None, 0), after_failure(3, None, u16::MAX));
        assert_eq!(after_failure(1, Some(410), 0), After::Gone);
    }
}
