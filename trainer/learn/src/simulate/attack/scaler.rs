//! Turns its update around and makes it a hundred times as long: against means, which follow whoever
//! shouts loudest.

use super::{Attack, Round};

/// See above.
pub(super) struct Scaler;

impl Attack for Scaler {
    fn name(&self) -> &'static str {
        "scaler"
    }

    fn updates(&self, round: &Round<'_>) -> Vec<Vec<i32>> {
        round.stretched(-100)
    }
}
