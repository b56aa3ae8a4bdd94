//! Turns its update around and states the largest sample count: against means weighted by counts.

use super::{Attack, Round};

/// See above.
pub(super) struct SampleCountInflator;

impl Attack for SampleCountInflator {
    fn name(&self) -> &'static str {
        "sample_count_inflator"
    }

    fn updates(&self, round: &Round<'_>) -> Vec<Vec<i32>> {
        round.stretched(-1)
    }

    fn sample_count(&self, _rows: u32, max: u32) -> u32 {
        max
    }
}
