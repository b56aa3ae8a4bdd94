//! The block reward and the fees: what a miner earns.
//!
//! # Overview
//!
//! The author of a block is the account in its header's pre-runtime item
//! ([`fedchain_pow::PreDigest`]). The block reward is minted to it when the block opens; the fees
//! of the block's transactions follow through [`OnUnbalanced`]. Because the reward comes first,
//! the author's account exists when the first fee arrives.
//!
//! # Invariants
//!
//! 1. A block mints [`Config::BlockReward`] once, or nothing when its header names no author.
//! 2. Fees are moved, never minted; what an author's account cannot take is burned.

#![cfg_attr(not(feature = "std"), no_std)]

pub use pallet::*;
pub use weights::WeightInfo;

use frame_support::traits::{
    OnUnbalanced,
    fungible::{Balanced, Credit},
};

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
    //! Config, event and hook.

    use super::WeightInfo;
    use fedchain_pow::PreDigest;
    use frame_support::{
        pallet_prelude::*,
        traits::fungible::{Balanced, Inspect, Mutate},
    };
    use frame_system::pallet_prelude::*;

    /// The balance type of the configured currency.
    pub type BalanceOf<T> =
        <<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;

    #[pallet::config]
    pub trait Config:
        frame_system::Config<AccountId: From<[u8; 32]>, RuntimeEvent: From<Event<Self>>>
    {
        /// The currency of rewards and fees.
        type Currency: Balanced<Self::AccountId> + Mutate<Self::AccountId>;

        /// What is minted to the author of each block.
        #[pallet::constant]
        type BlockReward: Get<BalanceOf<Self>>;

        /// Weight of the hook.
        type WeightInfo: WeightInfo;
    }

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::event]
    #[pallet::generate_deposit(fn deposit_event)]
    pub enum Event<T: Config> {
        /// The block reward was minted to the author of this block.
        BlockRewarded {
            /// The account in the header's pre-runtime item.
            author: T::AccountId,
            /// The amount minted.
            reward: BalanceOf<T>,
        },
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            if let Some(author) = Self::author() {
                let reward = T::BlockReward::get();
                match T::Currency::mint_into(&author, reward) {
                    Ok(reward) => Self::deposit_event(Event::BlockRewarded { author, reward }),
                    Err(_) => {
                        frame_support::defensive!("a reward above the existential deposit");
                    }
                }
            }
            T::WeightInfo::on_initialize()
        }
    }

    impl<T: Config> Pallet<T> {
        /// The account that the current block's header names as its author.
        pub fn author() -> Option<T::AccountId> {
            let digest = frame_system::Pallet::<T>::digest();
            let items = digest.logs().iter().filter_map(|log| log.as_pre_runtime());
            PreDigest::find(items).map(|claim| claim.author.into())
        }
    }
}

/// Transaction fees, the tip included, go to the author of the block.
impl<T: Config> OnUnbalanced<Credit<T::AccountId, T::Currency>> for Pallet<T> {
    fn on_nonzero_unbalanced(fees: Credit<T::AccountId, T::Currency>) {
        if let Some(author) = Self::author() {
            // A credit that the account refuses drops here, which burns it.
            let _ = T::Currency::resolve(&author, fees);
        }
    }
}
