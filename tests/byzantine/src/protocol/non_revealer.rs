//! Commits and never reveals, to stall the round or to see the others' updates first.
//!
//! The reveal window ends without it; anyone moves the round on; its bond is burned and nobody gains.

use frame_support::assert_ok;
use pallet_federation::mock::*;

use super::*;

#[test]
fn silence_burns_the_bond_and_stalls_nobody() {
    let expected = without_adversary(|_| {});
    build_and_execute(|| {
        let id = three(|_| {});
        let issuance = Balances::total_issuance();
        let silent = Update::new(CAROL, id, &[9; 3], 10);
        let found = play(
            id,
            |_| {
                assert_ok!(silent.commit());
            },
            |_| {},
        );
        assert_eq!(found.model, expected.model);
        // Each has the part of one of three: nobody gains by a third that is silent.
        assert_eq!([found.alice, found.bob], [ENDOWMENT + 10; 2]);
        assert_eq!(total(CAROL), ENDOWMENT - 100);
        assert_eq!(Balances::total_issuance(), issuance - 100);
    });
}
