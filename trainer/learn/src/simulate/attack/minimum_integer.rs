//! Sends the smallest number of the format everywhere, which has no positive counterpart: against
//! absolute values and changes of sign.

use super::{Attack, Round};

/// See above.
pub(super) struct MinimumInteger;

impl Attack for MinimumInteger {
    fn name(&self) -> &'static str {
        "minimum_integer"
    }

    fn updates(&self, round: &Round<'_>) -> Vec<Vec<i32>> {
        round.every_weight(|_| round.format.range().0.into())
    }
}
