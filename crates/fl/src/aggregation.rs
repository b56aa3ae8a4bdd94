//! One round's aggregation, chunk by chunk and without storage.
//!
//! ```text
//! candidates --norm rule--> factors --+
//!                                     v
//! chunks --(measure distances)--> plan --> chunks --clip, combine, optimise--> new server model
//! ```
//!
//! The runtime rests between any two chunks by storing an [`Aggregation`]; trainer, simulation and
//! audit run through all of them at once by [`aggregate`]. Both do the same steps in the same order.

use alloc::{borrow::Cow, vec, vec::Vec};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{
    Distances, Error, Moment, Strategy, TaskSpec, distance,
    limits::CLIENTS_MAX,
    norm::{self, Factor, squared_distance},
    strategy::Plan,
};

/// What is known of an accepted update before its values are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Effective sample count.
    pub count: u32,
    /// Squared distance to the base model, `2^-2frac_bits`; only norm rules look at it.
    pub squared_norm: u128,
}

/// How far the aggregation of a round has come.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Aggregation {
    counts: BoundedVec<u32, ConstU32<CLIENTS_MAX>>,
    factors: BoundedVec<Factor, ConstU32<CLIENTS_MAX>>,
    pass: Pass,
    next: u32,
}

/// A pass over all chunks.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
enum Pass {
    /// Measures the distances of the updates.
    Measure(Distances),
    /// Makes the new model.
    Combine(Plan),
}

impl Aggregation {
    /// Begins with the accepted updates, in ascending order of accounts.
    ///
    /// # Errors
    /// [`Error::TooFewClients`] when the strategy needs more: the round is skipped.
    pub fn new(task: &TaskSpec, candidates: &[Candidate]) -> Result<Self, Error> {
        let counts: Vec<u32> = candidates.iter().map(|candidate| candidate.count).collect();
        let squared: Vec<u128> = candidates.iter().map(|c| c.squared_norm).collect();
        task.strategy.check_updates(candidates.len())?;
        let pass = match task.strategy.needs_distances() {
            true => Pass::Measure(Distances::new(candidates.len() as u32)),
            false => Pass::Combine(Plan::new(task.strategy, &counts, &Distances::new(0))?),
        };
        Ok(Self {
            counts: BoundedVec::truncate_from(counts),
            factors: BoundedVec::truncate_from(norm::factors(task.norm, &squared)),
            pass,
            next: 0,
        })
    }

    /// The chunk that the next step needs; none when the model is whole.
    pub fn next_chunk(&self, task: &TaskSpec) -> Option<u32> {
        (self.next < task.model_chunks()).then_some(self.next)
    }

    /// Whether the next step measures distances.
    pub fn is_measuring(&self) -> bool {
        matches!(self.pass, Pass::Measure(_))
    }

    /// Whether the next step measures the last chunk, and then selects updates by their distances.
    pub fn selects_next(&self, task: &TaskSpec) -> bool {
        self.is_measuring() && self.next.saturating_add(1) >= task.model_chunks()
    }

    /// Takes the next chunk: of the base model, of each update as it was revealed, and of the
    /// optimiser's memory, which changes in place. Answers that chunk of the new server model, or
    /// none when distances were measured.
    ///
    /// # Errors
    /// [`Error::Overflow`], which checked updates cannot cause.
    pub fn step<'a>(
        &mut self,
        task: &TaskSpec,
        base: &[i32],
        updates: Vec<impl Into<Cow<'a, [i32]>>>,
        moments: &mut [Moment],
    ) -> Result<Option<Vec<i32>>, Error> {
        let clipped = updates.into_iter().zip(&self.factors);
        let mut updates: Vec<Cow<[i32]>> = clipped
            .map(|(values, factor)| factor.apply_to(values.into(), base))
            .collect();
        self.next = self.next.saturating_add(1);
        match &mut self.pass {
            Pass::Measure(distances) => {
                distances.add(task.format, base, &updates);
                if self.next >= task.model_chunks() {
                    let plan = Plan::new(task.strategy, &self.counts, distances)?;
                    self.pass = Pass::Combine(plan);
                    self.next = 0;
                }
                Ok(None)
            }
            Pass::Combine(plan) => {
                if task.strategy == Strategy::GeometricMedian {
                    for values in &mut updates {
                        distance::limit(task.format, base, values.to_mut());
                    }
                }
                let aggregate = plan.combine(&updates)?;
                let optimiser = task.optimiser;
                Ok(Some(optimiser.step(task.format, base, aggregate, moments)))
            }
        }
    }
}

/// The new server model, `[param_count]`, from whole updates `(values, effective sample count)` in
/// ascending order of accounts. `moments` is the optimiser's memory, empty before the first round.
///
/// # Errors
/// [`Error::TooFewClients`] when the strategy needs more updates.
pub fn aggregate(
    task: &TaskSpec,
    base: &[i32],
    updates: &[(&[i32], u32)],
    moments: &mut Vec<Moment>,
) -> Result<Vec<i32>, Error> {
    let candidates: Vec<Candidate> = updates
        .iter()
        .map(|(values, count)| Candidate {
            count: *count,
            squared_norm: task.norm.map_or(0, |_| squared_distance(values, base)),
        })
        .collect();
    let mut aggregation = Aggregation::new(task, &candidates)?;
    if task.optimiser.keeps_moments() && moments.is_empty() {
        *moments = vec![Moment::default(); base.len()];
    }
    let mut model = Vec::with_capacity(base.len());
    while let Some(index) = aggregation.next_chunk(task) {
        let per_chunk = task.format.chunk_values() as usize;
        let start = (index as usize).saturating_mul(per_chunk);
        let end = start.saturating_add(per_chunk).min(base.len());
        let range = || start..end;
        let chunks = updates
            .iter()
            .map(|(values, _)| values.get(range()).unwrap_or_default())
            .collect();
        let chunk = aggregation.step(
            task,
            base.get(range()).unwrap_or_default(),
            chunks,
            moments.get_mut(range()).unwrap_or_default(),
        )?;
        model.extend(chunk.unwrap_or_default());
    }
    Ok(model)
}
