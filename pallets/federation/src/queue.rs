//! The queue of federations with work to do, served in turn within aggregation's share of a block.
//!
//! Each turn is one step of the federation's job; a federation with more to do goes to the end. A
//! step is done whole or not at all, and its weight is taken from the meter first.

use frame_support::{
    traits::{Defensive, Get},
    weights::WeightMeter,
};

use crate::{
    WeightInfo,
    job::Then,
    pallet::*,
    types::{Ending, FederationId, Phase},
};

impl<T: Config> Pallet<T> {
    /// Puts a federation at the end of the queue.
    pub(crate) fn enqueue(federation: FederationId) {
        Ends::<T>::mutate(|ends| {
            Queue::<T>::insert(ends.tail, federation);
            ends.tail = ends.tail.saturating_add(1);
        });
    }

    /// Ends the round: from here on its job runs in the queue.
    pub(crate) fn end_round(federation: FederationId, state: &mut FederationOf<T>, ending: Ending) {
        state.phase = Phase::Aggregate { ending };
        Self::enqueue(federation);
    }

    /// Does steps from the head of the queue on, as far as aggregation's share of the block goes.
    pub(crate) fn aggregate_due(meter: &mut WeightMeter) {
        let mut share = WeightMeter::with_limit(T::AggregationWeight::get().min(meter.remaining()));
        let peek = Self::peek_weight();
        let ends = Ends::<T>::get();
        // How many may be passed over, while the share is whole but for looking at them.
        let mut too_heavy_max = ends.tail.saturating_sub(ends.head);
        while share.try_consume(peek).is_ok() {
            let Some(federation) = Queue::<T>::get(Ends::<T>::get().head) else {
                break;
            };
            if share.try_consume(T::WeightInfo::turn()).is_err() {
                break;
            }
            let is_done = match Self::turn(federation, &mut share) {
                // A whole share does not afford it, after an upgrade of weights: others need not wait.
                Turn::Unaffordable if too_heavy_max > 0 => {
                    too_heavy_max = too_heavy_max.saturating_sub(1);
                    false
                }
                Turn::Unaffordable => break,
                turn => {
                    too_heavy_max = 0;
                    turn == Turn::Done
                }
            };
            Ends::<T>::mutate(|ends| {
                Queue::<T>::remove(ends.head);
                ends.head = ends.head.saturating_add(1);
            });
            if !is_done {
                Self::enqueue(federation);
            }
        }
        meter.consume(share.consumed());
    }

    /// One step of a federation's job, if the share affords it.
    fn turn(federation: FederationId, share: &mut WeightMeter) -> Turn {
        let Some((mut state, spec)) = Federations::<T>::get(federation)
            .zip(Specs::<T>::get(federation))
            .defensive()
        else {
            return Turn::Done;
        };
        let Some(mut job) = Jobs::<T>::get(federation) else {
            if share.try_consume(Self::open_weight(&state, &spec)).is_err() {
                return Turn::Unaffordable;
            }
            Jobs::<T>::insert(federation, Self::open_job(federation, &state, &spec));
            return Turn::Step;
        };
        if share.try_consume(Self::step_weight(&spec, &job)).is_err() {
            return Turn::Unaffordable;
        }
        let then = Self::step(federation, &mut state, &spec, &mut job);
        match then {
            Then::Again | Then::Rest => Jobs::<T>::insert(federation, job),
            Then::Over => Jobs::<T>::remove(federation),
        }
        Federations::<T>::insert(federation, state);
        match then {
            Then::Again => Turn::Step,
            Then::Rest | Then::Over => Turn::Done,
        }
    }
}

/// How a turn went.
#[derive(PartialEq, Eq)]
enum Turn {
    /// The share does not afford the step.
    Unaffordable,
    /// A step was done; there is more to do.
    Step,
    /// The federation has nothing left to do, or has to wait.
    Done,
}
