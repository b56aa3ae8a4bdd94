//! Certified rounds replay; lies in moments and solutions are found.

use fedchain_fl::{Format, Shape};
use fedchain_verifier::optimality::{self, Problem, Solution, refute, solve};

use super::*;

const TERMS: LeastSquares = LeastSquares {
    penalty: Decimal {
        mantissa: 1,
        exponent: -2,
    },
    epsilon: Decimal {
        mantissa: 1,
        exponent: -4,
    },
};

type Rows<'a> = &'a [(i16, i16)];
const ALICES: Rows = &[(4096, 5000), (-3000, -1200)];
const BOBS: Rows = &[(2500, 9000), (-9000, -30_000), (1, 2)];

fn moments(rows: Rows) -> Moments {
    let mut moments = Moments::zero(Shape::new(1).unwrap());
    for (value, target) in rows {
        moments.add_row(&[*value], *target).unwrap();
    }
    moments
}

fn values(rows: Rows) -> Vec<i32> {
    Format::default().decode(&moments(rows).encode())
}

fn solution(parts: &[Rows]) -> Solution {
    let mut sum = Moments::zero(Shape::new(1).unwrap());
    for rows in parts {
        sum.add(&moments(rows)).unwrap();
    }
    let penalty = TERMS.penalty_units().unwrap();
    let problem = Problem::new(sum, penalty, u64::MAX, Format::default()).unwrap();
    solve(&problem).unwrap()
}

fn certify(number: u32, left_out: &[AccountId], solution: &Solution) -> Block {
    Block {
        number,
        certified: vec![Certify {
            left_out: left_out.to_vec(),
            solution: solution.encode(),
            succeeded: Some(true),
        }],
        ..Block::default()
    }
}

/// Everybody's optimum, then the same without Bob; the row counts that both state, and a change of the
/// first solution.
fn blocks(rows: [u32; 2], change: impl FnOnce(&mut Solution)) -> Vec<Block> {
    let spec = spec(Strategy::LeastSquares(TERMS), None);
    let (alices, bobs) = (values(ALICES), values(BOBS));
    let [a, b] = sent(&spec, 2, 1, &[0, 0], ALICE, rows[0], &alices);
    let [c, d] = sent(&spec, 4, 1, &[0, 0], BOB, rows[1], &bobs);
    let mut first = solution(&[ALICES, BOBS]);
    change(&mut first);
    let second = solution(&[ALICES]);
    let model = |solution: &Solution| solution.model(Format::default()).unwrap();
    let everybody: [(AccountId, u32, &[i32]); 2] =
        [(ALICE, rows[0], &alices), (BOB, rows[1], &bobs)];
    vec![
        a,
        b,
        c,
        d,
        certify(6, &[], &first),
        digest(7, 1, Outcome::Adopted, &model(&first), &everybody),
        certify(8, &[BOB], &second),
        digest(9, 2, Outcome::Adopted, &model(&second), &everybody[..1]),
    ]
}

fn replayed(blocks: Vec<Block>) -> Result<Vec<Round>, What> {
    replay(Strategy::LeastSquares(TERMS), None, blocks)
        .map(|(_, rounds)| rounds)
        .map_err(|difference| difference.what)
}

#[test]
fn certificates_are_proven_again() {
    let rounds = replayed(blocks([2, 3], |_| {})).unwrap();
    let accepted: Vec<u32> = rounds.iter().map(|round| round.accepted).collect();
    assert_eq!(accepted, [2, 1]);
    let most = TERMS.epsilon_units().unwrap();
    let is_proven = |round: &Round| round.bound.is_some_and(|bound| bound.epsilon <= most);
    assert!(rounds.iter().all(is_proven), "{rounds:?}");
}

#[test]
fn a_solution_that_proves_nothing_is_named() {
    let found = replayed(blocks([2, 3], |solution| solution.weights[0] += 1 << 20));
    assert!(
        matches!(
            found,
            Err(What::Solution {
                error: optimality::Error::TooFar { .. }
            })
        ),
        "{found:?}"
    );
}

#[test]
fn moments_of_another_number_of_rows_are_named() {
    let error = optimality::Error::Rows;
    assert_eq!(
        replayed(blocks([2, 4], |_| {})),
        Err(What::Moments { client: BOB, error })
    );
}

/// Alice's optimum, after Bob's moments, which no rows have, were refuted by `vector`.
fn refuted(vector: Vec<u8>, succeeded: Option<bool>) -> Vec<Block> {
    let spec = spec(Strategy::LeastSquares(TERMS), None);
    let (alices, bobs) = (
        values(ALICES),
        Format::default().decode(&impossible().encode()),
    );
    let [a, b] = sent(&spec, 2, 1, &[0, 0], ALICE, 2, &alices);
    let [c, d] = sent(&spec, 4, 1, &[0, 0], BOB, 3, &bobs);
    let refute = Block {
        number: 6,
        refuted: vec![Refute {
            client: BOB,
            vector,
            succeeded,
        }],
        ..Block::default()
    };
    let first = solution(&[ALICES]);
    let model = first.model(Format::default()).unwrap();
    let counted: [(AccountId, u32, &[i32]); 1] = [(ALICE, 2, &alices)];
    vec![
        a,
        b,
        c,
        d,
        refute,
        certify(7, &[], &first),
        digest(8, 1, Outcome::Adopted, &model, &counted),
    ]
}

fn impossible() -> Moments {
    let mut values = moments(BOBS).into_values();
    (values[0], values[1]) = (0, 3 << 29);
    Moments::new(Shape::new(1).unwrap(), 3, values).unwrap()
}

#[test]
fn refuted_moments_do_not_count() {
    let proof = refute(&impossible(), 1.0).unwrap();
    for succeeded in [Some(true), None] {
        let rounds = replayed(refuted(proof.clone(), succeeded)).unwrap();
        assert_eq!(rounds[0].accepted, 1);
    }
    let nothing = vec![0; proof.len()];
    let found = replayed(refuted(nothing, Some(true)));
    assert_eq!(found, Err(What::Refutation { client: BOB }));
}
