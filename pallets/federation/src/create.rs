//! Beginning and end of a federation: create, upload of the initial model, remove.

use codec::{Encode, MaxEncodedLen};
use fedchain_commitment::{Part, Tree, spec_hash, values_root};
use fedchain_fl::{H256, Initial, Moment, Refusal, Update, gate::GateRecord, view::RoundRecord};
use frame_support::{dispatch::DispatchResultWithPostInfo, ensure, traits::Get};
use sp_io::MultiRemovalResults;
use sp_runtime::traits::Saturating;

use crate::{
    WeightInfo,
    pallet::*,
    types::{
        Certificate, Commitment, Federation, FederationId, Member, MomentSum, Phase, Pledge, Round,
        Slot,
    },
};

/// Entries of a federation's maps that one `remove` deletes, at most.
pub const REMOVE_BATCH: u32 = 1_024;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_create(owner: T::AccountId, spec: SpecOf<T>) -> DispatchResultWithPostInfo {
        let weight = T::WeightInfo::create(spec.encoded_size() as u32, 0);
        let early = |error: Error<T>| Self::early_at(weight, error);
        spec.check(T::UploadBytesPerBlock::get())
            .map_err(|error| early(error.into()))?;
        let param_count = spec.task.param_count();
        let param_count = param_count.map_err(|error| early(error.into()))?;
        let update_bytes = spec.task.update_bytes();
        let update_bytes = update_bytes.map_err(|error| early(error.into()))?;
        let evaluators_max = spec.gate.as_ref().map_or(0, |gate| gate.evaluators_max);
        let holdout_bytes = Self::holdout_bytes(&spec).saturating_mul(evaluators_max);
        let staging_bytes = update_bytes
            .saturating_mul(spec.clients_max)
            .saturating_add(holdout_bytes);
        ensure!(
            staging_bytes <= T::StagingBytesMax::get(),
            early(Error::StagingTooLarge)
        );
        ensure!(
            Self::step_weight_max(&spec).all_lte(T::AggregationWeight::get()),
            early(Error::AggregationTooHeavy)
        );

        let escrow = spec.reward.saturating_mul(spec.rounds_max.into());
        let state_deposit =
            T::ByteDeposit::get().saturating_mul(Self::state_bytes(&spec, staging_bytes).into());
        Self::hold(HoldReason::Escrow, &owner, escrow).map_err(early)?;
        Self::hold(HoldReason::StateDeposit, &owner, state_deposit).map_err(early)?;
        Self::prepay(&owner, Self::rounds_weight(&spec)).map_err(early)?;

        let federation = NextFederation::<T>::mutate(|next| {
            let federation = *next;
            *next = next.saturating_add(1);
            federation
        });
        let slot = Slot::default();
        let model_root = match (spec.task.initial, spec.task.initial_model()) {
            (Initial::Uploaded { root }, _) => root,
            (_, model) => {
                let model = model.map_err(Error::<T>::from)?.unwrap_or_default();
                let bytes = spec.task.format.encode(&model).map_err(Error::<T>::from)?;
                Self::put_model(federation, slot, 0, &bytes);
                values_root(&bytes)
            }
        };
        let phase = match spec.task.initial {
            Initial::Uploaded { .. } => Phase::Uploading { received: 0 },
            Initial::Zeros | Initial::Seeded(_) => Phase::Waiting,
        };
        Federations::<T>::insert(
            federation,
            Federation {
                owner: owner.clone(),
                spec_hash: spec_hash(&spec.task),
                param_count,
                created_at: Self::now(),
                phase,
                round: Round::default(),
                skipped: 0,
                members: 0,
                invited: 0,
                evaluators: 0,
                cancelling: false,
                model_root,
                slot,
                escrow,
                state_deposit,
            },
        );
        Specs::<T>::insert(federation, spec);
        Self::deposit_event(Event::FederationCreated { federation, owner });
        Ok(().into())
    }

    /// Bytes that a federation may occupy at its largest: spec, models with the optimiser's memory, what
    /// is staged, members, commitments, certificates, judgements and round records.
    fn state_bytes(spec: &SpecOf<T>, staging_bytes: u32) -> u32 {
        let model_bytes = spec.task.model_bytes().unwrap_or(0);
        let values = model_bytes
            .checked_div(spec.task.format.value_bytes())
            .unwrap_or(0);
        let moments = match spec.task.optimiser.keeps_moments() {
            true => values.saturating_mul(Moment::max_encoded_len() as u32),
            false => 0,
        };
        let certified = match spec.task.strategy.terms() {
            Some(_) => (Certificate::<T::AccountId>::max_encoded_len() as u32)
                .saturating_mul(spec.rounds_max)
                .saturating_add(MomentSum::max_encoded_len() as u32),
            None => 0,
        };
        let judged = spec.gate.as_ref().map_or(0, |gate| {
            let per_round = (GateRecord::<T::AccountId>::max_encoded_len() as u32).saturating_add(
                gate.evaluators_max
                    .saturating_mul(H256::max_encoded_len() as u32),
            );
            let pledges = (Pledge::<BalanceOf<T>>::max_encoded_len() as u32)
                .saturating_mul(gate.evaluators_max.saturating_mul(2));
            per_round
                .saturating_mul(spec.rounds_max)
                .saturating_add(pledges)
        });
        let models = match Self::measured_max(spec) {
            0 => 2,
            _ => 3,
        };
        let per_client = Member::<BalanceOf<T>>::max_encoded_len()
            .saturating_add(Commitment::<BalanceOf<T>>::max_encoded_len())
            as u32;
        (spec.encoded_size() as u32)
            .saturating_add(model_bytes.saturating_mul(models))
            .saturating_add(moments.saturating_mul(2))
            .saturating_add(certified)
            .saturating_add(judged)
            .saturating_add(staging_bytes)
            .saturating_add(per_client.saturating_mul(spec.clients_max))
            .saturating_add(
                (RoundRecord::max_encoded_len() as u32)
                    .saturating_mul(spec.rounds_max)
                    .saturating_mul(2),
            )
    }

    pub(crate) fn do_upload(
        owner: &T::AccountId,
        federation: FederationId,
        part: &Part,
    ) -> DispatchResultWithPostInfo {
        let (mut state, spec) = Self::running(federation).map_err(Self::early)?;
        ensure!(state.owner == *owner, Self::early(Error::NotOwner));
        let Phase::Uploading { received } = state.phase else {
            return Err(Self::early(Error::NothingToUpload));
        };
        ensure!(part.first == received, Self::early(Error::PartOutOfOrder));
        Update(&part.values)
            .check_part(&spec.task, part.first)
            .map_err(Error::<T>::from)?;
        let model_bytes = spec.task.model_bytes().map_err(Error::<T>::from)?;
        ensure!(
            part.root(Tree::Values, model_bytes) == Some(state.model_root),
            Error::<T>::WrongPart
        );

        Self::put_model(federation, state.slot, part.first, &part.values);
        let received = received.saturating_add(part.chunks());
        if received == spec.task.model_chunks() {
            state.phase = Phase::Waiting;
            Self::deposit_event(Event::ModelUploaded { federation });
            Self::open_round_or_wait(federation, &mut state, &spec);
        } else {
            state.phase = Phase::Uploading { received };
        }
        Federations::<T>::insert(federation, state);
        Ok(().into())
    }

    /// Whether a federation can be removed now.
    pub(crate) fn may_remove(
        owner: &T::AccountId,
        federation: FederationId,
    ) -> Result<FederationOf<T>, Refusal> {
        let state = Federations::<T>::get(federation).ok_or(Refusal::UnknownFederation)?;
        ensure!(state.owner == *owner, Refusal::NotOwner);
        ensure!(state.phase.is_over(), Refusal::FederationRuns);
        Ok(state)
    }

    pub(crate) fn do_remove(
        owner: &T::AccountId,
        federation: FederationId,
    ) -> DispatchResultWithPostInfo {
        let state = Self::may_remove(owner, federation).map_err(Self::early)?;
        let clear: [&dyn Fn(u32) -> MultiRemovalResults; 10] = [
            &|limit| StagedUpdates::<T>::clear_prefix((federation,), limit, None),
            &|limit| Commitments::<T>::clear_prefix(federation, limit, None),
            &|limit| Certificates::<T>::clear_prefix(federation, limit, None),
            &|limit| Invitations::<T>::clear_prefix(federation, limit, None),
            &|limit| Models::<T>::clear_prefix((federation,), limit, None),
            &|limit| Moments::<T>::clear_prefix((federation,), limit, None),
            &|limit| Evaluators::<T>::clear_prefix(federation, limit, None),
            &|limit| UsedHoldouts::<T>::clear_prefix(federation, limit, None),
            &|limit| Gates::<T>::clear_prefix(federation, limit, None),
            &|limit| Rounds::<T>::clear_prefix(federation, limit, None),
        ];
        let (mut room, mut is_empty) = (REMOVE_BATCH, true);
        for clear in clear {
            let removed = clear(room);
            room = room.saturating_sub(removed.unique);
            is_empty &= removed.maybe_cursor.is_none();
        }
        if is_empty {
            Self::release(HoldReason::StateDeposit, owner, state.state_deposit);
            MomentSums::<T>::remove(federation);
            Federations::<T>::remove(federation);
            Specs::<T>::remove(federation);
            Self::deposit_event(Event::FederationRemoved { federation });
        }
        let entries = REMOVE_BATCH.saturating_sub(room);
        Ok(Some(T::WeightInfo::remove(entries)).into())
    }
}
