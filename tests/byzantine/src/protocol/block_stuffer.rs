//! Fills blocks so that the others' answers find no room: to be the only one who reveals, to take the whole
//! reward, to have their bonds burned, or to have its model pass unjudged.
//!
//! Windows run only in blocks with room, so the others answer when there is some; if there is none for ten
//! times the window, the round is skipped and all are as before.

use fedchain_fl::view::Outcome;
use frame_support::assert_ok;
use pallet_federation::{Members, Rounds, mock::*};

use super::*;

/// Reveals Carol's update while nobody else's finds room for so many blocks.
fn stuff(id: FederationId, blocks: u64) -> [Update; 2] {
    let updates = honest_updates(id);
    for update in &updates {
        assert_ok!(update.commit());
    }
    let own = Update::new(CAROL, id, &[-40; 3], 10);
    assert_ok!(own.commit());
    next_blocks(2);
    assert_ok!(own.reveal());
    full_blocks(blocks);
    updates
}

#[test]
fn the_others_answer_as_soon_as_there_is_room() {
    build_and_execute(|| {
        let id = three(|_| {});
        for update in stuff(id, 40) {
            assert_ok!(update.reveal());
        }
        next_blocks(1);
        assert_eq!(model(id), [4; 3]);
        assert_eq!([ALICE, BOB, CAROL].map(total), [ENDOWMENT + 10; 3]);
    });
}

#[test]
fn whoever_keeps_on_has_the_round_skipped_and_earns_nothing() {
    build_and_execute(|| {
        let id = three(|spec| spec.rounds_max = 2);
        let issuance = Balances::total_issuance();
        stuff(id, 52);
        assert_ok!(plain(Federation::advance(RuntimeOrigin::signed(CAROL), id)));
        next_blocks(1);
        let record = Rounds::<Test>::get(id, 1).unwrap();
        assert_eq!((record.outcome, model(id)), (Outcome::Crowded, vec![0; 3]));
        assert_eq!([ALICE, BOB, CAROL].map(total), [ENDOWMENT; 3]);
        assert_eq!(Balances::total_issuance(), issuance);
        let has_seat = |client| Members::<Test>::contains_key(id, client);
        assert_eq!([ALICE, BOB, CAROL].map(has_seat), [true; 3]);
    });
}
