//! Creates one federation after the other, to fill the state and the lists.
//!
//! Each costs a deposit per byte that it may ever occupy and the fee of its rounds' work; lists are
//! answered page by page, and others' federations are found by their number.

use frame_support::{assert_noop, assert_ok};
use pallet_federation::{Error, mock::*};

use super::*;

#[test]
fn every_federation_costs_its_bytes() {
    build_and_execute(|| {
        let id = three(|_| {});
        let mut created = 0;
        while Federation::create(RuntimeOrigin::signed(STRANGER), spec()).is_ok() {
            created += 1;
        }
        let held = held(pallet_federation::HoldReason::StateDeposit, STRANGER);
        assert!(created > 0 && held / created > 500, "{held} for {created}");
        assert_noop!(
            plain(Federation::create(RuntimeOrigin::signed(STRANGER), spec())),
            Error::<Test>::LowBalance
        );
        assert!(Federation::list(0, u32::MAX).len() <= 1_000);
        assert_eq!(Federation::get(id).map(|view| view.owner), Some(OWNER));
        assert_ok!(honest_updates(id)[0].commit());
    });
}
