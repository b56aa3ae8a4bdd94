//! Federations: clients commit to model updates, reveal them, and every node aggregates them.
//!
//! # Overview
//!
//! An owner creates a federation; members train beside their data and send a commitment, then the
//! update itself, part by part where it is large. When a round is over, the runtime aggregates the
//! accepted updates in integer arithmetic, step by step within its share of each block, and adopts
//! the result as the new server model. Its root goes into the header. A certified regression waits
//! for a solution between reveal and aggregate, see `certify.rs`.
//!
//! ```text
//! (Uploading)
//!    | initial model whole
//!    v
//! Waiting --clients_min joined--> Commit --all committed | overdue--> Settle
//!    ^                              ^                                    | settle_blocks
//!    |                              |                                    v
//!    +---- too few members ---- Aggregate <--all revealed | overdue-- Reveal
//!                                 ^ |
//!                                 | +--> Finished | Cancelled
//!                                 v
//!                               Gate
//! ```
//!
//! Where the federation has a quality gate, the new model waits in Gate for the holdouts of evaluators,
//! see `evaluators.rs` and `judge.rs`.
//!
//! # Invariants
//!
//! 1. A member has at most one commitment per round; an accepted update opens it. An evaluator is no
//!    member.
//! 2. For each hold reason, the held sum equals what is open; each hold leaves exactly once.
//! 3. Nothing per-client outlives its round, but the membership, and the moments behind a certificate.
//! 4. The model in state has the root that the newest round recorded.
//! 5. A federation is in the queue exactly while it is in the Aggregate phase or closing; it has a job
//!    in the Gate phase, too.
//!
//! [`Pallet::do_try_state`] checks them.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod api;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod certify;
mod constants;
mod cost;
mod create;
mod errors;
mod evaluators;
mod events;
pub mod extension;
mod job;
mod judge;
mod membership;
mod model;
mod money;
mod queue;
mod rounds;
mod settle;
mod try_state;
pub mod types;
pub mod weights;

#[cfg(any(test, feature = "mock"))]
pub mod mock;
#[cfg(test)]
mod tests;

use frame_support::pallet_macros::import_section;

pub use create::REMOVE_BATCH;
pub use extension::CheckFederation;
pub use pallet::*;
pub use weights::WeightInfo;

#[allow(
    clippy::expect_used,
    clippy::large_enum_variant,
    reason = "FRAME's macros expand to them; in our own lines tidy finds the first"
)]
#[import_section(constants::constants)]
#[import_section(errors::errors)]
#[import_section(events::events)]
#[frame_support::pallet]
pub mod pallet {
    use super::{
        WeightInfo,
        create::REMOVE_BATCH,
        types::{
            Certificate, Commitment, Federation, FederationId, Job, Member, MomentSum, Pledge,
            QueueEnds, REFUTATION_BYTES_MAX, Slot,
        },
    };
    use alloc::vec::Vec;
    use fedchain_commitment::Part;
    use fedchain_fl::{
        FederationSpec, H256, Moment, Privacy,
        gate::GateRecord,
        limits::{CHUNK_BYTES, CHUNK_VALUES_MAX, LEFT_OUT_MAX, PART_BYTES_MAX},
        view::{Bound, Outcome, RoundRecord},
    };
    use frame_support::{
        pallet_prelude::*,
        traits::{Time, fungible},
        weights::{WeightMeter, WeightToFee},
    };
    use frame_system::pallet_prelude::*;

    pub(crate) type BalanceOf<T> = <<T as Config>::Currency as fungible::Inspect<
        <T as frame_system::Config>::AccountId,
    >>::Balance;
    pub(crate) type FederationOf<T> =
        Federation<<T as frame_system::Config>::AccountId, BalanceOf<T>>;
    pub(crate) type SpecOf<T> = FederationSpec<BalanceOf<T>>;
    pub(crate) type JobOf<T> = Job<<T as frame_system::Config>::AccountId>;
    pub(crate) type ChunkBytes = BoundedVec<u8, ConstU32<CHUNK_BYTES>>;

    pub(crate) type BoundedLeftOut<T> =
        BoundedVec<<T as frame_system::Config>::AccountId, ConstU32<LEFT_OUT_MAX>>;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    /// What the runtime decides.
    #[pallet::config]
    pub trait Config:
        frame_system::Config<
            Hash = H256,
            RuntimeEvent: From<Event<Self>>,
            RuntimeOrigin: From<Origin<Self>> + Into<Result<Origin<Self>, Self::RuntimeOrigin>>,
        >
    {
        /// Money: holds for bonds, deposits and escrow.
        type Currency: fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>
            + fungible::Mutate<Self::AccountId>;
        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;
        /// On-chain time in milliseconds.
        type Time: Time<Moment = u64>;
        /// Block time that the chain aims at, in milliseconds. Not in the metadata, which must follow from the code
        /// alone: this is read from the state.
        type BlockTimeMs: Get<u64>;
        /// Deposit per byte of state.
        #[pallet::constant]
        type ByteDeposit: Get<BalanceOf<Self>>;
        /// Bytes of reveals that one block carries.
        #[pallet::constant]
        type UploadBytesPerBlock: Get<u32>;
        /// Bytes of staged updates that one federation may need.
        #[pallet::constant]
        type StagingBytesMax: Get<u32>;
        /// Aggregation's own share of a block's weight.
        #[pallet::constant]
        type AggregationWeight: Get<Weight>;
        /// Weight of a transaction's extensions around a call of this pallet.
        type ExtensionWeight: Get<Weight>;
        /// Price of aggregation's weight, prepaid at `create` and `commit`.
        type WeightToFee: WeightToFee<Balance = BalanceOf<Self>>;
        /// Weights of calls and hooks.
        type WeightInfo: WeightInfo;
    }

    /// Why money is held.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// A client's or an evaluator's bond, from commit to reveal.
        Bond,
        /// A member's deposit, while a member.
        JoinDeposit,
        /// The owner's escrow for rewards.
        Escrow,
        /// The owner's deposit for state, until the federation is removed.
        StateDeposit,
    }

    /// An account, by a transaction of its own: not inside a batch, sudo or any other call.
    #[pallet::origin]
    pub type Origin<T> = super::extension::RawOrigin<<T as frame_system::Config>::AccountId>;

    /// Number of the next federation.
    #[pallet::storage]
    pub type NextFederation<T> = StorageValue<_, FederationId, ValueQuery>;

    /// How many blocks had room for one more answer of the largest size: windows run in these only.
    #[pallet::storage]
    pub type RoomyBlocks<T> = StorageValue<_, u32, ValueQuery>;

    /// What a federation fixed at creation. Deleted by `remove`.
    #[pallet::storage]
    pub type Specs<T: Config> = StorageMap<_, Twox64Concat, FederationId, SpecOf<T>>;

    /// The part of a federation that changes. Deleted by `remove`.
    #[pallet::storage]
    pub type Federations<T: Config> = StorageMap<_, Twox64Concat, FederationId, FederationOf<T>>;

    /// Invited accounts that have not joined. At most `clients_max` with the members; deleted by
    /// `join` or `remove`.
    #[pallet::storage]
    pub type Invitations<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FederationId, Blake2_128Concat, T::AccountId, ()>;

    /// Members, at most `clients_max`. Deleted when they leave, are dropped, or at the end.
    #[pallet::storage]
    pub type Members<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        FederationId,
        Blake2_128Concat,
        T::AccountId,
        Member<BalanceOf<T>>,
    >;

    /// Commitments of the current round, at most one per roster member. Deleted when it closes; those
    /// behind a certificate by `remove`.
    #[pallet::storage]
    pub type Commitments<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        FederationId,
        Blake2_128Concat,
        T::AccountId,
        Commitment<BalanceOf<T>>,
    >;

    /// Who judges models, at most `evaluators_max` of the gate. Deleted when they leave,
    /// after a round without a holdout, or by `remove`.
    #[pallet::storage]
    pub type Evaluators<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FederationId, Blake2_128Concat, T::AccountId, ()>;

    /// Evaluators' commitments for the current round and the next, at most one each. Deleted when the
    /// round closes or the federation ends, those for the next also when the evaluator leaves.
    #[pallet::storage]
    pub type Holdouts<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, FederationId>,
            NMapKey<Twox64Concat, u32>,
            NMapKey<Blake2_128Concat, T::AccountId>,
        ),
        Pledge<BalanceOf<T>>,
    >;

    /// Roots of the holdouts that were revealed: none is taken twice. Deleted by `remove`.
    #[pallet::storage]
    pub type UsedHoldouts<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FederationId, Blake2_128Concat, H256, ()>;

    /// Judgements, one per judged round. Deleted by `remove`.
    #[pallet::storage]
    pub type Gates<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        FederationId,
        Twox64Concat,
        u32,
        GateRecord<T::AccountId>,
    >;

    /// Chunks of revealed updates and holdouts; canonical bytes, at most `StagingBytesMax` per federation.
    /// Deleted when the round is settled; moments behind a certificate by `remove`.
    #[pallet::storage]
    pub type StagedUpdates<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, FederationId>,
            NMapKey<Blake2_128Concat, T::AccountId>,
            NMapKey<Twox64Concat, u32>,
        ),
        ChunkBytes,
    >;

    /// Chunks of the newest server model, and of the next and of trials while they are being made;
    /// canonical bytes. All but the newest's are deleted at the end of the round, these by `remove`.
    #[pallet::storage]
    pub type Models<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, FederationId>,
            NMapKey<Twox64Concat, Slot>,
            NMapKey<Twox64Concat, u32>,
        ),
        ChunkBytes,
    >;

    /// The server optimiser's memory, chunk by chunk, after the newest model and, while it is being made,
    /// after the next. Deleted with that model.
    #[pallet::storage]
    pub type Moments<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, FederationId>,
            NMapKey<Twox64Concat, Slot>,
            NMapKey<Twox64Concat, u32>,
        ),
        BoundedVec<Moment, ConstU32<CHUNK_VALUES_MAX>>,
    >;

    /// Rounds' ends in progress. Deleted with their last step.
    #[pallet::storage]
    pub type Jobs<T: Config> = StorageMap<_, Twox64Concat, FederationId, JobOf<T>>;

    /// The sum of all moments, of a certified federation whose reveals are in. Deleted when the round
    /// is skipped, or by `remove`.
    #[pallet::storage]
    pub type MomentSums<T: Config> = StorageMap<_, Twox64Concat, FederationId, MomentSum>;

    /// Certificates of server models, one per adopted round. Deleted by `remove`.
    #[pallet::storage]
    pub type Certificates<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        FederationId,
        Twox64Concat,
        u32,
        Certificate<T::AccountId>,
    >;

    /// Closed rounds, at most twice `rounds_max`. Deleted by `remove`.
    #[pallet::storage]
    pub type Rounds<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FederationId, Twox64Concat, u32, RoundRecord>;

    /// Federations with work to do, served in turn.
    #[pallet::storage]
    pub type Queue<T: Config> = StorageMap<_, Twox64Concat, u64, FederationId>;

    /// Ends of the queue.
    #[pallet::storage]
    pub type Ends<T> = StorageValue<_, QueueEnds, ValueQuery>;

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_now: BlockNumberFor<T>) -> Weight {
            // For `on_finalize`.
            T::DbWeight::get().reads_writes(3, 1)
        }

        fn on_finalize(_now: BlockNumberFor<T>) {
            if Self::has_room() {
                RoomyBlocks::<T>::mutate(|blocks| *blocks = blocks.saturating_add(1));
            }
        }

        fn on_poll(_now: BlockNumberFor<T>, meter: &mut WeightMeter) {
            Self::aggregate_due(meter);
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_now: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Creates a federation with the signer as owner.
        ///
        /// Holds `rounds_max * reward` as escrow and a deposit per byte of state, and burns the fee
        /// of the rounds' own work. Emits `FederationCreated`. Fails when the spec cannot work, see
        /// [`FederationSpec::check`].
        #[pallet::call_index(0)]
        #[pallet::weight(Pallet::<T>::create_weight(spec))]
        pub fn create(
            origin: OriginFor<T>,
            spec: FederationSpec<BalanceOf<T>>,
        ) -> DispatchResultWithPostInfo {
            let owner = ensure_signed(origin)?;
            Self::do_create(owner, spec)
        }

        /// Invites an account; by the owner. Emits `ClientInvited`.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::invite())]
        pub fn invite(
            origin: OriginFor<T>,
            federation: FederationId,
            client: T::AccountId,
        ) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_invite(&owner, federation, client)
        }

        /// Makes the signer a member from the next round on; holds the join deposit. Emits
        /// `ClientJoined`, and `RoundOpened` when it was the last one missing.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::join())]
        pub fn join(origin: OriginFor<T>, federation: FederationId) -> DispatchResult {
            let client = ensure_signed(origin)?;
            Self::do_join(client, federation)
        }

        /// Ends the signer's membership: at once while it is on no round's roster, else at the end of
        /// the round. Returns the join deposit then and emits `ClientLeft`. An evaluator's seat ends at
        /// once, unless its holdout for the round is bonded, with `EvaluatorLeft`.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::leave())]
        pub fn leave(origin: OriginFor<T>, federation: FederationId) -> DispatchResult {
            let client = ensure_signed(origin)?;
            Self::do_leave(&client, federation)
        }

        /// Takes a client's commitment for the current round, holds its bond and burns the fee of
        /// aggregating its update. Emits `UpdateCommitted`, and `CommitsClosed` when the whole
        /// roster has committed.
        ///
        /// `base_root` is the root of the server model that training started from.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::commit())]
        pub fn commit(
            origin: OriginFor<T>,
            federation: FederationId,
            round: u32,
            base_root: H256,
            commitment: H256,
        ) -> DispatchResultWithPostInfo {
            let client = Self::ensure_direct(origin)?;
            Self::do_commit(client, federation, round, base_root, commitment)?;
            Ok(().into())
        }

        /// Opens the signer's commitment with the next part of its update. Emits `PartReceived`; with
        /// the last part the bond returns (that of moments with the round's end), and `UpdateAccepted`
        /// is emitted, or `UpdateRejected` when the update lies beyond the norm bound.
        ///
        /// What the client declares about its `privacy` is bound by the commitment and recorded in the
        /// block's body only. Each part proves that it belongs to the update committed to. A wrong opening, or moments
        /// that no rows have, are an error and change nothing.
        #[pallet::call_index(5)]
        #[pallet::weight(Pallet::<T>::reveal_weight(part.chunks()))]
        pub fn reveal(
            origin: OriginFor<T>,
            federation: FederationId,
            round: u32,
            sample_count: u32,
            privacy: Option<Privacy>,
            salt: [u8; 32],
            part: Part,
        ) -> DispatchResultWithPostInfo {
            let client = Self::ensure_direct(origin)?;
            Self::do_reveal(
                client,
                federation,
                round,
                sample_count,
                privacy,
                salt,
                &part,
            )
        }

        /// Moves an overdue phase on; by anyone. Free when it succeeds in a block that is at most an eighth
        /// full. Emits `CommitsClosed`, or nothing when the round goes to aggregation. A window for which blocks had no room ends the
        /// round without a model once it has taken ten times its length.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::advance())]
        pub fn advance(
            origin: OriginFor<T>,
            federation: FederationId,
        ) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            Self::do_advance(federation)?;
            Ok(match Self::is_quiet() {
                true => Pays::No.into(),
                false => Pays::Yes.into(),
            })
        }

        /// Ends the federation: while waiting as soon as its members are dismissed, else with the
        /// current round; by the owner. Emits `CancelRequested`, and `FederationCancelled` then.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::cancel())]
        pub fn cancel(origin: OriginFor<T>, federation: FederationId) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_cancel(&owner, federation)
        }

        /// Deletes a federation that is over and returns the state deposit; by the owner. Emits
        /// `FederationRemoved`, or nothing while there is more to delete: send it again then.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::remove(REMOVE_BATCH))]
        pub fn remove(
            origin: OriginFor<T>,
            federation: FederationId,
        ) -> DispatchResultWithPostInfo {
            let owner = ensure_signed(origin)?;
            Self::do_remove(&owner, federation)
        }

        /// Takes the next part of the initial model, where the owner uploads it; by the owner.
        /// Emits `ModelUploaded` with the last part, and `RoundOpened` if enough clients joined.
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::upload(part.chunks()))]
        pub fn upload(
            origin: OriginFor<T>,
            federation: FederationId,
            part: Part,
        ) -> DispatchResultWithPostInfo {
            let owner = Self::ensure_direct(origin)?;
            Self::do_upload(&owner, federation, &part)
        }

        /// Hands in a solution of the federation's regression: canonical bytes of curvature, weights
        /// and witness; by anyone. The owner may hand in further ones, which leave clients out.
        /// Emits `ModelCertified`. Fails when it does not prove that it is close enough to the
        /// optimum.
        #[pallet::call_index(10)]
        #[pallet::weight(Pallet::<T>::certify_weight(solution.len() as u32, left_out.len() as u32))]
        pub fn certify(
            origin: OriginFor<T>,
            federation: FederationId,
            left_out: BoundedLeftOut<T>,
            solution: BoundedVec<u8, ConstU32<PART_BYTES_MAX>>,
        ) -> DispatchResultWithPostInfo {
            let who = Self::ensure_direct(origin)?;
            Self::do_certify(&who, federation, left_out, &solution)
        }

        /// Appoints an account that is no client as evaluator; by the owner. Emits
        /// `EvaluatorAppointed`.
        #[pallet::call_index(11)]
        #[pallet::weight(T::WeightInfo::invite())]
        pub fn appoint(
            origin: OriginFor<T>,
            federation: FederationId,
            evaluator: T::AccountId,
        ) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_appoint(&owner, federation, evaluator)
        }

        /// Takes an evaluator's commitment to a holdout for the round that opens next, and holds its
        /// bond. Emits `HoldoutCommitted`.
        #[pallet::call_index(12)]
        #[pallet::weight(T::WeightInfo::commit())]
        pub fn commit_holdout(
            origin: OriginFor<T>,
            federation: FederationId,
            round: u32,
            commitment: H256,
        ) -> DispatchResultWithPostInfo {
            let evaluator = Self::ensure_direct(origin)?;
            Self::do_commit_holdout(evaluator, federation, round, commitment)?;
            Ok(().into())
        }

        /// Opens the signer's commitment with the next part of its holdout, whose rows are public from
        /// then on. Emits `HoldoutReceived`; with the last part the bond returns.
        ///
        /// Each part proves that it belongs to the holdout committed to. A wrong opening is an error
        /// and changes nothing.
        #[pallet::call_index(13)]
        #[pallet::weight(T::WeightInfo::reveal_holdout(part.chunks()))]
        pub fn reveal_holdout(
            origin: OriginFor<T>,
            federation: FederationId,
            round: u32,
            salt: [u8; 32],
            part: Part,
        ) -> DispatchResultWithPostInfo {
            let evaluator = Self::ensure_direct(origin)?;
            Self::do_reveal_holdout(evaluator, federation, round, salt, &part)
        }

        /// Withdraws an invitation that was not used; by the owner. Emits `InvitationWithdrawn`.
        #[pallet::call_index(14)]
        #[pallet::weight(T::WeightInfo::invite())]
        pub fn withdraw(
            origin: OriginFor<T>,
            federation: FederationId,
            client: T::AccountId,
        ) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_withdraw(&owner, federation, client)
        }

        /// Proves that a client's moments are of no rows: canonical bytes of a vector over weights and
        /// target; by anyone, before the first certificate. Emits `MomentsRefuted`; the client's bond is
        /// burned and its seat lost when the round is settled, and the others' round goes on.
        #[pallet::call_index(15)]
        #[pallet::weight(T::WeightInfo::refute())]
        pub fn refute(
            origin: OriginFor<T>,
            federation: FederationId,
            client: T::AccountId,
            vector: BoundedVec<u8, ConstU32<REFUTATION_BYTES_MAX>>,
        ) -> DispatchResultWithPostInfo {
            Self::ensure_direct(origin)?;
            Self::do_refute(federation, client, &vector)
        }
    }
}
