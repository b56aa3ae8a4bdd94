//! Benchmarks of the hooks.

use codec::Encode;
use fedchain_pow::{ENGINE_ID, Entry, PreDigest, WINDOW_ENTRIES_MAX};
use frame_benchmarking::v2::*;
use frame_support::{BoundedVec, traits::Hooks};
use sp_runtime::DigestItem;

use crate::pallet::*;

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn on_initialize() {
        let claim = PreDigest {
            author: [1; 32],
            difficulty: Pallet::<T>::difficulty(),
        };
        let item = DigestItem::PreRuntime(ENGINE_ID, claim.encode());
        frame_system::Pallet::<T>::deposit_log(item);

        #[block]
        {
            Pallet::<T>::on_initialize(1u32.into());
        }
    }

    #[benchmark]
    fn on_finalize() {
        let difficulty = Pallet::<T>::difficulty();
        let entries = (1..=u64::from(WINDOW_ENTRIES_MAX)).map(|block| Entry {
            timestamp_ms: 100 * block,
            difficulty,
        });
        Window::<T>::put(BoundedVec::truncate_from(entries.collect()));
        let now_ms = 100 * u64::from(WINDOW_ENTRIES_MAX) + 100;
        pallet_timestamp::Now::<T>::put(now_ms);
        Rules::<T>::put(fedchain_pow::Rules::default());

        #[block]
        {
            Pallet::<T>::on_finalize(1u32.into());
        }

        let newest = Window::<T>::get().last().map(|entry| entry.timestamp_ms);
        assert_eq!(newest, Some(now_ms));
        assert!(Pallet::<T>::difficulty() > difficulty);
    }

    impl_benchmark_test_suite!(
        Pallet,
        sp_io::TestExternalities::default(),
        crate::mock::Test
    );
}
