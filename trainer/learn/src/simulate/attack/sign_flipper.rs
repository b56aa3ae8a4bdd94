//! Turns its update around: as long a step up the loss as the honest one was down.

use super::{Attack, Round};

/// See above.
pub(super) struct SignFlipper;

impl Attack for SignFlipper {
    fn name(&self) -> &'static str {
        "sign_flipper"
    }

    fn updates(&self, round: &Round<'_>) -> Vec<Vec<i32>> {
        round.stretched(-1)
    }
}
