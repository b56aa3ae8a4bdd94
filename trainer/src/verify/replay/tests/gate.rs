//! Judged rounds replay; lies in holdouts and judgements are found.

use fedchain_commitment::{HoldoutOpening, Tree};
use fedchain_fl::{
    Contributions, Gate,
    gate::{Contribution, Scores},
    score::Holdout,
};

use super::*;

/// One, as a feature and as a weight.
const ONE: i32 = 1 << 16;
/// Rows of a holdout.
const ROWS: u32 = 4;
const EVALUATORS: [AccountId; 3] = [
    AccountId([11; 32]),
    AccountId([12; 32]),
    AccountId([13; 32]),
];
/// Which holdouts the evaluators have in round 1, and in round 2.
const FIRST: [u8; 3] = [1, 2, 3];
const SECOND: [u8; 3] = [4, 5, 6];

/// A federation with a gate, and an optimiser that remembers.
fn gated() -> FederationSpec<u128> {
    let mut spec = spec(Strategy::FedAvg, None);
    spec.task.optimiser = Optimiser::FedAvgM {
        momentum: "0.9".parse().unwrap(),
        rate: Decimal::whole(1),
    };
    spec.gate = Some(Gate {
        rows: ROWS,
        evaluators_max: 3,
        quorum: 3,
        tolerance: Decimal::whole(0),
        bond: 0,
        blocks: 5,
        contributions: Contributions::Recorded,
    });
    spec
}

/// A server model, or an update.
fn slope(slope: i32) -> [i32; 2] {
    [slope * ONE, 0]
}

/// Loss of this slope on every holdout.
fn loss(slope: i64) -> i64 {
    ((slope - 2) * (slope - 2)) << 32
}

/// Canonical bytes of rows of `y = 2x`, each `x` 1 or -1 by a bit of `signs`.
fn holdout(signs: u8) -> Vec<u8> {
    let sign = |row: u32| 1 - 2 * i32::from((signs >> row) & 1);
    let rows = (0..ROWS).flat_map(|row| [sign(row) * ONE, sign(row) * 2 * ONE]);
    rows.flat_map(i32::to_le_bytes).collect()
}

/// An evaluator's commitment to canonical bytes, and its reveals.
fn held(
    task: &TaskSpec,
    round: u32,
    evaluator: AccountId,
    bytes: &[u8],
) -> (Pledge, Vec<HoldoutReveal>) {
    let opening = HoldoutOpening {
        genesis: GENESIS,
        federation: FEDERATION,
        round,
        spec_hash: spec_hash(task),
        account: evaluator.0,
        values_root: Tree::Holdout.root_of(bytes),
        salt: [8; 32],
    };
    let pledge = Pledge {
        evaluator,
        round,
        commitment: opening.commitment(),
    };
    let reveal = |part| HoldoutReveal {
        evaluator,
        round,
        salt: opening.salt,
        part,
        succeeded: Some(true),
    };
    (
        pledge,
        Tree::Holdout.parts(bytes).into_iter().map(reveal).collect(),
    )
}

/// A round in which Alice and Bob reveal these slopes, from the base slope 0 in block `number` on: the
/// evaluators' commitments come first, their holdouts before the last block, which closes it.
fn round(
    number: u32,
    round: u32,
    slopes: [i32; 2],
    holdouts: [u8; 3],
    (outcome, model): (Outcome, i32),
    gate_hash: Option<H256>,
) -> Vec<Block> {
    let spec = gated();
    let (base, [alices, bobs]) = (slope(0), slopes.map(slope));
    let [a, b] = sent(&spec, number + 1, round, &base, ALICE, 1, &alices);
    let [c, d] = sent(&spec, number + 3, round, &base, BOB, 1, &bobs);
    let (mut before, mut after) = (Block::default(), Block::default());
    (before.number, after.number) = (number, number + 5);
    for (evaluator, signs) in EVALUATORS.into_iter().zip(holdouts) {
        let (pledge, reveals) = held(&spec.task, round, evaluator, &holdout(signs));
        before.pledges.push(pledge);
        after.holdouts.extend(reveals);
    }
    let accepted: [(AccountId, u32, &[i32]); 2] = [(ALICE, 1, &alices), (BOB, 1, &bobs)];
    let mut close = digest(number + 6, round, outcome, &slope(model), &accepted);
    close.closed[0].gate_hash = gate_hash;
    vec![before, a, b, c, d, after, close]
}

/// The judgement of such a round.
fn judgement(
    round: u32,
    candidate: i32,
    holdouts: [u8; 3],
    gains: [i64; 2],
) -> GateRecord<AccountId> {
    let (base, new) = (loss(0), loss(candidate.into()));
    let scores = EVALUATORS.into_iter().zip(holdouts);
    let scores = scores.map(|(evaluator, signs)| Scores {
        evaluator,
        holdout_root: Tree::Holdout.root_of(&holdout(signs)),
        base: base as u64,
        new: new as u64,
    });
    let [alices, bobs] = gains;
    let contributions = [(ALICE, alices), (BOB, bobs)];
    let contributions = contributions.map(|(client, gain)| Contribution { client, gain });
    GateRecord {
        federation: FEDERATION,
        round,
        candidate_root: values_root(&bytes(&slope(candidate))),
        scores: scores.collect::<Vec<_>>().try_into().unwrap(),
        change: new - base,
        contributions: contributions.to_vec().try_into().unwrap(),
    }
}

/// Alice's slope is right, and Bob's too steep.
fn better() -> GateRecord<AccountId> {
    judgement(1, 3, FIRST, [loss(4) - loss(3), loss(2) - loss(3)])
}

/// Bob's slope falls where it should rise.
fn worse() -> GateRecord<AccountId> {
    judgement(1, -1, FIRST, [loss(-4) - loss(-1), loss(2) - loss(-1)])
}

fn adopted() -> Vec<Block> {
    let hash = gate_hash(&better());
    round(1, 1, [2, 4], FIRST, (Outcome::Adopted, 3), Some(hash))
}

fn not_adopted() -> Vec<Block> {
    let hash = gate_hash(&worse());
    round(1, 1, [2, -4], FIRST, (Outcome::Worse, 0), Some(hash))
}

fn replayed(blocks: Vec<Block>) -> Result<(Replay, Vec<Round>), Difference> {
    let mut replay = Replay::new(GENESIS, FEDERATION, gated()).unwrap();
    let mut rounds = Vec::new();
    for block in blocks {
        rounds.extend(replay.block(block)?);
    }
    Ok((replay, rounds))
}

#[track_caller]
fn check_refused(blocks: Vec<Block>, block: u32, message: &str) {
    let difference = replayed(blocks).err().expect("a difference");
    assert_eq!(difference.block, Some(block), "{difference}");
    assert!(difference.to_string().contains(message), "{difference}");
}

#[test]
fn a_better_model_is_adopted_with_its_judgement() {
    let (replay, rounds) = replayed(adopted()).unwrap();
    assert_eq!(replay.model, slope(3));
    assert!(!replay.moments.is_empty());
    assert_eq!(rounds[0].outcome, Outcome::Adopted);
    assert_eq!(rounds[0].judgement, Some(better()));
}

#[test]
fn a_worse_one_leaves_model_and_moments_as_they_were() {
    let mut blocks = not_adopted();
    let (replay, rounds) = replayed(blocks.clone()).unwrap();
    assert_eq!((replay.model.as_slice(), rounds.len()), (&slope(0)[..], 1));
    assert!(replay.moments.is_empty());
    assert_eq!(rounds[0].outcome, Outcome::Worse);
    assert_eq!(rounds[0].judgement, Some(worse()));

    let second = judgement(2, 2, SECOND, [0, 0]);
    let hash = Some(gate_hash(&second));
    blocks.extend(round(8, 2, [2, 2], SECOND, (Outcome::Adopted, 2), hash));
    let (replay, rounds) = replayed(blocks).unwrap();
    assert_eq!(replay.model, slope(2));
    assert_eq!(rounds[1].judgement, Some(second));
}

#[test]
fn with_too_few_holdouts_a_model_is_adopted_unjudged() {
    let mut blocks = round(1, 1, [2, -4], FIRST, (Outcome::Ungated, -1), None);
    blocks[5].holdouts.pop();
    let (replay, rounds) = replayed(blocks).unwrap();
    assert_eq!(replay.model, slope(-1));
    assert!(!replay.moments.is_empty());
    assert_eq!(rounds[0].outcome, Outcome::Ungated);
    assert_eq!(rounds[0].judgement, None);
}

#[test]
fn another_judgement_is_found() {
    let lie = GateRecord {
        contributions: worse().contributions,
        ..better()
    };
    for hash in [Some(gate_hash(&lie)), None] {
        let mut blocks = adopted();
        blocks[6].closed[0].gate_hash = hash;
        check_refused(blocks, 7, "the judgement differs");
    }
}

#[test]
fn another_outcome_is_found() {
    for outcome in [Outcome::Adopted, Outcome::Ungated, Outcome::Skipped] {
        let mut blocks = not_adopted();
        blocks[6].closed[0].outcome = outcome;
        check_refused(blocks, 7, "3 whole holdouts mean Worse");
    }
    let mut blocks = adopted();
    blocks[5].holdouts.pop();
    check_refused(blocks, 7, "2 whole holdouts mean Ungated");
}

#[test]
fn another_model_than_the_verdict_leaves_is_found() {
    let root = |model| values_root(&bytes(&slope(model)));
    let mut blocks = not_adopted();
    blocks[6].closed[0].model_root = root(-1);
    check_refused(blocks, 7, "the strategy makes the model");
    let mut blocks = adopted();
    blocks[6].closed[0].model_root = root(0);
    check_refused(blocks, 7, "the strategy makes the model");
}

#[test]
fn a_holdout_without_its_commitment_is_found() {
    let mut blocks = adopted();
    blocks[0].pledges.pop();
    check_refused(blocks, 6, "without having committed to one");
    let mut blocks = adopted();
    blocks[5].holdouts[0].part.values[0] ^= 1;
    check_refused(blocks, 6, "not of what was committed to");
    let mut blocks = adopted();
    blocks[5].holdouts[1].salt = [7; 32];
    check_refused(blocks, 6, "not of what was committed to");
}

#[test]
fn a_holdout_that_is_used_twice_is_found() {
    let twice = round(1, 1, [2, 4], [1, 2, 1], (Outcome::Adopted, 3), None);
    check_refused(twice, 6, "whose rows were in another one before");

    let mut blocks = not_adopted();
    let holdouts = [4, 2, 5];
    blocks.extend(round(8, 2, [2, 2], holdouts, (Outcome::Adopted, 2), None));
    check_refused(blocks, 13, "whose rows were in another one before");
}

#[test]
fn failed_reveals_of_holdouts_change_nothing() {
    for succeeded in [None, Some(false)] {
        let mut blocks = adopted();
        let mut wrong = blocks[5].holdouts[0].clone();
        wrong.part.values[0] ^= 1;
        let again = blocks[5].holdouts[2].clone();
        blocks[5].holdouts.insert(0, wrong);
        blocks[5].holdouts.push(again);
        for place in [0, 4] {
            blocks[5].holdouts[place].succeeded = succeeded;
        }
        replayed(blocks).map(|_| ()).unwrap();
    }
}

/// Of 100 features: two parts.
#[test]
fn a_holdout_counts_when_all_its_parts_came_in_order() {
    let mut spec = gated();
    let [column] = &spec.task.schema.features[..] else {
        panic!("one feature")
    };
    let columns = (0..100).map(|place| Column {
        name: format!("x{place}").parse().unwrap(),
        ..column.clone()
    });
    spec.task.schema.features = columns.collect::<Vec<_>>().try_into().unwrap();
    let rows = Holdout::rows_max(&spec.task);
    spec.gate.as_mut().unwrap().rows = rows;
    let bytes = vec![1; Holdout::bytes(&spec.task, rows) as usize];
    let (pledge, reveals) = held(&spec.task, 1, EVALUATORS[0], &bytes);
    let counted = |places: &[usize]| {
        let mut replay = Replay::new(GENESIS, FEDERATION, spec.clone()).unwrap();
        let holdouts = places.iter().map(|place| At {
            block: 9,
            sent: reveals[*place].clone(),
        });
        let sent = Sent {
            pledges: vec![pledge.clone()],
            holdouts: holdouts.collect(),
            ..Sent::default()
        };
        let holdouts = replay.holdouts(&sent);
        holdouts.map(|holdouts| holdouts.count())
    };
    assert_eq!(reveals.len(), 2);
    assert_eq!(counted(&[0, 1]), Ok(1));
    assert_eq!(counted(&[0]), Ok(0));
    for places in [&[1, 0][..], &[0, 0], &[0, 1, 1]] {
        let found = counted(places).map_err(|difference| difference.what);
        let is_order = matches!(
            found,
            Err(What::Holdout {
                fault: Unfit::Opening(opening::Error::Order { .. }),
                ..
            })
        );
        assert!(is_order, "{places:?}: {found:?}");
    }
}
