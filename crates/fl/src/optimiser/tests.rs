//! The optimisers against their definition in wide integers, and against the papers' formulas in `f64`.

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
        weight = optimiser.step(FORMAT, &weight, aggregate, &mut moments);
        weights.push(f64::from(weight[0]) / UNIT);
    }
    weights
}

/// Weight and moment after each gradient, in integers straight from the documented definition.
fn exact(optimiser: Optimiser, format: Format, gradients: &[i32]) -> Vec<(i64, Moment)> {
    let q16 = |decimal: Decimal| {
        let power = 10i128.pow(u32::from(decimal.exponent.unsigned_abs()));
        let (twice, odd) = (i128::from(decimal.mantissa) << 17, 2 * power);
        // None of the parameters here is halfway between two.
        (twice + power).div_euclid(odd)
    };
    let floor = |value: i128| value.div_euclid(65_536);
    let (low, high) = format.range();
    let (mut weight, mut m, mut v) = (0i128, 0i128, 0i128);
    let mut states = Vec::new();
    for gradient in gradients {
        // The aggregate is an `i32`; so its difference to the weight is limited first.
        let aggregate = (weight + i128::from(*gradient)).clamp(i32::MIN.into(), i32::MAX.into());
        let g = (aggregate - weight).clamp(1 - (1 << 30), (1 << 30) - 1);
        let step = match optimiser {
            Optimiser::Adopt => aggregate - weight,
            Optimiser::FedAvgM { momentum, rate } => {
                let most = ((1i128 << 30) - 1) << 16;
                m = (floor(m * q16(momentum)) + g * 65_536).clamp(-most, most);
                floor(floor(m) * q16(rate))
            }
            Optimiser::FedAdam(a) | Optimiser::FedYogi(a) => {
                m = floor(m * q16(a.beta1)) + g * (65_536 - q16(a.beta1));
                let fresh = floor(g * g * (65_536 - q16(a.beta2)));
                v = match optimiser {
                    Optimiser::FedAdam(_) => floor(v * q16(a.beta2)) + fresh,
                    _ => v - fresh * (v - g * g).signum(),
                };
                let root = (0..62).rev().fold(0i128, |root, bit| {
                    let more = root | 1 << bit;
                    if more * more <= v { more } else { root }
                });
                let below = root * 65_536 + (q16(a.tau) << format.frac_bits);
                // Towards zero.
                ((q16(a.rate) * m) << format.frac_bits) / (below * 65_536)
            }
        };
        weight = (weight + step).clamp(low.into(), high.into());
        let (first, second) = (m.try_into().unwrap(), v.try_into().unwrap());
        states.push((weight as i64, Moment { first, second }));
    }
    states
}

fn found(optimiser: Optimiser, format: Format, gradients: &[i32]) -> Vec<(i64, Moment)> {
    let (mut weight, mut moments) = (vec![0i32], vec![Moment::default()]);
    let mut states = Vec::new();
    for gradient in gradients {
        let aggregate = weight[0].saturating_add(*gradient);
        weight = optimiser.step(format, &weight, vec![aggregate], &mut moments);
        states.push((weight[0].into(), moments[0]));
    }
    states
}

fn parameter() -> impl Strategy<Value = Decimal> {
    (1i64..1_000_000)
        .prop_map(|mantissa| Decimal {
            mantissa,
            exponent: -6,
        })
        .prop_filter("above zero in 2^-16", |decimal| {
            decimal.scaled(BITS).is_some_and(|q| q > 0)
        })
}

proptest! {
    #[test]
    fn every_bit_is_that_of_the_definition(
        gradients in prop::collection::vec(
            prop_oneof![Just(i32::MIN), Just(i32::MAX), -300..300i32, any::<i32>()],
            1..12,
        ),
        (a, b, c, d) in (parameter(), parameter(), parameter(), parameter()),
        (width, frac_bits) in prop_oneof![
            (Just(Width::I32), 0u8..=30),
            (Just(Width::I16), 0u8..=14),
        ],
    ) {
        // Below one, also when rounded.
        let below = |d: Decimal| Decimal { mantissa: d.mantissa * 99 / 100, ..d };
        let adaptive = Adaptive { beta1: below(a), beta2: below(b), rate: c, tau: d };
        let format = Format { frac_bits, width };
        for optimiser in [
            Optimiser::FedAvgM { momentum: below(a), rate: c },
            Optimiser::FedAdam(adaptive),
            Optimiser::FedYogi(adaptive),
        ] {
            prop_assert_eq!(optimiser.check(), Ok(()));
            prop_assert_eq!(
                found(optimiser, format, &gradients),
                exact(optimiser, format, &gradients),
                "{:?}", optimiser
            );
        }
    }

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
                let weights = optimiser.step(format, &base, aggregate.clone(), &mut moments);
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
