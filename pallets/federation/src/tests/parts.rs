//! Models of many chunks: revealed and uploaded part by part, aggregated over several blocks.

use fedchain_commitment::{Part, parts, values_root};
use fedchain_fl::{FederationSpec, Initial, ModelSpec, NormRule, Strategy};
use frame_support::{
    assert_noop, assert_ok,
    traits::Hooks,
    weights::{Weight, WeightMeter},
};

use crate::{mock::*, pallet::*, types::Phase};

type E = Error<Test>;

/// 25 chunks of 32-bit weights, the last one not full, in two parts.
const PARAMS: u32 = 100_000;

fn large() -> FederationSpec<Balance> {
    let mut large = spec();
    large.task.model = ModelSpec::Opaque {
        param_count: PARAMS,
    };
    large.task.strategy = Strategy::Median;
    large.task.norm = Some(NormRule::ClipToMedian);
    large
}

fn values(seed: u32) -> Vec<i32> {
    (0..PARAMS)
        .map(|place| (place.wrapping_mul(seed) % 1_000) as i32)
        .collect()
}

/// Both clients commit, and the settle window passes.
fn committed(id: u32) -> [Update; 2] {
    let updates = [
        Update::new(ALICE, id, &values(7), 5),
        Update::new(BOB, id, &values(11), 5),
    ];
    for update in &updates {
        assert_ok!(update.commit());
    }
    next_blocks(2);
    updates
}

#[test]
fn parts_are_taken_in_order_and_only_with_their_proof() {
    build_and_execute(|| {
        let id = federation(large());
        let [alice, _] = committed(id);
        let [first, second]: [Part; 2] = parts(&alice.bytes).try_into().unwrap();
        let reveal = |part: &Part| direct(ALICE, alice.part_call(part.clone()));

        assert_noop!(reveal(&second), E::PartOutOfOrder);
        let unproven = Part {
            proof: Default::default(),
            ..first.clone()
        };
        assert_noop!(reveal(&unproven), E::WrongPart);
        let mut changed = first.clone();
        changed.values[9] ^= 1;
        assert_noop!(reveal(&changed), E::WrongOpening);
        let mut ragged = first.clone();
        ragged.values.truncate(9);
        assert_noop!(reveal(&ragged), E::WrongPart);

        assert_ok!(reveal(&first));
        assert_eq!(held(HoldReason::Bond, ALICE), 100);
        assert_eq!(Federation::get(id).unwrap().clients.len(), 2);
        assert_noop!(reveal(&first), E::PartTaken);
        assert_ok!(reveal(&second));
        assert_eq!(held(HoldReason::Bond, ALICE), 0);
        assert_noop!(reveal(&second), E::NoCommitment);
    });
}

#[test]
fn a_client_that_stops_half_way_has_not_revealed_and_costs_the_others_nothing() {
    build_and_execute(|| {
        let mut spec = large();
        spec.quorum = 0;
        let id = federation(spec);
        let [alice, bob] = committed(id);
        assert_ok!(alice.reveal());
        assert_ok!(direct(BOB, bob.reveal_calls().remove(0)));
        next_blocks(4);
        assert_ok!(Federation::advance(RuntimeOrigin::signed(STRANGER), id));
        next_blocks(1);
        assert_eq!(model(id), values(7));
        assert_eq!(total(ALICE), ENDOWMENT + 15);
        assert_eq!(total(BOB), ENDOWMENT - 100);
        assert_eq!(StagedUpdates::<Test>::iter().count(), 0);
    });
}

#[test]
fn the_result_does_not_depend_on_the_split_into_blocks() {
    let play = |share: u64| {
        let mut result = Default::default();
        build_and_execute(|| {
            let id = federation(large());
            for update in committed(id) {
                assert_ok!(update.reveal());
            }
            let mut blocks = 0;
            while matches!(
                Federations::<Test>::get(id).unwrap().phase,
                Phase::Aggregate { .. }
            ) {
                let mut meter = WeightMeter::with_limit(Weight::from_parts(share, u64::MAX));
                Federation::on_poll(0, &mut meter);
                Federation::do_try_state().unwrap();
                blocks += 1;
            }
            let record = Rounds::<Test>::get(id, 1).unwrap();
            result = (blocks, record.model_root, model(id));
        });
        result
    };
    let (at_once, root, whole) = play(u64::MAX);
    let (blocks, same_root, same) = play(30_000);
    assert_eq!(at_once, 1);
    assert!(blocks > 5, "{blocks}");
    assert_eq!((root, whole), (same_root, same));
}

#[test]
fn an_uploaded_initial_model_opens_the_first_round_when_it_is_whole() {
    build_and_execute(|| {
        let mut uploaded = large();
        let bytes = uploaded.task.format.encode(&values(3)).unwrap();
        let root = values_root(&bytes);
        uploaded.task.initial = Initial::Uploaded { root };
        let id = federation(uploaded);
        let upload = |who, part: Part| {
            direct(
                who,
                Call::upload {
                    federation: id,
                    part,
                },
            )
        };
        let [first, second]: [Part; 2] = parts(&bytes).try_into().unwrap();

        assert_eq!(Federations::<Test>::get(id).unwrap().round.index, 0);
        assert_noop!(upload(ALICE, first.clone()), E::NotOwner);
        assert_noop!(upload(OWNER, second.clone()), E::PartOutOfOrder);
        let mut wrong = first.clone();
        wrong.values[0] ^= 1;
        assert_noop!(upload(OWNER, wrong), E::WrongPart);
        assert_ok!(upload(OWNER, first.clone()));
        assert_noop!(upload(OWNER, first), E::PartOutOfOrder);
        assert_ok!(upload(OWNER, second.clone()));
        assert_noop!(upload(OWNER, second), E::NothingToUpload);

        let state = Federations::<Test>::get(id).unwrap();
        assert_eq!((state.round.index, state.model_root), (1, root));
        assert_eq!(model(id), values(3));
    });
}

#[test]
fn an_upload_can_be_given_up() {
    build_and_execute(|| {
        let mut uploaded = large();
        uploaded.task.initial = Initial::Uploaded {
            root: Default::default(),
        };
        let id = federation(uploaded);
        assert_ok!(Federation::cancel(RuntimeOrigin::signed(OWNER), id));
        next_blocks(1);
        assert_eq!(
            Federations::<Test>::get(id).unwrap().phase,
            Phase::Cancelled
        );
        assert_eq!(total(ALICE), ENDOWMENT);
        assert_eq!(held(HoldReason::JoinDeposit, ALICE), 0);
    });
}
