//! A round up to its end: commits, reveals part by part, phases.

use fedchain_commitment::{Opening, Part};
use fedchain_fl::{
    H256, NormRule, Privacy, Refusal,
    window::{Standing, Tick, Window},
};
use fedchain_verifier::{
    Verifier,
    norm::{Distance, Near},
    opening::Committed,
};
use frame_support::{
    dispatch::DispatchResultWithPostInfo,
    ensure,
    traits::{Get, Time},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
    DispatchResult,
    traits::{SaturatedConversion, Saturating, Zero},
};

use crate::{
    pallet::*,
    types::{Answer, Commitment, Ending, FederationId, Phase, Round},
};

impl<T: Config> Pallet<T> {
    /// The block being made.
    pub(crate) fn now() -> u32 {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// The moment by which windows are measured.
    pub(crate) fn tick() -> Tick {
        Tick {
            block: Self::now(),
            roomy: RoomyBlocks::<T>::get(),
            time_ms: T::Time::now(),
        }
    }

    /// A window of so many blocks from now on.
    pub(crate) fn window(blocks: u32) -> Window {
        Window::after(Self::tick(), blocks, T::BlockTimeMs::get())
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
        Self::prepay(&client, Self::client_weight(&spec))?;

        let commitment = Commitment {
            hash,
            bond: spec.bond,
            answer: Answer::Open,
            received: 0,
            squared_norm: 0,
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
            Phase::Commit { window } if window.is_open(Self::tick()) => {}
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
        privacy: Option<Privacy>,
        salt: [u8; 32],
        part: &Part,
    ) -> DispatchResultWithPostInfo {
        let (mut state, spec) = Self::running(federation).map_err(Self::early)?;
        let mut commitment = Self::may_reveal(&state, &client, federation, round, part.first)
            .map_err(Self::early)?;
        spec.effective_count(sample_count)
            .map_err(Error::<T>::from)?;
        let committed = Committed {
            commitment: commitment.hash,
            opening: Opening {
                genesis: Self::genesis(),
                federation,
                round,
                spec_hash: state.spec_hash,
                base_root: state.model_root,
                account: &client,
                sample_count,
                privacy,
                param_count: state.param_count,
                values_root: H256::zero(),
                salt,
            },
            total_bytes: spec.task.update_bytes().map_err(Error::<T>::from)?,
            received: commitment.received,
        };
        let opened = committed.verify(part).map_err(Error::<T>::from)?;

        commitment.received = opened.received;
        let mut is_within = true;
        if spec.task.strategy.terms().is_some() {
            Self::add_moments(federation, &spec, sample_count, &part.values)?;
        } else if let Some(rule) = spec.task.norm {
            let before = commitment.squared_norm;
            let distance = Self::distance(federation, &state, &spec, part, rule, before)?;
            (commitment.squared_norm, is_within) = (distance.squared, distance.is_within);
        }
        Self::stage(federation, &client, part.first, &part.values);
        if commitment.received < spec.task.update_chunks() {
            Self::deposit_event(Event::PartReceived {
                federation,
                round,
                client: client.clone(),
                received: commitment.received,
            });
        } else {
            // Moments can be refuted later.
            if spec.task.strategy.terms().is_none() {
                let bond = core::mem::take(&mut commitment.bond);
                Self::release(HoldReason::Bond, &client, bond);
            }
            commitment.answer = match is_within {
                true => Answer::Accepted {
                    sample_count,
                    values_root: opened.values_root,
                },
                false => Answer::Rejected,
            };
            Self::count_answer(federation, &mut state, &spec, &client, &commitment.answer);
            Federations::<T>::insert(federation, state);
        }
        Commitments::<T>::insert(federation, &client, commitment);
        Ok(().into())
    }

    /// The distance of an update, up to this part, to the base model.
    fn distance(
        federation: FederationId,
        state: &FederationOf<T>,
        spec: &SpecOf<T>,
        part: &Part,
        rule: NormRule,
        before: u128,
    ) -> Result<Distance, Error<T>> {
        let format = spec.task.format;
        let chunks = part.first..part.first.saturating_add(part.chunks());
        let base = Self::model(federation, state.slot, format, chunks);
        let near = Near {
            rule,
            base: &base,
            before,
        };
        near.verify(&format.decode(&part.values))
            .map_err(|_| Error::<T>::WrongPart)
    }

    /// Counts an opened commitment, and closes reveals with the last.
    fn count_answer(
        federation: FederationId,
        state: &mut FederationOf<T>,
        spec: &SpecOf<T>,
        client: &T::AccountId,
        answer: &Answer,
    ) {
        let round = state.round.index;
        let client = client.clone();
        if let Answer::Accepted {
            sample_count,
            values_root,
        } = *answer
        {
            state.round.accepted.saturating_inc();
            Self::deposit_event(Event::UpdateAccepted {
                federation,
                round,
                client,
                sample_count,
                values_root,
            });
        } else {
            Self::deposit_event(Event::UpdateRejected {
                federation,
                round,
                client,
            });
        }
        state.round.revealed.saturating_inc();
        if state.round.revealed == state.round.committed {
            Self::close_reveals(federation, state, spec);
        }
    }

    /// Ends the round, or has it wait for a solution.
    pub(crate) fn close_reveals(
        federation: FederationId,
        state: &mut FederationOf<T>,
        spec: &SpecOf<T>,
    ) {
        let is_quorate = state.round.accepted >= spec.accepted_min(state.round.turnout());
        if spec.task.strategy.terms().is_some() && is_quorate {
            let windows = spec.windows;
            let blocks = windows
                .refute_blocks()
                .saturating_add(windows.reveal_blocks);
            state.phase = Phase::Certify {
                pause: Some(Self::window(windows.refute_blocks())),
                window: Some(Self::window(blocks)),
            };
        } else {
            Self::end_round(federation, state, Ending::Asked);
        }
    }

    /// Whether a part of a reveal, from chunk `first` on, could be taken now; answers the
    /// commitment that it must open.
    pub(crate) fn may_reveal(
        state: &FederationOf<T>,
        client: &T::AccountId,
        federation: FederationId,
        round: u32,
        first: u32,
    ) -> Result<Commitment<BalanceOf<T>>, Refusal> {
        ensure!(round == state.round.index, Refusal::WrongRound);
        let commitment = Commitments::<T>::get(federation, client).ok_or(Refusal::NoCommitment)?;
        ensure!(commitment.answer == Answer::Open, Refusal::NoCommitment);
        ensure!(first >= commitment.received, Refusal::PartTaken);
        match state.phase {
            Phase::Reveal { opens_at, window }
                if Self::now() >= opens_at && window.is_open(Self::tick()) =>
            {
                Ok(commitment)
            }
            _ => Err(Refusal::RevealClosed),
        }
    }

    pub(crate) fn do_advance(federation: FederationId) -> Result<(), Error<T>> {
        let (mut state, spec) = Self::running(federation)?;
        let is_crowded = Self::may_advance(&state)? == Standing::Crowded;
        match state.phase {
            phase if is_crowded => {
                let late = !matches!(phase, Phase::Commit { .. } | Phase::Reveal { .. });
                Self::end_round(federation, &mut state, Ending::Crowded { late });
            }
            Phase::Commit { .. } if state.round.committed < spec.task.strategy.updates_min() => {
                Self::end_round(federation, &mut state, Ending::Unasked);
            }
            Phase::Commit { .. } => Self::close_commits(federation, &mut state, &spec),
            Phase::Reveal { .. } => Self::close_reveals(federation, &mut state, &spec),
            _ => Self::end_round(federation, &mut state, Ending::Asked),
        }
        Federations::<T>::insert(federation, state);
        Ok(())
    }

    /// Whether the phase is overdue: its window is over, or crowded.
    pub(crate) fn may_advance(state: &FederationOf<T>) -> Result<Standing, Refusal> {
        let window = state.phase.window().ok_or(Refusal::NotOverdue)?;
        match window.standing(Self::tick()) {
            Standing::Open => Err(Refusal::NotOverdue),
            standing => Ok(standing),
        }
    }

    pub(crate) fn do_cancel(owner: &T::AccountId, federation: FederationId) -> DispatchResult {
        let (mut state, _) = Self::running(federation)?;
        ensure!(state.owner == *owner, Error::<T>::NotOwner);
        state.cancelling = true;
        if matches!(
            state.phase,
            Phase::Waiting | Phase::Uploading { .. } | Phase::Certify { window: None, .. }
        ) {
            state.phase = Phase::Closing;
            Self::enqueue(federation);
        }
        Self::deposit_event(Event::CancelRequested { federation });
        Federations::<T>::insert(federation, state);
        Ok(())
    }

    /// A federation that is not over, with its spec.
    pub(crate) fn running(
        federation: FederationId,
    ) -> Result<(FederationOf<T>, SpecOf<T>), Error<T>> {
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
        } else if Self::ends(state, spec) {
            state.phase = Phase::Finished;
            Self::deposit_event(Event::FederationFinished { federation });
        } else if MomentSums::<T>::contains_key(federation) {
            state.phase = Phase::Certify {
                pause: None,
                window: None,
            };
            state.round = Round {
                index: state.round.index.saturating_add(1),
                opened_at: Self::now(),
                ..Round::default()
            };
            Self::deposit_event(Event::RoundOpened {
                federation,
                round: state.round.index,
                roster: 0,
            });
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
                window: Self::window(spec.windows.commit_blocks),
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
        let window = Self::window(windows.settle_blocks.saturating_add(windows.reveal_blocks));
        state.phase = Phase::Reveal { opens_at, window };
        Self::deposit_event(Event::CommitsClosed {
            federation,
            round: state.round.index,
            opens_at,
        });
    }

    /// Hash of the genesis block, which binds commitments to this chain.
    pub(crate) fn genesis() -> H256 {
        frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
    }
}
