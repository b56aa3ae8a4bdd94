//! Makes many federations due in the same block, to make the block too heavy or to keep others
//! waiting.
//!
//! The hook stays within its share whatever is due, and serves every federation in turn: the last in
//! the queue has its first step done before the first has its second.

use frame_support::{
    assert_ok,
    traits::Hooks,
    weights::{Weight, WeightMeter},
};
use pallet_federation::{Jobs, Rounds, mock::*};

use super::*;

#[test]
fn the_share_is_kept_and_nobody_waits_for_another_to_finish() {
    build_and_execute(|| {
        let ids: Vec<FederationId> = (0..20)
            .map(|_| federation(pallet_federation::mock::spec()))
            .collect();
        for id in &ids {
            for update in honest_updates(*id) {
                assert_ok!(update.commit());
            }
        }
        next_blocks(2);
        for id in &ids {
            for update in honest_updates(*id) {
                assert_ok!(update.reveal());
            }
        }
        let share = Weight::from_parts(50_000, u64::MAX);
        let mut blocks = 0;
        while !ids.iter().all(|id| Rounds::<Test>::contains_key(id, 1)) {
            let mut meter = WeightMeter::with_limit(share);
            Federation::on_poll(0, &mut meter);
            assert!(meter.consumed().all_lte(share));
            assert_ok!(Federation::do_try_state());
            blocks += 1;
            let begun = ids
                .iter()
                .filter(|id| Jobs::<Test>::contains_key(id))
                .count();
            let closed = ids
                .iter()
                .filter(|id| Rounds::<Test>::contains_key(id, 1))
                .count();
            assert!(
                closed == 0 || begun == ids.len(),
                "{begun} begun, {closed} closed"
            );
        }
        assert!(blocks > 3, "{blocks} blocks");
    });
}
