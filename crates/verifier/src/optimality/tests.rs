//! What is proven, what is refused, and that nothing overflows.

use std::{vec, vec::Vec};

use fedchain_fl::{Format, LeastSquares, Width, limits::CERTIFIED_FEATURES_MAX};
use primitive_types::U256;
use proptest::prelude::*;

use super::*;

const PENALTY: u32 = 1 << 14;
/// As fine as weights of this size can be in 32 bits.
const FORMAT: Format = Format {
    frac_bits: 24,
    width: Width::I32,
};

/// Rows of a client: features, then the target.
type Rows<'a> = &'a [([i16; 2], i16)];

const ALICE: Rows = &[
    ([4096, -2000], 5000),
    ([-3000, 8192], -1200),
    ([100, 100], 300),
];
const BOB: Rows = &[([2500, 2500], 9000), ([-9000, 400], -30_000)];

fn moments(rows: Rows) -> Moments {
    let mut moments = Moments::zero(Shape::new(2).unwrap());
    for (values, target) in rows {
        moments.add_row(values, *target).unwrap();
    }
    moments
}

fn problem() -> Problem {
    let mut sum = moments(ALICE);
    sum.add(&moments(BOB)).unwrap();
    Problem::new(sum, PENALTY, 1 << 20, FORMAT).unwrap()
}

#[track_caller]
fn check(change: impl FnOnce(&mut Solution), expected: Error) {
    let problem = problem();
    let mut solution = solve(&problem).unwrap();
    change(&mut solution);
    assert_eq!(problem.verify(&solution.encode()), Err(expected));
}

#[test]
fn the_optimum_is_certified() {
    let problem = problem();
    let solution = solve(&problem).unwrap();
    let (decoded, bound) = problem.verify(&solution.encode()).unwrap();
    assert_eq!(decoded, solution);
    assert!(bound.epsilon < 1 << 12, "{bound:?}");
    let (_, ridge) = problem.matrix();
    assert!(bound.mu > ridge as u64 * 8 / 10, "{bound:?}");
}

#[test]
fn the_bound_holds_for_every_other_model() {
    let problem = problem();
    let best = solve(&problem).unwrap();
    for step in [1 << 10, -(1 << 16), 1 << 24] {
        for place in 0..3 {
            let mut other = best.clone();
            other.weights[place] += step;
            let bound = problem.bound(&other).unwrap();
            // The best one is itself off by its own bound.
            let slack = problem.bound(&best).unwrap().epsilon;
            assert!(bound.epsilon + slack >= i64::unsigned_abs(step));
        }
    }
}

#[test]
fn what_proves_nothing_is_refused() {
    check(|it| it.weights[0] += 1 << 30, {
        let problem = problem();
        let mut moved = solve(&problem).unwrap();
        moved.weights[0] += 1 << 30;
        let epsilon = problem.bound(&moved).unwrap().epsilon;
        Error::TooFar { epsilon }
    });
    check(|it| it.weights[1] = WEIGHT_MAX as i64 + 1, Error::Weight);
    check(|it| it.weights[1] = i64::MIN, Error::Weight);
    check(|it| it.witness[0] = WITNESS_MAX as i64 + 1, Error::Witness);
    check(|it| it.witness[3] = i64::MIN, Error::Witness);
    check(|it| it.mu = u64::MAX, Error::Witness);
    check(|it| it.mu = 0, Error::Curvature);
    check(|it| it.witness[2] += 1 << 33, Error::Curvature);
    check(|it| it.witness.fill(0), Error::Curvature);
}

#[test]
fn claims_of_curvature_are_not_believed() {
    let problem = problem();
    let mut boaster = solve(&problem).unwrap();
    let honest = problem.bound(&boaster).unwrap();
    boaster.mu *= 100;
    assert!(problem.bound(&boaster).unwrap().mu <= honest.mu);
}

#[test]
fn other_lengths_are_refused_unread() {
    let problem = problem();
    let bytes = solve(&problem).unwrap().encode();
    let needed = problem.shape().solution_bytes();
    for wrong in [&bytes[1..], &[&bytes[..], &[0]].concat(), &[]] {
        assert_eq!(problem.verify(wrong), Err(Error::Length { needed }));
    }
    let shape = problem.shape();
    let moments = moments(ALICE).encode();
    let needed = shape.moment_bytes();
    for wrong in [&moments[8..], &[&moments[..], &[0; 8]].concat(), &[]] {
        assert_eq!(
            Moments::decode(shape, 3, wrong),
            Err(Error::Length { needed })
        );
    }
}

#[test]
fn impossible_moments_are_refused() {
    let shape = Shape::new(2).unwrap();
    let good = moments(ALICE);
    assert_eq!(Moments::decode(shape, 3, &good.encode()), Ok(good.clone()));
    let change = |index: usize, value: i64| {
        let mut bad = good.clone();
        bad.values[index] = value;
        Moments::decode(shape, 3, &bad.encode())
    };
    // Larger than three rows allow, and a negative square.
    assert_eq!(change(1, (3 << 30) + 1), Err(Error::Moment { index: 1 }));
    assert_eq!(change(8, i64::MIN), Err(Error::Moment { index: 8 }));
    assert_eq!(change(2, -1), Err(Error::Moment { index: 2 }));
    assert_eq!(change(3, -1).map(|it| it.rows()), Ok(3));
    // The column of ones counts the rows.
    assert_eq!(change(5, 4 << 24), Err(Error::Rows));
    assert_eq!(Moments::decode(shape, 4, &good.encode()), Err(Error::Rows));
    let none = Moments::zero(shape).encode();
    assert_eq!(Moments::decode(shape, 0, &none), Err(Error::TooManyRows));
    let many = Moments::decode(shape, u32::MAX, &good.encode());
    assert_eq!(many, Err(Error::TooManyRows));
}

#[test]
fn indefinite_moments_have_no_witness() {
    // A square of zero beside a product that is not: no rows have such moments.
    let mut liar = moments(ALICE);
    liar.values[0] = 0;
    liar.values[1] = 3 << 29;
    liar.check().unwrap();
    let problem = Problem::new(liar, PENALTY, u64::MAX, FORMAT).unwrap();
    for mu in [1, 1000, PENALTY as u64 * 3] {
        for size in [0, 1 << 30, 1 << 40] {
            let solution = Solution {
                mu,
                weights: vec![0; 3],
                witness: vec![size; 6],
            };
            assert_eq!(problem.bound(&solution), Err(Error::Curvature));
        }
    }
}

/// Moments of two features with these squares and products changed.
fn changed(changes: &[(usize, i64)]) -> Moments {
    let mut values = moments(ALICE).into_values();
    for (index, value) in changes {
        values[*index] = *value;
    }
    Moments::new(Shape::new(2).unwrap(), 3, values).unwrap()
}

#[test]
fn moments_of_no_rows_are_refuted() {
    let most = 3 << 30;
    for impossible in [
        // A square of zero beside products that are not.
        changed(&[(0, 0), (1, most)]),
        changed(&[(2, 1 << 24), (1, most)]),
        // A column that is always zero goes with the target.
        changed(&[(0, 0), (1, 0), (3, 0), (6, most)]),
        // A mean that no column of this size has.
        changed(&[(3, most)]),
    ] {
        let refutation = Refutation {
            moments: &impossible,
        };
        let proof = refute(&impossible, 1.0).unwrap();
        assert_eq!(refutation.verify(&proof), Ok(()));
        for wrong in [&proof[8..], &[&proof[..], &[0; 8]].concat()] {
            assert_eq!(refutation.verify(wrong), Err(Error::Length { needed: 32 }));
        }
        assert_eq!(refutation.verify(&[0; 32]), Err(Error::Refutation));
        let large = [i64::MIN.to_le_bytes(); 4].concat();
        assert_eq!(refutation.verify(&large), Err(Error::Refutation));
        // The same proves nothing of others.
        let honest = moments(ALICE);
        let refutation = Refutation { moments: &honest };
        assert_eq!(refutation.verify(&proof), Err(Error::Refutation));
    }
}

#[test]
fn whoever_keeps_a_federation_from_its_solution_is_refuted() {
    // The penalty of the others' rows makes up for small lies: those do no harm.
    for lie in [1 << 20, 1 << 24, 1 << 27, 3 << 29] {
        let liar = changed(&[(0, 0), (1, lie), (3, 0)]);
        let mut sum = moments(BOB);
        sum.add(&liar).unwrap();
        let rows = f64::from(sum.rows());
        let problem = Problem::new(sum, PENALTY, u64::MAX, FORMAT).unwrap();
        let slack = f64::from(PENALTY) * rows / 40.0;
        let is_solved = solve(&problem).is_some();
        assert!(is_solved || refute(&liar, slack).is_some(), "{lie}");
    }
}

#[test]
fn the_largest_refutation_does_not_overflow() {
    let shape = Shape::new(CERTIFIED_FEATURES_MAX).unwrap();
    let mut extreme = Moments::zero(shape);
    extreme.rows = ROWS_MAX;
    extreme.values.fill(i64::from(ROWS_MAX) << 30);
    let vector = [(REFUTATION_MAX as i64).to_le_bytes(); 202].concat();
    let refutation = Refutation { moments: &extreme };
    assert_eq!(refutation.verify(&vector), Err(Error::Refutation));
    // A form that is as low as can be.
    for value in &mut extreme.values {
        *value = -*value;
    }
    let refutation = Refutation { moments: &extreme };
    assert_eq!(refutation.verify(&vector), Ok(()));
}

#[test]
fn the_bound_is_of_the_rounded_model() {
    let sum = || {
        let mut sum = moments(ALICE);
        sum.add(&moments(BOB)).unwrap();
        sum
    };
    for frac_bits in [0, 8, 16, 24] {
        let format = Format {
            frac_bits,
            width: Width::I32,
        };
        let problem = Problem::new(sum(), PENALTY, u64::MAX, format).unwrap();
        let solution = solve(&problem).unwrap();
        let bound = problem.bound(&solution).unwrap();
        // The optimum is as good as exact.
        let unit = 1i64 << (32 - frac_bits);
        let model = solution.model(format).unwrap();
        let distances = solution.weights.iter().zip(&model);
        let squared: f64 = distances
            .map(|(exact, rounded)| ((exact - i64::from(*rounded) * unit) as f64).powi(2))
            .sum();
        assert!(bound.epsilon as f64 >= squared.sqrt());
        assert!(bound.epsilon as f64 <= squared.sqrt() + 4_096.0);
    }
}

/// With the least epsilon that a federation can have, rows as large as there are keep nobody from a solution.
#[test]
fn whatever_the_rows_there_is_a_solution() {
    let terms = |epsilon: f64| LeastSquares {
        penalty: "0.001".parse().unwrap(),
        epsilon: format!("{epsilon:.9}").parse().unwrap(),
    };
    let format = Format {
        frac_bits: 24,
        width: Width::I32,
    };
    for features in [1, 10, 60] {
        let shape = Shape::new(features).unwrap();
        let weights = f64::from(shape.weights());
        let least = (64.0 * weights + 1.0) * weights.sqrt() / 0.001 / f64::from(1u32 << 31);
        for seed in 0..4 {
            let mut state = 0x9e37_79b9_7f4a_7c15 ^ seed;
            let mut random = |most: i16| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17u64;
                (state % u64::from(most.unsigned_abs())) as i16
            };
            let mut sum = Moments::zero(shape);
            for _ in 0..500 {
                let common = random(6_000) - 3_000;
                let row: Vec<i16> = (0..features).map(|_| common + random(1_600)).collect();
                sum.add_row(&row, common + random(1_600)).unwrap();
            }
            for _ in 0..10_000 {
                let row = vec![i16::MAX; features as usize];
                sum.add_row(&row, random(i16::MAX)).unwrap();
            }
            let problem = Problem::on_terms(sum, terms(1.2 * least), format).unwrap();
            let solution = solve(&problem).unwrap();
            let found = problem.verify(&solution.encode());
            assert!(found.is_ok(), "{features} features: {found:?}");
        }
    }
}

#[test]
fn limits_are_kept() {
    let sum = moments(ALICE);
    assert_eq!(
        Problem::new(sum.clone(), 0, 1, FORMAT).err(),
        Some(Error::Penalty)
    );
    assert_eq!(
        Problem::new(sum, PENALTY_MAX + 1, 1, FORMAT).err(),
        Some(Error::Penalty)
    );
}

#[test]
fn the_extremes_do_not_overflow() {
    let shape = Shape::new(CERTIFIED_FEATURES_MAX).unwrap();
    let mut extreme = Moments::zero(shape);
    extreme.rows = ROWS_MAX;
    extreme.values.fill(i64::from(ROWS_MAX) << 30);
    let ones = shape.squares() as usize - 1;
    extreme.values[ones] = i64::from(ROWS_MAX) << 24;
    let problem = Problem::new(extreme.clone(), PENALTY_MAX, u64::MAX, FORMAT).unwrap();
    let solution = Solution {
        mu: 1 << 62,
        weights: vec![WEIGHT_MAX as i64; shape.weights() as usize],
        witness: vec![-(WITNESS_MAX as i64); shape.squares() as usize],
    };
    // In numbers that cannot overflow: row 0 of H w - b.
    let h = U256::from(1u64 << 60) * 201 + U256::from(1u64 << 60);
    let first = h * U256::from(WEIGHT_MAX) - (U256::from(1u64 << 60) << 32);
    let residual = problem.residual(&solution.weights);
    assert_eq!(U256::from(residual[0].unsigned_abs()), first);
    assert_eq!(problem.bound(&solution), Err(Error::Curvature));
    assert_eq!(extreme.add(&moments_of_one(shape)), Err(Error::TooManyRows));
}

fn moments_of_one(shape: Shape) -> Moments {
    let mut moments = Moments::zero(shape);
    let values = vec![ROW_MAX; CERTIFIED_FEATURES_MAX as usize];
    moments.add_row(&values, i16::MIN).unwrap();
    moments
}

#[test]
fn the_squares_are_on_the_diagonal() {
    let diagonal: Vec<u32> = (0..21)
        .filter(|index| triangle::is_diagonal(*index))
        .collect();
    assert_eq!(diagonal, [0, 2, 5, 9, 14, 20]);
}

proptest! {
    #[test]
    fn moments_of_rows_cannot_be_refuted(
        rows in prop::collection::vec((any::<[i16; 2]>(), any::<i16>()), 1..20),
        vector in any::<[i64; 4]>(),
    ) {
        let own = moments(&rows);
        prop_assert_eq!(refute(&own, 0.01), None);
        let within = |entry: &i64| (entry % (REFUTATION_MAX as i64)).to_le_bytes();
        let bytes: Vec<u8> = vector.iter().flat_map(within).collect();
        let refutation = Refutation { moments: &own };
        prop_assert_eq!(refutation.verify(&bytes), Err(Error::Refutation));
    }

    #[test]
    fn sums_of_possible_moments_are_possible_and_come_apart(
        rows in prop::collection::vec((any::<[i16; 2]>(), any::<i16>()), 2..20),
        at in 1usize..19,
    ) {
        let (left, right) = rows.split_at(at.min(rows.len() - 1));
        let mut sum = moments(left);
        sum.add(&moments(right)).unwrap();
        sum.check().unwrap();
        prop_assert_eq!(&sum, &moments(&rows));
        sum.subtract(&moments(left)).unwrap();
        prop_assert_eq!(sum, moments(right));
    }
}
