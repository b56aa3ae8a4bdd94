//! Honest blocks replay; each kind of tampering is found and named.

mod certified;
mod gate;

use fedchain_commitment::parts;
use fedchain_fl::{
    Column, Decimal, Format, Initial, Membership, ModelSpec, NormRule, Optimiser, Privacy, Schema,
    Strategy, Target, TaskSpec, Windows, view::ModelView,
};

use super::*;

const GENESIS: H256 = H256::repeat_byte(1);
const FEDERATION: u32 = 7;
const ALICE: AccountId = AccountId([1; 32]);
const BOB: AccountId = AccountId([2; 32]);

pub(in crate::verify) fn spec(strategy: Strategy, norm: Option<NormRule>) -> FederationSpec<u128> {
    let column =
        |name: &str| Column::number(name.parse().unwrap(), Decimal::whole(0), Decimal::whole(1));
    FederationSpec {
        name: "test".parse().unwrap(),
        membership: Membership::Invited,
        clients_min: 1,
        clients_max: 2,
        rounds_max: 3,
        windows: Windows {
            commit_blocks: 5,
            settle_blocks: 1,
            reveal_blocks: 5,
        },
        quorum: 50,
        sample_count_max: 1_000,
        bond: 0,
        join_deposit: 0,
        reward: 0,
        gate: None,
        task: TaskSpec {
            model: ModelSpec::Linear,
            initial: Initial::Zeros,
            format: Format::default(),
            strategy,
            norm,
            optimiser: Optimiser::Adopt,
            schema: Schema {
                features: vec![column("x")].try_into().unwrap(),
                target: Target::Real(column("y")),
            },
        },
    }
}

fn bytes(values: &[i32]) -> Vec<u8> {
    Format::default().encode(values).unwrap()
}

/// Bob adds noise, Alice does not.
fn privacy(client: AccountId) -> Option<Privacy> {
    (client == BOB).then_some(Privacy {
        epsilon: Decimal::whole(8),
        delta: Decimal::whole(0),
    })
}

/// A commit in block `number` and its reveal in the next.
fn sent(
    spec: &FederationSpec<u128>,
    number: u32,
    round: u32,
    base: &[i32],
    client: AccountId,
    sample_count: u32,
    values: &[i32],
) -> [Block; 2] {
    let opening = Opening {
        genesis: GENESIS,
        federation: FEDERATION,
        round,
        spec_hash: spec_hash(&spec.task),
        base_root: values_root(&bytes(base)),
        account: client.0,
        sample_count,
        privacy: privacy(client),
        param_count: 2,
        values_root: values_root(&bytes(values)),
        salt: [9; 32],
    };
    let commit = Commit {
        client,
        round,
        base_root: opening.base_root,
        commitment: opening.commitment(),
    };
    let reveal = Reveal {
        client,
        round,
        sample_count,
        privacy: privacy(client),
        salt: opening.salt,
        part: parts(&bytes(values)).remove(0),
        succeeded: Some(true),
    };
    [
        Block {
            number,
            commits: vec![commit],
            ..Block::default()
        },
        Block {
            number: number + 1,
            reveals: vec![reveal],
            ..Block::default()
        },
    ]
}

fn digest(
    number: u32,
    round: u32,
    outcome: Outcome,
    model: &[i32],
    accepted: &[(AccountId, u32, &[i32])],
) -> Block {
    let mut set: Vec<_> = accepted
        .iter()
        .map(|(account, sample_count, values)| Accepted {
            account: account.0,
            sample_count: *sample_count,
            values_root: values_root(&bytes(values)),
        })
        .collect();
    let closed = ServerModel {
        federation: FEDERATION,
        round,
        outcome,
        model_root: values_root(&bytes(model)),
        accepted_root: accepted_root(&mut set),
        gate_hash: None,
    };
    Block {
        number,
        closed: vec![closed],
        ..Block::default()
    }
}

/// Client, rows and update of the honest round.
const HONEST: [(AccountId, u32, &[i32]); 2] = [(ALICE, 1, &[4, 8]), (BOB, 3, &[8, 0])];

/// One round of FedAvg by Alice (1 row) and Bob (3 rows).
fn honest() -> Vec<Block> {
    let spec = spec(Strategy::FedAvg, None);
    let [a, b] = sent(&spec, 2, 1, &[0, 0], ALICE, 1, &[4, 8]);
    let [c, d] = sent(&spec, 4, 1, &[0, 0], BOB, 3, &[8, 0]);
    vec![a, b, c, d, digest(6, 1, Outcome::Adopted, &[7, 2], &HONEST)]
}

fn replay(
    strategy: Strategy,
    norm: Option<NormRule>,
    blocks: Vec<Block>,
) -> Result<(Replay, Vec<Round>), Difference> {
    let mut replay = Replay::new(GENESIS, FEDERATION, spec(strategy, norm)).unwrap();
    let mut rounds = Vec::new();
    for block in blocks {
        rounds.extend(replay.block(block)?);
    }
    Ok((replay, rounds))
}

#[track_caller]
fn check_differs(blocks: Vec<Block>, block: u32, message: &str) {
    let difference = replay(Strategy::FedAvg, None, blocks)
        .err()
        .expect("a difference");
    assert_eq!(difference.block, Some(block), "{difference}");
    assert!(difference.to_string().contains(message), "{difference}");
}

#[test]
fn honest_blocks_replay() {
    let (replay, rounds) = replay(Strategy::FedAvg, None, honest()).unwrap();
    assert_eq!(replay.model, [7, 2]);
    let [round] = rounds.as_slice() else {
        panic!("{rounds:?}")
    };
    assert_eq!((round.round, round.block, round.accepted), (1, 6, 2));
    assert_eq!(round.model_root, replay.model_root());
    let [declared] = round.declared.as_slice() else {
        panic!("{round:?}")
    };
    assert_eq!(
        (declared.client, Some(declared.privacy)),
        (BOB, privacy(BOB))
    );
}

#[test]
fn the_next_round_starts_from_the_new_model() {
    let mut blocks = honest();
    let spec = spec(Strategy::FedAvg, None);
    blocks.extend(sent(&spec, 7, 2, &[7, 2], ALICE, 1, &[9, 9]));
    blocks.push(digest(
        9,
        2,
        Outcome::Adopted,
        &[9, 9],
        &[(ALICE, 1, &[9, 9])],
    ));
    blocks.push(digest(12, 3, Outcome::Skipped, &[9, 9], &[]));
    let (replay, rounds) = replay(Strategy::FedAvg, None, blocks).unwrap();
    assert_eq!(
        (replay.model.as_slice(), rounds.len()),
        ([9, 9].as_slice(), 3)
    );
}

#[test]
fn updates_beyond_the_norm_bound_do_not_count() {
    let spec = spec(Strategy::FedAvg, Some(NormRule::Reject { max: 8 }));
    let [a, b] = sent(&spec, 2, 1, &[0, 0], ALICE, 1, &[4, 8]);
    let [c, d] = sent(&spec, 4, 1, &[0, 0], BOB, 3, &[8, 0]);
    let close = digest(6, 1, Outcome::Adopted, &[8, 0], &[(BOB, 3, &[8, 0])]);
    let (replay, _) = replay(
        Strategy::FedAvg,
        Some(NormRule::Reject { max: 8 }),
        vec![a, b, c, d, close],
    )
    .unwrap();
    assert_eq!(replay.model, [8, 0]);
}

#[test]
fn too_few_updates_skip_the_round() {
    let strategy = Strategy::TrimmedMean { trim: 1 };
    let spec = spec(strategy, None);
    let [a, b] = sent(&spec, 2, 1, &[0, 0], ALICE, 1, &[4, 8]);
    let close = digest(6, 1, Outcome::Skipped, &[0, 0], &[(ALICE, 1, &[4, 8])]);
    let (replay, rounds) = replay(strategy, None, vec![a, b, close]).unwrap();
    assert_eq!(
        (replay.model.as_slice(), rounds[0].accepted),
        ([0, 0].as_slice(), 1)
    );
}

#[test]
fn a_round_without_its_quorum_is_skipped() {
    let mut blocks = honest();
    blocks[3].reveals.clear();
    blocks[4] = digest(6, 1, Outcome::Skipped, &[0, 0], &[(ALICE, 1, &[4, 8])]);
    let (replay, _) = replay(Strategy::FedAvg, None, blocks.clone()).unwrap();
    assert_eq!(replay.model, [0, 0]);
    blocks[4].closed[0].outcome = Outcome::Adopted;
    check_differs(
        blocks,
        6,
        "1 accepted update and 0 whole holdouts mean Skipped",
    );
}

#[test]
fn a_crowded_round_takes_ten_times_its_shortest_window() {
    let mut blocks = honest();
    blocks[4] = digest(50, 1, Outcome::Crowded, &[0, 0], &HONEST);
    let (replay, rounds) = replay(Strategy::FedAvg, None, blocks.clone()).unwrap();
    assert_eq!((replay.model, rounds[0].accepted), (vec![0, 0], 2));
    blocks[4].number = 49;
    check_differs(blocks, 49, "would have taken 50");
}

#[test]
fn one_changed_value_in_a_reveal_is_found() {
    let mut blocks = honest();
    blocks[1].reveals[0].part.values[0] ^= 1;
    check_differs(blocks, 3, "not the one it committed to");
}

#[test]
fn a_changed_sample_count_privacy_or_account_is_found() {
    let mut blocks = honest();
    blocks[3].reveals[0].sample_count = 4;
    check_differs(blocks, 5, "not the one it committed to");
    let mut blocks = honest();
    blocks[3].reveals[0].privacy = Some(Privacy {
        epsilon: Decimal::whole(1),
        delta: Decimal::whole(0),
    });
    check_differs(blocks, 5, "not the one it committed to");
    let mut blocks = honest();
    blocks[1].reveals.clear();
    blocks[3].reveals[0].client = ALICE;
    check_differs(blocks, 5, "not the one it committed to");
}

#[test]
fn a_reveal_without_commitment_is_found() {
    let mut blocks = honest();
    blocks.remove(2);
    check_differs(blocks, 5, "without having committed");
}

#[test]
fn an_update_left_out_is_found() {
    let mut blocks = honest();
    blocks[1].reveals.clear();
    check_differs(blocks, 6, "1 accepted update and 0 whole holdouts mean");
}

#[test]
fn a_wrong_model_is_found() {
    let mut blocks = honest();
    blocks[4].closed[0].model_root = H256::repeat_byte(5);
    check_differs(blocks, 6, "the strategy makes the model");
}

#[test]
fn a_wrong_ending_or_order_is_found() {
    let mut blocks = honest();
    blocks[4].closed[0].outcome = Outcome::Skipped;
    check_differs(
        blocks,
        6,
        "2 accepted updates and 0 whole holdouts mean Adopted",
    );
    let mut blocks = honest();
    blocks[4].closed[0].round = 2;
    check_differs(blocks, 6, "round 1 was due");
}

#[test]
fn a_stale_base_is_found() {
    let mut blocks = honest();
    blocks[0].commits[0].base_root = H256::repeat_byte(5);
    check_differs(blocks, 2, "but the server model was");
}

#[test]
fn failed_reveals_change_nothing() {
    for succeeded in [None, Some(false)] {
        let mut blocks = honest();
        let mut wrong = blocks[1].reveals[0].clone();
        wrong.part.values[0] ^= 1;
        wrong.succeeded = succeeded;
        blocks[1].reveals.insert(0, wrong);
        replay(Strategy::FedAvg, None, blocks).map(|_| ()).unwrap();
    }
}

#[test]
fn one_changed_value_in_a_model_file_is_found() {
    let (replay, _) = replay(Strategy::FedAvg, None, honest()).unwrap();
    let file = ModelView {
        federation: FEDERATION,
        round: 1,
        root: replay.model_root(),
        frac_bits: 16,
        param_count: 2,
        offset: 0,
        values: vec![7, 2],
    };
    assert_eq!(replay.compare(&file), Ok(()));
    let message = |file: ModelView| replay.compare(&file).unwrap_err().to_string();
    assert_eq!(
        message(ModelView {
            values: vec![7, 3],
            ..file.clone()
        }),
        "federation 7, round 1: weight 1 of the file is 3, the recomputed model has 2"
    );
    assert!(
        message(ModelView {
            values: vec![7],
            ..file.clone()
        })
        .contains("number of weights")
    );
    assert!(
        message(ModelView {
            root: GENESIS,
            ..file.clone()
        })
        .contains("the root")
    );
    assert!(
        message(ModelView {
            federation: 8,
            ..file.clone()
        })
        .contains("federation 8")
    );
    assert!(
        message(ModelView {
            frac_bits: 8,
            ..file
        })
        .contains("frac_bits 8")
    );
}

#[test]
fn weights_without_a_round_are_compared_exactly() {
    let (replay, _) = replay(Strategy::FedAvg, None, honest()).unwrap();
    let unit = 0.5f64.powi(16);
    assert_eq!(replay.compare_weights(&[7.0 * unit, 2.0 * unit]), Ok(()));
    let message = |weights: &[f64]| replay.compare_weights(weights).unwrap_err().to_string();
    // A part of a unit would be rounded away.
    assert_eq!(
        message(&[7.0 * unit, 2.25 * unit]),
        "federation 7, round 1: the file is none of the recomputed models; weight 1 of it is \
         0.000034332275390625, the model of this round has 0.000030517578125"
    );
    assert!(message(&[7.0 * unit]).contains("number of weights"));
    let large = [(1 << 24) + 1, 2];
    let large = large.map(|value| f64::from(value) * unit);
    assert!(!message(&large).contains("float32"));
}

#[test]
fn rounding_to_float32_is_told_from_another_model() {
    let mut blocks = honest();
    let large = (1 << 24) + 1;
    let spec = spec(Strategy::FedAvg, None);
    let values = [large, 0];
    blocks.extend(sent(&spec, 7, 2, &[7, 2], ALICE, 1, &values));
    let accepted: [(AccountId, u32, &[i32]); 1] = [(ALICE, 1, &values)];
    blocks.push(digest(9, 2, Outcome::Adopted, &values, &accepted));
    let (replay, _) = replay(Strategy::FedAvg, None, blocks).unwrap();
    let exact = f64::from(large) * 0.5f64.powi(16);
    assert_eq!(replay.compare_weights(&[exact, 0.0]), Ok(()));
    let rounded = replay.compare_weights(&[f64::from(exact as f32), 0.0]);
    let message = rounded.unwrap_err().to_string();
    assert!(
        message.ends_with("float32 rounds, save float64"),
        "{message}"
    );
}

#[test]
fn a_federation_is_finished_when_skipped_rounds_are_made_up_for() {
    let mut blocks = Vec::new();
    for round in 1..=6 {
        let number = 10 * round;
        let (replay, _) = replay(Strategy::FedAvg, None, blocks.clone()).unwrap();
        assert!(!replay.is_finished(), "before round {round}");
        blocks.push(digest(number, round, Outcome::Skipped, &[0, 0], &[]));
    }
    let (replay, _) = replay(Strategy::FedAvg, None, blocks).unwrap();
    assert!(replay.is_finished());
    let mut blocks = honest();
    for round in 2..=5 {
        blocks.push(digest(10 * round, round, Outcome::Skipped, &[7, 2], &[]));
    }
    let (replay, _) = self::replay(Strategy::FedAvg, None, blocks).unwrap();
    assert!(!replay.is_finished());
}
