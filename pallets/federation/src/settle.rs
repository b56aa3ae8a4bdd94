//! What a round's end means for each client: bond, reward, membership, staged update.

use sp_runtime::traits::{CheckedDiv, Zero};

use crate::{
    pallet::*,
    types::{Answer, FederationId, Phase},
};

/// Rounds missed in a row that end a membership.
const MISSED_MAX: u32 = 2;
/// Clients settled or dismissed in one step, at most.
pub(crate) const SETTLE_BATCH: u32 = 16;
/// Staged chunks deleted in one step, unless one client alone has more.
const SETTLE_CHUNKS: u32 = 64;

/// Clients settled in one step, each with so many staged chunks.
pub(crate) fn settle_batch(chunks: u32) -> u32 {
    SETTLE_CHUNKS
        .checked_div(chunks)
        .unwrap_or(SETTLE_BATCH)
        .clamp(1, SETTLE_BATCH)
}

impl<T: Config> Pallet<T> {
    /// Settles one client of the round's roster; `paying` is the number of clients that share the
    /// reward.
    pub(crate) fn settle(
        federation: FederationId,
        state: &mut FederationOf<T>,
        spec: &SpecOf<T>,
        client: &T::AccountId,
        paying: Option<u32>,
    ) {
        let reveals_taken = matches!(
            state.phase,
            Phase::Aggregate {
                reveals_taken: true
            }
        );
        let mut has_missed = true;
        if let Some(commitment) = Commitments::<T>::take(federation, client) {
            match commitment.answer {
                Answer::Open => {
                    Self::settle_bond(federation, state, client, commitment.bond, reveals_taken)
                }
                Answer::Rejected => {}
                Answer::Accepted { .. } => Self::reward(state, spec, client, paying),
            }
            if commitment.received > 0 {
                let _ = StagedUpdates::<T>::clear_prefix((federation, client), u32::MAX, None);
            }
            has_missed = reveals_taken && commitment.answer == Answer::Open;
        }
        let Some(mut member) = Members::<T>::get(federation, client) else {
            return;
        };
        member.missed = match has_missed {
            true => member.missed.saturating_add(1),
            false => 0,
        };
        if member.leaving || member.missed >= MISSED_MAX {
            Self::remove_member(federation, state, client, &member);
        } else {
            Members::<T>::insert(federation, client, member);
        }
    }

    /// Burns the bond of who had its time to reveal and did not; returns it otherwise.
    fn settle_bond(
        federation: FederationId,
        state: &FederationOf<T>,
        client: &T::AccountId,
        amount: BalanceOf<T>,
        reveals_taken: bool,
    ) {
        if !reveals_taken {
            return Self::release(HoldReason::Bond, client, amount);
        }
        Self::burn(HoldReason::Bond, client, amount);
        Self::deposit_event(Event::BondBurned {
            federation,
            round: state.round.index,
            client: client.clone(),
            amount,
        });
    }

    fn reward(
        state: &mut FederationOf<T>,
        spec: &SpecOf<T>,
        client: &T::AccountId,
        paying: Option<u32>,
    ) {
        let each = paying.and_then(|clients| spec.reward.checked_div(&clients.into()));
        if let Some(each) = each.filter(|each| !each.is_zero()) {
            Self::pay(state, client, each);
        }
    }

    /// Dismisses some members; answers whether none is left.
    pub(crate) fn dismiss(federation: FederationId, state: &mut FederationOf<T>) -> bool {
        let batch: alloc::vec::Vec<_> = Members::<T>::iter_prefix(federation)
            .take(SETTLE_BATCH as usize)
            .collect();
        for (client, member) in &batch {
            Self::remove_member(federation, state, client, member);
        }
        state.members.is_zero()
    }
}
