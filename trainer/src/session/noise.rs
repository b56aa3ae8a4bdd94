//! The noise of a session's updates, and what the client declares about it.

use std::path::Path;

use fedchain_fl::{Decimal, Privacy, TaskSpec};
use fedchain_learn::{
    data::nearest,
    privacy::{Accountant, Mechanism},
};
use rand::rngs::OsRng;

use super::{Session, report::Event};
use crate::{
    Error,
    chain::FederationView,
    store::{Spent, Store},
    words::count,
};

/// An epsilon at which nothing is hidden any more.
const EPSILON_MAX: f64 = 1e6;

/// Noise as the user wants it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// Largest Euclidean distance of an update to the server model, in real weights.
    pub clip: f64,
    /// Standard deviation of the noise on each weight, in units of `clip`.
    pub multiplier: f64,
    /// Probability at which the declared epsilon may fail; within 0 and 1.
    pub delta: Decimal,
}

/// That noise in a federation's numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    mechanism: Mechanism,
    delta: Decimal,
}

impl Guard {
    /// # Errors
    /// When the federation's numbers cannot hold the noise.
    pub(super) fn new(noise: &Noise, task: &TaskSpec) -> Result<Self, Error> {
        Ok(Self {
            mechanism: Mechanism::new(noise.clip, noise.multiplier, task.format)?,
            delta: noise.delta,
        })
    }

    /// Clips an update and adds noise of the system's generator: neither chain nor seed know it.
    pub(super) fn protect(&self, values: &mut [i32], base: &[i32]) -> Result<(), Error> {
        Ok(self.mechanism.protect(values, base, &mut OsRng)?)
    }

    /// What `updates` more would have spent.
    fn forecast(&self, spent: &Spent, updates: u64) -> Result<Privacy, Error> {
        let mut noisy = spent.noisy.clone();
        noisy.add(&self.mechanism, updates);
        declared(&noisy, self.delta)
    }
}

impl Session<'_> {
    /// Says what all rounds will spend, before the first one does.
    ///
    /// # Errors
    /// When what was sent before does not go with what is asked for now.
    pub(super) fn ensure_accounted(&self, view: &FederationView) -> Result<(), Error> {
        let spent = self.store.spent()?;
        let file = self.store.dir().join(Store::SPENT);
        ensure_consistent(&spent, self.work.guard().is_some(), &file)?;
        if let Some(guard) = self.work.guard() {
            let over = view.round.max(1).saturating_sub(1);
            let rounds = view.last_round().saturating_sub(over);
            let privacy = guard.forecast(&spent, rounds.into())?;
            self.note(format!(
                "local privacy: {} with noise so far; {rounds} more would make it epsilon {} at \
                 delta {:e}",
                count(spent.noisy.count(), "update"),
                nearest(privacy.epsilon),
                nearest(privacy.delta),
            ));
        }
        Ok(())
    }

    /// Counts an update that is about to be committed to; answers what is declared with it.
    pub(super) fn spend(&self, round: u32) -> Result<Option<Privacy>, Error> {
        let Some(guard) = self.work.guard() else {
            self.store.spend(None)?;
            return Ok(None);
        };
        let spent = self.store.spend(Some(&guard.mechanism))?;
        let privacy = declared(&spent.noisy, guard.delta)?;
        (self.tell)(&Event::Privacy {
            round,
            epsilon: nearest(privacy.epsilon),
            delta: nearest(privacy.delta),
        });
        Ok(Some(privacy))
    }
}

/// An update without noise among others leaves no epsilon that holds for all, and noise that is forgotten
/// at a restart cannot be added to what is public.
fn ensure_consistent(spent: &Spent, with_noise: bool, file: &Path) -> Result<(), Error> {
    let file = file.display();
    match (with_noise, spent.plain, spent.noisy.count()) {
        (true, plain @ 1.., _) => Err(Error::Impossible(format!(
            "{plain} of your updates in this federation had no noise ({file}), so that no epsilon holds \
             for all: go on without --noise, or add it in another federation, with rows not used here"
        ))),
        (false, _, noisy @ 1..) => Err(Error::Impossible(format!(
            "{noisy} of your updates in this federation had noise: go on with `fedchain train --clip C \
             --noise M`. To send updates without it from now on, which ends what they promised, move \
             {file} away"
        ))),
        _ => Ok(()),
    }
}

/// What has been spent, as the chain takes it: epsilon rounded up to four digits.
fn declared(noisy: &Accountant, delta: Decimal) -> Result<Privacy, Error> {
    let epsilon = noisy.spent(nearest(delta));
    if epsilon.is_nan() || epsilon > EPSILON_MAX {
        return Err(Error::Impossible(format!(
            "{} with this noise make an epsilon of {epsilon:.3e}, which hides nothing: use a \
             larger --noise",
            count(noisy.count(), "update")
        )));
    }
    // Always the next number: above epsilon by more than what f64 rounds.
    let mantissa = ((epsilon * 1e4).floor() as i64).saturating_add(1);
    Ok(Privacy {
        epsilon: Decimal {
            mantissa,
            exponent: -4,
        },
        delta,
    })
}

#[cfg(test)]
mod tests {
    use fedchain_fl::view::PhaseView;

    use super::*;
    use crate::session::decide::tests::view;

    const NOISE: Noise = Noise {
        clip: 1.0,
        multiplier: 4.0,
        delta: Decimal {
            mantissa: 1,
            exponent: -5,
        },
    };

    fn task() -> TaskSpec {
        view(PhaseView::Waiting).spec.task
    }

    fn spent(plain: u64, noisy: u64) -> Spent {
        let mut spent = Spent {
            plain,
            ..Spent::default()
        };
        if noisy > 0 {
            let guard = Guard::new(&NOISE, &task()).unwrap();
            spent.noisy.add(&guard.mechanism, noisy);
        }
        spent
    }

    #[test]
    fn what_is_declared_is_the_total_rounded_up() {
        let guard = Guard::new(&NOISE, &task()).unwrap();
        // 10 updates spend 8.0786053 (the accountant's tests).
        for (before, more) in [(0, 10), (9, 1)] {
            let privacy = guard.forecast(&spent(0, before), more).unwrap();
            assert_eq!(privacy.epsilon.to_string(), "80787e-4");
            assert_eq!(privacy.delta, NOISE.delta);
        }
    }

    #[test]
    fn noise_that_hides_nothing_is_refused() {
        let noise = Noise {
            multiplier: 1e-4,
            ..NOISE
        };
        let guard = Guard::new(&noise, &task()).unwrap();
        let error = guard.forecast(&spent(0, 0), 1).unwrap_err().to_string();
        assert!(error.contains("hides nothing"), "{error}");
    }

    #[test]
    fn noise_is_added_to_all_updates_or_to_none() {
        for (plain, noisy, with_noise, reason) in [
            (0, 0, true, None),
            (0, 0, false, None),
            (0, 2, true, None),
            (2, 0, false, None),
            (2, 0, true, Some("2 of your updates")),
            (1, 3, true, Some("had no noise")),
            (0, 3, false, Some("go on with `fedchain train --clip")),
        ] {
            let found = ensure_consistent(&spent(plain, noisy), with_noise, Path::new("f"));
            let error = found.err().map(|error| error.to_string());
            match reason {
                None => assert_eq!(error, None, "{plain} {noisy} {with_noise}"),
                Some(reason) => assert!(error.unwrap().contains(reason)),
            }
        }
    }

    #[test]
    fn an_update_is_changed_by_noise_of_the_system() {
        let guard = Guard::new(&NOISE, &task()).unwrap();
        let [mut one, mut other] = [[0; 8]; 2];
        guard.protect(&mut one, &[0; 8]).unwrap();
        guard.protect(&mut other, &[0; 8]).unwrap();
        // Eight equal draws of deviation 262144 come about once in 10^46.
        assert_ne!(one, other);
    }
}
