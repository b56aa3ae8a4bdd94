//! All send one honest client's update: a free ride, and many votes for that client's rows.

use super::{Attack, Round};

/// See above.
pub(super) struct Copier;

impl Attack for Copier {
    fn name(&self) -> &'static str {
        "copier"
    }

    fn updates(&self, round: &Round<'_>) -> Vec<Vec<i32>> {
        let copied = round.honest.first().map_or(round.base, Vec::as_slice);
        vec![copied.to_vec(); round.own.len()]
    }
}
