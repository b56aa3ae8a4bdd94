//! How much privacy a client's updates have spent together.
//!
//! The release of a value with Gaussian noise, whose sensitivity is D and whose deviation is s, has Rényi
//! divergence of order a of at most `a rho`, with `rho = D^2 / (2 s^2)` (Mironov, "Rényi Differential
//! Privacy", 2017; the same for the discrete Gaussian: Canonne, Kamath and Steinke 2020, theorem 14).
//! Divergences of one order add up over releases, also when a later one depends on what came out of the
//! earlier ones. So the sum of all `rho` says everything, and no order of the releases matters.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::Mechanism;

/// Releases of the same sensitivity and deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Releases {
    /// Largest Euclidean distance of two updates that other data would have made, in units of
    /// `2^-frac_bits`.
    sensitivity: u64,
    /// Standard deviation of the noise on each weight, in the same units.
    deviation: NonZeroU32,
    /// How many there were.
    count: u64,
}

/// Every noisy update that one client ever made. In integers, so that a file holds it exactly.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Accountant(Vec<Releases>);

impl Accountant {
    /// Nothing is spent.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts `updates` with the noise of `mechanism` each.
    pub fn add(&mut self, mechanism: &Mechanism, updates: u64) {
        let (sensitivity, deviation) = (mechanism.sensitivity(), mechanism.deviation());
        let is_alike = |r: &&mut Releases| (r.sensitivity, r.deviation) == (sensitivity, deviation);
        match self.0.iter_mut().find(is_alike) {
            Some(releases) => releases.count = releases.count.saturating_add(updates),
            None => self.0.push(Releases {
                sensitivity,
                deviation,
                count: updates,
            }),
        }
    }

    /// Updates counted.
    pub fn count(&self) -> u64 {
        let counts = self.0.iter().map(|releases| releases.count);
        counts.fold(0, u64::saturating_add)
    }

    /// The epsilon for which all updates together are (epsilon, `delta`)-differentially private: zero
    /// before the first, infinite where `delta` is not above zero.
    ///
    /// The conversion of each order is proposition 12 of Canonne, Kamath and Steinke 2020 (it is also
    /// theorem 21 of Balle et al., "Hypothesis Testing Interpretations and Renyi Differential Privacy",
    /// 2020); every order gives a true bound, and the least of them is the answer.
    pub fn spent(&self, delta: f64) -> f64 {
        if self.0.is_empty() {
            return 0.0;
        }
        let rho: f64 = self.0.iter().map(Releases::rho).sum();
        let least = orders()
            .map(|order| order * rho + conversion(order, delta))
            .fold(f64::INFINITY, f64::min);
        least.max(0.0)
    }
}

impl Releases {
    fn rho(&self) -> f64 {
        let ratio = self.sensitivity as f64 / f64::from(self.deviation.get());
        self.count as f64 * ratio * ratio / 2.0
    }
}

/// What a bound of this order on the divergence pays for becoming one on epsilon.
fn conversion(order: f64, delta: f64) -> f64 {
    (-1.0 / order).ln_1p() - (delta.ln() + order.ln()) / (order - 1.0)
}

/// Orders `1 + 2^(k / 16)` from 1.001 to a million. The best one is close to
/// `1 + sqrt(ln(1 / delta) / rho)`; the nearest of these costs less than one in a thousand of epsilon.
fn orders() -> impl Iterator<Item = f64> {
    (-160..=320).map(|k| 1.0 + (f64::from(k) / 16.0).exp2())
}

#[cfg(test)]
mod tests {
    use fedchain_fl::Format;
    use proptest::prelude::*;

    use super::*;

    /// Clip norm 1.
    fn noise(multiplier: f64) -> Mechanism {
        Mechanism::new(1.0, multiplier, Format::default()).unwrap()
    }

    fn after(updates: &[(f64, u64)]) -> Accountant {
        let mut accountant = Accountant::new();
        for (multiplier, count) in updates {
            accountant.add(&noise(*multiplier), *count);
        }
        accountant
    }

    /// By dp-accounting 0.6.0 (Google; `rdp.RdpAccountant` with these orders): `compose` of
    /// `GaussianDpEvent(multiplier / 2)`, since two updates of clip norm 1 are up to 2 apart.
    #[test]
    fn epsilons_of_an_independent_accountant() {
        for (updates, delta, expected) in [
            (&[(1.0, 1)][..], 1e-5, 10.724_848_642_831_41),
            (&[(4.0, 10)], 1e-5, 8.078_605_284_267_692),
            (&[(20.0, 100)], 1e-6, 5.221_914_500_782_699),
            (&[(100.0, 1)], 1e-5, 0.065_746_393_056_219_25),
            (&[(2.0, 50)], 1e-8, 66.419_158_778_799_11),
            (&[(4.0, 3), (10.0, 4)], 1e-5, 4.480_142_099_247_037),
        ] {
            let found = after(updates).spent(delta);
            assert!(
                (found - expected).abs() < 1e-9 * expected,
                "{updates:?}: {found}"
            );
        }
    }

    /// The exact epsilon of the continuous Gaussian (Balle and Wang, "Improving the Gaussian Mechanism for
    /// Differential Privacy", 2018, theorem 8), solved by SciPy's brentq.
    #[test]
    fn no_bound_is_below_the_exact_epsilon_and_none_far_above() {
        for (multiplier, count, delta, exact) in [
            (1.0, 1, 1e-5, 9.997_256_146),
            (4.0, 10, 1e-5, 7.511_275_901),
            (20.0, 100, 1e-6, 4.886_554_117),
            (100.0, 1, 1e-5, 0.058_632_255),
            (2.0, 50, 1e-8, 63.948_012_870),
        ] {
            let found = after(&[(multiplier, count)]).spent(delta);
            let most = 1.13 * exact;
            assert!(
                (exact..most).contains(&found),
                "{multiplier} x {count}: {found}"
            );
        }
    }

    #[test]
    fn updates_compose_to_the_one_of_the_same_rho() {
        // Four of twice the noise spend as much as one.
        assert_eq!(
            after(&[(8.0, 4)]).spent(1e-5),
            after(&[(4.0, 1)]).spent(1e-5)
        );
        let (mut one, mut other) = (after(&[(4.0, 2)]), after(&[(8.0, 1)]));
        one.add(&noise(8.0), 1);
        other.add(&noise(4.0), 1);
        other.add(&noise(4.0), 1);
        assert_eq!(one.spent(1e-5), other.spent(1e-5));
        assert_eq!((one.count(), other.count()), (3, 3));
    }

    #[test]
    fn the_ends() {
        assert_eq!(Accountant::new().spent(1e-5), 0.0);
        let one = after(&[(4.0, 1)]);
        assert_eq!(one.spent(0.0), f64::INFINITY);
        assert_eq!(one.spent(f64::NAN), f64::INFINITY);
        assert_eq!(one.spent(1.0), 0.0);
    }

    #[test]
    fn a_file_holds_it_exactly() {
        let accountant = after(&[(4.0, 2), (0.3, 1)]);
        let text = serde_json::to_string(&accountant).unwrap();
        assert_eq!(
            text,
            r#"[{"sensitivity":131072,"deviation":262144,"count":2},"#.to_owned()
                + r#"{"sensitivity":131072,"deviation":19661,"count":1}]"#
        );
        assert_eq!(
            serde_json::from_str::<Accountant>(&text).unwrap(),
            accountant
        );
        let no_noise = r#"[{"sensitivity":1,"deviation":0,"count":1}]"#;
        assert!(serde_json::from_str::<Accountant>(no_noise).is_err());
    }

    proptest! {
        #[test]
        fn more_updates_less_noise_or_less_delta_never_spend_less(
            multiplier in 0.1..50.0f64, count in 1..30u64, delta in 1e-12..0.5f64,
        ) {
            let spent = after(&[(multiplier, count)]).spent(delta);
            prop_assert!(after(&[(multiplier, count + 1)]).spent(delta) >= spent);
            prop_assert!(after(&[(multiplier / 2.0, count)]).spent(delta) >= spent);
            prop_assert!(after(&[(multiplier, count)]).spent(delta / 2.0) >= spent);
        }
    }
}
