//! Chain specifications: the two built-in chains, and what a specification adds to the genesis.

use fedchain_runtime::{Block, WASM_BINARY, configs::system::SS58Prefix, currency};
use sc_chain_spec::{ChainSpecExtension, get_extension};
use sc_cli::ChainSpec;
use sc_service::{ChainType, GenericChainSpec, Properties};
use serde::{Deserialize, Serialize};
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use std::path::PathBuf;

/// The depth of finality where the specification names none.
const FINALITY_DEPTH_DEFAULT: u32 = 60;

/// What every node of a chain must agree on and the genesis state does not hold.
#[derive(Clone, Debug, Serialize, Deserialize, ChainSpecExtension)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Extensions {
    /// Blocks that are valid although the rules would say otherwise.
    #[serde(default)]
    pub fork_blocks: sc_client_api::ForkBlocks<Block>,
    /// Blocks that are invalid although the rules would say otherwise.
    #[serde(default)]
    pub bad_blocks: sc_client_api::BadBlocks<Block>,
    /// How many blocks below the best one are not yet final.
    ///
    /// Less than 128: transaction pool and subscriptions give up at that lag.
    #[serde(default = "finality_depth_default")]
    pub finality_depth: u32,
}

fn finality_depth_default() -> u32 {
    FINALITY_DEPTH_DEFAULT
}

type Spec = GenericChainSpec<Extensions>;

/// The depth of finality of a chain.
pub fn finality_depth(spec: &dyn ChainSpec) -> u32 {
    get_extension::<Extensions>(spec.extensions()).map_or(FINALITY_DEPTH_DEFAULT, |extensions| {
        extensions.finality_depth
    })
}

/// Loads a chain specification by name, or from a file.
pub fn load(id: &str) -> Result<Box<dyn ChainSpec>, String> {
    let spec = match id {
        "" => return Err("choose a chain: --dev, --chain local or --chain FILE".into()),
        "dev" => built_in("fedchain development", id, ChainType::Development, 8)?,
        "local" => built_in(
            "fedchain local",
            id,
            ChainType::Local,
            FINALITY_DEPTH_DEFAULT,
        )?,
        path => Spec::from_json_file(PathBuf::from(path))?,
    };
    Ok(Box::new(spec))
}

fn built_in(
    name: &str,
    id: &str,
    chain_type: ChainType,
    finality_depth: u32,
) -> Result<Spec, String> {
    let code = WASM_BINARY.ok_or("this node was built without the runtime's Wasm")?;
    let preset = match chain_type {
        ChainType::Development => DEV_RUNTIME_PRESET,
        _ => LOCAL_TESTNET_RUNTIME_PRESET,
    };
    let extensions = Extensions {
        fork_blocks: Default::default(),
        bad_blocks: Default::default(),
        finality_depth,
    };
    Ok(Spec::builder(code, extensions)
        .with_name(name)
        .with_id(&format!("fedchain_{id}"))
        .with_chain_type(chain_type)
        .with_genesis_config_preset_name(preset)
        .with_protocol_id("fedchain")
        .with_properties(properties())
        .build())
}

/// What wallets show.
fn properties() -> Properties {
    [
        ("tokenSymbol", currency::SYMBOL.into()),
        ("tokenDecimals", currency::DECIMALS.into()),
        ("ss58Format", SS58Prefix::get().into()),
    ]
    .into_iter()
    .map(|(key, value): (_, serde_json::Value)| (key.into(), value))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_chains_know_their_finality() {
        for (id, depth) in [("dev", 8), ("local", 60)] {
            let spec = load(id).unwrap();
            assert_eq!(finality_depth(spec.as_ref()), depth);
            assert!(spec.as_json(false).unwrap().contains("finalityDepth"));
        }
    }

    #[test]
    fn a_chain_must_be_chosen() {
        assert!(load("").is_err());
        assert!(load("/no/such/file.json").is_err());
    }
}
