//! What the program has for browser tests, behind the feature alone: its clock can be moved on.

use std::sync::{Arc, LazyLock};

use housekey::testkit::MovedClock;

static CLOCK: LazyLock<Arc<MovedClock>> = LazyLock::new(MovedClock::start);

/// The clock of every house of this process.
pub fn clock() -> Arc<MovedClock> {
    CLOCK.clone()
}
