//! The end of a round: aggregation, money, membership, and what follows.

use alloc::{collections::BTreeMap, vec::Vec};
use codec::Encode;
use fedchain_commitment::{Accepted, accepted_root};
use fedchain_fl::{
    strategy,
    view::{DIGEST_ID, Outcome, RoundRecord, ServerModel},
};
use frame_support::{
    traits::{Defensive, Get},
    weights::WeightMeter,
};
use sp_runtime::{
    DigestItem,
    traits::{CheckedDiv, Saturating},
};

use crate::{
    WeightInfo,
    pallet::*,
    types::{Answer, Commitment, FederationId, Member, Phase},
};

/// Rounds missed in a row that end a membership.
const MISSED_MAX: u32 = 2;

type CommitmentsOf<T> = BTreeMap<<T as frame_system::Config>::AccountId, Commitment<BalanceOf<T>>>;

impl<T: Config> Pallet<T> {
    /// Closes rounds from the head of the queue, as far as aggregation's share of the block goes.
    pub(crate) fn aggregate_due(meter: &mut WeightMeter) {
        let mut share = WeightMeter::with_limit(T::AggregationWeight::get().min(meter.remaining()));
        while let Some((federation, weight)) = Self::next_due() {
            if share.try_consume(weight).is_err() {
                break;
            }
            Ends::<T>::mutate(|ends| {
                Queue::<T>::remove(ends.head);
                ends.head = ends.head.saturating_add(1);
            });
            Self::close_round(federation);
        }
        meter.consume(share.consumed().saturating_add(T::DbWeight::get().reads(1)));
    }

    /// The federation at the head of the queue and the weight of closing its round.
    fn next_due() -> Option<(FederationId, frame_support::weights::Weight)> {
        let federation = Queue::<T>::get(Ends::<T>::get().head)?;
        let state = Federations::<T>::get(federation).defensive()?;
        Some((
            federation,
            T::WeightInfo::close(state.members, state.param_count),
        ))
    }

    fn close_round(federation: FederationId) {
        let Some((mut state, spec)) = Federations::<T>::get(federation)
            .zip(Specs::<T>::get(federation))
            .defensive()
        else {
            return;
        };
        let Phase::Aggregate { reveals_taken } = state.phase else {
            return;
        };
        let commitments: CommitmentsOf<T> = Commitments::<T>::drain_prefix(federation).collect();
        let mut accepted = accepted_updates(&commitments);

        let outcome = match Self::aggregate(federation, &state, &spec, &accepted) {
            Some(bytes) => {
                state.model_root = Self::put_model(federation, &bytes);
                Self::pay_rewards(&mut state, &spec, &accepted);
                Outcome::Adopted
            }
            None => Outcome::Skipped,
        };
        Self::clear_staging(federation);
        Self::settle_bonds(federation, state.round.index, reveals_taken, &commitments);
        Self::record(federation, &state, outcome, &mut accepted);

        let ends = state.cancelling || state.round.index >= spec.rounds_max;
        Self::settle_members(federation, &mut state, ends, |client| {
            commitments
                .get(client)
                .is_some_and(|commitment| commitment.answer != Answer::Open || !reveals_taken)
        });
        Self::open_round_or_wait(federation, &mut state, &spec);
        Federations::<T>::insert(federation, state);
    }

    /// Canonical bytes of the new server model; none when there are too few updates for the rule.
    fn aggregate(
        federation: FederationId,
        state: &FederationOf<T>,
        spec: &SpecOf<T>,
        accepted: &[Accepted<T::AccountId>],
    ) -> Option<Vec<u8>> {
        if accepted.len() < spec.task.strategy.updates_min() as usize {
            return None;
        }
        let format = spec.task.format;
        let mut bytes = Vec::new();
        for index in 0..state.param_count.div_ceil(format.chunk_values()) {
            let model = if spec.task.strategy.folds() {
                let sums = Sums::<T>::get(federation, index)?;
                strategy::finish(&sums, state.round.samples)
            } else {
                let chunks: Vec<Vec<i32>> = accepted
                    .iter()
                    .filter_map(|update| {
                        StagedUpdates::<T>::get((federation, &update.account, index))
                    })
                    .map(|chunk| format.decode(&chunk))
                    .collect();
                let updates: Vec<(&[i32], u32)> =
                    chunks.iter().map(|values| (values.as_slice(), 1)).collect();
                strategy::aggregate(spec.task.strategy, &updates)
            };
            bytes.extend(
                model
                    .and_then(|values| format.encode(&values))
                    .defensive()
                    .ok()?,
            );
        }
        Some(bytes)
    }

    fn pay_rewards(
        state: &mut FederationOf<T>,
        spec: &SpecOf<T>,
        accepted: &[Accepted<T::AccountId>],
    ) {
        let Some(each) = spec.reward.checked_div(&(accepted.len() as u32).into()) else {
            return;
        };
        for update in accepted {
            Self::pay(state, &update.account, each);
        }
    }

    /// Burns the bonds of those who had their time to reveal and did not; returns them otherwise.
    fn settle_bonds(
        federation: FederationId,
        round: u32,
        reveals_taken: bool,
        commitments: &CommitmentsOf<T>,
    ) {
        let open = commitments
            .iter()
            .filter(|(_, commitment)| commitment.answer == Answer::Open);
        for (client, commitment) in open {
            let amount = commitment.bond;
            if reveals_taken {
                Self::burn(HoldReason::Bond, client, amount);
                let client = client.clone();
                Self::deposit_event(Event::BondBurned {
                    federation,
                    round,
                    client,
                    amount,
                });
            } else {
                Self::release(HoldReason::Bond, client, amount);
            }
        }
    }

    /// Records the round in state, in the header's digest and as an event.
    fn record(
        federation: FederationId,
        state: &FederationOf<T>,
        outcome: Outcome,
        accepted: &mut [Accepted<T::AccountId>],
    ) {
        let (round, model_root) = (state.round.index, state.model_root);
        let record = RoundRecord {
            outcome,
            model_root,
            accepted_root: accepted_root(accepted),
            accepted: accepted.len() as u32,
            opened_at: state.round.opened_at,
            closed_at: Self::now(),
        };
        let server_model = ServerModel {
            federation,
            round,
            outcome,
            model_root,
            accepted_root: record.accepted_root,
        };
        Rounds::<T>::insert(federation, round, record);
        frame_system::Pallet::<T>::deposit_log(DigestItem::Consensus(
            DIGEST_ID,
            server_model.encode(),
        ));
        Self::deposit_event(Event::RoundClosed {
            federation,
            round,
            outcome,
            model_root,
            accepted: accepted.len() as u32,
        });
    }

    /// Counts missed rounds and removes members who leave, missed too many, or all at the end.
    pub(crate) fn settle_members(
        federation: FederationId,
        state: &mut FederationOf<T>,
        ends: bool,
        answered: impl Fn(&T::AccountId) -> bool,
    ) {
        let members: Vec<_> = Members::<T>::iter_prefix(federation).collect();
        for (client, mut member) in members {
            let on_roster = member.first_round <= state.round.index;
            if on_roster {
                member.missed = if answered(&client) {
                    0
                } else {
                    member.missed.saturating_add(1)
                };
            }
            if ends || member.leaving || member.missed >= MISSED_MAX {
                Self::remove_member(federation, state, &client, &member);
            } else if on_roster {
                Members::<T>::insert(federation, &client, member);
            }
        }
    }

    /// Ends a membership and returns its deposit.
    pub(crate) fn remove_member(
        federation: FederationId,
        state: &mut FederationOf<T>,
        client: &T::AccountId,
        member: &Member<BalanceOf<T>>,
    ) {
        Members::<T>::remove(federation, client);
        Self::release(HoldReason::JoinDeposit, client, member.deposit);
        state.members.saturating_dec();
        Self::deposit_event(Event::ClientLeft {
            federation,
            client: client.clone(),
        });
    }
}

/// The updates that count, in ascending order of accounts.
fn accepted_updates<AccountId: Clone, Balance>(
    commitments: &BTreeMap<AccountId, Commitment<Balance>>,
) -> Vec<Accepted<AccountId>> {
    commitments
        .iter()
        .filter_map(|(account, commitment)| match commitment.answer {
            Answer::Accepted {
                sample_count,
                values_root,
            } => Some(Accepted {
                account: account.clone(),
                sample_count,
                values_root,
            }),
            Answer::Open | Answer::Rejected => None,
        })
        .collect()
}
