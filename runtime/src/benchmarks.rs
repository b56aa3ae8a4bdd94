//! The benchmarks of our own pallets; for the others the weights of the SDK hold.

use alloc::{string::String, vec::Vec};
use frame_benchmarking::{BenchmarkBatch, BenchmarkConfig, BenchmarkList, define_benchmarks};
use frame_support::traits::{StorageInfo, StorageInfoTrait, WhitelistedStorageKeys};

use crate::{AllPalletsWithSystem, Difficulty, Federation, MiningRewards};

define_benchmarks!(
    [pallet_difficulty, Difficulty]
    [pallet_federation, Federation]
    [pallet_mining_rewards, MiningRewards]
);

/// Which benchmarks there are, and what the pallets store.
pub fn metadata(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
    let mut list = Vec::new();
    list_benchmarks!(list, extra);
    (list, AllPalletsWithSystem::storage_info())
}

/// Runs one benchmark.
///
/// # Errors
/// What went wrong in it.
pub fn dispatch(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
    let whitelist = AllPalletsWithSystem::whitelisted_storage_keys();
    let params = (&config, &whitelist);
    let mut batches = Vec::new();
    add_benchmarks!(params, batches);
    Ok(batches)
}
