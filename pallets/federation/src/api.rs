//! Views of federations for the runtime API.

use alloc::vec::Vec;
use codec::Encode;
use fedchain_fl::{
    view::{ClientView, FederationSummary, FederationView, ModelView, RoundView},
    window::Tick,
};

use crate::{
    pallet::*,
    types::{Answer, FederationId},
};

/// Lines in one list, at most, and numbers that are looked at for it: removed federations leave gaps.
const LIST_MAX: u32 = 1_000;
const LOOK_MAX: u32 = 4_000;
/// Bytes of specs that are read for one list, but for the last: they may be large.
const SPEC_BYTES_MAX: usize = 1 << 20;
/// Weights in one answer, at most.
const VALUES_MAX: u32 = 65_536;

impl<T: Config> Pallet<T> {
    /// The coming block, as far as its clock is known.
    fn next_tick() -> Tick {
        let now = Self::tick();
        Tick {
            block: now.block.saturating_add(1),
            ..now
        }
    }

    /// Up to `limit` federations from number `start` on: fewer where many were removed, or specs are
    /// large. Whoever wants all asks on from the number after the last.
    pub fn list(start: FederationId, limit: u32) -> Vec<FederationSummary<T::AccountId>> {
        let end = NextFederation::<T>::get().min(start.saturating_add(LOOK_MAX));
        let next = Self::next_tick();
        let (mut lines, mut read) = (Vec::new(), 0usize);
        for federation in start..end {
            if lines.len() >= limit.min(LIST_MAX) as usize || read >= SPEC_BYTES_MAX {
                break;
            }
            let state = Federations::<T>::get(federation);
            let Some((state, spec)) = state.zip(Specs::<T>::get(federation)) else {
                continue;
            };
            read = read.saturating_add(spec.encoded_size());
            lines.push(FederationSummary {
                federation,
                phase: state.phase.view(next),
                round: state.round.index,
                rounds_max: spec.last_round(state.skipped),
                name: spec.name,
                owner: state.owner,
                clients: state.members,
            });
        }
        lines
    }

    /// One federation.
    pub fn get(federation: FederationId) -> Option<FederationView<T::AccountId, BalanceOf<T>>> {
        let state = Federations::<T>::get(federation)?;
        let spec = Specs::<T>::get(federation)?;
        let clients = Members::<T>::iter_prefix(federation)
            .map(|(account, member)| {
                let commitment = Commitments::<T>::get(federation, &account);
                ClientView {
                    account,
                    first_round: member.first_round,
                    missed: member.missed.count_ones(),
                    leaving: member.leaving,
                    committed: commitment.is_some(),
                    received: commitment.as_ref().map_or(0, |c| c.received),
                    revealed: commitment.is_some_and(|c| c.answer != Answer::Open),
                }
            })
            .collect();
        Some(FederationView {
            federation,
            owner: state.owner,
            aggregation_fee: Self::fee(Self::client_weight(&spec)),
            spec,
            spec_hash: state.spec_hash,
            created_at: state.created_at,
            phase: state.phase.view(Self::next_tick()),
            round: state.round.index,
            skipped: state.skipped,
            cancelling: state.cancelling,
            param_count: state.param_count,
            model_root: state.model_root,
            invited: Invitations::<T>::iter_key_prefix(federation).collect(),
            clients,
            evaluators: Self::evaluators(federation),
        })
    }

    /// A closed round, or the current one.
    pub fn round(federation: FederationId, round: Option<u32>) -> Option<RoundView> {
        let state = Federations::<T>::get(federation)?;
        let round = round.unwrap_or(state.round.index);
        let record = Rounds::<T>::get(federation, round);
        let current =
            (record.is_none() && round == state.round.index && round > 0).then_some(&state);
        if record.is_none() && current.is_none() {
            return None;
        }
        Some(RoundView {
            federation,
            round,
            roster: current.map(|state| state.round.roster),
            phase: current.map(|state| state.phase.view(Self::next_tick())),
            committed: current.map(|state| state.round.committed),
            revealed: current.map(|state| state.round.revealed),
            record,
        })
    }

    /// `length` weights of the newest server model from `offset` on.
    pub fn model_range(federation: FederationId, offset: u32, length: u32) -> Option<ModelView> {
        let state = Federations::<T>::get(federation)?;
        let format = Specs::<T>::get(federation)?.task.format;
        let per_chunk = format.chunk_values();
        let end = offset
            .saturating_add(length.min(VALUES_MAX))
            .min(state.param_count);
        let first_chunk = offset.checked_div(per_chunk)?;
        let chunks = first_chunk..end.div_ceil(per_chunk);
        let values = Self::model(federation, state.slot, format, chunks)
            .into_iter()
            .skip(offset.saturating_sub(first_chunk.saturating_mul(per_chunk)) as usize)
            .take(end.saturating_sub(offset) as usize)
            .collect();
        // The model of the last closed round; the current one has made none yet.
        let current_is_closed = Rounds::<T>::contains_key(federation, state.round.index);
        let round = state
            .round
            .index
            .saturating_sub(u32::from(!current_is_closed));
        Some(ModelView {
            federation,
            round,
            root: state.model_root,
            frac_bits: format.frac_bits,
            param_count: state.param_count,
            offset,
            values,
        })
    }
}
