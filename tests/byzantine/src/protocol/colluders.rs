//! Two clients whose updates cancel each other, so that each one's absence would do harm: by what the model
//! would lose without it, either is worth more than all the honest.
//!
//! Where nothing bounds a client's pull contributions are not paid at all. Where something does, each has a
//! part like everybody.

use fedchain_fl::{Contributions, NormRule};
use frame_support::{assert_noop, assert_ok};
use pallet_federation::{Error, mock::*};

use super::*;

fn paid(norm: Option<NormRule>) -> FederationSpec<Balance> {
    let mut spec = gated();
    spec.task.norm = norm;
    spec.rounds_max = 1;
    if let Some(gate) = &mut spec.gate {
        gate.contributions = Contributions::Paid;
    }
    spec
}

#[test]
fn without_a_bound_on_their_pull_contributions_are_not_paid() {
    build_and_execute(|| {
        assert_noop!(create(paid(None)), Error::<Test>::PaidUnbounded);
        assert_ok!(create(paid(Some(NormRule::ClipToMedian))));
    });
}

#[test]
fn whoever_looks_indispensable_has_a_part_like_everybody() {
    build_and_execute(|| {
        let spec = paid(Some(NormRule::Reject { max: u64::MAX }));
        let (id, holdouts) = judged(spec, &[2, 2, 2]);
        // The mean is right; without either the model would be a thousand off.
        play_round(id, &[1_002 * ONE, 0, 0], &[-998 * ONE, 0, 0]);
        next_blocks(2);
        for holdout in &holdouts {
            assert_ok!(holdout.reveal());
        }
        next_blocks(1);
        assert_eq!(model(id), [2 * ONE, 0, 0]);
        assert_eq!([ALICE, BOB].map(total), [ENDOWMENT + 15; 2]);
    });
}
