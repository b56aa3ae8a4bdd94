//! The life of a federation up to the queue: create, membership, commits, reveals, phases.

use codec::{Encode, MaxEncodedLen};
use fedchain_commitment::{Opening, spec_hash, values_root};
use fedchain_fl::{H256, Membership, Refusal, Update, view::RoundRecord, window::Deadline};
use frame_support::{
    ensure,
    traits::{Get, Time},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
    DispatchResult,
    traits::{SaturatedConversion, Saturating, Zero},
};

use crate::{
    WeightInfo,
    pallet::*,
    types::{Answer, Commitment, Federation, FederationId, Member, Phase, Round},
};

impl<T: Config> Pallet<T> {
    /// The block being made.
    pub(crate) fn now() -> u32 {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// A deadline `blocks` from now.
    fn deadline(blocks: u32) -> Deadline {
        Deadline::after(Self::now(), T::Time::now(), blocks, T::BlockTimeMs::get())
    }

    pub(crate) fn do_create(owner: T::AccountId, spec: SpecOf<T>) -> DispatchResult {
        spec.check(T::UploadBytesPerBlock::get())
            .map_err(Error::<T>::from)?;
        let param_count = spec.task.param_count().map_err(Error::<T>::from)?;
        let update_bytes = spec.task.update_bytes().map_err(Error::<T>::from)?;
        let staging = update_bytes.saturating_mul(spec.clients_max);
        ensure!(
            staging <= T::StagingBytesMax::get(),
            Error::<T>::StagingTooLarge
        );
        let close = T::WeightInfo::close(spec.clients_max, param_count);
        ensure!(
            close.all_lte(T::AggregationWeight::get()),
            Error::<T>::AggregationTooHeavy
        );

        let escrow = spec.reward.saturating_mul(spec.rounds_max.into());
        let state_deposit =
            T::ByteDeposit::get().saturating_mul(Self::state_bytes(&spec, update_bytes).into());
        Self::hold(HoldReason::Escrow, &owner, escrow)?;
        Self::hold(HoldReason::StateDeposit, &owner, state_deposit)?;

        let federation = NextFederation::<T>::mutate(|next| {
            let federation = *next;
            *next = next.saturating_add(1);
            federation
        });
        let model = spec.task.initial_model().map_err(Error::<T>::from)?;
        let bytes = spec.task.format.encode(&model).map_err(Error::<T>::from)?;
        let model_root = Self::put_model(federation, &bytes);
        Federations::<T>::insert(
            federation,
            Federation {
                owner: owner.clone(),
                spec_hash: spec_hash(&spec.task),
                param_count,
                created_at: Self::now(),
                phase: Phase::Waiting,
                round: Round::default(),
                members: 0,
                invited: 0,
                cancelling: false,
                model_root,
                escrow,
                state_deposit,
            },
        );
        Specs::<T>::insert(federation, spec);
        Self::deposit_event(Event::FederationCreated { federation, owner });
        Ok(())
    }

    /// Bytes that a federation may occupy at its largest: spec, model, sums or staging, members,
    /// commitments and round records.
    fn state_bytes(spec: &SpecOf<T>, update_bytes: u32) -> u32 {
        let working = match spec.task.strategy.folds() {
            // An i64 per weight, whatever the width.
            true => update_bytes.saturating_mul(4),
            false => update_bytes.saturating_mul(spec.clients_max),
        };
        let per_client = Member::<BalanceOf<T>>::max_encoded_len()
            .saturating_add(Commitment::<BalanceOf<T>>::max_encoded_len())
            as u32;
        (spec.encoded_size() as u32)
            .saturating_add(update_bytes)
            .saturating_add(working)
            .saturating_add(per_client.saturating_mul(spec.clients_max))
            .saturating_add((RoundRecord::max_encoded_len() as u32).saturating_mul(spec.rounds_max))
    }

    pub(crate) fn do_invite(
        owner: &T::AccountId,
        federation: FederationId,
        client: T::AccountId,
    ) -> DispatchResult {
        let (mut state, spec) = Self::running(federation)?;
        ensure!(state.owner == *owner, Error::<T>::NotOwner);
        ensure!(
            spec.membership == Membership::Invited,
            Error::<T>::InvitationNotNeeded
        );
        ensure!(
            !Members::<T>::contains_key(federation, &client),
            Error::<T>::AlreadyMember
        );
        ensure!(
            !Invitations::<T>::contains_key(federation, &client),
            Error::<T>::AlreadyInvited
        );
        ensure!(
            state.members.saturating_add(state.invited) < spec.clients_max,
            Error::<T>::Full
        );

        Invitations::<T>::insert(federation, &client, ());
        state.invited.saturating_inc();
        Federations::<T>::insert(federation, state);
        Self::deposit_event(Event::ClientInvited { federation, client });
        Ok(())
    }

    pub(crate) fn do_join(client: T::AccountId, federation: FederationId) -> DispatchResult {
        let (mut state, spec) = Self::running(federation)?;
        ensure!(
            !Members::<T>::contains_key(federation, &client),
            Error::<T>::AlreadyMember
        );
        if spec.membership == Membership::Invited {
            ensure!(
                Invitations::<T>::take(federation, &client).is_some(),
                Error::<T>::NotInvited
            );
            state.invited.saturating_dec();
        }
        ensure!(state.members < spec.clients_max, Error::<T>::Full);
        Self::hold(HoldReason::JoinDeposit, &client, spec.join_deposit)?;

        let first_round = state.round.index.saturating_add(1);
        let member = Member {
            first_round,
            missed: 0,
            leaving: false,
            deposit: spec.join_deposit,
        };
        Members::<T>::insert(federation, &client, member);
        state.members.saturating_inc();
        Self::deposit_event(Event::ClientJoined {
            federation,
            client,
            first_round,
        });
        if state.phase == Phase::Waiting {
            Self::open_round_or_wait(federation, &mut state, &spec);
        }
        Federations::<T>::insert(federation, state);
        Ok(())
    }

    pub(crate) fn do_leave(client: &T::AccountId, federation: FederationId) -> DispatchResult {
        let (mut state, _) = Self::running(federation)?;
        let mut member = Members::<T>::get(federation, client).ok_or(Error::<T>::NotMember)?;
        ensure!(!member.leaving, Error::<T>::AlreadyLeaving);
        if state.phase == Phase::Waiting {
            Self::remove_member(federation, &mut state, client, &member);
            Federations::<T>::insert(federation, state);
        } else {
            member.leaving = true;
            Members::<T>::insert(federation, client, member);
        }
        Ok(())
    }

    pub(crate) fn do_commit(
        client: T::AccountId,
        federation: FederationId,
        round: u32,
        base_root: H256,
        hash: H256,
    ) -> DispatchResult {
        let (mut state, spec) = Self::running(federation)?;
        Self::may_commit(&state, &client, federation, round, base_root)
            .map_err(Error::<T>::from)?;
        Self::hold(HoldReason::Bond, &client, spec.bond)?;

        let commitment = Commitment {
            hash,
            bond: spec.bond,
            answer: Answer::Open,
        };
        Commitments::<T>::insert(federation, &client, commitment);
        state.round.committed.saturating_inc();
        Self::deposit_event(Event::UpdateCommitted {
            federation,
            round,
            client,
        });
        if state.round.committed == state.round.roster {
            Self::close_commits(federation, &mut state, &spec);
        }
        Federations::<T>::insert(federation, state);
        Ok(())
    }

    /// Whether a commitment would be taken now.
    pub(crate) fn may_commit(
        state: &FederationOf<T>,
        client: &T::AccountId,
        federation: FederationId,
        round: u32,
        base_root: H256,
    ) -> Result<(), Refusal> {
        let member = Members::<T>::get(federation, client).ok_or(Refusal::NotOnRoster)?;
        ensure!(round == state.round.index, Refusal::WrongRound);
        ensure!(member.first_round <= round, Refusal::NotOnRoster);
        match state.phase {
            Phase::Commit { deadline } if !deadline.passed(Self::now(), T::Time::now()) => {}
            _ => return Err(Refusal::CommitClosed),
        }
        ensure!(base_root == state.model_root, Refusal::StaleBase);
        ensure!(
            !Commitments::<T>::contains_key(federation, client),
            Refusal::AlreadyCommitted
        );
        Ok(())
    }

    pub(crate) fn do_reveal(
        client: T::AccountId,
        federation: FederationId,
        round: u32,
        sample_count: u32,
        salt: [u8; 32],
        bytes: &[u8],
    ) -> DispatchResult {
        let (mut state, spec) = Self::running(federation)?;
        let mut commitment =
            Self::may_reveal(&state, &client, federation, round).map_err(Error::<T>::from)?;
        let count = spec
            .effective_count(sample_count)
            .map_err(Error::<T>::from)?;
        let update = Update(bytes).check(&spec.task).map_err(Error::<T>::from)?;
        let opening = Opening {
            genesis: Self::genesis(),
            federation,
            round,
            spec_hash: state.spec_hash,
            base_root: state.model_root,
            account: &client,
            sample_count,
            param_count: state.param_count,
            values_root: values_root(bytes),
            salt,
        };
        ensure!(
            opening.commitment() == commitment.hash,
            Error::<T>::WrongOpening
        );

        let format = spec.task.format;
        let within = spec.task.norm_max.is_none_or(|norm_max| {
            update.is_within(
                &Self::model(federation, format, state.param_count),
                norm_max,
            )
        });
        let values_root = opening.values_root;
        Self::release(HoldReason::Bond, &client, commitment.bond);
        state.round.revealed.saturating_inc();
        if within {
            if spec.task.strategy.folds() {
                Self::fold(federation, format, update.values(), count)?;
            } else {
                Self::stage(federation, &client, bytes);
            }
            state.round.accepted.saturating_inc();
            state.round.samples = state.round.samples.saturating_add(count.into());
            commitment.answer = Answer::Accepted {
                sample_count,
                values_root,
            };
        } else {
            commitment.answer = Answer::Rejected;
        }
        Commitments::<T>::insert(federation, &client, commitment);
        Self::deposit_event(match within {
            true => Event::UpdateAccepted {
                federation,
                round,
                client,
                sample_count,
                values_root,
            },
            false => Event::UpdateRejected {
                federation,
                round,
                client,
            },
        });
        if state.round.revealed == state.round.committed {
            Self::enqueue(federation, &mut state, true);
        }
        Federations::<T>::insert(federation, state);
        Ok(())
    }

    /// Whether a reveal would be taken now; answers the commitment that it must open.
    pub(crate) fn may_reveal(
        state: &FederationOf<T>,
        client: &T::AccountId,
        federation: FederationId,
        round: u32,
    ) -> Result<Commitment<BalanceOf<T>>, Refusal> {
        ensure!(round == state.round.index, Refusal::WrongRound);
        let commitment = Commitments::<T>::get(federation, client).ok_or(Refusal::NoCommitment)?;
        ensure!(commitment.answer == Answer::Open, Refusal::NoCommitment);
        match state.phase {
            Phase::Reveal { opens_at, deadline }
                if Self::now() >= opens_at && !deadline.passed(Self::now(), T::Time::now()) =>
            {
                Ok(commitment)
            }
            _ => Err(Refusal::RevealClosed),
        }
    }

    pub(crate) fn do_advance(federation: FederationId) -> Result<(), Error<T>> {
        let (mut state, spec) = Self::running(federation)?;
        Self::may_advance(&state)?;
        match state.phase {
            Phase::Commit { .. } if state.round.committed < spec.task.strategy.updates_min() => {
                Self::enqueue(federation, &mut state, false);
            }
            Phase::Commit { .. } => Self::close_commits(federation, &mut state, &spec),
            _ => Self::enqueue(federation, &mut state, true),
        }
        Federations::<T>::insert(federation, state);
        Ok(())
    }

    /// Whether the phase is overdue.
    pub(crate) fn may_advance(state: &FederationOf<T>) -> Result<(), Refusal> {
        match state.phase {
            Phase::Commit { deadline } | Phase::Reveal { deadline, .. }
                if deadline.passed(Self::now(), T::Time::now()) =>
            {
                Ok(())
            }
            _ => Err(Refusal::NotOverdue),
        }
    }

    pub(crate) fn do_cancel(owner: &T::AccountId, federation: FederationId) -> DispatchResult {
        let (mut state, spec) = Self::running(federation)?;
        ensure!(state.owner == *owner, Error::<T>::NotOwner);
        state.cancelling = true;
        if state.phase == Phase::Waiting {
            Self::settle_members(federation, &mut state, true, |_| true);
            Self::open_round_or_wait(federation, &mut state, &spec);
        } else {
            Self::deposit_event(Event::CancelRequested { federation });
        }
        Federations::<T>::insert(federation, state);
        Ok(())
    }

    pub(crate) fn do_remove(owner: &T::AccountId, federation: FederationId) -> DispatchResult {
        let state = Federations::<T>::get(federation).ok_or(Error::<T>::UnknownFederation)?;
        ensure!(state.owner == *owner, Error::<T>::NotOwner);
        ensure!(state.phase.is_over(), Error::<T>::FederationRuns);
        Self::release(HoldReason::StateDeposit, owner, state.state_deposit);
        Federations::<T>::remove(federation);
        Specs::<T>::remove(federation);
        let _ = Invitations::<T>::clear_prefix(federation, u32::MAX, None);
        let _ = Models::<T>::clear_prefix(federation, u32::MAX, None);
        let _ = Rounds::<T>::clear_prefix(federation, u32::MAX, None);
        Self::deposit_event(Event::FederationRemoved { federation });
        Ok(())
    }

    /// A federation that is not over, with its spec.
    fn running(federation: FederationId) -> Result<(FederationOf<T>, SpecOf<T>), Error<T>> {
        let state = Federations::<T>::get(federation).ok_or(Error::UnknownFederation)?;
        ensure!(!state.phase.is_over(), Error::FederationOver);
        let spec = Specs::<T>::get(federation).ok_or(Error::UnknownFederation)?;
        Ok((state, spec))
    }

    /// Opens the next round, waits for members, or ends the federation. No round is open before.
    pub(crate) fn open_round_or_wait(
        federation: FederationId,
        state: &mut FederationOf<T>,
        spec: &SpecOf<T>,
    ) {
        if state.cancelling {
            state.phase = Phase::Cancelled;
            Self::deposit_event(Event::FederationCancelled { federation });
        } else if state.round.index >= spec.rounds_max {
            state.phase = Phase::Finished;
            Self::deposit_event(Event::FederationFinished { federation });
        } else if state.members < spec.clients_min {
            state.phase = Phase::Waiting;
        } else {
            let round = Round {
                index: state.round.index.saturating_add(1),
                opened_at: Self::now(),
                roster: state.members,
                ..Round::default()
            };
            state.phase = Phase::Commit {
                deadline: Self::deadline(spec.windows.commit_blocks),
            };
            Self::deposit_event(Event::RoundOpened {
                federation,
                round: round.index,
                roster: round.roster,
            });
            state.round = round;
        }
        if state.phase.is_over() && !state.escrow.is_zero() {
            Self::release(
                HoldReason::Escrow,
                &state.owner,
                core::mem::take(&mut state.escrow),
            );
        }
    }

    fn close_commits(federation: FederationId, state: &mut FederationOf<T>, spec: &SpecOf<T>) {
        let windows = spec.windows;
        let opens_at = Self::now()
            .saturating_add(windows.settle_blocks)
            .saturating_add(1);
        let deadline = Self::deadline(windows.settle_blocks.saturating_add(windows.reveal_blocks));
        state.phase = Phase::Reveal { opens_at, deadline };
        Self::deposit_event(Event::CommitsClosed {
            federation,
            round: state.round.index,
            opens_at,
        });
    }

    fn enqueue(federation: FederationId, state: &mut FederationOf<T>, reveals_taken: bool) {
        state.phase = Phase::Aggregate { reveals_taken };
        Ends::<T>::mutate(|ends| {
            Queue::<T>::insert(ends.tail, federation);
            ends.tail = ends.tail.saturating_add(1);
        });
    }

    /// Hash of the genesis block, which binds commitments to this chain.
    fn genesis() -> H256 {
        frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
    }
}
