//! What a round's end means for each client: bond, reward, membership, staged update.

use alloc::vec::Vec;
use sp_runtime::traits::Zero;

use crate::{
    pallet::*,
    types::{Answer, Ending, FederationId, Phase},
};

/// The last rounds of a member that are looked at, and how many of them it may miss.
const LOOK_BACK: u32 = 4;
const MISSED_MAX: u32 = 1;
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
        let ending = match state.phase {
            Phase::Aggregate { ending } => ending,
            _ => Ending::Unasked,
        };
        // Moments stay, for certificates without some of them.
        let keeps_accepted = MomentSums::<T>::contains_key(federation);
        let mut earning = Vec::new();
        for client in clients {
            let commitment = Commitments::<T>::get(federation, client);
            let conduct = match commitment.as_ref().map(|commitment| &commitment.answer) {
                Some(Answer::Guilty) => Conduct::Faithless,
                Some(Answer::Open)
                    if matches!(ending, Ending::Asked | Ending::Crowded { late: true }) =>
                {
                    Conduct::Faithless
                }
                _ if matches!(ending, Ending::Crowded { .. }) => Conduct::Excused,
                None => Conduct::Absent,
                Some(Answer::Open | Answer::Rejected | Answer::Accepted { .. }) => Conduct::Present,
            };
            if let Some(mut commitment) = commitment {
                let is_accepted = matches!(commitment.answer, Answer::Accepted { .. });
                let is_late = conduct == Conduct::Faithless;
                let bond = core::mem::take(&mut commitment.bond);
                Self::settle_bond(federation, state, client, bond, is_late);
                if is_accepted {
                    earning.push((client.clone(), earned(client)));
                }
                if is_accepted && keeps_accepted {
                    Commitments::<T>::insert(federation, client, commitment);
                } else {
                    Commitments::<T>::remove(federation, client);
                    for index in 0..commitment.received {
                        StagedUpdates::<T>::remove((federation, client, index));
                    }
                }
            }
            Self::settle_member(federation, state, client, conduct);
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
        if amount.is_zero() {
            return;
        }
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

    /// Ends the membership of who leaves, has committed and not revealed, or stays away too often.
    fn settle_member(
        federation: FederationId,
        state: &mut FederationOf<T>,
        client: &T::AccountId,
        conduct: Conduct,
    ) {
        let Some(mut member) = Members::<T>::get(federation, client) else {
            return;
        };
        let missed = match conduct {
            Conduct::Excused => member.missed,
            Conduct::Present => shifted(member.missed, false),
            Conduct::Absent | Conduct::Faithless => shifted(member.missed, true),
        };
        let is_out = conduct == Conduct::Faithless || missed.count_ones() > MISSED_MAX;
        if member.leaving || is_out {
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

/// What a member did in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conduct {
    /// It answered, or was not asked.
    Present,
    /// It did not commit.
    Absent,
    /// It committed and did not reveal, or lied. It may have had the round skipped.
    Faithless,
    /// Blocks had no room for its answer.
    Excused,
}

/// The last rounds with one more, the newest lowest.
const fn shifted(missed: u8, has_missed: bool) -> u8 {
    (missed << 1 | has_missed as u8) & ((1 << LOOK_BACK) - 1)
}
