//! Claims more rows than it has, to weigh more in FedAvg.
//!
//! The cap bounds what a lie gains; an open federation weighs all alike; robust strategies do not look
//! at counts at all.

use fedchain_fl::{Membership, Strategy};
use frame_support::{assert_noop, assert_ok};
use pallet_federation::{Error, mock::*};

use super::*;

#[test]
fn a_count_beyond_the_cap_is_refused_and_robust_strategies_ignore_it() {
    build_and_execute(|| {
        let id = three(|_| {});
        let beyond = Update::new(CAROL, id, &[5; 3], 1_001);
        let found = play(
            id,
            |_| {
                assert_ok!(beyond.commit());
            },
            |_| {
                assert_noop!(beyond.reveal(), Error::<Test>::SampleCountOutOfRange);
            },
        );
        assert_eq!(found.model, [5; 3]);
        assert_eq!([found.alice, found.bob], [ENDOWMENT + 10; 2]);
    });
    for (count, expected) in [(10, [5; 3]), (1_000, [5; 3])] {
        build_and_execute(|| {
            let id = three(|_| {});
            let inflated = Update::new(CAROL, id, &[5; 3], count);
            let found = play_with(id, &inflated);
            assert_eq!(found.model, expected, "{count}");
        });
    }
}

#[test]
fn open_federations_weigh_all_alike() {
    build_and_execute(|| {
        let mut open = spec();
        open.membership = Membership::Open;
        open.task.strategy = Strategy::FedAvg;
        open.clients_min = 3;
        let id = federation(open);
        assert_ok!(Federation::join(RuntimeOrigin::signed(CAROL), id));
        let inflated = Update::new(CAROL, id, &[11; 3], 1_000);
        let found = play_with(id, &inflated);
        assert_eq!(found.model, [7; 3]);
    });
}
