//! What a round's job weighs, step by step, and who prepays it.
//!
//! A federation prepays its own part of every round when it is created, each client its part with
//! the commitment. The sum covers a round of `clients_max` clients, whatever the split into blocks.

use codec::Encode;
use fedchain_fl::{
    Aggregation, Initial, NormRule, Shape, Strategy,
    limits::{CHUNK_VALUES_MAX, EVALUATORS_MAX, PART_BYTES_MAX, PART_CHUNKS_MAX},
    score::operations,
};
use frame_support::{dispatch::DispatchClass, traits::Get, weights::Weight};

use crate::{
    WeightInfo,
    job::CLEAR_BATCH,
    pallet::*,
    settle::{SETTLE_BATCH, settle_batch},
    types::{Job, MOMENT_BYTES_MAX, Stage},
};

/// Bytes of an answer, at most: a part with its proof, signature and all else.
const ANSWER_BYTES_MAX: u32 = PART_BYTES_MAX + 4_096;
/// The part of a block that free calls may fill: an eighth.
const FREE_PART: u64 = 8;

impl<T: Config> Pallet<T> {
    /// Weight of creating a federation.
    pub(crate) fn create_weight(spec: &SpecOf<T>) -> Weight {
        let chunks = spec.task.model_chunks();
        let seed = match spec.task.initial {
            Initial::Seeded(_) => T::WeightInfo::seed(chunks),
            Initial::Zeros | Initial::Uploaded { .. } => Weight::zero(),
        };
        T::WeightInfo::create(spec.encoded_size() as u32, chunks).saturating_add(seed)
    }

    /// Weight of revealing so many chunks, of weights or of moments.
    pub(crate) fn reveal_weight(chunks: u32) -> Weight {
        T::WeightInfo::reveal(chunks).max(T::WeightInfo::reveal_moments(chunks))
    }

    /// Weight of checking a solution of so many bytes. The check grows faster than these: a smaller
    /// one takes less than its share of the largest.
    pub(crate) fn certify_weight(bytes: u32, left_out: u32) -> Weight {
        let least =
            T::WeightInfo::reveal_moments(1).saturating_mul(u64::from(left_out).saturating_add(1));
        T::WeightInfo::certify(left_out)
            .saturating_mul(bytes.into())
            .checked_div(MOMENT_BYTES_MAX.into())
            .unwrap_or_default()
            .saturating_add(least)
    }

    /// Weight of the transaction with the heaviest answer.
    pub fn answer_weight_max() -> Weight {
        [
            Self::reveal_weight(PART_CHUNKS_MAX),
            T::WeightInfo::reveal_holdout(PART_CHUNKS_MAX),
            Self::certify_weight(Shape::LARGEST.solution_bytes(), 0),
        ]
        .into_iter()
        .fold(Weight::zero(), |most, answer| most.max(answer))
        .saturating_add(T::ExtensionWeight::get())
        .saturating_add(
            T::BlockWeights::get()
                .get(DispatchClass::Normal)
                .base_extrinsic,
        )
    }

    /// Whether a transaction of this weight, base weight excluded, and of so many bytes fits into the room that is
    /// kept for an answer.
    pub(crate) fn is_within_room(weight: Weight, bytes: usize) -> bool {
        let limits = T::BlockWeights::get();
        let base = limits.get(DispatchClass::Normal).base_extrinsic;
        weight
            .saturating_add(base)
            .all_lte(Self::answer_weight_max())
            && bytes <= ANSWER_BYTES_MAX as usize
    }

    /// Whether so little of the block is used that free calls cannot fill it.
    pub(crate) fn is_quiet() -> bool {
        let limits = T::BlockWeights::get();
        let class = limits.get(DispatchClass::Normal);
        let used = frame_system::BlockWeight::<T>::get();
        let free = class
            .max_total
            .unwrap_or(limits.max_block)
            .checked_div(FREE_PART)
            .unwrap_or_default();
        used.get(DispatchClass::Normal).all_lte(free)
    }

    /// Whether the block had room for one more answer of the largest size.
    pub(crate) fn has_room() -> bool {
        let limits = T::BlockWeights::get();
        let class = limits.get(DispatchClass::Normal);
        let used = frame_system::BlockWeight::<T>::get();
        let more = Self::answer_weight_max();
        let has_weight = used
            .get(DispatchClass::Normal)
            .saturating_add(more)
            .all_lte(class.max_total.unwrap_or(limits.max_block))
            && used.total().saturating_add(more).all_lte(limits.max_block);
        let bytes = frame_system::Pallet::<T>::block_size();
        let bytes_max = *T::BlockLength::get().max.get(DispatchClass::Normal);
        has_weight && bytes.saturating_add(ANSWER_BYTES_MAX) <= bytes_max
    }

    /// Weight of opening a job.
    pub(crate) fn open_weight(state: &FederationOf<T>, spec: &SpecOf<T>) -> Weight {
        match spec.task.strategy.terms() {
            // Commitments stay with the moments when their members are gone; a certificate is rewritten.
            Some(_) => T::WeightInfo::open(spec.clients_max.max(state.members))
                .saturating_add(T::WeightInfo::keep()),
            None => T::WeightInfo::open(state.members),
        }
    }

    /// Weight of a job's next step.
    pub(crate) fn step_weight(spec: &SpecOf<T>, job: &Job<T::AccountId>) -> Weight {
        let clients = job.accepted.len() as u32;
        match &job.stage {
            Stage::Combine(aggregation) | Stage::Trial(aggregation) => {
                Self::chunk_weight(spec, aggregation, clients)
            }
            Stage::Gate | Stage::Gather => Self::gather_weight(),
            Stage::Score => Self::score_weight(spec),
            Stage::Omit => T::WeightInfo::open(clients),
            Stage::Retire => Self::retire_weight(spec),
            Stage::Record(_) => Self::record_weight(spec, clients),
            Stage::Settle { .. } => Self::settle_weight(spec),
            Stage::Clear { .. } => T::WeightInfo::clear(CLEAR_BATCH),
            Stage::Dismiss => T::WeightInfo::dismiss(SETTLE_BATCH),
            Stage::Proceed => T::WeightInfo::proceed(),
        }
    }

    /// Weight of taking the next chunk of so many updates.
    fn chunk_weight(spec: &SpecOf<T>, aggregation: &Aggregation, clients: u32) -> Weight {
        match aggregation {
            _ if aggregation.selects_next(&spec.task) => {
                Self::measure_weight(spec, clients).saturating_add(Self::select_weight(spec))
            }
            _ if aggregation.is_measuring() => Self::measure_weight(spec, clients),
            _ => Self::combine_weight(spec, clients),
        }
    }

    /// Weight of the heaviest step that the federation can come to.
    pub(crate) fn step_weight_max(spec: &SpecOf<T>) -> Weight {
        let clients = spec.clients_max;
        [
            T::WeightInfo::open(clients).saturating_add(T::WeightInfo::keep()),
            Self::measure_weight(spec, clients).saturating_add(Self::select_weight(spec)),
            Self::combine_weight(spec, clients),
            Self::record_weight(spec, clients),
            Self::settle_weight(spec),
            T::WeightInfo::clear(CLEAR_BATCH),
            T::WeightInfo::dismiss(SETTLE_BATCH),
            T::WeightInfo::proceed(),
            Self::gather_weight(),
            Self::score_weight(spec),
            Self::retire_weight(spec),
        ]
        .into_iter()
        .fold(Weight::zero(), |most, step| most.max(step))
        .saturating_add(T::WeightInfo::turn())
        .saturating_add(Self::peek_weight())
    }

    /// Weight of looking at the head of the queue, before a turn is taken.
    pub(crate) fn peek_weight() -> Weight {
        T::DbWeight::get().reads(2)
    }

    /// Weight of recording a round, where there is a gate with a look at all evaluators.
    fn record_weight(spec: &SpecOf<T>, clients: u32) -> Weight {
        let idle = match spec.gate {
            Some(_) => T::DbWeight::get()
                .writes(EVALUATORS_MAX.into())
                .saturating_add(Self::gather_weight()),
            None => Weight::zero(),
        };
        T::WeightInfo::record(clients).saturating_add(idle)
    }

    /// Weight that one client's update adds to a round.
    pub(crate) fn client_weight(spec: &SpecOf<T>) -> Weight {
        Self::round_weight(spec, spec.clients_max)
            .saturating_sub(Self::round_weight(spec, 0))
            .checked_div(spec.clients_max.into())
            .unwrap_or_default()
    }

    /// Weight of all rounds without any client, their judgements with all evaluators and clients; and of
    /// as many skipped ones.
    pub(crate) fn rounds_weight(spec: &SpecOf<T>) -> Weight {
        Self::round_weight(spec, 0)
            .saturating_add(Self::gate_weight(spec))
            .saturating_add(Self::skipped_weight(spec))
            .saturating_mul(spec.rounds_max.into())
    }

    /// Weight of a skipped round without any client: nothing is combined, but where there is a gate, in
    /// which a round may be crowded.
    fn skipped_weight(spec: &SpecOf<T>) -> Weight {
        let gated = match spec.gate {
            Some(_) => Self::chunks_weight(spec, 0).saturating_add(Self::gate_weight(spec)),
            None => Weight::zero(),
        };
        Self::frame_weight(spec, 0)
            .saturating_add(Self::settle_weight(spec))
            .saturating_add(gated)
    }

    /// Weight of judging one round's model.
    fn gate_weight(spec: &SpecOf<T>) -> Weight {
        let Some(gate) = &spec.gate else {
            return Weight::zero();
        };
        let turn = T::WeightInfo::turn();
        let (clients, evaluators) = (Self::measured_max(spec), u64::from(gate.evaluators_max));
        let scores = evaluators.saturating_mul(u64::from(clients).saturating_add(2));
        let trial = Self::chunks_weight(spec, clients)
            .saturating_add(T::WeightInfo::open(clients))
            .saturating_add(turn);
        Self::score_weight(spec)
            .saturating_add(turn)
            .saturating_mul(scores)
            .saturating_add(trial.saturating_mul(clients.into()))
            .saturating_add(
                Self::retire_weight(spec)
                    .saturating_add(turn)
                    .saturating_mul(evaluators.saturating_add(1)),
            )
            .saturating_add(Self::gather_weight().saturating_add(turn).saturating_mul(2))
    }

    /// Weight of looking through all holdouts: they are fewer than the entries that a job of so many
    /// clients begins with.
    fn gather_weight() -> Weight {
        T::WeightInfo::open(EVALUATORS_MAX.saturating_mul(2))
    }

    /// Weight of one loss: model and holdout are read, and every row is run.
    fn score_weight(spec: &SpecOf<T>) -> Weight {
        let Some(gate) = &spec.gate else {
            return Weight::zero();
        };
        let chunks = spec
            .task
            .model_chunks()
            .saturating_add(Self::holdout_chunks(spec));
        let thousands = operations(&spec.task, gate.rows).div_ceil(1_000);
        T::WeightInfo::fetch(chunks).saturating_add(T::WeightInfo::score(
            u32::try_from(thousands).unwrap_or(u32::MAX),
        ))
    }

    /// Weight of settling one holdout, or of finding none.
    fn retire_weight(spec: &SpecOf<T>) -> Weight {
        T::WeightInfo::settle(1, Self::holdout_chunks(spec)).saturating_add(Self::gather_weight())
    }

    fn round_weight(spec: &SpecOf<T>, clients: u32) -> Weight {
        let turn = T::WeightInfo::turn();
        let batches = u64::from(clients.div_ceil(settle_batch(spec.task.update_chunks())));
        Self::frame_weight(spec, clients)
            .saturating_add(Self::chunks_weight(spec, clients))
            .saturating_add(
                Self::settle_weight(spec)
                    .saturating_add(turn)
                    .saturating_mul(batches),
            )
    }

    /// Weight of what begins and ends every round's job, whatever comes between.
    fn frame_weight(spec: &SpecOf<T>, clients: u32) -> Weight {
        T::WeightInfo::open(clients)
            .saturating_add(Self::record_weight(spec, clients))
            .saturating_add(T::WeightInfo::clear(spec.task.model_chunks()))
            .saturating_add(T::WeightInfo::proceed())
            .saturating_add(T::WeightInfo::turn().saturating_mul(5))
    }

    /// Weight of making one model of so many updates.
    fn chunks_weight(spec: &SpecOf<T>, clients: u32) -> Weight {
        Self::combine_weight(spec, clients)
            .saturating_add(Self::measure_weight(spec, clients))
            .saturating_add(T::WeightInfo::turn().saturating_mul(2))
            .saturating_mul(spec.task.model_chunks().into())
            .saturating_add(Self::select_weight(spec))
    }

    /// Weight of measuring one chunk.
    fn measure_weight(spec: &SpecOf<T>, clients: u32) -> Weight {
        if !spec.task.strategy.needs_distances() {
            return Weight::zero();
        }
        let pairs = clients.saturating_mul(clients.saturating_add(1)) / 2;
        Self::fetch_weight(spec, clients)
            .saturating_add(of_chunk(spec, T::WeightInfo::measure(pairs)))
    }

    /// Weight of the selection after the last chunk was measured.
    fn select_weight(spec: &SpecOf<T>) -> Weight {
        match spec.task.strategy.needs_distances() {
            true => T::WeightInfo::select(),
            false => Weight::zero(),
        }
    }

    /// Weight of combining one chunk.
    fn combine_weight(spec: &SpecOf<T>, clients: u32) -> Weight {
        let rule = match spec.task.strategy {
            Strategy::FedAvg
            | Strategy::Krum { .. }
            | Strategy::MultiKrum { .. }
            | Strategy::GeometricMedian => T::WeightInfo::mean(clients),
            Strategy::Median => T::WeightInfo::median(clients),
            Strategy::TrimmedMean { .. } => T::WeightInfo::trimmed_mean(clients),
            Strategy::Bulyan { .. } => T::WeightInfo::bulyan(clients),
            Strategy::LeastSquares(_) => return Weight::zero(),
        };
        let optimise = match spec.task.optimiser.keeps_moments() {
            true => T::WeightInfo::optimise(),
            false => Weight::zero(),
        };
        Self::fetch_weight(spec, clients)
            .saturating_add(of_chunk(spec, rule))
            .saturating_add(optimise)
            .saturating_add(T::WeightInfo::keep())
    }

    /// Weight of fetching one chunk of all updates, clipped where the norm rule clips.
    fn fetch_weight(spec: &SpecOf<T>, clients: u32) -> Weight {
        let clips = !matches!(spec.task.norm, None | Some(NormRule::Reject { .. }));
        let clip = match clips {
            true => of_chunk(spec, T::WeightInfo::clip(clients)),
            false => Weight::zero(),
        };
        T::WeightInfo::fetch(clients).saturating_add(clip)
    }

    fn settle_weight(spec: &SpecOf<T>) -> Weight {
        let chunks = spec.task.update_chunks();
        let clients = settle_batch(chunks);
        T::WeightInfo::settle(clients, clients.saturating_mul(chunks))
    }
}

/// What of a full chunk's weight the model's first chunk, the fullest, takes.
fn of_chunk<Balance>(spec: &fedchain_fl::FederationSpec<Balance>, full: Weight) -> Weight {
    let params = spec.task.param_count().unwrap_or(0);
    let values = params.min(spec.task.format.chunk_values());
    full.saturating_mul(values.into())
        .checked_div(CHUNK_VALUES_MAX.into())
        .unwrap_or_default()
}
