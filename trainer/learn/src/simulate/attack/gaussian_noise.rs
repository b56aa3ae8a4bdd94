//! Learns nothing and sends noise around the base model, ten times as wide as honest updates differ.

use rand::{Rng, SeedableRng, rngs::StdRng};
use rand_distr::StandardNormal;

use super::{Attack, Round};

/// Standard deviation, in those of the honest updates.
const WIDTH: f64 = 10.0;

/// See above.
pub(super) struct GaussianNoise;

impl Attack for GaussianNoise {
    fn name(&self) -> &'static str {
        "gaussian_noise"
    }

    fn updates(&self, round: &Round<'_>) -> Vec<Vec<i32>> {
        let mut random = StdRng::seed_from_u64(round.seed);
        let widths: Vec<f64> = (0..round.base.len())
            .map(|place| WIDTH * round.honest_spread(place).1)
            .collect();
        let update = |_: &Vec<i32>| {
            let places = round.base.iter().zip(&widths);
            let noisy = places.map(|(base, width)| {
                let noise = width * random.sample::<f64, _>(StandardNormal);
                round.limited(i64::from(*base) + noise as i64)
            });
            noisy.collect()
        };
        round.own.iter().map(update).collect()
    }
}
