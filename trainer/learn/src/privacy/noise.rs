//! Integers from the discrete Gaussian, exactly.
//!
//! Noise computed in floating point leaks: which doubles can come out depends on the value that is
//! hidden (Mironov, "On Significance of the Least Significant Bits for Differential Privacy", 2012).
//! These samplers (Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential Privacy", 2020,
//! algorithms 1 to 3) draw integers and compare them, so each probability is the formula's, given
//! uniform bits. Arguments stay below 2^65, so nothing here comes near 2^128 but with a probability
//! below e^-(2^30), and saturates then.

use std::num::NonZeroU32;

use rand::TryCryptoRng;

/// An integer `x` with probability proportional to `e^-(x^2 / (2 deviation^2))`.
///
/// # Errors
/// When the generator fails.
pub(super) fn gaussian<R: TryCryptoRng>(
    deviation: NonZeroU32,
    rng: &mut R,
) -> Result<i64, R::Error> {
    let deviation = u128::from(deviation.get());
    loop {
        // With the Laplacian's scale at the deviation s, what is left of the Gaussian is a constant
        // times e^-((|x| - s)^2 / (2 s^2)): all terms are integers. About three of four pass.
        let (is_negative, size) = laplace(deviation, rng)?;
        let gap = size.abs_diff(deviation);
        if exp_minus(gap.saturating_mul(gap), 2 * deviation * deviation, rng)? {
            let size = i64::try_from(size).unwrap_or(i64::MAX);
            return Ok(if is_negative { -size } else { size });
        }
    }
}

/// Sign and size of an integer `x` with probability proportional to `e^-(|x| / scale)`.
fn laplace<R: TryCryptoRng>(scale: u128, rng: &mut R) -> Result<(bool, u128), R::Error> {
    loop {
        let part = below(scale, rng)?;
        if !exp_minus_fraction(part, scale, rng)? {
            continue;
        }
        let mut wholes = 0u128;
        while exp_minus_fraction(1, 1, rng)? {
            wholes += 1;
        }
        let size = wholes.saturating_mul(scale).saturating_add(part);
        let is_negative = below(2, rng)? == 0;
        // Zero has one sign, or it would come twice as often.
        if !(is_negative && size == 0) {
            return Ok((is_negative, size));
        }
    }
}

/// True with probability `e^-(numerator / denominator)`.
fn exp_minus<R: TryCryptoRng>(
    numerator: u128,
    denominator: u128,
    rng: &mut R,
) -> Result<bool, R::Error> {
    for _ in 0..numerator / denominator {
        if !exp_minus_fraction(1, 1, rng)? {
            return Ok(false);
        }
    }
    exp_minus_fraction(numerator % denominator, denominator, rng)
}

/// True with probability `e^-(numerator / denominator)`, at most one: von Neumann's way, by the
/// alternating series of the exponential.
fn exp_minus_fraction<R: TryCryptoRng>(
    numerator: u128,
    denominator: u128,
    rng: &mut R,
) -> Result<bool, R::Error> {
    let mut draws = 1u128;
    while below(denominator.saturating_mul(draws), rng)? < numerator {
        draws += 1;
    }
    Ok(draws % 2 == 1)
}

/// An integer of `0..end`, each equally likely; `end` is above zero.
fn below<R: TryCryptoRng>(end: u128, rng: &mut R) -> Result<u128, R::Error> {
    let spare = end.saturating_sub(1).leading_zeros();
    let mask = u128::MAX.checked_shr(spare).unwrap_or(0);
    loop {
        let mut bytes = [0; 16];
        rng.try_fill_bytes(&mut bytes)?;
        let drawn = u128::from_le_bytes(bytes) & mask;
        if drawn < end {
            return Ok(drawn);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn samples(deviation: u32, count: usize, seed: u64) -> Vec<i64> {
        let mut rng = StdRng::seed_from_u64(seed);
        let deviation = NonZeroU32::new(deviation).unwrap();
        let draw = |_| gaussian(deviation, &mut rng).unwrap();
        (0..count).map(draw).collect()
    }

    /// Pearson's statistic of samples against the exact probabilities of -reach..=reach, and of what is
    /// beyond as a last cell.
    fn chi_square(samples: &[i64], deviation: f64, reach: i64) -> f64 {
        let weight = |x: i64| (-((x * x) as f64) / (2.0 * deviation * deviation)).exp();
        let total: f64 = (-1_000..=1_000).map(weight).sum();
        let mut counts = BTreeMap::new();
        for sample in samples {
            *counts.entry(*sample).or_insert(0u32) += 1;
        }
        let mut rest = (1.0, samples.len() as f64);
        let mut cell = |x| {
            let (probability, count) =
                (weight(x) / total, f64::from(*counts.get(&x).unwrap_or(&0)));
            rest = (rest.0 - probability, rest.1 - count);
            (probability, count)
        };
        let mut cells: Vec<_> = (-reach..=reach).map(&mut cell).collect();
        cells.push(rest);
        let term = |(probability, count): &(f64, f64)| {
            let expected = probability * samples.len() as f64;
            (count - expected).powi(2) / expected
        };
        cells.iter().map(term).sum()
    }

    #[test]
    fn frequencies_are_the_formulas() {
        // 99.9 % of a chi-square with 5, 15 and 39 degrees of freedom are below the bounds (SciPy's chi2.ppf).
        for (deviation, reach, bound) in [(1, 2, 20.515), (3, 7, 37.697), (10, 19, 72.054)] {
            let found = chi_square(&samples(deviation, 100_000, 1), deviation.into(), reach);
            assert!(found < bound, "deviation {deviation}: {found}");
        }
    }

    #[test]
    fn the_statistic_tells_neighbouring_deviations_apart() {
        assert!(chi_square(&samples(10, 100_000, 1), 10.3, 19) > 72.054);
    }

    #[test]
    fn mean_and_variance_of_wide_noise() {
        let (deviation, count) = (65_536, 50_000);
        let samples = samples(deviation, count, 2);
        let scaled = samples.iter().map(|x| *x as f64 / f64::from(deviation));
        let mean = scaled.clone().sum::<f64>() / count as f64;
        let variance = scaled.map(|x| x * x).sum::<f64>() / count as f64;
        // Four standard errors: 4 / sqrt(n), 4 sqrt(2 / n).
        assert!(mean.abs() < 0.0179, "{mean}");
        assert!((variance - 1.0).abs() < 0.0253, "{variance}");
    }

    #[test]
    fn exponentials_are_drawn_with_their_probability() {
        let mut rng = StdRng::seed_from_u64(3);
        // 0, 1/3, 1, and 9/4 which has whole parts; each e^-x within four standard errors.
        for (numerator, denominator, probability) in [
            (0, 5, 1.0),
            (1, 3, 0.716_531_3),
            (7, 7, 0.367_879_4),
            (9, 4, 0.105_399_2),
        ] {
            let drawn =
                (0..40_000).filter(|_| exp_minus(numerator, denominator, &mut rng).unwrap());
            let found = drawn.count() as f64 / 40_000.0;
            let error = 4.0 * (probability * (1.0 - probability) / 40_000.0f64).sqrt();
            let off = (found - probability).abs();
            assert!(off <= error, "{numerator}/{denominator}: {found}");
        }
    }

    #[test]
    fn uniform_integers_reach_both_ends_and_no_further() {
        let mut rng = StdRng::seed_from_u64(4);
        let mut counts = [0u32; 5];
        for _ in 0..5_000 {
            counts[below(5, &mut rng).unwrap() as usize] += 1;
        }
        // Four standard errors around 1000.
        assert!(counts.iter().all(|n| n.abs_diff(1_000) < 114), "{counts:?}");
        assert_eq!(below(1, &mut rng), Ok(0));
    }
}
