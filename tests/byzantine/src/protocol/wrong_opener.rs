//! Changes its mind after it has seen the others: reveals something else than it committed to.
//!
//! A wrong opening is an error that changes nothing, in each of its fields.

use fedchain_fl::{Decimal, Privacy};
use frame_support::{assert_noop, assert_ok};
use pallet_federation::{Error, mock::*};

use super::*;

#[test]
fn only_what_was_committed_can_be_revealed() {
    let expected = without_adversary(|_| {});
    build_and_execute(|| {
        let id = three(|_| {});
        let committed = Update::new(CAROL, id, &[9; 3], 10);
        let found = play(
            id,
            |_| {
                assert_ok!(committed.commit());
            },
            |_| {
                let format = spec().task.format;
                for wrong in [
                    Update {
                        bytes: format.encode(&[1_000_000; 3]).unwrap_or_default(),
                        ..committed.clone()
                    },
                    Update {
                        sample_count: 1_000,
                        ..committed.clone()
                    },
                    Update {
                        privacy: Some(Privacy {
                            epsilon: Decimal::whole(1),
                            delta: Decimal::whole(0),
                        }),
                        ..committed.clone()
                    },
                    Update {
                        salt: [0; 32],
                        ..committed.clone()
                    },
                ] {
                    assert_noop!(wrong.reveal(), Error::<Test>::WrongOpening);
                }
            },
        );
        assert_eq!(found.model, expected.model);
        // Each has the part of one of three: nobody gains by a third that fails.
        assert_eq!([found.alice, found.bob], [ENDOWMENT + 10; 2]);
        assert_eq!(total(CAROL), ENDOWMENT - 100);
    });
}
