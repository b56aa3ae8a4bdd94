//! The pace: when the first template on a new best block is due, and when it is too old.

use std::time::Duration;

/// How fast to offer templates to the search threads.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How long after the best block mining starts if there is nothing to do.
    idle: Duration,
    /// How long after the best block mining starts if a transaction waits, or was in the best block.
    busy: Duration,
}

/// A template younger than this is not rebuilt for a new transaction.
const REBUILD_MIN: Duration = Duration::from_millis(100);
/// Rebuilding takes at most one part in this many of the time.
const REBUILD_SHARE: u32 = 3;
/// A template older than this is rebuilt for its timestamp's sake.
const REFRESH: Duration = Duration::from_secs(1);

impl Pace {
    /// Difficulty alone sets the pace.
    pub const STEADY: Self = Self {
        idle: Duration::ZERO,
        busy: Duration::ZERO,
    };
    /// A transaction is mined at once, and so is the block after it, five blocks a second at most;
    /// otherwise one block a second.
    pub const DEV: Self = Self {
        idle: Duration::from_secs(1),
        busy: Duration::from_millis(200),
    };

    /// How long after the best block its first template is due.
    pub fn first(&self, work_waits: bool) -> Duration {
        if work_waits { self.busy } else { self.idle }
    }

    /// How long after a template was built, which took `build_time`, the next one is due.
    pub fn next(&self, transactions_new: bool, build_time: Duration) -> Duration {
        let wait = if transactions_new {
            REBUILD_MIN
        } else {
            REFRESH
        };
        wait.max(build_time.saturating_mul(REBUILD_SHARE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_hurries_the_first_template() {
        assert_eq!(Pace::DEV.first(true), Duration::from_millis(200));
        assert_eq!(Pace::DEV.first(false), Duration::from_secs(1));
        assert_eq!(Pace::STEADY.first(false), Duration::ZERO);
    }

    #[test]
    fn transactions_hurry_the_next_template() {
        let quick = Duration::from_millis(3);
        assert_eq!(Pace::STEADY.next(true, quick), Duration::from_millis(100));
        assert_eq!(Pace::STEADY.next(false, quick), Duration::from_secs(1));
    }

    #[test]
    fn slow_templates_are_rebuilt_rarely() {
        let slow = Duration::from_millis(250);
        assert_eq!(Pace::STEADY.next(true, slow), Duration::from_millis(750));
    }
}
