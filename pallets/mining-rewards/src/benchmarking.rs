//! Benchmark of the hook.

use codec::Encode;
use fedchain_pow::{ENGINE_ID, PreDigest};
use frame_benchmarking::v2::*;
use frame_support::traits::{Get, Hooks, fungible::Inspect};
use sp_runtime::DigestItem;

use crate::pallet::*;

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn on_initialize() {
        let claim = PreDigest {
            author: [9; 32],
            difficulty: 1.into(),
        };
        let item = DigestItem::PreRuntime(ENGINE_ID, claim.encode());
        frame_system::Pallet::<T>::deposit_log(item);

        #[block]
        {
            Pallet::<T>::on_initialize(1u32.into());
        }

        let author = claim.author.into();
        assert_eq!(T::Currency::balance(&author), T::BlockReward::get());
    }

    impl_benchmark_test_suite!(
        Pallet,
        sp_io::TestExternalities::default(),
        crate::mock::Test
    );
}
