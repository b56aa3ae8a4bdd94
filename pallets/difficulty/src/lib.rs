//! The difficulty of the proof of work, as part of the chain's state.
//!
//! # Overview
//!
//! The pallet keeps the difficulty of the next block and the short window of past blocks that
//! determines it. The arithmetic is [`fedchain_pow::retarget`]; this pallet only stores.
//!
//! ```text
//! on_initialize: the header's claim == Difficulty, else the block is invalid
//!       |
//! on_finalize:   window += (timestamp, Difficulty);  Difficulty = retarget(window)
//!                and the timestamp goes into the header
//! ```
//!
//! So whoever has all headers, and the rules of genesis, can compute every difficulty anew.
//!
//! # Invariants
//!
//! 1. `Difficulty` is never below the floor of [`Rules`] and never zero.
//! 2. Timestamps in `Window` keep the distance of [`Rules`] and none lies before the genesis.

#![cfg_attr(not(feature = "std"), no_std)]

pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

#[allow(
    clippy::expect_used,
    reason = "FRAME's macros expand to it; in our own lines tidy finds it"
)]
#[frame_support::pallet]
pub mod pallet {
    //! Storage, genesis and hooks.

    use super::WeightInfo;
    use codec::Encode;
    use fedchain_pow::{
        Bounds, ENGINE_ID, Entry, PostDigest, PreDigest, U256, WINDOW_ENTRIES_MAX, retarget,
    };
    use frame_support::{pallet_prelude::*, traits::Get};
    use frame_system::pallet_prelude::*;
    use sp_runtime::DigestItem;

    #[pallet::config]
    pub trait Config: frame_system::Config + pallet_timestamp::Config<Moment = u64> {
        /// The lowest floor of any network.
        ///
        /// Choose it so that a header at the floor still costs its sender more than its check costs
        /// the receiver.
        #[pallet::constant]
        type DifficultyFloor: Get<u64>;

        /// Weights of the hooks.
        type WeightInfo: WeightInfo;
    }

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    /// The difficulty that the seal of the block under construction must meet.
    ///
    /// Set at genesis and at the end of every block; never deleted.
    #[pallet::storage]
    pub type Difficulty<T> = StorageValue<_, U256, ValueQuery>;

    /// The newest blocks, oldest first. One entry is added and, once full, one removed per block.
    #[pallet::storage]
    pub type Window<T> =
        StorageValue<_, BoundedVec<Entry, ConstU32<WINDOW_ENTRIES_MAX>>, ValueQuery>;

    /// What decides the difficulty beside the blocks. Set at genesis.
    #[pallet::storage]
    pub type Rules<T> = StorageValue<_, fedchain_pow::Rules, ValueQuery>;

    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        /// The difficulty of block 1; raised to the floor if it lies below.
        pub initial_difficulty: U256,
        /// The time between blocks to aim at, in milliseconds.
        pub block_time_ms: u64,
        /// The lowest difficulty there can be; if absent, a sixteenth of the initial one. Never below
        /// `DifficultyFloor`.
        ///
        /// A branch that nobody mines on costs an attacker so much per block at least. A network that
        /// loses more than the rest of its hash rate becomes slow instead of cheap to copy.
        pub difficulty_floor: Option<U256>,
        /// When the chain begins, in milliseconds since the Unix epoch: no block is stamped earlier.
        pub genesis_time_ms: u64,
        /// The least time between the stamps of two blocks, in milliseconds.
        pub min_spacing_ms: u64,
        /// The highest difficulty, if there is to be one.
        ///
        /// Meant for development chains, where a burst of fast blocks must not slow down what follows.
        pub difficulty_ceiling: Option<U256>,
        #[doc(hidden)]
        #[serde(skip)]
        pub _config: core::marker::PhantomData<T>,
    }

    impl<T: Config> Default for GenesisConfig<T> {
        fn default() -> Self {
            Self {
                initial_difficulty: T::DifficultyFloor::get().into(),
                block_time_ms: 6_000,
                difficulty_floor: None,
                genesis_time_ms: 0,
                min_spacing_ms: 1,
                difficulty_ceiling: None,
                _config: Default::default(),
            }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            let sixteenth = self.initial_difficulty >> 4;
            let floor = self
                .difficulty_floor
                .unwrap_or(sixteenth)
                .max(T::DifficultyFloor::get().into())
                .max(U256::one());
            let rules = fedchain_pow::Rules {
                initial_difficulty: self.initial_difficulty.max(floor),
                block_time_ms: self.block_time_ms,
                bounds: Bounds {
                    floor,
                    ceiling: self.difficulty_ceiling.unwrap_or(U256::MAX),
                },
                genesis_time_ms: self.genesis_time_ms,
                min_spacing_ms: self.min_spacing_ms.max(1),
            };
            Difficulty::<T>::put(rules.initial_difficulty);
            // The timestamp pallet holds the first block to it as it holds every other to its parent.
            pallet_timestamp::Now::<T>::put(self.genesis_time_ms);
            Rules::<T>::put(rules);
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        /// Refuses a block whose header claims another difficulty than the state demands.
        ///
        /// # Panics
        ///
        /// If the header has not exactly one pre-runtime item, of ours, with the stored
        /// difficulty. A panic here is how a runtime calls a block invalid: without it a header
        /// could claim work that nobody checked.
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            assert!(
                Self::claimed_difficulty() == Some(Self::difficulty()),
                "the header must claim the difficulty in the state, in one pre-runtime item"
            );
            <T as Config>::WeightInfo::on_initialize()
                .saturating_add(<T as Config>::WeightInfo::on_finalize())
        }

        fn on_finalize(_: BlockNumberFor<T>) {
            let difficulty = Self::difficulty();
            let timestamp_ms = pallet_timestamp::Now::<T>::get();
            let stamp = PostDigest { timestamp_ms }.encode();
            frame_system::Pallet::<T>::deposit_log(DigestItem::Consensus(ENGINE_ID, stamp));
            let entry = Entry {
                timestamp_ms,
                difficulty,
            };
            let mut window = Window::<T>::get();
            if window.is_full() {
                window.remove(0);
            }
            if window.try_push(entry).is_err() {
                frame_support::defensive!("a window with room takes an entry");
            }
            let rules = Rules::<T>::get();
            Difficulty::<T>::put(retarget(
                &window,
                difficulty,
                rules.block_time_ms,
                rules.bounds,
            ));
            Window::<T>::put(window);
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    /// The timestamp pallet's least distance between two blocks.
    pub struct MinSpacing<T>(core::marker::PhantomData<T>);

    impl<T: Config> Get<u64> for MinSpacing<T> {
        fn get() -> u64 {
            Pallet::<T>::min_spacing_ms()
        }
    }

    impl<T: Config> Pallet<T> {
        /// The difficulty that the next block must meet.
        pub fn difficulty() -> U256 {
            Difficulty::<T>::get()
        }

        /// The time between blocks that the difficulty aims at, in milliseconds.
        pub fn block_time_ms() -> u64 {
            Rules::<T>::get().block_time_ms
        }

        /// The least time between the stamps of two blocks, in milliseconds.
        pub fn min_spacing_ms() -> u64 {
            Rules::<T>::get().min_spacing_ms
        }

        fn claimed_difficulty() -> Option<U256> {
            let digest = frame_system::Pallet::<T>::digest();
            let items = digest.logs().iter().filter_map(|log| log.as_pre_runtime());
            PreDigest::find(items).map(|claim| claim.difficulty)
        }

        /// Checks the pallet's invariants.
        #[cfg(any(feature = "try-runtime", test))]
        pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
            ensure!(
                Self::difficulty() >= Rules::<T>::get().bounds.floor,
                "difficulty below the floor"
            );
            let rules = Rules::<T>::get();
            let window = Window::<T>::get();
            let mut pairs = window.iter().zip(window.iter().skip(1));
            let earliest = |parent: &fedchain_pow::Entry| {
                parent.timestamp_ms.saturating_add(rules.min_spacing_ms)
            };
            ensure!(
                pairs.all(|(parent, block)| earliest(parent) <= block.timestamp_ms),
                "timestamps of the window are too close"
            );
            ensure!(
                window
                    .iter()
                    .all(|block| block.timestamp_ms >= rules.genesis_time_ms),
                "a block is older than the chain"
            );
            Ok(())
        }
    }
}
