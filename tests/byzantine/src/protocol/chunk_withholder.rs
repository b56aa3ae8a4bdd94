//! Reveals all parts of a large update but the last, to fill the staging and hold the round up.
//!
//! It has not revealed: its bond burns, its chunks are deleted, and room for everyone's update was
//! there from the start.

use fedchain_fl::ModelSpec;
use frame_support::assert_ok;
use pallet_federation::{StagedUpdates, mock::*};

use super::*;

/// Two parts of 32-bit weights.
fn large(spec: &mut FederationSpec<Balance>) {
    spec.task.model = ModelSpec::Opaque {
        param_count: 70_000,
    };
}

#[test]
fn half_an_update_is_none_and_costs_the_others_nothing() {
    let expected = without_adversary(large);
    build_and_execute(|| {
        let id = three(large);
        let half = Update::new(CAROL, id, &[9; 70_000], 10);
        let found = play(
            id,
            |_| {
                assert_ok!(half.commit());
            },
            |_| {
                assert_ok!(direct(CAROL, half.reveal_calls().remove(0)));
            },
        );
        assert_eq!(found.model, expected.model);
        // Each has the part of one of three: nobody gains by a third that is silent.
        assert_eq!([found.alice, found.bob], [ENDOWMENT + 10; 2]);
        assert_eq!(total(CAROL), ENDOWMENT - 100);
        assert_eq!(StagedUpdates::<Test>::iter().count(), 0);
    });
}
