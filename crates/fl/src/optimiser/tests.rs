//! The optimisers against the same formulas in plain `f64`.

use proptest::prelude::*;

use super::*;
use crate::Width;

const FORMAT: Format = Format {
    frac_bits: 16,
    width: Width::I32,
};
const UNIT: f64 = 65_536.0;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn adaptive() -> Adaptive {
    Adaptive {
        beta1: decimal("0.9"),
        beta2: decimal("0.99"),
        rate: decimal("0.1"),
        tau: decimal("0.001"),
    }
}

/// Weight after each round, by the formula in real numbers.
fn real(optimiser: Optimiser, gradients: &[f64]) -> Vec<f64> {
    let (mut weight, mut m, mut v) = (0.0, 0.0, 0.0f64);
    let mut weights = Vec::new();
    for g in gradients {
        weight += match optimiser {
            Optimiser::Adopt => *g,
            Optimiser::FedAvgM { .. } => {
                m = 0.9 * m + g;
                0.5 * m
            }
            Optimiser::FedAdam(_) => {
                m = 0.9 * m + 0.1 * g;
                v = 0.99 * v + 0.01 * g * g;
                0.1 * m / (v.sqrt() + 0.001)
            }
            Optimiser::FedYogi(_) => {
                m = 0.9 * m + 0.1 * g;
                v -= 0.01 * g * g * (v - g * g).signum();
                0.1 * m / (v.sqrt() + 0.001)
            }
        };
        weights.push(weight);
    }
    weights
}

fn fixed(optimiser: Optimiser, gradients: &[f64]) -> Vec<f64> {
    let (mut weight, mut moments) = (vec![0], vec![Moment::default()]);
    let mut weights = Vec::new();
    for g in gradients {
        let aggregate = vec![weight[0] + (g * UNIT) as i32];
        weight = optimiser.step(FORMAT, &weight, &aggregate, &mut moments);
        weights.push(f64::from(weight[0]) / UNIT);
    }
    weights
}

proptest! {
    #[test]
    fn steps_are_those_of_real_numbers(gradients in prop::collection::vec(-2.0f64..2.0, 1..20)) {
        // Gradients that are whole numbers of units, so that both start from the same.
        let gradients: Vec<f64> = gradients.iter().map(|g| (g * UNIT).trunc() / UNIT).collect();
        for (optimiser, tolerance) in [
            (Optimiser::Adopt, 1e-9),
            (Optimiser::FedAvgM { momentum: decimal("0.9"), rate: decimal("0.5") }, 5e-3),
            (Optimiser::FedAdam(adaptive()), 2e-2),
            (Optimiser::FedYogi(adaptive()), 2e-2),
        ] {
            let (fixed, real) = (fixed(optimiser, &gradients), real(optimiser, &gradients));
            for (fixed, real) in fixed.iter().zip(&real) {
                prop_assert!((fixed - real).abs() <= tolerance, "{optimiser:?}: {fixed} for {real}");
            }
        }
    }

    #[test]
    fn nothing_leaves_its_range(
        values in prop::collection::vec((any::<i32>(), any::<i32>()), 1..20),
    ) {
        let format = Format { frac_bits: 8, width: Width::I16 };
        let most = Optimiser::FedAvgM { momentum: decimal("0.9999"), rate: decimal("1000") };
        for optimiser in [most, Optimiser::FedAdam(adaptive()), Optimiser::FedYogi(adaptive())] {
            let mut moments = vec![Moment::default(); values.len()];
            let (base, aggregate): (Vec<i32>, Vec<i32>) = values.iter().copied().unzip();
            for _ in 0..5 {
                let weights = optimiser.step(format, &base, &aggregate, &mut moments);
                prop_assert!(format.encode(&weights).is_ok());
            }
            for moment in moments {
                prop_assert!(moment.first.unsigned_abs() < 1 << 46 && moment.second < 1 << 60);
            }
        }
    }
}

#[test]
fn parameters_out_of_range_are_refused() {
    let refused = |change: fn(&mut Adaptive)| {
        let mut changed = adaptive();
        change(&mut changed);
        assert_eq!(
            Optimiser::FedAdam(changed).check(),
            Err(Error::Optimiser),
            "{changed:?}"
        );
    };
    refused(|a| a.beta1 = Decimal::whole(1));
    refused(|a| a.beta2 = decimal("-0.1"));
    refused(|a| a.rate = Decimal::whole(0));
    refused(|a| a.tau = Decimal::whole(1_001));
    refused(|a| a.tau = decimal("1e100"));
    assert_eq!(Optimiser::FedYogi(adaptive()).check(), Ok(()));
    assert_eq!(Optimiser::default().check(), Ok(()));
}
