//! What benchmarks begin with: a federation with the largest schema, money, values.

#![allow(
    clippy::expect_used,
    reason = "a benchmark may panic: that is how it fails"
)]

use alloc::{format, vec, vec::Vec};
use codec::{Decode, Encode};
use fedchain_commitment::{Accepted, Opening, Part, Tree, spec_hash};
use fedchain_fl::{
    Adaptive, Column, Contributions, Decimal, FederationSpec, Format, Gate, H256, Initial,
    Membership, ModelSpec, Name, NormRule, Optimiser, Privacy, QUORUM_DEFAULT, Schema, Strategy,
    Target, TaskSpec, Width, Windows,
    gate::Assessment,
    limits::{
        CHUNK_BYTES, CHUNK_VALUES_MAX, CHUNKS_MAX, CLIENTS_MAX, CONTRIBUTIONS_MAX,
        DISTANCE_CLIENTS_MAX, EVALUATORS_MAX, FEATURES_MAX, ROUNDS_MAX, SAMPLE_COUNT_MAX,
        SEEDED_BYTES_MAX, WINDOW_BLOCKS_MAX,
    },
    view::Outcome,
    window::{Tick, Window},
};
use frame_benchmarking::v2::account;
use frame_support::{
    BoundedVec,
    dispatch::DispatchInfo,
    traits::{
        ConstU32, Get, IsSubType, UnfilteredDispatchable,
        fungible::{Inspect, Mutate},
    },
    weights::WeightMeter,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
    traits::{AsSystemOriginSigner, Bounded, DispatchTransaction, Dispatchable, Saturating},
    transaction_validity::TransactionSource,
};

use crate::{
    CheckFederation, WeightInfo,
    pallet::*,
    types::{
        Answer, Commitment, Ending, Federation, FederationId, Judgement, Member, Phase, Pledge,
        Round, Slot, Stage,
    },
};

/// Bytes of one column with the longest name and label in a SCALE-encoded spec.
pub const COLUMN_BYTES: u32 = 161;
/// Bytes of the columns of the largest spec.
pub const SPEC_BYTES: u32 = FEATURES_MAX * COLUMN_BYTES;
/// Chunks of a seeded model, at most.
pub const SEEDED_CHUNKS: u32 = SEEDED_BYTES_MAX / CHUNK_BYTES;
/// The format with the most values in a chunk.
pub const FORMAT: Format = Format {
    frac_bits: 8,
    width: Width::I16,
};
/// The phase of a round that is over.
pub const AGGREGATE: Phase = Phase::Aggregate {
    ending: Ending::Asked,
};
const START: Tick = Tick {
    block: 0,
    roomy: 0,
    time_ms: 0,
};

/// A window that is never over.
pub fn open_window() -> Window {
    Window::after(START, WINDOW_BLOCKS_MAX, u64::MAX)
}

/// The phase of a round that takes commitments.
pub fn commit_phase() -> Phase {
    Phase::Commit {
        window: open_window(),
    }
}

/// A window that is over.
pub fn over_window<T: Config>() -> Window {
    RoomyBlocks::<T>::put(1);
    Window::after(START, 0, 0)
}

/// The stage of a job whose clients are all settled.
pub const SETTLED: Stage = Stage::Settle {
    outcome: Outcome::Adopted,
    next: CLIENTS_MAX,
};
/// The answer of an update that counts.
pub const ACCEPTED: Answer = Answer::Accepted {
    sample_count: 1,
    values_root: H256::repeat_byte(1),
};
/// The longest declaration.
const PRIVACY: Privacy = Privacy {
    epsilon: decimal(1, 0),
    delta: decimal(1, -5),
};
/// Usual parameters.
pub const ADAPTIVE: Adaptive = Adaptive {
    beta1: decimal(9, -1),
    beta2: decimal(99, -2),
    rate: decimal(1, -1),
    tau: decimal(1, -3),
};

/// A decimal number.
pub const fn decimal(mantissa: i64, exponent: i8) -> Decimal {
    Decimal { mantissa, exponent }
}

/// A federation, and who owns it.
pub struct Scene<T: Config> {
    pub id: FederationId,
    pub owner: T::AccountId,
    pub spec: SpecOf<T>,
}

impl<T: Config> Scene<T> {
    /// A federation that waits for members, of a model of so many chunks.
    pub fn new(chunks: u32) -> Self {
        let (id, owner, spec) = (0, funded::<T>("owner", 0), spec::<T>(chunks));
        let amount = spec.reward;
        hold::<T>(HoldReason::Escrow, &owner, amount);
        hold::<T>(HoldReason::StateDeposit, &owner, amount);
        let state = Federation {
            owner: owner.clone(),
            spec_hash: spec_hash(&spec.task),
            param_count: chunks * CHUNK_VALUES_MAX,
            created_at: 1,
            phase: Phase::Waiting,
            round: Round::default(),
            skipped: 0,
            members: 0,
            invited: 0,
            evaluators: 0,
            cancelling: false,
            model_root: H256::repeat_byte(1),
            slot: Slot::A,
            escrow: amount,
            state_deposit: amount,
        };
        Federations::<T>::insert(id, state);
        Specs::<T>::insert(id, spec.clone());
        Self { id, owner, spec }
    }

    /// The federation as it is now.
    pub fn state(&self) -> FederationOf<T> {
        Federations::<T>::get(self.id).expect("inserted above")
    }

    /// Its job.
    pub fn job(&self) -> JobOf<T> {
        Jobs::<T>::get(self.id).expect("the benchmark has one")
    }

    /// Changes the federation.
    pub fn change(&self, change: impl FnOnce(&mut FederationOf<T>)) {
        let mut state = self.state();
        change(&mut state);
        Federations::<T>::insert(self.id, state);
    }

    /// Puts the federation into a phase of its first round.
    pub fn open_round(&self, phase: Phase) {
        self.change(|state| {
            state.phase = phase;
            state.round = Round {
                index: 1,
                opened_at: 1,
                roster: state.members,
                ..Round::default()
            };
        });
    }

    /// A commitment for the first round.
    pub fn commit_call(&self) -> Call<T> {
        Call::commit {
            federation: self.id,
            round: 1,
            base_root: self.state().model_root,
            commitment: H256::repeat_byte(1),
        }
    }

    /// Waits for the reveal of one client.
    pub fn wait_for_reveals(&self) {
        self.open_round(Phase::Reveal {
            opens_at: 0,
            window: open_window(),
        });
        self.change(|state| state.round.committed = 1);
    }

    /// A member with money and a deposit.
    pub fn join(&self, index: u32) -> T::AccountId {
        let client = funded::<T>("client", index);
        hold::<T>(HoldReason::JoinDeposit, &client, self.spec.join_deposit);
        self.insert_member(&client);
        self.change(|state| state.members += 1);
        client
    }

    /// A membership without money behind it.
    pub fn insert_member(&self, client: &T::AccountId) {
        let member = Member {
            first_round: 1,
            missed: 0,
            leaving: false,
            deposit: self.spec.join_deposit,
        };
        Members::<T>::insert(self.id, client, member);
    }

    /// So many members whose updates count and who leave; the first has staged so many chunks.
    pub fn leaving(&self, count: u32, chunks: u32) -> Vec<T::AccountId> {
        let clients: Vec<_> = (0..count).map(|index| self.join(index)).collect();
        for (index, client) in (0..).zip(&clients) {
            self.set_leaving(client);
            let received = if index == 0 { chunks } else { 0 };
            self.commit(client, H256::repeat_byte(1), ACCEPTED, received);
            for index in 0..received {
                StagedUpdates::<T>::insert((self.id, client, index), chunk(index));
            }
        }
        clients
    }

    /// Lets a member leave at the end of the round.
    fn set_leaving(&self, client: &T::AccountId) {
        Members::<T>::mutate(self.id, client, |member| {
            member.as_mut().expect("a member").leaving = true;
        });
    }

    /// Lets a client commit to an update of which all but this part was received; answers the bytes of
    /// the call that reveals it.
    pub fn reveal(
        &self,
        client: &T::AccountId,
        sample_count: u32,
        part: Part,
        values_root: H256,
    ) -> Vec<u8> {
        let state = self.state();
        let opening = Opening {
            genesis: frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::from(0u32)),
            federation: self.id,
            round: 1,
            spec_hash: state.spec_hash,
            base_root: state.model_root,
            account: client,
            sample_count,
            privacy: Some(PRIVACY),
            param_count: state.param_count,
            values_root,
            salt: [0; 32],
        };
        self.commit(client, opening.commitment(), Answer::Open, part.first);
        let call = Call::<T>::reveal {
            federation: self.id,
            round: 1,
            sample_count,
            privacy: Some(PRIVACY),
            salt: [0; 32],
            part,
        };
        call.encode()
    }

    /// The optimiser's memory of one full chunk.
    pub fn remember(&self, slot: Slot, index: u32) {
        let moments = vec![Default::default(); CHUNK_VALUES_MAX as usize];
        let moments = BoundedVec::truncate_from(moments);
        Moments::<T>::insert((self.id, slot, index), moments);
    }

    /// An evaluator with money.
    pub fn appoint(&self, index: u32) -> T::AccountId {
        let evaluator = funded::<T>("evaluator", index);
        Evaluators::<T>::insert(self.id, &evaluator, ());
        self.change(|state| state.evaluators += 1);
        evaluator
    }

    /// An evaluator's commitment for a round, of which so many chunks were received, with its bond.
    pub fn pledge(&self, round: u32, evaluator: &T::AccountId, hash: H256, received: u32) {
        let bond = self.spec.bond;
        hold::<T>(HoldReason::Bond, evaluator, bond);
        let pledge = Pledge {
            hash,
            bond,
            received,
            root: None,
        };
        Holdouts::<T>::insert((self.id, round, evaluator), pledge);
    }

    /// A client's commitment, with its bond.
    pub fn commit(&self, client: &T::AccountId, hash: H256, answer: Answer, received: u32) {
        let bond = self.spec.bond;
        hold::<T>(HoldReason::Bond, client, bond);
        let commitment = Commitment {
            hash,
            bond,
            answer,
            received,
            squared_norm: 1 << 40,
        };
        Commitments::<T>::insert(self.id, client, commitment);
    }
}

/// A spec with the longest schema and amounts above zero, for a model of so many chunks.
pub fn spec<T: Config>(chunks: u32) -> SpecOf<T> {
    let amount = T::Currency::minimum_balance().saturating_mul(1_000u32.into());
    FederationSpec {
        name: name(0),
        membership: Membership::Invited,
        clients_min: 1,
        clients_max: CLIENTS_MAX,
        rounds_max: ROUNDS_MAX,
        windows: Windows {
            commit_blocks: 1,
            settle_blocks: 1,
            reveal_blocks: WINDOW_BLOCKS_MAX,
        },
        quorum: QUORUM_DEFAULT,
        sample_count_max: SAMPLE_COUNT_MAX,
        bond: amount,
        join_deposit: amount,
        reward: amount,
        gate: Some(Gate {
            rows: 1,
            evaluators_max: EVALUATORS_MAX,
            quorum: 3,
            tolerance: decimal(1, -2),
            bond: amount,
            blocks: WINDOW_BLOCKS_MAX,
            contributions: Contributions::Paid,
        }),
        task: TaskSpec {
            model: ModelSpec::Opaque {
                param_count: chunks * CHUNK_VALUES_MAX,
            },
            initial: Initial::Zeros,
            format: FORMAT,
            strategy: Strategy::FedAvg,
            norm: Some(NormRule::ClipToMedian),
            optimiser: Optimiser::FedYogi(ADAPTIVE),
            schema: Schema {
                features: columns(FEATURES_MAX),
                target: Target::Real(column(FEATURES_MAX)),
            },
        },
    }
}

/// So many columns with the longest names and labels.
pub fn columns(count: u32) -> BoundedVec<Column, ConstU32<FEATURES_MAX>> {
    let feature = |index| Column {
        label: Some(name(index)),
        missing: Some(decimal(i64::MIN, -18)),
        ..column(index)
    };
    BoundedVec::truncate_from((0..count).map(feature).collect())
}

fn column(index: u32) -> Column {
    Column::number(name(index), decimal(i64::MIN, -18), decimal(i64::MAX, -18))
}

fn name(index: u32) -> Name {
    format!("{index:064}").parse().expect("64 digits")
}

/// A perceptron of so many features whose weights need so many chunks.
pub fn perceptron(features: u32, chunks: u32) -> ModelSpec {
    // (features + 1) + (1 + 1) units + (units + 1) units + (units + 1)
    // = (units + 2)^2 + features - 2
    let units = (chunks * CHUNK_VALUES_MAX - features).isqrt() - 2;
    let hidden = vec![1, units as u16, units as u16];
    ModelSpec::Mlp {
        hidden: BoundedVec::truncate_from(hidden),
    }
}

/// An account with plenty of money.
pub fn funded<T: Config>(name: &'static str, index: u32) -> T::AccountId {
    let who = account(name, index, 0);
    let plenty = BalanceOf::<T>::max_value() / 1_000_000u32.into();
    T::Currency::set_balance(&who, plenty);
    who
}

/// An account without money.
pub fn client<T: Config>(index: u32) -> T::AccountId {
    account("client", index, 0)
}

fn hold<T: Config>(reason: HoldReason, who: &T::AccountId, amount: BalanceOf<T>) {
    assert!(Pallet::<T>::hold(reason, who, amount).is_ok());
}

/// What a block does with the bytes of a call before it is dispatched: they are taken out of the block,
/// decoded, and hashed for the extrinsics' root and for the signature.
pub fn receive<T: Config>(bytes: &[u8]) -> Call<T> {
    let extrinsic = bytes.to_vec();
    let call = Call::<T>::decode(&mut extrinsic.as_slice()).expect("encoded above");
    let hashes = [extrinsic, call.encode()].map(|bytes| sp_io::hashing::blake2_256(&bytes));
    assert_eq!(hashes[0], hashes[1]);
    call
}

/// Dispatches a call as a block does with its bytes; answers whether it succeeded.
pub fn dispatch<T: Config>(bytes: &[u8], origin: Origin<T>) -> bool {
    let call = receive::<T>(bytes);
    call.dispatch_bypass_filter(origin.into()).is_ok()
}

/// Whether the pool takes a call.
pub fn is_valid<T>(origin: T::RuntimeOrigin, call: &T::RuntimeCall) -> bool
where
    T: Config + Send + Sync,
    T::RuntimeCall: Dispatchable<Info = DispatchInfo> + IsSubType<Call<T>>,
    T::RuntimeOrigin: AsSystemOriginSigner<T::AccountId> + Clone,
{
    let source = TransactionSource::External;
    CheckFederation::<T>::default()
        .validate_only(origin, call, &DispatchInfo::default(), 0, source, 0)
        .is_ok()
}

/// What one turn with the next step of this job takes.
pub fn meter_of_turn<T: Config>(scene: &Scene<T>, job: &JobOf<T>) -> WeightMeter {
    let weight = Pallet::<T>::peek_weight()
        .saturating_add(T::WeightInfo::turn())
        .saturating_add(Pallet::<T>::step_weight(&scene.spec, job));
    WeightMeter::with_limit(weight)
}

/// So many clients that their pairs are no fewer than these.
pub fn clients_of_pairs(pairs: u32) -> u32 {
    (1..=DISTANCE_CLIENTS_MAX)
        .find(|clients| clients * (clients + 1) / 2 >= pairs)
        .unwrap_or(DISTANCE_CLIENTS_MAX)
}

/// The part of a largest update from chunk `first` on, and the root of the whole.
pub fn last_part(first: u32) -> (Part, H256) {
    let values = (first..CHUNKS_MAX).flat_map(chunk).collect();
    let mut part = Part {
        first,
        values: BoundedVec::truncate_from(values),
        proof: BoundedVec::new(),
    };
    // The rest of the tree is nobody's: any hashes will do.
    loop {
        if let Some(root) = part.root(Tree::Values, CHUNKS_MAX * CHUNK_BYTES) {
            return (part, root);
        }
        let pushed = part.proof.try_push(H256::repeat_byte(1));
        pushed.expect("no proof is longer");
    }
}

/// A job of so many clients with the leaves of a largest model.
pub fn job<T: Config>(clients: u32, stage: Stage) -> JobOf<T> {
    let roster: Vec<_> = (0..clients).map(client::<T>).collect();
    let accepted = roster.iter().map(|account| Accepted {
        account: account.clone(),
        sample_count: 1,
        values_root: H256::repeat_byte(1),
    });
    JobOf::<T> {
        accepted: BoundedVec::truncate_from(accepted.collect()),
        leaves: BoundedVec::truncate_from(vec![H256::repeat_byte(1); CHUNKS_MAX as usize]),
        roster: BoundedVec::truncate_from(roster),
        judgement: Some(judgement::<T>()),
        stage,
    }
}

/// The largest judgement, of which all is measured.
fn judgement<T: Config>() -> Judgement<T::AccountId> {
    let mut assessment = Assessment::new(EVALUATORS_MAX, CONTRIBUTIONS_MAX);
    while assessment.next().is_some() {
        assessment.take(1);
    }
    let root = |index| (account("evaluator", index, 0), H256::repeat_byte(1));
    Judgement {
        holdouts: BoundedVec::truncate_from((0..EVALUATORS_MAX).map(root).collect()),
        assessment,
    }
}

/// A full chunk of scattered values.
pub fn values(seed: u32) -> Vec<i32> {
    let scattered = |place: u32| {
        let mixed = place.wrapping_mul(0x9e37_79b1) ^ seed.wrapping_mul(0x85eb_ca77);
        (mixed.wrapping_mul(0xc2b2_ae3d) >> 16) as i16
    };
    (0..CHUNK_VALUES_MAX)
        .map(|place| scattered(place).into())
        .collect()
}

/// Their bytes.
pub fn chunk(seed: u32) -> ChunkBytes {
    BoundedVec::truncate_from(FORMAT.encode(&values(seed)).expect("16 bits each"))
}

/// A full chunk of each of so many updates.
pub fn updates(count: u32) -> Vec<Vec<i32>> {
    (0..count).map(values).collect()
}
