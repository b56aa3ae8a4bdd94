//! What a round's end means for each client: bond, reward, membership, staged update.

use alloc::vec::Vec;
use sp_runtime::traits::Zero;

use crate::{
    pallet::*,
    types::{Answer, FederationId, Phase},
};

/// Rounds missed in a row that end a membership.
const MISSED_MAX: u32 = 2;
/// Clients settled or dismissed in one step, at most.
pub(crate) const SETTLE_BATCH: u32 = 64;

/// Clients settled in one step, each with so many staged chunks: as many as there are chunks to
/// delete for in one step, unless one client alone has more.
pub(crate) fn settle_batch(chunks: u32) -> u32 {
    SETTLE_BATCH.checked_div(chunks).unwrap_or(1).max(1)
}

impl<T: Config> Pallet<T> {
    /// Settles some clients of the round's roster; `earned` is what an accepted update earns.
    pub(crate) fn settle<'a>(
        federation: FederationId,
        state: &mut FederationOf<T>,
        clients: impl Iterator<Item = &'a T::AccountId>,
        earned: impl Fn(&T::AccountId) -> BalanceOf<T>,
    ) where
        T::AccountId: 'a,
    {
        let reveals_taken = matches!(
            state.phase,
            Phase::Aggregate {
                reveals_taken: true
            }
        );
        // Moments stay, for certificates without some of them.
        let keeps_accepted = MomentSums::<T>::contains_key(federation);
        let mut earning = Vec::new();
        for client in clients {
            let mut has_missed = true;
            if let Some(commitment) = Commitments::<T>::get(federation, client) {
                let is_accepted = matches!(commitment.answer, Answer::Accepted { .. });
                if !(is_accepted && keeps_accepted) {
                    Commitments::<T>::remove(federation, client);
                    for index in 0..commitment.received {
                        StagedUpdates::<T>::remove((federation, client, index));
                    }
                }
                has_missed = reveals_taken && commitment.answer == Answer::Open;
                match commitment.answer {
                    Answer::Open => {
                        Self::settle_bond(federation, state, client, commitment.bond, reveals_taken)
                    }
                    Answer::Rejected => {}
                    Answer::Accepted { .. } => earning.push((client.clone(), earned(client))),
                }
            }
            Self::settle_member(federation, state, client, has_missed);
        }
        Self::pay(federation, state, earning);
    }

    /// Burns the bond of who had its time to reveal and did not; returns it otherwise.
    pub(crate) fn settle_bond(
        federation: FederationId,
        state: &FederationOf<T>,
        client: &T::AccountId,
        amount: BalanceOf<T>,
        is_late: bool,
    ) {
        if !is_late {
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

    /// Counts rounds missed in a row, and ends the membership of who missed too many or leaves.
    fn settle_member(
        federation: FederationId,
        state: &mut FederationOf<T>,
        client: &T::AccountId,
        has_missed: bool,
    ) {
        let Some(mut member) = Members::<T>::get(federation, client) else {
            return;
        };
        let missed = match has_missed {
            true => member.missed.saturating_add(1),
            false => 0,
        };
        if member.leaving || missed >= MISSED_MAX {
            Self::remove_member(federation, state, client, &member);
        } else if missed != member.missed {
            member.missed = missed;
            Members::<T>::insert(federation, client, member);
        }
    }

    /// Dismisses some members; answers whether none is left.
    pub(crate) fn dismiss(federation: FederationId, state: &mut FederationOf<T>) -> bool {
        let batch: Vec<_> = Members::<T>::iter_prefix(federation)
            .take(SETTLE_BATCH as usize)
            .collect();
        for (client, member) in &batch {
            Self::remove_member(federation, state, client, member);
        }
        state.members.is_zero()
    }
}
