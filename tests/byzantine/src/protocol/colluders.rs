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

#[test]
fn colluders_take_no_more_than_their_parts_beside_an_honest_client() {
    build_and_execute(|| {
        let mut spec = paid(Some(NormRule::Reject { max: u64::MAX }));
        spec.clients_min = 3;
        let (id, holdouts) = judged(spec, &[2, 2, 2]);
        assert_ok!(Federation::invite(RuntimeOrigin::signed(OWNER), id, CAROL));
        assert_ok!(Federation::join(RuntimeOrigin::signed(CAROL), id));
        // The mean of the two is a little too low; the honest client makes it better.
        let updates = [(ALICE, 1_001), (BOB, -999), (CAROL, 3)]
            .map(|(who, slope)| Update::new(who, id, &[slope * ONE, 0, 0], 10));
        for update in &updates {
            assert_ok!(update.commit());
        }
        next_blocks(2);
        for update in &updates {
            assert_ok!(update.reveal());
        }
        next_blocks(3);
        for holdout in &holdouts {
            assert_ok!(holdout.reveal());
        }
        next_blocks(1);
        let earned = [ALICE, BOB, CAROL].map(|who| total(who) - ENDOWMENT);
        assert_eq!(
            earned, [10; 3],
            "what ALICE and BOB, the colluders, and CAROL earned"
        );
    });
}
