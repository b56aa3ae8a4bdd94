//! Attacks on values: what attackers send to move the server model.
//!
//! The attackers of a round act together. They know the base model, the honest updates of the same
//! round, which nobody can see in fact before the commitments are closed, and their own rows.

mod copier;
mod gaussian_noise;
mod label_flipper;
mod little_is_enough;
mod minimum_integer;
mod overflow;
mod sample_count_inflator;
mod scaler;
mod sign_flipper;

#[cfg(test)]
mod tests;

use std::fmt;

use fedchain_fl::Format;

/// One way to cheat; what is not overridden is honest.
pub trait Attack: Sync {
    /// For tables and the command line, like `sign_flipper`.
    fn name(&self) -> &'static str;

    /// The class that an attacker gives a row of class `class`, one of `classes`, before it learns.
    fn label(&self, class: usize, _classes: usize) -> usize {
        class
    }

    /// What the attackers send, in the order of [`Round::own`].
    fn updates(&self, round: &Round<'_>) -> Vec<Vec<i32>> {
        round.own.to_vec()
    }

    /// The sample count that an attacker with `rows` rows states, where `max` is the cap.
    fn sample_count(&self, rows: u32, _max: u32) -> u32 {
        rows
    }
}

/// A round as the attackers see it.
pub struct Round<'a> {
    /// The server model, `[param_count]`.
    pub base: &'a [i32],
    /// The honest clients' updates; there may be none.
    pub honest: &'a [Vec<i32>],
    /// The updates that the attackers learned, one each.
    pub own: &'a [Vec<i32>],
    /// Number format of all of them.
    pub format: Format,
    /// For attacks that draw random numbers; differs from round to round.
    pub seed: u64,
}

/// All attacks.
pub const ALL: [&dyn Attack; 9] = [
    &copier::Copier,
    &sign_flipper::SignFlipper,
    &scaler::Scaler,
    &gaussian_noise::GaussianNoise,
    &label_flipper::LabelFlipper,
    &little_is_enough::LittleIsEnough,
    &overflow::Overflow,
    &minimum_integer::MinimumInteger,
    &sample_count_inflator::SampleCountInflator,
];

/// The attack of this name, with `-` or `_` between its words.
pub fn by_name(name: &str) -> Option<&'static dyn Attack> {
    let name = name.replace('-', "_");
    ALL.into_iter().find(|attack| attack.name() == name)
}

impl fmt::Debug for dyn Attack + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Round<'_> {
    /// `base + factor * (own - base)` of each attacker, limited to the format's range.
    fn stretched(&self, factor: i64) -> Vec<Vec<i32>> {
        let stretch = |(own, base): (&i32, &i32)| {
            let (own, base) = (i64::from(*own), i64::from(*base));
            self.limited(base + factor * (own - base))
        };
        let update = |own: &Vec<i32>| own.iter().zip(self.base).map(stretch).collect();
        self.own.iter().map(update).collect()
    }

    /// The same update from every attacker: at each place of the model, what `value` says.
    fn every_weight(&self, value: impl Fn(usize) -> i64) -> Vec<Vec<i32>> {
        let update: Vec<i32> = (0..self.base.len())
            .map(|place| self.limited(value(place)))
            .collect();
        vec![update; self.own.len()]
    }

    fn limited(&self, value: i64) -> i32 {
        let (min, max) = self.format.range();
        value.clamp(min.into(), max.into()) as i32
    }

    /// Mean and standard deviation of the honest updates at one place.
    fn honest_spread(&self, place: usize) -> (f64, f64) {
        let values = || {
            let at_place = self.honest.iter().filter_map(|update| update.get(place));
            at_place.map(|value| f64::from(*value))
        };
        let count = self.honest.len().max(1) as f64;
        let mean = values().sum::<f64>() / count;
        let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        (mean, variance.sqrt())
    }
}
