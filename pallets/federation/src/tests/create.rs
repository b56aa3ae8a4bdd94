//! What can be created, what it costs, and how it ends.

use frame_support::{assert_noop, assert_ok};

use crate::{REMOVE_BATCH, mock::*, pallet::*};
use fedchain_fl::{FederationSpec, Initial, Membership, ModelSpec, NormRule, Strategy};

type E = Error<Test>;

#[track_caller]
fn refuse(change: impl FnOnce(&mut FederationSpec<Balance>), error: E) {
    build_and_execute(|| {
        let mut spec = spec();
        change(&mut spec);
        assert_noop!(create(spec), error);
    });
}

#[test]
fn what_cannot_work_is_refused() {
    refuse(|s| s.windows.commit_blocks = 0, E::InvalidWindow);
    refuse(|s| s.clients_min = 4, E::InvalidClients);
    refuse(|s| s.clients_min = 0, E::InvalidClients);
    refuse(|s| s.rounds_max = 0, E::InvalidRounds);
    refuse(|s| s.sample_count_max = 0, E::InvalidSampleCountCap);
    refuse(|s| s.task.model = ModelSpec::Softmax, E::TargetMismatch);
    refuse(
        |s| s.task.model = ModelSpec::Opaque { param_count: 0 },
        E::InvalidParamCount,
    );
    refuse(|s| s.task.format.frac_bits = 31, E::InvalidFracBits);
    refuse(
        |s| s.task.schema.features[0].scale.mantissa = 0,
        E::InvalidScale,
    );
    refuse(
        |s| s.task.schema.features[1] = s.task.schema.features[0].clone(),
        E::DuplicateName,
    );
    refuse(
        |s| {
            s.task.schema.features[1] = s.task.schema.features[0].clone();
            s.task.schema.features[1].label = "red".parse().ok();
        },
        E::BadCategory,
    );
    refuse(
        |s| s.task.strategy = Strategy::TrimmedMean { trim: 1 },
        E::TooFewClients,
    );
    refuse(
        |s| {
            s.task.model = ModelSpec::Opaque { param_count: 9 };
            s.task.initial = Initial::Seeded(1);
        },
        E::SeededOpaque,
    );
    refuse(
        |s| {
            s.task.strategy = Strategy::Median;
            s.membership = Membership::Open;
        },
        E::NeedsInvitation,
    );
    refuse(
        |s| {
            s.task.strategy = Strategy::TrimmedMean { trim: 1 };
            s.membership = Membership::Open;
            s.clients_min = 3;
        },
        E::NeedsInvitation,
    );
    refuse(
        |s| {
            s.task.model = ModelSpec::Opaque {
                param_count: 1 << 18,
            };
            s.windows.reveal_blocks = 2;
        },
        E::RevealWindowTooShort,
    );
    refuse(
        |s| {
            s.task.model = ModelSpec::Opaque {
                param_count: 1 << 18,
            };
            s.windows.reveal_blocks = 100;
            s.clients_max = 9;
        },
        E::StagingTooLarge,
    );
    refuse(
        |s| (s.reward, s.bond) = (ENDOWMENT, ENDOWMENT),
        E::LowBalance,
    );
    refuse(|s| s.bond = 0, E::BondNeeded);
    refuse(|s| s.reward = s.bond + 1, E::BondNeeded);
    // Two that are rejected for nothing would have every round skipped.
    let trimmed = |spec: &mut FederationSpec<Balance>| {
        spec.task.strategy = Strategy::TrimmedMean { trim: 1 };
        (spec.clients_min, spec.clients_max) = (3, 4);
    };
    refuse(
        |s| {
            trimmed(s);
            s.task.norm = Some(NormRule::Reject { max: 1 });
        },
        E::RejectBesideBound,
    );
    build_and_execute(|| {
        let mut spec = spec();
        trimmed(&mut spec);
        spec.task.norm = Some(NormRule::Clip { max: 1 });
        assert_ok!(create(spec));
    });
    refuse(|s| s.quorum = 100, E::InvalidQuorum);
}

#[test]
fn the_initial_model_is_stored_with_its_root() {
    build_and_execute(|| {
        let mut seeded = spec();
        seeded.task.initial = Initial::Seeded(3);
        let expected = seeded.task.initial_model().unwrap().unwrap();
        let id = federation(seeded);
        assert_eq!(model(id), expected);
        assert_ne!(expected[..2], [0, 0]);
    });
}

#[test]
fn escrow_and_deposit_are_held_and_come_back() {
    build_and_execute(|| {
        let id = federation(spec());
        assert_eq!(held(HoldReason::Escrow, OWNER), 60);
        let deposit = held(HoldReason::StateDeposit, OWNER);
        assert!(deposit > 300, "{deposit}");

        assert_noop!(remove(OWNER, id), E::FederationRuns);
        play_round(id, &[1, 2, 3], &[3, 4, 5]);
        play_round(id, &[1, 2, 3], &[3, 4, 5]);
        assert_eq!(held(HoldReason::Escrow, OWNER), 0);
        assert_noop!(remove(ALICE, id), E::NotOwner);
        assert_ok!(remove(OWNER, id));

        assert_eq!(held(HoldReason::StateDeposit, OWNER), 0);
        assert_eq!(Balances::free_balance(OWNER), ENDOWMENT - 60);
        assert_eq!(Balances::free_balance(ALICE), ENDOWMENT + 30);
        assert_eq!(
            Models::<Test>::iter().count() + Rounds::<Test>::iter().count(),
            0
        );
        assert_noop!(
            Federation::join(RuntimeOrigin::signed(CAROL), id),
            E::UnknownFederation
        );
    });
}

#[test]
fn a_large_federation_is_removed_in_several_calls() {
    let mut state = build();
    let id = state.execute_with(|| {
        next_blocks(1);
        let id = federation(spec());
        assert_ok!(Federation::cancel(RuntimeOrigin::signed(OWNER), id));
        play_round(id, &[1, 2, 3], &[3, 4, 5]);
        let record = Rounds::<Test>::get(id, 1).unwrap();
        for round in 2..=REMOVE_BATCH + 10 {
            Rounds::<Test>::insert(id, round, &record);
        }
        id
    });
    for is_last in [false, true] {
        // Into the backend, as between blocks.
        state.commit_all().unwrap();
        state.execute_with(|| {
            let deposit = held(HoldReason::StateDeposit, OWNER);
            assert!(deposit > 0);
            assert_ok!(remove(OWNER, id));
            let is_gone = !Federations::<Test>::contains_key(id);
            assert_eq!(is_gone, is_last);
            assert_eq!(Rounds::<Test>::iter().count() == 0, is_last);
            let left = if is_last { 0 } else { deposit };
            assert_eq!(held(HoldReason::StateDeposit, OWNER), left);
        });
    }
}

#[test]
fn cancelling_while_waiting_returns_all() {
    build_and_execute(|| {
        assert_ok!(create(spec()));
        assert_ok!(Federation::invite(RuntimeOrigin::signed(OWNER), 0, ALICE));
        assert_ok!(Federation::join(RuntimeOrigin::signed(ALICE), 0));
        assert_noop!(
            Federation::cancel(RuntimeOrigin::signed(ALICE), 0),
            E::NotOwner
        );
        assert_ok!(Federation::cancel(RuntimeOrigin::signed(OWNER), 0));
        next_blocks(1);
        assert_eq!(held(HoldReason::JoinDeposit, ALICE), 0);
        assert_eq!(held(HoldReason::Escrow, OWNER), 0);
        assert_noop!(
            Federation::cancel(RuntimeOrigin::signed(OWNER), 0),
            E::FederationOver
        );
    });
}
