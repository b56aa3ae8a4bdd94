//! "A Little Is Enough" (Baruch et al., 2019): hides within the spread of the honest updates, against
//! rules that look for outliers.
//!
//! Each weight is the honest mean less z honest standard deviations. Of `n` clients `m` attack, so
//! they need `s = n / 2 + 1 - m` honest ones for a majority; z is the largest at which that many of
//! the `n - m` are still further out than the attackers, if weights are normally distributed.

use super::{Attack, Round};

/// See above.
pub(super) struct LittleIsEnough;

impl Attack for LittleIsEnough {
    fn name(&self) -> &'static str {
        "little_is_enough"
    }

    fn updates(&self, round: &Round<'_>) -> Vec<Vec<i32>> {
        let z = z(round.honest.len(), round.own.len());
        round.every_weight(|place| {
            let (mean, deviation) = round.honest_spread(place);
            (mean - z * deviation) as i64
        })
    }
}

/// Where the standard normal distribution function is `(n - m - s) / (n - m)`, by bisection.
fn z(honest: usize, attackers: usize) -> f64 {
    let needed = ((honest + attackers) / 2 + 1).saturating_sub(attackers);
    let wanted = honest.saturating_sub(needed) as f64 / honest as f64;
    let (mut low, mut high) = (-4.0, 4.0);
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        let below = libm::erfc(-middle / std::f64::consts::SQRT_2) / 2.0;
        *(if below < wanted { &mut low } else { &mut high }) = middle;
    }
    low
}

#[cfg(test)]
mod tests {
    use super::z;

    #[test]
    fn z_is_the_quantile_of_a_normal_table() {
        for (honest, attackers, quantile) in [(38, 12, 0.336), (27, 24, 1.446), (14, 6, 0.366)] {
            let found = z(honest, attackers);
            assert!((found - quantile).abs() < 0.001, "{found} for {quantile}");
        }
    }
}
