//! What becomes of an update.

use fedchain_fl::{Width, norm::squared_distance};
use proptest::{collection::vec, prelude::*};
use rand::{SeedableRng, TryRngCore, rngs::StdRng};

use super::*;

/// Weights of -8 to 8.
const NARROW: Format = Format {
    frac_bits: 12,
    width: Width::I16,
};

#[test]
fn norms_round_to_the_safe_side() {
    let mechanism = Mechanism::new(1.000_3, 0.3, NARROW).unwrap();
    // 4097.2 and 1229.1 steps.
    assert_eq!(mechanism.sensitivity(), 2 * 4_097);
    assert_eq!(mechanism.deviation().get(), 1_230);
    let tiny = Mechanism::new(1.0, 1e-9, NARROW).unwrap();
    assert_eq!(tiny.deviation().get(), 1);
    let far = Mechanism::new(1e300, f64::MIN_POSITIVE, NARROW).unwrap();
    assert_eq!(far.sensitivity(), u64::MAX);
}

#[test]
fn what_the_format_cannot_hold_is_refused() {
    let unit = 1.0 / 4_096.0;
    for clip in [0.0, -1.0, 0.9 * unit, f64::NAN, f64::INFINITY] {
        let found = Mechanism::new(clip, 1.0, NARROW);
        assert!(
            matches!(found, Err(PrivacyError::Clip { .. })),
            "{clip}: {found:?}"
        );
    }
    for multiplier in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let found = Mechanism::new(1.0, multiplier, NARROW);
        assert!(
            matches!(found, Err(PrivacyError::Multiplier { .. })),
            "{multiplier}: {found:?}"
        );
    }
    assert!(Mechanism::new(1.0, 7.9, NARROW).is_ok());
    assert_eq!(
        Mechanism::new(2.0, 5.0, NARROW).unwrap_err().to_string(),
        "noise of standard deviation 10 is wider than the federation's weights, which end at \
         7.999755859375: use a smaller clip norm or a smaller noise multiplier"
    );
}

#[test]
fn an_update_of_another_length_is_refused() {
    let mechanism = Mechanism::new(1.0, 1.0, NARROW).unwrap();
    let error = mechanism.protect(&mut [1, 2], &[1], &mut StdRng::seed_from_u64(1));
    let (expected, found) = (1, 2);
    assert_eq!(error, Err(PrivacyError::Length { expected, found }));
}

#[test]
fn noise_is_added_to_the_clipped_update() {
    // Clip norm 50 steps, noise of 1 step: what is sent is within 8 deviations of the clipped update.
    let unit = 1.0 / 4_096.0;
    let mechanism = Mechanism::new(50.0 * unit, 0.02, NARROW).unwrap();
    assert_eq!(mechanism.deviation().get(), 1);
    let mut values = [300, -400, 7];
    let mut rng = StdRng::seed_from_u64(5);
    mechanism
        .protect(&mut values, &[0, 0, 7], &mut rng)
        .unwrap();
    for (value, clipped) in values.iter().zip([29, -39, 7]) {
        assert!(value.abs_diff(clipped) <= 8, "{values:?}");
    }
    assert_ne!(values, [29, -39, 7]);
}

#[test]
fn each_update_has_noise_of_its_own() {
    let mechanism = Mechanism::new(1.0, 1.0, NARROW).unwrap();
    let mut rng = StdRng::seed_from_u64(6);
    let [mut one, mut other] = [[0; 8]; 2];
    mechanism.protect(&mut one, &[0; 8], &mut rng).unwrap();
    mechanism.protect(&mut other, &[0; 8], &mut rng).unwrap();
    assert_ne!(one, other);
}

/// A generator that has nothing to give.
struct Broken;

impl TryRngCore for Broken {
    type Error = std::fmt::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Err(std::fmt::Error)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Err(std::fmt::Error)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
        Err(std::fmt::Error)
    }
}

impl TryCryptoRng for Broken {}

#[test]
fn without_random_numbers_there_is_no_update() {
    let mechanism = Mechanism::new(1.0, 1.0, NARROW).unwrap();
    let found = mechanism.protect(&mut [1], &[1], &mut Broken);
    assert!(
        matches!(found, Err(PrivacyError::Random { .. })),
        "{found:?}"
    );
}

proptest! {
    #[test]
    fn distances_are_bounded_before_the_noise_and_values_after_it(
        pairs in vec((any::<i16>(), any::<i16>()), 1..40),
        clip in 0.001..20.0f64,
        multiplier in 0.001..0.4f64,
        seed in any::<u64>(),
    ) {
        let mechanism = Mechanism::new(clip, multiplier, NARROW).unwrap();
        let (mut values, base): (Vec<i32>, Vec<i32>) =
            pairs.iter().map(|(v, b)| (i32::from(*v), i32::from(*b))).unzip();
        mechanism.bound(&mut values, &base).unwrap();
        let most = u128::from(mechanism.sensitivity() / 2).pow(2);
        prop_assert!(squared_distance(&values, &base) <= most);
        let mut rng = StdRng::seed_from_u64(seed);
        mechanism.blur(&mut values, &mut rng).unwrap();
        prop_assert!(values.iter().all(|v| i16::try_from(*v).is_ok()));
    }
}
