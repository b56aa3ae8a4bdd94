//! Sends the smallest and largest integers, to overflow sums, norms or distances.
//!
//! Sums have room for the most clients, counts and values; norms and distances saturate nowhere. The
//! robust strategies keep the model where the honest clients are.

use fedchain_fl::{NormRule, Strategy};
use pallet_federation::mock::*;

use super::*;

#[test]
fn extremes_overflow_nothing_and_move_no_robust_strategy() {
    for strategy in [
        Strategy::Median,
        Strategy::TrimmedMean { trim: 1 },
        Strategy::GeometricMedian,
    ] {
        for norm in [None, Some(NormRule::ClipToMedian)] {
            for extreme in [[i32::MIN; 3], [i32::MAX; 3], [i32::MIN, 0, i32::MAX]] {
                build_and_execute(|| {
                    let id = three(|spec| {
                        spec.task.strategy = strategy;
                        spec.task.norm = norm;
                    });
                    let update = Update::new(CAROL, id, &extreme, 1_000);
                    let found = play_with(id, &update);
                    let is_honest = |weight: &i32| (4..=6).contains(weight);
                    // Two honest clients of three: the geometric median is within their segment but
                    // for what Weiszfeld's steps leave.
                    let is_near = |weight: &i32| (0..=10).contains(weight);
                    let holds = match strategy {
                        Strategy::GeometricMedian => found.model.iter().all(is_near),
                        _ => found.model.iter().all(is_honest),
                    };
                    assert!(holds, "{strategy:?} {norm:?}: {:?}", found.model);
                });
            }
        }
    }
}
