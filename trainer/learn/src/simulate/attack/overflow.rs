//! Sends the largest and the smallest number of the format in turns, to make sums, squares and
//! distances wrap around.

use super::{Attack, Round};

/// See above.
pub(super) struct Overflow;

impl Attack for Overflow {
    fn name(&self) -> &'static str {
        "overflow"
    }

    fn updates(&self, round: &Round<'_>) -> Vec<Vec<i32>> {
        let (min, max) = round.format.range();
        round.every_weight(|place| if place % 2 == 0 { max } else { min }.into())
    }
}
