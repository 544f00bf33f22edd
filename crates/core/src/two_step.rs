//! Who must have a second factor, and since when: the operator's rule, and the time it gives.

use crate::{session::Task, time::Time};
use std::time::Duration;

/// What the rule says of an account that has no second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It may do without.
    Nothing,
    /// It has until then; where that was not noted before, it is noted now.
    DueAt(Time),
    /// The session that is opened waits for it.
    Task(Task),
}

impl Missing {
    /// What the session waits for.
    pub fn task(self) -> Option<Task> {
        match self {
            Self::Task(task) => Some(task),
            _ => None,
        }
    }

    /// The end of the time that is told now, where none was told before.
    pub fn to_tell(self, told: Option<Time>) -> Option<Time> {
        match self {
            Self::DueAt(due) if told.is_none() => Some(due),
            _ => None,
        }
    }
}

/// Judges an account without a second factor that `must` have one. `due` is when its time ends, if it was told before.
pub fn missing(must: bool, due: Option<Time>, grace: Duration, now: Time) -> Missing {
    if !must {
        return Missing::Nothing;
    }
    let due = due.unwrap_or_else(|| now.plus(grace));
    if now < due { Missing::DueAt(due) } else { Missing::Task(Task::SetUpTwoStep) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_given_once() {
        let (now, day) = (Time::from_millis(1_000_000), Duration::from_secs(86_400));
        assert_eq!(missing(false, None, day, now), Missing::Nothing);
        let due = now.plus(day);
        assert_eq!(missing(true, None, day, now), Missing::DueAt(due));
        assert_eq!(missing(true, Some(due), day, due.minus(Duration::from_millis(1))), Missing::DueAt(due));
        assert_eq!(missing(true, Some(due), day, due), Missing::Task(Task::SetUpTwoStep));
        assert_eq!(missing(true, None, Duration::ZERO, now), Missing::Task(Task::SetUpTwoStep));
    }
}
