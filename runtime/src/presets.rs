//! The genesis of the development chains.
//!
//! | preset          | block time | first difficulty | ceiling | sudo  | endowed                   |
//! |-----------------|------------|------------------|---------|-------|---------------------------|
//! | `development`   | 1 s        | the floor        | yes     | Alice | Alice .. Ferdie, `//stash`|
//! | `local_testnet` | 6 s        | 1,000,000        | no      | none  | Alice .. Ferdie, `//stash`|

use crate::{
    AccountId, Balance, BalancesConfig, DifficultyConfig, RuntimeGenesisConfig, SudoConfig,
    configs::difficulty::DIFFICULTY_FLOOR, currency::UNIT,
};
use alloc::{vec, vec::Vec};
use frame_support::build_struct_json_patch;
use serde_json::Value;
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET, PresetId};
use sp_keyring::Sr25519Keyring;

/// What each well-known account owns at genesis.
const ENDOWMENT: Balance = 1_000_000 * UNIT;

/// The highest difficulty of the development chain: some 20 ms of one core.
///
/// A burst of transactions makes blocks five times faster than their block time. Without a
/// ceiling the difficulty would answer, and the next transaction would wait a whole block.
const DEV_DIFFICULTY_CEILING: u64 = 50_000;

/// The difficulty of a local network's first block; it finds the hash rate within 60 blocks.
const LOCAL_INITIAL_DIFFICULTY: u64 = 1_000_000;

/// The time between blocks of a local network.
const LOCAL_BLOCK_TIME_MS: u64 = 6_000;

/// When the built-in local network begins: 2026-11-01, midnight UTC.
const LOCAL_GENESIS_TIME_MS: u64 = 1_793_491_200_000;

fn endowed() -> Vec<(AccountId, Balance)> {
    Sr25519Keyring::well_known()
        .map(|key| (key.to_account_id(), ENDOWMENT))
        .collect()
}

/// One node, one second, sudo for Alice.
pub fn development() -> Value {
    build_struct_json_patch!(RuntimeGenesisConfig {
        balances: BalancesConfig {
            balances: endowed()
        },
        difficulty: DifficultyConfig {
            initial_difficulty: DIFFICULTY_FLOOR.into(),
            block_time_ms: 1_000,
            difficulty_ceiling: Some(DEV_DIFFICULTY_CEILING.into()),
        },
        sudo: SudoConfig {
            key: Some(Sr25519Keyring::Alice.to_account_id())
        },
    })
}

/// Several nodes, six seconds, nobody above the rules.
pub fn local_testnet() -> Value {
    build_struct_json_patch!(RuntimeGenesisConfig {
        balances: BalancesConfig {
            balances: endowed()
        },
        difficulty: DifficultyConfig {
            initial_difficulty: LOCAL_INITIAL_DIFFICULTY.into(),
            block_time_ms: LOCAL_BLOCK_TIME_MS,
            genesis_time_ms: LOCAL_GENESIS_TIME_MS,
            min_spacing_ms: LOCAL_BLOCK_TIME_MS / 20,
        },
    })
}

/// The preset of this name, as JSON.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
    let patch = match id.as_str() {
        DEV_RUNTIME_PRESET => development(),
        LOCAL_TESTNET_RUNTIME_PRESET => local_testnet(),
        _ => return None,
    };
    serde_json::to_vec(&patch).ok()
}

/// The names of the presets.
pub fn preset_names() -> Vec<PresetId> {
    vec![
        PresetId::from(DEV_RUNTIME_PRESET),
        PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET),
    ]
}
