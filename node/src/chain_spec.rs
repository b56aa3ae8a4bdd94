//! Chain specifications: the two built-in chains, and what a specification adds to the genesis.

mod file;

use crate::finality::Rules;
use fedchain_pow::U256;
use fedchain_runtime::{
    Block, Hash, RuntimeGenesisConfig, WASM_BINARY, configs::system::SS58Prefix, currency, presets,
};
use sc_chain_spec::{ChainSpecExtension, get_extension, json_merge};
use sc_cli::ChainSpec;
use sc_service::{ChainType, GenericChainSpec, Properties};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sp_core::storage::{Storage, well_known_keys};
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_runtime::BuildStorage;
use std::{
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

/// The depth of finality where the specification names none: ten minutes at six seconds a block.
const FINALITY_DEPTH_DEFAULT: u32 = 100;
/// The greatest depth: finality trails by up to 120 blocks ([`fedchain_pow::BLOCKS_ABOVE_MAX`]), and
/// transaction pool and subscriptions give up at 128.
const FINALITY_DEPTH_MAX: u32 = 110;

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
    /// A block is final below the weight of so many: 1 to 110.
    #[serde(default = "finality_depth_default")]
    pub finality_depth: u32,
    /// A block that the chain must have, as height and hash: nothing is final before it is there.
    #[serde(default)]
    pub checkpoint: Option<(u32, Hash)>,
    /// The weight that the chain must have before anything of it is taken from peers, or final.
    #[serde(default)]
    pub minimum_work: U256,
}

fn finality_depth_default() -> u32 {
    FINALITY_DEPTH_DEFAULT
}

type Spec = GenericChainSpec<Extensions>;

/// What a chain says of finality.
pub fn finality(spec: &dyn ChainSpec) -> Rules {
    let extensions = get_extension::<Extensions>(spec.extensions());
    Rules {
        depth: extensions.map_or(FINALITY_DEPTH_DEFAULT, |it| it.finality_depth),
        checkpoint: extensions.and_then(|it| it.checkpoint),
        minimum_work: extensions.map_or(U256::zero(), |it| it.minimum_work),
    }
}

/// A chain that the node knows by name.
struct BuiltIn {
    name: &'static str,
    id: &'static str,
    chain_type: ChainType,
    preset: &'static str,
    finality_depth: u32,
}

const DEV: BuiltIn = BuiltIn {
    name: "fedchain development",
    id: "fedchain_dev",
    chain_type: ChainType::Development,
    preset: DEV_RUNTIME_PRESET,
    finality_depth: 8,
};

const LOCAL: BuiltIn = BuiltIn {
    name: "fedchain local",
    id: "fedchain_local",
    chain_type: ChainType::Local,
    preset: LOCAL_TESTNET_RUNTIME_PRESET,
    finality_depth: FINALITY_DEPTH_DEFAULT,
};

/// Loads a chain specification by name, or from a file.
pub fn load(id: &str) -> Result<Box<dyn ChainSpec>, String> {
    let spec: Box<dyn ChainSpec> = match built_in(id)? {
        Some(chain) => chain.spec(chain.patch()?)?,
        None => {
            let path = PathBuf::from(id);
            file::check(&path)?;
            let spec = Spec::from_json_file(path).map_err(|error| format!("{id}: {error}"))?;
            Box::new(spec)
        }
    };
    match finality(spec.as_ref()).depth {
        1..=FINALITY_DEPTH_MAX => Ok(spec),
        depth => Err(format!(
            "{id}: finalityDepth is {depth}, but must be 1 to {FINALITY_DEPTH_MAX}: it is the number of \
             blocks whose weight makes what is below final"
        )),
    }
}

/// Loads a chain specification to make a file of it.
///
/// A network of its own begins now: nobody can have made blocks for it before.
pub fn load_to_export(id: &str) -> Result<Box<dyn ChainSpec>, String> {
    match built_in(id)? {
        Some(chain) if chain.chain_type == ChainType::Local => {
            let mut patch = chain.patch()?;
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            let now_ms = since.map_or(0, |since| since.as_millis());
            patch["difficulty"]["genesisTimeMs"] = u64::try_from(now_ms).unwrap_or(0).into();
            chain.spec(patch)
        }
        _ => load(id),
    }
}

/// Loads a chain specification to run it rather than to read it.
///
/// The genesis state of a built-in chain is then computed by the runtime in this node instead of
/// its Wasm, with the same result: compiling the Wasm for it would double the time to start.
pub fn load_to_run(id: &str) -> Result<Box<dyn ChainSpec>, String> {
    let mut spec = load(id)?;
    if let Some(chain) = built_in(id)? {
        spec.set_storage(chain.genesis()?);
    }
    Ok(spec)
}

fn built_in(id: &str) -> Result<Option<BuiltIn>, String> {
    match id {
        "" => Err("choose a chain: --dev, --chain local or --chain FILE".into()),
        "dev" => Ok(Some(DEV)),
        "local" => Ok(Some(LOCAL)),
        _ => Ok(None),
    }
}

fn code() -> Result<&'static [u8], String> {
    WASM_BINARY.ok_or_else(|| "this node was built without the runtime's Wasm".into())
}

impl BuiltIn {
    /// What its genesis changes of the runtime's default.
    fn patch(&self) -> Result<Value, String> {
        let patch = presets::get_preset(&self.preset.into())
            .ok_or_else(|| format!("no preset {}", self.preset))?;
        serde_json::from_slice(&patch).map_err(|error| error.to_string())
    }

    fn spec(&self, patch: Value) -> Result<Box<dyn ChainSpec>, String> {
        let extensions = Extensions {
            fork_blocks: Default::default(),
            bad_blocks: Default::default(),
            finality_depth: self.finality_depth,
            checkpoint: None,
            minimum_work: U256::zero(),
        };
        let spec = Spec::builder(code()?, extensions)
            .with_name(self.name)
            .with_id(self.id)
            .with_chain_type(self.chain_type.clone())
            .with_genesis_config_patch(patch)
            .with_protocol_id("fedchain")
            .with_properties(properties())
            .build();
        Ok(Box::new(spec))
    }

    fn genesis(&self) -> Result<Storage, String> {
        let patch = self.patch()?;
        let config = || -> serde_json::Result<RuntimeGenesisConfig> {
            let mut config = serde_json::to_value(RuntimeGenesisConfig::default())?;
            json_merge(&mut config, patch);
            serde_json::from_value(config)
        };
        let mut storage = config()
            .map_err(|error| error.to_string())?
            .build_storage()?;
        storage
            .top
            .insert(well_known_keys::CODE.to_vec(), code()?.to_vec());
        Ok(storage)
    }
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
        for (id, depth) in [("dev", 8), ("local", 100)] {
            let spec = load(id).unwrap();
            assert_eq!(finality(spec.as_ref()).depth, depth);
            assert!(spec.as_json(false).unwrap().contains("finalityDepth"));
        }
    }

    #[test]
    fn both_ways_to_the_genesis_lead_to_the_same_state() {
        for id in ["dev", "local"] {
            let read = load(id).unwrap().as_storage_builder().build_storage();
            let run = load_to_run(id)
                .unwrap()
                .as_storage_builder()
                .build_storage();
            assert!(read.unwrap().top == run.unwrap().top, "{id}");
        }
    }

    #[test]
    fn a_network_of_its_own_begins_when_its_file_is_made() {
        let begin = |spec: Box<dyn ChainSpec>| {
            let json: Value = serde_json::from_str(&spec.as_json(false).unwrap()).unwrap();
            let genesis = &json["genesis"]["runtimeGenesis"]["patch"]["difficulty"];
            genesis["genesisTimeMs"].as_u64()
        };
        let (built_in, exported) = (load("local").unwrap(), load_to_export("local").unwrap());
        assert!(begin(exported) > begin(built_in));
        assert_eq!(begin(load_to_export("dev").unwrap()), None);
    }

    #[test]
    fn a_depth_that_cannot_work_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("chain.json");
        let text = load("local").unwrap().as_json(false).unwrap();
        let mut json: Value = serde_json::from_str(&text).unwrap();
        for (depth, is_taken) in [
            (0, false),
            (1, true),
            (110, true),
            (111, false),
            (500, false),
        ] {
            json["finalityDepth"] = depth.into();
            std::fs::write(&file, json.to_string()).unwrap();
            assert_eq!(
                load(&file.display().to_string()).is_ok(),
                is_taken,
                "{depth}"
            );
        }
    }

    #[test]
    fn a_depth_that_is_misspelt_is_not_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("chain.json");
        let text = load("local").unwrap().as_json(false).unwrap();
        let text = text.replace("finalityDepth", "finalityDepht");
        std::fs::write(&file, text).unwrap();
        let refused = load(&file.display().to_string()).err().unwrap();
        assert!(
            refused.contains("did you mean `finalityDepth`?"),
            "{refused}"
        );
        assert!(
            refused.starts_with(&file.display().to_string()),
            "{refused}"
        );
    }

    #[test]
    fn a_chain_must_be_chosen() {
        assert!(load("").is_err());
        assert!(load("/no/such/file.json").is_err());
    }
}
