//! Learns honestly from wrong labels: of ten digits, 0 becomes 9 and 3 becomes 6. Its update looks
//! like any other.

use super::Attack;

/// See above.
pub(super) struct LabelFlipper;

impl Attack for LabelFlipper {
    fn name(&self) -> &'static str {
        "label_flipper"
    }

    fn label(&self, class: usize, classes: usize) -> usize {
        classes.saturating_sub(1).saturating_sub(class)
    }
}
