//! A judgement in progress: one loss at a time.

use alloc::vec::Vec;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::limits::{CONTRIBUTIONS_MAX, EVALUATORS_MAX};

/// Losses on each holdout, at 2^-32.
type Losses = BoundedVec<u64, ConstU32<EVALUATORS_MAX>>;

/// A model whose losses are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The server model before the round.
    Base,
    /// The one that the round has made.
    New,
    /// The one that it would have made without the client at this place of the accepted ones.
    Without(u32),
}

/// What has been measured of a round.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Assessment {
    holdouts: u32,
    clients: u32,
    base: Losses,
    new: Losses,
    /// Of the model without the next client.
    without: Losses,
    contributions: BoundedVec<i64, ConstU32<CONTRIBUTIONS_MAX>>,
}

impl Assessment {
    /// Begins with so many holdouts and clients whose contributions are wanted, up to
    /// [`EVALUATORS_MAX`] and [`CONTRIBUTIONS_MAX`]. Without holdouts nothing is measured.
    pub fn new(holdouts: u32, clients: u32) -> Self {
        let holdouts = holdouts.min(EVALUATORS_MAX);
        Self {
            holdouts,
            clients: match holdouts {
                0 => 0,
                _ => clients.min(CONTRIBUTIONS_MAX),
            },
            base: Losses::new(),
            new: Losses::new(),
            without: Losses::new(),
            contributions: BoundedVec::new(),
        }
    }

    /// The model whose loss comes next, on the holdout at place [`Self::holdout`]; none when all is
    /// measured. Each model is measured on all holdouts in order.
    pub fn next(&self) -> Option<Subject> {
        let lacks = |losses: &Losses| (losses.len() as u32) < self.holdouts;
        let client = self.contributions.len() as u32;
        match self {
            _ if lacks(&self.base) => Some(Subject::Base),
            _ if lacks(&self.new) => Some(Subject::New),
            _ if client < self.clients => Some(Subject::Without(client)),
            _ => None,
        }
    }

    /// Place of the holdout that comes next.
    pub fn holdout(&self) -> u32 {
        let losses = match self.next() {
            Some(Subject::Base) => &self.base,
            Some(Subject::New) => &self.new,
            Some(Subject::Without(_)) | None => &self.without,
        };
        losses.len() as u32
    }

    /// Takes the next loss, at 2^-32; what comes when all is measured is dropped.
    pub fn take(&mut self, loss: u64) {
        // There is room: `next` answers a model only while one of its losses is missing.
        let _ = match self.next() {
            Some(Subject::Base) => self.base.try_push(loss),
            Some(Subject::New) => self.new.try_push(loss),
            Some(Subject::Without(_)) => self.without.try_push(loss),
            None => Ok(()),
        };
        if self.holdouts > 0 && self.without.len() as u32 == self.holdouts {
            let without = core::mem::take(&mut self.without);
            let _ = self
                .contributions
                .try_push(median_change(&self.new, &without));
        }
    }

    /// Takes, for all clients that are left, that the base model would have stayed without them.
    pub fn keep_base(&mut self) {
        let base = self.base.clone();
        while let Some(Subject::Without(_)) = self.next() {
            base.iter().for_each(|loss| self.take(*loss));
        }
    }

    /// Loss of the base model and of the new one on each holdout, at 2^-32.
    pub fn losses(&self) -> impl Iterator<Item = (u64, u64)> {
        self.base.iter().copied().zip(self.new.iter().copied())
    }

    /// By how much the loss has changed with the round, at 2^-32: the median over the holdouts.
    pub fn change(&self) -> i64 {
        median_change(&self.base, &self.new)
    }

    /// The contributions of the clients measured so far, at 2^-32.
    pub fn contributions(&self) -> &[i64] {
        &self.contributions
    }
}

/// The median of `to - from`, saturated; of an even number the mean of the middle two, rounded up;
/// zero of none.
fn median_change(from: &[u64], to: &[u64]) -> i64 {
    let difference = |(from, to): (&u64, &u64)| i128::from(*to).saturating_sub((*from).into());
    let mut changes: Vec<i128> = from.iter().zip(to).map(difference).collect();
    changes.sort_unstable();
    let (upper, lower) = (changes.len() / 2, changes.len().saturating_sub(1) / 2);
    let middle = |place: usize| changes.get(place).copied().unwrap_or(0);
    let sum = middle(lower).saturating_add(middle(upper));
    // Rounded up: the quotient rounds down, and a remainder is 1.
    let median = (sum >> 1).saturating_add(sum & 1);
    median.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}
